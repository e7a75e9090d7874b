/**
 * lowerPlan: a plan as a list of gpu.js kernels over values.
 *
 * Layer: backend. One step for each gpu.js kernel, in the order of the plan; what lies between the gpu.js kernels of one kernel gets
 * a slot like everything else. Nothing here loads gpu.js. Read next: prepare.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Plan, Run, Slot, Step } from '../../compile/plan.ts'
import type { Dtype } from '../../core/dtype.ts'
import { CotangentError, fail, ruleError } from '../../core/errors.ts'
import type { Concrete } from '../../core/types.ts'
import { type GpuKernel, type SourceOptions, sourceOf } from './source.ts'

/** What kernels are written for: the dialect of the mode, and whether threads can share memory. */
export type Target = Pick<SourceOptions, 'dialect' | 'tiles'>

/** A value of a lowered plan: an input, a constant, or what a step makes. `size` counts elements. */
export type GpuValue = {
  readonly dtype: Dtype
  readonly size: number
  readonly from:
    | { readonly tag: 'input'; readonly index: number }
    | { readonly tag: 'constant'; readonly value: Concrete }
    | { readonly tag: 'step' }
}

type Wired = { readonly inputs: readonly Slot[]; readonly outputs: readonly Slot[] }

/** One gpu.js kernel, or control flow, which the host runs. */
export type GpuStep =
  | { readonly tag: 'kernel'; readonly kernel: GpuKernel; readonly inputs: readonly Slot[]; readonly output: Slot }
  | (Wired & {
      readonly tag: 'repeat'
      readonly body: GpuPlan
      readonly length: number
      readonly reverse: boolean
      readonly carry: number
      readonly xs: number
    })
  | (Wired & {
      readonly tag: 'while'
      readonly predicate: GpuPlan
      readonly body: GpuPlan
      readonly predicateConstants: number
      readonly bodyConstants: number
    })
  | (Wired & { readonly tag: 'branch'; readonly branches: readonly GpuPlan[] })

/** A plan in which kernels are those of gpu.js. `inputs` and `outputs` number values, as in the plan it was made from. */
export type GpuPlan = {
  readonly values: readonly GpuValue[]
  readonly inputs: readonly Slot[]
  readonly outputs: readonly Slot[]
  readonly steps: readonly GpuStep[]
}

const valuesOf = ({ buffers }: Plan): readonly GpuValue[] =>
  buffers.map(({ dtype, size, storage }) => {
    if (dtype === 'float64')
      return fail(ruleError('gpu', 'there is no float64 on backend gpu: cast to float32, or use another backend'))
    const from = storage.tag === 'input' || storage.tag === 'constant' ? storage : ({ tag: 'step' } as const)
    return { dtype, size, from }
  })

/** The gpu.js kernels of one kernel; those whose results are no results of the step get new slots. */
const runSteps = ({ kernel, inputs, outputs, ops }: Run, values: GpuValue[], target: Target): readonly GpuStep[] => {
  const dtypes = inputs.map(slot => values[slot]?.dtype ?? 'float32')
  const { kernels, outputs: results } = sourceOf(kernel, { ...target, op: ops.join(' '), dtypes })
  const slots = kernels.map(({ dtype, size }, i) => {
    const result = results.indexOf(i)
    return result >= 0 ? (outputs[result] as Slot) : values.push({ dtype, size, from: { tag: 'step' } }) - 1
  })
  return kernels.map((kernel, i) => ({
    tag: 'kernel',
    kernel,
    inputs: kernel.inputs.map(operand => (operand.tag === 'input' ? inputs[operand.input] : slots[operand.of]) as Slot),
    output: slots[i] as Slot,
  }))
}

const stepsOf = (step: Step, values: GpuValue[], target: Target): readonly GpuStep[] => {
  const { inputs, outputs } = step
  switch (step.tag) {
    case 'run':
      return runSteps(step, values, target)
    case 'repeat': {
      const { length, reverse, carry, xs } = step
      return [{ tag: 'repeat', body: lowered(step.body, target), length, reverse, carry, xs, inputs, outputs }]
    }
    case 'while': {
      const { predicateConstants, bodyConstants } = step
      const plans = { predicate: lowered(step.predicate, target), body: lowered(step.body, target) }
      return [{ tag: 'while', ...plans, predicateConstants, bodyConstants, inputs, outputs }]
    }
    case 'branch':
      return [{ tag: 'branch', branches: step.branches.map(plan => lowered(plan, target)), inputs, outputs }]
  }
}

const lowered = (plan: Plan, target: Target): GpuPlan => {
  const values = [...valuesOf(plan)]
  const steps = plan.steps.flatMap(step => stepsOf(step, values, target))
  return { values, steps, inputs: plan.inputs, outputs: plan.outputs }
}

/**
 * A plan as gpu.js kernels. Compile it with `fuse: { maxInputs: 8 }`: a WebGPU shader reads at most seven arrays.
 * The dialect of the target is that of the mode: `functions` for `webgl2` and `headlessgl`; tiles are for `webgpu`.
 * A Left is the RuleError of a kernel that has no form there, which names its ops.
 */
export const lowerPlan = (plan: Plan, target: Target = {}): E.Either<CotangentError, GpuPlan> =>
  E.tryCatch(
    () => lowered(plan, target),
    error => {
      if (error instanceof CotangentError) return error
      throw error
    },
  )
