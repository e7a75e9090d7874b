/**
 * contract: the one bilinear op. Every matrix product and every pass of every convolution is an instance of it.
 *
 * Axes carry labels. A label that is missing from the result is summed over:
 *
 *     out[i,k] = Σ_j a[i,j] · b[j,k]                      'ij,jk->ik'
 *
 * A *window* ties three axes, one of each tensor, by a linear relation between their coordinates: the term
 * a[x]·b[k] goes to out[y] wherever α·x + β·k + γ·y = δ. A strided, padded, dilated convolution is such a relation.
 * Both transposes of a contraction permute the roles of the three tensors and keep the relations: the family is closed, and
 * all its derivatives are in it. A batch axis is one more label.
 *
 * Layer: ops. Read next: linalg.ts and convolution.ts, which put names on it.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type CotangentError, shapeError, valueError } from '../core/errors.ts'
import { type Affine, load, stage } from '../core/kernel.ts'
import { requireOptions } from '../core/options.ts'
import { dim, type Shape, showShape } from '../core/shape.ts'
import { requireTensors } from '../core/tensor.ts'
import { bind1 } from '../core/trace.ts'
import type { Draw, Op, Sample, Tensor, TensorType } from '../core/types.ts'
import { commonDtype, defineOp, first, primitive } from './define.ts'
import { add } from './elementwise.ts'

/**
 * α·x + β·k + γ·y = δ: element x of a tensor meets tap k of a window at element y of the result, which has `size` of them.
 * It says the same of y as of x: with α and γ exchanged, it is that of the transpose.
 */
export type Relation = {
  readonly alpha: number
  readonly beta: number
  readonly gamma: number
  readonly delta: number
  readonly size: number
}

/** A relation between the coordinates along the axes labelled `a`, `b` and `out`. */
export type Window = Relation & { readonly a: string; readonly b: string; readonly out: string }

/** Axis labels, one character each, of both operands and the result. */
export type ContractParams = {
  readonly a: string
  readonly b: string
  readonly out: string
  readonly windows: readonly Window[]
}

type Sizes = ReadonlyMap<string, number>

/** The size of every label; a `Left` when two axes of one label differ. */
const sizesOf = (params: ContractParams, types: readonly TensorType[]): E.Either<CotangentError, Sizes> => {
  const wrong = malformed(params)
  if (wrong !== undefined) return E.left(valueError('contract', `${params.a},${params.b}->${params.out}: ${wrong}`))
  const sizes = new Map<string, number>(params.windows.map(w => [w.out, w.size]))
  for (const [i, labels] of [params.a, params.b].entries()) {
    const shape = types[i]?.shape ?? []
    if (labels.length !== shape.length)
      return E.left(
        shapeError('contract', `'${labels}' names ${labels.length} axes, the tensor is ${showShape(shape)}`),
      )
    for (const [axis, label] of [...labels].entries()) {
      const n = dim(shape, axis)
      const known = sizes.get(label)
      if (known !== undefined && known !== n)
        return E.left(
          shapeError(
            'contract',
            `${params.a},${params.b}->${params.out}: axes '${label}' differ, ${known} vs ${n}, in ${types.map(t => showShape(t.shape)).join(' and ')}`,
          ),
        )
      sizes.set(label, n)
    }
  }
  return E.right(sizes)
}

const sizeIn = (sizes: Sizes, label: string): number => sizes.get(label) ?? 0

/** The labels summed over: those of b first seen there, but for window axes of a, which the relation determines. */
const summedLabels = ({ a, b, out, windows }: ContractParams): readonly string[] => {
  const determined = new Set(windows.map(w => w.a))
  return [...new Set([...a, ...b])].filter(label => !out.includes(label) && !determined.has(label))
}

/** x = (δ - βk - γy) / α, where k and y are axes of a nest. */
export const relatedIndex = ({ alpha, beta, gamma, delta }: Relation, k: number, y: number): Affine => {
  const sign = alpha < 0 ? -1 : 1
  return {
    offset: sign * delta,
    terms: [
      { axis: k, by: -sign * beta },
      { axis: y, by: -sign * gamma },
    ],
    divisor: Math.abs(alpha),
  }
}

/** The relation with x and y exchanged, where x has `size` elements. */
export const exchanged = <R extends Relation>(relation: R, size: number): R => ({
  ...relation,
  alpha: relation.gamma,
  gamma: relation.alpha,
  size,
})

/** The contraction of the cotangent with the other operand that gives the cotangent of the wanted one: roles permuted, relations kept. */
const transposed = (params: ContractParams, wanted: 'a' | 'b', sizes: Sizes): ContractParams => {
  const { a, b, out, windows } = params
  return wanted === 'a'
    ? {
        a: out,
        b,
        out: a,
        windows: windows.map(w => ({ ...exchanged(w, sizeIn(sizes, w.a)), a: w.out, out: w.a })),
      }
    : {
        a,
        b: out,
        out: b,
        windows: windows.map(w => ({
          ...w,
          b: w.out,
          beta: w.gamma,
          out: w.b,
          gamma: w.beta,
          size: sizeIn(sizes, w.b),
        })),
      }
}

/** Why a contraction has no transpose in the family: a label that is not in two tensors, or a window that is no relation. */
const malformed = ({ a, b, out, windows }: ContractParams): string | undefined => {
  const homes = (label: string): string => [a, b, out].map(s => (s.includes(label) ? 1 : 0)).join('')
  const repeated = [a, b, out].find(s => new Set(s).size < s.length)
  if (repeated !== undefined) return `'${repeated}' repeats a label; take the diagonal with einsum first`
  const windowed = windows.flatMap(w => [w.a, w.b, w.out])
  const stray = [...a, ...b, ...out].find(l => !windowed.includes(l) && ['100', '010', '001'].includes(homes(l)))
  if (stray !== undefined) return `label '${stray}' stands in one tensor only`
  const odd = windows.find(
    w =>
      homes(w.a) + homes(w.b) + homes(w.out) !== '100010001' ||
      ![w.alpha, w.beta, w.gamma, w.delta, w.size].every(Number.isInteger) ||
      w.alpha * w.beta * w.gamma === 0 ||
      w.size < 0,
  )
  if (odd !== undefined)
    return `a window needs one label in each tensor and whole numbers, none of alpha, beta and gamma 0; got ${JSON.stringify(odd)}`
  return new Set(windowed).size < windowed.length ? 'two windows share a label' : undefined
}

const unusedLabel = ({ a, b, out }: ContractParams): string => {
  const used = new Set(a + b + out)
  for (let code = 97; ; code++) if (!used.has(String.fromCharCode(code))) return String.fromCharCode(code)
}

const sample = (draw: Draw): Sample<ContractParams> => {
  const kind = draw.pick(['product', 'batched', 'outer', 'window'] as const)
  const [i, j, k, n] = [1, 2, 3, 4].map(() => draw.integer(1, 4)) as [number, number, number, number]
  const plain = { product: ['ij', 'jk', 'ik'], batched: ['nij', 'kjn', 'kin'], outer: ['i', 'jk', 'kij'] } as const
  const size: { readonly [label: string]: number } = { i, j, k, n }
  const tensorOf = (labels: string): Tensor => draw.tensor([...labels].map(label => size[label] ?? 1))
  if (kind !== 'window') {
    const [a, b, out] = plain[kind]
    return { params: { a, b, out, windows: [] }, args: [tensorOf(a), tensorOf(b)] }
  }
  const [x, w] = [draw.integer(2, 6), draw.integer(1, 3)]
  const window: Window = {
    a: 'x',
    b: 'w',
    out: 'y',
    alpha: draw.integer(1, 2),
    beta: -draw.integer(1, 2),
    gamma: -draw.integer(1, 2),
    delta: -draw.integer(0, 2),
    size: draw.integer(1, 5),
  }
  return {
    params: { a: 'ixj', b: 'wjk', out: 'iyk', windows: [window] },
    args: [draw.tensor([i, x, j]), draw.tensor([w, j, k])],
  }
}

const contractOp: Op<ContractParams> = defineOp<ContractParams>(
  {
    name: 'contract',
    doc: 'Sum of products over labelled axes and windows.',
    infer: (params, types) =>
      pipe(
        commonDtype('contract', types, 'number'),
        E.chain(dtype =>
          pipe(
            sizesOf(params, types),
            E.map(sizes => [{ shape: [...params.out].map(label => sizeIn(sizes, label)), dtype }]),
          ),
        ),
      ),
    lower: (params, types, outs) => {
      const { shape, dtype } = first(outs)
      const sizes = E.getOrElse((): Sizes => new Map())(sizesOf(params, types))
      const summed = summedLabels(params)
      const places = [...params.out, ...summed]
      const place = (label: string): number => places.indexOf(label)
      const plain = (label: string): Affine => ({ offset: 0, terms: [{ axis: place(label), by: 1 }], divisor: 1 })
      const indexA = [...params.a].map(label => {
        const w = params.windows.find(window => window.a === label)
        return w === undefined ? plain(label) : relatedIndex(w, place(w.b), place(w.out))
      })
      const shapeOf = (i: number): Shape => types[i]?.shape ?? []
      return {
        tag: 'contract',
        dtype,
        axes: shape,
        reduce: summed.map(label => sizeIn(sizes, label)),
        a: load(0, dtype, shapeOf(0), indexA, params.windows.length > 0 ? 0 : null),
        b: load(1, dtype, shapeOf(1), [...params.b].map(plain)),
        epilogue: [stage(dtype)],
      }
    },
    differentiation: {
      rule: 'bilinear',
      transpose: (params, ct, [a, b], types) => {
        const sizes = E.getOrElse((): Sizes => new Map())(sizesOf(params, types))
        return [
          a === null && b ? bind1(contractOp, transposed(params, 'a', sizes), ct, b) : null,
          b === null && a ? bind1(contractOp, transposed(params, 'b', sizes), a, ct) : null,
        ]
      },
    },
    batch: (params, args, [batchedA, batchedB]) => {
      const label = unusedLabel(params)
      const prefix = (batched: boolean | undefined, labels: string): string => (batched ? label + labels : labels)
      const inner = { ...params, a: prefix(batchedA, params.a), b: prefix(batchedB, params.b), out: label + params.out }
      return [bind1(contractOp, inner, ...args)]
    },
    sample,
    invalid: draw => ({
      params: { a: 'ij', b: 'jk', out: 'ik', windows: [] },
      args: [draw.tensor([2, 3]), draw.tensor([4, 2])],
    }),
  },
  add,
)

/**
 * Σ a·b over the labels that are missing from `out`; every label must be in two of the three, window axes in one.
 * @throws ValueError for labels or windows that are no contraction; ShapeError when axes of one label differ; DtypeError for bool
 */
export const contract = primitive(contractOp, (params: ContractParams, a: Tensor, b: Tensor): Tensor => {
  requireOptions('contract', params, ['a', 'b', 'out', 'windows'], ['a', 'b', 'out', 'windows'])
  requireTensors('contract', a, b)
  return bind1(contractOp, params, a, b)
})
