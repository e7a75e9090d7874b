/**
 * Expressions in vectors and as scalars: casts, sharing, depth, and memory that is touched.
 */
import { describe, expect, it } from 'vitest'
import { scalarFunction } from '../../../src/backend/scalar.ts'
import { moduleBuilder } from '../../../src/backend/wasm/assembler.ts'
import { address, type Emitted, type Slots } from '../../../src/backend/wasm/emit.ts'
import { canonical } from '../../../src/backend/wasm/expr/graph.ts'
import { loadScalar, loadVector, storeScalar, storeVector } from '../../../src/backend/wasm/expr/memory.ts'
import { emitScalar, emitVector, type Leaves, vectorisable } from '../../../src/backend/wasm/expr.ts'
import { bytesOf, castNumber, type Dtype, type TypedArray } from '../../../src/core/dtype.ts'
import { along, apply, constant, convert, type Expr, iota, linearise, load } from '../../../src/core/kernel.ts'
import { type Emit, runEmitted } from './emitting.ts'

const noLeaves: Leaves = {
  load: () => undefined,
  loadAt: () => undefined,
  iota: () => undefined,
  stage: () => undefined,
}

/** A kernel that computes one expression at `count` neighbouring points of input 0, as one vector or one after the other. */
const emitting =
  (expr: Expr, from: Dtype, count: number, vector: boolean): Emit =>
  (module, { inputs, outputs }: Slots): Emitted => {
    const fn = module.define(null, ['i32', 'i32'], [], (code, frame = 0) => {
      const [x, y] = [code.local('i32'), code.local('i32')]
      address(code, frame, inputs[0] ?? 0)
      code.set(x)
      address(code, frame, outputs[0] ?? 0)
      code.set(y)
      const place = (base: number, dtype: Dtype, i: number) => ({ address: base, offset: i * bytesOf(dtype) })
      if (vector) {
        const leaves = { ...noLeaves, load: () => loadVector(code, from, place(x, from, 0), count) }
        const [value = 0] = emitVector(module, code, [expr], leaves)
        storeVector(module, code, expr.dtype, place(y, expr.dtype, 0), value, count)
        return
      }
      for (let i = 0; i < count; i++) {
        const leaves = { ...noLeaves, load: () => loadScalar(code, from, place(x, from, i)) }
        const [value = 0] = emitScalar(module, code, [expr], leaves)
        storeScalar(code, expr.dtype, place(y, expr.dtype, i), value)
      }
    })
    return { phases: [{ fn, chunks: 1, work: 1 }], scratch: 0 }
  }

const run = (expr: Expr, from: Dtype, x: TypedArray, vector: boolean): readonly number[] => {
  const wanted = [{ dtype: expr.dtype, size: x.length }]
  return [...(runEmitted(emitting(expr, from, x.length, vector), [x], wanted)[0] ?? [])]
}

const samples: { readonly [d in Dtype]: readonly TypedArray[] } = {
  float32: [
    Float32Array.of(0, -0, 0.5, -0.5),
    Float32Array.of(Number.NaN, Infinity, -Infinity, 1e-40),
    Float32Array.of(3e9, -3e9, 2147483520, -1.9),
  ],
  float64: [
    Float64Array.of(Number.NaN, -Infinity, 0.1, 1e300),
    Float64Array.of(-0, 2147483647.9, -2147483648.9, 1e-320),
  ],
  int32: [Int32Array.of(0, 1, -1, 16777217), Int32Array.of(2147483647, -2147483648, 123456789, 2)],
  bool: [Uint8Array.of(0, 1, 1, 0)],
}
const DTYPES: readonly Dtype[] = ['float32', 'float64', 'int32', 'bool']

describe.each(DTYPES)('from %s', from => {
  const x = load(0, from, [4], [along(0)])
  it.each(DTYPES)('a cast to %s is what castNumber says, in vectors and as a scalar', to => {
    const expr = convert(to, x)
    for (const data of samples[from]) {
      const wanted = [...data].map(v => castNumber(v, to))
      expect(run(expr, from, data, false)).toEqual(wanted)
      if (vectorisable([expr])) expect(run(expr, from, data, true)).toEqual(wanted)
    }
  })

  it('fewer than four elements are loaded and stored alone', () => {
    for (const count of [1, 2, 3, 4])
      for (const data of samples[from]) {
        const some = data.slice(0, count)
        expect(run(x, from, some, false)).toEqual([...some])
        if (from !== 'float64') expect(run(x, from, some, true)).toEqual([...some])
      }
  })
})

it('shifts by a constant are shifts by a value, beyond the width too', () => {
  const x = load(0, 'int32', [4], [along(0)])
  const data = Int32Array.of(-5, 7, 2147483647, -2147483648)
  for (const fn of ['shiftLeft', 'shiftRight', 'shiftRightLogical'] as const)
    for (const by of [0, 1, 17, 31, 32, 33, -1]) {
      const expr = apply(fn, x, constant('int32', by))
      expect(run(expr, 'int32', data, true)).toEqual(run(expr, 'int32', data, false))
    }
})

it('words of a hash are those of the reference: both, one alone, and the two in one value', () => {
  const counter = load(0, 'int32', [4], [along(0)])
  const words = [constant('int32', 1), constant('int32', -7), counter, apply('bitNot', counter)] as const
  const [first, second] = [apply('threefry0', ...words), apply('threefry1', ...words)]
  const data = Int32Array.of(0, 1, -1, 123456789)
  const wanted = (fn: 'threefry0' | 'threefry1'): readonly number[] =>
    Array.from(data, c => scalarFunction(fn, 'int32')(1, -7, c, ~c))
  const [x, y] = [wanted('threefry0'), wanted('threefry1')]
  for (const vector of [true, false]) {
    expect(run(first, 'int32', data, vector)).toEqual(x)
    expect(run(second, 'int32', data, vector)).toEqual(y)
    const both = apply('sub', first, second)
    expect(run(both, 'int32', data, vector)).toEqual(x.map((v, i) => (v - (y[i] as number)) | 0))
  }
})

it('bounds by a constant are what bounds by a value are: NaN and the signs of zeros too', () => {
  const x = load(0, 'float32', [4], [along(0)])
  for (const fn of ['max', 'min'] as const)
    for (const by of [0, -0, 1.5, -1.5, Infinity, -Infinity, Number.NaN])
      for (const data of samples.float32) {
        const expr = apply(fn, x, constant('float32', by))
        const wanted = [...data].map(v => Math[fn](v, by))
        expect(run(expr, 'float32', data, true), `${fn} ${by}`).toEqual(wanted)
        expect(run(expr, 'float32', data, false), `${fn} ${by}`).toEqual(wanted)
      }
})

describe('a graph', () => {
  it('of many thousand nodes in a row is emitted', () => {
    let expr = load(0, 'int32', [4], [along(0)]) as Expr
    for (let i = 0; i < 20_000; i++) expr = apply('add', expr, constant('int32', i % 3))
    expect(linearise([expr]).length).toBe(40_001)
    const sum = Array.from({ length: 20_000 }, (_, i) => i % 3).reduce((a, b) => a + b, 0)
    expect(run(expr, 'int32', Int32Array.of(1, 2, 3, 4), true)).toEqual([1, 2, 3, 4].map(v => v + sum))
  })

  it('of nodes shared a million times over is emitted once each', () => {
    let expr = load(0, 'int32', [4], [along(0)]) as Expr
    for (let i = 0; i < 20; i++) expr = apply('add', expr, expr)
    const data = Int32Array.of(1, 2, 3, 4)
    expect(run(expr, 'int32', data, true)).toEqual([...data].map(v => v * 2 ** 20))
  })

  it('is merged where nodes are equal, and only there', () => {
    const x = (by: number): Expr => load(0, 'float32', [9], [along(0, by)])
    const twice = (by: number): Expr => apply('exp', apply('add', x(by), constant('float32', 1)))
    const [a, b, c] = canonical([twice(1), twice(1), twice(2)])
    expect(a).toBe(b)
    expect(a).not.toBe(c)
    expect(linearise([a, b, c] as Expr[]).length).toBe(7)
    const [zero, minus] = canonical([constant('float32', 0), constant('float32', -0)])
    expect(zero).not.toBe(minus)
    expect(canonical([iota(0), iota(1)])[0]).not.toBe(canonical([iota(0), iota(1)])[1])
  })

  it('that has float64 in it has no vector form', () => {
    expect(vectorisable([convert('float32', load(0, 'float64', [], []))])).toBe(false)
    expect(vectorisable([convert('float32', load(0, 'int32', [], []))])).toBe(true)
    expect(moduleBuilder().imports()).toEqual([])
  })
})
