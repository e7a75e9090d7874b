/** What well-known programs compile to: how many steps, and which. */
import { describe, expect, it } from 'vitest'
import { reference } from '../../src/backend/reference.ts'
import { compileProgram } from '../../src/compile/compile.ts'
import { runPlan } from '../../src/compile/interpret.ts'
import type { Plan, Run } from '../../src/compile/plan.ts'
import { costOfPlan, showPlan } from '../../src/compile/show.ts'
import { cellOf } from '../../src/core/tensor.ts'
import { treeLeaves } from '../../src/core/tree.ts'
import type { Program } from '../../src/core/types.ts'
import * as C from '../../src/index.ts'
import * as nn from '../../src/nn/index.ts'
import * as optim from '../../src/optim/index.ts'
import * as random from '../../src/random/index.ts'

const runs = (plan: Plan): readonly Run[] => plan.steps.flatMap(step => (step.tag === 'run' ? [step] : []))
const contractions = (plan: Plan): readonly Run[] => runs(plan).filter(({ kernel }) => kernel.tag === 'contract')

const network = (sizes: readonly [number, number, number, number, number]) => {
  const [a, b, c, d, e] = sizes
  return nn.serial(
    nn.dense(a, b),
    nn.activation(C.relu),
    nn.dense(b, c),
    nn.activation(C.relu),
    nn.dense(c, d),
    nn.activation(C.relu),
    nn.dense(d, e),
  )
}

/** One step of training, with everything that it reads as arguments. */
const training = (
  optimizer: optim.GradientTransformation,
  batch: number,
  sizes: readonly [number, number, number, number, number] = [784, 500, 250, 100, 10],
) => {
  const net = network(sizes)
  const { params, state: none } = net.init(random.key(0))
  type Params = typeof params
  const step = (p: Params, s: optim.OptimizerState, x: C.Tensor, y: C.Tensor) => {
    const loss = (q: Params) => nn.softmaxCrossEntropy(net.apply(q, none, x)[0], y)
    const [value, grads] = C.valueAndGrad(loss)(p)
    const [updates, state] = optimizer.update(grads, s, p)
    return [value, optim.applyUpdates(p, updates), state] as const
  }
  const labels = C.mod(C.arange(batch), sizes[4])
  const images = C.sin(C.reshape([batch, sizes[0]])(C.cast('float32')(C.arange(batch * sizes[0]))))
  const args = [params, optimizer.init(params), images, C.cast('int32')(labels)] as const
  const program = (C.makeProgram as (f: unknown) => (...xs: readonly unknown[]) => Program)(step)(...args)
  return { step, args, program }
}

it('the gradient of an elementwise function is one map, which computes each function once', () => {
  const f = (a: C.Tensor, b: C.Tensor, c: C.Tensor) => C.mul(C.tanh(C.add(C.mul(a, b), c)), C.sigmoid(a))
  const total = (a: C.Tensor, b: C.Tensor, c: C.Tensor) => C.sum(f(a, b, c))
  const x = C.ones([100])
  const plan = compileProgram(C.makeProgram(C.grad(total, { argnums: [0, 1, 2] }))(x, x, x))
  expect(plan.steps, showPlan(plan)).toHaveLength(1)
  expect(runs(plan)[0]?.ops.filter(op => op === 'tanh' || op === 'sigmoid')).toHaveLength(2)
})

it('a chain of maps is one map, but what several read as another dtype stays in memory as it is', () => {
  const chain = (x: C.Tensor) => C.neg(C.exp(C.sin(C.mul(x, 2))))
  const x = C.ones([100])
  expect(runs(compileProgram(C.makeProgram(chain)(x))).map(({ ops }) => ops.join(' '))).toEqual(['mul sin exp neg'])
  const f = (x: C.Tensor) => {
    const mask = C.cast('float32')(C.gt(chain(x), 0))
    return [C.sum(C.mul(mask, C.tanh(x))), C.cumsum({ axis: 0 })(mask)]
  }
  const plan = compileProgram(C.makeProgram(f)(x))
  const temporaries = plan.buffers.filter(({ storage }) => storage.tag === 'temporary')
  expect(
    temporaries.map(({ dtype, size }) => `${dtype} ${size}`),
    showPlan(plan),
  ).toEqual(['bool 100'])
})

describe('the training step of a multilayer perceptron', () => {
  const { program } = training(optim.sgd({ learningRate: 0.1 }), 64)
  const plan = compileProgram(program)

  it('is one contraction for each product, with nothing elementwise beside them', () => {
    const text = showPlan(plan)
    expect(contractions(plan), text).toHaveLength(11)
    // The rows of the loss, its gradient and the sums over the batch.
    expect(plan.steps.length, text).toBeLessThanOrEqual(19)
  })

  it('has bias and activation in the forward products, masks and updates in the backward ones', () => {
    const ops = contractions(plan).map(step => step.ops.join(' '))
    expect(ops.slice(0, 3)).toEqual(['contract add relu', 'contract add relu', 'contract add relu'])
    expect(ops.filter(text => text === 'contract mul add')).toHaveLength(4)
    expect(ops.filter(text => text === 'contract gt cast mul')).toHaveLength(3)
  })

  it('needs memory for little more than the activations and their gradients', () => {
    expect(plan.arena).toBeLessThan(2 * 4 * 64 * (500 + 250 + 100 + 10))
    expect(costOfPlan(plan).flops).toBeGreaterThan(150e6)
  })

  it('has momentum, and Adam, in the same contractions', () => {
    const withMomentum = compileProgram(training(optim.sgd({ learningRate: 0.1, momentum: 0.9 }), 64).program)
    const withAdam = compileProgram(training(optim.adam({ learningRate: 0.1 }), 64).program)
    expect(contractions(withMomentum).filter(({ outputs }) => outputs.length === 2)).toHaveLength(4)
    expect(contractions(withAdam).filter(({ outputs }) => outputs.length === 3)).toHaveLength(4)
    expect(withAdam.steps.length).toBeLessThanOrEqual(plan.steps.length + 1)
  })

  it.each([
    ['plain descent', optim.sgd({ learningRate: 0.1 })],
    ['momentum', optim.sgd({ learningRate: 0.1, momentum: 0.9 })],
    ['Adam', optim.adam({ learningRate: 0.01 })],
  ])('computes what it says, with %s', (_, optimizer) => {
    const { step, args, program } = training(optimizer, 3, [5, 4, 3, 4, 3])
    const leaves = (tree: unknown): readonly C.Tensor[] => treeLeaves(tree as C.Tensor) as readonly C.Tensor[]
    const results = runPlan(reference.run, compileProgram(program), leaves(args).map(cellOf))
    leaves(step(...args)).forEach((y, i) => {
      ;[...cellOf(y)].forEach((value, k) => {
        expect(results[i]?.[k]).toBeCloseTo(value, 5)
      })
    })
  })
})
