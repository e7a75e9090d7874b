/**
 * How worker threads are started: by node:worker_threads where it exists, else as Web Workers.
 *
 * Layer: backend. Node's modules are looked up at run time, so that bundles for browsers contain no import of them. Read next:
 * worker.ts, what is started here.
 */
import { type WorkerStart, workerSource } from './worker.ts'

/** Ends a worker; resolves when it has ended. */
export type Terminate = () => Promise<void>

/** Starts a worker without waiting for it. Calls `gone`, later, if it fails or ends. Throws where no worker can be made. */
export type StartWorker = (start: WorkerStart, gone: (why: string) => void) => Terminate

const node = () => globalThis.process?.getBuiltinModule?.('node:worker_threads')

const startInNode: StartWorker = (start, gone) => {
  const threads = node()
  if (threads === undefined) throw new Error('no worker_threads')
  // Without its options, a worker of a process run through a loader would load that as well.
  const worker = new threads.Worker(workerSource, { eval: true, workerData: start, execArgv: [], name: 'cotangent' })
  worker.unref()
  worker.on('error', error => gone(error.message))
  worker.on('exit', () => gone('it ended'))
  return async () => {
    await worker.terminate()
  }
}

/** Of a Web Worker what is used. */
type WebWorker = {
  readonly postMessage: (message: unknown) => void
  readonly terminate: () => void
  onerror: ((event: { readonly message?: string }) => void) | null
}
type Browser = {
  readonly Worker?: new (url: string, options: { readonly name: string }) => WebWorker
  readonly crossOriginIsolated?: boolean
}
const browser = globalThis as Browser

const startInBrowser: StartWorker = (start, gone) => {
  if (browser.Worker === undefined) throw new Error('no Worker')
  const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }))
  const worker = new browser.Worker(url, { name: 'cotangent' })
  worker.onerror = event => gone(event.message ?? 'its script was not allowed to run')
  worker.postMessage(start)
  return async () => {
    worker.terminate()
    URL.revokeObjectURL(url)
  }
}

/** Starts a worker as this platform does. */
export const startWorker: StartWorker = (start, gone) =>
  node() === undefined ? startInBrowser(start, gone) : startInNode(start, gone)

/** Why workers cannot share memory with this thread; undefined where they can. */
export const hindrance = (): string | undefined => {
  if (node() !== undefined) return undefined
  if (typeof SharedArrayBuffer === 'undefined' || browser.crossOriginIsolated === false)
    return 'the page is not cross-origin isolated (headers COOP and COEP), hence memory cannot be shared'
  return browser.Worker === undefined ? 'there are no workers in this context' : undefined
}
