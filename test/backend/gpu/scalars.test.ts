/**
 * Scalar functions on gpu.js agree with those of the reference: floats within a budget for each function and mode, int32 and bool
 * exactly. GPU_POINTS sets how many floats are looked at.
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
  type ScalarFn,
  type UnaryFn,
} from '../../../src/core/kernel.ts'
import { range } from '../../../src/core/shape.ts'
import { openBenches } from './kernels.ts'
import { BUDGETS, measure } from './ulps.ts'

const benches = await openBenches()

const POINTS = Number(process.env.GPU_POINTS ?? 150)

const WHOLE = [
  ...[0, 1, -1, 2, 3, -5, 7, 12, 31, 32, 33, 1000, -4095, 65535, 65536, -65537, 16777217, -16777219],
  ...[1073741823, 1073741825, -1073741824, 123456789, -987654321, 2147483647, 2147483646, -2147483647, -2147483648],
]
const COMPARISONS = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'and', 'or', 'xor'] as const
const ARITHMETIC = ['add', 'sub', 'mul', 'div', 'floorDiv', 'mod', 'rem', 'pow', 'max', 'min'] as const
const BITS = ['bitAnd', 'bitOr', 'bitXor', 'shiftLeft', 'shiftRight', 'shiftRightLogical'] as const

type Case = readonly [fn: UnaryFn | BinaryFn, dtype: Dtype]
const exact: readonly Case[] = [
  ...(['neg', 'abs', 'sign', 'bitNot', 'not', ...ARITHMETIC, ...BITS, ...COMPARISONS] as const).map(
    (fn): Case => [fn, 'int32'],
  ),
  ...(['not', ...COMPARISONS, 'max', 'min'] as const).map((fn): Case => [fn, 'bool']),
]

const column = (dtype: Dtype, x: readonly number[]): TypedArray =>
  dtype === 'bool' ? Uint8Array.from(x) : dtype === 'int32' ? Int32Array.from(x) : Float32Array.from(x)

/** A function of columns. */
const applied = (fn: ScalarFn, dtype: Dtype, size: number, count: number) => {
  const [first, ...rest] = range(0, count).map((input): Expr => load(input, dtype, [size], [along(0)]))
  return mapNest([size], apply(fn, first as Expr, ...rest))
}

describe.each(benches)('in mode $mode', bench => {
  it.each(BUDGETS)('$fn of float32', async budget => {
    const { ulps, at } = await measure(bench, budget, POINTS)
    expect(ulps, at).toBeLessThanOrEqual(budget.ulps[bench.mode])
  })

  it.each(exact)('%s of %s', async (fn, dtype) => {
    const some = dtype === 'bool' ? [0, 1] : WHOLE
    const f = scalarFunction(fn, dtype)
    const pairs = some.flatMap(x => (f.length === 1 ? [[x]] : some.map(y => [x, y])))
    const inputs = range(0, f.length).map(i =>
      column(
        dtype,
        pairs.map(xs => xs[i] ?? 0),
      ),
    )
    const [got] = await bench.run(applied(fn, dtype, pairs.length, f.length), inputs)
    const wanted = pairs.map(xs => f(...xs) + 0)
    const at = wanted.findIndex((y, i) => y !== got?.[i])
    expect(at < 0 ? 'equal' : `${fn}(${pairs[at]}) = ${wanted[at]}, got ${got?.[at]}`).toBe('equal')
  })

  it.each(['threefry0', 'threefry1'] as const)('%s', async fn => {
    const n = 64
    const inputs = [1, 2, 3, 4].map(seed =>
      Int32Array.from({ length: n }, (_, i) => Math.imul(seed + 4 * i, 0x9e3779b1) ^ (i << 27)),
    )
    const [got] = await bench.run(applied(fn, 'int32', n, 4), inputs)
    const f = scalarFunction(fn, 'int32')
    expect([...(got ?? [])]).toEqual(range(0, n).map(i => f(...inputs.map(x => x[i] ?? 0))))
  })

  const FLOATS = [
    ...[0, 1, -1, 0.5, -0.5, 1.99, -1.99, Number.NaN, Infinity, -Infinity, 3e38, -1e20],
    ...[2147483520, 2147483648, -2147483648, -2147483904],
  ]
  it.each([
    ['float32', FLOATS],
    ['int32', WHOLE],
    ['bool', [0, 1]],
  ] as const)('casts of %s', async (from, xs) => {
    for (const to of ['float32', 'int32', 'bool'] as const) {
      const n = xs.length
      const [got] = await bench.run(mapNest([n], convert(to, load(0, from, [n], [along(0)]))), [column(from, xs)])
      expect([...(got ?? [])], `to ${to}`).toEqual(xs.map(x => castNumber(castNumber(x, from), to)))
    }
  })
})
