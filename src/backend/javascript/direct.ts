/**
 * Arithmetic on whole float32 tensors and scalars, without buffers: most of what an optimizer does.
 *
 * Layer: backend. A sum, difference, product or quotient of two float32 numbers that is rounded to float64 and then to
 * float32 is the correctly rounded one, so nothing here differs from a tile's result. Read next: nest.ts.
 */
import type { TypedArray } from '../../core/dtype.ts'
import type { Expr, ScalarFn } from '../../core/kernel.ts'
import { sizeOf } from '../../core/shape.ts'
import { addressOf, type Loop, merged } from './address.ts'

/** Elements of a source, `step` apart: 1 for a stretch of it, 0 for one element over and over. */
type Stretch = { readonly source: Float32Array; readonly from: number; readonly step: number }

type Sweep = (out: Float32Array, x: Float32Array, i: number, di: number, y: Float32Array, k: number, dk: number) => void

const sweeps: { readonly [fn in ScalarFn]?: Sweep } = {
  add: (out, x, i, di, y, k, dk) => {
    for (let j = 0, a = i, b = k; j < out.length; j++, a += di, b += dk) out[j] = (x[a] as number) + (y[b] as number)
  },
  sub: (out, x, i, di, y, k, dk) => {
    for (let j = 0, a = i, b = k; j < out.length; j++, a += di, b += dk) out[j] = (x[a] as number) - (y[b] as number)
  },
  mul: (out, x, i, di, y, k, dk) => {
    for (let j = 0, a = i, b = k; j < out.length; j++, a += di, b += dk) out[j] = (x[a] as number) * (y[b] as number)
  },
  div: (out, x, i, di, y, k, dk) => {
    for (let j = 0, a = i, b = k; j < out.length; j++, a += di, b += dk) out[j] = (x[a] as number) / (y[b] as number)
  },
}

const stretchOf = (expr: Expr | undefined, loop: Loop, inputs: readonly TypedArray[]): Stretch | null => {
  if (expr?.tag !== 'load') return null
  const source = inputs[expr.input]
  const { sizes, base, strides, bounds } = merged(addressOf(expr, loop))
  const [step = 0] = strides
  const straight = sizes.length === 1 && bounds.length === 0
  return straight && source instanceof Float32Array ? { source, from: base, step } : null
}

/** The values of an expression, if it is arithmetic on two stretches of float32. */
export const direct = (expr: Expr, loop: Loop, inputs: readonly TypedArray[]): Float32Array | null => {
  if (expr.tag !== 'apply' || expr.dtype !== 'float32') return null
  const sweep = sweeps[expr.fn]
  if (sweep === undefined) return null
  const x = stretchOf(expr.args[0], loop, inputs)
  const y = x === null ? null : stretchOf(expr.args[1], loop, inputs)
  if (x === null || y === null) return null
  const out = new Float32Array(sizeOf(loop.sizes))
  sweep(out, x.source, x.from, x.step, y.source, y.from, y.step)
  return out
}
