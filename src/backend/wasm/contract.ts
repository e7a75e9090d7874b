/**
 * Contractions: matrix products and all passes of convolutions as one scheme of register tiles.
 *
 * Layer: backend. A contraction is first a matrix product (contract/roles.ts), which is cut by shapes alone (contract/plan.ts). Its
 * phases are: packing, where panels are shared; tiles; and a nest for what tiles could not finish, partial sums or an epilogue that no
 * vector can compute. What is no product, or too thin for tiles, is a nest altogether. Read next: contract/roles.ts.
 */
import { aligned } from '../../compile/plan.ts'
import { bytesOf } from '../../core/dtype.ts'
import { type Contract, type Expr, linearise } from '../../core/kernel.ts'
import { sizeOf } from '../../core/shape.ts'
import { asNest, endOf } from '../contraction.ts'
import type { ModuleBuilder } from './assembler.ts'
import { defineTiles } from './contract/chunks.ts'
import { defineStrip, type Epilogue, epilogueEnds, placesOf, sumEnds } from './contract/finish.ts'
import { chunksOf, type Job, type Place, scratchOf, stripOf } from './contract/layout.ts'
import { packing } from './contract/pack.ts'
import { type Plan, planOf } from './contract/plan.ts'
import { type Roles, rolesOf, type Walk } from './contract/roles.ts'
import { defineShared, type Emitted, type Phase, positions, type Slots, sharedParams } from './emit.ts'
import { textOf } from './expr/graph.ts'
import { vectorisable } from './expr.ts'
import { emitNest } from './nest.ts'

/** What the machine can do. */
export type ContractOptions = {
  /** Relaxed fused multiply-add. */
  readonly fma?: boolean
  /** Rows of a chunk where another kernel goes along, if that is possible. */
  readonly share?: number | undefined
}

/** Whether tiles are worth it: for products with a vector, or of a term or two, a nest does as well. */
const worthTiles = ({ reduce }: Contract, { rows, columns }: Roles): boolean =>
  rows > 1 && columns > 1 && sizeOf(reduce) > 2

/** A walk in elements as one in bytes. */
const inBytes = ({ base, outer, rows, column }: Walk, bytes: number): Walk => ({
  base: base * bytes,
  outer: outer.map(n => n * bytes),
  rows:
    rows.tag === 'linear'
      ? { tag: 'linear', step: rows.step * bytes }
      : { tag: 'table', offsets: rows.offsets.map(n => n * bytes) },
  column: column * bytes,
})

/** The epilogue as tiles can run it; null where they cannot. */
const tiledEpilogue = ({ epilogue }: Contract, roles: Roles, locals: Slots): Epilogue | null => {
  if (roles.extras === null || !vectorisable(epilogue)) return null
  if (linearise(epilogue).some(({ tag }) => tag === 'iota' || tag === 'loadAt')) return null
  const outputs = epilogue.map(({ dtype }, i): Place => {
    const start = locals.outputs[i] as number
    return { start, walk: inBytes(roles.out, bytesOf(dtype)) }
  })
  const loads = roles.extras.map(
    ({ load, walk }) => [load, { start: locals.inputs[load.input] as number, walk }] as const,
  )
  return { exprs: epilogue, outputs, loads: new Map(loads) }
}

const isSum = (expr: Expr): boolean => expr.tag === 'stage'

type Tiled = {
  readonly module: ModuleBuilder
  readonly kernel: Contract
  readonly slots: Slots
  /** Where functions find the addresses. */
  readonly locals: Slots
  readonly roles: Roles
  readonly plan: Plan
  readonly fma: boolean
}

const jobOf = ({ locals, roles, plan, fma }: Tiled, places: readonly Place[], endsOf: Job['endsOf']): Job => {
  const [a, b] = roles.inputs.map(input => locals.inputs[input] as number) as [number, number]
  const starts = { a, b, scratch: locals.scratch }
  const scratch = scratchOf(roles, plan, 0)
  return { roles, plan, starts, params: sharedParams(locals), places, endsOf, strips: null, part: 0, fma, scratch }
}

/** Places from which on it pays to walk along them for a whole strip at a time. */
const STRIP_PLACES = 4

/** Tiles whose results are final. */
const finalJob = (tiled: Tiled, epilogue: Epilogue): Job => {
  const { module, locals, roles, plan } = tiled
  const [only] = epilogue.outputs
  if (only !== undefined && epilogue.exprs.length === 1 && epilogue.exprs.every(isSum))
    return jobOf(tiled, [only], columns => sumEnds(module, only, columns, plan.blocks.count > 1))
  const places = placesOf(epilogue)
  const bytes = stripOf(roles, plan)
  if (bytes === null || places.length < STRIP_PLACES)
    return jobOf(tiled, places, columns => epilogueEnds(module, epilogue, columns))
  const { vectors } = plan
  const strip = { bytes, vectors, columns: roles.columns }
  const sums: Place = {
    start: locals.scratch,
    walk: { base: 0, outer: [], rows: { tag: 'linear', step: bytes }, column: 4 },
  }
  return {
    ...jobOf(tiled, places, columns => sumEnds(module, sums, columns, false)),
    strips: height => defineStrip(module, epilogue, { ...strip, height }),
  }
}

/** Tiles whose sums go to the scratch memory, from byte `at` on. */
const partialJob = (tiled: Tiled, at: number): Job => {
  const { module, kernel, locals, roles, plan } = tiled
  const part = 4 * sizeOf(kernel.axes)
  const walk = inBytes(roles.out, 4)
  const place = { start: locals.scratch, walk: { ...walk, base: at } }
  const job = jobOf(tiled, [place], columns => sumEnds(module, place, columns, plan.blocks.count > 1))
  return { ...job, part, scratch: scratchOf(roles, plan, at + part * plan.grid.parts) }
}

/** All that the code of a contraction depends on, as text. */
const textOfContract = ({ kernel, locals, fma }: Tiled): string => {
  const { axes, reduce, a, b, epilogue } = kernel
  return `${axes} ${reduce} ${textOf([a, b, ...epilogue])} ${sharedParams(locals).length} ${fma}`
}

/** The packing of shared panels, and the tiles. Sums that are partial begin at some byte of the scratch memory. */
const phasesOf = (tiled: Tiled, job: Job, at = 0): readonly Phase[] => {
  const { module, slots, plan } = tiled
  const text = `${textOfContract(tiled)} ${at}`
  const tiles: Phase = {
    fn: defineShared(module, `tiles ${text}`, slots, () => defineTiles(module, job)),
    chunks: chunksOf(plan),
    work: plan.work,
  }
  if (plan.packing !== 'shared') return [tiles]
  const { define, ...panels } = packing(module, job)
  return [{ fn: defineShared(module, `panels ${text}`, slots, define), ...panels }, tiles]
}

/** The phases that end a contraction: its sums are at byte `at` of the scratch memory, behind what these phases need themselves. */
const emitEnd = ({ module, kernel, slots, plan }: Tiled, at: number): Emitted & { readonly at: number } => {
  const end = endOf(kernel, slots.inputs.length, at / 4, plan.grid.parts)
  const emitted = emitNest(module, end, { ...slots, inputs: [...slots.inputs, slots.scratch] })
  return { ...emitted, at }
}

const emitTiles = (tiled: Tiled): Emitted => {
  const { kernel, locals, roles, plan } = tiled
  const epilogue = tiledEpilogue(kernel, roles, locals)
  const one = kernel.epilogue.length === 1 && kernel.epilogue.every(isSum)
  if (epilogue !== null && (plan.blocks.count === 1 || (one && plan.grid.parts === 1))) {
    const job = finalJob(tiled, epilogue)
    return { phases: phasesOf(tiled, job), scratch: job.scratch.size }
  }
  const alone = emitEnd(tiled, 0)
  const end = alone.scratch === 0 ? alone : emitEnd(tiled, aligned(alone.scratch))
  const job = partialJob(tiled, end.at)
  return { phases: [...phasesOf(tiled, job, end.at), ...end.phases], scratch: job.scratch.size }
}

/** The phases of a contraction. */
export const emitContract = (
  module: ModuleBuilder,
  kernel: Contract,
  slots: Slots,
  { fma = false, share }: ContractOptions = {},
): Emitted => {
  if (sizeOf(kernel.axes) === 0) return { phases: [], scratch: 0 }
  const roles = kernel.dtype === 'float32' && sizeOf(kernel.reduce) > 0 ? rolesOf(kernel) : null
  if (roles === null || !worthTiles(kernel, roles)) return emitNest(module, asNest(kernel), slots, share)
  return emitTiles({ module, kernel, slots, locals: positions(slots), roles, plan: planOf(roles, fma), fma })
}
