/**
 * Scatters: equal to the reference, element by element and in rows, whatever the order of chunks.
 */
import { describe, expect, it } from 'vitest'
import { rowsOf } from '../../../src/backend/wasm/scatter/plan.ts'
import { emitScatter } from '../../../src/backend/wasm/scatter.ts'
import type { Dtype, TypedArray } from '../../../src/core/dtype.ts'
import {
  along,
  apply,
  type Combination,
  constant,
  convert,
  type Expr,
  fixed,
  iota,
  load,
  type Scatter,
} from '../../../src/core/kernel.ts'
import { range, type Shape, sizeOf } from '../../../src/core/shape.ts'
import { AWKWARD, forKernels } from '../agreement.ts'
import { type Choices, dataFrom, drawExpr, drawLoad, drawShape } from '../choices.ts'
import { bothEmitted, type Emit, emitsExactly, layOut } from './emitting.ts'

const DTYPES: readonly Dtype[] = ['float32', 'float64', 'int32', 'bool']
const COMBINATIONS: readonly Combination[] = ['sum', 'prod', 'max', 'min', 'last']

const emitting =
  (kernel: Scatter): Emit =>
  (module, slots) =>
    emitScatter(module, kernel, slots)

const agrees = (kernel: Scatter, inputs: readonly TypedArray[]): void => emitsExactly(kernel, emitting(kernel), inputs)

const whole = (input: number, dtype: Dtype, shape: Shape): Expr =>
  load(
    input,
    dtype,
    shape,
    shape.map((_, i) => along(i)),
  )

/** float32 is combined in float32, the reference in float64: values whose sums, or products, are exact in both. */
const exactFor = (combine: Combination, x: TypedArray): TypedArray =>
  combine !== 'prod' || !(x instanceof Float32Array || x instanceof Float64Array)
    ? x
    : x.map((v, i) => (v < 0 ? -1 : 1) * (i % 3 === 0 ? 2 : 1))
const isTame = (combine: Combination): boolean => combine === 'sum' || combine === 'prod'

/** Places from -1 to one behind the last. */
const places = (seed: number, n: number, size: number): TypedArray =>
  dataFrom(seed, 'int32', n).map((_, i) => ((Math.imul(i + seed, 0x9e3779b1) >>> 8) % (size + 2)) - 1)

/** Rows of updates [batch, points, rest] to places along the axis of `size` of [batch, size, rest]. Inputs: start, places, updates. */
const rowScatter = (
  dtype: Dtype,
  combine: Combination,
  batch: Shape,
  size: number,
  points: number,
  rest: Shape,
): Scatter => {
  const shape = [...batch, size, ...rest]
  const axes = [...batch, points, ...rest]
  const head = batch.map((_, i) => along(i))
  return {
    tag: 'scatter',
    shape,
    init: whole(0, dtype, shape),
    axes,
    index: [
      ...batch.map((_, i) => iota(i)),
      load(1, 'int32', [...batch, points], [...head, along(batch.length)]),
      ...rest.map((_, i) => iota(batch.length + 1 + i)),
    ],
    update: whole(2, dtype, axes),
    combine,
  }
}

const rowInputs = ({ shape, axes, update, combine }: Scatter, batch: number, seed: number): readonly TypedArray[] => {
  const { dtype } = update
  const count = sizeOf(axes.slice(0, batch + 1))
  const data = (n: number, size: number): TypedArray =>
    exactFor(combine, dataFrom(seed + n, dtype, size, isTame(combine)))
  return [data(0, sizeOf(shape)), places(seed, count, shape[batch] ?? 1), data(1, sizeOf(axes))]
}

const rowsAgree = (...[dtype, combine, batch, ...rest]: Parameters<typeof rowScatter>): void => {
  const kernel = rowScatter(dtype, combine, batch, ...rest)
  agrees(kernel, rowInputs(kernel, batch.length, rest[1] + 1))
}

/** An index that is an axis of the updates, moved, or one that is computed. */
const drawIndex = (c: Choices, axes: Shape): Expr => {
  if (axes.length === 0 || c.integer(0, 2) === 0) return drawExpr(c, 'int32', axes, 1)
  const axis = iota(c.integer(0, axes.length - 1))
  const offset = c.pick([0, 0, 1, -1, 2])
  return offset === 0 ? axis : apply('add', axis, constant('int32', offset))
}

describe('scatter in WebAssembly', () => {
  it('equals the reference: duplicates are combined in order, positions out of range dropped', () => {
    forKernels(200, c => {
      const dtype = c.pick(DTYPES)
      const combine = c.pick(COMBINATIONS)
      const shape = drawShape(c, c.integer(0, 3), 60)
      const axes = drawShape(c, c.integer(0, 3), 60)
      const init = drawLoad(c, dtype, shape, isTame(combine))
      const update = drawLoad(c, dtype, axes, isTame(combine))
      const exact = c.inputs.map(x => exactFor(combine, x))
      const index = shape.map(() => drawIndex(c, axes))
      agrees({ tag: 'scatter', shape, init, axes, index, update, combine }, [...exact, ...c.inputs.slice(exact.length)])
    })
  })

  it('equals the reference for axes that are the same in updates and result, whole or in part', () => {
    forKernels(200, c => {
      const dtype = c.pick(DTYPES)
      const combine = c.pick(COMBINATIONS)
      const rest = range(0, c.integer(1, 3)).map(() => c.integer(1, 9))
      const points = c.integer(1, 6)
      const axes = [points, ...rest]
      const moved = c.integer(0, rest.length - 1)
      const offset = c.integer(-3, 3)
      const room = rest.map((n, i) => (i === moved ? Math.max(1, n + c.integer(-2, 2)) : n))
      const kernel: Scatter = {
        tag: 'scatter',
        shape: [4, ...room],
        init: constant(dtype, 1),
        axes,
        index: [
          load(0, 'int32', [points], [along(0)]),
          ...rest.map((_, i) => (i === moved ? apply('add', constant('int32', offset), iota(i + 1)) : iota(i + 1))),
        ],
        update: whole(1, dtype, axes),
        combine,
      }
      const updates = dataFrom(c.integer(1, 2 ** 20), dtype, sizeOf(axes), isTame(combine))
      agrees(kernel, [places(c.integer(1, 99), points, 4), exactFor(combine, updates)])
    })
  })

  it.each(AWKWARD)('equals the reference with %i updates, or with rows as long', n => {
    for (const dtype of DTYPES)
      for (const combine of COMBINATIONS) {
        rowsAgree(dtype, combine, [], 5, n, [])
        rowsAgree(dtype, combine, [], 3, 4, [n])
        rowsAgree(dtype, combine, [2], 3, 3, [n])
      }
  })

  it('is cut into chunks along columns, or along an axis that keeps updates apart, with the same result', () => {
    for (const combine of ['sum', 'last'] as const)
      for (const [batch, size, points, rest] of [
        [[], 50, 3000, [67]],
        [[7], 50, 600, [33]],
        [[40], 9, 1000, []],
      ] as const) {
        const kernel = rowScatter('float32', combine, batch, size, points, rest)
        const inputs = rowInputs(kernel, batch.length, 5)
        agrees(kernel, inputs)
        const laid = layOut(emitting(kernel), inputs, [{ dtype: 'float32', size: sizeOf(kernel.shape) }])
        expect(laid.emitted.phases.at(-1)?.chunks).toBeGreaterThan(1)
        laid.checkApart()
      }
  })

  // Every sum of k float32 is off by at most k roundings of 2⁻²⁴ of Σ|x|, since it is taken in float32.
  it('sums float32 in float32, NaN and infinities included', () => {
    const n = 4096
    const kernel = rowScatter('float32', 'sum', [], 64, n, [])
    const inputs = [new Float32Array(64), places(3, n, 64), dataFrom(8, 'float32', n)]
    for (const [got, wanted] of bothEmitted(kernel, emitting(kernel), inputs))
      wanted.forEach((w, i) => {
        const g = got[i] as number
        if (Number.isFinite(w)) expect(Math.abs(g - w)).toBeLessThan(n * 2 ** -24 * 8 * n)
        else expect(g).toBe(w)
      })
  })

  it('takes bool indices, and computed updates', () => {
    const kernel: Scatter = {
      tag: 'scatter',
      shape: [2, 5],
      init: constant('float32', 0),
      axes: [7, 5],
      index: [convert('int32', load(0, 'bool', [7], [along(0)])), iota(1)],
      update: apply('mul', load(1, 'float32', [7], [along(0)]), load(2, 'float32', [5], [along(1)])),
      combine: 'sum',
    }
    agrees(kernel, [dataFrom(1, 'bool', 7), dataFrom(2, 'float32', 7, true), dataFrom(3, 'float32', 5, true)])
    agrees({ ...kernel, index: [load(0, 'bool', [7], [along(0)]), iota(1)] }, [
      dataFrom(1, 'bool', 7),
      dataFrom(2, 'float32', 7, true),
      dataFrom(3, 'float32', 5, true),
    ])
  })

  it('gives every chunk memory of its own for what it computes first', () => {
    const { update, ...kernel } = rowScatter('float32', 'sum', [], 5, 9000, [40])
    const inputs = rowInputs({ update, ...kernel }, 0, 2)
    const computed = { ...kernel, update: apply('neg', update) }
    const laid = layOut(emitting(computed), inputs, [{ dtype: 'float32', size: 200 }])
    expect(laid.emitted.phases.filter(({ chunks }) => chunks > 1).length).toBeGreaterThan(1)
    laid.checkApart()
    agrees(computed, inputs)
  })

  it('of nothing, or to nowhere, is what it starts from', () => {
    rowsAgree('float32', 'sum', [], 3, 0, [4])
    rowsAgree('float32', 'sum', [], 0, 3, [4])
    const kernel = rowScatter('float32', 'sum', [], 3, 2, [4])
    const far = { ...kernel, index: [kernel.index[0] as Expr, apply('add', iota(1), constant('int32', 9))] }
    agrees(far, rowInputs(kernel, 0, 1))
  })
})

describe('the rows of a scatter', () => {
  const rows = (kernel: Scatter) => {
    const { lead, width, from, to, apart } = rowsOf(kernel)
    return { lead, width, from, to, apart }
  }

  it('are the last axes that updates and result share', () => {
    const kernel = rowScatter('float32', 'sum', [], 5, 7, [3, 4])
    expect(rows(kernel)).toEqual({ lead: [7], width: 12, from: 0, to: 12, apart: -1 })
  })

  it('may have a place in part, in one axis, which is then their outermost', () => {
    const kernel = rowScatter('float32', 'sum', [], 5, 7, [3, 4])
    const moved = (axis: number, by: number): Scatter => ({
      ...kernel,
      index: kernel.index.map((expr, d) => (d === axis ? apply('add', expr, constant('int32', by)) : expr)),
    })
    expect(rows(moved(1, -1))).toEqual({ lead: [7], width: 12, from: 4, to: 12, apart: -1 })
    expect(rows(moved(1, 2))).toEqual({ lead: [7], width: 12, from: 0, to: 4, apart: -1 })
    expect(rows(moved(2, 1))).toEqual({ lead: [7, 3], width: 4, from: 0, to: 3, apart: 1 })
  })

  it('are single updates where the last coordinate is computed', () => {
    const kernel = rowScatter('float32', 'sum', [6], 5, 7, [])
    expect(rows(kernel)).toEqual({ lead: [6, 7], width: 1, from: 0, to: 1, apart: 0 })
  })

  it('are not kept apart by axes that move a coordinate together, as taps and positions of windows do', () => {
    const windows: Scatter = {
      tag: 'scatter',
      shape: [13, 4],
      init: constant('float32', 0),
      axes: [3, 6, 4],
      index: [apply('add', iota(0), apply('mul', iota(1), constant('int32', 2))), iota(2)],
      update: whole(0, 'float32', [3, 6, 4]),
      combine: 'sum',
    }
    expect(rows(windows)).toEqual({ lead: [3, 6], width: 4, from: 0, to: 4, apart: -1 })
    agrees(windows, [dataFrom(1, 'float32', 72, true)])
  })

  it('end where another coordinate moves with them: a diagonal', () => {
    const diagonal: Scatter = {
      ...rowScatter('float32', 'sum', [], 5, 5, []),
      shape: [5, 5],
      index: [iota(0), iota(0)],
    }
    expect(rows(diagonal)).toEqual({ lead: [5], width: 1, from: 0, to: 1, apart: 0 })
    const read = { ...diagonal, index: [load(1, 'int32', [5, 1], [along(0), fixed(0)]), iota(0)] }
    expect(rows(read).width).toBe(1)
  })
})
