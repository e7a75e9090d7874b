/**
 * The engine's one WebAssembly memory, and who has which part of it.
 *
 * Layer: backend. Addresses are bytes. Blocks come in size classes, four to a doubling; freed ones are kept by class, and joined
 * with their neighbours before the memory grows. Read next: residence.ts.
 */
import { allocate, bytesOf, type Dtype, type TypedArray } from '../../core/dtype.ts'
import { type WasmMemory, wasmApi } from './platform.ts'

/** Views of the whole memory; new ones after it has grown. */
type Views = {
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly i32: Int32Array
  readonly u8: Uint8Array
}

/** Memory that can be asked for and given back. */
export interface Heap {
  readonly memory: WasmMemory
  readonly shared: boolean
  /** Views of the memory as it is now: not to be kept. */
  readonly views: () => Views
  /** The address of at least so many bytes, aligned to 64; 0 when there is no room. */
  readonly allocate: (bytes: number) => number
  readonly free: (at: number, bytes: number) => void
  /** Bytes that a block of `bytes` takes. */
  readonly capacity: (bytes: number) => number
}

const PAGE = 65536
/** Addresses below are the engine's own: null, and the control block of the threads. */
const FIRST = 4096
const MAXIMUM_PAGES = 65536
const GROWTH = 256
/** Freed blocks of less than this serve their own class alone until they can be joined with a neighbour. */
const LARGE = 65536

/** Sizes are multiples of 64, and from 256 on of a quarter of the power of two below. */
const classStep = (bytes: number): number => {
  const power = 31 - Math.clz32(Math.max(bytes, 64) - 1)
  return Math.max(64, 2 ** (power - 2))
}

const capacityOf = (bytes: number): number => {
  const step = classStep(bytes)
  return Math.max(64, Math.ceil(bytes / step) * step)
}

/** The largest memory that can be had; some devices give less than they could address. */
const createMemory = (shared: boolean): WasmMemory => {
  for (let maximum = MAXIMUM_PAGES; ; maximum /= 2)
    try {
      return new wasmApi.Memory({ initial: GROWTH, maximum, shared })
    } catch (error) {
      if (maximum <= GROWTH) throw error
    }
}

/** Free memory; `whole` if it is one block as it was freed. */
type Range = { at: number; bytes: number; whole: boolean }

/** A heap in a new memory, shared between threads where that is possible and wanted. */
export const createHeap = (wantShared: boolean): Heap => {
  const shared = wantShared && typeof SharedArrayBuffer !== 'undefined'
  const memory = createMemory(shared)
  const free = new Map<number, number[]>()
  let ranges: Range[] = []
  let top = FIRST
  let end = memory.buffer.byteLength
  let views = viewsOf(memory)

  const grow = (bytes: number): boolean => {
    const pages = Math.ceil((top + bytes - end) / PAGE)
    for (const extra of [Math.max(pages, GROWTH, Math.ceil(end / PAGE / 4)), pages])
      try {
        memory.grow(extra)
        end = memory.buffer.byteLength
        views = viewsOf(memory)
        return true
      } catch {
        // Less may be had.
      }
    return false
  }
  const fromRanges = (bytes: number): number => {
    const found = ranges.find(range => range.bytes >= bytes)
    if (found === undefined) return 0
    const { at } = found
    found.at += bytes
    found.bytes -= bytes
    found.whole = false
    if (found.bytes === 0) ranges = ranges.filter(range => range !== found)
    return at
  }
  const fromTop = (bytes: number): number => {
    if (top + bytes > end) return 0
    top += bytes
    return top - bytes
  }
  /** Joins free neighbours, so that what was freed as other sizes can be had. */
  const join = (): void => {
    const all = [...ranges]
    for (const [bytes, list] of free) for (const at of list) all.push({ at, bytes, whole: true })
    free.clear()
    ranges = []
    for (const range of joined(all))
      if (range.whole && range.bytes < LARGE) release(range.at, range.bytes)
      else ranges.push(range)
  }
  const release = (at: number, capacity: number): void => {
    const list = free.get(capacity)
    if (list === undefined) free.set(capacity, [at])
    else list.push(at)
  }
  const fromJoined = (bytes: number): number => {
    join()
    return fromRanges(bytes)
  }
  const fromGrown = (bytes: number): number => (grow(bytes) ? fromTop(bytes) : 0)
  return {
    memory,
    shared,
    views: () => views,
    capacity: capacityOf,
    allocate: bytes => {
      const capacity = capacityOf(bytes)
      return (
        free.get(capacity)?.pop() ??
        (fromRanges(capacity) || fromTop(capacity) || fromJoined(capacity) || fromGrown(capacity))
      )
    },
    free: (at, bytes) => release(at, capacityOf(bytes)),
  }
}

/** Ranges in order of address, neighbours joined. */
const joined = (all: Range[]): Range[] => {
  const out: Range[] = []
  for (const range of all.sort((a, b) => a.at - b.at)) {
    const last = out[out.length - 1]
    if (last !== undefined && last.at + last.bytes === range.at) {
      last.bytes += range.bytes
      last.whole = false
    } else out.push({ ...range })
  }
  return out
}

const viewsOf = ({ buffer }: WasmMemory): Views => ({
  f32: new Float32Array(buffer),
  f64: new Float64Array(buffer),
  i32: new Int32Array(buffer),
  u8: new Uint8Array(buffer),
})

/** Elements in memory as an array, not copied. */
export const arrayAt = ({ memory }: Heap, dtype: Dtype, at: number, size: number): TypedArray => {
  switch (dtype) {
    case 'float32':
      return new Float32Array(memory.buffer, at, size)
    case 'float64':
      return new Float64Array(memory.buffer, at, size)
    case 'int32':
      return new Int32Array(memory.buffer, at, size)
    case 'bool':
      return new Uint8Array(memory.buffer, at, size)
  }
}

/** The view of the whole memory in which elements of a dtype are numbered. */
const viewFor = (heap: Heap, dtype: Dtype): TypedArray => {
  const { f32, f64, i32, u8 } = heap.views()
  return dtype === 'float32' ? f32 : dtype === 'float64' ? f64 : dtype === 'int32' ? i32 : u8
}

/** For so few elements a loop is quicker than a call. */
const FEW = 32

/** Copies elements in. */
export const copyIn = (heap: Heap, source: TypedArray, dtype: Dtype, at: number): void => {
  const view = viewFor(heap, dtype)
  const from = at / bytesOf(dtype)
  const { length } = source
  if (length > FEW) view.set(source, from)
  else for (let i = 0; i < length; i++) view[from + i] = source[i] as number
}

/** Copies elements out, into an array of their own. */
export const copyOut = (heap: Heap, dtype: Dtype, at: number, size: number): TypedArray => {
  const view = viewFor(heap, dtype)
  const from = at / bytesOf(dtype)
  const out = allocate(dtype, size)
  if (size > FEW) out.set(view.subarray(from, from + size))
  else for (let i = 0; i < size; i++) out[i] = view[from + i] as number
  return out
}
