import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../src/core/types.ts'
import { grad, meshgrid, mul, ravel, repeat, roll, rot90, sum, swapAxes, tensor, zeros } from '../../src/index.ts'
import { expectClose, expectSame, f64, i32, mistake, wavy } from '../support/values.ts'

const m = i32([
  [0, 1, 2],
  [3, 4, 5],
])
const cube = i32([
  [
    [0, 1],
    [2, 3],
  ],
  [
    [4, 5],
    [6, 7],
  ],
])

describe('roll', () => {
  it('is that of NumPy, with and without axes, forward and back', () => {
    expectClose(roll({ shift: 1 })(m), [
      [5, 0, 1],
      [2, 3, 4],
    ])
    expectClose(roll({ shift: -4 })(m), [
      [4, 5, 0],
      [1, 2, 3],
    ])
    expectClose(roll({ shift: 1, axis: -1 })(m), [
      [2, 0, 1],
      [5, 3, 4],
    ])
    expectClose(roll({ shift: [1, -1], axis: [0, 1] })(m), [
      [4, 5, 3],
      [1, 2, 0],
    ])
  })

  it('by the size is nothing, and back again undoes', () => {
    const x = wavy([3, 4])
    expectSame(roll({ shift: 4, axis: 1 })(x), x)
    expectSame(roll({ shift: -7, axis: 1 })(roll({ shift: 7, axis: 1 })(x) as Tensor), x)
    expect(roll({ shift: 3 })(zeros([0, 2])).shape).toEqual([0, 2])
    expectSame(roll({ shift: 3 })(2), tensor(2))
  })

  it('mistakes', () => {
    expect(mistake(() => roll({ shift: 0.5 })(m))).toContain('ValueError: roll: shift must be a whole number')
    expect(mistake(() => roll({ shift: [1, 2], axis: 0 })(m))).toContain('ValueError: roll: 2 shifts for 1 axes')
    expect(mistake(() => roll({ shift: 1, axis: 2 as 0 })(m))).toContain('AxisError: roll: axis 2')
    expect(mistake(() => roll(m as unknown as { shift: number })(m))).toContain('ValueError: roll: takes options')
  })
})

describe('repeat', () => {
  it('is that of NumPy, by a number and by one for each', () => {
    expectClose(repeat({ repeats: 2 })(m), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    expectClose(repeat({ repeats: [1, 2], axis: 0 })(m), [
      [0, 1, 2],
      [3, 4, 5],
      [3, 4, 5],
    ])
    expectClose(repeat({ repeats: [0, 2, 1], axis: -1 })(m), [
      [1, 1, 2],
      [4, 4, 5],
    ])
    expect(repeat({ repeats: 0, axis: 0 })(m).shape).toEqual([0, 3])
    expect(repeat({ repeats: [] })(zeros([0])).shape).toEqual([0])
    expectClose(repeat({ repeats: 3 })(true), [true, true, true])
  })

  it('the gradient adds up what each element became', () => {
    const f = (x: Tensor): Tensor => sum(mul(repeat({ repeats: [2, 0, 1] })(x), f64([1, 10, 100])))
    expectClose(grad(f)(f64([7, 8, 9])), [11, 0, 100])
  })

  it('mistakes', () => {
    for (const repeats of [-1, 0.5, [1, -1], '2' as unknown as number])
      expect(mistake(() => repeat({ repeats })(m))).toContain('ValueError: repeat: repeats must be a whole number')
    expect(mistake(() => repeat({ repeats: [1, 2] })(m))).toContain('ShapeError: repeat: 2 counts for the 6 elements')
    expect(mistake(() => repeat({ repeats: [2 ** 52, 0], axis: 0 })(m))).toContain(
      'ValueError: repeat: [4503599627370496]',
    )
  })
})

describe('axes', () => {
  it('swapAxes exchanges two', () => {
    expect(swapAxes(0, -1)(zeros([2, 3, 4])).shape).toEqual([4, 3, 2])
    expectSame(swapAxes(1, 1)(m), m)
    expect(mistake(() => swapAxes(0, 2 as 1)(m))).toContain('AxisError: swapAxes: axis 2')
  })

  it('ravel keeps the row-major order', () => {
    expectClose(ravel(m), [0, 1, 2, 3, 4, 5])
    expectClose(ravel(3), [3])
    expect(ravel(zeros([2, 0])).shape).toEqual([0])
  })
})

describe('rot90', () => {
  it('is that of NumPy for any number of turns and either plane', () => {
    expectClose(rot90(m), [
      [2, 5],
      [1, 4],
      [0, 3],
    ])
    expectClose(rot90({ times: -6 })(m), [
      [5, 4, 3],
      [2, 1, 0],
    ])
    expectClose(rot90({ times: 3 })(m), [
      [3, 0],
      [4, 1],
      [5, 2],
    ])
    expectSame(rot90({ times: 4 })(m), m)
    expectClose(rot90({ axis: [2, 0] })(cube), [
      [
        [4, 0],
        [6, 2],
      ],
      [
        [5, 1],
        [7, 3],
      ],
    ])
  })

  it('mistakes', () => {
    expect(mistake(() => rot90({ axis: [0, -2] })(m))).toContain('AxisError: rot90: needs two different axes')
    expect(mistake(() => rot90({ axis: [0] as unknown as [0, 1] })(m))).toContain(
      'AxisError: rot90: needs a list of two',
    )
    expect(mistake(() => rot90({ times: 0.5 })(m))).toContain('ValueError: rot90: times')
  })
})

describe('meshgrid', () => {
  it('is that of NumPy for both kinds of indexing', () => {
    const [a, b] = meshgrid([i32([1, 2, 3]), i32([4, 5])])
    expectClose(a, [
      [1, 2, 3],
      [1, 2, 3],
    ])
    expectClose(b, [
      [4, 4, 4],
      [5, 5, 5],
    ])
    const [c, d] = meshgrid({ indexing: 'ij' })([i32([1, 2, 3]), f64([4, 5])])
    expectClose(c, [
      [1, 1],
      [2, 2],
      [3, 3],
    ])
    expectSame(
      d,
      f64([
        [4, 5],
        [4, 5],
        [4, 5],
      ]),
    )
    expect(meshgrid([zeros([2]), zeros([1]), zeros([3])])[2].shape).toEqual([1, 2, 3])
  })

  it('of one vector is that vector, of none nothing, and with an empty one empty', () => {
    expectClose(meshgrid([i32([1, 2])])[0], [1, 2])
    expect(meshgrid([])).toEqual([])
    expect(meshgrid([zeros([2]), zeros([0])])[0].shape).toEqual([0, 2])
  })

  it('mistakes', () => {
    expect(mistake(() => meshgrid([m as Tensor]))).toContain('ShapeError: meshgrid: takes vectors, got [2,3]')
    expect(mistake(() => meshgrid({ indexing: 'yx' as 'xy' })([i32([1])]))).toContain('ValueError: meshgrid: indexing')
    expect(mistake(() => meshgrid({})(m as unknown as Tensor[]))).toContain('ValueError: meshgrid: takes a list')
  })
})
