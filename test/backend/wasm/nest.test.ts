/**
 * Emitted nests equal the reference, in whatever order their chunks run, and touch nothing but their results.
 *
 * Values are small whole numbers and what is not finite, functions those that float32 computes exactly on them: what differs is a
 * mistake of loops and addresses. How exact functions are is the subject of math.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { reference } from '../../../src/backend/reference.ts'
import { type ModuleBuilder, moduleBuilder } from '../../../src/backend/wasm/assembler.ts'
import type { Slots } from '../../../src/backend/wasm/emit.ts'
import { emitNest } from '../../../src/backend/wasm/nest.ts'
import type { Dtype, TypedArray } from '../../../src/core/dtype.ts'
import {
  along,
  apply,
  type BinaryFn,
  constant,
  convert,
  type Expr,
  iota,
  load,
  type Monoid,
  mapNest,
  type Nest,
  type Stage,
  select,
  stage,
  type UnaryFn,
} from '../../../src/core/kernel.ts'
import { type Shape, sizeOf } from '../../../src/core/shape.ts'
import { runInPlace } from '../../support/emitted.ts'
import { AWKWARD, forKernels } from '../agreement.ts'
import { type Choices, dataFrom, drawLoad, drawShape } from '../choices.ts'
import { bothEmitted, emitsExactly, runEmitted } from './emitting.ts'

const DTYPES: readonly Dtype[] = ['float32', 'float64', 'int32', 'bool']
const MONOIDS: readonly Monoid[] = ['sum', 'prod', 'max', 'min', 'and', 'or', 'argMax', 'argMin']
const UNARY: readonly UnaryFn[] = ['neg', 'abs', 'sign']
const BINARY: readonly BinaryFn[] = ['add', 'sub', 'mul', 'max', 'min']
const COMPARISONS: readonly BinaryFn[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge']
const LOGIC: readonly BinaryFn[] = ['and', 'or', 'xor']
const SPECIAL = [0, -0, 1, Number.NaN, Infinity, -Infinity] as const

const agrees = (kernel: Nest, inputs: readonly TypedArray[]): void =>
  emitsExactly(kernel, (module, slots) => emitNest(module, kernel, slots), inputs)

type Stages = ReadonlyMap<number, Dtype>

/** An expression whose values float32 holds exactly; `dtypes` are those that it is made of. */
const drawExact = (
  c: Choices,
  want: Dtype,
  axes: Shape,
  depth: number,
  dtypes: readonly Dtype[],
  stages: Stages = new Map(),
): Expr => {
  const made: Expr[] = []
  const leaf = (dtype: Dtype): Expr => {
    const readable = [...stages].filter(([, d]) => d === dtype)
    if (readable.length > 0 && c.integer(0, 1) === 0) return stage(dtype, c.pick(readable)[0])
    if (dtype === 'int32' && axes.length > 0 && c.integer(0, 3) === 0) return iota(c.integer(0, axes.length - 1))
    if (c.integer(0, 4) > 0) return drawLoad(c, dtype, axes, true)
    return constant(dtype, dtype === 'bool' || dtype === 'int32' ? c.integer(0, 1) : c.pick(SPECIAL))
  }
  const node = (dtype: Dtype, left: number): Expr => {
    const known = made.filter(expr => expr.dtype === dtype)
    if (known.length > 0 && c.integer(0, 4) === 0) return c.pick(known)
    const expr = left === 0 ? leaf(dtype) : inner(dtype, left - 1)
    made.push(expr)
    return expr
  }
  const inner = (dtype: Dtype, left: number): Expr => {
    switch (c.integer(0, 6)) {
      case 0:
        return leaf(dtype)
      case 1:
        return select(node('bool', left), node(dtype, left), node(dtype, left))
      case 2:
        return convert(dtype, node(c.pick(dtypes), left))
      case 3: {
        const view = drawShape(c, c.integer(0, 2), 30)
        const input = c.inputs.push(dataFrom(c.integer(1, 1000), dtype, sizeOf(view), true)) - 1
        const fill = dtype === 'bool' ? 1 : -1
        return { tag: 'loadAt', dtype, input, view, index: view.map(() => node('int32', left)), fill }
      }
      default:
        return applied(dtype, left)
    }
  }
  const applied = (dtype: Dtype, left: number): Expr => {
    const one = c.integer(0, 2) === 0
    if (dtype !== 'bool')
      return one ? apply(c.pick(UNARY), node(dtype, left)) : apply(c.pick(BINARY), node(dtype, left), node(dtype, left))
    if (one) return apply('not', node('bool', left))
    if (c.integer(0, 1) === 0) return apply(c.pick(LOGIC), node('bool', left), node('bool', left))
    const compared = c.pick(dtypes.filter(d => d !== 'bool'))
    return apply(c.pick(COMPARISONS), node(compared, left), node(compared, left))
  }
  return node(want, depth)
}

/** Mostly dtypes that have vectors: one float64 makes all of a kernel scalar. */
const drawDtypes = (c: Choices): readonly Dtype[] => (c.integer(0, 3) === 0 ? DTYPES : ['float32', 'int32', 'bool'])

const drawReduce = (
  c: Choices,
  axes: Shape,
  dtypes: readonly Dtype[],
  most: number,
  stages: Stages = new Map(),
): Stage => {
  const monoid = c.pick(MONOIDS)
  const own = drawShape(c, c.integer(0, 3), monoid === 'prod' ? 5 : most)
  const of = monoid === 'and' || monoid === 'or' ? 'bool' : c.pick(dtypes.filter(d => d !== 'bool'))
  const dtype = monoid === 'argMax' || monoid === 'argMin' ? 'int32' : of
  const depth = monoid === 'prod' ? 0 : 2
  return { tag: 'reduce', axes: own, monoid, expr: drawExact(c, of, [...axes, ...own], depth, dtypes, stages), dtype }
}

/** Some stages, later ones of which read those before them that have one value at each outer point. */
const drawNest = (c: Choices): Nest => {
  const dtypes = drawDtypes(c)
  const axes = drawShape(c, c.integer(0, 3), 80)
  const stages: Stage[] = []
  const readable = new Map<number, Dtype>()
  for (let s = 0, count = c.integer(1, 3); s < count; s++) {
    const made: Stage =
      c.integer(0, 1) === 0
        ? drawReduce(c, axes, dtypes, 12, readable)
        : { tag: 'map', axes: [], expr: drawExact(c, c.pick(dtypes), axes, 1, dtypes, readable) }
    // Products of products would not stay exact.
    if (made.tag === 'map' || made.monoid !== 'prod') readable.set(s, made.tag === 'map' ? made.expr.dtype : made.dtype)
    stages.push(made)
  }
  const own = drawShape(c, c.integer(0, 2), 12)
  stages.push({ tag: 'map', axes: own, expr: drawExact(c, c.pick(dtypes), [...axes, ...own], 1, dtypes, readable) })
  return { tag: 'nest', axes, stages, outputs: stages.map((_, s) => s) }
}

describe('an emitted nest equals the reference for', () => {
  it('maps of any expression', () => {
    forKernels(200, c => {
      const axes = drawShape(c, c.integer(0, 4), 200)
      const dtypes = drawDtypes(c)
      agrees(mapNest(axes, drawExact(c, c.pick(dtypes), axes, 3, dtypes)), c.inputs)
    })
  })

  it('loads alone, whichever way they walk', () => {
    forKernels(200, c => {
      const axes = drawShape(c, c.integer(1, 4), 400)
      agrees(mapNest(axes, drawLoad(c, c.pick(DTYPES), axes)), c.inputs)
    })
  })

  it('reductions with any monoid', () => {
    forKernels(200, c => {
      const axes = drawShape(c, c.integer(0, 3), 200)
      agrees({ tag: 'nest', axes, stages: [drawReduce(c, axes, drawDtypes(c), 40)], outputs: [0] }, c.inputs)
    })
  })

  it('stages that read earlier ones', () => {
    forKernels(200, c => agrees(drawNest(c), c.inputs))
  })
})

const sample = (dtype: Dtype, shape: Shape): TypedArray => dataFrom(sizeOf(shape) + 7, dtype, sizeOf(shape), true)

const reduceOf = (axes: Shape, monoid: Monoid, expr: Expr): Stage => ({
  tag: 'reduce',
  axes,
  monoid,
  expr,
  dtype: monoid === 'argMax' || monoid === 'argMin' ? 'int32' : expr.dtype,
})

const reduced = (outer: Shape, own: Shape, monoid: Monoid, expr: Expr): Nest => ({
  tag: 'nest',
  axes: outer,
  stages: [reduceOf(own, monoid, expr)],
  outputs: [0],
})

/** Products of many numbers are exact only where these are powers of two. */
const factors = (x: TypedArray): TypedArray => x.map(v => (v < -4 ? -1 : v > 11 ? 2 : v === 11 ? 0.5 : 1))

/** The monoids that a dtype has. */
const monoidsOf = (dtype: Dtype): readonly Monoid[] =>
  MONOIDS.filter(monoid => (monoid === 'and' || monoid === 'or') === (dtype === 'bool'))

describe.each(AWKWARD)('at size %i an emitted nest equals the reference for', n => {
  it.each(DTYPES)('arithmetic of %s with a vector, a scalar and a coordinate', dtype => {
    const x = load(0, dtype, [n], [along(0)])
    const y = load(1, dtype, [n], [along(0, -1, n - 1)])
    const s = load(2, dtype, [], [])
    const inputs = [sample(dtype, [n]), sample(dtype, [n]), sample(dtype, [])]
    const [f, g] = dtype === 'bool' ? (['and', 'xor'] as const) : (['sub', 'mul'] as const)
    agrees(mapNest([n], apply(f, x, y), apply(g, apply(f, x, s), y), convert('int32', x)), inputs)
    agrees(mapNest([n], apply('add', iota(0), convert('int32', s))), inputs)
  })

  it.each(DTYPES)('rows and columns of %s', dtype => {
    for (const m of n > 100 ? [3] : [1, 4, 6, 37]) {
      const x = sample(dtype, [m, n])
      const whole = load(0, dtype, [m, n], [along(0), along(1)])
      const turned = load(0, dtype, [m, n], [along(1), along(0)])
      agrees(mapNest([n, m], turned), [x])
      for (const monoid of m === 37 ? monoidsOf(dtype).slice(0, 1) : monoidsOf(dtype)) {
        const data = monoid === 'prod' ? factors(x) : x
        agrees(reduced([m], [n], monoid, whole), [data])
        agrees(reduced([n], [m], monoid, turned), [data])
        agrees(reduced([], [m, n], monoid, load(0, dtype, [m, n], [along(0), along(1)])), [data])
      }
    }
  })

  it('padding, joining and dilating', () => {
    for (const [before, after] of [
      [2, 3],
      [-1, 9],
      [5, -2],
    ] as const) {
      const size = Math.max(0, n + before + after)
      for (const dtype of DTYPES) {
        const x = load(0, dtype, [3, n], [along(0), along(1, 1, -before)], dtype === 'bool' ? 1 : 7)
        agrees(mapNest([3, size], x), [sample(dtype, [3, n])])
        const flipped = load(0, dtype, [n], [along(0, -1, n - 1 + before)], 0)
        agrees(mapNest([size], flipped), [sample(dtype, [n])])
        const dilated = load(0, dtype, [n], [{ offset: -before, terms: [{ axis: 0, by: 1 }], divisor: 2 }], 0)
        agrees(mapNest([size], dilated), [sample(dtype, [n])])
        const strided = load(0, dtype, [n], [along(0, 2, -before)], 1)
        agrees(mapNest([size], strided), [sample(dtype, [n])])
      }
    }
  })
})

/** The flat position of an element of a matrix as a load over all axes but for the first of a stage's own. */
const matrix = (dtype: Dtype, shape: Shape, ...axes: readonly number[]): Expr =>
  load(
    0,
    dtype,
    shape,
    axes.map(axis => along(axis)),
  )

/** Small numbers whose sums stay below 2²⁴, where float32 is exact. */
const small = (dtype: Dtype, size: number): TypedArray => sample(dtype, [size]).map(v => (dtype === 'bool' ? v : v % 4))

describe('a long reduction, done in parts, equals the reference for', () => {
  it.each(['sum', 'max', 'argMin'] as const)('%s over rows, columns, middles and everything', monoid => {
    for (const dtype of ['float32', 'int32'] as const) {
      const x = small(dtype, 90_000)
      const by = (outer: Shape, own: Shape, shape: Shape, ...axes: readonly number[]): void =>
        agrees(reduced(outer, own, monoid, matrix(dtype, shape, ...axes)), [x.slice(0, sizeOf(shape))])
      by([2], [45_000], [2, 45_000], 0, 1)
      by([5], [17_997], [17_997, 5], 1, 0)
      by([70], [1_283], [1_283, 70], 1, 0)
      by([3, 9], [3_331], [3, 3_331, 9], 0, 2, 1)
      by([], [299, 301], [299, 301], 0, 1)
    }
  })

  it('logic', () => {
    for (const monoid of ['and', 'or'] as const)
      agrees(reduced([2], [45_000], monoid, matrix('bool', [2, 45_000], 0, 1)), [
        small('bool', 90_000).map((v, i) => (i < 45_000 ? v : Number(monoid === 'and'))),
      ])
  })

  it('moments, whose second stage reads the first', () => {
    for (const [outer, own, axes] of [
      [[6], [9_001], [1, 0]],
      [[2], [70_000], [0, 1]],
    ] as const) {
      const shape = axes[0] === 0 ? [...outer, ...own] : [...own, ...outer]
      const x = matrix('float32', shape, ...axes)
      const off = apply('sub', x, apply('sign', stage('float32', 0)))
      const kernel: Nest = {
        tag: 'nest',
        axes: outer,
        stages: [
          reduceOf(own, 'sum', x),
          reduceOf(own, 'sum', apply('mul', off, off)),
          { tag: 'map', axes: [], expr: apply('max', stage('float32', 0), stage('float32', 1)) },
          { tag: 'map', axes: own, expr: apply('min', off, stage('float32', 1)) },
        ],
        outputs: [0, 1, 2, 3],
      }
      agrees(kernel, [small('float32', sizeOf(shape))])
    }
  })
})

/** Units in the last place of a float32 near 1. */
const ULP = 2 ** -23

describe('a sum of a million float32', () => {
  /** Each of 16 · 32 running sums takes some 2,000 terms, whose roundings mostly cancel. */
  const BUDGET = 4 * ULP
  it.each([
    ['all', [], [1_000_000], [0]],
    ['rows', [2], [500_000], [0, 1]],
    ['columns', [4], [250_000], [1, 0]],
  ] as const)('over %s has an error of a few units in the last place', (_, outer, own, axes) => {
    const x = Float32Array.from({ length: 1_000_000 }, (_, i) => 0.1 + ((Math.imul(i, 0x9e3779b1) >>> 8) % 1000) / 1000)
    const shape = axes[0] === 1 ? [...own, ...outer] : [...outer, ...own]
    for (const [got, wanted] of bothEmitted(
      reduced(outer, own, 'sum', matrix('float32', shape, ...axes)),
      (module, slots) => emitNest(module, reduced(outer, own, 'sum', matrix('float32', shape, ...axes)), slots),
      [x],
    ))
      got.forEach((sum, i) => {
        const exact = wanted[i] as number
        expect(Math.abs(sum - exact) / exact).toBeLessThan(BUDGET)
      })
  })
})

describe('a long sum of equal numbers, whose roundings do not cancel,', () => {
  /** 2,048 times 0.1 is 205, where half a unit in the last place is 7.6e-6: no addition errs by more. */
  const BUDGET = 7.6e-5
  const sumsOf = (outer: Shape, n: number, expr: Expr, x: TypedArray): void => {
    const kernel = reduced(outer, [n], 'sum', expr)
    const wanted = [{ dtype: 'float32' as const, size: sizeOf(outer) }]
    const exact = Math.fround(0.1) * n
    const [got = x] = runEmitted((module, slots) => emitNest(module, kernel, slots), [x], wanted)
    for (const sum of got) expect(Math.abs(sum - exact) / exact).toBeLessThan(BUDGET)
  }
  const tenths = (size: number): TypedArray => new Float32Array(size).fill(0.1)
  const x = load(0, 'float32', [70], [along(0)])

  it('is exact to a few digits more than its running sums would be', () => {
    sumsOf([70], 200_000, x, tenths(70))
    sumsOf([2], 200_000, x, tenths(70))
    const columns = load(0, 'float32', [16, 20_000, 16], [along(0), along(2), along(1)])
    sumsOf([16, 16], 20_000, columns, tenths(16 * 20_000 * 16))
  })

  it('is exact beside float64', () => {
    sumsOf([2], 200_000, convert('float32', convert('float64', x)), tenths(70))
  })
})

describe('an output may take the place of the input', () => {
  const same = (kernel: Nest, inputs: readonly TypedArray[]): void => {
    const wanted = reference.run(kernel, inputs)
    expect(runInPlace(kernel, (module, slots) => emitNest(module, kernel, slots), inputs)).toEqual(wanted)
  }
  it.each(DTYPES)('of a map of %s', dtype => {
    for (const shape of [[1], [7], [5, 9], [1025], [3, 300, 3], [40, 1000]]) {
      const x = matrix(dtype, shape, ...shape.keys())
      const bias = load(1, dtype, shape.slice(-1), [along(shape.length - 1)])
      const f = dtype === 'bool' ? 'xor' : 'add'
      const inputs = [sample(dtype, shape), sample(dtype, shape.slice(-1))]
      same(mapNest(shape, apply(f, x, bias), apply(f, bias, x)), inputs)
      same(mapNest(shape, apply(f, bias, bias), x), inputs)
      const last = shape.length - 1
      const turned = load(
        2,
        dtype,
        [...shape].reverse(),
        [...shape.keys()].map(axis => along(last - axis)),
      )
      same(mapNest(shape, apply(f, x, turned)), [...inputs, sample(dtype, shape)])
    }
  })

  it('of what follows a reduction', () => {
    for (const [m, n] of [
      [1, 9],
      [7, 5],
      [33, 130],
      [3, 20_000],
    ] as const) {
      const x = load(0, 'float32', [m], [along(0)])
      const y = load(1, 'float32', [m, n], [along(0), along(1)])
      const after = apply('add', x, stage('float32', 0))
      const rows: Nest = {
        tag: 'nest',
        axes: [m],
        stages: [reduceOf([n], 'sum', y), { tag: 'map', axes: [], expr: after }],
        outputs: [1],
      }
      same(rows, [small('float32', m), small('float32', m * n)])
      const columns: Nest = {
        ...rows,
        axes: [n],
        stages: [
          reduceOf([m], 'sum', load(1, 'float32', [m, n], [along(1), along(0)])),
          { tag: 'map', axes: [], expr: apply('add', load(0, 'float32', [n], [along(0)]), stage('float32', 0)) },
        ],
      }
      same(columns, [small('float32', n), small('float32', m * n)])
    }
  })
})

describe('what is computed several vectors at a time has the bits of what is computed alone', () => {
  type Function = (x: Expr) => Expr
  const one = constant('float32', 1)
  const sigmoid: Function = x => apply('div', one, apply('add', one, apply('exp', apply('neg', x))))
  const softplus: Function = x =>
    apply('add', apply('max', x, constant('float32', 0)), apply('log1p', apply('exp', apply('neg', apply('abs', x)))))
  const gated: Function = x => apply('mul', apply('tanh', x), sigmoid(x))
  const functions: readonly (readonly Function[])[] = [[sigmoid], [softplus], [gated, softplus], [x => apply('exp', x)]]
  const spread = (n: number): Float32Array =>
    Float32Array.from({ length: n }, (_, i) => SPECIAL[i % 29] ?? Math.sin(i) * 2 ** ((i % 11) - 3))
  const PIECE = 7
  /** Runs a kernel on whole arrays, and on pieces of so few elements that none of its code for many is run. */
  const alike = (n: number, width: number, results: number, kernel: (n: number) => Nest): void => {
    const runOn = (x: Float32Array): readonly TypedArray[] => {
      const [count, wanted] = [x.length / width, { dtype: 'float32', size: x.length / width } as const]
      const emit = (module: ModuleBuilder, slots: Slots) => emitNest(module, kernel(count), slots)
      return runEmitted(emit, [x], new Array(results).fill(wanted))
    }
    const x = spread(n * width)
    const whole = runOn(x)
    for (let at = 0; at < n; at += PIECE) {
      const pieces = runOn(x.slice(at * width, (at + PIECE) * width))
      for (const [i, piece] of pieces.entries()) expect(whole[i]?.slice(at, at + PIECE)).toEqual(piece)
    }
  }

  it.each([255, 256, 257, 275, 500])('maps of %i elements', n => {
    for (const of of functions)
      alike(n, 1, of.length, size => {
        const x = load(0, 'float32', [size], [along(0)])
        return mapNest([size], ...of.map(f => f(x)))
      })
  })

  it.each([63, 64, 65, 75, 100])('%i rows that are summed', n => {
    const width = 5
    for (const of of functions)
      alike(n, width, of.length, rows => {
        const sum = reduceOf([width], 'sum', load(0, 'float32', [rows, width], [along(0), along(1)]))
        const maps = of.map((f): Stage => ({ tag: 'map', axes: [], expr: f(stage('float32', 0)) }))
        return { tag: 'nest', axes: [rows], stages: [sum, ...maps], outputs: of.map((_, i) => i + 1) }
      })
  })

  it('in place', () => {
    const n = 300
    const x = load(0, 'float32', [n], [along(0)])
    for (const of of functions) {
      const kernel = mapNest([n], ...of.map(f => f(x)))
      const emit = (module: ModuleBuilder, slots: Slots) => emitNest(module, kernel, slots)
      const wanted = of.map(() => ({ dtype: 'float32', size: n }) as const)
      expect(runInPlace(kernel, emit, [spread(n)])).toEqual(runEmitted(emit, [spread(n)], wanted))
    }
  })
})

it('rows gathered at computed positions, some of them outside', () => {
  for (const width of [1, 3, 4, 10, 33]) {
    const rows = Int32Array.from([0, 4, -1, 7, 2, 5, 2147483647, 3])
    const at = load(1, 'int32', [8], [along(0)])
    const columns = [iota(1), apply('add', iota(1), at), apply('add', iota(1), iota(1)), apply('sub', at, iota(1))]
    for (const column of columns)
      for (const dtype of DTYPES) {
        const expr: Expr = { tag: 'loadAt', dtype, input: 0, view: [6, width], index: [at, column], fill: 1 }
        agrees(mapNest([8, width], expr), [sample(dtype, [6, width]), rows])
      }
  }
})

it('squares of transposes, with loads that go straight beside them', () => {
  for (const [a, b, c] of [
    [1, 4, 4],
    [3, 5, 70],
    [2, 67, 9],
    [5, 16, 3],
  ] as const) {
    const shape = [a, b, c]
    const straight = load(1, 'float32', shape, [along(0), along(1), along(2)])
    for (const order of [
      [0, 2, 1],
      [2, 1, 0],
      [1, 2, 0],
      [2, 0, 1],
    ]) {
      const turned = matrix(
        'float32',
        order.map(axis => shape[axis] as number),
        ...order,
      )
      const bias = load(2, 'float32', [c], [along(2)])
      const sum = apply('add', apply('mul', turned, straight), bias)
      const size = a * b * c
      agrees(mapNest(shape, turned, sum), [sample('float32', [size]), small('float32', size), small('float32', c)])
    }
  }
})

it('nothing is emitted for outputs without elements', () => {
  const emitted = emitNest(moduleBuilder(), mapNest([3, 0], constant('float32', 1)), {
    inputs: [],
    outputs: [0],
    scratch: 1,
  })
  expect(emitted).toEqual({ phases: [], scratch: 0 })
})
