/**
 * Curves of scores over epochs, drawn as SVG: a line for the training images, a line with dots for the test images.
 */
import { svg } from './dom.ts'
import type { Point, Scores } from './protocol.ts'

export type Curves = { readonly train: readonly Point[]; readonly test: readonly Point[] }

/** What a chart shows of the scores. */
export type Chart = {
  readonly score: keyof Scores
  readonly title: string
  readonly show: (value: number) => string
  /** The largest value on the axis, of those that there are. */
  readonly top: (values: readonly number[]) => number
}

const [WIDTH, HEIGHT] = [420, 230]
const [LEFT, RIGHT, TOP, BOTTOM] = [46, 12, 12, 34]

/** A step of 1, 2 or 5 times a power of ten, so that there are at most so many steps. */
const niceStep = (range: number, most: number): number => {
  const power = 10 ** Math.floor(Math.log10(range / most))
  return ([1, 2, 5].find(factor => range / (factor * power) <= most) ?? 10) * power
}

const ticks = (end: number, most: number): readonly number[] => {
  const step = niceStep(end, most)
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => i * step)
}

/** Draws into an SVG element, with `epochs` as the end of the axis. */
export const drawChart = (into: SVGSVGElement, chart: Chart, { train, test }: Curves, epochs: number): void => {
  const { score, title, show } = chart
  const top = chart.top([...train, ...test].map(point => point[score]))
  const x = (epoch: number): number => LEFT + (epoch / epochs) * (WIDTH - LEFT - RIGHT)
  const y = (value: number): number => HEIGHT - BOTTOM - (Math.min(value, top) / top) * (HEIGHT - TOP - BOTTOM)
  const path = (points: readonly Point[]): string =>
    points
      .map((point, i) => `${i === 0 ? 'M' : 'L'}${x(point.epoch).toFixed(1)} ${y(point[score]).toFixed(1)}`)
      .join('')
  const across = ticks(top, 5).flatMap(value => [
    svg('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
    svg('text', { class: 'tick', x: LEFT - 8, y: y(value) + 4, 'text-anchor': 'end' }, show(value)),
  ])
  const down = ticks(epochs, 8)
    .filter(Number.isInteger)
    .map(epoch =>
      svg('text', { class: 'tick', x: x(epoch), y: HEIGHT - BOTTOM + 17, 'text-anchor': 'middle' }, String(epoch)),
    )
  const dots = test.map(point => svg('circle', { class: 'test', cx: x(point.epoch), cy: y(point[score]), r: 3 }))
  const last = (name: string, points: readonly Point[]): string => {
    const value = points.at(-1)?.[score]
    return value === undefined ? '' : `; ${name} ${show(value)}`
  }
  into.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`)
  into.setAttribute('aria-label', `${title} over epochs${last('training', train)}${last('test', test)}`)
  into.replaceChildren(
    ...across,
    ...down,
    svg('text', { class: 'tick', x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 3, 'text-anchor': 'middle' }, 'epoch'),
    svg('path', { class: 'train', d: path(train) }),
    svg('path', { class: 'test', d: path(test) }),
    ...dots,
  )
}

export const lossChart: Chart = {
  score: 'loss',
  title: 'Loss',
  show: value => value.toFixed(value < 10 ? 2 : 0).replace(/\.?0+$/, '') || '0',
  top: values => Math.max(1, Math.ceil(Math.max(...values.filter(Number.isFinite), 0) * 2) / 2),
}

export const accuracyChart: Chart = {
  score: 'accuracy',
  title: 'Accuracy',
  show: value => `${Math.round(100 * value)} %`,
  top: () => 1,
}
