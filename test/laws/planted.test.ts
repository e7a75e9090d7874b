/**
 * The laws can fail: each kind of mistake, planted in an op of the test's own, is found, and the message names op and element.
 */
import { describe, expect, it } from 'vitest'
import { hostBackend } from '../../src/backend/backend.ts'
import { wasm } from '../../src/backend/wasm.ts'
import { along, load, mapNest } from '../../src/core/kernel.ts'
import { bind1 } from '../../src/core/trace.ts'
import type { Op } from '../../src/core/types.ts'
import { sub } from '../../src/ops/arithmetic.ts'
import { defineOp, first, only, primitive, registeredSubject, type Subject, typed } from '../../src/ops/define.ts'
import { fn, mul, unary } from '../../src/ops/elementwise.ts'
import { stopGradient } from '../../src/ops/stopgradient.ts'
import { tryLaw } from '../../src/testing/laws.ts'
import { lawNamed, SEED } from '../support/laws.ts'

const failureOf = (law: string, subject: Subject, backend = wasm): string =>
  tryLaw(lawNamed(law), subject, { backend }, { runs: 40, seed: SEED }).failure?.message ?? 'held'

/** The tanh family with some derivative. */
const planted = (name: string, derivative: Parameters<typeof unary>[0]['derivative']): Subject =>
  registeredSubject(unary({ name, doc: '', scalar: fn('tanh'), derivative }))

type Axis = { readonly axis: number }

/** Reverses an axis, with a batching rule and a shape rule to be chosen. */
const reversal = (name: string, rules: Partial<Pick<Op<Axis>, 'batch' | 'infer' | 'transpose'>>): Subject => {
  const op: Op<Axis> = defineOp<Axis>({
    name,
    doc: '',
    infer: rules.infer ?? ((_params, types) => typed(first(types).shape, first(types).dtype)),
    lower: ({ axis }, types) => {
      const { shape, dtype } = first(types)
      const index = shape.map((n, i) => (i === axis ? along(i, -1, n - 1) : along(i)))
      return mapNest(shape, load(0, dtype, shape, index))
    },
    differentiation: { rule: 'linear', transpose: rules.transpose ?? (({ axis }, ct) => [bind1(op, { axis }, ct)]) },
    batch: rules.batch ?? (({ axis }, xs) => [bind1(op, { axis: axis + 1 }, only(xs))]),
    sample: draw => {
      const shape = draw.shape({ minRank: 1 })
      return { params: { axis: draw.integer(0, shape.length - 1) }, args: [draw.tensor(shape)] }
    },
  })
  return registeredSubject(primitive(op, () => undefined))
}

describe('a sound op of the test’s own', () => {
  it('keeps every law', () => {
    const sound = [planted('rightTanh', (_x, y) => sub(1, mul(y, y))), reversal('rightReversal', {})]
    for (const subject of sound)
      for (const law of ['shape', 'first', 'second', 'adjoint', 'linear', 'vmap', 'vmapOfVjp', 'backend'])
        expect(failureOf(law, subject)).toBe('held')
  })
})

describe('a planted mistake', () => {
  it('in a derivative is found, and the message names the op and the element', () => {
    const message = failureOf(
      'first',
      planted('wrongTanh', (_x, y) => sub(1, y)),
    )
    expect(message).toMatch(
      /^wrongTanh: derivative: jvp: d result 0\[[\d,]*\] \/ d argument 0\[[\d,]*\]: numeric .*, analytic/,
    )
    expect(message).toMatch(/drawn 0: float64/)
  })

  it('in the derivative of the derivative is found at second order alone', () => {
    const subject = planted('wrongSecond', (_x, y) => stopGradient(sub(1, mul(y, y))))
    expect(failureOf('first', subject)).toBe('held')
    expect(failureOf('second', subject)).toMatch(/^wrongSecond: derivative: (jvp|vjp) of (jvp|vjp): d .*\[[\d,]*\]/)
  })

  it('in a transpose is found: vjp is no longer the adjoint of jvp', () => {
    const subject = reversal('wrongTranspose', { transpose: (_p, ct) => [ct] })
    expect(failureOf('adjoint', subject)).toMatch(/^wrongTranspose: vjp adjoint to jvp: ⟨u, Jv⟩ = .* but ⟨Jᵀu, v⟩ = /)
    expect(failureOf('first', subject)).toMatch(/^wrongTranspose: derivative: vjp: d result 0\[[\d,]*\]/)
  })

  it('in a batching rule is found, and the message names the op, the row and the element', () => {
    const subject: Subject = reversal('wrongBatch', { batch: ({ axis }, xs) => [reversed(axis, xs)] })
    expect(failureOf('vmap', subject)).toMatch(/^wrongBatch: vmap row \d = f\(row \d\): result 0, element \[[\d,]*\]: /)
  })

  it('in a shape rule is found, and the message names the op and both shapes', () => {
    const infer: Op<Axis>['infer'] = (_p, types) => typed([...first(types).shape].reverse(), first(types).dtype)
    expect(failureOf('shape', reversal('wrongShape', { infer }))).toMatch(
      /^wrongShape: shape rule: says float64\[[\d,]*\], but the kernel makes float64\[[\d,]*\]/,
    )
  })

  it('in a backend is found, and the message names the op, the backend and the element', () => {
    const wrong = hostBackend('wrongBackend', (k, xs) => wasm.run(k, xs).map(x => x.map(v => v * 1.001) as typeof x))
    const message = failureOf('backend', planted('goodTanh', 1), wrong)
    expect(message).toMatch(/^goodTanh: wrongBackend ≈ reference: result 0, element \[[\d,]*\]: /)
  })

  it('that writes to its arguments is found', () => {
    const subject: Subject = {
      ...planted('writer', 1),
      op: null,
      apply: (_p, xs) => {
        for (const x of xs) overwrite(x)
        return xs
      },
    }
    expect(failureOf('purity', subject)).toMatch(/^writer: inputs untouched: argument 0 was changed/)
  })

  it('of accepting what it should refuse is found', () => {
    const subject: Subject = { ...planted('lenient', 1), invalid: draw => ({ params: {}, args: [draw.tensor([2])] }) }
    expect(failureOf('refusal', subject)).toMatch(/^lenient: bad input: accepted float64\[2\]/)
  })
})

const reversalOf = reversal('reversal', {})
const reversed = (axis: number, xs: readonly Parameters<typeof only>[0][number][]) =>
  reversalOf.apply({ axis }, xs)[0] as Parameters<typeof only>[0][number]
const overwrite = (x: object): void => {
  const { cell } = x as { cell: { host: Float64Array } }
  cell.host[0] = 99
}
