/**
 * Plan: a compiled program as a static list of steps over buffers.
 *
 * Layer: compile. Everything a backend needs is here: which kernels run in which order, on which buffers, and where those are.
 * All buffers are row-major; a bool takes one byte. Read next: compile.ts, which makes plans.
 */
import type { Dtype } from '../core/dtype.ts'
import type { Kernel } from '../core/kernel.ts'
import type { Concrete } from '../core/types.ts'

/** Buffers begin at multiples of so many bytes, the width of a cache line. */
export const ALIGNMENT = 64

/** Bytes made up to a multiple of the alignment. */
export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT

/** An index into a plan's buffers. */
export type Slot = number

/** Where a buffer is: memory that the caller gives, a captured tensor, a block made for the caller, or bytes of the plan's arena. */
export type Storage =
  | { readonly tag: 'input'; readonly index: number }
  | { readonly tag: 'constant'; readonly value: Concrete }
  | { readonly tag: 'output' }
  | { readonly tag: 'temporary'; readonly offset: number }

/** `size` counts elements. */
export type Buffer = { readonly dtype: Dtype; readonly size: number; readonly storage: Storage }

type Wired = { readonly inputs: readonly Slot[]; readonly outputs: readonly Slot[]; readonly ops: readonly string[] }

/** One kernel; `ops` names the ops fused in it. */
export type Run = Wired & { readonly tag: 'run'; readonly kernel: Kernel }
/** A scan. Inputs: carry, xs, constants, and so are those of the body, which gets slices of xs; outputs: carry, stacked ys. */
export type Repeat = Wired & {
  readonly tag: 'repeat'
  readonly body: Plan
  readonly length: number
  readonly reverse: boolean
  readonly carry: number
  readonly xs: number
}
/** A loop. Inputs: constants of the predicate, constants of the body, carry; both plans take the carry first. */
export type While = Wired & {
  readonly tag: 'while'
  readonly predicate: Plan
  readonly body: Plan
  readonly predicateConstants: number
  readonly bodyConstants: number
}
/** One of several plans, named by an int32 index, the first input, that is clipped to their range. */
export type Branch = Wired & { readonly tag: 'branch'; readonly branches: readonly Plan[] }

/** What a plan does at one point of its order. */
export type Step = Run | Repeat | While | Branch

/**
 * `outputs` may name slots of any storage, and one slot twice. `arena` counts the bytes that temporaries need; their offsets are
 * multiples of 64.
 */
export type Plan = {
  readonly buffers: readonly Buffer[]
  readonly inputs: readonly Slot[]
  readonly outputs: readonly Slot[]
  readonly steps: readonly Step[]
  readonly arena: number
}
