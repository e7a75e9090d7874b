/**
 * Ops on tensors that are one number everywhere give the bits that the engine's kernels give, for all ops and for special values; and
 * where numbers alone say them, nothing is compiled.
 */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { theEngine } from '../../../src/backend/wasm/engine.ts'
import type { Dtype } from '../../../src/core/dtype.ts'
import type { Sample, Tensor } from '../../../src/core/types.ts'
import * as C from '../../../src/index.ts'
import type { Subject } from '../../../src/ops/define.ts'
import { drawFrom } from '../../../src/testing/draw.ts'
import { registry } from '../../../src/transform/registry.ts'

const special: { readonly [dtype in Dtype]: readonly number[] } = {
  float32: [0, -0, 1, -1, 0.1, -2.5, 3e38, 1e-45, Infinity, -Infinity, Number.NaN],
  float64: [0, -0, 1, -1, 0.1, -2.5, 1e308, 5e-324, Infinity, -Infinity, Number.NaN],
  int32: [0, 1, -1, 7, -12, 2147483647, -2147483648],
  bool: [0, 1],
}

/** A sample of a subject. */
const sampled = (subject: Subject): Sample =>
  fc.sample(
    fc.gen().map(g => subject.sample(drawFrom(g, 'float32'))),
    { seed: 1, numRuns: 1 },
  )[0] as Sample

/** Ops without params, on scalars alike, whose kernel is one map. */
const elementwise = registry.filter(subject => {
  const { params, args } = sampled(subject)
  const types = args.map(({ dtype }) => ({ shape: [3], dtype }))
  const outs = subject.op === null || Object.keys(params).length > 0 ? E.left(0) : subject.op.infer({}, types)
  if (subject.op === null || !E.isRight(outs) || outs.right.length !== 1) return false
  const kernel = subject.op.lower({}, types, outs.right)
  return kernel.tag === 'nest' && kernel.axes.join() === '3' && kernel.stages.every(({ tag }) => tag === 'map')
})

/** Whether an op takes arguments of a dtype. */
const takes = (subject: Subject, dtypes: readonly Dtype[]): boolean => {
  const outs = subject.op?.infer(
    {},
    dtypes.map(dtype => ({ shape: [3], dtype })),
  )
  return outs !== undefined && E.isRight(outs)
}

const bits = (x: Tensor): string => `${x.dtype} ${x.shape} ${[...C.data(x)].map(v => (Object.is(v, -0) ? '-0' : v))}`

describe('ops on tensors that are one number everywhere', () => {
  it('know all elementwise ops', () => {
    expect(elementwise.length).toBeGreaterThan(40)
  })
  it.each(elementwise.map(subject => [subject.name, subject] as const))('%s', (_, subject) => {
    const apply = (...xs: readonly Tensor[]): Tensor => subject.apply({}, xs)[0] as Tensor
    const jitted = C.jit(apply) as typeof apply
    const own = sampled(subject).args.map(({ dtype }) => dtype)
    for (const dtype of ['float32', 'float64', 'int32', 'bool'] as const) {
      // The condition of `where` stays what it is.
      const dtypes = own.map(d => (d === 'bool' && own.some(o => o !== 'bool') ? d : dtype))
      if (!takes(subject, dtypes)) continue
      const choices = dtypes.reduce<readonly (readonly number[])[]>(
        (before, d) => before.flatMap(some => special[d].map(v => [...some, v])),
        [[]],
      )
      for (const numbers of choices) {
        const args = numbers.map((v, i) => C.cast(dtypes[i] as Dtype)(C.full([3], v, { dtype: 'float64' })))
        expect(bits(apply(...args)), `${subject.name} of ${numbers} in ${dtype}`).toBe(bits(jitted(...args)))
      }
    }
  })
  it('compile nothing where numbers say it, and follow a formula', () => {
    const before = theEngine().describe().executables
    const x = C.div(C.neg(C.full([100_000], 3)), C.full([1], 0.7))
    const y = C.broadcastTo([5, 100_000])(C.mul(x, x))
    expect(theEngine().describe().executables).toBe(before)
    expect(C.data(y)[499_999]).toBe(Math.fround(Math.fround(-3 / Math.fround(0.7)) ** 2))
    const step = C.makeProgram((z: Tensor) => C.mul(z, y))(C.ones([5, 100_000]))
    expect(String(step)).toContain('full(18.367')
  })
})
