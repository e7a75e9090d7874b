/**
 * Kernels run by gpu.js agree with the reference: maps, reductions, nests of several stages and results, contractions, scatters.
 *
 * Expressions are drawn of functions whose float32 values are exact for most inputs, so that comparisons fall the same way; scalars.test.ts
 * is about the others.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sourceOf } from '../../../src/backend/gpu/source.ts'
import type { Dtype } from '../../../src/core/dtype.ts'
import {
  type Affine,
  along,
  apply,
  type BinaryFn,
  type Contract,
  constant,
  convert,
  type Expr,
  fixed,
  iota,
  type Kernel,
  type Load,
  load,
  type Monoid,
  mapNest,
  type Nest,
  type Scatter,
  type Stage,
  select,
  stage,
  type UnaryFn,
} from '../../../src/core/kernel.ts'
import { range, type Shape, sizeOf } from '../../../src/core/shape.ts'
import { mistake, SEED } from '../../support/values.ts'
import { type Choices, choicesOf, dataFrom, drawLoad, drawShape } from '../choices.ts'
import { agree, type Bench, openBenches } from './kernels.ts'

const benches = await openBenches()

/** Sums of up to some hundred terms in float32, against float64. */
const FLOAT32 = 1e-5

type Drawn = 'float32' | 'int32' | 'bool'
const DTYPES: readonly Drawn[] = ['float32', 'int32', 'bool']

const UNARY: { readonly [dtype in Drawn]: readonly UnaryFn[] } = {
  float32: ['neg', 'abs', 'sign', 'floor', 'round'],
  int32: ['neg', 'abs', 'sign', 'bitNot'],
  bool: ['not'],
}
const BINARY: { readonly [dtype in Drawn]: readonly BinaryFn[] } = {
  float32: ['add', 'sub', 'max', 'min'],
  int32: [
    'add',
    'sub',
    'mul',
    'div',
    'floorDiv',
    'mod',
    'rem',
    'max',
    'min',
    'bitAnd',
    'bitOr',
    'bitXor',
    'shiftRight',
    'shiftLeft',
    'shiftRightLogical',
    'pow',
  ],
  bool: ['and', 'or', 'xor'],
}
const COMPARISONS: readonly BinaryFn[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge']

type Readable = ReadonlyMap<number, Dtype>

/** An expression. */
const drawExpr = (c: Choices, dtype: Drawn, axes: Shape, depth: number, stages: Readable = new Map()): Expr => {
  const made: Expr[] = []
  const leaf = (want: Drawn): Expr => {
    const readable = [...stages].filter(([, d]) => d === want)
    if (readable.length > 0 && c.integer(0, 1) === 0) return stage(want, c.pick(readable)[0])
    if (want === 'int32' && axes.length > 0 && c.integer(0, 3) === 0) return iota(c.integer(0, axes.length - 1))
    return c.inputs.length >= 6 ? constant(want, c.integer(0, 1)) : drawLoad(c, want, axes)
  }
  const node = (want: Drawn, left: number): Expr => {
    const known = made.filter(expr => expr.dtype === want)
    const expr =
      known.length > 0 && c.integer(0, 4) === 0 ? c.pick(known) : left === 0 ? leaf(want) : inner(want, left - 1)
    made.push(expr)
    return expr
  }
  const loadAt = (want: Drawn, left: number): Expr => {
    if (c.inputs.length >= 6) return leaf(want)
    const view = drawShape(c, c.integer(0, 2), 30)
    const input = c.inputs.push(dataFrom(c.integer(1, 999), want, sizeOf(view), true)) - 1
    const fill = want === 'bool' ? 1 : -1
    return { tag: 'loadAt', dtype: want, input, view, index: view.map(() => node('int32', left)), fill }
  }
  const inner = (want: Drawn, left: number): Expr => {
    const choice = c.integer(0, 6)
    if (choice === 0) return leaf(want)
    if (choice === 1) return select(node('bool', left), node(want, left), node(want, left))
    if (choice === 2) return convert(want, node(want === 'int32' ? 'bool' : c.pick(DTYPES), left))
    if (choice === 3) return loadAt(want, left)
    if (want === 'bool' && c.integer(0, 1) === 0) {
      const compared = c.pick(['float32', 'int32'] as const)
      return apply(c.pick(COMPARISONS), node(compared, left), node(compared, left))
    }
    if (c.integer(0, 2) === 0) return apply(c.pick(UNARY[want]), node(want, left))
    return apply(c.pick(BINARY[want]), node(want, left), node(want, left))
  }
  return node(dtype, depth)
}

const MONOIDS: readonly Monoid[] = ['sum', 'prod', 'max', 'min', 'and', 'or', 'argMax', 'argMin']

const drawReduce = (c: Choices, axes: Shape, most: number, stages: Readable): Stage => {
  const own = drawShape(c, c.integer(0, 2), most)
  const monoid = c.pick(MONOIDS)
  const of: Drawn =
    monoid === 'and' || monoid === 'or' ? 'bool' : monoid === 'prod' ? 'float32' : c.pick(['float32', 'int32'] as const)
  const dtype = monoid === 'argMax' || monoid === 'argMin' ? 'int32' : of
  return { tag: 'reduce', axes: own, monoid, expr: drawExpr(c, of, [...axes, ...own], 2, stages), dtype }
}

/** Stages that read those before them, the last of which may have axes of its own; all of them, or some, are results. */
const drawNest = (c: Choices): Nest => {
  const axes = drawShape(c, c.integer(0, 3), 40)
  const stages: Stage[] = []
  const readable = new Map<number, Dtype>()
  for (let s = 0, count = c.integer(1, 3); s < count; s++) {
    const made: Stage =
      c.integer(0, 1) === 0
        ? drawReduce(c, axes, 8, readable)
        : { tag: 'map', axes: [], expr: drawExpr(c, c.pick(DTYPES), axes, 2, readable) }
    readable.set(s, made.tag === 'map' ? made.expr.dtype : made.dtype)
    stages.push(made)
  }
  const own = drawShape(c, c.integer(0, 2), 8)
  stages.push({ tag: 'map', axes: own, expr: drawExpr(c, c.pick(DTYPES), [...axes, ...own], 2, readable) })
  const outputs = c.integer(0, 1) === 0 ? [stages.length - 1] : range(0, stages.length)
  return { tag: 'nest', axes, stages, outputs }
}

const drawOperand = (c: Choices, dtype: Drawn, sizes: Shape): Load => {
  const sees = range(0, sizes.length).filter(() => c.integer(0, 3) > 0)
  const some = drawLoad(
    c,
    dtype,
    sees.map(axis => sizes[axis] as number),
    true,
  )
  const index = some.index.map(
    (affine): Affine => ({
      ...affine,
      terms: affine.terms.map(term => ({ ...term, axis: sees[term.axis] as number })),
    }),
  )
  return { ...some, index }
}

const drawContract = (c: Choices): Contract => {
  const dtype = c.pick(['float32', 'int32'] as const)
  const axes = drawShape(c, c.integer(0, 3), 60)
  const reduce = drawShape(c, c.integer(0, 2), 20)
  const sizes = [...axes, ...reduce]
  const [a, b] = [drawOperand(c, dtype, sizes), drawOperand(c, dtype, sizes)]
  const known = new Map<number, Dtype>([[0, dtype]])
  const epilogue = range(0, c.integer(1, 2)).map(i =>
    i === 0 && c.integer(0, 1) === 0 ? stage(dtype) : drawExpr(c, c.pick(DTYPES), axes, 2, known),
  )
  return { tag: 'contract', dtype, axes, reduce, a, b, epilogue }
}

/** A coordinate as an index map of axes, some steps of which go backwards, or over elements. */
const drawIndexMap = (c: Choices, axes: Shape): Expr =>
  axes.reduce(
    (sum, _, axis) => apply('add', sum, apply('mul', constant('int32', c.integer(-2, 3)), iota(axis))),
    constant('int32', c.integer(-1, 3)),
  )

const drawScatter = (c: Choices): Scatter => {
  const dtype = c.pick(['float32', 'int32'] as const)
  const shape = drawShape(c, c.integer(0, 3), 40)
  const axes = drawShape(c, c.integer(0, 3), 40)
  const drawIndex = (i: number): Expr => {
    const kind = c.integer(0, 3)
    if (kind === 0) return drawExpr(c, 'int32', axes, 1)
    return kind === 1 && i < axes.length ? iota(i) : drawIndexMap(c, axes)
  }
  const index = shape.map((_, i) => drawIndex(i))
  const combine = c.pick(['sum', 'prod', 'max', 'min', 'last'] as const)
  const init = drawExpr(c, dtype, shape, 1)
  return { tag: 'scatter', shape, init, axes, index, update: drawLoad(c, dtype, axes, true), combine }
}

/** Hundreds of updates, the places of which are loaded: some outside, and many the same. */
const drawCrowd = (c: Choices): Scatter => {
  const dtype = c.pick(['float32', 'int32'] as const)
  const shape = [c.integer(1, 5), c.integer(1, 9), c.integer(1, 3)]
  const rows = c.integer(250, 700)
  const axes = c.pick([[rows], [rows, shape[2] as number], [shape[0] as number, rows]])
  const drawPlace = (size: number): Expr => {
    const places = dataFrom(c.integer(1, 2 ** 30), 'int32', rows).map(
      x => (((x % (size + 2)) + size + 2) % (size + 2)) - 1,
    )
    const axis = axes.indexOf(rows)
    return load(c.inputs.push(places) - 1, 'int32', [rows], [along(axis)])
  }
  const index = shape.map((size, i) =>
    axes.length === 2 && (axes[0] === rows ? i === 2 : i === 0) ? iota(axes[0] === rows ? 1 : 0) : drawPlace(size),
  )
  const combine = c.pick(['sum', 'prod', 'max', 'min', 'last'] as const)
  return {
    tag: 'scatter',
    shape,
    init: drawExpr(c, dtype, shape, 1),
    axes,
    index,
    update: drawLoad(c, dtype, axes, true),
    combine,
  }
}

const folded = (rows: readonly Expr[]): Expr => rows.slice(2).reduce((a, b) => apply('max', apply('neg', a), b))

const RUNNING = ['sum', 'prod', 'max', 'min'] as const
/** Products of several floats round. */
const EXACT = ['sum', 'max', 'min'] as const

/** Shaders take longer to compile than all the rest. */
const SHARE = { cpu: 1, webasm: 1, webgpu: 0.3, headlessgl: 0.3 } as const

const forKernels = async (bench: Bench, runs: number, draw: (c: Choices) => Kernel): Promise<void> => {
  const property = fc.asyncProperty(fc.gen(), async g => {
    const c = choicesOf(g)
    await agree(bench, draw(c), c.inputs, FLOAT32)
  })
  await fc.assert(property, { seed: SEED, numRuns: Math.ceil(runs * SHARE[bench.mode]) })
}

describe.each(benches)('in mode $mode gpu.js agrees with the reference on', bench => {
  it('maps of any expression', async () => {
    await forKernels(bench, 50, c => {
      const axes = drawShape(c, c.integer(0, 4), 100)
      return mapNest(axes, drawExpr(c, c.pick(DTYPES), axes, 3))
    })
  })

  it('loads alone, whichever way they walk', async () => {
    await forKernels(bench, 50, c => {
      const axes = drawShape(c, c.integer(1, 4), 200)
      return mapNest(axes, drawLoad(c, c.pick(DTYPES), axes, true))
    })
  })

  it('reductions with any monoid', async () => {
    await forKernels(bench, 40, c => {
      const axes = drawShape(c, c.integer(0, 3), 100)
      return { tag: 'nest', axes, stages: [drawReduce(c, axes, 30, new Map())], outputs: [0] }
    })
  })

  it('nests of several stages and results', () => forKernels(bench, 40, drawNest))
  it('contractions with any loads and ends', () => forKernels(bench, 40, drawContract))
  it('scatters', () => forKernels(bench, 80, drawScatter))

  it('scatters of so many updates that they are sorted', () => forKernels(bench, 40, drawCrowd))

  it('running totals with any monoid, from either end', () =>
    forKernels(bench, 40, c => {
      const axes = drawShape(c, c.integer(1, 3), 60)
      const axis = c.integer(0, axes.length - 1)
      const dtype = c.pick(['float32', 'int32'] as const)
      const monoid = dtype === 'int32' ? c.pick(RUNNING) : c.pick(EXACT)
      const [expr] = c.integer(0, 1) === 0 ? [drawExpr(c, dtype, axes, 1)] : [drawLoad(c, dtype, axes, true)]
      return { tag: 'cumulate', axes, axis, reverse: c.integer(0, 1) === 1, monoid, expr }
    }))

  it('running totals of rows longer than any workgroup', async () => {
    const expr = load(0, 'int32', [3, 1000], [along(0), along(1)])
    const inputs = [dataFrom(5, 'int32', 3000)]
    for (const reverse of [false, true])
      await agree(bench, { tag: 'cumulate', axes: [3, 1000], axis: 1, reverse, monoid: 'sum', expr }, inputs, 0)
  })

  const sorted: readonly Shape[] = [
    [],
    [1],
    [0],
    [3, 0],
    [17],
    [32],
    [3, 40],
    [64],
    [2, 3, 65],
    [2, 94],
    [3, 97],
    [128],
    [1000],
  ]
  it.each(DTYPES)('sorts of %s, with what is equal in order and NaN last', async dtype => {
    for (const shape of sorted)
      await agree(bench, { tag: 'sort', shape }, [dataFrom(7 + shape.length, dtype, sizeOf(shape))], 0)
  })

  it('merges that use one key of the first run, or all but one, before the second', async () => {
    for (const used of [1, 31]) {
      const keys = Float32Array.from({ length: 64 }, (_, i) => (i < used ? i : i < 32 ? i + 32 : i - 32 + used))
      await agree(bench, { tag: 'sort', shape: [64] }, [keys], 0)
    }
  })

  it('sorts of rows that go down, and of equal keys', async () => {
    const down = Float32Array.from({ length: 600 }, (_, i) => -i)
    for (const shape of [[300], [2, 128], [256]])
      for (const keys of [down, new Float32Array(600)])
        await agree(bench, { tag: 'sort', shape }, [keys.slice(0, sizeOf(shape))], 0)
  })

  const rows = range(0, 12).map((i): Expr => load(i, 'float32', [4, 5], [along(0), along(1)]))
  const across = range(0, 6).map((i): Expr => load(i, 'float32', [20], [along(1)]))
  const inputs = range(0, 12).map(i => dataFrom(i + 1, 'float32', 20, true))
  const total = rows.reduce((a, b) => apply('add', a, b))
  const weighted = rows.reduce((a, b) => apply('sub', b, apply('max', a, stage('float32', 0))))
  const wide: readonly (readonly [string, Kernel])[] = [
    ['a map', mapNest([4, 5], total)],
    ['a choice', mapNest([4, 5], select(apply('gt', total, constant('float32', 0)), total, rows[11] as Expr))],
    [
      'a reduction',
      {
        tag: 'nest',
        axes: [4],
        stages: [{ tag: 'reduce', axes: [5], monoid: 'max', expr: total, dtype: 'float32' }],
        outputs: [0],
      },
    ],
    [
      'a map after a reduction',
      {
        tag: 'nest',
        axes: [4],
        stages: [
          { tag: 'reduce', axes: [5], monoid: 'min', expr: total, dtype: 'float32' },
          { tag: 'map', axes: [5], expr: weighted },
        ],
        outputs: [1, 0],
      },
    ],
    [
      'the end of a contraction',
      {
        tag: 'contract',
        dtype: 'float32',
        axes: [4, 5],
        reduce: [5],
        a: load(0, 'float32', [4, 5], [along(0), along(2)]),
        b: load(1, 'float32', [5, 4], [along(2), fixed(1)]),
        epilogue: [weighted, total],
      },
    ],
    [
      'a scatter',
      {
        tag: 'scatter',
        shape: [4, 5],
        init: total,
        axes: [4, 5],
        index: [iota(0), convert('int32', apply('min', rows[3] as Expr, rows[4] as Expr))],
        update: folded(rows),
        combine: 'sum',
      },
    ],
    [
      'a scatter of many updates',
      {
        tag: 'scatter',
        shape: [5],
        init: constant('float32', 0),
        axes: [15, 20],
        index: [convert('int32', across[5] as Expr)],
        update: across.reduce((a, b) => apply('min', a, b)),
        combine: 'max',
      },
    ],
    ['running totals', { tag: 'cumulate', axes: [4, 5], axis: 0, reverse: false, monoid: 'sum', expr: total }],
  ]
  it.each(wide)('more arrays than WebGPU allows, in %s', (_, kernel) => agree(bench, kernel, inputs, FLOAT32))

  it('one result that is asked for twice', async () => {
    const nest = mapNest([4, 5], total)
    await agree(bench, { ...nest, outputs: [0, 0] }, inputs, FLOAT32)
  })

  it('products and quotients with a zero that is written out', async () => {
    const x = load(0, 'float32', [9], [along(0)])
    const zero = constant('float32', 0)
    const special = [Float32Array.of(Number.NaN, Infinity, -Infinity, 0, -0, 1, -1, 3e38, 2 ** -126)]
    for (const expr of [apply('mul', x, zero), apply('mul', zero, x), apply('div', zero, x), apply('div', x, zero)])
      await agree(bench, mapNest([9], expr), special, 0)
  })

  it('the smaller or the larger by comparison, where one is NaN', async () => {
    const [x, y] = [load(0, 'float32', [9], [along(0)]), load(1, 'float32', [9], [along(0)])]
    const special = [
      Float32Array.of(Number.NaN, Number.NaN, 1, Infinity, Number.NaN, 0, -5, 7, -0),
      Float32Array.of(Number.NaN, 1, Number.NaN, Number.NaN, -Infinity, -0, 2, 3, 0),
    ]
    for (const fn of ['lt', 'le', 'gt', 'ge'] as const)
      for (const [a, b] of [
        [x, y],
        [x, constant('float32', 0)],
        [constant('float32', 0), x],
      ] as const) {
        const holds = apply(fn, a, b)
        const choices = [holds, apply('not', holds)].flatMap(c => [select(c, a, b), select(c, b, a)])
        await agree(bench, mapNest([9], ...choices), special, 0)
      }
  })

  it('two reductions of one node in one kernel', async () => {
    const row = load(0, 'float32', [4, 5], [along(0), along(1)])
    const stages: readonly Stage[] = [
      { tag: 'reduce', axes: [5], monoid: 'max', expr: row, dtype: 'float32' },
      { tag: 'reduce', axes: [5], monoid: 'sum', expr: apply('sub', row, stage('float32', 0)), dtype: 'float32' },
      { tag: 'map', axes: [], expr: apply('add', stage('float32', 0), stage('float32', 1)) },
    ]
    await agree(bench, { tag: 'nest', axes: [4], stages, outputs: [2] }, [dataFrom(3, 'float32', 20, true)], FLOAT32)
  })

  it('coordinates of axes whose sizes are no powers of two, among five million points', async () => {
    const axes = [7, 601, 1201]
    const expr = axes.reduce<Expr>(
      (sum, n, axis) => apply('add', apply('mul', sum, constant('int32', n)), iota(axis)),
      constant('int32', 0),
    )
    await agreeCounting(bench, mapNest(axes, expr), sizeOf(axes))
  })
})

/** Row-major numbers of all points, without the slow reference. */
const agreeCounting = async (bench: Bench, kernel: Kernel, size: number): Promise<void> => {
  const [got = new Int32Array()] = await bench.run(kernel, [])
  expect(got.length).toBe(size)
  expect(got.findIndex((x: number, i: number) => x !== i)).toBe(-1)
}

describe('what gpu.js cannot do is a RuleError that names the op', () => {
  const float64 = load(0, 'float64', [3], [along(0)])
  it.each<readonly [string, Kernel, string]>([
    ['float64', mapNest([3], float64), 'there is no float64'],
    [
      'linear algebra',
      { tag: 'routine', task: { name: 'qr' }, dtype: 'float32', batch: [], operands: [[3, 3]] },
      'qr has no form in gpu.js',
    ],
  ])('%s', (_, kernel, message) => {
    expect(mistake(() => sourceOf(kernel, { op: 'add mul' }))).toMatch(`RuleError: add mul: backend gpu: `)
    expect(mistake(() => sourceOf(kernel, { op: 'add mul' }))).toMatch(message)
  })

  it('sorting float64', () => {
    const kernel = { tag: 'sort', shape: [3] } as const
    expect(mistake(() => sourceOf(kernel, { op: 'sort', dtypes: ['float64'] }))).toMatch('there is no float64')
  })
})

describe('the kernels of a kernel', () => {
  it('repeat no reduction: a softmax of rows is three', () => {
    const row = load(0, 'float32', [4, 5], [along(0), along(1)])
    const shifted = apply('exp', apply('sub', row, stage('float32', 0)))
    const stages: readonly Stage[] = [
      { tag: 'reduce', axes: [5], monoid: 'max', expr: row, dtype: 'float32' },
      { tag: 'reduce', axes: [5], monoid: 'sum', expr: shifted, dtype: 'float32' },
      { tag: 'map', axes: [5], expr: apply('div', shifted, stage('float32', 1)) },
    ]
    const { kernels } = sourceOf({ tag: 'nest', axes: [4], stages, outputs: [2] })
    expect(kernels.map(({ size }) => size)).toEqual([4, 4, 20])
    expect(kernels.map(({ source }) => source.split('for (').length - 1)).toEqual([1, 1, 0])
  })
})

describe('sourceOf a scatter', () => {
  /** What the way back through windows of 2 × 2 is, of which the last row and column are in none. */
  const windows = (combine: Scatter['combine']): Scatter => {
    const at = (place: number, window: number): Expr =>
      apply('add', iota(place), apply('mul', constant('int32', 2), iota(window)))
    const axes = [2, 2, 8, 5, 5]
    const update = load(
      0,
      'float32',
      axes,
      axes.map((_, axis) => along(axis)),
    )
    const init = constant('float32', 0)
    return { tag: 'scatter', shape: [8, 11, 11], init, axes, index: [iota(2), at(0, 3), at(1, 4)], update, combine }
  }
  /** The way back through an embedding, of as many updates as arrays are summed to, in rows of 8. */
  const embedding = (arrays: number): Scatter => {
    const axes = [300, 8]
    const at = [along(0), along(1)]
    const [first, ...rest] = Array.from({ length: arrays }, (_, i) => load(i, 'float32', axes, at))
    const update = rest.reduce((sum, expr) => apply('add', sum, expr), first as Expr)
    const index = [load(arrays, 'int32', [300], [along(0)]), iota(1)]
    return { tag: 'scatter', shape: [50, 8], init: constant('float32', 0), axes, index, update, combine: 'sum' }
  }
  const loopsOf = (kernel: Kernel): readonly string[] =>
    sourceOf(kernel).kernels.flatMap(({ source }) => [...source.matchAll(/< (\d+); v/g)].map(([, most = '']) => most))

  it('looks at one window for each place in it', () => expect(loopsOf(windows('sum'))).toEqual(['2', '2']))
  it('looks at all windows of an image where the last update counts', () =>
    expect(loopsOf(windows('last'))).toEqual(['2', '2', '5', '5']))
  it.each([1, 5, 6, 7, 8])('sorts the places of many updates, be they sums of %i arrays', arrays =>
    expect(loopsOf(embedding(arrays)).includes('32')).toBe(true),
  )
})
