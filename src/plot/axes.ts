/**
 * Axes: the interval that points cover, ticks on a log axis, and what Vega-Lite is told of both.
 *
 * Layer: plot. Read next: lines.ts.
 */
import { type Spec, textWidth } from './chart.ts'

/** Least and greatest value of an axis. */
export type Interval = readonly [low: number, high: number]

/** The width of the labels at the y axis. */
export const Y_LABELS = 46

/** Whether a number can be drawn: finite, and above 0 on a log axis. */
export const drawable = (x: number, log: boolean): boolean => Number.isFinite(x) && (!log || x > 0)

/** The interval of all values, without spreading them over a stack; the given one where there is none. */
export const extent = (values: readonly number[], otherwise: Interval): Interval =>
  values.length === 0
    ? otherwise
    : values.reduce<Interval>(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, -Infinity])

/** An interval a little larger by a share of its length, so that no point lies on the frame; not below 0 for values that are not. */
export const padded = ([low, high]: Interval, log: boolean, share: number): Interval => {
  if (log) {
    const factor = low === high ? 2 : (high / low) ** share
    return [low / factor, high * factor]
  }
  const by = low === high ? Math.max(Math.abs(low) * 0.1, 1e-6) : (high - low) * share
  return [low >= 0 ? Math.max(0, low - by) : low - by, high + by]
}

const within = ([low, high]: Interval, values: readonly number[]): readonly number[] =>
  values.filter(x => x >= low && x <= high)

/** 10ⁿ as the decimal number it is written as, which `10 ** n` misses for some n below 0. */
const power = (n: number): number => Number(`1e${n}`)

/** 1, 2 or 5 times a power of ten: the first that is no smaller. */
const roundStep = (x: number): number => {
  const decade = power(Math.floor(Math.log10(x)))
  return decade * ([1, 2, 5].find(m => m * decade >= x) ?? 10)
}

/** About so many round numbers in an interval, at even distances. */
export const linearTicks = ([low, high]: Interval, count: number): readonly number[] => {
  const step = roundStep((high - low) / count)
  const first = Math.ceil(low / step)
  const all = Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step)
  return all.map(x => Number(x.toPrecision(12)))
}

/** Where a log axis has its labels: powers of ten; with 2 and 5 times them, or at even distances, where these are too few. */
export const logTicks = (interval: Interval): readonly number[] => {
  const [low, high] = interval.map(Math.log10) as [number, number]
  const decades = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i)
  const every = Math.ceil((high - low) / 8)
  if (high - low >= 4) return within(interval, decades.filter(n => n % every === 0).map(power))
  const steps = within(
    interval,
    decades.flatMap(n => [1, 2, 5].map(m => Number(`${m}e${n}`))),
  )
  if (steps.length >= 4) return steps
  return linearTicks(interval, 5)
}

/** The scale of an axis as Vega-Lite reads it. */
export const scaleOf = (domain: Interval, log: boolean, nice: boolean): Spec =>
  log ? { type: 'log', domain, nice: false } : { type: 'linear', domain, nice, zero: false }

const groupedWidth = (x: number): number => textWidth(String(x)) + 8 * Math.floor(Math.log10(Math.abs(x) + 1) / 3)

/** The x axis as Vega-Lite reads it, with as many labels as have room; whole numbers get no ticks between them. */
export const xAxis = (domain: Interval, log: boolean, whole: boolean, width: number): Spec => {
  if (log) return { values: logTicks(domain), format: ',~g', labelOverlap: 'greedy' }
  const room = Math.max(...domain.map(x => groupedWidth(Number(x.toPrecision(3))))) + 14
  const ticks = linearTicks(domain, Math.min(12, Math.max(2, Math.floor(width / room))))
  return whole
    ? { values: ticks.filter(Number.isInteger), format: ',d', labelOverlap: false }
    : { values: ticks, labelOverlap: false }
}

/** How numbers are written so that they fit beside the y axis: 250k, 5e-4, or as they are. */
const yLabels = (domain: Interval, log: boolean): Spec => {
  if (log) return { labelExpr: "format(datum.value, datum.value < 0.001 || datum.value >= 1e6 ? '.0e' : ',~g')" }
  const greatest = Math.max(...domain.map(Math.abs))
  if (greatest >= 1e5) return { format: '~s' }
  return greatest < 1e-3 ? { format: '~e' } : {}
}

/** The y axis as Vega-Lite reads it, in a column of its own width. */
export const yAxis = (domain: Interval, log: boolean, format: string | undefined): Spec => ({
  ...(log ? { values: logTicks(domain) } : {}),
  ...(format === undefined ? yLabels(domain, log) : { format }),
  minExtent: Y_LABELS,
  maxExtent: Y_LABELS,
})
