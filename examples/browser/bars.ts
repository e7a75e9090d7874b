/**
 * Ten bars: how probable it is that each digit was drawn.
 */
import { html, percent } from './dom.ts'

/** Fills a list with the bars; null empties them. */
export const showBars = (list: HTMLElement, probabilities: readonly number[] | null): void => {
  const best = probabilities === null ? -1 : probabilities.indexOf(Math.max(...probabilities))
  const bars = Array.from({ length: 10 }, (_, digit) => {
    const p = probabilities?.[digit] ?? 0
    const value = probabilities === null ? '–' : percent(p)
    const bar = html('span', { class: 'bar', style: `--share: ${p}` })
    return html(
      'li',
      digit === best ? { class: 'best' } : {},
      html('span', { class: 'digit' }, String(digit)),
      bar,
      html('span', { class: 'share' }, value),
    )
  })
  list.replaceChildren(...bars)
}
