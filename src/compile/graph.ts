/**
 * Graph: kernels and the values between them, before memory is given out.
 *
 * Layer: compile. A value is a buffer of elements in row-major order; its shape is the business of the kernels that read it.
 * Reshapes are therefore no nodes. Read next: lower.ts, which makes graphs of programs, and fuse.ts.
 */
import type { Dtype } from '../core/dtype.ts'
import type { Kernel } from '../core/kernel.ts'
import type { Concrete } from '../core/types.ts'
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
/** A kernel: input i of its loads is the value `inputs[i]`. */
export type KernelNode = Wired & { readonly tag: 'kernel'; readonly kernel: Kernel }
type Rewired<Step> = Omit<Step, 'inputs' | 'outputs'> & Wired
/** Control flow, whose bodies are plans. */
export type ControlNode = Rewired<Repeat> | Rewired<While> | Rewired<Branch>
/** What computes values. */
export type GraphNode = KernelNode | ControlNode

/** Nodes stand in an order in which they can run. */
export type Graph = {
  readonly values: readonly GraphValue[]
  readonly inputs: readonly ValueId[]
  readonly outputs: readonly ValueId[]
  readonly nodes: readonly GraphNode[]
}
