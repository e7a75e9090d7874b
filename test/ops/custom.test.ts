import { describe, expect, it } from 'vitest'
import { reference } from '../../src/backend/reference.ts'
import { wasm } from '../../src/backend/wasm.ts'
import { grad, item, makeProgram, matmul, sum, type Tensor, tensor, toArray, transpose, vmap } from '../../src/index.ts'
import { along, customOp, first, load, mapNest, registeredSubject, typed } from '../../src/ops/extend.ts'
import { checkSubject } from '../../src/testing/index.ts'

/** [m, n] -> [n, m], with `scale` to see that params arrive. */
const turned = customOp<{ readonly shift: number }>({
  name: 'turned',
  doc: 'Rows as columns, moved on by `shift`.',
  infer: (_params, types) => typed([...first(types).shape].reverse(), first(types).dtype),
  lower: ({ shift }, types, outs) => {
    const { shape, dtype } = first(types)
    return mapNest(first(outs).shape, load(0, dtype, shape, [along(1, 1, shift), along(0)], 0))
  },
  differentiation: {
    rule: 'linear',
    transpose: ({ shift }, ct) => {
      const [n = 0, m = 0] = ct.shape
      // The matrix that takes rows to those moved on, transposed.
      const move = tensor(
        Array.from({ length: m }, (_, i) => Array.from({ length: m }, (_, j) => (i - shift === j ? 1 : 0))),
        { dtype: ct.dtype },
      )
      return [n === 0 || m === 0 ? transpose(ct) : matmul(move, transpose(ct))]
    },
  },
  sample: draw => ({
    params: { shift: draw.integer(0, 1) },
    args: [draw.tensor(draw.shape({ minRank: 2, maxRank: 2 }))],
  }),
})

describe('customOp', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ])
  it('has values, gradients, batches and a place in programs', () => {
    expect(toArray(turned({ shift: 1 })(x))).toEqual([
      [3, 0],
      [4, 0],
    ])
    expect(toArray(grad((v: Tensor) => sum(turned({ shift: 1 })(v)))(x))).toEqual([
      [0, 0],
      [1, 1],
    ])
    expect(vmap((v: Tensor) => turned({ shift: 0 })(v))(tensor([[[1, 2, 3]]])).shape).toEqual([1, 3, 1])
    expect(String(makeProgram((v: Tensor) => turned({ shift: 0 })(v))(x))).toContain('turned { shift: 0 } a')
    expect(item(sum(turned({ shift: 0 })(x)))).toBe(10)
  })
  it.each([reference, wasm])('keeps every law', backend => {
    expect(checkSubject(registeredSubject(turned), backend, { runs: 20, seed: 1 }).failures).toEqual([])
  })
})
