/**
 * Values that a kernel first writes to memory, with the code of a nest, and then works on in an order of its own.
 *
 * Layer: backend. A load that reads its input in place needs no such step. Values that are nobody's output go to scratch memory: the
 * nest runs with a frame of its own, in which their address stands where that of an output would. Read next: cumulate.ts, scatter.ts.
 */
import { aligned } from '../../compile/plan.ts'
import { bytesOf, type Dtype } from '../../core/dtype.ts'
import { type Expr, mapNest } from '../../core/kernel.ts'
import { range, type Shape, sizeOf, stridesOf } from '../../core/shape.ts'
import { addressOf } from '../address.ts'
import type { FunctionRef, ModuleBuilder } from './assembler.ts'
import { address, type Emitted, type Phase, type Slots } from './emit.ts'

import { integers } from './integers.ts'
import { emitNest } from './nest.ts'

/** The input that an expression reads element by element in row-major order, or null if it does anything else. */
export const inPlace = (expr: Expr, axes: Shape): number | null => {
  if (expr.tag !== 'load') return null
  const { base, strides, bounds } = addressOf(expr, { axes: range(0, axes.length), sizes: axes })
  const wanted = stridesOf(axes)
  const whole = axes.every((n, i) => n === 1 || strides[i] === wanted[i])
  return base === 0 && bounds.length === 0 && whole ? expr.input : null
}

/** Bytes of scratch memory for values of some dtype. */
export const bytesFor = (axes: Shape, dtype: Dtype): number => aligned(sizeOf(axes) * bytesOf(dtype))

/** Computes an expression at every point of `axes` into an output of the kernel. */
export const intoOutput = (module: ModuleBuilder, axes: Shape, expr: Expr, slots: Slots): Emitted =>
  emitNest(module, mapNest(axes, expr), slots)

/** A phase with a frame for every chunk, the first at `frames` in the scratch memory. */
const reframed = (
  module: ModuleBuilder,
  phase: Phase,
  slots: Slots,
  places: { readonly values: number; readonly frames: number; readonly scratch: number },
): FunctionRef =>
  module.define(null, ['i32', 'i32'], [], (code, frame, chunk) => {
    const { add, constant, get, keep, store, times } = integers(code)
    const scratch = keep(() => address(code, frame, slots.scratch))
    const own = keep(add(add(get(scratch), constant(places.frames)), times(get(chunk), frameBytes(slots))))
    const words = [
      ...slots.inputs.map(word => () => address(code, frame, word)),
      add(get(scratch), constant(places.values)),
      add(get(scratch), constant(places.scratch)),
    ]
    words.forEach((word, i) => {
      store('i32.store', get(own), word, 4 * i)
    })
    code.get(own)
    code.get(chunk)
    code.call(phase.fn)
  })

const frameBytes = (slots: Slots): number => aligned(4 * (slots.inputs.length + 2))

/** Computes an expression at every point of `axes` into the scratch memory, from byte `at` on; what else it needs there comes behind. */
export const intoScratch = (module: ModuleBuilder, axes: Shape, expr: Expr, slots: Slots, at: number): Emitted => {
  const inputs = slots.inputs.length
  const inner: Slots = { inputs: range(0, inputs), outputs: [inputs], scratch: inputs + 1 }
  const { phases, scratch } = emitNest(module, mapNest(axes, expr), inner)
  const frames = at + bytesFor(axes, expr.dtype)
  const most = Math.max(0, ...phases.map(({ chunks }) => chunks))
  const behind = frames + most * frameBytes(slots)
  const places = { values: at, frames, scratch: behind }
  return {
    phases: phases.map(phase => ({ ...phase, fn: reframed(module, phase, slots, places) })),
    scratch: behind + scratch,
  }
}
