/**
 * Which tensors are in the engine's memory: a cache of bounded size, in which the least recently used give way.
 *
 * Layer: backend. The engine holds blocks, never tensors. A block that gives way is copied out first, so nothing is lost whoever
 * still holds it, whenever the garbage collector runs; that frees blocks early, but nothing relies on it. In a synchronous loop all
 * results stay until they give way, the dead ones too, so the cache begins small: memory that is used again costs less than memory
 * that is touched for the first time, even with the copies. It grows by what comes back after it had given way. Read next: executable.ts.
 */
import { allocate, bytesOf, type Dtype, type TypedArray } from '../../core/dtype.ts'
import { engineError, fail } from '../../core/errors.ts'
import { hostOf } from '../../core/tensor.ts'
import type { Block, Cell } from '../../core/types.ts'
import { copyIn, copyOut, type Heap } from './heap.ts'

/** Where a block is; `at` is 0 when it has given way. */
type Place = { at: number; readonly bytes: number }

/** A block of the engine. When it has given way, `host` has the elements. */
interface Resident extends Block {
  readonly place: Place
  host: TypedArray | null
  /** The run that last used it. */
  stamp: number
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

/** Bytes of tensors that are kept before any was missed: measured, twice as many make loops no faster. */
const INITIAL = 2 ** 26

/** Room is made for some time to come, but not for so long that a step would take noticeably longer than others. */
const AHEAD = 2 ** 25

/** Blocks smaller than this are not worth being followed by the garbage collector. */
const FOLLOWED = 65536

/** A cache over a heap that holds at most about `limit` bytes of tensors. */
export const createResidence = (heap: Heap, initialLimit: number): Residence => {
  const residents = new Map<Place, Resident>()
  let limit = initialLimit
  let room = Math.min(limit, INITIAL)
  let used = 0
  let run = 1

  const release = (place: Place): void => {
    if (place.at === 0) return
    heap.free(place.at, place.bytes)
    used -= heap.capacity(place.bytes)
    place.at = 0
    residents.delete(place)
  }
  const evict = (block: Resident): void => {
    block.host ??= copyOut(heap, block.dtype, block.place.at, block.size)
    release(block.place)
  }
  /** Lets the least recently used give way until at most `target` bytes are used, or all that may have. */
  const makeRoom = (target: number): void => {
    const idle = [...residents.values()].filter(block => block.stamp !== run).sort((a, b) => a.stamp - b.stamp)
    for (const block of idle) {
      if (used <= target) break
      evict(block)
    }
  }
  const reserve = (bytes: number): number => {
    const found = heap.allocate(bytes)
    if (found !== 0) return found
    makeRoom(0)
    return (
      heap.allocate(bytes) ||
      fail(engineError('engine', `no memory for ${bytes} bytes; ${used} bytes are in use by this call alone`))
    )
  }
  // It holds places, never elements: what it holds stays until the event loop turns, which a synchronous loop never lets it.
  const collected = new FinalizationRegistry<Place>(release)

  /** Puts elements into a new block of a cell. */
  const settle = (cell: Cell, dtype: Dtype, size: number, host: TypedArray | null): Resident => {
    const bytes = size * bytesOf(dtype)
    if (used + bytes > room) makeRoom(Math.max(0, room - Math.min(AHEAD, room / 2) - bytes))
    const at = reserve(bytes)
    used += heap.capacity(bytes)
    const place = { at, bytes }
    const block: Resident = Object.assign(Object.create(blockMethods), { place, host, stamp: run, dtype, size, heap })
    residents.set(place, block)
    cell.block = block
    if (bytes >= FOLLOWED) collected.register(cell, place)
    return block
  }
  return {
    begin: () => {
      run++
    },
    place: (cell, dtype, size) => {
      const block = cell.block as Resident | null
      if (block !== null && block.place.at !== 0) {
        block.stamp = run
        return block.place.at
      }
      if (block !== null) room = Math.min(limit, room + size * bytesOf(dtype))
      const host = hostOf(cell)
      const { at } = settle(cell, dtype, size, host).place
      copyIn(heap, host, dtype, at)
      return at
    },
    make: (dtype, size) => {
      const cell: Cell = { host: null, block: null }
      return [cell, settle(cell, dtype, size, null).place.at]
    },
    reserve,
    donate: cell => {
      if (cell.block !== null) release((cell.block as Resident).place)
      cell.block = null
      cell.host = null
      delete cell.formula
      delete cell.remote
    },
    usage: () => ({ bytes: used, blocks: residents.size }),
    setLimit: bytes => {
      limit = bytes
      room = Math.min(limit, Math.max(room, INITIAL))
      if (used > room) makeRoom(room)
    },
  }
}

const blockMethods = {
  read(this: Resident & { readonly heap: Heap }): TypedArray {
    this.host ??=
      this.place.at === 0 ? allocate(this.dtype, this.size) : copyOut(this.heap, this.dtype, this.place.at, this.size)
    return this.host
  },
}
