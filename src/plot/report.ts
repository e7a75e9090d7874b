/**
 * A report: charts, tables and text as one HTML file that needs nothing else.
 *
 * Layer: plot. Read next: write.ts.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, valueError } from '../core/errors.ts'
import { requireList, requireOptions, requireRecord } from '../core/options.ts'
import { type Chart, FONTS } from './chart.ts'
import type { PlotError } from './errors.ts'
import { toSvg } from './render.ts'

/** A table: heads of columns, and rows of as many cells. */
export type Table = {
  readonly kind: 'table'
  readonly head: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
  readonly caption: string
}

/** Text whose spaces and line ends are kept, such as a table that was printed. */
export type Preformatted = { readonly kind: 'preformatted'; readonly text: string }

/** What a section has: charts, tables, preformatted text, and paragraphs, which are strings. */
export type Block = string | Chart | Table | Preformatted

/** A part of a report under a heading; one that is empty is not shown. */
export type Section = { readonly heading: string; readonly blocks: readonly Block[] }

/** A report: a title, and sections. */
export type Report = { readonly title: string; readonly sections: readonly Section[] }

/**
 * A table for a report. Numbers are written as they are, and stand to the right: round them before.
 * @throws ValueError for a row that has another number of cells than the head
 * @example
 * const table = reportTable({ head: ['run', 'accuracy'], caption: 'Test set' })([['sgd', 0.93], ['adam', 0.97]])
 */
export const reportTable = (options: { readonly head: readonly string[]; readonly caption?: string }) => {
  const { head, caption = '' } = requireOptions('reportTable', options, ['head', 'caption'], ['head'])
  requireList('reportTable', 'head', head)
  return (rows: Table['rows']): Table => {
    const odd = requireList('reportTable', 'rows', rows).findIndex(
      row => requireList('reportTable', 'each row', row).length !== head.length,
    )
    return odd < 0
      ? { kind: 'table', head, rows, caption }
      : fail(valueError('reportTable', `row ${odd} has ${rows[odd]?.length} cells under ${head.length} heads`))
  }
}

/**
 * Text in a report as it would be on a terminal.
 * @example
 * const scores = preformatted('class  f1\n    0  0.9')
 */
export const preformatted = (text: string): Preformatted => ({ kind: 'preformatted', text })

const ENTITIES: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string): string => text.replace(/[&<>"]/g, character => ENTITIES[character] ?? character)

const isNumeric = (cell: string | number): boolean => typeof cell === 'number' || /^[-+−]?[\d.,]+( ?%)?$/.test(cell)

const cell = (value: string | number): string =>
  `<td${isNumeric(value) ? ' class="number"' : ''}>${escaped(String(value))}</td>`

const tableHtml = ({ head, rows, caption }: Table): string =>
  [
    '<table>',
    ...(caption === '' ? [] : [`<caption>${escaped(caption)}</caption>`]),
    `<thead><tr>${head.map(h => `<th scope="col">${escaped(h)}</th>`).join('')}</tr></thead>`,
    '<tbody>',
    ...rows.map(row => `<tr>${row.map(cell).join('')}</tr>`),
    '</tbody>',
    '</table>',
  ].join('\n')

/** A drawing with ids that no other drawing of the page has. */
const inlined = (svg: string, id: string): string =>
  svg
    .replace(/ id="([^"]+)"/g, ` id="${id}-$1"`)
    .replace(/url\(#([^)]+)\)/g, `url(#${id}-$1)`)
    .replace(/href="#([^"]+)"/g, `href="#${id}-$1"`)

const figureHtml = (chart: Chart, id: string): TE.TaskEither<PlotError, string> =>
  pipe(
    toSvg(chart),
    TE.map(svg => `<figure role="img" aria-label="${escaped(chart.title)}">${inlined(svg, id)}</figure>`),
  )

const blockHtml =
  (section: number) =>
  (index: number, block: Block): TE.TaskEither<PlotError, string> => {
    if (typeof block === 'string') return TE.right(`<p>${escaped(block)}</p>`)
    switch (block.kind) {
      case 'chart':
        return figureHtml(block, `figure${section}-${index}`)
      case 'table':
        return TE.right(tableHtml(block))
      case 'preformatted':
        return TE.right(`<pre>${escaped(block.text)}</pre>`)
      default:
        return block satisfies never
    }
  }

const sectionHtml = (index: number, { heading, blocks }: Section): TE.TaskEither<PlotError, string> =>
  pipe(
    blocks,
    TE.traverseSeqArrayWithIndex(blockHtml(index)),
    TE.map(parts =>
      ['<section>', ...(heading === '' ? [] : [`<h2>${escaped(heading)}</h2>`]), ...parts, '</section>'].join('\n'),
    ),
  )

const STYLE = `
body { font: 16px/1.5 ${FONTS}; color: #222; background: #fff; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.7rem; line-height: 1.2 } h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem }
figure { margin: 1.2rem 0; overflow-x: auto } figure svg { max-width: 100%; height: auto }
table { border-collapse: collapse; margin: 1.2rem 0; font-size: .92rem } caption { text-align: left; padding: .3rem 0; color: #555 }
th { text-align: left; border-bottom: 2px solid #777 } td { border-bottom: 1px solid #ddd } th, td { padding: .3rem .9rem .3rem 0 }
td.number { font-variant-numeric: tabular-nums } pre { background: #f6f6f6; padding: .8rem 1rem; overflow-x: auto; font-size: .85rem }
@media print { figure, table, pre { break-inside: avoid } }
`

const page = (title: string, body: readonly string[]): string =>
  [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    `<h1>${escaped(title)}</h1>`,
    ...body,
    '</body>',
    '</html>',
    '',
  ].join('\n')

/**
 * A report as the text of one HTML file: headings, paragraphs, tables, and charts as inline SVG. It has no script, and refers to no
 * file, font or address: it can be mailed and archived. The same report gives the same text.
 *
 * Strings are text, not HTML. Needs `vega` and `vega-lite` when there is a chart; a PlotError as of `toSvg`.
 * @example
 * const curves = learningCurves({ title: 'Loss', y: 'nats' })({ training: [2, 1, 0.5] })
 * const html = await report({ title: 'MNIST', sections: [{ heading: 'Training', blocks: ['Three epochs.', curves] }] })()
 */
export const report = (content: Report): TE.TaskEither<PlotError, string> => {
  const { title, sections } = requireRecord('report', 'a report, { title, sections }', content, ['title', 'sections'])
  for (const section of requireList('report', 'sections', sections)) {
    requireRecord('report', 'sections { heading, blocks }', section, ['heading', 'blocks'])
    requireList('report', 'blocks', section.blocks)
  }
  return pipe(
    sections,
    TE.traverseSeqArrayWithIndex(sectionHtml),
    TE.map(body => page(title, body)),
  )
}
