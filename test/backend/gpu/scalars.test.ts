/**
 * Scalar functions on gpu.js agree with those of the reference, in the modes that need no GPU.
 */
import { describe, expect, it } from 'vitest'
import { scalarFunction } from '../../../src/backend/scalar.ts'
import { castNumber, type Dtype, type TypedArray } from '../../../src/core/dtype.ts'
import {
  along,
  apply,
  type BinaryFn,
  convert,
  type Expr,
  load,
  mapNest,
  type UnaryFn,
} from '../../../src/core/kernel.ts'
import { range } from '../../../src/core/shape.ts'
import { contexts, distance, gpuResults } from './rig.ts'

const gpus = await contexts()

/** Formulas of float32 lose a few of its 24 bits (6e-8 each); powers and tails of erf lose more in their exponents. */
const FLOAT32 = 1e-6
const FLOAT32_POWER = 2e-5

const SPECIAL = [0, -0, 1, -1, Number.NaN, Infinity, -Infinity]
const grid = (low: number, high: number, n: number): readonly number[] =>
  Array.from({ length: n }, (_, i) => Math.fround(low + ((high - low) * i) / (n - 1)))
const WIDE = [...grid(-12, 12, 97), 1e-6, -1e-6, 0.017, -0.34, 0.36, 0.499, 88, -87, 100, -104, 1e6, 3e37, 2e-38, 1e-40]
const UNIT = [...grid(-1, 1, 101), 0.9999, -0.99999]

const WHOLE = [
  ...[0, 1, -1, 2, 3, -5, 7, 12, 31, 32, 33, 1000, -4095, 65535, 65536, -65537, 16777217, -16777219],
  ...[1073741823, 1073741825, -1073741824, 123456789, -987654321, 2147483647, 2147483646, -2147483647, -2147483648],
]

const values = (fn: UnaryFn, dtype: Dtype): readonly number[] =>
  dtype === 'bool'
    ? [0, 1]
    : dtype === 'int32'
      ? WHOLE
      : [...SPECIAL, ...(['asin', 'acos', 'atanh', 'erfInv'].includes(fn) ? UNIT : WIDE)]

const column = (dtype: Dtype, x: readonly number[]): TypedArray =>
  dtype === 'bool' ? Uint8Array.from(x) : dtype === 'int32' ? Int32Array.from(x) : Float32Array.from(x)

type Case = readonly [fn: UnaryFn | BinaryFn, dtype: Dtype]

const FLOATS: readonly UnaryFn[] = [
  ...(['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'trunc', 'sqrt', 'cbrt', 'exp', 'expm1', 'log'] as const),
  ...(['log1p', 'log2', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh'] as const),
  ...(['acosh', 'atanh', 'erf', 'erfc', 'erfInv', 'not'] as const),
]
const unary: readonly Case[] = [
  ...FLOATS.map((fn): Case => [fn, 'float32']),
  ...(['neg', 'abs', 'sign', 'bitNot', 'not'] as const).map((fn): Case => [fn, 'int32']),
  ['not', 'bool'],
]

const COMPARISONS = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'and', 'or', 'xor'] as const
const ARITHMETIC = ['add', 'sub', 'mul', 'div', 'floorDiv', 'mod', 'rem', 'pow', 'max', 'min'] as const
const BITS = ['bitAnd', 'bitOr', 'bitXor', 'shiftLeft', 'shiftRight', 'shiftRightLogical'] as const
const binary: readonly Case[] = [
  ...[...ARITHMETIC, 'atan2' as const, ...COMPARISONS].map((fn): Case => [fn, 'float32']),
  ...[...ARITHMETIC, ...BITS, ...COMPARISONS].map((fn): Case => [fn, 'int32']),
  ...COMPARISONS.map((fn): Case => [fn, 'bool']),
]

/** The worst of all points, said with the arguments. */
const worst = (
  got: TypedArray,
  wanted: readonly number[],
  args: (i: number) => string,
): { readonly error: number; readonly at: string } =>
  wanted.reduce<{ readonly error: number; readonly at: string }>(
    (most, y, i) => {
      const error = distance(got[i] ?? Number.NaN, y)
      return error > most.error ? { error, at: `${args(i)}: ${got[i]} for ${y}` } : most
    },
    { error: 0, at: '' },
  )

describe.each(gpus)('in mode $mode', gpu => {
  it.each(unary)('%s of %s', (fn, dtype) => {
    const xs = values(fn as UnaryFn, dtype)
    const n = xs.length
    const kernel = mapNest([n], apply(fn, load(0, dtype, [n], [along(0)])))
    const [got] = gpuResults(gpu, kernel, [column(dtype, xs)])
    const f = scalarFunction(fn, dtype)
    const wanted = xs.map(x => f(dtype === 'float32' ? Math.fround(x) : x, Number.NaN))
    const { error, at } = worst(got as TypedArray, wanted, i => String(xs[i]))
    expect(error <= (dtype === 'float32' ? FLOAT32 : 0), at).toBe(true)
  })

  it.each(binary)('%s of two %s', (fn, dtype) => {
    const some =
      dtype === 'bool' ? [0, 1] : dtype === 'int32' ? WHOLE : [...SPECIAL, 0.5, -2, 3, -3.25, 7.25, 0.1, 1e-3, 1e4]
    const xs = some.flatMap(x => some.map(() => x))
    const ys = some.flatMap(() => some)
    const n = xs.length
    const kernel = mapNest([n], apply(fn, load(0, dtype, [n], [along(0)]), load(1, dtype, [n], [along(0)])))
    const [got] = gpuResults(gpu, kernel, [column(dtype, xs), column(dtype, ys)])
    const f = scalarFunction(fn, dtype)
    const round = dtype === 'float32' ? Math.fround : (x: number): number => x
    const wanted = xs.map((x, i) => f(round(x), round(ys[i] ?? 0)))
    const { error, at } = worst(got as TypedArray, wanted, i => `${xs[i]}, ${ys[i]}`)
    expect(error <= (dtype !== 'float32' ? 0 : fn === 'pow' ? FLOAT32_POWER : FLOAT32), at).toBe(true)
  })

  it.each(['threefry0', 'threefry1'] as const)('%s', fn => {
    const n = 64
    const word = (input: number): Expr => load(input, 'int32', [n], [along(0)])
    const inputs = [1, 2, 3, 4].map(seed =>
      Int32Array.from({ length: n }, (_, i) => Math.imul(seed + 4 * i, 0x9e3779b1) ^ (i << 27)),
    )
    const [got] = gpuResults(gpu, mapNest([n], apply(fn, word(0), word(1), word(2), word(3))), inputs)
    const f = scalarFunction(fn, 'int32')
    expect([...(got ?? [])]).toEqual(range(0, n).map(i => f(...inputs.map(x => x[i] ?? 0))))
  })

  it('casts between all pairs of dtypes', () => {
    const floats = [
      ...SPECIAL,
      0.5,
      -0.5,
      1.99,
      -1.99,
      2147483520,
      2147483648,
      -2147483648,
      -2147483904,
      3e38,
      -1e20,
      1e-40,
    ]
    for (const [from, xs] of [
      ['float32', floats],
      ['int32', WHOLE],
      ['bool', [0, 1]],
    ] as const)
      for (const to of ['float32', 'int32', 'bool'] as const) {
        const n = xs.length
        const kernel = mapNest([n], convert(to, load(0, from, [n], [along(0)])))
        const [got] = gpuResults(gpu, kernel, [column(from, xs)])
        const wanted = xs.map(x => castNumber(castNumber(x, from), to))
        expect([...(got ?? [])], `${from} to ${to}`).toEqual(wanted)
      }
  })
})
