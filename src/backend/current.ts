/**
 * The backend that ops run on: the WebAssembly engine, unless `withBackend` says otherwise for the time of a call.
 *
 * Layer: backend.
 */
import type { Backend } from './backend.ts'
import { wasm } from './wasm.ts'

let current: Backend = wasm

/** The backend in force. */
export const currentBackend = (): Backend => current

/** Runs `f` with every eager op on `backend`; how the laws compare backends. */
export const withBackend = <A>(backend: Backend, f: () => A): A => {
  const before = current
  current = backend
  try {
    return f()
  } finally {
    current = before
  }
}
