/**
 * Runs an emitted kernel whose first output takes the place of its first input.
 */
import { type ModuleBuilder, moduleBuilder } from '../../src/backend/wasm/assembler.ts'
import type { Emitted, Slots } from '../../src/backend/wasm/emit.ts'
import { wasmApi } from '../../src/backend/wasm/platform.ts'
import { allocate, type TypedArray } from '../../src/core/dtype.ts'
import { type Kernel, kernelDtypes, kernelShapes } from '../../src/core/kernel.ts'
import { sizeOf } from '../../src/core/shape.ts'

/** What a kernel leaves in its outputs, the first of which is stored where input 0 was. */
export const runInPlace = (
  kernel: Kernel,
  emit: (module: ModuleBuilder, slots: Slots) => Emitted,
  inputs: readonly TypedArray[],
): readonly TypedArray[] => {
  const shapes = kernelShapes(kernel)
  const outs = kernelDtypes(kernel).map((dtype, i) => allocate(dtype, sizeOf(shapes[i] ?? [])))
  const buffers = [...inputs, ...outs.slice(1)]
  const scratch = buffers.length
  const outputs = outs.map((_, i) => (i === 0 ? 0 : inputs.length + i - 1))
  const module = moduleBuilder()
  const emitted = emit(module, { inputs: inputs.map((_, i) => i), outputs, scratch })
  const { bytes, data } = module.finish(
    false,
    emitted.phases.map(({ fn }) => fn),
  )
  let top = 4 * (scratch + 1)
  const place = (size: number): number => {
    const at = Math.ceil(top / 16) * 16
    top = at + size
    return at
  }
  const addresses = [...buffers.map(x => place(x.byteLength)), place(emitted.scratch)]
  const dataAt = place(data.length)
  const memory = new wasmApi.Memory({ initial: Math.ceil(top / 65536), maximum: 65536, shared: false })
  const u8 = new Uint8Array(memory.buffer)
  new Uint32Array(memory.buffer).set(addresses)
  u8.set(data, dataAt)
  buffers.forEach((x, i) => {
    u8.set(new Uint8Array(x.buffer, x.byteOffset, x.byteLength), addresses[i])
  })
  const { exports } = new wasmApi.Instance(new wasmApi.Module(bytes), {
    env: { memory, data: new wasmApi.Global({ value: 'i32' }, dataAt) },
    math: Math as unknown as Record<string, (...args: number[]) => number>,
  })
  for (const [phase, { chunks }] of emitted.phases.entries())
    for (let chunk = chunks - 1; chunk >= 0; chunk--)
      (exports[phase] as (frame: number, chunk: number) => void)(0, chunk)
  outs.forEach((x, i) => {
    const at = addresses[outputs[i] as number] as number
    new Uint8Array(x.buffer).set(u8.subarray(at, at + x.byteLength))
  })
  return outs
}
