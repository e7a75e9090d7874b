/**
 * createGpuPlan: plans run by gpu.js, kernel by kernel.
 *
 * Layer: backend. Between kernels all values are Float32Arrays, whatever their dtype; the host converts inputs and results and runs
 * control flow. Read first: facade.ts, lower.ts.
 */
import { pipe } from 'fp-ts/lib/function.js'
import type * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Plan } from '../../compile/plan.ts'
import type { TypedArray } from '../../core/dtype.ts'
import { type CotangentError, fail, valueError } from '../../core/errors.ts'
import { range } from '../../core/shape.ts'
import { hostOf } from '../../core/tensor.ts'
import { type Gpu, type GpuMode, openGpu } from './facade.ts'
import { type GpuPlan, type GpuStep, lowerPlan } from './lower.ts'
import type { GpuKernel } from './source.ts'
import { decode, encode, lengthOf } from './storage.ts'

/** A plan that is ready to run. `close` ends what gpu.js keeps alive. */
export type RunnablePlan = {
  readonly mode: GpuMode
  readonly lowered: GpuPlan
  readonly run: (inputs: readonly TypedArray[]) => readonly TypedArray[]
  readonly close: T.Task<void>
}

type Arrays = readonly Float32Array[]

const SPECIALS = { infinity: Infinity, nan: Number.NaN } as const

/** Runs one gpu.js kernel. */
export const runKernel = (gpu: Gpu, kernel: GpuKernel, inputs: Arrays): Float32Array => {
  if (kernel.size === 0) return new Float32Array()
  const lengths = inputs.map(x => x.length)
  const run = gpu.compile({ ...kernel, size: lengthOf(kernel.dtype, kernel.size) }, lengths)
  return run([...inputs, ...kernel.specials.map(name => SPECIALS[name])])
}

/** One of so many equal parts, without a copy. */
const rowOf = (x: Float32Array, i: number, count: number): Float32Array => {
  const size = x.length / count
  return x.subarray(i * size, (i + 1) * size)
}

type Control<Tag extends GpuStep['tag']> = Extract<GpuStep, { readonly tag: Tag }>

const runRepeat = (gpu: Gpu, step: Control<'repeat'>, inputs: Arrays, sizes: readonly number[]): Arrays => {
  const { length, carry: carried, xs: count } = step
  const xs = inputs.slice(carried, carried + count)
  const constants = inputs.slice(carried + count)
  const ys = sizes.slice(carried).map(size => new Float32Array(size))
  let carry: Arrays = inputs.slice(0, carried)
  for (const i of step.reverse ? range(0, length).reverse() : range(0, length)) {
    const results = runLowered(gpu, step.body, [...carry, ...xs.map(x => rowOf(x, i, length)), ...constants])
    carry = results.slice(0, carried)
    ys.forEach((y, k) => {
      rowOf(y, i, length).set(results[carried + k] ?? [])
    })
  }
  return [...carry, ...ys]
}

const runWhile = (gpu: Gpu, step: Control<'while'>, inputs: Arrays): Arrays => {
  const { predicateConstants: p, bodyConstants: b } = step
  const [forPredicate, forBody] = [inputs.slice(0, p), inputs.slice(p, p + b)]
  let carry: Arrays = inputs.slice(p + b)
  while (runLowered(gpu, step.predicate, [...carry, ...forPredicate])[0]?.[0] !== 0)
    carry = runLowered(gpu, step.body, [...carry, ...forBody])
  return carry
}

const runBranch = (gpu: Gpu, { branches }: Control<'branch'>, [index, ...xs]: Arrays): Arrays => {
  const number = decode(index ?? new Float32Array(2), 'int32')[0] ?? 0
  const chosen = branches[Math.min(Math.max(number, 0), branches.length - 1)]
  return chosen === undefined ? [] : runLowered(gpu, chosen, xs)
}

const stepResults = (gpu: Gpu, step: GpuStep, inputs: Arrays, sizes: readonly number[]): Arrays => {
  switch (step.tag) {
    case 'kernel':
      return [runKernel(gpu, step.kernel, inputs)]
    case 'repeat':
      return runRepeat(gpu, step, inputs, sizes)
    case 'while':
      return runWhile(gpu, step, inputs)
    case 'branch':
      return runBranch(gpu, step, inputs)
  }
}

/** Runs a lowered plan on values as gpu.js takes them. */
const runLowered = (gpu: Gpu, plan: GpuPlan, inputs: Arrays): Arrays => {
  const values = plan.values.map(({ from }) =>
    from.tag === 'input'
      ? (inputs[from.index] ?? new Float32Array())
      : from.tag === 'constant'
        ? encode(hostOf(from.value.cell))
        : new Float32Array(),
  )
  const at = (slot: number): Float32Array => values[slot] ?? new Float32Array()
  for (const step of plan.steps) {
    const outputs = step.tag === 'kernel' ? [step.output] : step.outputs
    const sizes = outputs.map(slot => {
      const value = plan.values[slot]
      return value === undefined ? 0 : lengthOf(value.dtype, value.size)
    })
    stepResults(gpu, step, step.inputs.map(at), sizes).forEach((y, i) => {
      values[outputs[i] ?? -1] = y
    })
  }
  return plan.outputs.map(at)
}

const checkInputs = ({ values, inputs: slots }: GpuPlan, inputs: readonly TypedArray[]): void => {
  const sizes = slots.map(slot => values[slot]?.size ?? 0)
  if (inputs.length !== sizes.length || inputs.some((x, i) => x.length !== sizes[i]))
    fail(valueError('gpu', `the plan takes arrays of sizes [${sizes}], got [${inputs.map(x => x.length)}]`))
}

/** A lowered plan in a context that is open. */
export const planOn = (gpu: Gpu, lowered: GpuPlan): RunnablePlan => ({
  mode: gpu.mode,
  lowered,
  close: gpu.close,
  run: inputs => {
    checkInputs(lowered, inputs)
    return runLowered(gpu, lowered, inputs.map(encode)).map((y, i) =>
      decode(y, lowered.values[lowered.outputs[i] ?? -1]?.dtype ?? 'float32'),
    )
  },
})

/**
 * A plan that gpu.js runs in a mode that is asked for by name; no other mode is taken instead. Results may be inputs themselves, as
 * those of the plan.
 * A Left says which kernel has no form in gpu.js (RuleError), or that gpu.js is not installed (EngineError).
 */
export const createGpuPlan = (
  { mode }: { readonly mode: GpuMode },
  plan: Plan,
): TE.TaskEither<CotangentError, RunnablePlan> =>
  pipe(
    TE.fromEither(lowerPlan(plan)),
    TE.chain(lowered =>
      pipe(
        openGpu(mode),
        TE.map(gpu => planOn(gpu, lowered)),
      ),
    ),
  )
