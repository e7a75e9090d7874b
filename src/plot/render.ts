/**
 * Drawing: a chart as SVG text, and as the bytes of a PNG file.
 *
 * Layer: plot. The only place that knows how Vega-Lite and resvg are called. Read next: report.ts, write.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TopLevelSpec } from 'vega-lite'
import { fail, messageOf, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { type Chart, headOf, requireChart, type Spec, THEME } from './chart.ts'
import { type PlotError, renderError } from './errors.ts'
import { fontFiles, resvgModule, vegaModules } from './libraries.ts'

const isSpec = (x: unknown): x is Spec => typeof x === 'object' && x !== null && !Array.isArray(x)

/** Two configs, the second of which wins. */
const merged = (a: Spec, b: Spec): Spec => {
  const both = Object.entries(b).map(([key, value]) => [
    key,
    isSpec(value) && isSpec(a[key]) ? merged(a[key], value) : value,
  ])
  return { ...a, ...Object.fromEntries(both) }
}

/** Padding with room for the head, where a drawing does not ask Vega to find room for everything. */
const paddingOf = ({ autosize, padding }: Spec, height: number): Spec =>
  isSpec(autosize) && autosize.type === 'none' && isSpec(padding)
    ? { padding: { ...padding, top: Number(padding.top) + height } }
    : {}

/** The whole spec of a chart, with title, notes and look. */
const fullSpec = ({ title, notes, spec }: Chart): Spec => {
  const { text, subtitle, height } = headOf({ title, notes }, typeof spec.width === 'number' ? spec.width : WIDTH)
  return {
    ...spec,
    ...paddingOf(spec, height),
    title: { text, ...(subtitle.length === 0 ? {} : { subtitle }), ...(isSpec(spec.title) ? spec.title : {}) },
    config: merged(THEME, isSpec(spec.config) ? spec.config : {}),
  }
}

/** Of drawings that do not say theirs, in pixels. */
const WIDTH = 640

/** Vega numbers what it clips by all it has drawn so far; here, by this drawing alone. */
const renumbered = (svg: string): string => {
  const ids = [...new Set([...svg.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id))]
  const rename = (id: string): string => (ids.includes(id) ? `part${ids.indexOf(id)}` : id)
  return svg
    .replace(/ id="([^"]+)"/g, (_, id: string) => ` id="${rename(id)}"`)
    .replace(/url\(#([^)]+)\)/g, (_, id: string) => `url(#${rename(id)})`)
    .replace(/href="#([^"]+)"/g, (_, id: string) => `href="#${rename(id)}"`)
}

/** Complaints of the library are thrown, not printed. */
const strict = {
  level() {
    return strict
  },
  error(...words: readonly unknown[]) {
    throw new Error(words.join(' '))
  },
  warn(...words: readonly unknown[]) {
    throw new Error(words.join(' '))
  },
  info: () => strict,
  debug: () => strict,
}

/**
 * Draws a chart as SVG: text that begins with `<svg`, with all its data inside. The same chart gives the same text.
 *
 * Needs `vega` and `vega-lite` (optional peers, loaded at the first call); runs in Node and in browsers, without DOM or canvas.
 * A LibraryError says what to install; a RenderError what Vega-Lite does not understand.
 * @example
 * const chart = learningCurves({ title: 'Loss', y: 'nats' })({ training: [2, 1, 0.5] })
 * const svg = await toSvg(chart)()
 */
export const toSvg = (chart: Chart): TE.TaskEither<PlotError, string> => {
  requireChart('toSvg', chart)
  return pipe(
    vegaModules,
    TE.chain(({ vega, vegaLite }) =>
      TE.tryCatch(
        async () => {
          const { spec } = vegaLite.compile(fullSpec(chart) as unknown as TopLevelSpec, { logger: strict })
          const view = new vega.View(vega.parse(spec), { renderer: 'none', logger: strict })
          return renumbered(await view.toSVG())
        },
        cause => renderError(chart.title, `Vega-Lite does not draw this chart: ${messageOf(cause)}`),
      ),
    ),
  )
}

/** How a PNG is made. */
export type PngOptions = {
  /** Pixels of the file per pixel of the chart: 2 by default, which is sharp on screens and in print. */
  readonly scale?: number
}

/**
 * Draws a chart as PNG: the bytes of the file, on white, in the font Roboto (what that lacks comes from the system's fonts).
 *
 * Needs `vega`, `vega-lite`, `@resvg/resvg-js` and `@expo-google-fonts/roboto` (optional peers, loaded at the first call), and
 * Node. A LibraryError says what to install; a RenderError what cannot be drawn.
 * @throws ValueError unless scale is positive
 * @example
 * const chart = learningCurves({ title: 'Loss', y: 'nats' })({ training: [2, 1, 0.5] })
 * const bytes = await toPng({ scale: 1 })(chart)()
 */
export const toPng = (options: PngOptions = {}) => {
  const { scale = 2 } = requireOptions('toPng', options, ['scale'])
  return (chart: Chart): TE.TaskEither<PlotError, Uint8Array> => {
    if (!(scale > 0 && scale < Infinity)) return fail(valueError('toPng', `scale must be positive, got ${scale}`))
    return pipe(
      toSvg(chart),
      TE.bindTo('svg'),
      TE.bind('resvg', () => resvgModule),
      TE.bind('fonts', () => TE.fromEither(fontFiles())),
      TE.chainEitherK(({ svg, resvg, fonts }) =>
        E.tryCatch(
          () => {
            const font = { fontFiles: fonts, loadSystemFonts: true, defaultFontFamily: 'Roboto' }
            const fitTo = { mode: 'zoom', value: scale } as const
            const drawing = new resvg.Resvg(svg, { font, fitTo, background: 'white', imageRendering: 1 })
            return new Uint8Array(drawing.render().asPng())
          },
          cause => renderError(chart.title, `resvg does not draw this chart: ${messageOf(cause)}`),
        ),
      ),
    )
  }
}
