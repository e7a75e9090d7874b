/**
 * runPlan: a plan run step by step with whatever runs kernels. How tests try plans on the reference backend.
 *
 * Layer: compile. Temporaries really lie in one arena, so that a wrong memory plan gives wrong results.
 */
import { allocate, type Dtype, type TypedArray } from '../core/dtype.ts'
import type { Kernel } from '../core/kernel.ts'
import { range } from '../core/shape.ts'
import { hostOf } from '../core/tensor.ts'
import type { Branch, Buffer, Plan, Repeat, Step, While } from './plan.ts'

/** Runs one kernel; `run` of a backend. */
export type RunKernel = (kernel: Kernel, inputs: readonly TypedArray[]) => readonly TypedArray[]

const viewOf = (dtype: Dtype, memory: ArrayBuffer, offset: number, size: number): TypedArray => {
  switch (dtype) {
    case 'float32':
      return new Float32Array(memory, offset, size)
    case 'float64':
      return new Float64Array(memory, offset, size)
    case 'int32':
      return new Int32Array(memory, offset, size)
    case 'bool':
      return new Uint8Array(memory, offset, size)
  }
}

const arrayOf = ({ dtype, size, storage }: Buffer, memory: ArrayBuffer, inputs: readonly TypedArray[]): TypedArray => {
  switch (storage.tag) {
    case 'input':
      return inputs[storage.index] as TypedArray
    case 'constant':
      return hostOf(storage.value.cell)
    case 'output':
      return allocate(dtype, size)
    case 'temporary':
      return viewOf(dtype, memory, storage.offset, size)
  }
}

const runRepeat = (
  run: RunKernel,
  step: Repeat,
  inputs: readonly TypedArray[],
  outputs: readonly TypedArray[],
): void => {
  const xs = inputs.slice(step.carry, step.carry + step.xs)
  const constants = inputs.slice(step.carry + step.xs)
  const row = (x: TypedArray, i: number): TypedArray => {
    const size = x.length / step.length
    return x.subarray(i * size, (i + 1) * size)
  }
  let carry = inputs.slice(0, step.carry)
  for (const i of step.reverse ? range(0, step.length).reverse() : range(0, step.length)) {
    const results = runPlan(run, step.body, [...carry, ...xs.map(x => row(x, i)), ...constants])
    carry = results.slice(0, step.carry)
    results.slice(step.carry).forEach((y, k) => {
      row(outputs[step.carry + k] as TypedArray, i).set(y)
    })
  }
  carry.forEach((c, i) => {
    outputs[i]?.set(c)
  })
}

const runWhile = (run: RunKernel, step: While, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const { predicateConstants: p, bodyConstants: b } = step
  const [forPredicate, forBody] = [inputs.slice(0, p), inputs.slice(p, p + b)]
  let carry = inputs.slice(p + b)
  while (runPlan(run, step.predicate, [...carry, ...forPredicate])[0]?.[0] !== 0)
    carry = runPlan(run, step.body, [...carry, ...forBody]) as TypedArray[]
  return carry
}

const runBranch = (
  run: RunKernel,
  { branches }: Branch,
  [index, ...xs]: readonly TypedArray[],
): readonly TypedArray[] => {
  const chosen = Math.min(Math.max(index?.[0] ?? 0, 0), branches.length - 1)
  return runPlan(run, branches[chosen] as Plan, xs)
}

const resultsOf = (
  run: RunKernel,
  step: Exclude<Step, Repeat>,
  inputs: readonly TypedArray[],
): readonly TypedArray[] => {
  switch (step.tag) {
    case 'run':
      return run(step.kernel, inputs)
    case 'while':
      return runWhile(run, step, inputs)
    case 'branch':
      return runBranch(run, step, inputs)
  }
}

/** What a plan gives for inputs in row-major order. Results may be inputs or constants themselves. */
export const runPlan = (run: RunKernel, plan: Plan, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const memory = new ArrayBuffer(plan.arena)
  // What nobody has written is no number.
  new Uint8Array(memory).fill(0xff)
  const arrays = plan.buffers.map(buffer => arrayOf(buffer, memory, inputs))
  const at = (slot: number): TypedArray => arrays[slot] as TypedArray
  for (const step of plan.steps) {
    const outputs = step.outputs.map(at)
    if (step.tag === 'repeat') runRepeat(run, step, step.inputs.map(at), outputs)
    else
      resultsOf(run, step, step.inputs.map(at)).forEach((y, i) => {
        outputs[i]?.set(y)
      })
  }
  return plan.outputs.map(at)
}
