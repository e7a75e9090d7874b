/**
 * The confusion matrix as a heat map with its counts.
 *
 * Layer: plot. What is right is blue, by share of its class; errors are orange on a logarithmic scale of counts, so that few
 * errors among many right ones are seen. Read next: images.ts.
 */
import { fail, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import type { Tensor } from '../core/types.ts'
import { classNames, countsOf, type NameOptions } from '../metrics/confusion.ts'
import { BLUE, type Chart, framed, notedChart, type Spec, TEXT, textWidth, VERMILION } from './chart.ts'

type Counts = readonly (readonly number[])[]

const checkedCounts = (matrix: Tensor): Counts => {
  const counts = countsOf('confusionChart', matrix)
  const wrong = counts.flat().find(n => !(n >= 0 && n < Infinity))
  if (wrong !== undefined) return fail(valueError('confusionChart', `${wrong} is no count`))
  return counts.length > 0 ? counts : fail(shapeError('confusionChart', 'there are no classes in [0,0]'))
}

const checkedNames = (classes: number, given: readonly string[] | undefined): readonly string[] => {
  const names = classNames('confusionChart', classes, given)
  return new Set(names).size === classes
    ? names
    : fail(valueError('confusionChart', `two classes have the same name: ${names.join(', ')}`))
}

type Rgb = readonly [number, number, number]

const rgbOf = (hex: string): Rgb => [1, 3, 5].map(i => Number.parseInt(hex.slice(i, i + 2), 16)) as unknown as Rgb
const hexOf = (rgb: Rgb): string => `#${rgb.map(v => Math.round(v).toString(16).padStart(2, '0')).join('')}`

const mix = (from: string, to: string, share: number): string => {
  const [a, b] = [rgbOf(from), rgbOf(to)]
  return hexOf(a.map((v, i) => v + share * ((b[i] ?? v) - v)) as unknown as Rgb)
}

/** Relative luminance (WCAG 2), from 0 for black to 1. */
const luminance = (hex: string): number => {
  const [r, g, b] = rgbOf(hex).map(v => (v <= 10 ? v / 3294 : ((v / 255 + 0.055) / 1.055) ** 2.4)) as unknown as Rgb
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** Black or white, whichever has the higher contrast. */
const inkOn = (fill: string): string => (luminance(fill) > 0.179 ? '#000000' : '#ffffff')

const fillOf = (n: number, right: boolean, total: number, worst: number): string => {
  if (n === 0) return '#ffffff'
  return right
    ? mix('#e8f1f8', BLUE, n / total)
    : mix('#fdeadd', VERMILION, worst === 1 ? 0.3 : Math.log(n) / Math.log(worst))
}

const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)

/** Counts as people write them: 12,345. */
const grouped = (n: number): string =>
  Number.isInteger(n) ? String(n).replace(/\B(?=(\d{3})+$)/g, ',') : String(Number(n.toPrecision(3)))

const percent = (part: number, whole: number): string => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`)

type Cell = {
  readonly label: string
  readonly predicted: string
  readonly fill: string
  readonly ink: string
  readonly text: string
}

const cellsOf = (counts: Counts, names: readonly string[]): readonly Cell[] => {
  const worst = Math.max(1, ...counts.map((row, i) => Math.max(0, ...row.filter((_, j) => j !== i))))
  return counts.flatMap((row, i) =>
    row.map((n, j) => {
      const fill = fillOf(n, i === j, sum(row), worst)
      const ink = n === 0 ? '#707070' : inkOn(fill)
      return { label: names[i] ?? '', predicted: names[j] ?? '', fill, ink, text: grouped(n) }
    }),
  )
}

const clamp = (low: number, high: number, x: number): number => Math.min(high, Math.max(low, x))

/** The side of a cell: room for its count, larger for few classes. */
const sideOf = (cells: readonly Cell[], classes: number): number =>
  Math.max(...cells.map(({ text }) => textWidth(text) + 10), clamp(30, 90, 420 / classes))

/** Whether the names of columns are turned, and the room that names of rows and columns take. */
type Labels = { readonly turned: boolean; readonly label: number; readonly predicted: number }

const labelsOf = (names: readonly string[], side: number): Labels => {
  const longest = Math.max(...names.map(name => textWidth(name)))
  const turned = longest > side - 6
  return { turned, label: longest + 8, predicted: turned ? 0.75 * longest + 8 : 20 }
}

/** The axis of labels or predictions. */
const bandAxis = (field: 'label' | 'predicted', names: readonly string[], labels: Labels): Spec => ({
  field,
  type: 'nominal',
  scale: { domain: names, paddingInner: 0.03, paddingOuter: 0 },
  title: field,
  axis: {
    ticks: false,
    domain: false,
    labelLimit: 400,
    labelAngle: 0,
    labelOverlap: false,
    minExtent: labels[field],
    maxExtent: labels[field],
    ...(field === 'predicted' && labels.turned
      ? { labelAngle: -45, labelAlign: 'right', labelBaseline: 'middle' }
      : {}),
  },
})

/** The share of each class that was found, to the right of its row. */
const recalls = (counts: Counts, names: readonly string[], y: Spec, side: number): readonly Spec[] => {
  const values = counts.map((row, i) => ({ label: names[i], recall: percent(row[i] ?? 0, sum(row)) }))
  const x = { value: names.length * side + 10 }
  const text = { type: 'text', align: 'left', fontSize: TEXT, color: '#444444' }
  return [
    { data: { values }, mark: { ...text, baseline: 'middle' }, encoding: { x, y, text: { field: 'recall' } } },
    {
      data: { values: [{}] },
      mark: { ...text, baseline: 'bottom' },
      encoding: { x, y: { value: -4 }, text: { value: 'recall' } },
    },
  ]
}

/**
 * A confusion matrix as a heat map: a row for each label, a column for each prediction, in each cell its count, and the recall of
 * each class beside its row. matrix: [classes, classes] of any dtype, as `confusionMatrix` counts it.
 *
 * The diagonal is blue by the share of its row; errors are orange by the logarithm of their count, from 1 to the most frequent
 * one. Zeros are grey on white. A note has the accuracy. Class names are their numbers without `names`.
 * @throws ShapeError unless the matrix is square and has a class; ValueError unless there is a name for each class, all of them
 *   different, and every count is finite and not negative
 * @example
 * const chart = confusionChart({ names: ['cat', 'dog'] })(tensor([[9, 1], [2, 8]]))
 */
export const confusionChart = (options: NameOptions & { readonly title?: string } = {}) => {
  const { names, title = 'Confusion matrix' } = requireOptions('confusionChart', options, ['names', 'title'])
  return (matrix: Tensor): Chart => {
    const counts = checkedCounts(matrix)
    const classes = checkedNames(counts.length, names)
    const values = cellsOf(counts, classes)
    const side = Math.ceil(sideOf(values, classes.length))
    const width = side * classes.length
    const labels = labelsOf(classes, side)
    const [x, y] = [bandAxis('predicted', classes, labels), bandAxis('label', classes, labels)]
    const [right, all] = [sum(counts.map((row, i) => row[i] ?? 0)), sum(counts.flat())]
    const raw = (field: string): Spec => ({ field, type: 'nominal', scale: null })
    const cell = { type: 'rect', stroke: '#e3e3e3', strokeWidth: 0.5 }
    const spec = {
      width,
      height: width,
      ...framed(width, {
        left: labels.label + 24,
        right: 10 + textWidth('100.0 %'),
        top: 32,
        bottom: labels.predicted + 26,
      }),
      layer: [
        { data: { values }, mark: cell, encoding: { x, y, fill: raw('fill') } },
        {
          data: { values },
          mark: { type: 'text', fontSize: TEXT },
          encoding: { x, y, text: { field: 'text' }, color: raw('ink') },
        },
        ...recalls(counts, classes, y, side),
      ],
    }
    return notedChart(title, [`${grouped(right)} of ${grouped(all)} right (${percent(right, all)}).`], spec)
  }
}
