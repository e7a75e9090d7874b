import { describe, expect, it } from 'vitest'
import { item, jit, scalar, type Tensor, tensor } from '../../src/index.ts'
import { type PlateauOptions, type PlateauState, reduceOnPlateau, sgd } from '../../src/optim/index.ts'
import { plain } from '../support/plain.ts'
import { mistake } from '../support/values.ts'
import { plateaus } from './torch.ts'

type TorchOptions = {
  readonly patience: number
  readonly mode?: 'min' | 'max'
  readonly factor?: number
  readonly min_lr?: number
  readonly cooldown?: number
  readonly threshold?: number
  readonly threshold_mode?: 'abs'
}
const optionsOf = ({ min_lr, threshold_mode, ...same }: TorchOptions): PlateauOptions => ({
  rate: 1,
  ...same,
  ...(min_lr === undefined ? {} : { min: min_lr }),
  ...(threshold_mode === undefined ? {} : { thresholdMode: 'absolute' }),
})

/** The state after each metric. */
const course = (
  update: (state: PlateauState, metric: Tensor) => PlateauState,
  init: PlateauState,
  metrics: readonly number[],
): readonly PlateauState[] => {
  let state = init
  return metrics.map(metric => {
    state = update(state, scalar(metric, 'float64'))
    return state
  })
}

describe.each(plateaus.map(({ options, metrics, rates }) => ({ options, metrics, rates })))(
  'reduceOnPlateau with $options',
  ({ options, metrics, rates }) => {
    const { init, update, rate } = reduceOnPlateau(optionsOf(options))

    it('has the rates of PyTorch', () => {
      const found = course(update, init, metrics).map(state => item(rate(state)))
      found.forEach((r, i) => {
        expect(r).toBeCloseTo(rates[i] ?? Number.NaN, 14)
      })
      expect(found.length).toBe(rates.length)
    })
    it('is the same when compiled, with one type of state for all updates', () => {
      const states = course(jit(update), init, metrics)
      expect(plain(states)).toEqual(plain(course(update, init, metrics)))
    })
  },
)

describe('a metric', () => {
  const { init, update } = reduceOnPlateau({ rate: 1, patience: 0, factor: 0.5 })
  it('may be a number or a float32 scalar', () => {
    expect(plain(update(init, 2))).toEqual(plain(update(init, scalar(2))))
  })
  it('that is NaN is no better, however often', () => {
    const states = course(update, init, [3, Number.NaN, Number.NaN, 2])
    expect(states.map(({ rate, best }) => [item(rate), item(best)])).toEqual([
      [1, 3],
      [0.5, 3],
      [0.25, 3],
      [0.25, 2],
    ])
  })
  it('is one number, and options have their ranges', () => {
    expect(mistake(() => update(init, tensor([1, 2])))).toBe(
      'ValueError: reduceOnPlateau: the metric must be one number, got shape [2]',
    )
    expect(mistake(() => reduceOnPlateau({ rate: 1, factor: 1 }))).toBe(
      'ValueError: reduceOnPlateau: factor must be at least 0 and below 1, got 1',
    )
    expect(mistake(() => reduceOnPlateau({ rate: 1, patience: -1 }))).toBe(
      'ValueError: reduceOnPlateau: patience must be a whole number of at least 0, got -1',
    )
  })
})

it('the rate serves as a learning rate for float32', () => {
  const { init, rate } = reduceOnPlateau({ rate: 0.5 })
  const optimizer = sgd({ learningRate: rate(init) })
  expect(item(optimizer.update(scalar(3), optimizer.init(scalar(0)), scalar(0))[0])).toBe(-1.5)
})
