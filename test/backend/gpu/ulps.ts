/**
 * How far scalar functions on gpu.js are from the reference, in units in the last place of float32.
 */
import { scalarFunction } from '../../../src/backend/scalar.ts'
import { along, apply, type BinaryFn, load, mapNest, type UnaryFn } from '../../../src/core/kernel.ts'
import { range } from '../../../src/core/shape.ts'
import type { Bench, BenchMode } from './kernels.ts'

/** A function, the most it may be off in each mode, and where it is looked at besides all floats. */
export type Budget = {
  readonly fn: UnaryFn | BinaryFn
  readonly ulps: { readonly [mode in BenchMode]: number }
  readonly within: readonly (readonly [low: number, high: number])[]
}

/** What is further off in mode headlessgl, with Mesa's driver. */
const ES2: { readonly [fn: string]: number } = { expm1: 5 }

const unary = (fn: UnaryFn, cpu: number, others: number, ...within: Budget['within']): Budget => ({
  fn,
  ulps: { cpu, webasm: others, webgpu: others, headlessgl: ES2[fn] ?? others },
  within,
})
const binary = (fn: BinaryFn, webasm = 0, webgpu = webasm): Budget => ({
  fn,
  ulps: { cpu: webasm === 0 ? 0 : 1, webasm, webgpu, headlessgl: webgpu },
  within: [],
})

const WIDE = [-100, 100] as const
const NEAR = [-1, 1] as const
const ANGLES = [[-10, 10] as const, [-1000, 1000] as const, [-8000, 8000] as const]

/** What is promised. The builtins of shaders give powers, so errors in the exponent grow with it. */
export const BUDGETS: readonly Budget[] = [
  ...(['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'trunc', 'not'] as const).map(fn => unary(fn, 0, 0, WIDE, NEAR)),
  unary('sqrt', 0, 1, [0, 10]),
  unary('cbrt', 1, 4, [-10, 10], [-1e9, 1e9]),
  unary('exp', 1, 2, [-90, 90], NEAR),
  unary('expm1', 1, 4, [-90, 90], NEAR, [-1e-3, 1e-3]),
  unary('log', 1, 3, [0, 4], [0.9, 1.1], [0, 1e30]),
  unary('log1p', 1, 4, [-1, 4], [-0.1, 0.1], [-1e-4, 1e-4]),
  unary('log2', 1, 4, [0, 4], [0.9, 1.1]),
  unary('sin', 1, 3, ...ANGLES),
  unary('cos', 1, 3, ...ANGLES),
  unary('tan', 1, 5, ...ANGLES),
  unary('asin', 1, 4, NEAR, [-0.1, 0.1], [0.99, 1]),
  unary('acos', 1, 4, NEAR, [0.99, 1]),
  unary('atan', 1, 4, [-5, 5], WIDE),
  unary('sinh', 1, 4, [-90, 90], NEAR),
  unary('cosh', 1, 4, [-90, 90], NEAR),
  unary('tanh', 1, 4, [-12, 12], NEAR, [-0.01, 0.01]),
  unary('asinh', 1, 4, [-10, 10], [-0.01, 0.01], [-1e9, 1e9]),
  unary('acosh', 1, 5, [1, 10], [1, 1.01], [1, 1e9]),
  unary('atanh', 1, 5, NEAR, [-0.01, 0.01]),
  unary('erf', 2, 4, [-6, 6], [-0.5, 0.5]),
  unary('erfc', 4, 10, [-6, 10], NEAR),
  unary('erfInv', 4, 6, NEAR, [-0.01, 0.01], [0.99, 1]),
  ...(['add', 'sub', 'mul', 'max', 'min', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'and', 'or', 'xor'] as const).map(fn =>
    binary(fn),
  ),
  binary('div', 0, 3),
  binary('floorDiv', 1, 3),
  binary('mod', 0),
  binary('rem', 0),
  binary('pow', 0, 160),
  binary('atan2', 4, 5),
]

const LARGEST = 3.4028234663852886e38
const SMALLEST = 2 ** -126
const SPECIAL = [
  ...[0, -0, 1, -1, 2, -2, 0.5, -0.5, 1.5, 2.5, -1.5, Number.NaN, Infinity, -Infinity, LARGEST, -LARGEST],
  ...[SMALLEST, -SMALLEST, 88.7, -87.3, 89, -104, 1e9, -1e9, 8388609, 16777216],
]

/** Reproducible numbers from 0 to 1. */
const source = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** A float of any exponent above `least`. GPUs take subnormal numbers for 0. */
const anyFloat = (next: () => number, least: number): number => {
  const float = new Float32Array(1)
  const bits = new Uint32Array(float.buffer)
  for (;;) {
    bits[0] = next() * 2 ** 32
    const [x = 0] = float
    if (Math.abs(x) >= least && Number.isFinite(x)) return x
  }
}

const isBinary = (budget: Budget): boolean => scalarFunction(budget.fn, 'float32').length === 2

/** Arguments of a function: special ones, floats of all sizes, and some from where it is interesting. */
const argumentsOf = (budget: Budget, count: number): readonly [xs: Float32Array, ys: Float32Array] => {
  const next = source(budget.fn.length * 7919 + budget.fn.charCodeAt(0))
  const between = (low: number, high: number): number => low + (high - low) * next()
  // Remainders of smaller divisors are subnormal.
  const least = ['mod', 'rem', 'floorDiv'].includes(budget.fn) ? 2 ** -100 : SMALLEST
  if (!isBinary(budget)) {
    const xs = [
      ...SPECIAL,
      ...range(0, count).map(() => anyFloat(next, least)),
      ...budget.within.flatMap(([low, high]) => range(0, count).map(() => between(low, high))),
    ]
    return [Float32Array.from(xs), new Float32Array(xs.length)]
  }
  const special = SPECIAL.filter(x => x === 0 || !(Math.abs(x) < least))
  const pairs = [
    ...special.flatMap(x => special.map(y => [x, y] as const)),
    ...range(0, count).map(() => [anyFloat(next, least), anyFloat(next, least)] as const),
    ...range(0, count).map(() => [between(-10, 10), between(-10, 10)] as const),
    ...range(0, count).map(() => [between(0, 20), between(-10, 10)] as const),
  ]
  return [Float32Array.from(pairs.map(([x]) => x)), Float32Array.from(pairs.map(([, y]) => y))]
}

/** Distance in units in the last place; subnormal results may be 0. */
export const ulpsBetween = (got: number, wanted: number): number => {
  const rounded = Math.fround(wanted)
  if (got === rounded || (Number.isNaN(got) && Number.isNaN(rounded))) return 0
  if (!Number.isFinite(got) || !Number.isFinite(rounded)) return Infinity
  if (Math.abs(wanted) < SMALLEST && Math.abs(got) <= SMALLEST) return 0
  return Math.abs(got - wanted) / 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(wanted) || SMALLEST))) - 23)
}

/** The most that a function is off in some mode, and where. */
export type Measured = { readonly ulps: number; readonly at: string }

/** Looks at a function at so many floats of all sizes and of each interval. */
export const measure = async (bench: Bench, budget: Budget, count: number): Promise<Measured> => {
  const [xs, ys] = argumentsOf(budget, count)
  const n = xs.length
  const [x, y] = [0, 1].map(input => load(input, 'float32', [n], [along(0)])) as [
    ReturnType<typeof load>,
    ReturnType<typeof load>,
  ]
  const kernel = mapNest([n], isBinary(budget) ? apply(budget.fn, x, y) : apply(budget.fn, x))
  const [got] = await bench.run(kernel, [xs, ys])
  const f = scalarFunction(budget.fn, 'float32')
  let worst: Measured = { ulps: 0, at: '' }
  for (let i = 0; i < n; i++) {
    const wanted = f(xs[i] as number, ys[i] as number)
    const ulps = ulpsBetween(got?.[i] as number, wanted)
    const at = isBinary(budget) ? `${xs[i]}, ${ys[i]}` : `${xs[i]}`
    if (ulps > worst.ulps) worst = { ulps, at: `${budget.fn}(${at}) = ${wanted}, got ${got?.[i]}` }
  }
  return worst
}
