/**
 * Constants of programs inside control flow, of sizes that the engine keeps by the frame and of sizes that it keeps in its cache: as
 * results, as operands of contractions, as what is joined or gathered from.
 */
import { describe, expect, it } from 'vitest'
import { withBackend } from '../../../src/backend/current.ts'
import { reference } from '../../../src/backend/reference.ts'
import type { Tensor } from '../../../src/core/types.ts'
import * as C from '../../../src/index.ts'

const uses: { readonly [name: string]: (x: Tensor) => Tensor } = {
  'a result': x => C.full(x.shape, 7),
  'an operand of a contraction': x => C.matmul(C.full([x.shape[0] as number, x.shape[0] as number], 0.5), x),
  'a part of a join': x => C.slice([[1, null]])(C.concat({ axis: 0 })([C.ones([1, x.shape[1] as number]), x])),
  'what is gathered from': x =>
    C.take({ axis: 0 })(
      C.reshape(x.shape)(C.cast('float32')(C.arange((x.shape[0] as number) * (x.shape[1] as number)))),
      C.cast('int32')(C.zerosLike(C.sum({ axis: 1 })(x))),
    ),
}

const constructs: { readonly [name: string]: (use: (x: Tensor) => Tensor) => (x: Tensor) => unknown } = {
  scan: use => x => C.scan((c: Tensor) => [C.mul(c, 0.5), use(c)] as const, { length: 3 })(x),
  'scan in scan': use => x =>
    C.scan((c: Tensor) => C.scan((d: Tensor) => [use(d), C.max(use(d))] as const, { length: 2 })(c), { length: 2 })(x),
  foriLoop: use => x => C.foriLoop(0, 2, (_, c: Tensor) => use(c))(x),
  whileLoop: use => x =>
    C.whileLoop(
      ([, i]: readonly [Tensor, Tensor]) => C.lt(i, 2),
      ([c, i]) => [use(c), C.add(i, 1)] as const,
    )([x, C.tensor(0, { dtype: 'int32' })]),
  cond: use => x => C.cond(use, (y: Tensor) => C.neg(use(y)))(C.gt(C.sum(x), 0), x),
  'the gradient of cond': use => x =>
    C.grad((y: Tensor) =>
      C.sum(
        C.cond(
          (z: Tensor) => C.mul(use(z), z),
          () => C.zeros(x.shape),
        )(C.lt(C.sum(y), 0), y),
      ),
    )(x),
}

const shapes = [
  [3, 4],
  [16, 16],
  [16, 17],
  [70, 60],
] as const

describe.each(Object.entries(constructs))('constants in %s', (_, construct) => {
  it.each(Object.entries(uses))('as %s', (_, use) => {
    for (const shape of shapes) {
      const x = C.ones(shape)
      const f = construct(use)
      const wanted = withBackend(reference, () => C.treeLeaves(f(x)).map(y => [...C.data(y as Tensor)]))
      const values = (y: unknown) => C.treeLeaves(y).map(z => [...C.data(z as Tensor)])
      const g = C.jit((y: Tensor) => C.treeLeaves(f(y)) as Tensor[])
      expect(values(f(x)), `eager, ${shape}`).toEqual(wanted)
      // Once more after other work, which would overwrite what is not kept.
      for (let again = 0; again < 2; again++) {
        expect(values(g(x)), `jit, ${shape}`).toEqual(wanted)
        C.data(C.sin(C.full([50_000], again)))
      }
    }
  })
})
