/**
 * Jobs as loops: axes that everything walks as one are merged, and each load becomes a pointer with strides.
 *
 * Layer: backend. A place is a loop; places of a space are numbered outer ones first, then those of one group of reductions or
 * results. Read next: nest/walk.ts, which writes the loops.
 */
import { bytesOf, type Dtype } from '../../../core/dtype.ts'
import { type Expr, linearise } from '../../../core/kernel.ts'
import { type Shape, stridesOf } from '../../../core/shape.ts'
import { type Address, addressOf, type Bound } from '../../address.ts'
import type { Extent } from './extent.ts'
import type { Inputs, Job, Memory, Reduction, Result } from './job.ts'

/** An address that moves with the loops: `base` and `strides`, in bytes, from the start of a buffer. */
export type Pointer = { readonly memory: Memory; readonly base: number; readonly strides: readonly number[] }

/** An element that the loops reach: bytes from a pointer, if no bound forbids it; `fill` is read otherwise. */
export type Source = {
  readonly kind: 'source'
  readonly dtype: Dtype
  readonly pointer: Pointer
  readonly offset: number
  readonly bounds: readonly Bound[]
  readonly fill: number
}

/** A coordinate: offset + Σ by·index. */
export type Ramp = { readonly kind: 'ramp'; readonly offset: number; readonly by: readonly number[] }
export type Leaf = Source | Ramp

/** Loops: the first `outer` places are shared by all spaces of a form. */
export type Space = {
  readonly sizes: Shape
  readonly outer: number
  readonly leaves: ReadonlyMap<Expr, Leaf>
  readonly cut?: Cut
}

/**
 * A place of which one run of the loops walks a part: part p goes from p·size, for `size` points, as far as `whole`. The number of the
 * part is the index of an outer place; without one there is one part. `like` is what remains of `whole` after rounds of up to 16 points,
 * and some rounds.
 */
export type Cut = {
  readonly place: number
  readonly part: number | null
  readonly size: Extent
  readonly whole: Extent
  readonly like: number
}
export type SpacedReduction = Omit<Reduction, 'axes' | 'keep'> & {
  readonly space: Space
  readonly keep?: Source | undefined
}
export type SpacedResult = { readonly expr: Expr; readonly space: Space; readonly target: Source }
export type Form = {
  readonly outer: Shape
  readonly reductions: readonly SpacedReduction[]
  readonly results: readonly SpacedResult[]
}

/** A leaf by the axes of the job. */
type Raw =
  | { readonly kind: 'load'; readonly expr: Expr & { tag: 'load' }; readonly address: Address }
  | { readonly kind: 'iota'; readonly expr: Expr; readonly by: readonly number[] }

const rawLeaves = (exprs: readonly Expr[], sizes: Shape): readonly Raw[] =>
  linearise(exprs).flatMap((expr): readonly Raw[] => {
    const axes = sizes.map((_, axis) => axis)
    if (expr.tag === 'load') return [{ kind: 'load', expr, address: addressOf(expr, { axes, sizes }) }]
    return expr.tag === 'iota' ? [{ kind: 'iota', expr, by: axes.map(axis => Number(axis === expr.axis)) }] : []
  })

const vectorsOf = (raw: Raw): readonly (readonly number[])[] =>
  raw.kind === 'iota' ? [raw.by] : [raw.address.strides, ...raw.address.bounds.map(({ by }) => by)]

type Merged = { readonly axes: readonly number[]; readonly sizes: Shape }

/** Some neighbouring axes without those of size 1, merged where all `vectors` walk them as one; each stands at its innermost axis. */
const merge = (from: number, sizes: Shape, vectors: readonly (readonly number[])[]): Merged => {
  const axes: number[] = []
  const lengths: number[] = []
  for (let axis = sizes.length - 1; axis >= from; axis--) {
    const n = sizes[axis] as number
    const [inner] = axes
    if (n === 1) continue
    const length = lengths[0] as number
    if (inner !== undefined && vectors.every(by => by[axis] === (by[inner] as number) * length)) lengths[0] = length * n
    else {
      axes.unshift(axis)
      lengths.unshift(n)
    }
  }
  return { axes, sizes: lengths }
}

/** A place of size 1 where there is none. */
const atLeastOne = (merged: Merged): Merged => (merged.axes.length > 0 ? merged : { axes: [-1], sizes: [1] })

const picked = (by: readonly number[], axes: readonly number[]): number[] => axes.map(axis => by[axis] ?? 0)

const spaceOf = (outer: Merged, own: Merged, raws: readonly Raw[], inputs: Inputs): Space => {
  const axes = [...outer.axes, ...own.axes]
  const leaves = new Map<Expr, Leaf>()
  const pointers = new Map<string, { base: number; strides: readonly number[]; memory: Memory }>()
  const loads: (() => void)[] = []
  for (const raw of raws) {
    if (raw.kind === 'iota') {
      leaves.set(raw.expr, { kind: 'ramp', offset: 0, by: picked(raw.by, axes) })
      continue
    }
    const { dtype, input, fill } = raw.expr
    const bytes = bytesOf(dtype)
    const strides = picked(raw.address.strides, axes).map(stride => Math.round(stride) * bytes)
    const bounds = raw.address.bounds.map(bound => ({ ...bound, by: picked(bound.by, axes) }))
    const base = Math.round(raw.address.base) * bytes
    const key = `${input}|${strides}|${bounds.length > 0 ? base : ''}`
    const pointer = pointers.get(key) ?? { base, strides, memory: inputs.memory(input) }
    pointer.base = Math.min(pointer.base, base)
    pointers.set(key, pointer)
    loads.push(() => {
      leaves.set(raw.expr, {
        kind: 'source',
        dtype,
        pointer,
        offset: base - pointer.base,
        bounds,
        fill: fill ?? 0,
      })
    })
  }
  for (const add of loads) add()
  return { sizes: [...outer.sizes, ...own.sizes], outer: outer.sizes.length, leaves }
}

const targetOf = ({ expr, memory }: Pick<Result, 'expr' | 'memory'>, sizes: Shape): Source => {
  const bytes = bytesOf(expr.dtype)
  const strides = stridesOf(sizes).map((stride, i) => (sizes[i] === 1 ? 0 : stride * bytes))
  return {
    kind: 'source',
    dtype: expr.dtype,
    pointer: { memory, base: 0, strides },
    offset: 0,
    bounds: [],
    fill: 0,
  }
}

/** The loops of a job none of whose axes is empty. */
export const formOf = ({ axes, reductions, results }: Job, inputs: Inputs): Form => {
  const groups = new Map<string, { readonly own: Shape; readonly exprs: Expr[] }>([['', { own: [], exprs: [] }]])
  for (const { axes: own, expr } of [...reductions, ...results]) {
    const group = groups.get(own.join()) ?? { own, exprs: [] }
    group.exprs.push(expr)
    groups.set(own.join(), group)
  }
  const raws = new Map([...groups].map(([key, { own, exprs }]) => [key, rawLeaves(exprs, [...axes, ...own])]))
  const outer = atLeastOne(merge(0, axes, [...raws.values()].flat().flatMap(vectorsOf)))
  const spaces = new Map(
    [...groups].map(([key, { own }]) => {
      const leaves = raws.get(key) ?? []
      const merged = merge(axes.length, [...axes, ...own], leaves.flatMap(vectorsOf))
      return [key, spaceOf(outer, own.length === 0 ? merged : atLeastOne(merged), leaves, inputs)]
    }),
  )
  const spaceFor = (own: Shape): Space => spaces.get(own.join()) as Space
  return {
    outer: outer.sizes,
    reductions: reductions.map(({ axes: own, keep, ...rest }) => {
      const space = spaceFor(own)
      return { ...rest, space, keep: keep && targetOf({ expr: rest.expr, memory: keep }, space.sizes) }
    }),
    results: results.map(result => {
      const space = spaceFor(result.axes)
      return { expr: result.expr, space, target: targetOf(result, space.sizes) }
    }),
  }
}
