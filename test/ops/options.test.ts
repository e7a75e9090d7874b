/**
 * What is no argument of a function: a misspelt option is named, and nothing is an error without a tag.
 */
import { describe, expect, it } from 'vitest'
import { CotangentError } from '../../src/core/errors.ts'
import * as data from '../../src/data/index.ts'
import * as ct from '../../src/index.ts'
import * as nn from '../../src/nn/index.ts'
import { isRegistered } from '../../src/ops/define.ts'
import * as optim from '../../src/optim/index.ts'
import * as random from '../../src/random/index.ts'
import * as train from '../../src/train/index.ts'
import { mistake } from '../support/values.ts'

const x = ct.ones([2, 2])
const { adam, batches, dense, eye, grad, hessian, jacfwd, jit, ones, scan, stopEarly, sum, vmap } = {
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
  ])('%s names what it does not know', (_, call, message) => {
    expect(mistake(call).slice(0, message.length)).toBe(message)
  })

  it('hessian speaks in its own name', () => {
    expect(mistake(() => hessian?.(ct.sin, { argnum: 1 })(x))).toContain('ValueError: hessian: has no option argnum')
  })
})

describe('what is no argument', () => {
  const functions = [...Object.entries(ct), ...Object.entries(random)].filter(
    ([name, f]) => typeof f === 'function' && !/^(CotangentError|isTensor|show\w*|sameProgram|run|toHost)$/.test(name),
  )

  it.each(functions)('is an error with a tag in %s', (_, f) => {
    for (const odd of [{ misspelt: 1 }, null, undefined, 'text', [null], () => null])
      try {
        callAll(f, odd)
      } catch (error) {
        expect(error, String(odd)).toBeInstanceOf(CotangentError)
      }
  })

  const {
    fit: training,
    mse,
    oneCycle,
    keepBest,
    reduceOnPlateau,
    sigmoidCrossEntropy,
  } = {
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
      () => training?.({ epochs: 1, notFinite: 'Stop' }),
      "ValueError: fit: notFinite must be 'stop' or 'continue', got",
    ],
    [
      'grad',
      () => grad?.(ct.sum, { argnums: '0' })(x),
      'ValueError: grad: argnums is a number or a list of numbers, got',
    ],
    ['mse', () => mse?.(x, undefined), 'ValueError: mse: takes tensors, got undefined'],
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
