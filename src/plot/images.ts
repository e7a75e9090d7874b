/**
 * Sample images in a grid, with labels and predictions under them, right and wrong told apart.
 *
 * Layer: plot. Read next: render.ts, which draws charts.
 */
import { fail, indexError, shapeError, valueError } from '../core/errors.ts'
import { requireList, requireOptions } from '../core/options.ts'
import { dim, showShape } from '../core/shape.ts'
import { data, requireTensor, requireTensors } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { extent, type Interval } from './axes.ts'
import { BLUE, type Chart, framed, notedChart, type Spec, TEXT, textWidth, VERMILION } from './chart.ts'
import { dataUri, type Pixels } from './pixels.ts'

/** How images are shown. */
export type ImageGridOptions = {
  /** Images in a row. */
  readonly columns: number
  readonly title?: string
  /** The names of the classes; their numbers without. */
  readonly names?: readonly string[]
  /** What is black and what is white; the least and greatest value of all images by default. */
  readonly range?: Interval
  /** The longer side of each image, in pixels of the chart: 76 by default. */
  readonly size?: number
}

type Sizes = { readonly n: number; readonly height: number; readonly width: number; readonly channels: 1 | 3 }

const sizesOf = (images: Tensor): Sizes => {
  const { shape } = images
  const [n, height, width] = [0, 1, 2].map(axis => (axis < shape.length ? dim(shape, axis) : 0)) as [
    number,
    number,
    number,
  ]
  const channels = shape.length === 4 ? dim(shape, 3) : 1
  if (shape.length < 3 || shape.length > 4 || (channels !== 1 && channels !== 3))
    return fail(
      shapeError(
        'imageGrid',
        `images are [n,height,width], or with a last axis of 1 or 3 channels; got ${showShape(shape)}`,
      ),
    )
  if (n * height * width === 0) return fail(shapeError('imageGrid', `there is nothing to show in ${showShape(shape)}`))
  return { n, height, width, channels }
}

const classesOf = (
  what: string,
  classes: Tensor,
  n: number,
  names: readonly string[] | undefined,
): readonly string[] => {
  if (classes.shape.length !== 1 || classes.shape[0] !== n)
    return fail(shapeError('imageGrid', `${n} images need ${what} of shape [${n}], got ${showShape(classes.shape)}`))
  return Array.from(data(classes), (c, i) =>
    names === undefined
      ? String(c)
      : (names[c] ??
        fail(indexError('imageGrid', `${what}: ${c} at index ${i} is none of the ${names.length} classes`))),
  )
}

const clamp = (low: number, high: number, x: number): number => Math.min(high, Math.max(low, x))

/** What is not a number is drawn black. */
const greyOf = ([low, high]: Interval, x: number): number =>
  Number.isNaN(x) ? 0 : Math.round(255 * clamp(0, 1, low === high ? 0 : (x - low) / (high - low)))

const pixelsOf = (
  images: Tensor,
  { n, height, width, channels }: Sizes,
  range: Interval | undefined,
): readonly Pixels[] => {
  const values = data(images)
  const finite = Array.from(values).filter(Number.isFinite)
  const interval = range ?? extent(finite, [0, 1])
  const size = height * width * channels
  return Array.from({ length: n }, (_, i) => ({
    height,
    width,
    channels,
    samples: Uint8Array.from(values.subarray(i * size, (i + 1) * size), x => greyOf(interval, x)),
  }))
}

/** What stands under an image: nothing to compare, right, or wrong. */
type Caption = { readonly lines: readonly string[]; readonly wrong: boolean; readonly judged: boolean }

const captionsOf = (labels: readonly string[], predictions: readonly string[] | undefined): readonly Caption[] =>
  labels.map((label, i) => {
    const predicted = predictions?.[i]
    if (predicted === undefined) return { lines: [label], wrong: false, judged: false }
    const wrong = predicted !== label
    return { lines: wrong ? [`× ${predicted}`, `label ${label}`] : [predicted], wrong, judged: true }
  })

const GAP = 14
const LINE = 16

type Layout = {
  readonly columns: number
  readonly stepX: number
  readonly stepY: number
  readonly width: number
  readonly height: number
}

const layoutOf = ({ columns, size = 76 }: ImageGridOptions, sizes: Sizes, captions: readonly Caption[]): Layout => {
  const scale = size / Math.max(sizes.width, sizes.height)
  const [width, height] = [sizes.width * scale, sizes.height * scale]
  const texts = captions.flatMap(({ lines }) => lines).map(line => textWidth(line))
  const lines = Math.max(...captions.map(caption => caption.lines.length))
  const inRow = Math.min(columns, sizes.n)
  return { columns: inRow, stepX: Math.max(width, ...texts) + GAP, stepY: height + lines * LINE + GAP, width, height }
}

const colourOf = ({ judged, wrong }: Caption): string => (wrong ? VERMILION : judged ? BLUE : '#444444')

/** Image i with its place in the grid. */
const rowsOf = (pixels: readonly Pixels[], captions: readonly Caption[], layout: Layout): readonly Spec[] =>
  captions.map((caption, i) => {
    const image = pixels[i]
    const left = (i % layout.columns) * layout.stepX + (layout.stepX - GAP - layout.width) / 2
    const top = Math.floor(i / layout.columns) * layout.stepY
    return {
      url: image === undefined ? '' : dataUri(image),
      left,
      top,
      right: left + layout.width,
      bottom: top + layout.height,
      centre: left + layout.width / 2,
      under: top + layout.height + 6,
      text: caption.lines,
      colour: colourOf(caption),
      stroke: caption.wrong ? 3 : caption.judged ? 1.5 : 1,
      weight: caption.wrong ? 'bold' : 'normal',
    }
  })

/** A position in pixels. */
const at = (field: string): Spec => ({ field, type: 'quantitative', scale: null, axis: null })
const as = (field: string): Spec => ({ field, type: 'nominal', scale: null })

const layersOf = ({ width, height }: Layout): readonly Spec[] => [
  {
    mark: { type: 'image', width, height, align: 'left', baseline: 'top', smooth: false },
    encoding: { x: at('left'), y: at('top'), url: as('url') },
  },
  {
    mark: { type: 'rect', fill: null },
    encoding: {
      x: at('left'),
      x2: { field: 'right' },
      y: at('top'),
      y2: { field: 'bottom' },
      stroke: as('colour'),
      strokeWidth: { field: 'stroke', type: 'quantitative', scale: null },
    },
  },
  {
    mark: {
      type: 'text',
      align: 'center',
      baseline: 'top',
      lineHeight: LINE,
      fontSize: TEXT,
      fontWeight: { expr: 'datum.weight' },
    },
    encoding: { x: at('centre'), y: at('under'), text: { field: 'text' }, color: as('colour') },
  },
]

const summary = (captions: readonly Caption[]): readonly string[] => {
  const wrong = captions.filter(caption => caption.wrong).length
  return captions.some(({ judged }) => judged)
    ? [
        `${captions.length - wrong} of ${captions.length} right; what is wrong is framed in orange, with × and its label.`,
      ]
    : []
}

/**
 * Images in rows of `columns`, under each its label, or with predictions what it was taken for: in blue if that is right; if it
 * is wrong, in a thick orange frame, with a × and the label below.
 *
 * images: [n, height, width] or [n, height, width, channels] with 1 (grey) or 3 (red, green, blue) channels; labels, predictions:
 * [n]. Values from range[0] (black) to range[1] (white), beyond them clipped; NaN is black. Show some tens of images, not thousands:
 * all their pixels are in the chart.
 * @throws ShapeError for images of another form, none at all, or as many labels or predictions as there are not images; IndexError
 *   for a class without a name; ValueError unless columns is a whole number of at least 1 and size is positive
 * @example
 * const chart = imageGrid({ columns: 2, names: ['cat', 'dog'] })(zeros([2, 8, 8]), tensor([0, 1]), tensor([0, 0]))
 */
export const imageGrid = (options: ImageGridOptions) => {
  requireOptions('imageGrid', options, ['columns', 'title', 'names', 'range', 'size'], ['columns'])
  return (images: Tensor, labels: Tensor, predictions?: Tensor): Chart => {
    const { columns, title = 'Samples', names, range, size = 76 } = options
    if (names !== undefined) requireList('imageGrid', 'names', names)
    if (range !== undefined) requireList('imageGrid', 'range', range)
    if (!Number.isInteger(columns) || columns < 1)
      return fail(valueError('imageGrid', `columns must be a whole number of at least 1, got ${columns}`))
    if (!(size > 0 && size < Infinity)) return fail(valueError('imageGrid', `size must be positive, got ${size}`))
    requireTensors('imageGrid', images, labels)
    if (predictions !== undefined) requireTensor('imageGrid', predictions, 'predictions')
    const sizes = sizesOf(images)
    const captions = captionsOf(
      classesOf('labels', labels, sizes.n, names),
      predictions && classesOf('predictions', predictions, sizes.n, names),
    )
    const layout = layoutOf(options, sizes, captions)
    const width = layout.columns * layout.stepX - GAP
    return notedChart(title, summary(captions), {
      width,
      height: Math.ceil(sizes.n / layout.columns) * layout.stepY - GAP,
      ...framed(width, { left: 0, right: 0, top: 12, bottom: 0 }),
      data: { values: rowsOf(pixelsOf(images, sizes, range), captions, layout) },
      layer: layersOf(layout),
    })
  }
}
