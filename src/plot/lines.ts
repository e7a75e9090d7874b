/**
 * Curves: several series over one axis, with bands around them.
 *
 * Layer: plot. What cannot be drawn (NaN, infinities, zero and below on a log axis) is a gap in its line and counted in a note,
 * so that a run that diverged is seen to have done so. Read next: curves.ts, for curves of training.
 */
import { fail, valueError } from '../core/errors.ts'
import { requireList, requireOptions, requireRecord, requireThat } from '../core/options.ts'
import { drawable, extent, type Interval, padded } from './axes.ts'
import { type Chart, notedChart } from './chart.ts'
import { curveSpec, type Row } from './layers.ts'

/** A point of a curve. */
export type Point = readonly [x: number, y: number]

/** A curve under a name; `band` has an interval of y for each point, shaded. */
export type Series = {
  readonly name: string
  readonly points: readonly Point[]
  readonly band?: readonly Interval[]
}

/** How curves are drawn. */
export type LineOptions = {
  readonly title: string
  /** What stands at the axis, with its unit: `time (s)`. */
  readonly x: string
  readonly y: string
  /** Which axes are logarithmic; none by default. */
  readonly log?: 'x' | 'y' | 'xy'
  /** The interval that the axis shows, where not that of the points: what lies outside is cut off. */
  readonly yRange?: Interval
  /** How numbers at the y axis are written, in the notation of d3-format: `.0%` for shares as percents. */
  readonly format?: string
  /** How points are joined: straight, by default, or by steps, each value holding until the next point. */
  readonly join?: 'straight' | 'steps'
  /** What the reader has to know, under the title. */
  readonly notes?: readonly string[]
}

type Axes = { readonly logX: boolean; readonly logY: boolean }

const logsOf = (log: LineOptions['log']): Axes => ({
  logX: log === 'x' || log === 'xy',
  logY: log === 'y' || log === 'xy',
})

const checkSeries = (series: readonly Series[]): void => {
  for (const each of requireList('lineChart', 'series', series)) {
    const { points } = requireRecord('lineChart', 'series { name, points }', each, ['name', 'points'])
    for (const point of requireList('lineChart', 'points', points))
      requireThat('lineChart', 'points [x, y]', point, Array.isArray(point) && point.length === 2)
  }
  if (series.length === 0)
    fail(valueError('lineChart', 'there is no series to draw: give at least one, { name, points }'))
  const names = series.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined)
    fail(valueError('lineChart', `two series are named ${JSON.stringify(twice)}: the legend could not tell them apart`))
  for (const { name, points, band } of series) {
    if (points.length === 0) fail(valueError('lineChart', `series ${JSON.stringify(name)} has no points`))
    if (band !== undefined && band.length !== points.length)
      fail(
        valueError(
          'lineChart',
          `series ${JSON.stringify(name)} has ${points.length} points and ${band.length} intervals in its band`,
        ),
      )
  }
}

const checkRange = (yRange: Interval | undefined, log: boolean): void => {
  if (
    yRange === undefined ||
    (requireList('lineChart', 'yRange', yRange).every(y => drawable(y, log)) && yRange[0] < yRange[1])
  )
    return
  fail(
    valueError(
      'lineChart',
      `yRange must rise between two finite numbers${log ? ' above 0' : ''}, got [${yRange.join(', ')}]`,
    ),
  )
}

const bandAt = (band: Series['band'], i: number, logY: boolean): { readonly low?: number; readonly high?: number } => {
  const [low, high] = band?.[i] ?? [Number.NaN, Number.NaN]
  return Number.isFinite(low) && drawable(high, logY) ? { low, high } : {}
}

/** The points of a curve that can be drawn, in pieces. */
const rowsOf =
  ({ logX, logY }: Axes) =>
  ({ name, points, band }: Series): readonly Row[] => {
    const fits = ([x, y]: Point): boolean => drawable(x, logX) && drawable(y, logY)
    const fitsAt = (i: number): boolean => points[i] !== undefined && fits(points[i])
    let piece = 0
    return points.flatMap((point, i) => {
      if (!fits(point)) {
        piece += 1
        return []
      }
      const [x, y] = point
      return [{ x, y, ...bandAt(band, i, logY), name, piece, lone: !fitsAt(i - 1) && !fitsAt(i + 1) }]
    })
  }

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

const notesOn =
  ({ logX, logY }: Axes) =>
  ({ name, points, band }: Series): readonly string[] => {
    const finite = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
    const bad = points.length - finite.length
    const below = finite.filter(([x, y]) => !drawable(x, logX) || !drawable(y, logY)).length
    const lows = logY ? (band ?? []).filter(([low, high]) => low <= 0 && high > 0).length : 0
    return [
      ...(bad > 0 ? [`${name}: ${count(bad, 'point')} not finite, left out.`] : []),
      ...(below > 0 ? [`${name}: ${count(below, 'point')} not above 0, left out of the log axis.`] : []),
      ...(lows > 0 ? [`${name}: the band reaches 0 or less at ${count(lows, 'point')}, and is cut at the axis.`] : []),
    ]
  }

/** A band as far down as the axis goes. */
const cutAt =
  (bottom: number) =>
  (row: Row): Row =>
    row.low === undefined || row.low > 0 ? row : { ...row, low: bottom }

const domains = (
  options: LineOptions,
  { logX, logY }: Axes,
  rows: readonly Row[],
): { readonly x: Interval; readonly y: Interval } => {
  const ys = rows.flatMap(({ y, low = y, high = y }) => [y, low, high].filter(v => drawable(v, logY)))
  return {
    x: padded(
      extent(
        rows.map(({ x }) => x),
        logX ? [1, 10] : [0, 1],
      ),
      logX,
      0.01,
    ),
    y: options.yRange ?? padded(extent(ys, logY ? [0.1, 1] : [0, 1]), logY, 0.03),
  }
}

/**
 * Curves over a common axis, with a legend above them. Series of up to 30 points show these as dots; the first seven series have
 * colours of their own, later ones the same in dashes.
 *
 * Points that are not finite, or not above 0 on a log axis, are gaps, and a note under the title counts them; a chart of nothing
 * else is an empty frame with that note. Points stay in the order given: sort them by x if they are not.
 * @throws ValueError without a series, for one without points, for two of the same name, for a band of another length than its
 *   points, or for a yRange that does not rise
 * @example
 * const loss = { name: 'sgd', points: [[1, 2.3], [2, 0.9], [3, 0.4]] } as const
 * const chart = lineChart({ title: 'Loss', x: 'epoch', y: 'cross-entropy (nats)', log: 'y', series: [loss] })
 */
export const lineChart = (options: LineOptions & { readonly series: readonly Series[] }): Chart => {
  requireOptions(
    'lineChart',
    options,
    ['title', 'x', 'y', 'log', 'yRange', 'format', 'join', 'notes', 'series'],
    ['title', 'x', 'y', 'series'],
  )

  const { title, series, log, yRange } = options
  const axes = logsOf(log)
  checkSeries(series)
  if (options.notes !== undefined) requireList('lineChart', 'notes', options.notes)
  checkRange(yRange, axes.logY)
  const rows = series.flatMap(rowsOf(axes))
  const domain = domains(options, axes, rows)
  const drawing = { ...options, ...axes, domain, rows: axes.logY ? rows.map(cutAt(domain.y[0])) : rows }
  return notedChart(title, [...(options.notes ?? []), ...series.flatMap(notesOn(axes))], curveSpec(drawing))
}
