/**
 * Contractions that run along with the kernel whose rows they sum up: which do, and that they compute the same.
 */
import { describe, expect, it } from 'vitest'
import { withBackend } from '../../../src/backend/current.ts'
import { reference } from '../../../src/backend/reference.ts'
import { theEngine } from '../../../src/backend/wasm/engine.ts'
import { compileProgram } from '../../../src/compile/compile.ts'
import { outputTypes } from '../../../src/core/program.ts'
import { cellOf } from '../../../src/core/tensor.ts'
import type { Concrete, Tensor } from '../../../src/core/types.ts'
import {
  add,
  cast,
  flip,
  grad,
  makeProgram,
  matmul,
  mean,
  mul,
  ones,
  relu,
  sigmoid,
  slice,
  softplus,
  sub,
  transpose,
  treeLeaves,
} from '../../../src/index.ts'
import { key, normal } from '../../../src/random/index.ts'

type F = (...xs: readonly Tensor[]) => unknown
const draw = (shape: readonly number[], seed: number): Tensor => normal({ shape })(key(seed)) as Tensor

/** Rows that are no multiple of those of a chunk. */
const ROWS = 8192 + 777
const [x, y, w] = [draw([ROWS, 40], 1), draw([ROWS], 2), draw([40], 3)]

const compiled = (f: F, args: readonly Tensor[]) => {
  const program = makeProgram((...xs: readonly Tensor[]) => treeLeaves(f(...xs)) as readonly Tensor[])(...args)
  const engine = theEngine()
  const ready = engine.prepare(compileProgram(program))
  const results = engine.run(ready, args as readonly Concrete[], outputTypes(program))
  return { results, tasks: engine.compile(ready).unit.tasks, plan: ready.plan }
}

/** How many steps have their first phase inside that of another. */
const companionsIn = (f: F, args: readonly Tensor[]): number => {
  const { tasks, plan } = compiled(f, args)
  const begun = new Set(tasks.filter(({ phase }) => phase === 0).map(({ step }) => step))
  return plan.steps.filter(step => !begun.has(step)).length
}

/** Both ways: the gradient of a loss that is computed row by row. */
const model =
  (loss: (z: Tensor, y: Tensor) => Tensor): F =>
  (x, y, w) =>
    grad((w: Tensor) => mean(loss(matmul(x as Tensor, w), y as Tensor)))(w as Tensor)

const losses: readonly (readonly [string, F])[] = [
  ['squares', model((z, y) => mul(sub(z, y), sub(z, y)))],
  ['logistic', model((z, y) => sub(softplus(z), mul(y, z)))],
  ['a kink', model((z, y) => relu(sub(z, y)))],
  [
    'both the rows and the sums as results',
    (x, y, w) => {
      const error = sub(sigmoid(matmul(x as Tensor, w as Tensor)), y as Tensor) as Tensor
      return [error, matmul(transpose([1, 0])(x as Tensor), error)]
    },
  ],
]

describe('a contraction over the rows of the kernel before it', () => {
  it.each(losses)('runs along with it: %s', (_, f) => {
    expect(companionsIn(f, [x, y, w])).toBe(1)
  })
  it.each(losses)('computes what the reference does: %s', (_, f) => {
    const { results } = compiled(f, [x, y, w])
    const exact = [x, y, w].map(t => cast('float64')(t)) as readonly Tensor[]
    const wanted = withBackend(reference, () => treeLeaves(f(...exact))) as readonly Tensor[]
    wanted.forEach((t, i) => {
      const found = cellOf(results[i] as Tensor)
      cellOf(t).forEach((value, k) => {
        if (Math.abs((found[k] as number) - value) > 2e-5 * Math.max(1, Math.abs(value))) expect(found[k]).toBe(value)
      })
    })
  })
})

describe('a contraction runs by itself', () => {
  it('over few rows', () => {
    const few = [slice([[0, 4000], null])(x), slice([[0, 4000]])(y), w] as readonly Tensor[]
    expect(
      companionsIn(
        model((z, y) => sub(z, y)),
        few,
      ),
    ).toBe(0)
    expect(
      companionsIn(
        model((z, y) => mul(sub(z, y), sub(z, y))),
        few,
      ),
    ).toBe(0)
  })
  it('where it reads rows in another order', () => {
    const reversed: F = (x, y, w) => {
      const error = flip({ axis: 0 })(sub(matmul(x as Tensor, w as Tensor), y as Tensor) as Tensor)
      return matmul(transpose([1, 0])(x as Tensor), error as Tensor)
    }
    expect(companionsIn(reversed, [x, y, w])).toBe(0)
  })
  it('where it reads nothing else that the rows were made of', () => {
    const other: F = (x, y, w, z) =>
      matmul(transpose([1, 0])(z as Tensor), sub(matmul(x as Tensor, w as Tensor), y as Tensor) as Tensor)
    expect(companionsIn(other, [x, y, w, draw([ROWS, 40], 4)])).toBe(0)
  })
  it('where it waits for something else', () => {
    const later: F = (x, y, w) => {
      const error = sub(matmul(x as Tensor, w as Tensor), y as Tensor) as Tensor
      return matmul(transpose([1, 0])(x as Tensor), mul(error, mean(error)) as Tensor)
    }
    expect(companionsIn(later, [x, y, w])).toBe(0)
  })
  it('in float64', () => {
    const wide = [x, y, w].map(t => cast('float64')(t)) as readonly Tensor[]
    expect(
      companionsIn(
        model((z, y) => mul(sub(z, y), sub(z, y))),
        wide,
      ),
    ).toBe(0)
  })
  it('where there are several columns, which tiles compute', () => {
    const wide = draw([40, 8], 5)
    const f: F = (x, w) => {
      const error = add(matmul(x as Tensor, w as Tensor), ones([8])) as Tensor
      return matmul(transpose([1, 0])(x as Tensor), error)
    }
    expect(companionsIn(f, [x, wide])).toBe(0)
  })
})
