/**
 * prepare: a lowered plan ready to run on a device.
 *
 * Layer: backend. Kernels run in segments; the host runs control flow between them, and looks at no values but those that decide it.
 * Read first: device.ts, segments.ts; next: backend.ts.
 */
import type { Slot } from '../../compile/plan.ts'
import { range } from '../../core/shape.ts'
import { hostOf } from '../../core/tensor.ts'
import type { Compiled, Device } from './device.ts'
import type { GpuPlan } from './lower.ts'
import { type ControlStep, floatsOf, type SegmentStep, segmentsOf } from './segments.ts'
import { decode, encode, lengthOf } from './storage.ts'

type Step<A> =
  | (SegmentStep & { readonly compiled: Compiled<A> })
  | { readonly tag: 'control'; readonly step: ControlStep; readonly parts: readonly Prepared<A>[] }

/** A plan that can be run. Arguments stay the caller's, results become the caller's. */
export type Prepared<A> = {
  readonly plan: GpuPlan
  readonly run: (inputs: readonly A[]) => Promise<readonly A[]>
  /** All that was compiled for it. */
  readonly segments: readonly Compiled<A>[]
  readonly close: () => Promise<void>
}

const partsOf = (step: ControlStep): readonly GpuPlan[] => {
  switch (step.tag) {
    case 'repeat':
      return [step.body]
    case 'while':
      return [step.predicate, step.body]
    case 'branch':
      return step.branches
  }
}

const prepareStep = async <A>(device: Device<A>, step: SegmentStep | ControlStep): Promise<Step<A>> => {
  if (step.tag === 'segment') return { ...step, compiled: await device.compile(step.segment) }
  const parts: Prepared<A>[] = []
  for (const plan of partsOf(step)) parts.push(await prepare(device, plan))
  return { tag: 'control', step, parts }
}

type Control<A, Tag extends ControlStep['tag']> = {
  readonly device: Device<A>
  readonly step: Extract<ControlStep, { readonly tag: Tag }>
  readonly parts: readonly Prepared<A>[]
  readonly inputs: readonly A[]
}

const keepAll = <A>(device: Device<A>, arrays: readonly A[]): readonly A[] => arrays.map(x => device.keep(x))
const dropAll = <A>(device: Device<A>, arrays: readonly A[]): void => {
  for (const x of arrays) device.drop(x)
}

const runRepeat = async <A>({ device, step, parts: [body], inputs }: Control<A, 'repeat'>): Promise<readonly A[]> => {
  const {
    length,
    carry: carried,
    xs: count,
    body: { values, inputs: slots, outputs },
  } = step
  if (body === undefined) return []
  const floatsAt = (slot: Slot | undefined): number => {
    const value = values[slot ?? -1]
    return value === undefined ? 1 : lengthOf(value.dtype, value.size)
  }
  const rows = range(carried, carried + count).map(i => ({ x: inputs[i] as A, size: floatsAt(slots[i]) }))
  const sizes = outputs.slice(carried).map(floatsAt)
  const ys = sizes.map(size => device.blank(Math.max(1, size * length)))
  const constants = inputs.slice(carried + count)
  let carry = keepAll(device, inputs.slice(0, carried))
  for (const i of step.reverse ? range(0, length).reverse() : range(0, length)) {
    const parts = rows.map(({ x, size }) => device.part(x, i * size, Math.max(1, size)))
    const results = await body.run([...carry, ...parts, ...constants])
    ys.forEach((y, k) => {
      const [size = 0, row] = [sizes[k], results[carried + k]]
      if (size > 0 && row !== undefined) device.put(y, i * size, row)
    })
    dropAll(device, [...carry, ...parts, ...results.slice(carried)])
    carry = results.slice(0, carried)
  }
  return [...carry, ...ys]
}

const runWhile = async <A>({
  device,
  step,
  parts: [predicate, body],
  inputs,
}: Control<A, 'while'>): Promise<readonly A[]> => {
  const { predicateConstants: p, bodyConstants: b } = step
  const [forPredicate, forBody] = [inputs.slice(0, p), inputs.slice(p, p + b)]
  let carry = keepAll(device, inputs.slice(p + b))
  if (predicate === undefined || body === undefined) return carry
  const goesOn = async (): Promise<boolean> => {
    const results = await predicate.run([...carry, ...forPredicate])
    const [answer] = results
    const floats = answer === undefined ? [] : await device.read(answer)
    dropAll(device, results)
    return floats[0] !== 0
  }
  while (await goesOn()) {
    const next = await body.run([...carry, ...forBody])
    dropAll(device, carry)
    carry = next
  }
  return carry
}

const runBranch = async <A>({ device, parts, inputs: [index, ...xs] }: Control<A, 'branch'>): Promise<readonly A[]> => {
  const chosen = index === undefined ? 0 : (decode(await device.read(index), 'int32')[0] ?? 0)
  return (await parts[Math.min(Math.max(chosen, 0), parts.length - 1)]?.run(xs)) ?? []
}

const runStep = <A>(device: Device<A>, prepared: Step<A>, inputs: readonly A[]): Promise<readonly A[]> => {
  if (prepared.tag === 'segment') return prepared.compiled.run(inputs)
  const { step, parts } = prepared
  switch (step.tag) {
    case 'repeat':
      return runRepeat({ device, step, parts, inputs })
    case 'while':
      return runWhile({ device, step, parts, inputs })
    case 'branch':
      return runBranch({ device, step, parts, inputs })
  }
}

const slotsOf = <A>(prepared: Step<A>) => (prepared.tag === 'segment' ? prepared : prepared.step)

/** Compiles all segments of a plan and of the plans in it. */
export const prepare = async <A>(device: Device<A>, plan: GpuPlan): Promise<Prepared<A>> => {
  const steps: Step<A>[] = []
  for (const step of segmentsOf(plan)) steps.push(await prepareStep(device, step))
  // Constants, and a stand-in for what is empty.
  const fixed = plan.values.map(value => {
    const { from, size } = value
    if (from.tag === 'constant' && size > 0) return device.upload(encode(hostOf(from.value.cell)))
    return from.tag !== 'input' && size === 0 ? device.upload(new Float32Array(floatsOf(value))) : null
  })
  const run = async (inputs: readonly A[]): Promise<readonly A[]> => {
    const values: (A | null)[] = [...fixed]
    plan.inputs.forEach((slot, i) => {
      values[slot] = inputs[i] ?? null
    })
    const at = (slot: Slot): A => values[slot] as A
    const made: A[] = []
    try {
      for (const step of steps) {
        const { inputs: reads, outputs } = slotsOf(step)
        const results = await runStep(device, step, reads.map(at))
        made.push(...results)
        outputs.forEach((slot, i) => {
          values[slot] = results[i] ?? null
        })
      }
      return keepAll(device, plan.outputs.map(at))
    } finally {
      dropAll(device, made)
    }
  }
  const parts = steps.flatMap(step => (step.tag === 'control' ? step.parts : []))
  const compiled = steps.flatMap(step => (step.tag === 'segment' ? [step.compiled] : []))
  return {
    plan,
    run,
    segments: [...compiled, ...parts.flatMap(({ segments }) => segments)],
    close: async () => {
      for (const x of fixed) if (x !== null) device.drop(x)
      for (const segment of compiled) await segment.close()
      for (const part of parts) await part.close()
    },
  }
}
