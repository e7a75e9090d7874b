import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toArray } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  concat,
  expandDims,
  grad,
  mul,
  pad,
  slice,
  split,
  squeeze,
  stack,
  sum,
  tensor,
  tile,
  transpose,
  zeros,
} from '../../src/index.ts'
import { check, expectClose, expectSame, f64, i32, mistake, shapes, wavy } from '../support/values.ts'
import { numpy } from './numpy.ts'

const m = i32([
  [0, 1, 2],
  [3, 4, 5],
])
const m10 = i32([
  [10, 11, 12],
  [13, 14, 15],
])
const v = i32([0, 1, 2, 3, 4])

describe('stack', () => {
  it('is that of NumPy', () => {
    expectClose(stack([m, m10]), numpy['stack axis 0'])
    expectClose(stack({ axis: 1 })([m, m10]), numpy['stack axis 1'])
    expectClose(stack({ axis: -1 })([m, m10]), numpy['stack axis -1'])
  })

  it('of numbers and scalars is a vector', () => {
    expectClose(stack([1, tensor(2), 3]), [1, 2, 3])
    expectClose(stack([1, 2]), [1, 2])
  })

  it('mistakes', () => {
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => stack([]))).toBe('ValueError: stack: needs at least one tensor')
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => stack([zeros([2]), zeros([3])]))).toBe(
      'ShapeError: stack: [2] with [3]: all shapes must be the same',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => stack({ axis: 2 })([zeros([2]), zeros([2])]))).toContain(
      'AxisError: stack: axis 2 is out of range for rank 2',
    )
  })
})

describe('split', () => {
  it('is that of NumPy, positions beyond the end and negative ones included', () => {
    expect(split({ into: 3, axis: 1 })(m).map(toArray)).toEqual(numpy['split into 3 axis 1'])
    expect(split({ at: [1, 4] })(v).map(toArray)).toEqual(numpy['split at 1 4'])
    expect(split({ at: [3, 1, 9] })(v).map(toArray)).toEqual(numpy['split at 3 1 9'])
    expect(split({ at: [-2] })(v).map(toArray)).toEqual(numpy['split at -2'])
  })

  it('concat is its inverse', () => {
    check(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: -2, max: 1 }),
        (parts, size, axis) => {
          const x = wavy(axis === 0 || axis === -2 ? [parts * size, 2] : [2, parts * size])
          const pieces = split({ into: parts, axis })(x)
          expect(pieces).toHaveLength(parts)
          expectSame(concat({ axis })(pieces), x, 0)
        },
      ),
      60,
    )
  })

  it('mistakes', () => {
    expect(mistake(() => split({ into: 2 })(v))).toBe(
      'ShapeError: split: cannot split 5 of [5] into 2 equal parts; give the positions to cut at',
    )
    expect(mistake(() => split({ into: 0 })(v))).toContain('cannot split 5 of [5] into 0 equal parts')
    expect(mistake(() => split({ into: 1, axis: 1 })(v))).toContain('AxisError: split: axis 1')
  })
})

describe('tile', () => {
  it('is that of NumPy, with fewer and with more counts than axes', () => {
    expectClose(tile([2])(m), numpy['tile 2'])
    expectClose(tile([2, 1])(m), numpy['tile 2 1'])
    expectClose(tile([2, 1, 2])(m), numpy['tile 2 1 2'])
    expectClose(tile([2, 3])(i32([0, 1])), numpy['tile vector 2 3'])
    expectClose(tile([3])(tensor(7)), [7, 7, 7])
    expect(tile([2, 0])(m).shape).toEqual([4, 0])
    expectClose(tile([])(m), toArray(m) as number[][])
  })

  it('its gradient adds up over the copies', () => {
    expectClose(grad((x: Tensor) => sum(mul(tile([2])(x), f64([1, 2, 10, 20]))))(f64([0, 0])), [11, 22])
  })

  it('mistakes', () => {
    expect(mistake(() => tile([-1])(v))).toBe('ValueError: tile: counts must be a list of whole numbers, got [-1]')
    expect(mistake(() => tile([1.5])(v))).toContain('counts must be a list of whole numbers')
  })
})

describe('expandDims and squeeze', () => {
  it('put axes of size 1 where they stand in the result', () => {
    const x = zeros([3, 4])
    const at = (axis: number | number[]): readonly number[] => expandDims({ axis })(x).shape
    expect([at(0), at(1), at(2), at(-1), at(-3), at([0, -1]), at([1, 2])]).toEqual([
      [1, 3, 4],
      [3, 1, 4],
      [3, 4, 1],
      [3, 4, 1],
      [1, 3, 4],
      [1, 3, 4, 1],
      [3, 1, 1, 4],
    ])
  })

  it('squeeze takes them away: all, or those named', () => {
    const x = zeros([1, 3, 1, 0])
    expect([
      squeeze(x).shape,
      squeeze({ axis: 0 })(x).shape,
      squeeze({ axis: [-2] })(x).shape,
      squeeze({})(x).shape,
    ]).toEqual([
      [3, 0],
      [3, 1, 0],
      [1, 3, 0],
      [3, 0],
    ])
  })

  it('one undoes the other', () => {
    check(
      fc.property(shapes(3), fc.nat(3), (shape, n) => {
        const axis = n % (shape.length + 1)
        expectSame(squeeze({ axis })(expandDims({ axis })(wavy(shape))), wavy(shape), 0)
      }),
    )
  })

  it('mistakes', () => {
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => squeeze({ axis: 1 })(zeros([1, 3])))).toBe(
      'ShapeError: squeeze: axis 1 of [1,3] has size 3, not 1',
    )
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => expandDims({ axis: 3 })(zeros([1])))).toContain('AxisError: expandDims: axis 3')
    expect(mistake(() => expandDims({ axis: [0, 0] })(zeros([1])))).toContain('axis 0 is named twice')
  })
})

describe('pad', () => {
  it('is that of NumPy', () => {
    expectClose(
      pad({
        widths: [
          [1, 0],
          [0, 2],
        ],
      })(m),
      numpy['pad 1 0 0 2'],
    )
    expectClose(
      pad({
        widths: [
          [1, 0],
          [0, 2],
        ],
        value: 7,
      })(m),
      numpy['pad constant 7'],
    )
  })

  it('negative widths cut off, on both sides of zero', () => {
    expectClose(pad({ widths: [[-1, 2]] })(f64([1, 2, 3])), [2, 3, 0, 0])
    expectClose(pad({ widths: [[2, -2]] })(f64([1, 2, 3])), [0, 0, 1])
    expectClose(pad({ widths: [[-1, -2]] })(f64([1, 2, 3])), [])
    expectClose(pad({ widths: [[-4, 3]] })(f64([1, 2, 3])), [0, 0])
  })

  it('with any value, -∞ and NaN too; the elements inside stay', () => {
    expectClose(pad({ widths: [[1, 1]], value: -Infinity })(f64([0, 2])), [-Infinity, 0, 2, -Infinity])
    expectClose(pad({ widths: [[1, 0]], value: Number.NaN })(f64([3])), [Number.NaN, 3])
    expectClose(pad({ widths: [[1, 0]], value: 5 })(f64([Number.NaN])), [5, Number.NaN])
  })

  it('the gradient is that of the elements that stayed', () => {
    const width = fc.integer({ min: -2, max: 2 })
    check(
      fc.property(width, width, fc.constantFrom(0, 3), (low, high, value) => {
        const kept = [0, 1, 2, 3].map(i => i + low >= 0 && i + low < 4 + low + high)
        const f = (x: Tensor): Tensor => sum(pad({ widths: [[low, high]], value })(x))
        expectClose(grad(f)(f64([1, 2, 3, 4])), kept.map(Number))
      }),
      40,
    )
  })

  it('mistakes', () => {
    expect(mistake(() => pad({ widths: [[1, 1]] })(m))).toBe('ShapeError: pad: 1 widths for the 2 axes of [2,3]')
    expect(mistake(() => pad({ widths: [[-2, -2]] })(f64([1, 2, 3])))).toContain('ShapeError: pad: low [-2], high [-2]')
    expect(mistake(() => pad({ widths: [[0.5, 0.5]] })(f64([1])))).toMatch(
      /ValueError: pad: widths must be .*whole numbers/,
    )
  })
})

describe('from JavaScript, where no type says what to pass', () => {
  const x = zeros([2, 3])
  it.each<readonly [string, () => unknown, string]>([
    ['slice', () => slice([0] as never)(x as never), '0 is no slice: give [start, stop, step] or null for each axis'],
    ['slice', () => slice(null as never)(x as never), 'takes a list with a slice for each axis, got null'],
    ['split', () => split(2 as never)(x), 'takes options, got 2'],
    ['split', () => split({} as never)(x), 'takes { into: how many parts } or { at: [positions to cut at] }'],
    ['split', () => split({ at: 1 } as never)(x), 'at is a list of positions, got 1; for parts give into'],
    ['concat', () => concat({ axis: 0 })(x as never), 'takes a list of tensors, concat([x, y]), got a tensor'],
    ['stack', () => stack({})(x as never), 'takes a list of tensors, stack([x, y]), got a tensor'],
    ['tile', () => tile(2 as never)(x), 'counts must be a list of whole numbers, got 2'],
    ['expandDims', () => expandDims({} as never)(x), 'needs the option axis'],
    ['transpose', () => transpose(null as never)(x as never), 'takes a list of axes, got null'],
  ])('%s says what it takes (%#)', (name, f, words) => {
    expect(mistake(f)).toContain(`${name}: ${words}`)
  })
})
