/**
 * GpuKernel: one kernel of gpu.js, as text and what it needs.
 *
 * Layer: backend. A gpu.js kernel computes one array, one element at a time, by itself. Read next: source.ts, which makes them.
 */
import type { Dtype } from '../../core/dtype.ts'
import { fail, ruleError } from '../../core/errors.ts'
import type { GpuFunction } from './functions.ts'
import type { Special } from './scalars.ts'
import type { Tile } from './tiles.ts'
import { type Dialect, elementNumber, giveBack, type Operand, type Writer, writerOf } from './writer.ts'

/**
 * One gpu.js kernel. `size` counts elements, each of which takes the floats that storage.ts says; a kernel of size 0 has no text and is
 * not run. `specials` are arguments after the arrays.
 */
export type GpuKernel = {
  readonly source: string
  /** What the text calls. */
  readonly functions: readonly GpuFunction[]
  readonly inputs: readonly Operand[]
  readonly specials: readonly Special[]
  readonly size: number
  readonly dtype: Dtype
  /** A shader that computes the same, and more quickly; for mode webgpu. */
  readonly tile?: Tile
}

/** Kernels in the order in which they run, and which of them give the results. */
export type Source = { readonly kernels: readonly GpuKernel[]; readonly outputs: readonly number[] }

/** What all text of a kernel has in common: the op that messages name, and the dialect. */
export type Head = { readonly op: string; readonly dialect: Dialect }

/** WebGPU gives a shader eight arrays unless asked for more; one is the result. */
export const MOST_INPUTS = 7

/** The kernel whose element number `at` is the value that `body` writes and names. */
export const kernelOf = (
  { op, dialect }: Head,
  dtype: Dtype,
  size: number,
  body: (writer: Writer, at: string) => string,
): GpuKernel => {
  if (size === 0) return { source: '', functions: [], inputs: [], specials: [], size, dtype }
  const writer = writerOf(op, dialect)
  giveBack(writer, dtype, body(writer, elementNumber(writer, dtype)))
  const { source, functions, operands, specials } = writer.text()
  if (operands.length > MOST_INPUTS)
    fail(ruleError(op, `backend gpu: a kernel reads ${operands.length} arrays, and WebGPU allows ${MOST_INPUTS}`))
  return { source, functions, inputs: operands, specials, size, dtype }
}
