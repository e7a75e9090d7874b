/**
 * How tensors lie in the arrays of gpu.js, which hold nothing but float32.
 *
 * Layer: backend. A float32 or a bool takes one float. An int32 takes two, its upper half with the sign and then its lower half without,
 * since random bits use all 32 of which a float has 24; no bits are reinterpreted, as gpu.js has no word for that and NaN would not
 * keep its own. Apart from this file only the loads and results in the text of kernels know. Read next: address.ts, prepare.ts.
 */
import { allocate, castNumber, type Dtype, type TypedArray } from '../../core/dtype.ts'

/** What half of an int32 holds: so many values. */
export const HALF = 65536

/** The floats that one element takes. */
export const widthOf = (dtype: Dtype): 1 | 2 => (dtype === 'int32' ? 2 : 1)

/** The floats that `size` elements take. Rows of elements are rows of floats. */
export const lengthOf = (dtype: Dtype, size: number): number => widthOf(dtype) * size

/** Elements as floats. A Float32Array is returned as it is, not copied; float64 is rounded. */
export const encode = (x: TypedArray): Float32Array => {
  if (x instanceof Float32Array) return x
  if (!(x instanceof Int32Array)) return Float32Array.from(x)
  const floats = new Float32Array(lengthOf('int32', x.length))
  for (let i = 0; i < x.length; i++) {
    const value = x[i] as number
    floats[2 * i] = value >> 16
    floats[2 * i + 1] = value & (HALF - 1)
  }
  return floats
}

/** Elements of floats that `encode` or a kernel has made. Those of float32 are returned as they are, not copied. */
export const decode = (floats: Float32Array, dtype: Dtype): TypedArray => {
  if (dtype === 'float32') return floats
  const out = allocate(dtype, floats.length / widthOf(dtype))
  if (dtype === 'int32')
    for (let i = 0; i < out.length; i++) out[i] = (floats[2 * i] as number) * HALF + (floats[2 * i + 1] as number)
  else for (let i = 0; i < out.length; i++) out[i] = castNumber(floats[i] as number, dtype)
  return out
}
