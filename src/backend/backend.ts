/**
 * What a backend is.
 *
 * Layer: backend. A backend runs kernels on arrays, ops on tensors, and, if it has a compiler, whole programs. One whose results
 * take their time runs programs alone. Read next: reference.ts, the plain one; wasm.ts, the quick one; gpu/.
 */
import type { Task } from 'fp-ts/lib/Task.js'
import { allocate, type TypedArray } from '../core/dtype.ts'
import type { Kernel } from '../core/kernel.ts'
import { concrete, hostOf } from '../core/tensor.ts'
import type { Concrete, Params, Program, Tensor, TensorType } from '../core/types.ts'

/** An op as backends see it. */
export type Lowering = {
  readonly name: string
  lower(params: Params, args: readonly TensorType[], outs: readonly TensorType[]): Kernel
}

/** Runs kernels, ops and programs. None of them changes its inputs. */
export interface Backend {
  readonly name: string
  readonly run: (kernel: Kernel, inputs: readonly TypedArray[]) => readonly TypedArray[]
  readonly evaluate: (
    op: Lowering,
    params: Params,
    args: readonly Concrete[],
    outs: readonly TensorType[],
  ) => readonly Tensor[]
  /** Runs a compiled program; `donated` are numbers of inputs that it may overwrite. `null` where nothing is compiled. */
  readonly execute:
    | ((program: Program, args: readonly Concrete[], donated: readonly number[]) => readonly Tensor[])
    | null
}

/** Runs whole programs on a device, for `compile`. Its results stay there until `toHost` reads them. */
export interface AsyncBackend {
  readonly name: string
  /** Rejects with a CotangentError. `donated` are numbers of inputs that lose their elements. */
  readonly execute: (
    program: Program,
    args: readonly Concrete[],
    donated: readonly number[],
  ) => Promise<readonly Tensor[]>
  /** Frees all that it has, results that nobody has read included; it runs nothing afterwards. */
  readonly close: Task<void>
  /** What it really is and does. */
  readonly describe: () => { readonly [name: string]: unknown }
}

/** A backend that runs kernel by kernel on arrays of the host. */
export const hostBackend = (name: string, run: Backend['run']): Backend => ({
  name,
  run,
  evaluate: (op, params, args, outs) => {
    const results = run(
      op.lower(params, args, outs),
      args.map(arg => hostOf(arg.cell)),
    )
    return outs.map(({ shape, dtype }, i) => concrete(shape, dtype, results[i] ?? allocate(dtype, 0)))
  },
  execute: null,
})
