/**
 * Nests as WebAssembly: elementwise maps, movements, reductions and stages that read each other.
 *
 * Layer: backend. Every nest has a correct form: rows of scalars. Where no float64 is in it, lanes go along the last outer place (maps,
 * reductions by columns) or along the last of a reduction's own (rows). Nests whose stages suit neither are run one stage after the
 * other, with results in scratch memory. Read next: nest/job.ts, nest/form.ts, nest/map.ts, nest/rows.ts, nest/columns.ts, nest/split.ts.
 */
import type { Expr, Nest } from '../../core/kernel.ts'
import { sizeOf } from '../../core/shape.ts'
import type { ModuleBuilder } from './assembler.ts'
import type { Emitted, Phase, Slots } from './emit.ts'
import { canonical } from './expr/graph.ts'
import { vectorisable } from './expr.ts'
import { emitColumns, tileColumns } from './nest/columns.ts'
import { pointsInside, prefersColumns, workOf } from './nest/cost.ts'
import { type Form, formOf, type Space } from './nest/form.ts'
import { type Inputs, inputsOf, type Job, jobOf, type Reduction, type Result, stagesIn } from './nest/job.ts'
import { keeping } from './nest/keep.ts'
import { anyNumbers, anyRows, anyUnits, memoriesOf, textOf } from './nest/like.ts'
import { emitMap } from './nest/map.ts'
import { emitRows } from './nest/rows.ts'
import { cutEvery, cutOf, splitForm } from './nest/split.ts'
import { emitSquares, SQUARES, squareLayout, swapOf, swapped } from './nest/squares.ts'
import { countAt, emitUnits, evenUnits, isRange, type Shared, unitsOf } from './nest/units.ts'
import { valuesOf } from './nest/values.ts'

/** `share`: how many rows a chunk should compute or sum over, where another kernel goes along with this one. */
type Emitting = { readonly module: ModuleBuilder; readonly inputs: Inputs; readonly share?: number | undefined }

const exprsOf = ({ reductions, results }: Job): readonly Expr[] => [...reductions, ...results].map(({ expr }) => expr)

/** Results that have the same axes, as maps over all of them. */
const emitMaps = (emitting: Emitting, { axes, results }: Job): readonly Phase[] => {
  const { inputs } = emitting
  const groups = new Map<string, Result[]>()
  for (const result of results) groups.set(result.axes.join(), [...(groups.get(result.axes.join()) ?? []), result])
  return [...groups.values()].map(group => {
    const vector = vectorisable(group.map(({ expr }) => expr))
    const whole = [...axes, ...(group[0]?.axes ?? [])]
    const form = formOf(
      { axes: whole, reductions: [], results: group.map(result => ({ ...result, axes: [] })) },
      inputs,
    )
    const work = workOf(form, vector)
    const swap = vector ? swapOf(form) : null
    return swap === null ? emitRuns(emitting, form, work, vector) : emitSwapped(emitting, swapped(form, swap), work)
  })
}

const readers = ({ memory }: Inputs) => ({ memory, stage: () => undefined })

/** What a form's code is written for; `kind` says how, with all that this depends on beside the form. */
const sharedBy = (
  { inputs }: Emitting,
  form: Form,
  kind: string,
  vector: boolean,
  counts: readonly number[] = [],
): Shared => {
  const memories = memoriesOf(form, inputs)
  return { form: vector ? 'vector' : 'scalar', memories, counts, code: `${kind}\n${textOf(form, memories, inputs)}` }
}

/** A map whose lanes and loops go along the last place. */
const emitRuns = (emitting: Emitting, whole: Form, work: number, vector: boolean): Phase => {
  const { module, inputs } = emitting
  const units = unitsOf(whole.outer, work, 16)
  const form = anyNumbers(module, anyUnits(whole, isRange(units)))
  const place = form.outer.length - 1
  const space = form.results[0]?.space as Space
  const layout = { space, vector: place, row: -1, levels: form.outer.map((_, p) => Number(p === place)) }
  const exprs = form.results.map(({ expr }) => expr)
  return emitUnits(module, sharedBy(emitting, form, 'runs', vector), units, form.outer, work, (walk, from, to) =>
    emitMap(walk, form.results, valuesOf(walk, exprs, layout, readers(inputs)), place, from, to),
  )
}

/** A map that reads along a place where it does not write. */
const emitSwapped = (emitting: Emitting, whole: Form, work: number): Phase => {
  const { module, inputs } = emitting
  const units = unitsOf(whole.outer.slice(0, -1), work, 4, SQUARES)
  const form = anyNumbers(module, whole.outer.length > 2 ? anyUnits(whole, false) : whole)
  const exprs = form.results.map(({ expr }) => expr)
  const layout = squareLayout(form.results[0]?.space as Space)
  const shared = sharedBy(emitting, form, 'squares', true)
  return emitUnits(module, shared, units, form.outer.slice(0, -1), work, (walk, from, to) =>
    emitSquares(walk, form.results, valuesOf(walk, exprs, layout, readers(inputs)), layout, from, to),
  )
}

const emitReductions = (emitting: Emitting, whole: Form, columns: boolean, vector: boolean): Phase => {
  const { module, inputs, share } = emitting
  const work = workOf(whole, vector)
  const units =
    share === undefined ? unitsOf(whole.outer, work, columns ? tileColumns(whole) : 4) : evenUnits(whole.outer, share)
  const some = anyNumbers(module, anyUnits(whole, !columns && isRange(units)))
  const memories = memoriesOf(some, inputs)
  const { form, counts } = columns ? anyRows(some, count => countAt({ memories }, count)) : { form: some, counts: [] }
  const shared = sharedBy(emitting, form, columns ? 'columns' : 'rows', vector, counts)
  const phase = emitUnits(module, shared, units, form.outer, work, (walk, from, to) =>
    (columns ? emitColumns : emitRows)(walk, form, inputs.memory, from, to),
  )
  return { ...phase, rows: share }
}

/** How many reductions before it each one waits for. */
const depthsOf = (reductions: readonly Reduction[]): ReadonlyMap<Expr, number> => {
  const depths = new Map<Expr, number>()
  for (const { stage, expr } of reductions)
    depths.set(stage, Math.max(-1, ...[...stagesIn([expr])].map(read => depths.get(read) ?? 0)) + 1)
  return depths
}

/** One stage after the other: each level of reductions goes to scratch memory, then results are maps that read it. */
const inSteps = ({ inputs }: Emitting, job: Job): readonly Job[] => {
  const depths = depthsOf(job.reductions)
  const loads = new Map<Expr, Expr>()
  const read = (expr: Expr): Expr => canonical([expr], node => loads.get(node) ?? node)[0] ?? expr
  const jobs: Job[] = []
  for (let depth = 0; depth <= Math.max(...depths.values()); depth++) {
    const level = job.reductions.filter(({ stage }) => depths.get(stage) === depth)
    const kept = level.map(({ stage }) => ({ stage, ...inputs.scratch(stage.dtype, job.axes) }))
    jobs.push({
      axes: job.axes,
      reductions: level.map(reduction => ({ ...reduction, expr: read(reduction.expr) })),
      results: kept.map(({ stage, memory }) => ({ axes: [], expr: stage, memory })),
    })
    for (const { stage, load } of kept) loads.set(stage, load)
  }
  const results = job.results.map(result => ({ ...result, expr: read(result.expr) }))
  // What is stored at outer points may take the place of what the others read.
  for (const some of [results.filter(({ axes }) => axes.length > 0), results.filter(({ axes }) => axes.length === 0)])
    if (some.length > 0) jobs.push({ axes: job.axes, reductions: [], results: some })
  return jobs
}

/** Bytes of a row that later stages should find in the cache, and rows from which there are enough for all threads. */
const LONG_ROW = 65_536
const MANY_ROWS = 32

const emitJob = (shared: Emitting, whole: Job): readonly Phase[] => {
  const { share, ...emitting } = shared
  const job = { ...whole, results: whole.results.filter(({ axes }) => sizeOf(axes) > 0) }
  if (job.results.length === 0) return []
  if (job.reductions.length === 0) return emitMaps(emitting, job)
  const form = formOf(job, emitting.inputs)
  const vector = vectorisable(exprsOf(job))
  const simple =
    job.results.every(({ axes }) => axes.length === 0) && Math.max(...depthsOf(job.reductions).values()) === 0
  const empty = form.reductions.some(({ space }) => pointsInside(space) === 0)
  if (!vector || empty) return [emitReductions(emitting, form, false, vector)]
  const columns = prefersColumns(form)
  const work = workOf(form, vector)
  if (!simple) {
    const longest = Math.max(...form.reductions.map(({ space }) => pointsInside(space)))
    const fewRows = sizeOf(form.outer) < MANY_ROWS && work > 200_000
    if (!columns && !fewRows && longest <= LONG_ROW) {
      const kept = keeping(job, emitting.inputs)
      return [emitReductions(emitting, kept === job ? form : formOf(kept, emitting.inputs), false, vector)]
    }
    return inSteps(emitting, job).flatMap(step => emitJob(emitting, step))
  }
  const cut = share !== undefined && columns ? cutEvery(form, share) : cutOf(form, columns, work)
  if (cut === null) {
    const byRows = !columns && sizeOf(form.outer.slice(0, -1)) === 1
    return [emitReductions(byRows ? shared : emitting, form, columns, vector)]
  }
  const [parts, rest] = splitForm(form, job, cut, emitting.inputs)
  return [emitReductions(columns ? shared : emitting, parts, columns, vector), ...emitJob(emitting, rest)]
}

/** The phases of a nest; none when it has no output elements. A `share` that cannot be kept to is left aside: phases say it. */
export const emitNest = (module: ModuleBuilder, kernel: Nest, slots: Slots, share?: number): Emitted => {
  if (sizeOf(kernel.axes) === 0) return { phases: [], scratch: 0 }
  const inputs = inputsOf(slots)
  const phases = emitJob({ module, inputs, share }, jobOf(kernel, slots))
  return { phases, scratch: inputs.used() }
}
