/**
 * Graph: kernels and the values between them, before memory is given out.
 *
 * Layer: compile. A value is a buffer of elements in row-major order; its shape is the business of the kernels that read it.
 * Reshapes are therefore no nodes. Read next: lower.ts, which makes graphs of programs, and fuse.ts.
 */
import type { Dtype } from '../core/dtype.ts'
import type { Kernel } from '../core/kernel.ts'
import type { Concrete } from '../core/types.ts'
import type { Forms } from './forms.ts'
import type { Branch, Repeat, While } from './plan.ts'

/** An index into a graph's values. */
export type ValueId = number
/** `size` counts elements; `constant` is the value of a captured tensor. */
export type GraphValue = { readonly dtype: Dtype; readonly size: number; readonly constant?: Concrete }

type Wired = {
  readonly inputs: readonly ValueId[]
  readonly outputs: readonly ValueId[]
  readonly ops: readonly string[]
}
/**
 * A kernel whose loads name values: `input` of a load is a ValueId, so that expressions can move between kernels as they are.
 * `inputs` are those values in order of use; those of a sort or a routine are its operands.
 */
export type KernelNode = Wired & { readonly tag: 'kernel'; readonly kernel: Kernel }
type Rewired<Step> = Omit<Step, 'inputs' | 'outputs'> & Wired
/** Control flow, whose bodies are plans. */
export type ControlNode = Rewired<Repeat> | Rewired<While> | Rewired<Branch>
/** What computes values. */
export type GraphNode = KernelNode | ControlNode

/** Nodes stand in an order in which they can run; their kernels are tidy, in forms that all of them have in common. */
export type Graph = {
  readonly forms: Forms
  readonly values: readonly GraphValue[]
  readonly inputs: readonly ValueId[]
  readonly outputs: readonly ValueId[]
  readonly nodes: readonly GraphNode[]
}
