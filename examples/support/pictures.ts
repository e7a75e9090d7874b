/**
 * Pictures of an experiment: each chart as SVG and PNG, and all of them with the table in one HTML report. Not part of the library.
 */
import { join } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Block, type Chart, preformatted, writeChart, writeReport } from '../../src/plot/index.ts'

/** A chart under the name of its file, and text to stand with it in the report. */
export type Picture = { readonly name: string; readonly chart: Chart; readonly text?: string }

/** Writes pictures and their report into a folder; nothing for null, which is no folder. */
export const writePictures =
  (folder: string | null, title: string) =>
  (pictures: readonly Picture[]): TE.TaskEither<string, void> => {
    if (folder === null) return TE.right(undefined)
    const sections = pictures.map(({ name, chart, text }) => ({
      heading: name.replaceAll('-', ' '),
      blocks: [chart, ...(text === undefined ? [] : [preformatted(text)])] satisfies readonly Block[],
    }))
    return pipe(
      pictures.flatMap(({ name, chart }) =>
        ['svg', 'png'].map(ending => writeChart(join(folder, `${name}.${ending}`))(chart)),
      ),
      TE.sequenceSeqArray,
      TE.chain(() => writeReport(join(folder, 'report.html'))({ title, sections })),
      TE.mapLeft(error => error.message),
    )
  }
