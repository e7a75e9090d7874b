/**
 * Compiled plans run by gpu.js give what the reference gives for them: the training step of a multilayer perceptron, and control flow, random programs.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withBackend } from '../../../src/backend/current.ts'
import type { Opened } from '../../../src/backend/gpu/facade.ts'
import { lowerPlan } from '../../../src/backend/gpu/lower.ts'
import { reference } from '../../../src/backend/reference.ts'
import { wasm } from '../../../src/backend/wasm.ts'
import { compileProgram } from '../../../src/compile/compile.ts'
import { runPlan } from '../../../src/compile/interpret.ts'
import type { Plan } from '../../../src/compile/plan.ts'
import type { TypedArray } from '../../../src/core/dtype.ts'
import { range } from '../../../src/core/shape.ts'
import { cellOf, data } from '../../../src/core/tensor.ts'
import type { Tensor } from '../../../src/core/types.ts'
import * as ct from '../../../src/index.ts'
import { softmaxCrossEntropy } from '../../../src/nn/index.ts'
import * as optim from '../../../src/optim/index.ts'
import { left, right } from '../../support/either.ts'
import { SEED, wavy } from '../../support/values.ts'
import { wholePrograms } from '../../support/whole-programs.ts'
import { distance } from './kernels.ts'
import { contexts, type Runner, runnerOf } from './rig.ts'

/** Three steps of sums over up to 784 terms in float32, against float64. */
const FLOAT32 = 2e-5

/** Each is compiled kernel by kernel, which takes gpu.js some milliseconds each. */
const PROGRAMS = 12

/** A WebGPU shader reads at most seven arrays and writes one. */
const OPTIONS = { fuse: { maxInputs: 8 } } as const

type Traced = (...args: readonly Tensor[]) => unknown

const planFor = (f: Traced, args: readonly Tensor[]): Plan => compileProgram(ct.makeProgram(f)(...args), OPTIONS)

type Dense = { readonly w: Tensor; readonly b: Tensor }

const lossOf = (params: readonly Dense[], x: Tensor, y: Tensor): Tensor =>
  softmaxCrossEntropy(
    params.reduce((h, { w, b }, i) => {
      const z = ct.add(ct.matmul(h, w), b)
      return i < params.length - 1 ? ct.relu(z) : z
    }, x),
    y,
  )

const small = (shape: readonly number[], phase: number): Tensor =>
  ct.mul(wavy(shape, phase, 'float32'), 1 / Math.sqrt(shape[0] ?? 1))

/** The plan of one training step, and its inputs: the leaves of the state, examples, labels. */
const trainingStep = (
  widths: readonly number[],
  batch: number,
  optimizer: optim.GradientTransformation,
): { readonly plan: Plan; readonly inputs: readonly TypedArray[]; readonly leaves: number } => {
  const params = widths.slice(1).map((n, i): Dense => ({ w: small([widths[i] ?? 1, n], i), b: small([n], 10 + i) }))
  const start = { params, optimizer: optimizer.init(params) }
  const step = (state: typeof start, x: Tensor, y: Tensor) => {
    const [value, grads] = ct.valueAndGrad(lossOf)(state.params, x, y)
    const [updates, next] = optimizer.update(grads, state.optimizer, state.params)
    return [{ params: optim.applyUpdates(state.params, updates), optimizer: next }, value]
  }
  const x = wavy([batch, widths[0] ?? 1], 3, 'float32')
  const y = ct.tensor(
    range(0, batch).map(i => (i * 7) % (widths.at(-1) ?? 1)),
    { dtype: 'int32' },
  )
  const leaves = ct.treeLeaves(start)
  return {
    plan: compileProgram(ct.makeProgram(step)(start, x, y), OPTIONS),
    inputs: [...leaves, x, y].map(data),
    leaves: leaves.length,
  }
}

/** Everything that some steps make of the first `leaves` inputs, and the losses. */
const train = async (
  run: Runner,
  inputs: readonly TypedArray[],
  leaves: number,
  steps: number,
): Promise<readonly TypedArray[]> => {
  const losses: TypedArray[] = []
  let state = inputs.slice(0, leaves)
  for (let i = 0; i < steps; i++) {
    const results = await run([...state, ...inputs.slice(leaves)])
    state = results.slice(0, leaves)
    losses.push(...results.slice(leaves))
  }
  return [...state, ...losses]
}

/** The largest distance between elements. */
const farthest = (got: readonly TypedArray[], wanted: readonly TypedArray[]): number => {
  expect(got.map(x => [x.constructor, x.length])).toEqual(wanted.map(x => [x.constructor, x.length]))
  let most = 0
  got.forEach((x, k) => {
    for (let i = 0; i < x.length; i++) most = Math.max(most, distance(x[i] as number, wanted[k]?.[i] as number))
  })
  return most
}

const onGpu = (gpu: Opened, plan: Plan): Runner => runnerOf(gpu, right(lowerPlan(plan)))

const onReference =
  (plan: Plan): Runner =>
  async inputs =>
    runPlan(reference.run, plan, inputs)

// The reference takes minutes for these sizes.
const onEngine =
  (plan: Plan): Runner =>
  async inputs =>
    runPlan(wasm.run, plan, inputs)

const optimizers: readonly (readonly [string, optim.GradientTransformation])[] = [
  ['SGD', optim.sgd({ learningRate: 0.1 })],
  ['momentum', optim.sgd({ learningRate: 0.1, momentum: 0.9 })],
  ['Adam', optim.adam({ learningRate: 0.01 })],
]

const gpus = await contexts()

describe.each(gpus)('in mode $mode', gpu => {
  it.each(optimizers)('three steps of a perceptron with %s agree with the reference', async (_, optimizer) => {
    const { plan, inputs, leaves } = trainingStep([13, 9, 7, 5, 10], 6, optimizer)
    const got = await train(onGpu(gpu, plan), inputs, leaves, 3)
    const wanted = await train(onReference(plan), inputs, leaves, 3)
    expect(wanted.every(x => x.every(Number.isFinite))).toBe(true)
    expect(farthest(got, wanted)).toBeLessThan(FLOAT32)
  })

  it('two steps of 784-500-250-100-10 with SGD agree with the WebAssembly engine', async () => {
    const { plan, inputs, leaves } = trainingStep([784, 500, 250, 100, 10], 64, optim.sgd({ learningRate: 0.1 }))
    const got = await train(onGpu(gpu, plan), inputs, leaves, 2)
    expect(got.at(-1)?.[0]).toBeLessThan(got.at(-2)?.[0] as number)
    expect(farthest(got, await train(onEngine(plan), inputs, leaves, 2))).toBeLessThan(FLOAT32)
  })

  const rows = wavy([4, 3], 0, 'float32')
  const start = wavy([3], 5, 'float32')
  const index = ct.tensor(1, { dtype: 'int32' })
  const programs: readonly (readonly [string, Traced, readonly Tensor[]])[] = [
    ['scan', ct.scan((c: Tensor, x: Tensor) => [ct.tanh(ct.add(c, x)), ct.mul(c, x)] as const), [start, rows]],
    [
      'whileLoop',
      ct.whileLoop(
        (c: Tensor) => ct.lt(ct.sum(c), 50),
        (c: Tensor) => ct.add(ct.square(c), c),
      ),
      [ct.add(ct.abs(start), 1)],
    ],
    [
      'cond',
      (i, x) =>
        ct.cond(
          (v: Tensor) => ct.exp(v),
          (v: Tensor) => ct.neg(v),
        )(ct.gt(i, 0), x),
      [index, start],
    ],
  ]
  it.each(programs)('%s agrees with the reference', async (_, f, args) => {
    const plan = planFor(f, args)
    const got = await onGpu(gpu, plan)(args.map(data))
    expect(farthest(got, await onReference(plan)(args.map(data)))).toBeLessThan(FLOAT32)
  })

  it('whole programs agree with the reference', async () => {
    const property = fc.asyncProperty(wholePrograms({ dtype: 'float32' }), async ({ f, args }) => {
      const plan = withBackend(reference, () => planFor((...xs) => f(...xs), args))
      const inputs = args.map(cellOf)
      const got = await onGpu(gpu, plan)(inputs)
      expect(farthest(got, await onReference(plan)(inputs))).toBeLessThan(FLOAT32)
    })
    await fc.assert(property, { seed: SEED, numRuns: PROGRAMS })
  })
})

it.each(gpus)('in mode $mode int32 wraps as it does elsewhere', async gpu => {
  const x = ct.tensor([4096, 3], { dtype: 'int32' })
  const run = onGpu(
    gpu,
    planFor((a, b) => ct.mul(a, b), [x, x]),
  )
  const product = async (a: readonly number[], b: readonly number[]): Promise<readonly number[]> => [
    ...((await run([Int32Array.from(a), Int32Array.from(b)]))[0] ?? []),
  ]
  expect(await product([4097, 3], [4097, -5])).toEqual([16785409, -15])
  expect(await product([65537, 7], [65539, -(2 ** 31)])).toEqual([262147, -(2 ** 31)])
})

describe('a plan that has no form in gpu.js', () => {
  it('is a Left that names the op', () => {
    const error = left(lowerPlan(planFor(x => ct.qr(x), [ct.ones([3, 3])])))
    expect(error._tag).toBe('RuleError')
    expect(error.message).toMatch(/^qr: backend gpu: qr has no form in gpu\.js/)
  })
})
