/**
 * Curves of training: metrics over epochs, means with deviations over several runs, learning rates over steps.
 *
 * Layer: plot. Each is a `lineChart` of series that are computed here. Read next: confusion.ts.
 */
import { fail, valueError } from '../core/errors.ts'
import { isOptions, requireFunction, requireList, requireOptions, requireThat } from '../core/options.ts'
import type { Interval } from './axes.ts'
import type { Chart } from './chart.ts'
import { type LineOptions, lineChart, type Point, type Series } from './lines.ts'

/** The values of a metric, one after the other (at 1, 2, 3, …), or with the place of each on the x axis. */
export type Curve = readonly number[] | readonly Point[]

/** Options of `lineChart`; x says `epoch` unless it is told otherwise. */
export type CurveOptions = Omit<LineOptions, 'x'> & { readonly x?: string }

const isNumbers = (curve: Curve): curve is readonly number[] => typeof curve[0] === 'number'

const pointsOf = (op: string, curve: Curve): readonly Point[] => {
  requireList(op, 'a curve', curve)
  return isNumbers(curve) ? curve.map((y, i): Point => [i + 1, y]) : curve
}

/** What a record has, by name. */
const entriesOf = <A>(
  op: string,
  what: string,
  named: { readonly [name: string]: A },
): readonly (readonly [string, A])[] =>
  Object.entries(requireThat(op, `a record of ${what} by name`, named, isOptions(named)))

/**
 * One curve for each name: losses or accuracies of training and validation, of several runs, …
 *
 * A curve is an array of numbers, drawn at x = 1, 2, 3, …, or of points `[x, y]` where metrics are not taken at every epoch.
 * @throws ValueError as `lineChart` does: without curves, or for an empty one
 * @example
 * const history = { training: [2.1, 0.8, 0.5], validation: [1.9, 0.9, 0.7] }
 * const chart = learningCurves({ title: 'Loss', y: 'cross-entropy (nats)' })(history)
 */
export const learningCurves = (options: CurveOptions) => {
  requireOptions(
    'learningCurves',
    options,
    ['y', 'title', 'log', 'yRange', 'format', 'join', 'notes', 'x'],
    ['title', 'y'],
  )
  return (curves: { readonly [name: string]: Curve }): Chart =>
    lineChart({
      x: 'epoch',
      ...options,
      series: entriesOf('learningCurves', 'curves', curves).map(([name, curve]) => ({
        name,
        points: pointsOf('learningCurves', curve),
      })),
    })
}

type Moments = { readonly mean: number; readonly deviation: number }

/** Mean and standard deviation, by two passes. */
const momentsOf = (values: readonly number[], correction: number): Moments => {
  const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)
  const mean = sum(values) / values.length
  const squares = sum(values.map(x => (x - mean) ** 2))
  return { mean, deviation: Math.sqrt(squares / Math.max(0, values.length - correction)) }
}

const checkRuns = (name: string, runs: readonly (readonly Point[])[]): void => {
  const first = runs[0] ?? fail(valueError('bandChart', `${JSON.stringify(name)} has no runs`))
  const other = runs.findIndex(run => run.length !== first.length || run.some(([x], i) => x !== first[i]?.[0]))
  if (other >= 0)
    fail(
      valueError(
        'bandChart',
        `run ${other} of ${JSON.stringify(name)} has other points on the x axis than run 0 (${runs[other]?.length} and ${first.length} of them): a mean needs the same ones`,
      ),
    )
}

const bandOf = (name: string, curves: readonly Curve[], correction: number): Series => {
  const runs = requireList('bandChart', `the runs of ${JSON.stringify(name)}`, curves).map(curve =>
    pointsOf('bandChart', curve),
  )
  checkRuns(name, runs)
  const moments = (runs[0] ?? []).map((_, i) =>
    momentsOf(
      runs.map(run => run[i]?.[1] ?? Number.NaN),
      correction,
    ),
  )
  return {
    name,
    points: (runs[0] ?? []).map(([x], i): Point => [x, moments[i]?.mean ?? Number.NaN]),
    band: moments.map(({ mean, deviation }): Interval => [mean - deviation, mean + deviation]),
  }
}

/**
 * The mean over several runs of the same experiment, in a band of one standard deviation to each side. For each name its runs:
 * curves with the same x.
 *
 * The deviation divides by n - `correction`: 0 (the default, as NumPy's `std` and this package's) is the spread of these very
 * runs, 1 the estimate for runs like them; with it, one run alone has no band. Where any run is not finite, so is the mean: a gap
 * that is noted. On a log axis a band that reaches 0 is cut at the axis.
 * @throws ValueError for a name without runs, or with runs that have different x; as `lineChart`
 * @example
 * const runs = { sgd: [[0.9, 0.5, 0.4], [0.8, 0.6, 0.4]], adam: [[0.7, 0.3, 0.2], [0.9, 0.4, 0.3]] }
 * const chart = bandChart({ title: 'Three seeds', y: 'cross-entropy (nats)', correction: 1 })(runs)
 */
export const bandChart = (given: CurveOptions & { readonly correction?: 0 | 1 }) => {
  const { correction = 0, ...options } = requireOptions(
    'bandChart',
    given,
    ['y', 'title', 'log', 'yRange', 'format', 'join', 'notes', 'x', 'correction'],
    ['title', 'y'],
  )
  return (groups: { readonly [name: string]: readonly Curve[] }): Chart => {
    const series = entriesOf('bandChart', 'runs', groups).map(([name, curves]) => bandOf(name, curves, correction))
    const counts = [...new Set(Object.values(groups).map(runs => runs.length))]
    const [count] = counts
    const over = counts.length === 1 ? ` over ${count} runs` : ''
    const meaning = counts.length === 1 && count === 1 ? [] : [`Line and band: mean ± standard deviation${over}.`]
    return lineChart({ x: 'epoch', ...options, notes: [...meaning, ...(options.notes ?? [])], series })
  }
}

/** Options of a chart of schedules. */
export type ScheduleChartOptions = Partial<LineOptions> & {
  /** How many steps are drawn, from 0. */
  readonly steps: number
}

/** A schedule is drawn at so many steps at most. */
const DRAWN = 2000

const stepsTo = (steps: number): readonly number[] => {
  if (!Number.isInteger(steps) || steps < 1)
    return fail(valueError('scheduleChart', `steps must be a whole number of at least 1, got ${steps}`))
  const drawn = Math.min(steps, DRAWN)
  return Array.from({ length: drawn }, (_, i) => (drawn === 1 ? 0 : Math.round((i * (steps - 1)) / (drawn - 1))))
}

/** Points without those that a line of steps passes through anyway: equal to the one before, and not the last. */
const corners = (points: readonly Point[]): readonly Point[] =>
  points.filter(([, y], i) => i === points.length - 1 || y !== points[i - 1]?.[1])

/**
 * Learning rates over the steps 0 to `steps` - 1, for each name a function of the step. Above 2000 steps, 2000 evenly spread
 * ones are drawn.
 * @throws ValueError unless steps is a whole number of at least 1; without schedules
 * @example
 * const chart = scheduleChart({ steps: 20, x: 'epoch' })({ 'time-based decay': epoch => 0.003 / (1 + 0.319 * epoch) })
 */
export const scheduleChart = (given: ScheduleChartOptions) => {
  const { steps, ...options } = requireOptions(
    'scheduleChart',
    given,
    ['title', 'x', 'y', 'log', 'yRange', 'format', 'join', 'notes', 'steps'],
    ['steps'],
  )
  return (schedules: { readonly [name: string]: (step: number) => number }): Chart => {
    const at = stepsTo(steps)
    const thinned = (options.join ?? 'steps') === 'steps' ? corners : (points: readonly Point[]) => points
    return lineChart({
      title: 'Learning rate',
      x: 'step',
      y: 'learning rate',
      join: 'steps',
      ...options,
      series: entriesOf('scheduleChart', 'functions of the step', schedules).map(([name, rate]) => ({
        name,
        points: thinned(at.map((step): Point => [step, requireFunction('scheduleChart', name, rate)(step)])),
      })),
    })
  }
}
