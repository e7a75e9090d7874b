/**
 * Which tensors are in the engine's memory: a cache of bounded size, in which the least recently used give way.
 *
 * Layer: backend. The engine holds blocks, never tensors. A block that gives way is copied out first, so nothing is lost whoever
 * still holds it, whenever the garbage collector runs; that frees blocks early, but nothing relies on it. Read next: executable.ts.
 */
import { allocate, type Dtype, type TypedArray } from '../../core/dtype.ts'
import { engineError, fail } from '../../core/errors.ts'
import { hostOf } from '../../core/tensor.ts'
import type { Block, Cell } from '../../core/types.ts'
import { bytesOf, copyIn, copyOut, type Heap } from './heap.ts'

/** A block of the engine. `at` is 0 when it has given way; then `host` has the elements. */
interface Resident extends Block {
  at: number
  host: TypedArray | null
  /** The run that last used it. */
  stamp: number
  readonly bytes: number
  readonly dtype: Dtype
  readonly size: number
}

/** The engine's cache of tensors. */
export interface Residence {
  /** Begins a run: blocks that are used from now on stay until the next one begins. */
  readonly begin: () => void
  /** The address of a cell's elements, copied in if they are not in memory. */
  readonly place: (cell: Cell, dtype: Dtype, size: number) => number
  /** A cell with a new block, whose elements are not set yet, and its address. */
  readonly make: (dtype: Dtype, size: number) => readonly [cell: Cell, at: number]
  /** Memory for the engine itself, for which blocks give way. */
  readonly reserve: (bytes: number) => number
  /** Takes the elements of a cell away for good. */
  readonly donate: (cell: Cell) => void
  /** Bytes in use by blocks, and how many blocks there are. */
  readonly usage: () => { readonly bytes: number; readonly blocks: number }
  readonly setLimit: (bytes: number) => void
}

/** Blocks smaller than this are not worth being followed by the garbage collector. */
const FOLLOWED = 65536

/** A cache over a heap that holds about `limit` bytes of tensors. */
export const createResidence = (heap: Heap, initialLimit: number): Residence => {
  const residents = new Set<Resident>()
  let limit = initialLimit
  let used = 0
  let run = 1

  const release = (block: Resident): void => {
    if (block.at === 0) return
    heap.free(block.at, block.bytes)
    used -= heap.capacity(block.bytes)
    block.at = 0
    residents.delete(block)
  }
  const evict = (block: Resident): void => {
    block.host ??= copyOut(heap, block.dtype, block.at, block.size)
    release(block)
  }
  /** Lets the least recently used give way until at most `target` bytes are used; whether any did. */
  const makeRoom = (target: number): boolean => {
    const idle = [...residents].filter(block => block.stamp !== run).sort((a, b) => a.stamp - b.stamp)
    const before = used
    for (const block of idle) {
      if (used <= target) break
      evict(block)
    }
    return used < before
  }
  const reserve = (bytes: number): number => {
    const found = heap.allocate(bytes)
    if (found !== 0) return found
    heap.coalesce()
    const joined = heap.allocate(bytes)
    if (joined !== 0) return joined
    makeRoom(0)
    heap.coalesce()
    return (
      heap.allocate(bytes) ||
      fail(engineError('engine', `no memory for ${bytes} bytes; ${used} bytes are in use by this call alone`))
    )
  }
  const collected = new FinalizationRegistry<Resident>(release)

  /** Puts elements into a new block of a cell. */
  const settle = (cell: Cell, dtype: Dtype, size: number, host: TypedArray | null): Resident => {
    const bytes = size * bytesOf[dtype]
    if (used + bytes > limit) makeRoom(Math.max(0, 0.75 * limit - bytes))
    const at = reserve(bytes)
    used += heap.capacity(bytes)
    const block: Resident = Object.assign(Object.create(blockMethods), {
      at,
      host,
      stamp: run,
      bytes,
      dtype,
      size,
      heap,
    })
    residents.add(block)
    cell.block = block
    if (bytes >= FOLLOWED) collected.register(cell, block)
    return block
  }
  return {
    begin: () => {
      run++
    },
    place: (cell, dtype, size) => {
      const block = cell.block as Resident | null
      if (block !== null && block.at !== 0) {
        block.stamp = run
        return block.at
      }
      const host = hostOf(cell)
      const { at } = settle(cell, dtype, size, host)
      copyIn(heap, host, dtype, at)
      return at
    },
    make: (dtype, size) => {
      const cell: Cell = { host: null, block: null }
      return [cell, settle(cell, dtype, size, null).at]
    },
    reserve,
    donate: cell => {
      if (cell.block !== null) release(cell.block as Resident)
      cell.block = null
      cell.host = null
      delete cell.formula
    },
    usage: () => ({ bytes: used, blocks: residents.size }),
    setLimit: bytes => {
      limit = bytes
      if (used > limit) makeRoom(limit)
    },
  }
}

const blockMethods = {
  read(this: Resident & { readonly heap: Heap }): TypedArray {
    this.host ??= this.at === 0 ? allocate(this.dtype, this.size) : copyOut(this.heap, this.dtype, this.at, this.size)
    return this.host
  },
}
