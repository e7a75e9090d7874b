/**
 * What emitters of kernels are given and give.
 *
 * Layer: backend. A kernel becomes phases: functions of a frame and a chunk. The frame is a row of words, one address for each buffer
 * of the plan. Read next: nest.ts, contract.ts.
 */
import type { Code, FunctionRef, Local, ModuleBuilder } from './assembler.ts'

/** Where in the frame the addresses of a kernel's buffers are, as numbers of words. */
export type Slots = {
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly scratch: number
}

/**
 * A part of a kernel: its chunks may run in any order and on any thread, but only when the phase before has ended. How many there
 * are depends on shapes alone. `work` is about how many nanoseconds one thread takes for all of them. Where it has been asked for, chunk c
 * computes, or sums over, nothing but `rows` rows from number c · rows on.
 */
export type Phase = {
  readonly fn: FunctionRef
  readonly chunks: number
  readonly work: number
  readonly rows?: number | undefined
}

/** A kernel as phases, which share some bytes of scratch memory. */
export type Emitted = { readonly phases: readonly Phase[]; readonly scratch: number }

/** Pushes the address in a word of the frame. */
export const address = (code: Code, frame: Local, word: number): void => {
  code.get(frame)
  code.memory('i32.load', 4 * word)
}

/** Slots by position: where a function that several kernels share finds the addresses of their buffers, as locals. */
export const positions = ({ inputs, outputs }: Slots): Slots => ({
  inputs: inputs.map((_, i) => i),
  outputs: outputs.map((_, i) => inputs.length + i),
  scratch: inputs.length + outputs.length,
})

/** A function of addresses, in the order of `positions`, and a chunk: made once for all kernels of a module that are the same `text`. */
export const defineShared = (
  module: ModuleBuilder,
  text: string,
  { inputs, outputs, scratch }: Slots,
  make: () => FunctionRef,
): FunctionRef => {
  const all = module.once(text, make)
  return module.define(null, ['i32', 'i32'], [], (code, frame = 0, chunk = 1) => {
    for (const word of [...inputs, ...outputs, scratch]) address(code, frame, word)
    code.get(chunk)
    code.call(all)
  })
}

/** The parameters of such a function. */
export const sharedParams = ({ scratch }: Slots): readonly 'i32'[] => Array.from({ length: scratch + 2 }, () => 'i32')
