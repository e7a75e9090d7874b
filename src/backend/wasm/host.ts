/**
 * Kernels that run in JavaScript over the engine's memory, on the main thread: routines of linear algebra.
 *
 * Layer: backend.
 */
import type { TypedArray } from '../../core/dtype.ts'
import { engineError, fail } from '../../core/errors.ts'
import type { Kernel } from '../../core/kernel.ts'
import { runRoutine } from '../routine.ts'

/** A kernel as a function of arrays. */
export const hostKernel = (kernel: Kernel): ((inputs: readonly TypedArray[]) => readonly TypedArray[]) =>
  kernel.tag === 'routine'
    ? inputs => runRoutine(kernel, inputs)
    : fail(engineError('engine', `a ${kernel.tag} is emitted, not run in JavaScript`))
