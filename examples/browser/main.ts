/**
 * The page: what is chosen goes to the worker, and what that says is shown. Read first: protocol.ts; next: worker.ts.
 */
import { showBars } from './bars.ts'
import { accuracyChart, type Curves, drawChart, lossChart } from './curves.ts'
import { byId, percent } from './dom.ts'
import { asDigit } from './drawing.ts'
import { showMatrix } from './matrix.ts'
import { createPad, showPixels } from './pad.ts'
import type { NetworkName, Place, Plan, Point, Reply, Request } from './protocol.ts'

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
const ask = (request: Request): void => worker.postMessage(request)

const form = byId('plan', HTMLFormElement)
const start = byId('start', HTMLButtonElement)
const stop = byId('stop', HTMLButtonElement)
const progress = byId('progress', HTMLProgressElement)
const status = byId('status', HTMLElement)
const verdict = byId('verdict', HTMLElement)
const seen = byId('seen', HTMLCanvasElement)
const bars = byId('bars', HTMLElement)
const matrix = byId('matrix', HTMLTableElement)

const DIGITS = Array.from({ length: 10 }, (_, digit) => digit)

// ---- training

const nothing: Curves = { train: [], test: [] }
let curves = nothing
let epochs = 5

const planOf = (): Plan => {
  const chosen = new FormData(form)
  const [images = 0, tests = 0] = String(chosen.get('images')).split(' ').map(Number)
  return {
    place: chosen.get('place') as Place,
    network: chosen.get('network') as NetworkName,
    epochs: Number(chosen.get('epochs')),
    images,
    tests,
  }
}

const busy = (is: boolean): void => {
  start.disabled = is
  stop.disabled = !is
  form.classList.toggle('busy', is)
}

const scoresOf = (point: Point): string => `loss ${point.loss.toFixed(3)}, accuracy ${percent(point.accuracy)}`

const showCurves = (): void => {
  drawChart(byId('loss-chart', SVGSVGElement), lossChart, curves, epochs)
  drawChart(byId('accuracy-chart', SVGSVGElement), accuracyChart, curves, epochs)
  const last = curves.test.at(-1)
  byId('loss-now', HTMLOutputElement).value = last === undefined ? '' : last.loss.toFixed(3)
  byId('accuracy-now', HTMLOutputElement).value = last === undefined ? '' : percent(last.accuracy)
}

const showMeasured = (point: Point): void => {
  curves = { ...curves, train: [...curves.train, point] }
  progress.value = point.epoch / epochs
  status.textContent = `Epoch ${Math.ceil(point.epoch)} of ${epochs}: ${scoresOf(point)}`
  showCurves()
}

const showTested = (point: Point, confusion: readonly (readonly number[])[]): void => {
  curves = { ...curves, test: [...curves.test, point] }
  showCurves()
  showMatrix(matrix, confusion)
  classify()
}

form.addEventListener('submit', event => {
  event.preventDefault()
  const plan = planOf()
  epochs = plan.epochs
  curves = nothing
  showCurves()
  progress.removeAttribute('value')
  busy(true)
  ask({ tag: 'train', plan })
})
stop.addEventListener('click', () => ask({ tag: 'stop' }))

// ---- the drawing

/** Whether the worker is classifying, and whether something was drawn since. */
let isAsking = false
let isStale = false

const classify = (): void => {
  isStale = true
  if (isAsking) return
  isStale = false
  const pixels = asDigit(pad.picture())
  showPixels(seen, pixels)
  if (pixels === null) {
    verdict.textContent = 'Nothing has been drawn.'
    showBars(bars, null)
    return
  }
  isAsking = true
  ask({ tag: 'classify', pixels })
}

const showAnswer = (probabilities: readonly number[] | null): void => {
  isAsking = false
  if (isStale) {
    classify()
    return
  }
  showBars(bars, probabilities)
  const best = probabilities === null ? 0 : Math.max(...probabilities)
  verdict.textContent =
    probabilities === null ? 'Train a network first.' : `This is a ${probabilities.indexOf(best)}: ${percent(best)}.`
}

const pad = createPad(byId('pad', HTMLCanvasElement), byId('cursor', HTMLElement), () => classify())
byId('clear', HTMLButtonElement).addEventListener('click', pad.clear)
byId('sample', HTMLButtonElement).addEventListener('click', () => ask({ tag: 'sample' }))

// ---- the worker's replies

const showPlace = (place: Place, available: boolean, about: string): void => {
  byId(`about-${place}`, HTMLElement).textContent = available ? about : `not available: ${about}`
  for (const radio of form.querySelectorAll<HTMLInputElement>(`input[value=${place}]`)) radio.disabled = !available
}

const end = (text: string): void => {
  busy(false)
  progress.value = Math.min(1, progress.position < 0 ? 0 : progress.value)
  status.textContent = text
}

const showEnd = ({ stopped, imagesPerSecond, place }: Extract<Reply, { tag: 'ended' }>): void => {
  const last = curves.test.at(-1)
  const rate = `${Math.round(imagesPerSecond).toLocaleString('en')} images a second (${place})`
  end(`${stopped ? 'Stopped' : 'Trained'}, ${rate}.${last === undefined ? '' : ` Test: ${scoresOf(last)}.`}`)
}

/** Where what was asked for would have been shown. */
const showFailure = (request: Request['tag'], why: string): void => {
  const text = `This failed: ${why}`
  if (request === 'classify') {
    isAsking = false
    verdict.textContent = text
    showBars(bars, null)
  } else if (request === 'sample') verdict.textContent = text
  else {
    end(text)
    classify()
  }
}

type Show = { readonly [Tag in Reply['tag']]: (reply: Extract<Reply, { readonly tag: Tag }>) => void }

const show: Show = {
  place: ({ place, available, about }) => showPlace(place, available, about),
  working: ({ on }) => {
    status.textContent = `${on}…`
  },
  measured: ({ point }) => showMeasured(point),
  tested: ({ point, confusion }) => showTested(point, confusion),
  ended: showEnd,
  failed: ({ request, why }) => showFailure(request, why),
  classified: ({ probabilities }) => showAnswer(probabilities),
  sample: ({ pixels }) => pad.show(pixels),
}

worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => (show[data.tag] as (reply: Reply) => void)(data))
worker.addEventListener('error', event => end(`The worker failed: ${event.message}`))
showCurves()
classify()
showMatrix(
  matrix,
  DIGITS.map(() => DIGITS.map(() => 0)),
)
