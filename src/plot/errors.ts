/**
 * What can go wrong when a chart is drawn or written: the Left of the writers.
 *
 * Layer: plot. A chart that makes no sense (no series, two of one name) is a programmer's mistake and throws a CotangentError
 * where it is made; what depends on the machine is here. Read next: chart.ts.
 */

/** What kind of failure it was: a library that is not installed, a spec that does not draw, a file that cannot be written. */
export type PlotErrorTag = 'LibraryError' | 'RenderError' | 'FileError'

/** A chart that cannot be drawn: `_tag` names the kind, `source` the library, chart or file; the message opens with it. */
export class PlotError extends Error {
  readonly _tag: PlotErrorTag
  readonly source: string
  constructor(tag: PlotErrorTag, source: string, what: string) {
    super(`${source}: ${what}`)
    this.name = tag
    this._tag = tag
    this.source = source
  }
}

const tagged = (tag: PlotErrorTag) => (source: string, what: string) => new PlotError(tag, source, what)

/** A library that is not installed, or does not run here. */
export const libraryError = tagged('LibraryError')
/** A chart that the library does not draw. */
export const renderError = tagged('RenderError')
/** A file that cannot be written, or whose ending says nothing. */
export const fileError = tagged('FileError')
