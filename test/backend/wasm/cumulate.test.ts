/**
 * Running totals: equal to the reference, down columns and along rows, from either end.
 */
import { describe, expect, it } from 'vitest'
import { emitCumulate } from '../../../src/backend/wasm/cumulate.ts'
import { allocate, type Dtype, type TypedArray } from '../../../src/core/dtype.ts'
import { along, apply, type Cumulate, load, type Monoid } from '../../../src/core/kernel.ts'
import { type Shape, sizeOf } from '../../../src/core/shape.ts'
import { AWKWARD, forKernels } from '../agreement.ts'
import { dataFrom, drawLoad, drawShape } from '../choices.ts'
import { ascending, bothEmitted, type Emit, emitsExactly, layOut } from './emitting.ts'

const DTYPES: readonly Dtype[] = ['float32', 'float64', 'int32', 'bool']
const MONOIDS: readonly Cumulate['monoid'][] = ['sum', 'prod', 'max', 'min']

const emitting =
  (kernel: Cumulate): Emit =>
  (module, slots) =>
    emitCumulate(module, kernel, slots)

const agrees = (kernel: Cumulate, inputs: readonly TypedArray[]): void => emitsExactly(kernel, emitting(kernel), inputs)

const plain = (axes: Shape, axis: number, dtype: Dtype, monoid: Cumulate['monoid'], reverse = false): Cumulate => ({
  tag: 'cumulate',
  axes,
  axis,
  reverse,
  monoid,
  expr: load(
    0,
    dtype,
    axes,
    axes.map((_, i) => along(i)),
  ),
})

/** Whole numbers, whose sums are exact in whatever order, or signed powers of two, whose products are. */
const exactFor = (monoid: Monoid, x: TypedArray): TypedArray =>
  monoid !== 'prod' || !(x instanceof Float32Array || x instanceof Float64Array)
    ? x
    : x.map((v, i) => (v < 0 ? -1 : 1) * (i % 3 === 0 ? 2 : 1))

describe('cumulate in WebAssembly', () => {
  it('equals the reference', () => {
    forKernels(200, c => {
      const axes = drawShape(c, c.integer(1, 3), 60)
      const monoid = c.pick(MONOIDS)
      const expr = drawLoad(c, c.pick(DTYPES), axes, monoid === 'sum' || monoid === 'prod')
      const inputs = c.inputs.map(x => exactFor(monoid, x))
      agrees({ ...plain(axes, c.integer(0, axes.length - 1), 'float32', monoid, c.integer(0, 1) === 1), expr }, inputs)
    })
  })

  it.each(AWKWARD)('equals the reference along %i elements, whatever they are', n => {
    for (const dtype of DTYPES)
      for (const monoid of MONOIDS)
        for (const inner of [1, 3, 7])
          for (const reverse of [false, true])
            if (inner > 1 || dtype !== 'float32' || monoid !== 'sum')
              agrees(plain([2, n, inner], 1, dtype, monoid, reverse), [dataFrom(n + 3, dtype, 2 * n * inner)])
  })

  it.each(AWKWARD)('equals the reference with %i columns', inner => {
    for (const dtype of DTYPES)
      for (const monoid of MONOIDS) agrees(plain([5, inner], 0, dtype, monoid), [dataFrom(inner, dtype, 5 * inner)])
  })

  // Within a vector sums are taken in float64 in another order than one after the other: n roundings of 2⁻⁵³ of Σ|x|, and one of
  // 2⁻²⁴ on store in each of both.
  const withinRounding = (x: Float32Array, reverse: boolean): void => {
    const kernel = plain([x.length], 0, 'float32', 'sum', reverse)
    const size = x.reduce((sum: number, v: number) => sum + (Number.isFinite(v) ? Math.abs(v) : 0), 0)
    for (const [got, wanted] of bothEmitted(kernel, emitting(kernel), [x]))
      wanted.forEach((w, i) => {
        const g = got[i] as number
        if (!Number.isFinite(w)) expect(g).toBe(w)
        else expect(Math.abs(g - w)).toBeLessThanOrEqual(2 ** -23 * Math.abs(w) + x.length * 2 ** -52 * size)
      })
  }

  it.each(AWKWARD)('sums %i float32 in a row to within rounding, infinities and NaN included', n => {
    for (const reverse of [false, true]) {
      withinRounding(Float32Array.from(dataFrom(n + 9, 'float32', n)), reverse)
      withinRounding(
        new Float32Array(n).map((_, i) => Math.sin(i) * 10 ** (i % 7)),
        reverse,
      )
    }
  })

  it('keeps zeros as they are: -0 alone, or added to -0', () => {
    for (const dtype of ['float32', 'float64'] as const)
      for (const axes of [[9], [9, 5]]) {
        const zeros = allocate(dtype, sizeOf(axes)).map((_, i) => (i < 6 ? -0 : 0))
        for (const monoid of MONOIDS) agrees(plain(axes, 0, dtype, monoid), [zeros])
      }
  })

  it('totals an expression', () => {
    const axes = [11, 6]
    for (const axis of [0, 1]) {
      const { expr, ...kernel } = plain(axes, axis, 'float32', 'sum')
      agrees({ ...kernel, expr: apply('mul', expr, expr) }, [dataFrom(3, 'float32', 66, true)])
    }
  })

  it('is cut into chunks where there is enough to do, with the same result', () => {
    for (const dtype of DTYPES)
      for (const axes of [
        [300, 700, 1],
        [1, 30, 7001],
        [5, 300, 133],
      ])
        for (const reverse of [false, true]) {
          const kernel = plain(axes, 1, dtype, 'sum', reverse)
          agrees(kernel, [dataFrom(7, dtype, sizeOf(axes), true)])
          const out = { dtype, size: sizeOf(axes) }
          const laid = layOut(emitting(kernel), [dataFrom(7, dtype, sizeOf(axes))], [out])
          expect(laid.emitted.phases[0]?.chunks).toBeGreaterThan(1)
          if (dtype === 'float32') laid.checkApart()
        }
  })

  it('a million ones in float32 sum to a million', () => {
    const n = 1e6
    for (const axes of [[n], [n, 1, 4]]) {
      const size = sizeOf(axes)
      const ones = new Float32Array(size).fill(1)
      const laid = layOut(emitting(plain(axes, 0, 'float32', 'sum')), [ones], [{ dtype: 'float32', size }])
      laid.run(ascending)
      const [total] = laid.outputs()
      expect(total?.findIndex((x, i) => x !== Math.floor(i / (size / n)) + 1)).toBe(-1)
    }
  })

  it('totals are kept in float64: 2²⁴ + 1 + 1 is not lost in float32', () => {
    for (const inner of [1, 3, 4]) {
      const x = [2 ** 24, 1, 1].flatMap(v => Array.from({ length: inner }, () => v))
      agrees(plain([3, inner], 0, 'float32', 'sum'), [Float32Array.from(x)])
    }
  })
})
