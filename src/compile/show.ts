/**
 * showPlan: a plan as text, a line for each step, with what it costs.
 *
 * Layer: compile. Read next: plan.ts.
 */
import { bytesOf } from '../core/dtype.ts'
import { type Expr, type Kernel, kernelShapes } from '../core/kernel.ts'
import { showShape, sizeOf } from '../core/shape.ts'
import { weightOf } from './expressions.ts'
import { placesOf } from './kernels.ts'
import type { Plan, Slot, Step } from './plan.ts'

/** Arithmetic operations, and bytes read and written if each buffer is moved once. */
export type Cost = { readonly flops: number; readonly bytes: number }

const total = (costs: readonly Cost[]): Cost =>
  costs.reduce((sum, { flops, bytes }) => ({ flops: sum.flops + flops, bytes: sum.bytes + bytes }), {
    flops: 0,
    bytes: 0,
  })

const times = (n: number, { flops, bytes }: Cost): Cost => ({ flops: n * flops, bytes: n * bytes })

const flopsOf = (kernel: Kernel): number => {
  const combining =
    kernel.tag === 'nest'
      ? kernel.stages.filter(s => s.tag === 'reduce').map(s => sizeOf([...kernel.axes, ...s.axes]))
      : []
  const products = kernel.tag === 'contract' ? 2 * sizeOf([...kernel.axes, ...kernel.reduce]) : 0
  const seen = new Map<string, Expr[]>()
  for (const { expr, sizes } of placesOf(kernel)) seen.set(String(sizes), [...(seen.get(String(sizes)) ?? []), expr])
  const maps = [...seen].map(
    ([sizes, exprs]) => weightOf(exprs) * sizeOf(sizes === '' ? [] : sizes.split(',').map(Number)),
  )
  return [...combining, ...maps].reduce((a, b) => a + b, products)
}

/** What a step costs; loops of unknown length count once, of branches the dearest. */
export const costOf = (plan: Plan, step: Step): Cost => {
  const size = (slot: Slot): number => {
    const buffer = plan.buffers[slot]
    return buffer === undefined ? 0 : buffer.size * bytesOf(buffer.dtype)
  }
  const bytes = [...new Set(step.inputs), ...step.outputs].reduce((sum, slot) => sum + size(slot), 0)
  switch (step.tag) {
    case 'run':
      return { flops: flopsOf(step.kernel), bytes }
    case 'repeat':
      return times(step.length, costOfPlan(step.body))
    case 'while':
      return total([costOfPlan(step.predicate), costOfPlan(step.body)])
    case 'branch':
      return step.branches.map(costOfPlan).reduce((a, b) => (b.bytes > a.bytes ? b : a), { flops: 0, bytes: 0 })
  }
}

/** What all steps of a plan cost. */
export const costOfPlan = (plan: Plan): Cost => total(plan.steps.map(step => costOf(plan, step)))

const amount = (n: number): string =>
  n >= 1e9
    ? `${(n / 1e9).toFixed(2)} G`
    : n >= 1e6
      ? `${(n / 1e6).toFixed(2)} M`
      : n >= 1e3
        ? `${(n / 1e3).toFixed(1)} k`
        : `${n} `

const showCost = ({ flops, bytes }: Cost): string => `${amount(flops)}flop, ${amount(bytes)}B`

/** What kind of kernel it is, over which axes. */
const showKernel = (kernel: Kernel): string => {
  switch (kernel.tag) {
    case 'nest': {
      const own = kernel.stages.map(s =>
        s.tag === 'reduce' ? `${s.monoid}${showShape(s.axes)}` : `map${s.axes.length === 0 ? '' : showShape(s.axes)}`,
      )
      return `nest ${showShape(kernel.axes)} ${own.join(' ')}`
    }
    case 'contract':
      return `contract ${showShape(kernel.axes)}·${showShape(kernel.reduce)}`
    case 'scatter':
      return `scatter ${showShape(kernel.axes)}→${showShape(kernel.shape)}`
    case 'sort':
      return `sort ${showShape(kernel.shape)}`
    case 'cumulate':
      return `cumulate ${showShape(kernel.axes)} along ${kernel.axis}`
    case 'routine':
      return `${kernel.task.name} ${kernelShapes(kernel).map(showShape).join(' ')}`
  }
}

const showSlot = (plan: Plan, slot: Slot): string => {
  const storage = plan.buffers[slot]?.storage
  switch (storage?.tag) {
    case 'input':
      return `in${storage.index}`
    case 'constant':
      return `const${slot}`
    case 'output':
      return `out${slot}`
    default:
      return `t${slot}`
  }
}

const subPlans = (step: Step): readonly (readonly [string, Plan])[] => {
  switch (step.tag) {
    case 'run':
      return []
    case 'repeat':
      return [['body', step.body]]
    case 'while':
      return [
        ['predicate', step.predicate],
        ['body', step.body],
      ]
    case 'branch':
      return step.branches.map((branch, i) => [`branch ${i}`, branch])
  }
}

/** Says more about a step, such as how long it took. */
export type Note = (step: Step) => string

const showStep = (plan: Plan, step: Step, note: Note): readonly string[] => {
  const slots = (list: readonly Slot[]): string => list.map(slot => showSlot(plan, slot)).join(' ')
  const what = step.tag === 'run' ? showKernel(step.kernel) : step.tag === 'repeat' ? `repeat ${step.length}` : step.tag
  const line = `${slots(step.outputs)} = ${what} (${slots(step.inputs)}): ${step.ops.join(' ')}; ${showCost(costOf(plan, step))}${note(step)}`
  return [line, ...subPlans(step).flatMap(([name, sub]) => linesOf(sub, name, note).map(text => `  ${text}`))]
}

const linesOf = (plan: Plan, title: string, note: Note): readonly string[] => [
  `${title}: ${plan.steps.length} steps, arena ${amount(plan.arena)}B, ${showCost(costOfPlan(plan))}`,
  ...plan.steps.flatMap(step => showStep(plan, step, note).map(text => `  ${text}`)),
]

/** A plan as text: a line for each step with its kernel, buffers, ops and cost, and the totals in front. */
export const showPlan = (plan: Plan, note: Note = () => ''): string => linesOf(plan, 'plan', note).join('\n')
