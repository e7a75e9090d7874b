/**
 * Arbitrary kernels for the tests of backends: choices that fast-check records and shrinks, and data, loads and expressions
 * made of them.
 */
import * as fc from 'fast-check'
import { allocate, type Dtype, type TypedArray } from '../../src/core/dtype.ts'
import {
  type Affine,
  apply,
  type BinaryFn,
  constant,
  convert,
  type Expr,
  iota,
  type Load,
  load,
  select,
  type UnaryFn,
} from '../../src/core/kernel.ts'
import { range, type Shape, sizeOf } from '../../src/core/shape.ts'

/** What a kernel is drawn from; the inputs that its loads read are collected on the way. */
export type Choices = {
  readonly integer: (min: number, max: number) => number
  readonly pick: <A>(from: readonly A[]) => A
  readonly inputs: TypedArray[]
}

/** Choices out of fast-check's generator. */
export const choicesOf = (g: fc.GeneratorValue): Choices => {
  const integer = (min: number, max: number): number => g(fc.integer, { min, max })
  return { integer, pick: from => from[integer(0, from.length - 1)] as (typeof from)[number], inputs: [] }
}

/** Small numbers, zeros of both signs, and what is not finite. */
const FLOATS = [0, -0, 1, -1, 0.5, 2, -3, Number.NaN, Infinity, -Infinity, 1e-3, 7.25] as const
const INTEGERS = [0, 1, -1, 2, 3, -5, 7, 31, 33, 2147483647, -2147483648, 123456789] as const

/** Values for an input: from the lists above, or between -3 and 3. `tame` keeps to whole numbers whose sums are exact. */
export const dataFrom = (seed: number, dtype: Dtype, size: number, tame = false): TypedArray => {
  const data = allocate(dtype, size)
  let state = seed
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    const n = (state >>> 8) % 24
    const float = n < 12 && !tame ? (FLOATS[n] as number) : tame ? n - 12 : n / 4 - 3
    data[i] = dtype === 'bool' ? n % 2 : dtype !== 'int32' ? float : tame ? n - 12 : (INTEGERS[n % 12] as number)
  }
  return data
}

const dataOf = (c: Choices, dtype: Dtype, size: number, tame = false): TypedArray =>
  dataFrom(c.integer(1, 2 ** 30), dtype, size, tame)

/** Sizes of axes, at times 0, with at most `most` points in all. */
export const drawShape = (c: Choices, rank: number, most: number): Shape => {
  const shape = range(0, rank).map(() => (c.integer(0, 12) === 0 ? 0 : c.integer(1, 6)))
  return sizeOf(shape) <= most ? shape : shape.map(() => 2)
}

/** A coordinate over axes of the given sizes: strides may be negative, and what it takes before division spans `low` to `high`. */
const drawAffine = (
  c: Choices,
  axes: Shape,
): { readonly affine: Affine; readonly low: number; readonly high: number } => {
  const count = axes.length === 0 ? 0 : c.integer(0, 2)
  const divisor = c.pick([1, 1, 1, 2, 3])
  const terms = range(0, count).map(() => ({
    axis: c.integer(0, axes.length - 1),
    by: c.pick([1, 1, 1, -1, 2, -2, 3]),
  }))
  const reach = (sign: number): number =>
    terms.reduce((sum, { axis, by }) => sum + (Math.sign(by) === sign ? by * Math.max(0, (axes[axis] ?? 1) - 1) : 0), 0)
  const offset = c.integer(-2, 3)
  return { affine: { offset, terms, divisor }, low: offset + reach(-1), high: offset + reach(1) }
}

/** An affine map with all its numbers, and its divisor, multiplied. */
const scaled = (by: number, { terms }: Affine, offset: number): Affine => ({
  offset: offset * by,
  terms: terms.map(term => ({ ...term, by: term.by * by })),
  divisor: by,
})

/** A load with bounds that are met and missed, or one that promises to stay inside. */
export const drawLoad = (c: Choices, dtype: Dtype, axes: Shape, tame = false): Load => {
  const drawn = range(0, c.integer(0, 3)).map(() => drawAffine(c, axes))
  const inside = c.integer(0, 1) === 0
  const view = drawn.map(({ low, high }) => (inside ? high - low + 1 + c.integer(0, 1) : c.integer(1, 6)))
  const by = c.pick([1, 1, 2])
  const index = drawn.map(({ affine, low }) => (inside ? scaled(by, affine, affine.offset - low) : affine))
  const input = c.inputs.push(dataOf(c, dtype, sizeOf(view), tame)) - 1
  const fill = dtype === 'bool' ? c.integer(0, 1) : c.integer(-2, 2)
  return load(input, dtype, view, index, inside && c.integer(0, 2) > 0 ? null : fill)
}

const FLOAT_UNARY: readonly UnaryFn[] = ['neg', 'abs', 'sign', 'floor', 'round', 'sqrt', 'exp', 'log1p', 'tanh', 'erf']
const FLOAT_BINARY: readonly BinaryFn[] = ['add', 'sub', 'mul', 'div', 'mod', 'pow', 'max', 'min', 'atan2']
const INT_UNARY: readonly UnaryFn[] = ['neg', 'abs', 'sign', 'bitNot']
const INT_BINARY: readonly BinaryFn[] = [
  ...([
    'add',
    'sub',
    'mul',
    'div',
    'floorDiv',
    'mod',
    'rem',
    'pow',
    'max',
    'min',
    'bitAnd',
    'bitOr',
    'bitXor',
  ] as const),
  ...(['shiftLeft', 'shiftRight', 'shiftRightLogical'] as const),
]
const COMPARISONS: readonly BinaryFn[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge']
const LOGIC: readonly BinaryFn[] = ['and', 'or', 'xor']
const DTYPES = ['float32', 'float64', 'int32', 'bool'] as const

/** An expression over axes, whose nodes are shared at times. `stages` says which earlier stages it may read, and their dtypes. */
export const drawExpr = (
  c: Choices,
  dtype: Dtype,
  axes: Shape,
  depth: number,
  stages: ReadonlyMap<number, Dtype> = new Map(),
): Expr => {
  const made: Expr[] = []
  const leaf = (want: Dtype): Expr => {
    const readable = [...stages].filter(([, d]) => d === want)
    if (readable.length > 0 && c.integer(0, 1) === 0) return { tag: 'stage', dtype: want, stage: c.pick(readable)[0] }
    if (want === 'int32' && axes.length > 0 && c.integer(0, 3) === 0) return iota(c.integer(0, axes.length - 1))
    return c.integer(0, 4) === 0 ? constant(want, c.integer(0, 1)) : drawLoad(c, want, axes)
  }
  const number = (): Dtype => c.pick(['float32', 'float64', 'int32'])
  const node = (want: Dtype, left: number): Expr => {
    const known = made.filter(expr => expr.dtype === want)
    if (known.length > 0 && c.integer(0, 4) === 0) return c.pick(known)
    const expr = left === 0 ? leaf(want) : inner(want, left - 1)
    made.push(expr)
    return expr
  }
  const inner = (want: Dtype, left: number): Expr => {
    switch (c.integer(0, 6)) {
      case 0:
        return leaf(want)
      case 1:
        return select(node('bool', left), node(want, left), node(want, left))
      case 2:
        return convert(want, node(c.pick(DTYPES), left))
      case 3: {
        const view = drawShape(c, c.integer(1, 2), 30)
        const input = c.inputs.push(dataOf(c, want, sizeOf(view))) - 1
        const fill = want === 'bool' ? 1 : -1
        return { tag: 'loadAt', dtype: want, input, view, index: view.map(() => node('int32', left)), fill }
      }
      default:
        return applied(want, left)
    }
  }
  const applied = (want: Dtype, left: number): Expr => {
    const one = c.integer(0, 2) === 0
    if (want === 'bool') {
      if (one) return apply('not', node('bool', left))
      if (c.integer(0, 1) === 0) return apply(c.pick(LOGIC), node('bool', left), node('bool', left))
      const compared = number()
      return apply(c.pick(COMPARISONS), node(compared, left), node(compared, left))
    }
    const [unary, binary] = want === 'int32' ? [INT_UNARY, INT_BINARY] : [FLOAT_UNARY, FLOAT_BINARY]
    return one ? apply(c.pick(unary), node(want, left)) : apply(c.pick(binary), node(want, left), node(want, left))
  }
  return node(dtype, depth)
}
