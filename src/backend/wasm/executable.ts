/**
 * A plan made ready to run: its kernels as functions of one WebAssembly module, its buffers as words of a frame.
 *
 * Layer: backend. A frame is a row of words in the engine's memory, the address of each buffer of a plan and then that of the
 * scratch memory; kernels find their operands there. Programs inside control flow are plans with frames of their own.
 * Read next: run.ts.
 */
import { companionRows, type Sited } from '../../compile/companions.ts'
import { ALIGNMENT, aligned, type Buffer, type Plan, type Run, type Step } from '../../compile/plan.ts'
import { bytesOf, type TypedArray } from '../../core/dtype.ts'
import { engineError, fail } from '../../core/errors.ts'
import { cellOf } from '../../core/tensor.ts'
import type { Cell } from '../../core/types.ts'
import { type FunctionRef, type ModuleBuilder, moduleBuilder } from './assembler.ts'
import { emitContract } from './contract.ts'
import type { SharedModule } from './control.ts'
import { emitCumulate } from './cumulate.ts'
import type { Emitted, Phase, Slots } from './emit.ts'
import { copyIn, type Heap } from './heap.ts'
import { hostKernel } from './host.ts'
import { emitNest } from './nest.ts'
import { type WasmExports, wasmApi } from './platform.ts'
import { emitScatter } from './scatter.ts'
import { emitSort } from './sort.ts'

/** A phase of a kernel as a function; `index` names it among the module's exports. */
export type Compiled = (frame: number, chunk: number) => void

/** Something to be done with a frame. */
export type Action =
  | { readonly tag: 'phase'; readonly index: number; run: Compiled; readonly chunks: number; readonly work: number }
  | {
      readonly tag: 'host'
      readonly run: (inputs: readonly TypedArray[]) => readonly TypedArray[]
      readonly inputs: readonly number[]
      readonly outputs: readonly number[]
    }
  | { readonly tag: 'repeat'; readonly step: Step & { tag: 'repeat' }; readonly body: Unit }
  | { readonly tag: 'while'; readonly step: Step & { tag: 'while' }; readonly predicate: Unit; readonly body: Unit }
  | { readonly tag: 'branch'; readonly step: Step & { tag: 'branch' }; readonly branches: readonly Unit[] }

/** Actions with the ops they carry out, for `explain`. */
export type Task = { readonly action: Action; readonly step: Step; readonly phase: number }

/** A plan with its frame. */
export type Unit = {
  readonly plan: Plan
  readonly tasks: readonly Task[]
  /** The address of the frame. */
  readonly frame: number
  /** Bytes of the arena that it needs for itself: temporaries, then scratch memory, then spare carries. */
  readonly own: number
  /** Bytes with what its parts need behind. */
  readonly whole: number
  readonly scratchAt: number
  readonly spareAt: number
  /** The arena that the frame's temporaries were last placed in. */
  arena: number
}

/** A constant that is a tensor of its own in the engine's cache: each run asks there where it is, and says so in the frame. */
export type Resident = { readonly frame: number; readonly slot: number; readonly buffer: Buffer; readonly cell: Cell }

/** A plan that can be run. */
export type Executable = {
  readonly unit: Unit
  readonly id: number
  readonly constants: readonly Resident[]
  /** The module for workers to read, if some phase is worth sharing. */
  readonly shared: SharedModule | null
  /** Nanoseconds, roughly, that the phases of many chunks take on one thread. */
  readonly parallel: number
  readonly codeSize: number
  /** Memory that goes when the executable does. */
  readonly owned: readonly { readonly at: number; readonly bytes: number }[]
}

/** What an executable is made in. */
export type Workshop = {
  readonly heap: Heap
  readonly reserve: (bytes: number) => number
  readonly fma: boolean
}

/** Tensors of at most so many bytes live on the host, and are copied in and out at each run. */
const SMALL = 1024

export const isSmall = ({ dtype, size }: Buffer): boolean => size * bytesOf(dtype) <= SMALL

/** A kernel as phases; `null` for one that runs in JavaScript. */
const emitKernel = (
  module: ModuleBuilder,
  plan: Plan,
  { kernel, inputs, outputs }: Run,
  fma: boolean,
  share?: number,
): Emitted | null => {
  const slots: Slots = { inputs, outputs, scratch: plan.buffers.length }
  switch (kernel.tag) {
    case 'nest':
      return emitNest(module, kernel, slots, share)
    case 'contract':
      return emitContract(module, kernel, slots, { fma, share })
    case 'scatter':
      return emitScatter(module, kernel, slots)
    case 'cumulate':
      return emitCumulate(module, kernel, slots)
    case 'sort':
      return emitSort(module, kernel, slots, plan.buffers[inputs[0] ?? 0]?.dtype ?? 'float32')
    case 'routine':
      return null
  }
}

/** Collects what the units of a plan need while they are built. */
type Building = {
  readonly workshop: Workshop
  readonly module: ModuleBuilder
  readonly functions: FunctionRef[]
  readonly owned: { readonly at: number; readonly bytes: number }[]
  readonly constants: Resident[]
  parallel: number
}

const own = (building: Building, bytes: number): number => {
  const at = building.workshop.reserve(bytes)
  building.owned.push({ at, bytes })
  return at
}

/** Phases of less work, in nanoseconds, are no reason to call workers; those that are there for longer ones take part in them too. */
const WORTH_SHARING = 15_000

const phaseTask = (building: Building, step: Run, { fn, chunks, work }: Phase, phase: number): Task => {
  if (chunks > 1 && work > WORTH_SHARING) building.parallel += work
  const index = building.functions.push(fn) - 1
  return { action: { tag: 'phase', index, run: unlinked, chunks, work }, step, phase }
}

const phasesOf = (building: Building, plan: Plan, step: Run): readonly [Task[], number] => {
  const emitted = emitKernel(building.module, plan, step, building.workshop.fma)
  if (emitted === null) {
    const action = { tag: 'host', run: hostKernel(step.kernel), inputs: step.inputs, outputs: step.outputs } as const
    return [[{ action, step, phase: 0 }], 0]
  }
  return [emitted.phases.map((phase, i) => phaseTask(building, step, phase, i)), emitted.scratch]
}

/** Rows that companions do at a time: some hundred kilobytes of what both read, which stay in the second-level cache. */
const ROWS_TOGETHER = 1024

const sited = ({ kernel, inputs, outputs }: Run): Sited => ({ kernel, outputs, at: i => inputs[i] ?? -1 })

/** Whether the second of two steps may run some rows behind the first. */
const areCompanions = (plan: Plan, first: Step, second: Step | undefined): second is Run =>
  first.tag === 'run' &&
  second?.tag === 'run' &&
  companionRows(sited(first), sited(second), slot => plan.buffers[slot]?.size ?? 0) !== null

/** A phase in which each chunk of the first is followed by that of the second. */
const together = (module: ModuleBuilder, first: Phase, second: Phase): Phase => ({
  fn: module.define(null, ['i32', 'i32'], [], (code, frame = 0, chunk = 1) => {
    for (const { fn } of [first, second]) {
      code.get(frame)
      code.get(chunk)
      code.call(fn)
    }
  }),
  chunks: first.chunks,
  work: first.work + second.work,
})

/** Two steps that are companions, the first of which makes its results and no partial ones; null where their chunks do not match. */
const companions = (building: Building, plan: Plan, first: Run, second: Run): readonly [Task[], number] | null => {
  const { module, workshop } = building
  const [a, b] = [first, second].map(step => emitKernel(module, plan, step, workshop.fma, ROWS_TOGETHER))
  const [rows, ...others] = a?.phases ?? []
  const [sums, ...rest] = b?.phases ?? []
  if (rows?.rows === undefined || sums?.rows !== rows.rows || sums.chunks !== rows.chunks) return null
  if (others.length > 0 || rest.length === 0 || a?.scratch !== 0) return null
  const tasks = [
    phaseTask(building, first, together(module, rows, sums), 0),
    ...rest.map((phase, i) => phaseTask(building, second, phase, i + 1)),
  ]
  return [tasks, b?.scratch ?? 0]
}

const unlinked: Compiled = () => fail(engineError('engine', 'a kernel was run before its module was made'))

/** Bytes for a second copy of the carries of a loop. */
const spareBytes = (plan: Plan, slots: readonly number[]): number =>
  slots.reduce((total, slot) => total + aligned(bufferBytes(plan, slot)), 0)

export const bufferBytes = (plan: Plan, slot: number): number => {
  const { dtype, size } = plan.buffers[slot] as Buffer
  return size * bytesOf(dtype)
}

const stepTasks = (
  building: Building,
  plan: Plan,
  step: Step,
): readonly [Task[], scratch: number, spare: number, Unit[]] => {
  switch (step.tag) {
    case 'run': {
      const [tasks, scratch] = phasesOf(building, plan, step)
      return [tasks, scratch, 0, []]
    }
    case 'repeat': {
      const body = unitOf(building, step.body)
      const spare = spareBytes(plan, step.outputs.slice(0, step.carry))
      return [[{ action: { tag: 'repeat', step, body }, step, phase: 0 }], 0, spare, [body]]
    }
    case 'while': {
      const [predicate, body] = [unitOf(building, step.predicate), unitOf(building, step.body)]
      const spare = spareBytes(plan, step.outputs) + ALIGNMENT
      return [[{ action: { tag: 'while', step, predicate, body }, step, phase: 0 }], 0, spare, [predicate, body]]
    }
    case 'branch': {
      const branches = step.branches.map(branch => unitOf(building, branch))
      return [[{ action: { tag: 'branch', step, branches }, step, phase: 0 }], 0, 0, branches]
    }
  }
}

const unitOf = (building: Building, plan: Plan): Unit => {
  const tasks: Task[] = []
  let [scratch, spare, parts] = [0, 0, 0]
  for (let i = 0; i < plan.steps.length; i++) {
    const [step, next] = [plan.steps[i] as Step, plan.steps[i + 1]]
    const pair = areCompanions(plan, step, next) ? companions(building, plan, step as Run, next) : null
    if (pair !== null) i++
    const [more, stepScratch, stepSpare, units] = pair === null ? stepTasks(building, plan, step) : [...pair, 0, []]
    tasks.push(...more)
    scratch = Math.max(scratch, stepScratch)
    spare = Math.max(spare, stepSpare)
    for (const unit of units) parts = Math.max(parts, unit.whole)
  }
  const frame = own(building, 4 * (plan.buffers.length + 1))
  placeConstants(building, plan, frame)
  const scratchAt = aligned(plan.arena)
  const spareAt = scratchAt + aligned(scratch)
  const ownBytes = spareAt + aligned(spare)
  return { plan, tasks, frame, own: ownBytes, whole: ownBytes + parts, scratchAt, spareAt, arena: -1 }
}

/** The address of a buffer, from a frame. */
export const wordAt = (heap: Heap, frame: number, slot: number): number =>
  (heap.views().i32[(frame >>> 2) + slot] as number) >>> 0

/** Puts the address of a buffer into a frame. */
export const setWord = (heap: Heap, frame: number, slot: number, at: number): void => {
  heap.views().i32[(frame >>> 2) + slot] = at
}

/** Gives small constants, and small inputs and outputs, a place that stays; notes which constants are large. */
const placeConstants = (building: Building, plan: Plan, frame: number): void => {
  const { heap } = building.workshop
  plan.buffers.forEach((buffer, slot) => {
    const { dtype, storage } = buffer
    if (storage.tag === 'temporary') return
    if (isSmall(buffer)) {
      const at = own(building, Math.max(16, bufferBytes(plan, slot)))
      if (storage.tag === 'constant') copyIn(heap, cellOf(storage.value), dtype, at)
      setWord(heap, frame, slot, at)
    } else if (storage.tag === 'constant') building.constants.push({ frame, slot, buffer, cell: storage.value.cell })
  })
}

const link = (unit: Unit, exports: WasmExports): void => {
  for (const { action } of unit.tasks)
    switch (action.tag) {
      case 'phase':
        action.run = exports[action.index] as Compiled
        break
      case 'repeat':
        link(action.body, exports)
        break
      case 'while':
        link(action.predicate, exports)
        link(action.body, exports)
        break
      case 'branch':
        for (const branch of action.branches) link(branch, exports)
        break
      case 'host':
        break
    }
}

let made = 0

/** Compiles a plan. */
export const createExecutable = (workshop: Workshop, plan: Plan): Executable => {
  const { heap } = workshop
  const building: Building = { workshop, module: moduleBuilder(), functions: [], owned: [], constants: [], parallel: 0 }
  const unit = unitOf(building, plan)
  const { bytes, data } = building.module.finish(heap.shared, building.functions)
  const dataAt = own(building, Math.max(16, data.length))
  heap.views().u8.set(data, dataAt)
  const module = new wasmApi.Module(bytes)
  const address = new wasmApi.Global({ value: 'i32' }, dataAt | 0)
  const { exports } = new wasmApi.Instance(module, { env: { memory: heap.memory, data: address }, math: Math })
  link(unit, exports)
  made++
  const share = building.parallel > 0 && heap.shared
  const at = share ? own(building, bytes.length) : 0
  if (share) heap.views().u8.set(bytes, at)
  return {
    unit,
    id: made,
    constants: building.constants,
    shared: share ? { id: made, bytesAt: at, bytesLength: bytes.length, data: dataAt } : null,
    parallel: building.parallel,
    codeSize: bytes.length,
    owned: building.owned,
  }
}
