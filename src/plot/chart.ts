/**
 * A chart is a value: a title, notes, and a Vega-Lite spec. Pure functions make it, and the writers of render.ts draw it.
 *
 * Layer: plot. Here is also what all charts share: sizes, fonts, and colours that people with colour blindness tell apart.
 * Read next: lines.ts.
 */
import { isOptions, requireOptions, requireRecord, requireThat } from '../core/options.ts'

/** A part of a Vega-Lite spec: plain JSON. */
export type Spec = { readonly [key: string]: unknown }

/** A drawing that has not been drawn. Two charts are equal if their JSON is. */
export type Chart = {
  readonly kind: 'chart'
  readonly title: string
  /** What the reader has to know, such as how many points were left out; written under the title. */
  readonly notes: readonly string[]
  /** A Vega-Lite spec without title, with its data inside. */
  readonly spec: Spec
}

/** What a text is drawn with: the first family that is there. PNG files have the first one; all are about equally wide. */
export const FONTS = "Roboto, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

/** Of ticks, legends and captions, in pixels. */
export const TEXT = 13

/** Blue and vermilion carry right and wrong; both also differ in lightness. */
export const BLUE = '#0072b2'
/** The colour of what is wrong. */
export const VERMILION = '#d55e00'

/** Colours of Okabe and Ito (2008), without the yellow, which white paper swallows. */
export const PALETTE = [BLUE, VERMILION, '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'] as const

/** Dashes for the series after the first seven, which take the colours again. */
export const DASHES = [
  [1, 0],
  [7, 4],
  [2, 3],
  [9, 3, 2, 3],
] as const

const NARROW = /[ijl.,:;!'|()[\]\sftr\-·]/
const WIDE = /[mwMW@%]/
const LARGE = /[A-Z&]/

/** The width of a letter as a share of the font size, a little above Roboto's. */
const letterWidth = (letter: string): number => {
  if (NARROW.test(letter)) return 0.33
  if (WIDE.test(letter)) return 0.88
  return LARGE.test(letter) ? 0.68 : 0.58
}

/** About the width of a text in pixels; a little more than it takes in Roboto. Letters of other scripts count as broad. */
export const textWidth = (text: string, size = TEXT): number =>
  Math.ceil(size * Array.from(text).reduce((sum, letter) => sum + (letter > '\u2e7f' ? 1 : letterWidth(letter)), 0))

/** A text in lines of at most so many pixels, cut between words. */
const wrapped = (text: string, size: number, width: number): readonly string[] => {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`
    if (lines.length > 0 && textWidth(longer, size) <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

const TITLE = 17
const NOTE = 12

/** Title and notes in lines, and the height of both. */
export type Head = { readonly text: readonly string[]; readonly subtitle: readonly string[]; readonly height: number }

/** Title and notes over a drawing so wide. */
export const headOf = ({ title, notes }: Pick<Chart, 'title' | 'notes'>, drawn: number): Head => {
  const width = Math.max(HEAD, drawn)
  const text = wrapped(title, TITLE, width)
  const subtitle = notes.flatMap(note => wrapped(note, NOTE, width))
  const below = subtitle.length === 0 ? 0 : NOTE_GAP + subtitle.length * (NOTE + 2)
  return { text, subtitle, height: text.length * (TITLE + 2) + below }
}

/** The least width of title and notes. */
const HEAD = 320

/** The padding of a drawing that needs so much around it, and at least the width of its head. */
export const framed = (
  width: number,
  around: { readonly [side in 'left' | 'right' | 'top' | 'bottom']: number },
): Spec => ({
  autosize: { type: 'none' },
  padding: {
    left: MARGIN + around.left,
    right: MARGIN + Math.max(around.right, HEAD - width),
    top: MARGIN + around.top,
    bottom: MARGIN + around.bottom,
  },
})

const NOTE_GAP = 5
/** Around every drawing, in pixels. */
export const MARGIN = 14

const INK = '#222222'
const GRID = '#e3e3e3'

/** The look of all charts, as a Vega-Lite config. */
export const THEME: Spec = {
  font: FONTS,
  background: 'white',
  padding: MARGIN,
  view: { stroke: null },
  title: {
    anchor: 'start',
    frame: 'group',
    fontSize: TITLE,
    fontWeight: 'bold',
    color: INK,
    subtitleColor: '#555555',
    subtitleFontSize: NOTE,
    subtitlePadding: NOTE_GAP,
    offset: 12,
  },
  axis: {
    domainColor: '#777777',
    gridColor: GRID,
    tickColor: '#777777',
    labelColor: INK,
    labelFontSize: TEXT,
    labelPadding: 5,
    titleColor: INK,
    titleFontSize: 14,
    titleFontWeight: 'normal',
    titlePadding: 10,
  },
  legend: { labelColor: INK, labelFontSize: TEXT, labelLimit: 600, titleColor: INK, titleFontSize: TEXT },
}

/** A chart that has something to say besides its drawing. */
export const notedChart = (title: string, notes: readonly string[], spec: Spec): Chart => ({
  kind: 'chart',
  title,
  notes,
  spec,
})

/**
 * A chart of your own, from a Vega-Lite spec (https://vega.github.io/vega-lite/docs/) that holds its data. It gets the fonts,
 * colours and background of the other charts wherever it does not say otherwise.
 *
 * A spec that Vega-Lite does not understand is a RenderError when the chart is drawn.
 * @example
 * const points = { data: { values: [{ x: 1, y: 2 }] }, mark: 'point', encoding: { x: { field: 'x' }, y: { field: 'y' } } }
 * const chart = vegaChart({ title: 'Points' })(points)
 */
export const vegaChart = (options: { readonly title: string; readonly notes?: readonly string[] }) => {
  const { title, notes = [] } = requireOptions('vegaChart', options, ['title', 'notes'], ['title'])
  return (spec: Spec): Chart =>
    notedChart(title, notes, requireThat('vegaChart', 'a Vega-Lite spec', spec, isOptions(spec)))
}

/** A chart; anything else is a ValueError. */
export const requireChart = (op: string, chart: Chart): Chart =>
  requireRecord(op, 'a chart, as lineChart and its like make it', chart, ['title', 'spec'])
