/**
 * fp-ts instances for tensors and programs.
 *
 * Layer: core. Equality is exact: same dtype, shape and values, with NaN equal to itself, as the laws of an Eq demand.
 * Approximate equality is no Eq; `cotangent/testing` has it.
 */
import type { Eq } from 'fp-ts/lib/Eq.js'
import type { Show } from 'fp-ts/lib/Show.js'
import { sameProgram, showProgram } from './program.ts'
import { identical, show } from './tensor.ts'
import type { Program, Tensor } from './types.ts'

/** Exact equality of tensors whose values are known. */
export const tensorEq: Eq<Tensor> = { equals: (x, y) => x === y || identical(x, y) }
/** Tensors as NumPy's `str` shows them. */
export const tensorShow: Show<Tensor> = { show }
/** Programs with the same equations on the same types and captured values. */
export const programEq: Eq<Program> = { equals: sameProgram }
/** Programs a line an equation. */
export const programShow: Show<Program> = { show: showProgram }
