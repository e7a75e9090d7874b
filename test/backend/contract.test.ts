/**
 * Contractions on the quick backend equal those on the reference.
 */
import { describe, expect, it } from 'vitest'
import type { Dtype, TypedArray } from '../../src/core/dtype.ts'
import { type Affine, along, type Contract, type Load, load, stage } from '../../src/core/kernel.ts'
import { range, type Shape, sizeOf } from '../../src/core/shape.ts'
import { AWKWARD, agreeExactly, bothResults, forKernels } from './agreement.ts'
import { type Choices, dataFrom, drawLoad, drawShape } from './choices.ts'

const NUMBERS: readonly Dtype[] = ['float32', 'float64', 'int32']

/** Products and sums of these whole numbers are exact in any order, so that no tolerance hides a wrong term. */
const tame = (dtype: Dtype, shape: Shape): TypedArray => dataFrom(sizeOf(shape) + 3, dtype, sizeOf(shape), true)

/** a[m,k] · b[k,n], either one stored transposed. */
const product = (dtype: Dtype, m: number, k: number, n: number, turnA: boolean, turnB: boolean): Contract => {
  const [i, j, t] = [along(0), along(1), along(2)]
  return {
    tag: 'contract',
    dtype,
    axes: [m, n],
    reduce: [k],
    a: turnA ? load(0, dtype, [k, m], [t, i]) : load(0, dtype, [m, k], [i, t]),
    b: turnB ? load(1, dtype, [n, k], [j, t]) : load(1, dtype, [k, n], [t, j]),
    epilogue: [stage(dtype)],
  }
}

/** The axes in groups: which of them each operand sees. */
const drawOperand = (c: Choices, dtype: Dtype, sizes: Shape, sees: readonly number[]): Load => {
  const some = drawLoad(
    c,
    dtype,
    sees.map(axis => sizes[axis] as number),
    dtype !== 'int32',
  )
  const index = some.index.map(
    (affine): Affine => ({
      ...affine,
      terms: affine.terms.map(term => ({ ...term, axis: sees[term.axis] as number })),
    }),
  )
  return { ...some, index }
}

describe('the engine equals the reference on', () => {
  it('contractions of any loads: windows, bounds, divisors, batches, axes that neither operand sees', () => {
    forKernels(400, c => {
      const dtype = c.pick(NUMBERS)
      const axes = drawShape(c, c.integer(0, 4), 120)
      const reduce = drawShape(c, c.integer(0, 3), 20)
      const sizes = [...axes, ...reduce]
      const seen = (): readonly number[] => range(0, sizes.length).filter(() => c.integer(0, 3) > 0)
      const a = drawOperand(c, dtype, sizes, seen())
      const b = drawOperand(c, dtype, sizes, seen())
      agreeExactly({ tag: 'contract', dtype, axes, reduce, a, b, epilogue: [stage(dtype)] }, c.inputs)
    })
  })

  it('products of all small awkward sizes', () => {
    const small = AWKWARD.filter(n => n < 10)
    for (const m of small)
      for (const k of small)
        for (const n of small) {
          const kernel = product('float32', m, k, n, m > k, n > k)
          agreeExactly(kernel, [tame('float32', [m, k]), tame('float32', [k, n])])
        }
  })

  it.each([
    [129, 257, 5],
    [3, 257, 7],
    [2, 3, 1025],
    [131, 2, 516],
    [31, 33, 31],
    [1, 1025, 9],
    [9, 1025, 1],
  ])('products that end a block unevenly: %i × %i × %i', (m, k, n) => {
    for (const dtype of NUMBERS)
      agreeExactly(product(dtype, m, k, n, dtype === 'float32', dtype === 'float64'), [
        tame(dtype, [m, k]),
        tame(dtype, [k, n]),
      ])
  })

  it('a convolution with padding, stride and dilation, in all three roles', () => {
    const [n, h, channels, p, outs, y] = [2, 7, 3, 3, 5, 4]
    // y = 0…3 reads h = 2y + 2p - 2.
    const window = (y: number, p: number): Affine => ({
      offset: -2,
      terms: [2, 2].map((by, i) => ({ axis: i === 0 ? y : p, by })),
      divisor: 1,
    })
    const x = tame('float32', [n, h, channels])
    const w = tame('float32', [p, channels, outs])
    const g = tame('float32', [n, y, outs])
    const of = (axes: Shape, reduce: Shape, a: Load, b: Load): Contract => ({
      tag: 'contract',
      dtype: 'float32',
      axes,
      reduce,
      a,
      b,
      epilogue: [stage('float32')],
    })
    const seen = load(0, 'float32', [n, h, channels], [along(0), window(1, 3), along(4)], 0)
    const kernel = load(1, 'float32', [p, channels, outs], [along(3), along(4), along(2)])
    agreeExactly(of([n, y, outs], [p, channels], seen, kernel), [x, w])
    const seenAgain = load(0, 'float32', [n, h, channels], [along(3), window(4, 0), along(1)], 0)
    agreeExactly(
      of([p, channels, outs], [n, y], seenAgain, load(1, 'float32', [n, y, outs], [along(3), along(4), along(2)])),
      [x, g],
    )
    const back: Affine = {
      offset: 2,
      terms: [
        { axis: 1, by: 1 },
        { axis: 3, by: -2 },
      ],
      divisor: 2,
    }
    const spread = load(0, 'float32', [n, y, outs], [along(0), back, along(4)], 0)
    agreeExactly(
      of([n, h, channels], [p, outs], spread, load(1, 'float32', [p, channels, outs], [along(3), along(2), along(4)])),
      [g, w],
    )
  })
})

/** Each of k additions errs by half an ulp of a sum that is at most k. */
const rounding = (k: number, ulp: number): number => (k * k * ulp) / 2

describe('sums of fractions', () => {
  it.each([
    ['float64', 2 ** -52],
    ['float32', 2 ** -23],
  ] as const)('in %s agree to rounding', (dtype, ulp) => {
    const [m, k, n] = [6, 700, 5]
    const fractions = (size: number): TypedArray => dataFrom(size, 'float64', size, true).map((x, i) => Math.sin(x + i))
    const cast = (x: TypedArray): TypedArray => (dtype === 'float32' ? Float32Array.from(x) : x)
    const inputs = [cast(fractions(m * k)), cast(fractions(k * n))]
    for (const [got, wanted] of bothResults(product(dtype, m, k, n, false, true), inputs))
      got.forEach((x, i) => {
        const y = wanted[i] ?? Number.NaN
        expect(Math.abs(x - y)).toBeLessThanOrEqual(rounding(k, ulp))
      })
  })
})
