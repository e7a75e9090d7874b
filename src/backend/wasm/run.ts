/**
 * Runs executables: puts addresses into frames and calls kernels in order, sharing chunks with other threads.
 *
 * Layer: backend. The main thread alone walks the steps, also those of loops and branches; workers only take chunks of the phase at
 * hand. Read next: engine.ts.
 */
import { aligned, type Buffer, type Plan } from '../../compile/plan.ts'
import type { TypedArray } from '../../core/dtype.ts'
import { type Action, bufferBytes, type Executable, setWord, type Task, type Unit, wordAt } from './executable.ts'
import { arrayAt, type Heap } from './heap.ts'
import type { Pool } from './threads.ts'

/** Is told how long a task took, in milliseconds. */
export type Profile = (task: Task, milliseconds: number) => void

/** What a run needs. */
export type Context = {
  readonly heap: Heap
  /** The threads that share the work; `null` for none. */
  readonly pool: Pool | null
  readonly profile: Profile | null
}

/** Gives the temporaries of a unit their places in an arena. */
const settle = (heap: Heap, unit: Unit, arena: number): void => {
  if (unit.arena === arena) return
  unit.arena = arena
  unit.plan.buffers.forEach(({ storage }, slot) => {
    if (storage.tag === 'temporary') setWord(heap, unit.frame, slot, arena + storage.offset)
  })
  setWord(heap, unit.frame, unit.plan.buffers.length, arena + unit.scratchAt)
}

const copy = (heap: Heap, from: number, to: number, bytes: number): void => {
  if (from !== to) heap.views().u8.copyWithin(to, from, from + bytes)
}

/** Runs a part of a plan on operands at given addresses, its results at others. */
const runPart = (
  context: Context,
  unit: Unit,
  arena: number,
  inputs: readonly number[],
  outputs: readonly number[],
): void => {
  const { heap } = context
  const { plan, frame } = unit
  plan.inputs.forEach((slot, i) => {
    setWord(heap, frame, slot, inputs[i] as number)
  })
  plan.outputs.forEach((slot, i) => {
    if (plan.buffers[slot]?.storage.tag === 'output') setWord(heap, frame, slot, outputs[i] as number)
  })
  runUnit(context, unit, arena)
  plan.outputs.forEach((slot, i) => {
    copy(heap, wordAt(heap, unit.frame, slot), outputs[i] as number, bufferBytes(plan, slot))
  })
}

/** Bytes of the slices along the first axis of each of some buffers. */
const sliceBytes = (plan: Plan, slots: readonly number[], length: number): readonly number[] =>
  slots.map(slot => (length === 0 ? 0 : bufferBytes(plan, slot) / length))

/** Addresses of a second set of buffers like those in some slots. */
const spares = (unit: Unit, arena: number, slots: readonly number[]): readonly number[] => {
  let at = arena + unit.spareAt
  return slots.map(slot => {
    const here = at
    at += aligned(bufferBytes(unit.plan, slot))
    return here
  })
}

const runRepeat = (context: Context, unit: Unit, { step, body }: Action & { tag: 'repeat' }): void => {
  const { heap } = context
  const { carry, xs, length, reverse } = step
  const at = (slot: number): number => wordAt(heap, unit.frame, slot)
  const inside = unit.arena + unit.own
  const results = step.outputs.slice(0, carry).map(at)
  const others = spares(unit, unit.arena, step.outputs.slice(0, carry))
  const slices = step.inputs.slice(carry, carry + xs)
  const [sources, widths] = [slices.map(at), sliceBytes(unit.plan, slices, length)]
  const constants = step.inputs.slice(carry + xs).map(at)
  const stacks = step.outputs.slice(carry)
  const [stackAt, stackWidths] = [stacks.map(at), sliceBytes(unit.plan, stacks, length)]
  let state: readonly number[] = step.inputs.slice(0, carry).map(at)
  for (let k = 0; k < length; k++) {
    const i = reverse ? length - 1 - k : k
    const next = (length - 1 - k) % 2 === 0 ? results : others
    const ins = [...state, ...sources.map((from, j) => from + i * (widths[j] as number)), ...constants]
    runPart(context, body, inside, ins, [...next, ...stackAt.map((to, j) => to + i * (stackWidths[j] as number))])
    state = next
  }
  if (length === 0)
    state.forEach((from, i) => {
      copy(heap, from, results[i] as number, bufferBytes(unit.plan, step.outputs[i] as number))
    })
}

const runWhile = (context: Context, unit: Unit, { step, predicate, body }: Action & { tag: 'while' }): void => {
  const { heap } = context
  const at = (slot: number): number => wordAt(heap, unit.frame, slot)
  const inside = unit.arena + unit.own
  const { predicateConstants: p, bodyConstants: b } = step
  const inputs = step.inputs.map(at)
  const results = step.outputs.map(at)
  const others = spares(unit, unit.arena, step.outputs)
  const flag = inside - 64
  let state: readonly number[] = inputs.slice(p + b)
  const holds = (): boolean => {
    runPart(context, predicate, inside, [...state, ...inputs.slice(0, p)], [flag])
    return heap.views().u8[flag] !== 0
  }
  let next: readonly number[] = results
  while (holds()) {
    runPart(context, body, inside, [...state, ...inputs.slice(p, p + b)], next)
    state = next
    next = next === results ? others : results
  }
  state.forEach((from, i) => {
    copy(heap, from, results[i] as number, bufferBytes(unit.plan, step.outputs[i] as number))
  })
}

const runBranch = (context: Context, unit: Unit, { step, branches }: Action & { tag: 'branch' }): void => {
  const at = (slot: number): number => wordAt(context.heap, unit.frame, slot)
  const [index, ...operands] = step.inputs.map(at) as [number, ...number[]]
  const wanted = context.heap.views().i32[index >>> 2] as number
  const branch = branches[Math.min(Math.max(wanted, 0), branches.length - 1)] as Unit
  runPart(context, branch, unit.arena + unit.own, operands, step.outputs.map(at))
}

const runHost = ({ heap }: Context, unit: Unit, action: Action & { tag: 'host' }): void => {
  const { buffers } = unit.plan
  const array = (slot: number): TypedArray => {
    const buffer = buffers[slot] as Buffer
    return arrayAt(heap, buffer.dtype, wordAt(heap, unit.frame, slot), buffer.size)
  }
  const results = action.run(action.inputs.map(array))
  action.outputs.forEach((slot, i) => {
    array(slot).set(results[i] as TypedArray)
  })
}

const runAction = (context: Context, unit: Unit, action: Action): void => {
  switch (action.tag) {
    case 'phase': {
      const { index, run, chunks } = action
      if (context.pool !== null && chunks > 1) context.pool.phase(index, unit.frame, chunks, run)
      else for (let chunk = 0; chunk < chunks; chunk++) run(unit.frame, chunk)
      return
    }
    case 'host':
      runHost(context, unit, action)
      return
    case 'repeat':
      runRepeat(context, unit, action)
      return
    case 'while':
      runWhile(context, unit, action)
      return
    case 'branch':
      runBranch(context, unit, action)
      return
  }
}

/** Runs a unit whose inputs and outputs are in its frame, with an arena for the rest. */
const runUnit = (context: Context, unit: Unit, arena: number): void => {
  settle(context.heap, unit, arena)
  const { profile } = context
  for (const task of unit.tasks) {
    if (profile === null) runAction(context, unit, task.action)
    else {
      const start = performance.now()
      runAction(context, unit, task.action)
      profile(task, performance.now() - start)
    }
  }
}

/** Runs an executable whose inputs and outputs are in its frame. */
export const runExecutable = (context: Context, executable: Executable, arena: number): void => {
  const { pool } = context
  if (pool === null || executable.shared === null) {
    runUnit(context, executable.unit, arena)
    return
  }
  pool.begin(executable.shared, executable.parallel)
  try {
    runUnit(context, executable.unit, arena)
  } finally {
    pool.end()
  }
}
