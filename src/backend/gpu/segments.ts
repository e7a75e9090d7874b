/**
 * segmentsOf: a lowered plan with its kernels gathered into runs as long as can be.
 *
 * Layer: backend. What is between two kernels of a segment never leaves it. Read first: lower.ts, device.ts; next: prepare.ts.
 */
import type { Slot } from '../../compile/plan.ts'
import type { Segment, Source } from './device.ts'
import type { GpuPlan, GpuStep, GpuValue } from './lower.ts'
import { lengthOf } from './storage.ts'

type KernelStep = GpuStep & { readonly tag: 'kernel' }

/** Control flow, which the host runs. */
export type ControlStep = Exclude<GpuStep, KernelStep>

/** A segment with the slots that it reads and makes. */
export type SegmentStep = {
  readonly tag: 'segment'
  readonly segment: Segment
  readonly inputs: readonly Slot[]
  readonly outputs: readonly Slot[]
}

/** Floats that stand for a value; gpu.js has no empty arrays. */
export const floatsOf = ({ dtype, size }: GpuValue): number => Math.max(1, lengthOf(dtype, size))

const segmentOf = ({ values }: GpuPlan, steps: readonly KernelStep[], wanted: ReadonlySet<Slot>): SegmentStep => {
  const at = new Map<Slot, number>(steps.map(({ output }, i) => [output, i]))
  const inputs: Slot[] = []
  const sourceOf = (slot: Slot): Source => {
    const kernel = at.get(slot)
    if (kernel !== undefined) return { tag: 'kernel', index: kernel }
    const known = inputs.indexOf(slot)
    return { tag: 'input', index: known >= 0 ? known : inputs.push(slot) - 1 }
  }
  const kernels = steps.map(({ kernel, inputs: reads }) => ({ kernel, reads: reads.map(sourceOf) }))
  const outputs = steps.map(({ output }) => output).filter(slot => wanted.has(slot))
  const segment = {
    kernels,
    inputs: inputs.map(slot => floatsOf(values[slot] as GpuValue)),
    outputs: outputs.map(slot => at.get(slot) as number),
  }
  return { tag: 'segment', segment, inputs, outputs }
}

/** The steps of a plan, kernels gathered. Kernels of nothing are left out, and so are those whose results nobody wants. */
export const segmentsOf = (plan: GpuPlan): readonly (SegmentStep | ControlStep)[] => {
  const groups: (KernelStep[] | ControlStep)[] = []
  for (const step of plan.steps) {
    if (step.tag !== 'kernel') groups.push(step)
    else if (step.kernel.size > 0) {
      const last = groups.at(-1)
      if (Array.isArray(last)) last.push(step)
      else groups.push([step])
    }
  }
  const readBy = groups.map(group => (Array.isArray(group) ? group : [group]).flatMap(({ inputs }) => inputs))
  return groups.flatMap((group, i): readonly (SegmentStep | ControlStep)[] => {
    if (!Array.isArray(group)) return [group]
    const wanted = new Set([...plan.outputs, ...readBy.slice(i + 1).flat()])
    const step = segmentOf(plan, group, wanted)
    return step.outputs.length === 0 ? [] : [step]
  })
}
