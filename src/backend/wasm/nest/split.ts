/**
 * Long reductions in parts: each part leaves its own result in scratch memory, and a second nest combines them in order.
 *
 * Layer: backend. Parts give work to several threads when there are few outer points, keep what a tile of columns reads in the cache,
 * and keep sums exact: no accumulator takes more than some thousand terms. Read next: nest.ts.
 */
import { bytesOf } from '../../../core/dtype.ts'
import { along, type Expr, type Load } from '../../../core/kernel.ts'
import { type Shape, sizeOf, stridesOf } from '../../../core/shape.ts'

import { tileColumns } from './columns.ts'
import { pointsInside, reducedSpaces } from './cost.ts'
import type { Form, Leaf, Pointer, Source, Space } from './form.ts'
import type { Inputs, Job, Reduction } from './job.ts'

/** Terms of a float sum that one part of a row, or of a column, takes at most. */
const ROW_TERMS = 8_192
const COLUMN_TERMS = 1_024
/** Bytes that stay in the second-level cache, and in the first. */
const CACHED = 262_144
const NEAR = 32_768
/** Rows of a part that are worth while, if they stay in the second-level cache. */
const PART_ROWS = 64
/** Nanoseconds of work from which parts are worth while. */
const WORTH = 100_000
/** Parts wanted when outer points are few. */
const PARTS = 32

/** Where a space is cut: a place, how long its parts are, and how many. */
export type Cutting = { readonly place: number; readonly size: number; readonly parts: number }

/** The space of a form's reductions if they can be cut: in one space, and without positions, which parts do not have. */
const cuttable = (form: Form): Space | null => {
  const [space, ...others] = reducedSpaces(form)
  const positions = form.reductions.some(({ monoid }) => monoid === 'argMax' || monoid === 'argMin')
  return space === undefined || others.length > 0 || positions ? null : space
}

/** A place in parts of a length; null where that is the whole. */
const cutAt = ({ sizes }: Space, place: number, size: number): Cutting | null => {
  const parts = Math.ceil((sizes[place] ?? 1) / size)
  return parts <= 1 ? null : { place, size, parts }
}

/** Where to cut a form's reductions, or null where they stay whole. They must not read each other. */
export const cutOf = (form: Form, columns: boolean, work: number): Cutting | null => {
  const space = cuttable(form)
  if (space === null) return null
  const points = pointsInside(space)
  const wanted = Math.max(
    exactness(form, points, columns),
    sharing(form, columns, work),
    columns ? caching(form, space) : 1,
  )
  if (wanted <= 1) return null
  const own = space.sizes.slice(space.outer)
  const found = own.findIndex(size => size >= 2 * wanted)
  const place = space.outer + (found >= 0 ? found : own.indexOf(Math.max(...own)))
  const whole = space.sizes[place] ?? 1
  const grain = place === space.sizes.length - 1 ? 16 : 1
  const size = Math.ceil(whole / wanted / grain) * grain
  return cutAt(space, place, size)
}

/** Parts of so many terms each, where a form has one long sum and nothing else; null for any other. */
export const cutEvery = (form: Form, size: number): Cutting | null => {
  const space = cuttable(form)
  if (space === null) return null
  const long = space.sizes.flatMap((n, place) => (place >= space.outer && n > 1 ? [place] : []))
  const [place] = long
  if (place === undefined || long.length > 1) return null
  return cutAt(space, place, size)
}

const exactness = ({ reductions }: Form, points: number, columns: boolean): number =>
  reductions.some(({ monoid, dtype }) => dtype === 'float32' && (monoid === 'sum' || monoid === 'prod'))
    ? Math.ceil(points / (columns ? COLUMN_TERMS : ROW_TERMS))
    : 1

const sharing = (form: Form, columns: boolean, work: number): number => {
  const { outer } = form
  const last = outer[outer.length - 1] ?? 1
  const units = sizeOf(outer.slice(0, -1)) * Math.ceil(last / (columns ? tileColumns(form) : 4))
  return work < WORTH || units >= 16 ? 1 : Math.ceil(Math.min(PARTS, (2 * work) / WORTH) / units)
}

/** Parts so small that the tiles after the first find their rows in the cache. */
const caching = (form: Form, space: Space): number => {
  const last = form.outer[form.outer.length - 1] ?? 1
  const points = pointsInside(space)
  const row = 4 * last
  if (last <= tileColumns(form) || points * row <= CACHED) return 1
  return Math.ceil(points / Math.max(NEAR / row, Math.min(PART_ROWS, CACHED / row)))
}

/** A space with the number of the part as its first place, which moves nothing by itself: parts begin where the cut says. */
const cutSpace = (space: Space, { place, size, parts }: Cutting): Space => {
  const pointers = new Map<Pointer, Pointer>()
  const front = (by: readonly number[]): readonly number[] => [0, ...by]
  const leaves = new Map<Expr, Leaf>()
  for (const [node, leaf] of space.leaves) {
    if (leaf.kind === 'ramp') {
      leaves.set(node, { ...leaf, by: front(leaf.by) })
      continue
    }
    const pointer = pointers.get(leaf.pointer) ?? { ...leaf.pointer, strides: front(leaf.pointer.strides) }
    pointers.set(leaf.pointer, pointer)
    leaves.set(node, { ...leaf, pointer, bounds: leaf.bounds.map(bound => ({ ...bound, by: [...front(bound.by)] })) })
  }
  const sizes = space.sizes.map((n, at) => (at === place ? size : n))
  const whole = space.sizes[place] ?? 1
  const cut = { place: place + 1, part: 0, size, whole, like: whole }
  return { sizes: [parts, ...sizes], outer: space.outer + 1, leaves, cut }
}

const outerSpace = (outer: Shape): Space => ({ sizes: outer, outer: outer.length, leaves: new Map() })

/** The reductions of a form in parts, which go to scratch memory, and the job that makes the results of them. */
export const splitForm = (form: Form, job: Job, cut: Cutting, inputs: Inputs): readonly [parts: Form, rest: Job] => {
  const outer = [cut.parts, ...form.outer]
  const spaces = new Map<Space, Space>()
  const spaceFor = (space: Space): Space => {
    const made = spaces.get(space) ?? cutSpace(space, cut)
    spaces.set(space, made)
    return made
  }
  const last = job.axes.length
  const index: Load['index'] = [along(last), ...job.axes.map((_, axis) => along(axis))]
  const kept = form.reductions.map(({ stage, dtype, monoid }) => {
    const { memory, load } = inputs.scratch(dtype, [cut.parts, ...job.axes], index)
    const reduction: Reduction = { axes: [cut.parts], monoid, expr: load, dtype, stage }
    const strides = stridesOf(outer).map((stride, i) => (outer[i] === 1 ? 0 : stride * bytesOf(dtype)))
    const pointer = { memory, base: 0, strides }
    const target: Source = { kind: 'source', dtype, pointer, offset: 0, bounds: [], fill: 0 }
    return { reduction, result: { expr: stage, space: outerSpace(outer), target } }
  })
  const points = outerSpace(outer)
  const parts: Form = {
    outer,
    reductions: form.reductions.map(reduction => ({ ...reduction, space: spaceFor(reduction.space) })),
    results: kept.map(({ result }) => ({ ...result, space: points })),
  }
  return [parts, { ...job, reductions: kept.map(({ reduction }) => reduction) }]
}
