/**
 * Scalar functions on gpu.js agree with those of the reference, in the modes that need no GPU.
 */
import { describe, expect, it } from 'vitest'
import { scalarFunction } from '../../../src/backend/scalar.ts'
import type { Dtype, TypedArray } from '../../../src/core/dtype.ts'
import { along, apply, type BinaryFn, load, mapNest, type UnaryFn } from '../../../src/core/kernel.ts'
import { mistake } from '../../support/values.ts'
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

const values = (fn: UnaryFn, dtype: Dtype): readonly number[] =>
  dtype === 'bool'
    ? [0, 1]
    : dtype === 'int32'
      ? [0, 1, -1, 2, -3, 7, 100, 4095, -70000, 16777216]
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
const binary: readonly Case[] = [
  ...[...ARITHMETIC, 'atan2' as const, ...COMPARISONS].map((fn): Case => [fn, 'float32']),
  ...[...ARITHMETIC, 'bitAnd' as const, 'bitOr' as const, 'bitXor' as const, 'shiftRight' as const, ...COMPARISONS].map(
    (fn): Case => [fn, 'int32'],
  ),
  ...COMPARISONS.map((fn): Case => [fn, 'bool']),
]

/** The worst of all points, said with the arguments. */
const worst = (
  got: Float32Array,
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
    const { error, at } = worst(got as Float32Array, wanted, i => String(xs[i]))
    expect(error <= FLOAT32, at).toBe(true)
  })

  it.each(binary)('%s of two %s', (fn, dtype) => {
    const some =
      dtype === 'bool'
        ? [0, 1]
        : dtype === 'int32'
          ? [0, 1, -1, 2, 3, -5, 7, 12, fn === 'pow' ? 2 : 1000, fn === 'pow' ? 3 : -4095]
          : [...SPECIAL, 0.5, -2, 3, -3.25, 7.25, 0.1, 1e-3, 1e4]
    const xs = some.flatMap(x => some.map(() => x))
    const ys = some.flatMap(() => some)
    const n = xs.length
    const kernel = mapNest([n], apply(fn, load(0, dtype, [n], [along(0)]), load(1, dtype, [n], [along(0)])))
    const [got] = gpuResults(gpu, kernel, [column(dtype, xs), column(dtype, ys)])
    const f = scalarFunction(fn, dtype)
    const round = dtype === 'float32' ? Math.fround : (x: number): number => x
    const all = xs.map((x, i) => f(round(x), round(ys[i] ?? 0)))
    // int32 beyond 24 bits is not promised.
    const wanted = all.map((y, i) => (dtype === 'int32' && Math.abs(y) > 2 ** 24 ? (got?.[i] ?? 0) : y))
    const { error, at } = worst(got as Float32Array, wanted, i => `${xs[i]}, ${ys[i]}`)
    expect(error <= (fn === 'pow' ? FLOAT32_POWER : FLOAT32), at).toBe(true)
  })
})

describe('what needs 32 bits', () => {
  const x = load(0, 'int32', [4], [along(0)])
  it.each(['shiftLeft', 'shiftRightLogical'] as const)('is refused: %s', fn => {
    expect(mistake(() => gpuResults(gpus[0] as never, mapNest([4], apply(fn, x, x)), [new Int32Array(4)]))).toMatch(
      `RuleError: nest: backend gpu: ${fn} of int32 needs wrapping 32-bit arithmetic`,
    )
  })
})
