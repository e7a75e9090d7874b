/**
 * Which tensors are on a device: a cache of bounded size, in which the least recently used give way.
 *
 * Layer: backend. As for the engine (wasm/residence.ts), it holds places, never tensors. A result that gives way is read back first, so
 * nothing is lost whoever still holds it; that of a tensor which the garbage collector has found goes early, but nothing relies on
 * it. Read first: device.ts; next: backend.ts.
 */
import { type Dtype, dtypeOfArray, type TypedArray } from '../../core/dtype.ts'
import { type CotangentError, engineError, fail } from '../../core/errors.ts'
import { hostOf, unread } from '../../core/tensor.ts'
import type { Cell, Remote } from '../../core/types.ts'
import type { Device } from './device.ts'
import { decode, encode, lengthOf } from './storage.ts'

/** Where the elements of a cell are. A result is the `remote` of its cell. */
type Place<A> = Remote & {
  array: A | null
  host: TypedArray | null
  lost: boolean
  /** The run that last used it. */
  stamp: number
  readonly bytes: number
  readonly isResult: boolean
}

/** The tensors of a device. */
export type Residence<A> = {
  /** Begins a run: what is used from now on stays until the next one begins. */
  readonly begin: () => void
  /** The array with a cell's elements, for the caller to drop. */
  readonly place: (cell: Cell) => A
  /** A cell for the elements in an array, which is no longer the caller's. */
  readonly adopt: (array: A, dtype: Dtype, size: number) => Cell
  /** Takes the elements of a cell away for good. */
  readonly donate: (cell: Cell) => void
  /** Lets the least recently used give way until as many bytes are used as may be. */
  readonly shrink: () => Promise<void>
  /** Bytes of tensors on the device, and how many there are. */
  readonly usage: () => { readonly bytes: number; readonly tensors: number }
  /** Drops everything. */
  readonly close: () => void
}

/** Inputs of so few elements are copied for each run, since there are many of them for a short time each, such as learning rates. */
const FEW = 64

/** gpu.js has no empty arrays. */
const filled = (floats: Float32Array): Float32Array => (floats.length === 0 ? new Float32Array(1) : floats)

/** Room is made for some time to come. */
const SLACK = 15 / 16

/** Why a backend cannot use what another has. */
const elsewhere = (remote: Remote, where: string): CotangentError =>
  remote.lost
    ? unread(remote)
    : engineError(
        'gpu',
        `an argument is on backend ${remote.where}, and the function was compiled for ${where}: call await toHost(x) first`,
      )

/** A cache over a device that holds about `limit` bytes. `where` names the backend. */
export const createResidence = <A>(device: Device<A>, limit: number, where: string): Residence<A> => {
  const known = new WeakMap<Cell, Place<A>>()
  const places = new Set<Place<A>>()
  let [used, run] = [0, 1]

  const release = (place: Place<A>): void => {
    if (place.array === null) return
    device.drop(place.array)
    place.array = null
    used -= place.bytes
    places.delete(place)
  }
  const collected = new FinalizationRegistry<Place<A>>(release)

  const fetchFor = (place: () => Place<A>, dtype: Dtype, size: number) => async (): Promise<TypedArray> => {
    const it = place()
    if (it.host !== null) return it.host
    if (it.array === null) return fail(unread(it))
    const floats = await device.read(it.array)
    it.host = decode(floats.subarray(0, lengthOf(dtype, size)), dtype)
    return it.host
  }
  const take = (place: Place<A>, array: A): void => {
    place.array = array
    place.stamp = run
    places.add(place)
    used += place.bytes
  }
  /** Gives a cell a place on the device. */
  const settle = (cell: Cell, array: A, dtype: Dtype, size: number, isResult: boolean): Place<A> => {
    const bytes = 4 * Math.max(1, lengthOf(dtype, size))
    const place: Place<A> = {
      where,
      array: null,
      host: null,
      lost: false,
      stamp: run,
      bytes,
      isResult,
      fetch: fetchFor(() => place, dtype, size),
    }
    known.set(cell, place)
    take(place, array)
    collected.register(cell, place)
    return place
  }
  const evict = async (place: Place<A>): Promise<void> => {
    if (place.isResult) await place.fetch()
    release(place)
  }
  return {
    begin: () => {
      run++
    },
    place: cell => {
      const place = known.get(cell)
      if (place !== undefined && place.array !== null) {
        place.stamp = run
        return device.keep(place.array)
      }
      const { remote } = cell
      if (cell.host === null && remote !== undefined && remote.host === null) return fail(elsewhere(remote, where))
      const host = hostOf(cell)
      const array = device.upload(filled(encode(host)))
      if (host.length <= FEW) return array
      if (place !== undefined) take(place, array)
      else settle(cell, array, dtypeOfArray(host) ?? 'bool', host.length, false)
      return device.keep(array)
    },
    adopt: (array, dtype, size) => {
      const cell: Cell = { host: null, block: null }
      cell.remote = settle(cell, array, dtype, size, true)
      return cell
    },
    donate: cell => {
      const place = known.get(cell)
      if (place !== undefined) release(place)
      known.delete(cell)
      cell.host = null
      cell.block = null
      delete cell.formula
      delete cell.remote
    },
    shrink: async () => {
      if (used <= limit) return
      const idle = [...places].filter(({ stamp }) => stamp !== run).sort((a, b) => a.stamp - b.stamp)
      for (const place of idle) {
        if (used <= SLACK * limit) break
        await evict(place)
      }
    },
    usage: () => ({ bytes: used, tensors: places.size }),
    close: () => {
      for (const place of [...places]) {
        place.lost = place.isResult && place.host === null
        release(place)
      }
    },
  }
}
