/**
 * What is no argument of a function: a misspelt option is named, and nothing is an error without a tag.
 */
import { describe, expect, it } from 'vitest'
import { CotangentError } from '../../src/core/errors.ts'
import * as data from '../../src/data/index.ts'
import * as ct from '../../src/index.ts'
import * as metrics from '../../src/metrics/index.ts'
import * as nn from '../../src/nn/index.ts'
import { isRegistered } from '../../src/ops/define.ts'
import * as optim from '../../src/optim/index.ts'
import * as random from '../../src/random/index.ts'
import * as train from '../../src/train/index.ts'
import { mistake } from '../support/values.ts'

const x = ct.ones([2, 2])
const {
  adam,
  batches,
  checkpoint,
  dense,
  eye,
  grad,
  hessian,
  jacfwd,
  jit,
  minimize,
  ones,
  parseCsv,
  piecewiseConstant,
  scan,
  stopEarly,
  sum,
  tensor,
  vmap,
} = {
  ...ct,
  ...data,
  ...nn,
  ...optim,
  ...train,
} as unknown as {
  readonly [name: string]: (...args: readonly unknown[]) => (...args: readonly unknown[]) => unknown
}

/** Calls a function, and what it gives if that is one. */
const callAll = (f: unknown, first: unknown): void => {
  let y = (f as (x: unknown) => unknown)(first)
  for (let i = 0; i < 2 && typeof y === 'function'; i++) y = y(x, x, x)
}

describe('options', () => {
  const functions = [...Object.entries(ct).filter(([, f]) => isRegistered(f)), ...Object.entries(random)]

  it.each(functions)('that do not exist are no argument of %s', (_, f) => {
    expect(() => callAll(f, { misspelt: 1 })).toThrow(CotangentError)
  })

  it.each<readonly [string, () => unknown, string]>([
    ['sum', () => sum?.({ axes: 0 }), 'ValueError: sum: has no option axes; there are axis, keepDims, as'],
    [
      'flip',
      () => (ct.flip as (x: unknown) => unknown)({ axes: 0 }),
      'ValueError: flip: has no option axes; there is axis',
    ],
    ['ones', () => ones?.([2], { dtypes: 'int32' }), 'ValueError: ones: has no option dtypes; there is dtype'],
    ['eye', () => eye?.(2, { cols: 3 }), 'ValueError: eye: has no option cols; there are columns, offset, dtype'],
    ['grad', () => grad?.(ct.sum, { argnum: 1 })(x), 'ValueError: grad: has no option argnum; there are argnums, aux'],
    [
      'jacfwd',
      () => jacfwd?.(ct.sin, { argnum: 1 })(x),
      'ValueError: jacfwd: has no option argnum; there are argnums, aux',
    ],
    [
      'vmap',
      () => vmap?.(ct.sum, { inAxis: 1 })(x),
      'ValueError: vmap: has no option inAxis; there are inAxes, outAxes',
    ],
    ['jit', () => jit?.(ct.sum, { donated: [0] }), 'ValueError: jit: has no option donated; there are static, donate'],
    [
      'scan',
      () => scan?.(() => [0, 0], { steps: 3 })(0),
      'ValueError: scan: has no option steps; there are length, reverse, unroll',
    ],
    [
      'adam',
      () => adam?.({ learningRate: 0.1, beta1: 0.9 }),
      'ValueError: adam: has no option beta1; there are learningRate, weightDecay, b1, b2, eps, amsgrad, epsRoot',
    ],
    ['adam without any', () => adam?.(), 'ValueError: adam: takes options, got undefined'],
    [
      'dense',
      () => dense?.(3, 4, { activation: 'relu' }),
      'ValueError: dense: has no option activation; there are init, biasInit, bias, dtype',
    ],
    [
      'batches',
      () => batches?.({ batchSize: 2 }),
      'ValueError: batches: has no option batchSize; there are size, dropLast',
    ],
    ['stopEarly', () => stopEarly?.({ monitor: 'loss' }), 'ValueError: stopEarly: has no option monitor; there are'],
    ['null', () => ones?.([2], null), 'ValueError: ones: takes options, got null'],
    [
      'minimize, inside of an option',
      () => minimize?.(ct.sum, { wolfe: { curvatur: 0.5 } }),
      'ValueError: minimize: has no option wolfe.curvatur; there are wolfe.decrease, wolfe.curvature, wolfe.evaluations',
    ],
    [
      'minimize, options that are none',
      () => minimize?.(ct.sum, { wolfe: null }),
      'ValueError: minimize: takes options in wolfe, got null',
    ],
    [
      'checkpoint, inside of an option',
      () => checkpoint?.({ save: () => null, onlyBest: { metrics: 'loss' } }),
      'ValueError: checkpoint: has no option onlyBest.metrics; there are onlyBest.series, onlyBest.metric',
    ],
    [
      'tensor',
      () => tensor?.([1], { dtypes: 'int32' }),
      'ValueError: tensor: has no option dtypes; there are dtype, shape',
    ],
    ['batches without any that it needs', () => batches?.({}), 'ValueError: batches: needs the option size'],
    ['parseCsv', () => parseCsv?.({ header: true }), 'ValueError: parseCsv: needs the option columns'],
    [
      'piecewiseConstant',
      () => piecewiseConstant?.({ rates: [1] }),
      'ValueError: piecewiseConstant: needs the option boundaries',
    ],
  ])('%s names what it does not know', (_, call, message) => {
    expect(mistake(call).slice(0, message.length)).toBe(message)
  })

  it('hessian speaks in its own name', () => {
    expect(mistake(() => hessian?.(ct.sin, { argnum: 1 })(x))).toContain('ValueError: hessian: has no option argnum')
  })
})

// That nothing is an error without a tag: wrong-arguments.test.ts.
describe('what is no argument', () => {
  const {
    accuracy,
    activation,
    evaluate,
    fit: training,
    joinSchedules,
    mse,
    r2,
    rocAuc,
    softmaxCrossEntropy,
    splitRows,
    trainState,
    oneCycle,
    keepBest,
    reduceOnPlateau,
    sigmoidCrossEntropy,
  } = {
    ...data,
    ...metrics,
    ...nn,
    ...optim,
    ...train,
  } as unknown as {
    readonly [name: string]: (...args: readonly unknown[]) => (...args: readonly unknown[]) => unknown
  }
  const column = ct.ones([2, 1])
  const average = optim.ema({ decay: 0.5 })

  it.each([
    [
      'stopEarly',
      () => stopEarly?.({ metric: 'loss', patience: 2, mode: 'Min' }),
      "ValueError: stopEarly: mode must be 'min' or 'max', got",
    ],
    [
      'keepBest',
      () => keepBest?.({ metric: 'a', mode: 'auto' }),
      "ValueError: keepBest: mode must be 'min' or 'max', got",
    ],
    [
      'reduceOnPlateau',
      () => reduceOnPlateau?.({ rate: 1, mode: 'Min' }),
      "ValueError: reduceOnPlateau: mode must be 'min' or 'max', got",
    ],
    [
      'reduceOnPlateau, threshold',
      () => reduceOnPlateau?.({ rate: 1, thresholdMode: 'rel' }),
      "ValueError: reduceOnPlateau: thresholdMode must be 'relative' or 'absolute', got",
    ],
    [
      'oneCycle',
      () => oneCycle?.({ max: 1, steps: 10, anneal: 'cos' }),
      "ValueError: oneCycle: anneal must be 'cosine' or 'linear', got",
    ],
    [
      'fit',
      () => training?.({ step: () => [], epochs: 1, batches: () => [], notFinite: 'Stop' }),
      "ValueError: fit: notFinite must be 'stop' or 'continue', got",
    ],
    [
      'grad',
      () => grad?.(ct.sum, { argnums: '0' })(x),
      'ValueError: grad: argnums is a number or a list of numbers, got',
    ],
    ['mse', () => mse?.(x, undefined), 'ValueError: mse: takes tensors, got undefined'],
    ['mse, weights', () => mse?.({ weights: [1, 2] })(x, x), 'ValueError: mse: weights must be a tensor, got an array'],
    [
      'softmaxCrossEntropy, classWeights',
      () => softmaxCrossEntropy?.({ classWeights: [1, 2] })(x, ct.tensor([0, 1], { dtype: 'int32' })),
      'ValueError: softmaxCrossEntropy: classWeights must be a tensor, got an array',
    ],
    ['accuracy', () => accuracy?.(x), 'ValueError: accuracy: takes tensors, got undefined for argument 1'],
    ['r2', () => r2?.([1], [1]), 'ValueError: r2: takes tensors, got an array for argument 0'],
    ['rocAuc', () => rocAuc?.([0, 1], [0.2, 0.3]), 'ValueError: rocAuc: takes tensors, got an array for argument 0'],
    [
      'a network',
      () => (nn.dense(2, 2).apply as (...args: readonly unknown[]) => unknown)(undefined, [], x),
      'TreeError: apply: the parameters of a network are a list with an entry for each part, got undefined: make them with init',
    ],
    [
      'a network, input',
      () => (nn.dropout(0.5).apply as (...args: readonly unknown[]) => unknown)([[]], [[]], undefined),
      'ValueError: apply: takes a tensor, got undefined',
    ],
    ['dense, init', () => dense?.(3, 2, { init: 'zeros' }), 'ValueError: dense: init must be a function, got "zeros"'],
    ['dense, sizes', () => dense?.(), 'ValueError: dense: sizes are whole numbers of at least 1, got undefined'],
    ['activation', () => activation?.('relu'), 'ValueError: activation: the activation must be a function, got "relu"'],
    [
      'residual',
      () => nn.residual(ct.relu as never),
      'ValueError: residual: what is inside is a function, not a layer: a function becomes one by activation',
    ],
    ['joinSchedules', () => joinSchedules?.(), 'ValueError: joinSchedules: schedules must be a list, got undefined'],
    [
      'accumulate',
      () => optim.accumulate(4, optim.adam as never),
      'ValueError: accumulate: what is to accumulate is a function, not a transformation: call it',
    ],
    [
      'an optimizer',
      () => optim.sgd({ learningRate: 1, momentum: 0.5 }).init(undefined),
      'TreeError: init: params is undefined, not a tensor',
    ],
    [
      'splitRows',
      () => splitRows?.({ key: random.key(0), parts: [0.5] }),
      'ValueError: splitRows: takes parts as a record of sizes, such as { train: 0.8, test: 0.2 }, got an array',
    ],
    [
      'fit, epochs',
      () => training?.({ step: () => [], batches: () => [] }),
      'ValueError: fit: needs the option epochs',
    ],
    [
      'fit, batches',
      () => training?.({ step: () => [], epochs: 1, batches: [x] }),
      'ValueError: fit: batches (of an epoch: epoch => …) must be a function, got an array',
    ],
    [
      'fit, callbacks',
      () => training?.({ step: () => [], epochs: 1, batches: () => [x], callbacks: [train.logMetrics] }),
      'ValueError: fit: callbacks are made by callback, logMetrics and so on, got a function',
    ],
    [
      'trainState',
      () => trainState?.({ optimizer: optim.sgd({ learningRate: 1 }), key: random.key(0) })({ params: x }),
      'ValueError: trainState: takes a model, { params, state }, got an object without state',
    ],
    ['evaluate', () => evaluate?.(undefined), 'ValueError: evaluate: the loss must be a function, got undefined'],
    [
      'log',
      () => train.log('train', { loss: x } as never),
      'ValueError: log: logs numbers, and train.loss is a tensor: read a tensor with item',
    ],
    [
      'tensor, holes',
      () => tensor?.(Object.assign([1], { 2: 2 })),
      'ValueError: tensor: [1] is undefined; a tensor is made of numbers',
    ],
    ['run', () => ct.run(null as never), 'ValueError: run: takes a program, as makeProgram gives it, got null'],
    [
      'posWeight',
      () => sigmoidCrossEntropy?.({ posWeight: column })(ct.ones([2]), ct.ones([2])),
      'ShapeError: sigmoidCrossEntropy: posWeight [2,1] does not broadcast to logits [2]',
    ],
    [
      'ema',
      () => (average.update as (state: unknown, params: unknown) => unknown)(average.init(x), column),
      'ShapeError: ema: the average of a parameter is [2,2], the parameter [2,1]',
    ],
  ])('%s refuses what is none of its values', (_, call, message) => {
    expect(mistake(call).slice(0, message.length)).toBe(message)
  })
})
