import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { programEq, programShow, tensorEq, tensorShow } from '../../src/core/instances.ts'
import { add, makeProgram, mul, sum, tensor } from '../../src/index.ts'
import { tensors } from '../../src/testing/draw.ts'

const options = { seed: 20261122, numRuns: 100 }
const copies = tensors().map(x => [x, add(x, 0), add(add(x, 0), 0)] as const)

describe('tensorEq', () => {
  it('is reflexive, symmetric and transitive', () => {
    fc.assert(
      fc.property(copies, tensors(), ([x, y, z], other) => {
        expect(tensorEq.equals(x, x)).toBe(true)
        expect(tensorEq.equals(x, y) && tensorEq.equals(y, z) && tensorEq.equals(x, z)).toBe(true)
        expect(tensorEq.equals(x, other)).toBe(tensorEq.equals(other, x))
      }),
      options,
    )
  })

  it('tells dtypes, shapes and values apart, and holds for NaN', () => {
    expect(tensorEq.equals(tensor([1]), tensor([1], { dtype: 'float64' }))).toBe(false)
    expect(tensorEq.equals(tensor([1]), tensor([[1]]))).toBe(false)
    expect(tensorEq.equals(tensor([1]), tensor([2]))).toBe(false)
    expect(tensorEq.equals(tensor([Number.NaN]), tensor([Number.NaN]))).toBe(true)
  })
})

describe('programEq', () => {
  it('holds for two recordings of one function and not for another', () => {
    const square = () => makeProgram((x: ReturnType<typeof tensor>) => sum(mul(x, x)))(tensor([1, 2]))
    const double = makeProgram((x: ReturnType<typeof tensor>) => sum(add(x, x)))(tensor([1, 2]))
    expect(programEq.equals(square(), square())).toBe(true)
    expect(programEq.equals(square(), double)).toBe(false)
    expect(programShow.show(square())).toContain('mul a a')
    expect(tensorShow.show(tensor([1, 2.5]))).toBe('[1.  2.5]')
  })
})
