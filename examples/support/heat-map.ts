/**
 * Shares by two things that were varied: as a heat map, where darker is better, and as text. Not part of the library.
 */
import { type Chart, vegaChart } from '../../src/plot/index.ts'

/** One cell: the names of its row and column, and a share from 0 to 1. */
export type Cell = { readonly row: string; readonly column: string; readonly share: number }

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

type HeatMap = {
  readonly title: string
  readonly rows: string
  readonly columns: string
  readonly notes: readonly string[]
}

/** In pixels. */
const CELL = { width: 94, height: 45 }
const LETTER = 7.5

/** Cells in the order of their rows and columns. */
export const heatMap =
  ({ title, rows, columns, notes }: HeatMap) =>
  (cells: readonly Cell[]): Chart => {
    const shares = cells.map(({ share }) => share)
    const [low, high] = [Math.min(...shares), Math.max(...shares)]
    const countIn = (part: 'row' | 'column'): number => new Set(cells.map(cell => cell[part])).size
    const values = cells.map(cell => ({ ...cell, text: percent(cell.share) }))
    const extent = 10 + LETTER * Math.max(...cells.map(({ row }) => row.length))
    const axis = { ticks: false, domain: false, labelAngle: 0, labelLimit: 300 }
    const x = { field: 'column', type: 'nominal', sort: null, title: columns, axis }
    const y = {
      field: 'row',
      type: 'nominal',
      sort: null,
      title: rows,
      axis: { ...axis, minExtent: extent, maxExtent: extent },
    }
    const scale = { domain: [low, high], range: ['#eef5fa', '#0072b2'] }
    const ink = { condition: { test: `datum.share > ${(low + 2 * high) / 3}`, value: '#ffffff' }, value: '#222222' }
    return vegaChart({ title, notes })({
      data: { values },
      autosize: { type: 'none' },
      padding: { left: extent + 42, right: 14, top: 24, bottom: 62 },
      width: CELL.width * countIn('column'),
      height: CELL.height * countIn('row'),
      layer: [
        { mark: 'rect', encoding: { x, y, color: { field: 'share', type: 'quantitative', scale, legend: null } } },
        { mark: { type: 'text', fontSize: 13 }, encoding: { x, y, text: { field: 'text' }, color: ink } },
      ],
    })
  }

/** Cells as text, a line for each row; `corner` stands over the names of rows. */
export const showCells =
  (corner: string) =>
  (cells: readonly Cell[]): string => {
    const columns = [...new Set(cells.map(({ column }) => column))]
    const rows = [...new Set(cells.map(({ row }) => row))]
    const width = Math.max(corner.length, ...rows.map(row => row.length))
    const line = (head: string, texts: readonly string[]): string =>
      [head.padEnd(width), ...texts.map(text => text.padStart(8))].join('')
    const shares = (row: string): readonly string[] =>
      cells.filter(cell => cell.row === row).map(({ share }) => percent(share))
    return [line(corner, columns), ...rows.map(row => line(row, shares(row)))].join('\n')
  }
