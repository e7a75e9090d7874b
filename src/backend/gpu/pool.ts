/**
 * Buffers of a WebGPU device that are used again: a training loop asks for the same sizes in every step.
 *
 * Layer: backend. Commands run in the order in which they were given, so a buffer is free as soon as no later command needs it. Read
 * next: resident.ts.
 */
import { type GpuBuffer, type GpuDevice, USAGE } from './webgpu.ts'

/** A buffer; `users` counts those who may still read it. */
export type Store = { readonly buffer: GpuBuffer; users: number }

/** Buffers for arrays. */
export type Pool = {
  /** A buffer of at least so many floats, with one user. */
  readonly take: (length: number) => Store
  readonly keep: (store: Store) => void
  readonly drop: (store: Store) => void
  /** Bytes of buffers that nobody uses. */
  readonly idle: () => number
  readonly close: () => void
}

/** Sizes are made up to multiples of so many bytes, so that more of them are the same. */
const GRAIN = 256
/** Bytes that may lie idle. */
const MOST_IDLE = 2 ** 27

const BITS = USAGE.copyFrom | USAGE.copyTo | USAGE.storage

/** The buffers of a device. */
export const createPool = (device: GpuDevice): Pool => {
  const free = new Map<number, GpuBuffer[]>()
  const used = new Set<Store>()
  let idle = 0
  const drop = (store: Store): void => {
    if (--store.users > 0 || !used.delete(store)) return
    const { buffer } = store
    if (idle + buffer.size > MOST_IDLE) {
      buffer.destroy()
      return
    }
    idle += buffer.size
    const others = free.get(buffer.size)
    if (others === undefined) free.set(buffer.size, [buffer])
    else others.push(buffer)
  }
  const take = (length: number): Store => {
    const size = Math.max(1, Math.ceil((4 * length) / GRAIN)) * GRAIN
    const found = free.get(size)?.pop()
    if (found !== undefined) idle -= size
    const store = { buffer: found ?? device.createBuffer({ size, usage: BITS }), users: 1 }
    used.add(store)
    return store
  }
  const close = (): void => {
    for (const { buffer } of used) buffer.destroy()
    for (const buffers of free.values()) for (const buffer of buffers) buffer.destroy()
    used.clear()
    free.clear()
    idle = 0
  }
  const keep = (store: Store): void => {
    store.users++
  }
  return { take, keep, drop, idle: () => idle, close }
}
