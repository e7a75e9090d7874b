/**
 * Charts and reports as files; the only place of this folder that writes.
 *
 * Layer: plot.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { messageOf } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import type { Chart } from './chart.ts'
import { fileError, type PlotError } from './errors.ts'
import { nodeModules } from './libraries.ts'
import { type PngOptions, toPng, toSvg } from './render.ts'
import { type Report, report } from './report.ts'

/** Writes a file, and the folders above it where they are missing. */
const writeTo =
  (path: string) =>
  (content: string | Uint8Array): TE.TaskEither<PlotError, void> =>
    pipe(
      TE.fromEither(nodeModules(path)),
      TE.chain(get =>
        TE.tryCatch(
          async () => {
            const { mkdir, writeFile } = get('node:fs/promises')
            await mkdir(get('node:path').dirname(path), { recursive: true })
            await writeFile(path, content)
          },
          cause => fileError(path, `cannot be written: ${messageOf(cause)}`),
        ),
      ),
    )

const extensionOf = (path: string): string => /\.[^./\\]*$/.exec(path)?.[0].toLowerCase() ?? ''

/**
 * Writes a chart to a file, as its ending says: `.svg`, `.png` (`scale` as in `toPng`), or `.html` (a page with nothing else). Folders
 * that are missing are made; a file that is there is overwritten. Needs Node.
 *
 * A FileError for another ending, or where the file cannot be written; else as `toSvg` and `toPng`.
 * @example
 * const chart = learningCurves({ title: 'Loss', y: 'nats' })({ training: [2, 1, 0.5] })
 * const written = writeChart('loss.png')(chart) // a task: `await written()` writes the file
 */
export const writeChart = (path: string, options: PngOptions = {}) => {
  requireOptions('writeChart', options, ['scale'])
  return (chart: Chart): TE.TaskEither<PlotError, void> => {
    const extension = extensionOf(path)
    switch (extension) {
      case '.svg':
        return pipe(toSvg(chart), TE.chain(writeTo(path)))
      case '.png':
        return pipe(toPng(options)(chart), TE.chain(writeTo(path)))
      case '.html':
        return writeReport(path)({ title: chart.title, sections: [{ heading: '', blocks: [chart] }] })
      default:
        return TE.left(
          fileError(
            path,
            `charts are written to .svg, .png and .html, not ${extension === '' ? 'without ending' : extension}`,
          ),
        )
    }
  }
}

/**
 * Writes a report to an HTML file. Folders that are missing are made; a file that is there is overwritten. Needs Node.
 *
 * A FileError where it cannot be written; else as `report`.
 * @example
 * const written = writeReport('out/report.html')({ title: 'MNIST', sections: [] }) // a task
 */
export const writeReport =
  (path: string) =>
  (content: Report): TE.TaskEither<PlotError, void> =>
    pipe(report(content), TE.chain(writeTo(path)))
