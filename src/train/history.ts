/**
 * What was logged while training: a list of entries, which is plain JSON.
 *
 * Layer: train.
 */
import { isOptions, requireList, requireOptions, requireThat } from '../core/options.ts'

/** Numbers by name, such as `{ loss: 0.12, accuracy: 0.97 }`. */
export type Values = { readonly [name: string]: number }

/**
 * Values at a moment of training. `series` says what they are of: `train`, `validation`, … `step` is how many steps were done, and
 * `epoch` the number, from 0, of the epoch that the latest of them belongs to.
 */
export type Entry = { readonly series: string; readonly step: number; readonly epoch: number; readonly values: Values }

/** Entries in the order they were logged. */
export type History = readonly Entry[]

/** What to look at in a history: a value of a series. */
export type Monitor = { readonly series?: string; readonly metric: string }

/** A value of a series over time. */
export type Point = { readonly step: number; readonly epoch: number; readonly value: number }

/**
 * One value of a series (`train` by default) over time, for curves.
 * @example
 * const history = [{ series: 'train', step: 10, epoch: 0, values: { loss: 0.5 } }]
 * pointsOf({ metric: 'loss' })(history).map(({ value }) => value) // [0.5]
 */
export const pointsOf = (options: Monitor) => {
  const { series = 'train', metric } = requireOptions('pointsOf', options, ['series', 'metric'], ['metric'])
  return (history: History): readonly Point[] =>
    requireList('pointsOf', 'the history', history).flatMap(entry => {
      const value = entry.series === series ? entry.values[metric] : undefined
      return value === undefined ? [] : [{ step: entry.step, epoch: entry.epoch, value }]
    })
}

/** Values in words: `loss 0.1234, accuracy 0.9712`. */
export const showValues = (values: Values): string =>
  Object.entries(requireThat('showValues', 'a record of numbers', values, isOptions(values)))
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join(', ')
