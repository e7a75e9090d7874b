/**
 * One step of training: a pure function from the state and a batch to the next state and what was measured.
 *
 * Layer: train. The whole state is one tree of tensors, so that it can be compared, saved and resumed from. What the model is does
 * not matter here: a loss is any function of parameters, model state and batch. Read next: fit.ts.
 */
import { describe, fail, treeError, valueError } from '../core/errors.ts'
import { isOptions, requireFunction, requireOptions, requireRecord } from '../core/options.ts'
import { checkPromise } from '../core/program.ts'
import { requireTensor, scalar } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import type { Mode } from '../nn/index.ts'
import { add } from '../ops/elementwise.ts'
import { applyUpdates, type GradientTransformation, type OptimizerState } from '../optim/index.ts'
import { requireTransformation } from '../optim/transformation.ts'
import { foldIn, type Key } from '../random/index.ts'
import { valueAndGrad } from '../transform/grad.ts'

/** What was measured, by name: scalar tensors, each the mean over a batch. */
export type Metrics = { readonly [name: string]: Tensor }

/**
 * A loss: parameters, model state and a batch to a scalar, which is the mean over the batch; and beside it the next model state and
 * other things to measure. With a mode it is that of training, without one that of evaluation.
 */
export type Loss<P, S, B> = (
  params: P,
  state: S,
  batch: B,
  mode?: Mode,
) => readonly [loss: Tensor, aux: { readonly state: S; readonly metrics: Metrics }]

/** A model as `init` makes it: parameters to be learnt, and the state that it keeps beside them, such as running means. */
export type Model<P, S> = { readonly params: P; readonly state: S }

/** All that training goes on from: one tree of tensors. `step` is how many steps were done, int32. */
export type TrainState<P, S> = Model<P, S> & {
  readonly optimizer: OptimizerState
  readonly key: Key
  readonly step: Tensor
}

/** An optimizer, or one for each learning rate: that is a float32 scalar, which `fit` gives anew for each epoch. */
export type RatedOptimizer = GradientTransformation | ((rate: Tensor) => GradientTransformation)

/** A pure step: the next state, and metrics of the batch under the parameters before it. */
export type TrainStep<P, S, B> = (
  state: TrainState<P, S>,
  batch: B,
  rate?: Tensor,
) => readonly [state: TrainState<P, S>, metrics: Metrics]

const optimizerAt = (op: string, optimizer: RatedOptimizer, rate: Tensor | undefined): GradientTransformation => {
  if (typeof optimizer !== 'function') return requireTransformation(op, 'the optimizer', optimizer)
  return rate === undefined
    ? fail(valueError(op, 'the optimizer is a function of the learning rate, and got none: give fit a rate'))
    : requireTransformation(op, 'what the optimizer gives for a rate', optimizer(rate))
}

/** A model, as `init` makes it; anything else is a ValueError. */
export const requireModel = <P, S>(op: string, model: Model<P, S>): Model<P, S> =>
  requireRecord(op, 'a model, { params, state }', model, ['params', 'state'])

/**
 * The state to train from: step 0 of a model, with a key for all that training draws.
 * @example
 * const network = { params: { w: zeros([3, 10]) }, state: [] }
 * const state = trainState({ optimizer: adam({ learningRate: 0.01 }), key: key(1) })(network)
 * item(state.step) // 0
 */
export const trainState = (options: { readonly optimizer: RatedOptimizer; readonly key: Key }) => {
  const { optimizer, key } = requireOptions('trainState', options, ['optimizer', 'key'], ['optimizer', 'key'])
  requireTensor('trainState', key, 'the key')
  return <P, S>(model: Model<P, S>): TrainState<P, S> => {
    const { params, state } = requireModel('trainState', model)
    const entries = optimizerAt('trainState', optimizer, scalar(0)).init(params)
    return { params, state, optimizer: entries, key, step: scalar(0, 'int32') }
  }
}

/** A state to train from, as `trainState` makes it; anything else is a ValueError. */
export const requireTrainState = <P, S>(op: string, state: TrainState<P, S>): TrainState<P, S> =>
  requireRecord(op, 'a state, as trainState makes it', state, ['params', 'state', 'optimizer', 'key', 'step'])

/** What a loss returned, or what it should have. */
export const lossResult = <A>(op: string, y: A): A => {
  const aux = Array.isArray(y) && y.length === 2 ? y[1] : undefined
  if (isOptions(aux) && 'state' in (aux as object) && isOptions((aux as { metrics?: unknown }).metrics ?? {})) return y
  checkPromise(op, y)
  const what = Array.isArray(y) && y.length === 2 ? `[loss, ${describe(y[1])}]` : describe(y)
  return fail(
    treeError(op, `the loss must return [loss, { state, metrics }], got ${what}: a model without state has state []`),
  )
}

/**
 * The step of a loss and an optimizer: gradients in the parameters, the optimizer's updates, the next state.
 *
 * Step number n draws from `foldIn(n)(key)`, n from 0, so that it depends on nothing but the state. The metrics are those of the
 * loss, and `loss` itself unless they have one of that name. Pure and traceable; `fit` compiles it.
 * @throws ValueError when the optimizer is a function and no rate is given
 * @example
 * const loss = ({ w }: { w: Tensor }, state: readonly [], x: Tensor) =>
 *   [mean(square(matmul(x, w))), { state, metrics: {} }] as const
 * const optimizer = sgd({ learningRate: 0.1 })
 * const start = trainState({ optimizer, key: key(0) })({ params: { w: ones([3, 1]) }, state: [] as const })
 * const [next, metrics] = trainStep({ loss, optimizer })(start, inputs)
 * item(next.step) // 1
 */
export const trainStep = <P, S, B>(options: {
  readonly loss: Loss<P, S, B>
  readonly optimizer: RatedOptimizer
}): TrainStep<P, S, B> => {
  const { loss, optimizer } = requireOptions('trainStep', options, ['loss', 'optimizer'], ['loss', 'optimizer'])
  requireFunction('trainStep', 'the loss', loss)
  return (given, batch, rate) => {
    const { params, state, optimizer: old, key, step } = requireTrainState('trainStep', given)
    const mode = { train: foldIn(step)(key) }
    const value = (p: P): readonly [Tensor<readonly []>, { readonly state: S; readonly metrics: Metrics }] =>
      lossResult('trainStep', loss(p, state, batch, mode)) as never
    const [[lossValue, aux], grads] = valueAndGrad(value, { aux: true })(params as never)
    const [updates, next] = optimizerAt('trainStep', optimizer, rate).update(grads as unknown as P, old, params)
    const after = {
      params: applyUpdates(params, updates as never),
      state: aux.state as S,
      optimizer: next,
      key,
      step: add(step, 1),
    }
    return [after, { loss: lossValue as Tensor, ...(aux.metrics as Metrics) }]
  }
}
