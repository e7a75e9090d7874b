/**
 * What a worker thread runs, as text.
 *
 * Layer: backend. Text, because it has to start in Node and in browsers from within any bundle. A worker keeps no state but the
 * modules it has instantiated: it watches the control block, claims chunks, runs them, counts them. Read next: threads.ts, the
 * other side.
 */
import { CONTROL_BYTES, MAX_CHUNKS, WORD } from './control.ts'

/** What a worker is given at its start. */
export type WorkerStart = {
  /** A shared `WebAssembly.Memory`. */
  readonly memory: unknown
  /** Where the control block is in it. */
  readonly control: number
  /** Which worker this is, from 0. */
  readonly index: number
  /** For how long it looks for work before it sleeps, in ms. */
  readonly spinMs: number
}

/** How many modules a worker keeps. */
const KEPT = 200

/**
 * The script of a worker. What it rests on:
 *
 * - A chunk is claimed by taking one from the remaining count. Function, frame and number of chunks change only when all claimed
 *   chunks are done, so they are read after the claim and belong to it.
 * - A worker names the module whose bytes it reads before it reads them, and then looks whether that is still the module of the
 *   job; the main thread withdraws a module before it looks who reads. One of them sees the other.
 * - A worker says that it goes to sleep and then looks for chunks once more; the main thread publishes chunks and then looks
 *   whether anyone sleeps. Again, one of them sees the other. Whoever is about to sleep on a sequence that has moved on does not.
 */
export const workerSource = `'use strict'
const start = ({ memory, control, index, spinMs }) => {
  const words = new Int32Array(memory.buffer, control, ${CONTROL_BYTES / 4})
  const load = at => Atomics.load(words, at)
  const reading = ${WORD.reading} + index
  const modules = new Map()
  let own = 0
  let functions = {}

  const copied = plan => {
    Atomics.store(words, reading, plan)
    const sequence = load(${WORD.sequence})
    const [at, length, data] = [load(${WORD.bytesAt}) >>> 0, load(${WORD.bytesLength}), load(${WORD.data})]
    const current = load(${WORD.plan}) === plan && load(${WORD.sequence}) === sequence
    const known = current && at + length <= memory.buffer.byteLength
    const bytes = known ? new Uint8Array(memory.buffer, at, length).slice() : undefined
    const kept = Atomics.compareExchange(words, reading, plan, 0) === plan
    return kept && bytes ? { bytes, data } : undefined
  }

  const imported = (name, data) => {
    if (name.module === 'env' && name.name === 'memory') return memory
    if (name.kind === 'global') return new WebAssembly.Global({ value: 'i32', mutable: false }, data)
    if (name.module === 'math' && typeof Math[name.name] === 'function') return Math[name.name]
    return () => { throw new Error('no import ' + name.module + '.' + name.name) }
  }

  const instantiate = ({ bytes, data }) => {
    const module = new WebAssembly.Module(bytes)
    const imports = {}
    for (const name of WebAssembly.Module.imports(module))
      (imports[name.module] ??= {})[name.name] = imported(name, data)
    return new WebAssembly.Instance(module, imports).exports
  }

  const report = error => {
    if (Atomics.compareExchange(words, ${WORD.failed}, 0, 1) !== 0) return
    const bytes = new TextEncoder().encode(String(error && error.message || error)).subarray(0, ${CONTROL_BYTES - 4 * WORD.message})
    new Uint8Array(memory.buffer, control + ${4 * WORD.message}, bytes.length).set(bytes)
    Atomics.store(words, ${WORD.messageLength}, bytes.length)
    Atomics.store(words, ${WORD.failed}, 2)
  }

  const refuse = () => {
    Atomics.add(words, ${WORD.refused}, 1)
    return null
  }

  const make = source => {
    try { return instantiate(source) } catch { return refuse() }
  }

  const adopt = plan => {
    if (plan === own) return plan !== 0
    let found = modules.get(plan)
    if (found === undefined) {
      const source = plan === 0 ? undefined : copied(plan)
      if (source === undefined) return false
      found = make(source)
    }
    modules.delete(plan)
    modules.set(plan, found)
    if (modules.size > ${KEPT}) modules.delete(modules.keys().next().value)
    if (found === null) return false
    own = plan
    functions = found
    return true
  }

  const run = remaining => {
    const chunks = load(${WORD.chunks})
    try {
      const plan = load(${WORD.plan})
      while (!adopt(plan)) if (modules.get(plan) === null) throw new Error('a worker could not instantiate the module')
      functions[load(${WORD.fn})](load(${WORD.frame}), chunks - remaining)
    } catch (error) {
      report(error)
    }
    if (Atomics.add(words, ${WORD.done}, 1) + 1 === chunks) Atomics.notify(words, ${WORD.done})
  }

  const turn = () => {
    const claim = load(${WORD.claim})
    const remaining = claim & ${MAX_CHUNKS}
    if (!adopt(load(${WORD.plan})) || remaining === 0) return false
    if (Atomics.compareExchange(words, ${WORD.claim}, claim, claim - 1) === claim) run(remaining)
    return true
  }

  const sleep = sequence => {
    Atomics.store(words, ${WORD.sleeping}, 1)
    if ((load(${WORD.claim}) & ${MAX_CHUNKS}) === 0 || modules.get(load(${WORD.plan})) === null) Atomics.wait(words, ${WORD.sequence}, sequence)
  }

  const pause = Atomics.pause ?? (() => {})
  Atomics.add(words, ${WORD.started}, 1)
  let heard = 0
  let last = performance.now()
  for (;;) {
    const sequence = load(${WORD.sequence})
    if (turn() || sequence !== heard) last = performance.now()
    else if (performance.now() - last < spinMs) pause()
    else sleep(sequence)
    heard = sequence
  }
}
const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads')
if (threads) start(threads.workerData)
else globalThis.onmessage = event => start(event.data)
`
