import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  type Block,
  confusionChart,
  imageGrid,
  learningCurves,
  lineChart,
  preformatted,
  report,
  reportTable,
  scheduleChart,
  toPng,
  toSvg,
  vegaChart,
  writeChart,
  writeReport,
} from '../../src/plot/index.ts'
import { whyNot } from '../../src/plot/libraries.ts'
import { left, right } from '../support/either.ts'
import { i32, mistake, wavy } from '../support/values.ts'
import { count, drawn, misplaced, textsOf } from './support.ts'

const curves = learningCurves({ title: 'Loss', y: 'nats' })({ training: [2, 1, 0.5], validation: [2, 1.5, 1] })
const charts = [
  curves,
  lineChart({
    title: 'L',
    x: 'x',
    y: 'y',
    yRange: [0, 1],
    series: [
      {
        name: 'a',
        points: [
          [0, 0.5],
          [1, 2],
        ],
      },
    ],
  }),
  scheduleChart({ steps: 50, log: 'y' })({ a: step => 0.9 ** step }),
  confusionChart()(
    i32([
      [5, 1],
      [2, 8],
    ]),
  ),
  imageGrid({ columns: 2 })(wavy([3, 4, 4]), i32([1, 2, 3]), i32([1, 2, 0])),
  vegaChart({ title: 'Bars', notes: ['Two.'] })({
    data: {
      values: [
        { a: 'x', b: 1 },
        { a: 'y', b: 2 },
      ],
    },
    mark: 'bar',
    encoding: { x: { field: 'a', type: 'nominal' }, y: { field: 'b', type: 'quantitative' } },
  }),
]

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('SVG', () => {
  it('is the same text for the same chart, whatever was drawn before', async () => {
    const first = await Promise.all(charts.map(drawn))
    const again: string[] = []
    for (const chart of [...charts].reverse()) again.unshift(await drawn(chart))
    expect(again).toEqual(first)
    expect(count(first[1] ?? '', / id="/g)).toBeGreaterThan(0)
  })

  it('is well formed, and refers to nothing outside', async () => {
    for (const svg of await Promise.all(charts.map(drawn))) {
      expect(svg).toMatch(/^<svg /)
      expect(misplaced(svg)).toEqual([])
      expect(svg.replaceAll(/ xmlns(:\w+)?="[^"]+"/g, '')).not.toMatch(/https?:/)
    }
  })

  it('of a chart of one own spec has its title, its notes, and the look of the others', async () => {
    const svg = await drawn(charts[5] ?? curves)
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['Bars', 'Two.']))
    expect(svg).toContain('font-family="Roboto, ')
  })

  it('long titles and notes go over several lines', async () => {
    const words = Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ')
    const texts = textsOf(await drawn({ ...curves, title: words, notes: [words] }))
    expect(texts.filter(text => text.startsWith('word')).join(' ')).toBe(`${words} ${words}`)
    expect(Math.max(...texts.map(text => text.length))).toBeLessThan(130)
  })

  it('of a spec that Vega-Lite does not understand is a Left', async () => {
    const error = left(await toSvg(vegaChart({ title: 'Odd' })({ mark: 'nonsense', encoding: {} }))())
    expect(error).toMatchObject({ _tag: 'RenderError', source: 'Odd' })
    expect(error.message).toContain('Odd: Vega-Lite does not draw this chart: ')
  })
})

describe('PNG', () => {
  it.each([1, 2])('has its signature, and the size of the SVG times %i', async scale => {
    for (const chart of charts) {
      const bytes = right(await toPng({ scale })(chart)())
      expect([...bytes.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10])
      const [width = 0, height = 0] = (/<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(await drawn(chart)) ?? [])
        .slice(1)
        .map(Number)
      const view = new DataView(bytes.buffer, bytes.byteOffset)
      expect(Math.abs(view.getUint32(16) - width * scale)).toBeLessThan(1)
      expect(Math.abs(view.getUint32(20) - height * scale)).toBeLessThan(1)
    }
  })

  it('is the same for the same chart, and another for another text', async () => {
    const png = async (title: string) => right(await toPng()({ ...curves, title })())
    expect(await png('Loss')).toEqual(await png('Loss'))
    expect(await png('Loss')).not.toEqual(await png('Lots'))
  })

  it('needs a positive scale', () => {
    expect(mistake(() => toPng({ scale: 0 })(curves))).toBe('ValueError: toPng: scale must be positive, got 0')
  })
})

describe('a library that cannot be loaded', () => {
  it('is a Left that says what to install, and why where it is there but does not load', () => {
    const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
    const why = whyNot('vega', 'vega vega-lite')
    expect(why(missing)).toMatchObject({ _tag: 'LibraryError', source: 'vega' })
    expect(why(missing).message).toBe('vega: the package is not installed here: run `npm install vega vega-lite`')
    expect(why(new Error('wrong platform')).message).toBe(
      'vega: cannot be loaded: wrong platform (install it with `npm install vega vega-lite`)',
    )
  })

  it('in a bundle for browsers SVG is drawn, PNG is a Left', async () => {
    const outfile = join(mkdtempSync(join(tmpdir(), 'plot-')), 'bundle.mjs')
    const contents = `
      import { learningCurves, toPng, toSvg, writeChart } from './index.ts'
      const log = console.log
      delete globalThis.process
      const chart = learningCurves({ title: 'Loss', y: 'nats' })({ training: [2, 1] })
      log((await toSvg(chart)()).right.slice(0, 4))
      log((await toPng()(chart)()).left.message)
      log((await writeChart('x.svg')(chart)()).left.message)`
    const built = await build({
      stdin: { contents, resolveDir: resolve(import.meta.dirname, '../../src/plot'), loader: 'js' },
      bundle: true,
      platform: 'browser',
      format: 'esm',
      outfile,
      metafile: true,
      logLevel: 'silent',
    })
    expect(Object.values(built.metafile.outputs).flatMap(({ imports }) => imports)).toEqual([])
    const out = execFileSync(process.execPath, [outfile], { encoding: 'utf8' }).trim().split('\n')
    expect(out).toEqual([
      '<svg',
      '@resvg/resvg-js: does not run in browsers: use toSvg, and draw that on a canvas where you need pixels',
      'x.svg: needs Node: there is no file system here',
    ])
  })
})

describe('a report', () => {
  const table = reportTable({ head: ['run', 'accuracy'], caption: 'Test <set>' })([
    ['a & b', 0.9],
    ['c', '97.1 %'],
  ])
  const blocks: readonly Block[] = [
    'x < y & "z"',
    curves,
    charts[1] ?? curves,
    charts[1] ?? curves,
    table,
    preformatted('a  b\n1  2'),
  ]
  const content = {
    title: 'A <title>',
    sections: [
      { heading: 'One & two', blocks },
      { heading: '', blocks: charts },
    ],
  }

  it('is one file that refers to nothing outside of it', async () => {
    const html = right(await report(content)())
    expect(html).toMatch(/^<!doctype html>/)
    expect(html.replaceAll(/ xmlns(:\w+)?="[^"]+"/g, '')).not.toMatch(
      /https?:|<script|<link|@import|@font-face|url\((?!#)/,
    )
    expect(
      [...html.matchAll(/(?:href|src)="([^"]*)"/g)].filter(([, to = '']) => !/^(#|data:image\/png)/.test(to)),
    ).toEqual([])
  })

  it('is well formed, with text that stays text', async () => {
    const html = right(await report(content)())
    expect(misplaced(html.replace(/<!doctype html>|<meta [^>]*>|<style>[\s\S]*?<\/style>/g, ''))).toEqual([])
    for (const part of [
      '<title>A &lt;title&gt;</title>',
      '<h2>One &amp; two</h2>',
      '<p>x &lt; y &amp; &quot;z&quot;</p>',
      '<caption>Test &lt;set&gt;</caption>',
      '<tr><td>a &amp; b</td><td class="number">0.9</td></tr>',
      '<td class="number">97.1 %</td>',
      '<pre>a  b\n1  2</pre>',
    ])
      expect(html).toContain(part)
    expect(count(html, /<figure/g)).toBe(3 + charts.length)
    expect(html).not.toContain('<h2></h2>')
  })

  it('names no part twice, and refers to no part that is not there', async () => {
    const html = right(await report(content)())
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(ids.length).toBeGreaterThan(1)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [, id] of html.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(id)
  })

  it('is the same text for the same content', async () => {
    expect(right(await report(content)())).toBe(right(await report(content)()))
  })

  it('a row that does not fit its table is an error', () => {
    expect(mistake(() => reportTable({ head: ['a', 'b'] })([[1, 2], [3]]))).toBe(
      'ValueError: reportTable: row 1 has 1 cells under 2 heads',
    )
  })
})

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'charts-'))

  it('are of the kind that their ending says, in folders that are made', async () => {
    const path = (name: string) => join(folder, 'new', 'folder', name)
    for (const name of ['a.svg', 'a.PNG', 'a.html']) right(await writeChart(path(name), { scale: 1 })(curves)())
    expect(readFileSync(path('a.svg'), 'utf8')).toBe(await drawn(curves))
    expect(new Uint8Array(readFileSync(path('a.PNG')))).toEqual(right(await toPng({ scale: 1 })(curves)()))
    expect(readFileSync(path('a.html'), 'utf8')).toContain('<figure')
    const content = { title: 'R', sections: [] }
    right(await writeReport(path('r.html'))(content)())
    expect(readFileSync(path('r.html'), 'utf8')).toBe(right(await report(content)()))
  })

  it('of other endings, or where no file can be, are a Left', async () => {
    expect(left(await writeChart('a.pdf')(curves)())).toMatchObject({
      _tag: 'FileError',
      message: 'a.pdf: charts are written to .svg, .png and .html, not .pdf',
    })
    expect(left(await writeChart('chart')(curves)()).message).toContain('not without ending')
    right(await writeChart(join(folder, 'file.svg'))(curves)())
    const below = join(folder, 'file.svg', 'a.svg')
    const error = left(await writeChart(below)(curves)())
    expect(error).toMatchObject({ _tag: 'FileError', source: below })
    expect(error.message).toContain('cannot be written: ')
  })
})
