/**
 * Tensors from nothing: constants, ranges, identities.
 *
 * Layer: ops. These make values at once; inside a transformed function they are constants.
 */
import { allocate, castNumber, type Dtype } from '../core/dtype.ts'
import { describe, fail, orThrow, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, range, type Shape, sizeOf, validShape } from '../core/shape.ts'
import type { Counted, ShapeOf } from '../core/shape-types.ts'
import { checkElement, concrete, generated, type Nested, requireTensor, tensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'

/** The dtype of a tensor to be made; float32 by default. */
export type DtypeOption = { readonly dtype?: Dtype }

const dtypeOf = (op: string, options: DtypeOption): Dtype | undefined => requireOptions(op, options, ['dtype']).dtype

/**
 * A tensor of one value.
 * @throws ValueError for a shape that is none; DtypeError for a value that the dtype cannot hold, such as a fraction as int32
 */
export const full = <const S extends Shape>(
  shape: S,
  value: number | boolean,
  options: DtypeOption = {},
): Tensor<Readonly<S>> =>
  filled('full', shape, value, dtypeOf('full', options) ?? (typeof value === 'boolean' ? 'bool' : 'float32'))

const filled = <S extends Shape>(op: string, shape: S, value: number | boolean, dtype: Dtype): Tensor<Readonly<S>> => {
  const size = sizeOf(orThrow(validShape(op, shape)))
  const start = castNumber(checkElement(op, value, dtype), dtype)
  return generated([...shape], { dtype, size, start, step: 0 }) as Tensor as Tensor<Readonly<S>>
}

const likeOf = (op: string, x: Tensor, value: number | boolean, dtype?: Dtype): Tensor => {
  const found = requireTensor(op, x)
  return filled(op, found.shape, value, dtype ?? found.dtype)
}

/** A tensor of zeros. */
export const zeros = <const S extends Shape>(shape: S, options: DtypeOption = {}): Tensor<Readonly<S>> =>
  filled('zeros', shape, 0, dtypeOf('zeros', options) ?? 'float32')
/** A tensor of ones. */
export const ones = <const S extends Shape>(shape: S, options: DtypeOption = {}): Tensor<Readonly<S>> =>
  filled('ones', shape, 1, dtypeOf('ones', options) ?? 'float32')
/** Zeros of the shape and dtype of another tensor. */
export const zerosLike = <X extends Tensor>(x: X): Tensor<ShapeOf<X>> =>
  likeOf('zerosLike', x, 0) as Tensor as Tensor<ShapeOf<X>>
/** Ones of the shape and dtype of another tensor. */
export const onesLike = <X extends Tensor>(x: X): Tensor<ShapeOf<X>> =>
  likeOf('onesLike', x, 1) as Tensor as Tensor<ShapeOf<X>>

/** One value in the shape of another tensor, and in its dtype unless told. */
export const fullLike = <S extends Shape>(
  x: Tensor<S>,
  value: number | boolean,
  options: DtypeOption = {},
): Tensor<S> => likeOf('fullLike', x, value, dtypeOf('fullLike', options)) as Tensor as Tensor<S>

/**
 * Numbers from `start` (0) to before `stop` by `step` (1), as NumPy's arange; int32 when all three are whole numbers, else
 * float32, unless `dtype` says otherwise.
 * @example
 * arange(3) // [0, 1, 2]
 * arange(1, 2, 0.25) // [1, 1.25, 1.5, 1.75]
 */
export const arange = <
  const N extends number,
  const Stop extends number | undefined = undefined,
  const Step extends number | undefined = undefined,
>(
  start: N,
  stop?: Stop,
  by?: Step,
  options: DtypeOption = {},
): Tensor<readonly [[Stop, Step] extends [undefined, undefined] ? Counted<N> : number]> => {
  const step: number = by ?? 1
  const [from, to]: readonly [number, number] = stop === undefined ? [0, start] : [start, stop]
  if (step === 0 || ![from, to, step].every(Number.isFinite))
    return fail(
      valueError('arange', `cannot go from ${from} to ${to} by ${step}: use finite numbers, and a step that is not 0`),
    )
  const count = Math.max(0, Math.ceil((to - from) / step))
  const dtype = dtypeOf('arange', options) ?? ([from, to, step].every(Number.isInteger) ? 'int32' : 'float32')
  const shape = orThrow(validShape('arange', [count]))
  const values = (): Tensor => tensor(Array.from({ length: count }, (_, i) => from + i * step) as Nested, { dtype })
  const last = from + (count - 1) * step
  const exact = dtype === 'int32' && [from, step, last].every(x => (x | 0) === x)
  return (exact ? generated(shape, { dtype, size: count, start: from, step }) : values()) as Tensor as Tensor<
    readonly [[Stop, Step] extends [undefined, undefined] ? Counted<N> : number]
  >
}

/** How numbers in a range are made: whether the last is `stop` itself (true), and of which dtype. */
export type SpaceOptions = DtypeOption & { readonly endpoint?: boolean }

/** `count` numbers, `at` of their evenly spaced share of the way; the ends are exact. */
const spaced = <const N extends number>(
  op: string,
  [start, stop]: readonly [number, number],
  count: N,
  options: SpaceOptions,
  at: (i: number, parts: number) => number,
): Tensor<readonly [N]> => {
  const { endpoint = true, dtype = 'float32' } = requireOptions(op, options, ['endpoint', 'dtype'])
  if (!Number.isInteger(count) || count < 0)
    return fail(valueError(op, `count must be a whole number, got ${describe(count)}`))
  if (typeof endpoint !== 'boolean') return fail(valueError(op, `endpoint is true or false, got ${describe(endpoint)}`))
  const parts = endpoint ? count - 1 : count
  const values = range(0, dim(orThrow(validShape(op, [count])), 0)).map(i =>
    i === 0 ? start : i === parts ? stop : at(i, parts),
  )
  return tensor(values, { dtype }) as Tensor as Tensor<readonly [N]>
}

/**
 * `count` numbers evenly spaced from `start` to `stop`, both included; without `stop` for `endpoint: false`.
 * @throws ValueError for a count that is no whole number
 * @example
 * linspace(0, 1, 5) // [0, 0.25, 0.5, 0.75, 1]
 * linspace(0, 1, 4, { endpoint: false }) // [0, 0.25, 0.5, 0.75]
 */
export const linspace = <const N extends number>(
  start: number,
  stop: number,
  count: N,
  options: SpaceOptions = {},
): Tensor<readonly [N]> =>
  spaced('linspace', [start, stop], count, options, (i, parts) => start + i * ((stop - start) / parts))

/**
 * `count` powers of `base` (10) with evenly spaced exponents from `start` to `stop`.
 * @throws ValueError for a count that is no whole number
 * @example
 * logspace(0, 3, 4) // [1, 10, 100, 1000]
 */
export const logspace = <const N extends number>(
  start: number,
  stop: number,
  count: N,
  { base = 10, ...options }: SpaceOptions & { readonly base?: number } = {},
): Tensor<readonly [N]> =>
  spaced(
    'logspace',
    [base ** start, base ** stop],
    count,
    options,
    (i, parts) => base ** (start + i * ((stop - start) / parts)),
  )

/**
 * `count` numbers from `start` to `stop`, each the same multiple of the one before; both positive or both negative.
 * @throws ValueError when one is 0 or the signs differ, or for a count that is no whole number
 * @example
 * geomspace(1, 16, 3) // [1, 4, 16]
 */
export const geomspace = <const N extends number>(
  start: number,
  stop: number,
  count: N,
  options: SpaceOptions = {},
): Tensor<readonly [N]> =>
  Math.sign(start) * Math.sign(stop) > 0
    ? spaced('geomspace', [start, stop], count, options, (i, parts) => {
        const share = i / parts
        return Math.sign(start) * Math.abs(start) ** (1 - share) * Math.abs(stop) ** share
      })
    : fail(valueError('geomspace', `cannot go from ${start} to ${stop}: both must be positive, or both negative`))

const gridNames = ['columns', 'offset', 'dtype'] as const

/** The identity matrix with `rows` rows and as many columns, or `columns`; `offset` moves the diagonal to the right. */
export const eye = <const N extends number, const M extends number = N>(
  rows: N,
  options: DtypeOption & { readonly columns?: M; readonly offset?: number } = {},
): Tensor<readonly [N, M]> => {
  const { columns = rows as number, offset = 0, dtype = 'float32' } = requireOptions('eye', options, gridNames)
  if (!Number.isInteger(offset)) return fail(valueError('eye', `offset must be a whole number, got ${offset}`))
  const host = allocate(dtype, sizeOf(orThrow(validShape('eye', [rows, columns]))))
  for (let i = 0; i < rows; i++) if (i + offset >= 0 && i + offset < columns) host[i * columns + i + offset] = 1
  return concrete([rows, columns], dtype, host) as Tensor as Tensor<readonly [N, M]>
}

/**
 * A matrix with ones on the diagonal `offset` (0) and below it, zeros above; with `rows` rows and as many columns, or `columns`.
 * @throws ValueError for sizes or an offset that are not whole
 * @example
 * tri(2, { columns: 3 }) // [[1, 0, 0], [1, 1, 0]]
 */
export const tri = <const N extends number, const M extends number = N>(
  rows: N,
  options: DtypeOption & { readonly columns?: M; readonly offset?: number } = {},
): Tensor<readonly [N, M]> => {
  const { columns = rows as number, offset = 0, dtype = 'float32' } = requireOptions('tri', options, gridNames)
  if (!Number.isInteger(offset))
    return fail(valueError('tri', `offset must be a whole number, got ${describe(offset)}`))
  const host = allocate(dtype, sizeOf(orThrow(validShape('tri', [rows, columns]))))
  for (let i = 0; i < rows; i++) {
    const end = Math.min(columns, Math.max(0, i + offset + 1))
    host.fill(1, i * columns, i * columns + end)
  }
  return concrete([rows, columns], dtype, host) as Tensor as Tensor<readonly [N, M]>
}
