import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../src/core/types.ts'
import { arange, kron, ones, reshape, tensordot, zeros } from '../../src/index.ts'
import { expectClose, f64, i32, mistake } from '../support/values.ts'

const m: Tensor = i32([
  [0, 1, 2],
  [3, 4, 5],
])
const cube: Tensor = reshape([2, 3, 4])(arange(24))

describe('kron', () => {
  it('is that of NumPy, also for different ranks', () => {
    const swap = i32([
      [0, 1],
      [1, 0],
    ])
    expectClose(
      kron(
        i32([
          [1, 2],
          [3, 4],
        ]),
        swap,
      ),
      [
        [0, 1, 0, 2],
        [1, 0, 2, 0],
        [0, 3, 0, 4],
        [3, 0, 4, 0],
      ],
    )
    expectClose(kron(i32([1, 2]), i32([[1], [3]])), [
      [1, 2],
      [3, 6],
    ])
    expectClose(kron(2, f64([1, 2])), [2, 4])
    expect(kron(zeros([0, 2]), zeros([3, 2])).shape).toEqual([0, 4])
  })

  it('mistakes', () => {
    expect(mistake(() => kron(f64([1]), i32([1])))).toContain('DtypeError: kron: dtypes differ')
  })
})

describe('tensordot', () => {
  it('is that of NumPy, by number and by lists', () => {
    expectClose(tensordot(cube, reshape([3, 4])(arange(12))), [506, 1298])
    expectClose(
      tensordot({
        axes: [
          [0, 1],
          [0, 1],
        ],
      })(cube, cube),
      [
        [880, 940, 1000, 1060],
        [940, 1006, 1072, 1138],
        [1000, 1072, 1144, 1216],
        [1060, 1138, 1216, 1294],
      ],
    )
    expectClose(tensordot({ axes: 0 })(i32([1, 2]), i32([3, 4])), [
      [3, 4],
      [6, 8],
    ])
    expectClose(
      tensordot({
        axes: [
          [-1, 0],
          [1, 0],
        ],
      })(m, m),
      55,
    )
    expectClose(tensordot({ axes: 1 })(zeros([2, 0]), ones([0])), [0, 0])
  })

  it('mistakes', () => {
    expect(mistake(() => tensordot({ axes: 1 })(m, m))).toContain(
      'ShapeError: tensordot: summed sizes differ: axis 1 of [2,3] and axis 0 of [2,3]',
    )
    expect(mistake(() => tensordot({ axes: 3 })(m, m))).toContain('ValueError: tensordot: cannot sum over 3 axes')
    expect(
      mistake(() =>
        tensordot({
          axes: [
            [0, 0],
            [0, 1],
          ],
        })(m, m),
      ),
    ).toContain('ValueError: tensordot: axes')
    expect(mistake(() => tensordot({ axes: [[2], [0]] })(m, m))).toContain('AxisError: tensordot: axis 2')
    expect(mistake(() => tensordot({ axes: 'ij' as unknown as number })(m, m))).toContain(
      'ValueError: tensordot: axes is',
    )
  })
})
