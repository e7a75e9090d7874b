/**
 * How far a loop has come: a bar on a terminal, now and then a line elsewhere. Both go to stderr, which leaves stdout to results.
 *
 * Layer: train. What is shown is made by a pure function; only `progress` writes. The bar is cli-progress, loaded when there is a
 * terminal to draw it on.
 */
import type { Task } from 'fp-ts/lib/Task.js'
import { requireOptions, requireRecord } from '../core/options.ts'

/** How far a loop is: of how many samples, and after how many seconds. */
export type Advance = { readonly done: number; readonly total: number; readonly seconds: number }

const two = (n: number): string => String(n).padStart(2, '0')

/** Seconds as people write them: `0:07`, `12:34`, `1:02:03`; `?` where there is no telling. */
export const showDuration = (seconds: number): string => {
  if (!(seconds >= 0 && seconds < Infinity)) return '?'
  const whole = Math.round(seconds)
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

const grouped = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',')

/**
 * Speed and time in words: `12,345 samples/s, 0:07 left`, at the end `…, took 0:31`. The rest is expected to go at the speed so far.
 */
export const showAdvance = (advance: Advance): string => {
  const { done, total, seconds } = requireRecord(
    'showAdvance',
    'how far a loop is, { done, total, seconds }',
    advance,
    ['done', 'total', 'seconds'],
  )
  const speed = `${done > 0 && seconds > 0 ? grouped(done / seconds) : '?'} samples/s`
  return done < total
    ? `${speed}, ${showDuration((seconds * (total - done)) / done)} left`
    : `${speed}, took ${showDuration(seconds)}`
}

/** Where progress is shown: a stream like `process.stderr`, which is a terminal or not. */
export type ProgressStream = { readonly isTTY?: boolean; write(text: string): unknown }

/** What is counted, and where and how often it is shown. */
export type ProgressOptions = {
  /** Stands in front, such as `epoch 1/3`. */
  readonly label: string
  /** How many samples there are. */
  readonly total: number
  /** `process.stderr` by default, which only Node has. */
  readonly stream?: ProgressStream
  /** Seconds between lines where there is no terminal, 10 by default. */
  readonly interval?: number
  /** The time in milliseconds. */
  readonly now?: () => number
  /** When it began, by that time; at once by default. */
  readonly since?: number
}

/** A display under way. */
export type Progress = {
  /** Shows that so many samples are done, with the figures reached, such as `loss 0.12`. */
  readonly update: (done: number, figures: string) => void
  /** Shows the last state for good. To be called once. */
  readonly stop: () => void
}

type Display = { readonly show: (advance: Advance, text: string) => void; readonly end: () => void }

const bar = async ({ label, total }: ProgressOptions, stream: ProgressStream): Promise<Display> => {
  const { default: cliProgress } = await import('cli-progress')
  // Neither cursor nor line wrapping is switched off: a program that is killed could not switch them on again.
  const look = { format: `${label} {bar} {text}`, barsize: 10, linewrap: true }
  const terminal = { stream: stream as NodeJS.WritableStream }
  const drawn = new cliProgress.SingleBar({ ...look, ...terminal }, cliProgress.Presets.shades_classic)
  drawn.start(total, 0, { text: '' })
  return { show: ({ done }, text) => drawn.update(done, { text }), end: () => drawn.stop() }
}

const lines = ({ label, interval = 10 }: ProgressOptions, stream: ProgressStream): Display => {
  let shown = 0
  let pending: string | null = null
  const write = (): void => {
    if (pending !== null) stream.write(`${pending}\n`)
    pending = null
  }
  return {
    show: ({ done, total, seconds }, text) => {
      pending = `${label}  ${Math.floor((100 * done) / total)} %  ${text}`
      if (seconds - shown < interval) return
      shown = seconds
      write()
    },
    end: write,
  }
}

/**
 * Begins to show progress. On a terminal a bar with figures, samples/s and time left; elsewhere a line every `interval` seconds,
 * and one at the end.
 * @example
 * const bar = await progress({ label: 'epoch 1/3', total: 60_000 })()
 * bar.update(6400, 'loss 0.31')
 * bar.stop()
 */
export const progress = (options: ProgressOptions): Task<Progress> => {
  requireOptions('progress', options, ['label', 'total', 'stream', 'interval', 'now', 'since'], ['label', 'total'])
  return async () => {
    const { total, stream = process.stderr, now = () => performance.now() } = options
    const display = stream.isTTY === true ? await bar(options, stream) : lines(options, stream)
    const start = options.since ?? now()
    return {
      update: (done, figures) => {
        const advance = { done, total, seconds: (now() - start) / 1000 }
        display.show(advance, `${figures}, ${showAdvance(advance)}`)
      },
      stop: display.end,
    }
  }
}
