/**
 * Runs emitted kernels in a memory of their own, with guards around everything that they may touch.
 */
import { expect } from 'vitest'
import { reference } from '../../../src/backend/reference.ts'
import { type ModuleBuilder, moduleBuilder } from '../../../src/backend/wasm/assembler.ts'
import type { Emitted, Slots } from '../../../src/backend/wasm/emit.ts'
import { wasmApi } from '../../../src/backend/wasm/platform.ts'
import { allocate, type Dtype, type TypedArray } from '../../../src/core/dtype.ts'
import { type Kernel, kernelDtypes, kernelShapes } from '../../../src/core/kernel.ts'
import { range, sizeOf } from '../../../src/core/shape.ts'

export type Emit = (module: ModuleBuilder, slots: Slots) => Emitted
export type Wanted = { readonly dtype: Dtype; readonly size: number }
/** The order in which the chunks of a phase run. */
export type Order = (chunks: number) => readonly number[]

export const ascending: Order = n => range(0, n)
export const descending: Order = n => range(0, n).reverse()
/** All chunks, in a fixed order without system. */
export const shuffled: Order = n =>
  range(0, n)
    .map(i => [Math.imul(i + 1, 0x9e3779b1) >>> 0, i] as const)
    .sort(([a], [b]) => a - b)
    .map(([, i]) => i)

const GUARD = 0xa5
const GUARD_BYTES = 64
const STALE = 0xcd

/** Where two arrays first differ; -1 if nowhere. Zeros differ by their sign, NaNs do not: WebAssembly leaves their bits open. */
const firstDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return i
  return -1
}

/** What one kernel is laid out as: addresses by word of the frame, and the module that runs on them. */
export type Laid = {
  readonly emitted: Emitted
  /** Makes outputs and scratch memory stale again. */
  readonly reset: () => void
  /** Runs all phases once. */
  readonly run: (order: Order) => void
  readonly outputs: () => readonly TypedArray[]
  /** Runs all phases, and fails if two chunks of one change the same bytes: they may run at the same time. */
  readonly checkApart: () => void
  /** Fails if anything beside outputs and scratch memory was written to. */
  readonly check: () => void
  readonly codeSize: number
}

/** Lays a kernel and its operands out. Buffers begin one element behind a multiple of 64, so that vectors are unaligned. */
export const layOut = (emit: Emit, inputs: readonly TypedArray[], wanted: readonly Wanted[]): Laid => {
  const words = inputs.length + wanted.length + 3
  const slots: Slots = {
    inputs: inputs.map((_, i) => i + 2),
    outputs: wanted.map((_, i) => i + 2 + inputs.length),
    scratch: words - 1,
  }
  const module = moduleBuilder()
  const emitted = emit(module, slots)
  const { bytes, data } = module.finish(
    false,
    emitted.phases.map(({ fn }) => fn),
  )
  let top = 64
  const place = (size: number, element: number): number => {
    const at = Math.ceil(top / 64) * 64 + GUARD_BYTES + element
    top = at + size + GUARD_BYTES
    return at
  }
  const outs = wanted.map(({ dtype, size }) => allocate(dtype, size))
  const frame = place(4 * words, 0)
  const dataAt = place(data.length, 0)
  const inputsAt = inputs.map(x => place(x.byteLength, x.BYTES_PER_ELEMENT))
  const outsAt = outs.map(x => place(x.byteLength, x.BYTES_PER_ELEMENT))
  const scratch = place(emitted.scratch, 0)
  const memory = new wasmApi.Memory({ initial: Math.ceil(top / 65536) + 1, maximum: 65536, shared: false })
  const u8 = new Uint8Array(memory.buffer)
  const u32 = new Uint32Array(memory.buffer)
  u8.fill(GUARD)
  u8.set(data, dataAt)
  inputs.forEach((x, i) => {
    u8.set(new Uint8Array(x.buffer, x.byteOffset, x.byteLength), inputsAt[i])
  })
  ;[...inputsAt, ...outsAt].forEach((at, i) => {
    u32[frame / 4 + 2 + i] = at
  })
  u32[frame / 4 + slots.scratch] = scratch
  outs.forEach((x, i) => {
    const at = outsAt[i] as number
    u8.fill(STALE, at, at + x.byteLength)
  })
  u8.fill(STALE, scratch, scratch + emitted.scratch)
  const before = u8.slice()
  const address = new wasmApi.Global({ value: 'i32' }, dataAt)
  const instance = new wasmApi.Instance(new wasmApi.Module(bytes), {
    env: { memory, data: address },
    math: Math as unknown as Record<string, (...args: number[]) => number>,
  })
  const call = (phase: number, chunk: number): void =>
    (instance.exports[phase] as (frame: number, chunk: number) => void)(frame, chunk)
  const free = [
    [scratch, emitted.scratch] as const,
    ...outs.map((x, i) => [outsAt[i] as number, x.byteLength] as const),
  ]
  return {
    emitted,
    codeSize: bytes.length,
    reset: () => u8.set(before),
    run: order =>
      emitted.phases.forEach(({ chunks }, phase) => {
        expect(chunks).toBeGreaterThan(0)
        for (const chunk of order(chunks)) call(phase, chunk)
      }),
    checkApart: () => {
      for (const [phase, { chunks }] of emitted.phases.entries()) {
        const writer = new Int32Array(u8.length).fill(-1)
        const start = u8.slice()
        for (const chunk of range(0, chunks)) {
          u8.set(start)
          call(phase, chunk)
          for (let at = 0; at < u8.length; at++) {
            if (u8[at] === start[at]) continue
            if (writer[at] !== -1) expect({ phase, at, chunks: [writer[at], chunk] }).toEqual('apart')
            writer[at] = chunk
          }
        }
        u8.set(start)
        for (const chunk of range(0, chunks)) call(phase, chunk)
      }
    },
    outputs: () =>
      outs.map((x, i) => {
        const at = outsAt[i] as number
        new Uint8Array(x.buffer).set(u8.subarray(at, at + x.byteLength))
        return x.slice()
      }),
    check: () => {
      const after = u8.slice()
      for (const [at, length] of free) after.set(before.subarray(at, at + length), at)
      expect({ touched: firstDifference(after, before) }).toEqual({ touched: -1 })
    },
  }
}

/** What a kernel gives, the same in whatever order its chunks run. */
export const runEmitted = (
  emit: Emit,
  inputs: readonly TypedArray[],
  wanted: readonly Wanted[],
): readonly TypedArray[] => {
  const laid = layOut(emit, inputs, wanted)
  const [first, ...others] = [ascending, descending, shuffled].map(order => {
    laid.reset()
    laid.run(order)
    laid.check()
    return laid.outputs()
  })
  for (const other of others)
    other.forEach((x, i) => {
      expect({ differs: firstDifference(x, first?.[i] ?? []) }).toEqual({ differs: -1 })
    })
  return first ?? []
}

/** Reference and emitted results of a kernel. */
export const bothEmitted = (
  kernel: Kernel,
  emit: Emit,
  inputs: readonly TypedArray[],
): readonly (readonly [got: TypedArray, wanted: TypedArray])[] => {
  const shapes = kernelShapes(kernel)
  const wanted = kernelDtypes(kernel).map((dtype, i) => ({ dtype, size: sizeOf(shapes[i] ?? []) }))
  const got = runEmitted(emit, inputs, wanted)
  return reference.run(kernel, inputs).map((x, i) => [got[i] as TypedArray, x])
}

/** Fails unless a kernel gives what the reference does: NaN for NaN, and zeros of the same sign. */
export const emitsExactly = (kernel: Kernel, emit: Emit, inputs: readonly TypedArray[]): void => {
  bothEmitted(kernel, emit, inputs).forEach(([got, wanted], output) => {
    const at = firstDifference(wanted, got)
    if (at >= 0) expect({ output, at, value: got[at] }).toEqual({ output, at, value: wanted[at] })
  })
}
