/**
 * Every scalar function, in every dtype and both forms, against the reference's meaning.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scalarFunction } from '../../../src/backend/scalar.ts'
import { ulpBounds } from '../../../src/backend/wasm/math.ts'
import { castNumber, type Dtype, type TypedArray } from '../../../src/core/dtype.ts'
import type { ScalarFn } from '../../../src/core/kernel.ts'
import { check } from '../../support/values.ts'
import { applied, BINARY, dtypeOf, type Form, ofBits, shifted, UNARY } from './math-run.ts'

const INTEGERS = [0, 1, -1, 2, -2, 3, -3, 7, 31, 32, 33, -32, 46341, 65536, 2147483647, -2147483647, -2147483648]
const FLOATS = [
  ...[0, 2 ** -149, 1.1e-38, 2 ** -126, 1e-20, 2 ** -24, 0.1, 0.5, 0.75, 1 - 2 ** -24, 1, 1 + 2 ** -23, 1.5, 2, 2.5, 3],
  ...[
    Math.PI / 2,
    Math.PI,
    7,
    10,
    31,
    32,
    33,
    88.7,
    89,
    104,
    4097,
    2 ** 24,
    2 ** 31,
    1e10,
    1e30,
    3.4028234663852886e38,
  ],
  ...[2 ** 52 + 1, 1e-300, 1e300, 2 ** -1074, Infinity],
].flatMap(x => [x, -x])
const SPECIAL: { readonly [d in Dtype]: TypedArray } = {
  float32: Float32Array.from([...FLOATS, Number.NaN]),
  float64: Float64Array.from([...FLOATS, Number.NaN]),
  int32: Int32Array.from(INTEGERS),
  bool: Uint8Array.from([0, 1, 1, 0, 1]),
}

const DTYPES: readonly Dtype[] = ['float32', 'float64', 'int32', 'bool']
const CASES: readonly (readonly [ScalarFn, Dtype])[] = DTYPES.flatMap(dtype =>
  [...UNARY, ...BINARY]
    .filter(fn => !(ofBits.has(fn) && (dtype === 'float32' || dtype === 'float64')))
    .map(fn => [fn, dtype] as const),
)
const isBinary = (fn: ScalarFn): boolean => (BINARY as readonly ScalarFn[]).includes(fn)
/** float64 has no vectors. */
const formsOf = (dtype: Dtype): readonly Form[] => (dtype === 'float64' ? ['scalar'] : ['vector', 'scalar'])
/** Room for all pairs of special values. */
const CAPACITY = 8192

/** All pairs of values for a function of two arguments. */
const operandsOf = (fn: ScalarFn, values: TypedArray): readonly TypedArray[] => {
  if (!isBinary(fn)) return [values]
  const make = (f: (i: number, j: number) => number): TypedArray => {
    const n = values.length
    const all = new (values.constructor as new (n: number) => TypedArray)(n * n)
    return all.map((_, k) => f(Math.floor(k / n), k % n)) as TypedArray
  }
  const at = (i: number): number => values[i] ?? 0
  return [make(i => at(i)), make((_, j) => at(j))]
}

const bits = new DataView(new ArrayBuffer(4))
/** Numbers the float32 values in order, so that neighbours differ by 1. */
const ordinal = (x: number): number => {
  bits.setFloat32(0, x)
  const pattern = bits.getInt32(0)
  return pattern < 0 ? -2147483648 - pattern : pattern
}

/** Whether a result is what the reference gives: up to the stated bound in float32, else exactly. NaN equals NaN. */
const agrees = (fn: ScalarFn, dtype: Dtype, found: number, exact: number): boolean => {
  const wanted = castNumber(exact, dtypeOf(fn, dtype))
  if (Object.is(found, wanted)) return true
  const bound = dtype === 'float32' ? (ulpBounds[fn] ?? 0) : 0
  if (bound <= 0.5 || wanted === 0 || Number.isNaN(wanted) || Number.isNaN(found)) return false
  return Math.abs(ordinal(found) - ordinal(wanted)) <= Math.ceil(bound - 0.5)
}

const mismatches = (
  fn: ScalarFn,
  dtype: Dtype,
  operands: readonly TypedArray[],
  found: TypedArray,
): readonly string[] => {
  const reference = scalarFunction(fn, dtype)
  const wrong: string[] = []
  found.forEach((value: number, i: number) => {
    const [x, y] = [operands[0]?.[i] ?? 0, operands[1]?.[i] ?? Number.NaN]
    const exact = reference(x, y)
    if (!agrees(fn, dtype, value, exact)) wrong.push(`${fn}(${operands.map(o => o[i])}) = ${value}, not ${exact}`)
  })
  return wrong
}

describe('every function, on all special values, is as the reference defines it', () => {
  it.each(CASES)('%s of %s', (fn, dtype) => {
    const operands = operandsOf(fn, SPECIAL[dtype])
    for (const form of formsOf(dtype))
      expect(mismatches(fn, dtype, operands, applied(form, fn, dtype, CAPACITY)(...operands)), form).toEqual([])
  })
})

/** Arrays of values with random bits: floats of all sizes, and NaN. */
const random: { readonly [d in Dtype]: fc.Arbitrary<TypedArray> } = {
  float32: fc.uint8Array({ minLength: 256, maxLength: 256 }).map(b => new Float32Array(b.buffer.slice(0))),
  float64: fc.uint8Array({ minLength: 512, maxLength: 512 }).map(b => new Float64Array(b.buffer.slice(0))),
  int32: fc.uint8Array({ minLength: 256, maxLength: 256 }).map(b => new Int32Array(b.buffer.slice(0))),
  bool: fc.uint8Array({ minLength: 64, maxLength: 64, max: 1 }),
}

describe('every function, on random bits, is as the reference defines it', () => {
  it.each(CASES)('%s of %s', (fn, dtype) => {
    const runs = formsOf(dtype).map(form => applied(form, fn, dtype, 64))
    const operands = isBinary(fn) ? fc.tuple(random[dtype], random[dtype]) : fc.tuple(random[dtype])
    check(
      fc.property(operands, values => {
        for (const run of runs) expect(mismatches(fn, dtype, values, run(...values))).toEqual([])
      }),
      20,
    )
  })
})

describe('a scalar of float32 has the bits of a lane', () => {
  it.each([...UNARY, ...BINARY].filter(fn => !ofBits.has(fn)))('%s', fn => {
    const operands = operandsOf(fn, SPECIAL.float32)
    const [vector, scalar] = formsOf('float32').map(form => applied(form, fn, 'float32', CAPACITY)(...operands))
    expect(scalar).toEqual(vector)
  })
})

describe('float32 functions are exact where one expects it', () => {
  const of = (fn: ScalarFn, ...operands: readonly (readonly number[])[]): readonly number[] => [
    ...applied('vector', fn, 'float32', 64)(...operands.map(x => Float32Array.from(x))),
  ]
  it('at 0 and 1', () => {
    expect(of('exp', [0, -0])).toEqual([1, 1])
    expect(of('log', [1])).toEqual([0])
    expect(of('cos', [0, -0])).toEqual([1, 1])
    const smallest = [0, -0, 2 ** -149, -(2 ** -149)]
    for (const fn of ['sin', 'tan', 'tanh', 'expm1', 'log1p', 'erf', 'sinh', 'asinh', 'atan'] as const)
      expect(of(fn, smallest), fn).toEqual(smallest)
  })
  it('where tanh and erf have reached ±1', () => {
    expect(of('tanh', [9.02, -9.02, 10, 1e30, Infinity])).toEqual([1, -1, 1, 1, 1])
    expect(of('erf', [4, -4, 10, 1e30, -Infinity])).toEqual([1, -1, 1, 1, -1])
  })
  it('in that tanh is odd and within ±1, up to its end', () => {
    const x = Float32Array.from({ length: CAPACITY }, (_, i) => (i / CAPACITY) * 9.1)
    const run = applied('vector', 'tanh', 'float32', CAPACITY)
    const y = run(x)
    expect(run(x.map(v => -v))).toEqual(y.map(v => -v))
    expect(Math.max(...y)).toBe(1)
  })
  it('where exp gets subnormal, 0 and infinite', () => {
    expect(of('exp', [-104, -Infinity, 89, Infinity])).toEqual([0, 0, Infinity, Infinity])
    const [subnormal = 0, largest = 0] = of('exp', [-100, 88.72283172607422])
    expect(subnormal).toBe(Math.fround(Math.exp(-100)))
    expect(largest).toBeLessThan(Infinity)
  })
  it('for powers of 2 and cubes', () => {
    expect(of('log2', [1, 2, 0.125, 2 ** -149, 2 ** 127])).toEqual([0, 1, -3, -149, 127])
    expect(of('cbrt', [27, -64, 1000])).toEqual([3, -4, 10])
  })
  it('for the first and second power', () => {
    const x = Array.from({ length: 64 }, (_, i) => Math.fround(1.1 ** (i - 32) * (i % 2 === 0 ? 4097 : -0.3)))
    const power = (y: number): readonly number[] =>
      of(
        'pow',
        x,
        x.map(() => y),
      )
    expect(power(1)).toEqual(x)
    expect(power(2)).toEqual(x.map(v => Math.fround(v * v)))
  })
})

describe('a lane does not depend on the lanes beside it', () => {
  // Quick formulas have ranges; one lane outside of them must not change how the others are rounded.
  const ORDINARY = fc.double({ min: 0.01, max: 20, noNaN: true })
  const OUTSIDE = fc.constantFrom(1e30, 100, -100, -1, 1e-42, 0, Infinity, Number.NaN, 0.9999)
  const wide = fc.array(fc.oneof(ORDINARY, ORDINARY, OUTSIDE), { minLength: 64, maxLength: 64 })
  const mixed = wide.map(x => Float32Array.from(x, v => (v > 1 && v < 10 ? v / 10 : v)))
  it.each([...UNARY, ...BINARY].filter(fn => !ofBits.has(fn)))('%s', fn => {
    const [vector, scalar] = formsOf('float32').map(form => applied(form, fn, 'float32', 64))
    const operands = isBinary(fn) ? fc.tuple(mixed, mixed) : fc.tuple(mixed)
    check(
      fc.property(operands, values => {
        expect(vector?.(...values)).toEqual(scalar?.(...values))
      }),
      50,
    )
  })
})

describe('shiftByConstant', () => {
  it.each(['shiftLeft', 'shiftRight', 'shiftRightLogical'] as const)('is %s with equal counts', fn => {
    const reference = scalarFunction(fn, 'int32')
    for (const by of [0, 1, 13, 31, 32, 33, -1])
      expect([...shifted(fn, by, 64)(SPECIAL.int32)]).toEqual(INTEGERS.map(x => reference(x, by)))
  })
})
