/**
 * The confusion matrix as a table: a row for each digit as it was, a column for each as it was taken. What is right is in one
 * colour, what is wrong in another, and the fuller the colour, the more of the row it is.
 */
import { html } from './dom.ts'

const cell = (count: number, total: number, isRight: boolean): HTMLTableCellElement => {
  const share = total === 0 ? 0 : count / total
  // A few errors among hundreds of images should still be seen.
  const shade = isRight ? share : Math.sqrt(share)
  return html(
    'td',
    { class: isRight ? 'right' : 'wrong', style: `--share: ${shade.toFixed(3)}` },
    count === 0 ? '' : String(count),
  )
}

/** Fills a table. */
export const showMatrix = (table: HTMLTableElement, confusion: readonly (readonly number[])[]): void => {
  const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)
  const total = sum(confusion.flat())
  const wrong = total - sum(confusion.map((row, i) => row[i] ?? 0))
  const head = (text: string, scope: string): HTMLElement => html('th', { scope }, text)
  const rows = confusion.map((row, label) =>
    html('tr', {}, head(String(label), 'row'), ...row.map((n, i) => cell(n, sum(row), i === label))),
  )
  table.replaceChildren(
    html(
      'caption',
      {},
      `${total.toLocaleString('en')} test images, ${wrong.toLocaleString('en')} of them taken for another digit.`,
    ),
    html('thead', {}, html('tr', {}, html('td'), ...confusion.map((_, i) => head(String(i), 'col')))),
    html('tbody', {}, ...rows),
  )
}
