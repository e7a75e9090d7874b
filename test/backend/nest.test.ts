/**
 * Nests on the quick backend equal those on the reference, sums included: both add up in the same order, in float64.
 */
import { describe, it } from 'vitest'
import type { Dtype } from '../../src/core/dtype.ts'
import {
  along,
  apply,
  constant,
  fixed,
  iota,
  load,
  type Monoid,
  mapNest,
  type Nest,
  type Stage,
} from '../../src/core/kernel.ts'
import { type Shape, sizeOf } from '../../src/core/shape.ts'
import { AWKWARD, agreeExactly, forKernels } from './agreement.ts'
import { type Choices, dataFrom, drawExpr, drawLoad, drawShape } from './choices.ts'

const DTYPES: readonly Dtype[] = ['float32', 'float64', 'int32', 'bool']
const MONOIDS: readonly Monoid[] = ['sum', 'prod', 'max', 'min', 'and', 'or', 'argMax', 'argMin']

const drawReduce = (c: Choices, axes: Shape, most: number, stages: ReadonlyMap<number, Dtype>): Stage => {
  const own = drawShape(c, c.integer(0, 2), most)
  const monoid = c.pick(MONOIDS)
  const logical = monoid === 'and' || monoid === 'or'
  const of = logical ? 'bool' : c.pick(['float32', 'float64', 'int32'] as const)
  const dtype = monoid === 'argMax' || monoid === 'argMin' ? 'int32' : of
  return { tag: 'reduce', axes: own, monoid, expr: drawExpr(c, of, [...axes, ...own], 2, stages), dtype }
}

/** Some stages, later ones of which read those before them that have one value at each outer point. */
const drawNest = (c: Choices): Nest => {
  const axes = drawShape(c, c.integer(0, 3), 80)
  const stages: Stage[] = []
  const readable = new Map<number, Dtype>()
  for (let s = 0, count = c.integer(1, 3); s < count; s++) {
    const stage: Stage =
      c.integer(0, 1) === 0
        ? drawReduce(c, axes, 12, readable)
        : { tag: 'map', axes: [], expr: drawExpr(c, c.pick(DTYPES), axes, 2, readable) }
    readable.set(s, stage.tag === 'map' ? stage.expr.dtype : stage.dtype)
    stages.push(stage)
  }
  const own = drawShape(c, c.integer(0, 2), 12)
  stages.push({ tag: 'map', axes: own, expr: drawExpr(c, c.pick(DTYPES), [...axes, ...own], 2, readable) })
  return { tag: 'nest', axes, stages, outputs: stages.map((_, s) => s) }
}

describe('the javascript backend equals the reference on', () => {
  it('maps of any expression', () => {
    forKernels(400, c => {
      const axes = drawShape(c, c.integer(0, 4), 200)
      agreeExactly(mapNest(axes, drawExpr(c, c.pick(DTYPES), axes, 4)), c.inputs)
    })
  })

  it('several maps that share subexpressions', () => {
    forKernels(60, c => {
      const axes = drawShape(c, c.integer(1, 3), 100)
      const shared = drawExpr(c, 'float32', axes, 2)
      agreeExactly(mapNest(axes, apply('exp', shared), apply('mul', shared, shared), shared), c.inputs)
    })
  })

  it('loads alone, whichever way they walk', () => {
    forKernels(400, c => {
      const axes = drawShape(c, c.integer(1, 4), 400)
      agreeExactly(mapNest(axes, drawLoad(c, c.pick(DTYPES), axes)), c.inputs)
    })
  })

  it('reductions with any monoid', () => {
    forKernels(400, c => {
      const axes = drawShape(c, c.integer(0, 3), 200)
      agreeExactly({ tag: 'nest', axes, stages: [drawReduce(c, axes, 30, new Map())], outputs: [0] }, c.inputs)
    })
  })

  it('reductions by columns of a load that repeats with an outer reduced axis', () => {
    const expr = load(0, 'float32', [4, 100], [along(2), along(0)])
    const stage: Stage = { tag: 'reduce', axes: [2, 4], monoid: 'sum', expr, dtype: 'float32' }
    agreeExactly({ tag: 'nest', axes: [100], stages: [stage], outputs: [0] }, [dataFrom(1, 'float32', 400)])
  })

  it('stages that read earlier ones', () => {
    forKernels(200, c => agreeExactly(drawNest(c), c.inputs))
  })
})

const row = (n: number): readonly [number] => [n]

describe.each(AWKWARD)('at size %i it equals the reference on', n => {
  const sample = (dtype: Dtype, shape: Shape) => dataFrom(sizeOf(shape) + 7, dtype, sizeOf(shape))
  it.each(n < 100 ? DTYPES : (['float32', 'int32'] as const))(
    'arithmetic of %s with a vector, a scalar and a coordinate',
    dtype => {
      const x = load(0, dtype, row(n), [along(0)])
      const y = load(1, dtype, row(n), [along(0, -1, n - 1)])
      const s = load(2, dtype, [], [])
      const inputs = [sample(dtype, row(n)), sample(dtype, [n]), sample(dtype, [])]
      for (const fn of ['add', 'sub', 'mul', 'div', 'max', 'lt'] as const) {
        agreeExactly(mapNest(row(n), apply(fn, x, y)), inputs)
        agreeExactly(mapNest(row(n), apply(fn, x, s), apply(fn, s, x)), inputs)
        agreeExactly(mapNest(row(n), apply(fn, s, x)), inputs)
      }
      agreeExactly(mapNest(row(n), apply('add', iota(0), constant('int32', 2))), [])
    },
  )

  it.each(n < 100 ? [3, 70] : [3])('rows of it and columns of it beside %i others', m => {
    const shape = [m, n]
    const x = sample('float32', shape)
    const bias = load(1, 'float32', row(n), [along(1)])
    const column = load(2, 'float32', [m, 1], [along(0), fixed(0)])
    const whole = load(0, 'float32', shape, [along(0), along(1)])
    const sum = apply('add', apply('mul', whole, column), bias)
    agreeExactly(mapNest(shape, sum), [x, sample('float32', row(n)), sample('float32', [m])])
    for (const monoid of MONOIDS) {
      const dtype = monoid === 'argMax' || monoid === 'argMin' ? 'int32' : 'float32'
      const stage = (axes: Shape, expr: Stage['expr']): Stage => ({ tag: 'reduce', axes, monoid, expr, dtype })
      agreeExactly({ tag: 'nest', axes: [m], stages: [stage([n], whole)], outputs: [0] }, [x])
      const turned = load(0, 'float32', shape, [along(1), along(0)])
      agreeExactly({ tag: 'nest', axes: [n], stages: [stage([m], turned)], outputs: [0] }, [x])
    }
  })
})
