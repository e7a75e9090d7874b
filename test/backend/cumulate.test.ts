/**
 * Running totals: the quick backend equals the reference, and both count from the named end.
 */
import { describe, expect, it } from 'vitest'
import { reference } from '../../src/backend/reference.ts'
import { wasm } from '../../src/backend/wasm.ts'
import type { Dtype } from '../../src/core/dtype.ts'
import { along, type Cumulate, load } from '../../src/core/kernel.ts'
import { AWKWARD, agreeExactly } from './agreement.ts'
import { dataFrom } from './choices.ts'

const NUMBERS: readonly Dtype[] = ['float32', 'float64', 'int32']
const MONOIDS: readonly Cumulate['monoid'][] = ['sum', 'prod', 'max', 'min']

/** Of a tensor as it is, along its middle axis. */
const cumulate = (axes: readonly [number, number, number], monoid: Cumulate['monoid'], dtype: Dtype): Cumulate => ({
  tag: 'cumulate',
  axes,
  axis: 1,
  reverse: false,
  monoid,
  expr: load(0, dtype, axes, [along(0), along(1), along(2)]),
})

describe('cumulate on the engine', () => {
  it.each(AWKWARD)('equals the reference along %i elements, with others inside and without', n => {
    for (const dtype of NUMBERS)
      for (const monoid of MONOIDS)
        for (const inner of [1, 3])
          agreeExactly(cumulate([2, n, inner], monoid, dtype), [dataFrom(6 * n, dtype, 6 * n)])
  })
})

describe.each([reference, wasm])('cumulate on $name', backend => {
  it('goes from the first element, or from the last', () => {
    const x = [Float64Array.of(1, 2, 3, 4)]
    const kernel = cumulate([1, 4, 1], 'sum', 'float64')
    expect(backend.run(kernel, x)).toEqual([Float64Array.of(1, 3, 6, 10)])
    expect(backend.run({ ...kernel, reverse: true }, x)).toEqual([Float64Array.of(10, 9, 7, 4)])
  })

  it('totals are kept in float64: 2²⁴ + 1 + 1 is not lost in float32', () => {
    const x = [Float32Array.of(2 ** 24, 1, 1)]
    expect(backend.run(cumulate([1, 3, 1], 'sum', 'float32'), x)).toEqual([
      Float32Array.of(2 ** 24, 2 ** 24, 2 ** 24 + 2),
    ])
  })
})
