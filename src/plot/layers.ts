/**
 * The drawing of curves: where legend, frame and axes stand, and the layers from bands to dots.
 *
 * Layer: plot. Everything has its place here instead of where Vega would find room for it: without a canvas Vega only guesses how
 * wide texts are, half as much again as they turn out. Read next: lines.ts, which decides what is drawn.
 */
import { type Interval, scaleOf, xAxis, Y_LABELS, yAxis } from './axes.ts'
import { DASHES, framed, MARGIN, PALETTE, type Spec, TEXT, textWidth } from './chart.ts'

/** A point to draw. A piece is a part of a curve without gaps, numbered; a lone point is a piece of its own. */
export type Row = {
  readonly x: number
  readonly y: number
  readonly low?: number
  readonly high?: number
  readonly name: string
  readonly piece: number
  readonly lone: boolean
}

/** What is drawn, checked. */
export type Drawing = {
  readonly x: string
  readonly y: string
  readonly logX: boolean
  readonly logY: boolean
  readonly domain: { readonly x: Interval; readonly y: Interval }
  readonly yRange?: Interval
  readonly format?: string
  readonly join?: 'straight' | 'steps'
  readonly series: readonly { readonly name: string; readonly points: readonly unknown[]; readonly band?: unknown }[]
  readonly rows: readonly Row[]
}

/** All sizes in pixels: what is left and right of the frame, the frame, and what is under it. */
const LEFT = Y_LABELS + 36
const RIGHT = 10
const UNDER = 46
const FRAME = { width: 720 - 2 * MARGIN - LEFT - RIGHT, height: 296 }

/** A line of the legend is so high, and its sample of the line so long. */
const LEGEND = 21
const SAMPLE = 24

/** Series up to this length show their points as well. */
const FEW = 30

const colourAt = (i: number): string => PALETTE[i % PALETTE.length] ?? ''
const dashAt = (i: number): readonly number[] => DASHES[Math.floor(i / PALETTE.length) % DASHES.length] ?? []

type Entry = {
  readonly name: string
  readonly left: number
  readonly top: number
  readonly colour: string
  readonly dash: readonly number[]
}

/** The legend in columns above the frame, its lines filled from the left. */
const entriesOf = (names: readonly string[]): { readonly entries: readonly Entry[]; readonly height: number } => {
  const widest = Math.max(...names.map(name => textWidth(name))) + SAMPLE + 26
  const most = Math.max(1, Math.min(names.length, Math.floor((FRAME.width + 20) / widest)))
  const lines = Math.ceil(names.length / most)
  const columns = Math.ceil(names.length / lines)
  const height = lines * LEGEND + 8
  const entries = names.map((name, i) => ({
    name,
    left: (i % columns) * widest,
    top: Math.floor(i / columns) * LEGEND - height + LEGEND / 2,
    colour: colourAt(i),
    dash: dashAt(i),
  }))
  return { entries, height }
}

/** A property of a mark that each of its data has. */
const own = (property: string): Spec => ({ expr: `datum.${property}` })

const legendLayers = (entries: readonly Entry[]): readonly Spec[] => {
  const line = {
    type: 'point',
    shape: 'stroke',
    size: SAMPLE ** 2,
    x: { expr: `datum.left + ${SAMPLE / 2}` },
    y: own('top'),
  }
  const text = {
    type: 'text',
    x: { expr: `datum.left + ${SAMPLE + 6}` },
    y: own('top'),
    align: 'left',
    baseline: 'middle',
  }
  const look = { stroke: own('colour'), strokeDash: own('dash'), strokeWidth: 2.5, opacity: 1 }
  return [
    { data: { values: entries }, mark: { ...line, ...look }, encoding: {} },
    {
      data: { values: entries },
      mark: { ...text, fontSize: TEXT, fill: '#222222' },
      encoding: { text: { field: 'name' } },
    },
  ]
}

/** A scale by name that has no legend of Vega's. */
const byName = (names: readonly string[], range: readonly unknown[]): Spec => ({
  field: 'name',
  type: 'nominal',
  scale: { domain: names, range },
  legend: null,
})

const curveLayers = ({ series, join }: Drawing, x: Spec, y: Spec): readonly Spec[] => {
  const names = series.map(({ name }) => name)
  const color = byName(
    names,
    names.map((_, i) => colourAt(i)),
  )
  const strokeDash = byName(
    names,
    names.map((_, i) => dashAt(i)),
  )
  const encoding = { x, y: { ...y, field: 'y' }, color, detail: { field: 'piece', type: 'nominal' } }
  const interpolate = join === 'steps' ? { interpolate: 'step-after' } : {}
  const few = series.every(({ points }) => points.length <= FEW)
  const band = {
    transform: [{ filter: 'isValid(datum.low)' }],
    mark: { type: 'area', clip: true, opacity: 0.22, ...interpolate },
    encoding: { ...encoding, y: { ...y, field: 'low' }, y2: { field: 'high' } },
  }
  const line = {
    mark: { type: 'line', clip: true, strokeWidth: 2.2, strokeJoin: 'round', ...interpolate },
    encoding: { ...encoding, ...(names.length > PALETTE.length ? { strokeDash } : {}) },
  }
  const dots = {
    ...(few ? {} : { transform: [{ filter: 'datum.lone' }] }),
    mark: { type: 'point', clip: true, filled: true, size: 34, opacity: 1 },
    encoding,
  }
  return [...(series.some(s => s.band !== undefined) ? [band] : []), line, dots]
}

/** The axes, as Vega-Lite reads them. */
const positions = ({
  domain,
  logX,
  logY,
  rows,
  format,
  yRange,
  ...titles
}: Drawing): { readonly x: Spec; readonly y: Spec } => ({
  x: {
    field: 'x',
    type: 'quantitative',
    title: titles.x,
    scale: scaleOf(domain.x, logX, false),
    axis: xAxis(
      domain.x,
      logX,
      rows.every(({ x }) => Number.isInteger(x)),
      FRAME.width,
    ),
  },
  y: {
    type: 'quantitative',
    title: titles.y,
    scale: scaleOf(domain.y, logY, yRange === undefined),
    axis: yAxis(domain.y, logY, format),
  },
})

/** The Vega-Lite spec of curves; under the title, which is not counted, it is 720 pixels wide and some 420 high. */
export const curveSpec = (drawing: Drawing): Spec => {
  const { x, y } = positions(drawing)
  const { entries, height } = entriesOf(drawing.series.map(({ name }) => name))
  return {
    ...FRAME,
    ...framed(FRAME.width, { left: LEFT, right: RIGHT, top: height + 8, bottom: UNDER }),
    title: { offset: 10 },
    data: { values: drawing.rows },
    layer: [...curveLayers(drawing, x, y), ...legendLayers(entries)],
  }
}
