/**
 * Which dtypes meet, what numbers become beside tensors, and what the messages say when they do not fit.
 */
import { describe, expect, it } from 'vitest'
import { type Dtype, dtypes } from '../../src/core/dtype.ts'
import { item, tensor, toArray } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  abs,
  add,
  cast,
  concat,
  conv2d,
  div,
  dot,
  einsum,
  eq,
  exp,
  floorDivide,
  full,
  gt,
  logicalAnd,
  logicalNot,
  matmul,
  max,
  maximum,
  mean,
  mod,
  mul,
  ones,
  pad,
  pow,
  prod,
  softmax,
  sqrt,
  square,
  stack,
  sub,
  sum,
  variance,
  where,
  zeros,
} from '../../src/index.ts'
import { errorOf, f64, i32, mistake } from '../support/values.ts'

const x = tensor([1, 2])
const y = f64([1, 2])
const n = i32([1, 2])
const b = tensor([true, false])

describe('tensors of different dtypes never mix', () => {
  const binary = { add, sub, mul, div, pow, maximum, mod, floorDivide, eq, gt, matmul, dot }
  for (const [name, f] of Object.entries(binary))
    it(`${name}: the error names both dtypes and the cast`, () => {
      const { _tag, message } = errorOf(() => f(x, y))
      expect(_tag).toBe('DtypeError')
      expect(message).toMatch(/: dtypes differ: float32 and float64; convert one, as in cast\('float64'\)\(x\)$/)
      expect(errorOf(() => f(n, y)).message).toContain('int32 and float64')
      expect(errorOf(() => f(b, x)).message).toContain('bool and float32')
    })

  it('the same for lists, choices and sums of products', () => {
    expect(mistake(() => concat([x, y]))).toBe(
      "DtypeError: concat: dtypes differ: float32 and float64; convert one, as in cast('float64')(x)",
    )
    expect(mistake(() => stack([n, x]))).toContain('int32 and float32')
    expect(mistake(() => where(b, n, x))).toContain('where: dtypes differ: int32 and float32')
    expect(mistake(() => einsum('i,i->i', x, y))).toContain('float32 and float64')
    expect(mistake(() => conv2d()(zeros([1, 3, 3, 1]), zeros([2, 2, 1, 1], { dtype: 'float64' })))).toContain(
      'float32 and float64',
    )
  })
})

describe('numbers are weakly typed: they take the dtype of the tensors beside them', () => {
  it('on either side, in every dtype that holds them', () => {
    for (const [t, dtype] of [
      [x, 'float32'],
      [y, 'float64'],
      [n, 'int32'],
    ] as const) {
      expect([add(t, 1).dtype, sub(1, t).dtype, mul(t, 2).dtype, maximum(0, t).dtype, gt(t, 1).dtype]).toEqual([
        dtype,
        dtype,
        dtype,
        dtype,
        'bool',
      ])
    }
    expect(toArray(eq(b, true))).toEqual([true, false])
    expect(toArray(where(b, 1, n))).toEqual([1, 2])
    expect(toArray(concat([n, stack([3, i32(4)])]))).toEqual([1, 2, 3, 4])
  })

  it('are rounded to it once', () => {
    expect(toArray(sub(y, 0.1))).toEqual([0.9, 1.9])
    expect(toArray(sub(x, 0.1))).toEqual([Math.fround(1 - Math.fround(0.1)), Math.fround(2 - Math.fround(0.1))])
  })

  it('alone are float32 and bool', () => {
    expect([add(1, 2).dtype, exp(1).dtype, logicalNot(true).dtype, sum(3).dtype]).toEqual([
      'float32',
      'float32',
      'bool',
      'float32',
    ])
    expect(item(add(0.1, 0.2))).toBe(Math.fround(Math.fround(0.1) + Math.fround(0.2)))
  })

  it('fractions, and numbers too large, do not fit int32', () => {
    expect(mistake(() => add(n, 0.5))).toBe(
      "DtypeError: add: 0.5 does not fit a tensor of int32: cast the tensor first, cast('float32')(x)",
    )
    expect(mistake(() => mul(2 ** 31, n))).toContain('mul: 2147483648 does not fit a tensor of int32')
    expect(mistake(() => gt(n, Number.NaN))).toContain('NaN does not fit a tensor of int32')
    expect(mistake(() => pad({ widths: [[1, 1]], value: 0.5 })(n))).toContain('0.5 does not fit a tensor of int32')
    expect(toArray(add(n, -(2 ** 31)))).toEqual([-2147483647, -2147483646])
  })

  it('numbers do not fit bool, nor booleans numbers', () => {
    expect(mistake(() => eq(b, 1))).toBe(
      "DtypeError: eq: 1 does not fit a tensor of bool: write true or false, or cast the tensor, cast('float32')(x)",
    )
    expect(mistake(() => add(x, true))).toBe('DtypeError: add: true does not fit a tensor of float32: write 1 or 0')
    expect(mistake(() => where(b, true, n))).toContain('true does not fit a tensor of int32: write 1 or 0')
  })

  it('anything else is not taken for a tensor', () => {
    const untyped = (value: unknown): Tensor => value as Tensor
    expect(mistake(() => add(x, untyped([1, 2])))).toBe(
      'ValueError: add: argument 1 is an array; pass a tensor or a number',
    )
    expect(mistake(() => exp(untyped('1')))).toBe('ValueError: exp: argument 0 is "1"; pass a tensor or a number')
    expect(mistake(() => mul(untyped(undefined), x))).toContain('argument 0 is undefined')
    expect(mistake(() => mul(untyped(new Float32Array(2)), x))).toContain('argument 0 is a Float32Array')
  })
})

describe('what ops do not take', () => {
  it('says what they need and how to get it', () => {
    expect(mistake(() => exp(n))).toBe(
      "DtypeError: exp: does not take int32; it needs float32 or float64; convert with cast('float32')",
    )
    expect(mistake(() => div(n, n))).toContain('div: does not take int32')
    expect(mistake(() => add(b, b))).toBe(
      "DtypeError: add: does not take bool; it needs float32, float64 or int32; convert with cast('float32')",
    )
    expect(mistake(() => logicalAnd(x, x))).toBe(
      'DtypeError: logicalAnd: does not take float32; it needs bool; compare first, as in gt(x, 0)',
    )
    expect(mistake(() => where(x, x, x))).toBe(
      'DtypeError: where: the condition must be bool, got float32: compare first, as in gt(x, 0)',
    )
    expect(mistake(() => max(b))).toContain('max: does not take bool')
  })
})

describe('result dtypes', () => {
  const table: readonly (readonly [string, (v: Tensor) => Tensor, readonly (readonly [Dtype, Dtype])[]])[] = [
    [
      'sum',
      v => sum(v),
      [
        ['bool', 'int32'],
        ['int32', 'int32'],
        ['float64', 'float64'],
      ],
    ],
    [
      'sum as float64',
      v => sum({ as: 'float64' })(v),
      [
        ['float32', 'float64'],
        ['int32', 'float64'],
        ['bool', 'float64'],
      ],
    ],
    [
      'prod',
      v => prod(v),
      [
        ['bool', 'int32'],
        ['float32', 'float32'],
      ],
    ],
    [
      'mean',
      v => mean(v),
      [
        ['bool', 'float32'],
        ['int32', 'float32'],
        ['float64', 'float64'],
      ],
    ],
    [
      'variance',
      v => variance(v),
      [
        ['int32', 'float32'],
        ['float64', 'float64'],
      ],
    ],
    [
      'softmax',
      v => softmax(v),
      [
        ['int32', 'float32'],
        ['float64', 'float64'],
      ],
    ],
    [
      'abs',
      v => abs(v),
      [
        ['int32', 'int32'],
        ['float64', 'float64'],
      ],
    ],
    [
      'square',
      v => square(v),
      [
        ['int32', 'int32'],
        ['float32', 'float32'],
      ],
    ],
    [
      'sqrt',
      v => sqrt(v),
      [
        ['float32', 'float32'],
        ['float64', 'float64'],
      ],
    ],
  ]
  for (const [name, f, pairs] of table)
    it(`of ${name}`, () => {
      for (const [from, to] of pairs) expect(f(ones([2], { dtype: from })).dtype).toBe(to)
    })

  it('sum as a wider dtype adds up in it', () => {
    const many = full([3], 16777217, { dtype: 'int32' })
    expect(item(sum({ as: 'float64' })(many))).toBe(50331651)
    expect(item(sum(full([2], 2 ** 31 - 1, { dtype: 'int32' })))).toBe(-2)
    expect(item(sum(tensor([true, true, false])))).toBe(2)
  })
})

describe('cast', () => {
  it('to itself is the tensor itself', () => {
    for (const dtype of dtypes) {
      const t = ones([2], { dtype })
      expect(cast(dtype)(t)).toBe(t)
    }
  })

  it('saturates at int32, truncates toward zero, and takes NaN for 0', () => {
    const values = f64([2.9, -2.9, 3e9, -3e9, Infinity, -Infinity, Number.NaN, -0])
    expect(toArray(cast('int32')(values))).toEqual([2, -2, 2147483647, -2147483648, 2147483647, -2147483648, 0, 0])
  })

  it('to bool asks whether a number is not 0; NaN is not', () => {
    expect(toArray(cast('bool')(tensor([0, -0, 0.5, Number.NaN, -3])))).toEqual([false, false, true, true, true])
  })

  it('float64 to float32 rounds to nearest, beyond the range to ∞', () => {
    expect(toArray(cast('float32')(f64([0.1, 1e39, -1e39, 1e-50])))).toEqual([Math.fround(0.1), Infinity, -Infinity, 0])
  })

  it('to a dtype that is none is a mistake', () => {
    expect(mistake(() => cast('float16' as Dtype)(x))).toBe(
      'DtypeError: cast: "float16" is no dtype; use float32, float64, int32, bool',
    )
    expect(mistake(() => zeros([1], { dtype: 'int64' as Dtype }))).toContain('"int64" is no dtype')
  })
})
