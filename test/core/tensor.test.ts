import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { castNumber, type Dtype, dtypes } from '../../src/core/dtype.ts'
import { describe as say } from '../../src/core/errors.ts'
import { sizeOf } from '../../src/core/shape.ts'
import { data, identical, isTensor, item, type Nested, scalar, tensor, toArray } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import { check, f64, i32, mistake, shapes, sixteenths } from '../support/values.ts'

/** What a caller without types may pass. */
const untyped = (value: unknown, options?: object): Tensor =>
  (tensor as unknown as (value: unknown, options?: object) => Tensor)(value, options)

const nest = (shape: readonly number[], values: readonly number[]): Nested => {
  const [n, ...rest] = shape
  if (n === undefined) return values[0] ?? 0
  const size = sizeOf(rest)
  return Array.from({ length: n }, (_, i) => nest(rest, values.slice(i * size, (i + 1) * size)))
}

describe('making a tensor', () => {
  it('toArray is the inverse of tensor, for every shape without a leading 0', () => {
    check(
      fc.property(shapes(4, 1), fc.infiniteStream(sixteenths), fc.constantFrom(...dtypes), (shape, stream, dtype) => {
        const values = [...stream.take(sizeOf(shape))].map(v => castNumber(v, dtype))
        const nested = nest(shape, values)
        const x = tensor(nested, { dtype })
        expect([x.shape, x.dtype]).toEqual([shape, dtype])
        expect([...data(x)]).toEqual(values)
        expect(tensor(toArray(x) as Nested, { dtype: x.dtype })).toEqual(x)
      }),
      200,
    )
  })

  it('numbers become float32, booleans bool, and typed arrays keep their type', () => {
    const made = [
      tensor(1),
      tensor([true]),
      tensor(new Float64Array(1)),
      tensor(new Int32Array(1)),
      tensor(new Float32Array(1)),
    ]
    expect(made.map(x => x.dtype)).toEqual(['float32', 'bool', 'float64', 'int32', 'float32'])
  })

  it('a flat array takes the shape that is given, a nested one too', () => {
    expect(toArray(tensor([1, 2, 3, 4], { shape: [2, 2] }))).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(
      toArray(
        tensor(
          [
            [1, 2],
            [3, 4],
          ],
          { shape: [4] },
        ),
      ),
    ).toEqual([1, 2, 3, 4])
    expect(toArray(tensor(new Uint8Array([1, 255]), { dtype: 'float32' }))).toEqual([1, 255])
  })

  it('empty arrays have the shape that can be seen of them', () => {
    expect([tensor([]).shape, tensor([[], []]).shape, tensor([[[]]]).shape]).toEqual([[0], [2, 0], [1, 1, 0]])
    expect(toArray(tensor([], { shape: [2, 0] }))).toEqual([[], []])
  })

  it('float32 rounds, float64 does not', () => {
    expect([item(tensor(0.1)), item(f64(0.1))]).toEqual([Math.fround(0.1), 0.1])
  })

  it('keeps NaN, infinities and the sign of zero', () => {
    expect([...data(tensor([Number.NaN, Infinity, -Infinity, -0]))]).toEqual([Number.NaN, Infinity, -Infinity, -0])
  })
})

describe('mistakes in making a tensor', () => {
  it('a ragged array: the message names the row, its length, and the length it should have', () => {
    expect(mistake(() => tensor([[1, 2], [3]] as Nested))).toBe(
      'ShapeError: tensor: ragged nested array: [1] has length 1 where 2 was expected; every row needs the same length',
    )
    expect(
      mistake(() =>
        tensor([
          [[1], [2]],
          [[3], [4, 5]],
        ] as Nested),
      ),
    ).toContain('[1][1] has length 2 where 1 was expected')
    expect(mistake(() => tensor([[1, 2], 3] as Nested))).toContain('[1] is 3 where an array of length 2 was expected')
    expect(mistake(() => tensor([1, [2]] as Nested))).toContain('[1] has length 1 where a number was expected')
    expect(mistake(() => tensor([[], [1]] as Nested))).toContain('[1] has length 1 where 0 was expected')
  })

  it('an element that is no number: the message says where and what', () => {
    expect(mistake(() => untyped([[1], ['a']]))).toContain(
      'ValueError: tensor: [1][0] is "a"; a tensor is made of numbers',
    )
    expect(mistake(() => untyped([1, undefined]))).toContain('[1] is undefined;')
    expect(mistake(() => untyped([1n]))).toContain('[0] is a bigint;')
    expect(mistake(() => untyped('abc'))).toContain('the value is "abc";')
    expect(mistake(() => untyped(null))).toContain('the value is null;')
    expect(mistake(() => untyped({ a: 1 }))).toContain('the value is an object;')
    expect(mistake(() => untyped([tensor(1)]))).toContain(
      '[0] is a tensor; a tensor is made of numbers or booleans (to join tensors, use stack or concat)',
    )
  })

  it('a value that the dtype cannot hold', () => {
    expect(mistake(() => i32([1, 0.5]))).toBe(
      'DtypeError: tensor: 0.5 is no int32: use a whole number between -2147483648 and 2147483647, or a float dtype',
    )
    expect(mistake(() => i32(2147483648))).toContain('2147483648 is no int32')
    expect(mistake(() => i32(Number.NaN))).toContain('NaN is no int32')
    expect(mistake(() => tensor([2], { dtype: 'bool' }))).toContain('2 is no bool: use true and false')
    expect(mistake(() => tensor([1, true]))).toContain('true is no float32; give 1 or 0')
    expect(mistake(() => tensor(new Float64Array([0.5]), { dtype: 'int32' }))).toContain('0.5 is no int32')
  })

  it('a shape that the values do not fill, or that is none', () => {
    expect(mistake(() => tensor([1, 2, 3], { shape: [2, 2] }))).toBe(
      'ShapeError: tensor: 3 values do not fill shape [2,2], which holds 4',
    )
    expect(mistake(() => tensor([1, 2, 3, 4], { shape: [-2, -2] }))).toContain('ValueError: tensor: a shape holds')
    expect(mistake(() => tensor([1, 2], { shape: [2, -1] }))).toContain('ValueError: tensor: a shape holds')
  })

  it('a typed array of which nobody knows the dtype', () => {
    expect(mistake(() => tensor(new Uint8Array(2)))).toContain(
      "say which dtype a Uint8Array becomes: tensor(array, { dtype: 'float32' })",
    )
    expect(mistake(() => tensor(new BigInt64Array(1)))).toContain('cannot read a BigInt64Array')
    expect(mistake(() => tensor(new DataView(new ArrayBuffer(4))))).toContain('cannot read a DataView')
  })

  it('a dtype that is none', () => {
    expect(mistake(() => untyped([1], { dtype: 'float16' }))).toBe(
      'DtypeError: tensor: "float16" is no dtype; use float32, float64, int32, bool',
    )
  })
})

describe('tensors never change', () => {
  it('a typed array is copied in: changing it afterwards changes nothing', () => {
    for (const source of [new Float32Array([1, 2]), new Float64Array([1, 2]), new Int32Array([1, 2])]) {
      const x = tensor(source)
      source[0] = 9
      expect(toArray(x)).toEqual([1, 2])
    }
  })

  it('a part of a buffer is read from its own offset', () => {
    expect(toArray(tensor(new Float32Array([1, 2, 3, 4]).subarray(1, 3)))).toEqual([2, 3])
  })

  it('a nested array and a shape are copied in as well', () => {
    const rows = [
      [1, 2],
      [3, 4],
    ]
    const shape = [4]
    const x = tensor(rows)
    const y = tensor([1, 2, 3, 4], { shape })
    ;(rows[0] as number[])[0] = 9
    shape[0] = 2
    expect([toArray(x), y.shape]).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      [4],
    ])
  })

  it('data is copied out: changing it changes nothing', () => {
    const x = tensor([1, 2])
    data(x)[0] = 9
    const rows = toArray(x) as number[]
    rows[1] = 9
    expect(toArray(x)).toEqual([1, 2])
  })

  it('data is the typed array of the dtype', () => {
    expect(dtypes.map(dtype => data(tensor([1], { dtype })).constructor.name)).toEqual([
      'Float32Array',
      'Float64Array',
      'Int32Array',
      'Uint8Array',
    ])
  })
})

describe('reading', () => {
  it('item gives the one element, of any rank; a bool as 1 or 0', () => {
    expect([item(tensor(2)), item(tensor([[3]])), item(tensor(true)), item(tensor([false]))]).toEqual([2, 3, 1, 0])
  })

  it('item of more or fewer elements is a mistake', () => {
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => item(tensor([1, 2])))).toBe('ShapeError: item: needs exactly one element, got shape [2]')
    // @ts-expect-error the compiler sees it too
    expect(mistake(() => item(tensor([])))).toBe('ShapeError: item: needs exactly one element, got shape [0]')
  })

  it('toArray gives booleans for bool, and a scalar as it is', () => {
    expect([toArray(tensor([true, false])), toArray(tensor(1.5)), toArray(tensor(true))]).toEqual([
      [true, false],
      1.5,
      true,
    ])
  })
})

describe('JavaScript’s operators', () => {
  const x = tensor([1, 2]) as unknown as number
  const advice = 'JavaScript operators do not work on tensors: write add(x, y) for x + y'

  it('throw instead of computing nonsense', () => {
    const uses = [
      () => x + x,
      () => x + 1,
      () => 1 - x,
      () => x * 2,
      () => x > 0,
      () => x <= 0,
      () => -x,
      () => +x,
      () => x ** 2,
    ]
    for (const use of uses) expect(mistake(use)).toContain(`ValueError: tensor: ${advice}`)
  })

  it('throw for == with a number and for + with a text', () => {
    // biome-ignore lint/suspicious/noDoubleEquals: this is what the test is about
    expect(mistake(() => (x as unknown) == 1)).toContain(advice)
    // biome-ignore lint/style/useTemplate: this is what the test is about
    expect(mistake(() => 'loss ' + (x as unknown as string))).toContain('show(x) for text')
  })

  it('compare tensors by identity only, as all objects', () => {
    const same = x
    expect([x === same, (x as unknown) === tensor([1, 2])]).toEqual([true, false])
  })

  it('template literals and String give the text', () => {
    expect([`${x}`, String(x)]).toEqual(['[1. 2.]', '[1. 2.]'])
  })
})

describe('what is a tensor', () => {
  it('neither look-alikes nor numbers', () => {
    expect([
      isTensor(tensor(1)),
      isTensor({ shape: [], dtype: 'float32' }),
      isTensor(1),
      isTensor(null),
      isTensor([]),
    ]).toEqual([true, false, false, false, false])
  })

  it('tensors are identical when dtype, shape and values are; NaN is itself', () => {
    expect(identical(tensor([1, Number.NaN]), tensor([1, Number.NaN]))).toBe(true)
    expect(identical(tensor([1]), tensor([2]))).toBe(false)
    expect(identical(tensor([1]), tensor([[1]]))).toBe(false)
    expect(identical(tensor([1]), f64([1]))).toBe(false)
    expect(identical(tensor([0]), tensor([-0]))).toBe(true)
    expect(identical(tensor([0]), tensor([Number.NaN]))).toBe(false)
  })
})

describe('scalar', () => {
  it('is checked like an element', () => {
    expect([scalar(1).dtype, scalar(true).dtype, scalar(2, 'int32').dtype]).toEqual(['float32', 'bool', 'int32'])
    expect(mistake(() => scalar(0.5, 'int32'))).toContain('DtypeError: scalar: 0.5 is no int32')
  })
})

describe('converting a number', () => {
  const converted: readonly (readonly [number, Dtype, number])[] = [
    [2.9, 'int32', 2],
    [-2.9, 'int32', -2],
    [3e9, 'int32', 2147483647],
    [-3e9, 'int32', -2147483648],
    [Infinity, 'int32', 2147483647],
    [-Infinity, 'int32', -2147483648],
    [Number.NaN, 'int32', 0],
    [0.5, 'bool', 1],
    [-0, 'bool', 0],
    [Number.NaN, 'bool', 1],
    [0.1, 'float32', Math.fround(0.1)],
    [0.1, 'float64', 0.1],
  ]
  for (const [from, to, expected] of converted)
    it(`${from} as ${to} is ${expected}`, () => expect(castNumber(from, to)).toBe(expected))
})

describe('what a value is, in messages', () => {
  class Model {}
  const said: readonly (readonly [unknown, string])[] = [
    [1.5, '1.5'],
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'true'],
    ['text', '"text"'],
    ['x'.repeat(50), `"${'x'.repeat(40)}…"`],
    [[1], 'an array'],
    [{}, 'an object'],
    [Object.create(null), 'an object'],
    [() => 1, 'a function'],
    [Symbol('s'), 'a symbol'],
    [new Model(), 'a Model'],
    [new Map(), 'a Map'],
    [new Int32Array(1), 'an Int32Array'],
    [tensor(1), 'a tensor'],
  ]
  for (const [value, expected] of said) it(expected, () => expect(say(value)).toBe(expected))
})
