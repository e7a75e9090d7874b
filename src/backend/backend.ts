/**
 * What a backend is, and which one runs eager ops.
 *
 * Layer: backend. A backend takes a kernel and typed arrays and gives typed arrays; it knows nothing of tensors or ops.
 */
import type { TypedArray } from '../core/dtype.ts'
import type { Kernel } from '../core/kernel.ts'

/** Runs kernels. `run` never changes its inputs. */
export interface Backend {
  readonly name: string
  run(kernel: Kernel, inputs: readonly TypedArray[]): readonly TypedArray[]
}
