/**
 * What a producer computes, put in the place where a consumer reads it.
 *
 * Layer: compile. The heart is composition of index maps: the consumer's address is taken apart into coordinates of the producer's
 * loop, and the producer's expression is moved there. Read next: maps.ts, epilogues.ts.
 */
import type { Affine, Expr, Kernel, Load, Nest } from '../core/kernel.ts'
import { type Shape, sameShape, sizeOf, stridesOf } from '../core/shape.ts'
import { addressOf, canonicalLoad, combine, digitsOf, isPlain, refinement, rowMajor } from './affine.ts'
import { about, nodesOf, relocating, rewriting, unmoved } from './expressions.ts'
import type { ValueId } from './graph.ts'
import {
  isReduction,
  isRowMajor,
  mapExprs,
  mapPlaces,
  readsAtComputed,
  readsInPlace,
  splitNest,
  stageSizes,
} from './kernels.ts'
import { memo } from './memo.ts'

/** Axes of a view in order of stride, if together they number all elements of the source. */
const viewOfStrides = (address: Affine, view: Shape, size: number): readonly number[] | undefined => {
  const by = new Map(address.terms.map(term => [term.axis, term.by]))
  const order = view
    .map((_, d) => d)
    .sort((a, b) => (view[a] === 1 ? -1 : view[b] === 1 ? 1 : (by.get(b) ?? 0) - (by.get(a) ?? 0)))
  const strides = stridesOf(order.map(d => view[d] as number))
  const complete = order.every((d, i) => view[d] === 1 || by.get(d) === strides[i])
  return complete && address.offset === 0 && sizeOf(view) === size ? order : undefined
}

/** A load that can miss, of a value that is another one's elements in another order, as a load of that one. */
const throughPermutation = (guarded: Load, expr: Expr, axes: Shape): Load | undefined => {
  if (expr.tag !== 'load' || !isPlain(expr)) return undefined
  const digits = digitsOf(rowMajor(guarded.view), axes, guarded.view)
  if (digits === undefined) return undefined
  const inner = canonicalLoad(
    {
      ...expr,
      index: expr.index.map(affine =>
        combine(
          affine.offset,
          affine.terms.map(t => [t.by, digits[t.axis] as Affine]),
        ),
      ),
    },
    guarded.view,
  )
  if (!isPlain(inner)) return undefined
  const order = viewOfStrides(inner.index[0] as Affine, guarded.view, sizeOf(expr.view))
  return order === undefined
    ? undefined
    : {
        ...guarded,
        input: expr.input,
        view: order.map(d => guarded.view[d] as number),
        index: order.map(d => guarded.index[d] as Affine),
      }
}

/** What a load reads, computed where it is read: `expr` is what its input is at each point of `axes`. */
export const valueAt = (read: Load, sizes: Shape, expr: Expr, axes: Shape): Expr | undefined => {
  const exact = canonicalLoad(read, sizes)
  if (!isPlain(exact)) return throughPermutation(exact, expr, axes)
  if (sameShape(axes, sizes) && isRowMajor(exact.index[0] as Affine, sizes)) return expr
  const digits = digitsOf(addressOf(exact), axes, sizes)
  return digits === undefined ? undefined : relocating(digits)(expr)
}

/** A map over `axes` that makes a value. */
export type Made = { readonly expr: Expr; readonly axes: Shape }

/** The kernel with all loads of some values replaced by what makes them; nothing where one cannot be. */
const replacing = (kernel: Kernel, makers: ReadonlyMap<ValueId, Made>): Kernel | undefined => {
  let complete = ![...makers.keys()].some(value => readsAtComputed(kernel, value))
  const operands: ReadonlySet<Expr> = new Set(kernel.tag === 'contract' ? [kernel.a, kernel.b] : [])
  const replaced = mapPlaces(kernel, (expr, sizes) =>
    rewriting(node => {
      const maker = complete && node.tag === 'load' ? makers.get(node.input) : undefined
      if (maker === undefined) return node
      const value = valueAt(node as Load, sizes, maker.expr, maker.axes)
      if (value === undefined || (operands.has(expr) && !(value.tag === 'load' && isPlain(value)))) complete = false
      return value ?? node
    })(expr),
  )
  return complete ? replaced : undefined
}

/** Where an axis must be split so that an address can be taken apart in coordinates of `axes`. */
const cutsFor = (address: Affine, axes: Shape, sizes: Shape): ReadonlyMap<number, ReadonlySet<number>> => {
  const strides = stridesOf(axes)
  const cuts = new Map<number, Set<number>>()
  for (const { axis, by } of address.terms)
    for (const stride of strides) {
      const run = stride / Math.abs(by)
      const n = sizes[axis] as number
      if (!Number.isInteger(run) || run <= 1 || run >= n || n % run !== 0) continue
      cuts.set(axis, (cuts.get(axis) ?? new Set()).add(run))
    }
  return cuts
}

/** The parts of an axis between cuts, which are numbers of elements counted from the inside. */
const partsOf = (n: number, cuts: ReadonlySet<number> | undefined): Shape | undefined => {
  const runs = [...(cuts ?? [])].sort((a, b) => a - b)
  const parts: number[] = []
  let inside = 1
  for (const run of [...runs, n]) {
    if (run % inside !== 0) return undefined
    parts.unshift(run / inside)
    inside = run
  }
  return parts
}

/** A nest split so finely that what it reads of a value can be computed over `axes`. */
const splitFor = (nest: Nest, value: ValueId, axes: Shape): Nest | undefined => {
  const rank = nest.axes.length
  const outer = nest.axes.map(() => new Set<number>())
  const inner = nest.stages.map(stage => stage.axes.map(() => new Set<number>()))
  nest.stages.forEach((stage, s) => {
    const sizes = stageSizes(nest, stage)
    for (const node of nodesOf([stage.expr])) {
      if (node.tag !== 'load' || node.input !== value) continue
      const exact = canonicalLoad(node, sizes)
      if (!isPlain(exact)) continue
      for (const [axis, runs] of cutsFor(addressOf(exact), axes, sizes))
        for (const run of runs) (axis < rank ? outer[axis] : inner[s]?.[axis - rank])?.add(run)
    }
  })
  const outerParts = nest.axes.map((n, axis) => partsOf(n, outer[axis]))
  const innerParts = nest.stages.map((stage, s) => stage.axes.map((n, axis) => partsOf(n, inner[s]?.[axis])))
  const whole = <A>(parts: readonly (A | undefined)[]): parts is readonly A[] => parts.every(p => p !== undefined)
  if (!whole(outerParts) || !innerParts.every(whole)) return undefined
  return splitNest(nest, outerParts, innerParts as readonly (readonly Shape[])[])
}

/** A consumer that computes one of the values that it reads itself; nothing where its reads cannot be expressed. */
export const inlined = (consumer: Kernel, value: ValueId, made: Made): Kernel | undefined => {
  const makers = new Map([[value, made]])
  const direct = replacing(consumer, makers)
  if (direct !== undefined || consumer.tag !== 'nest') return direct
  const split = splitFor(consumer, value, made.axes)
  return split === undefined ? undefined : replacing(split, makers)
}

/** A consumer that computes several values itself, none of which is made of another; nothing where one by one is the way. */
export const inlinedTogether = (consumer: Kernel, makers: ReadonlyMap<ValueId, Made>): Kernel | undefined => {
  for (const { expr } of makers.values()) if (about(expr).inputs.some(value => makers.has(value))) return undefined
  return replacing(consumer, makers)
}

/** A nest over axes that split its own; nothing where they do not. */
export const over = (nest: Nest, axes: Shape): Nest | undefined => {
  if (sameShape(nest.axes, axes) && !axes.includes(1)) return nest
  const parts: Shape[] = []
  const left = axes.filter(n => n !== 1)
  for (const n of [...nest.axes].reverse()) {
    const own: number[] = []
    let product = 1
    while (product < n) {
      const next = left.pop()
      if (next === undefined) return undefined
      product *= next
      own.unshift(next)
    }
    if (product !== n) return undefined
    parts.unshift(own)
  }
  if (left.length > 0) return undefined
  return splitNest(
    nest,
    parts,
    nest.stages.map(stage => stage.axes.map(n => [n])),
  )
}

/** Two nests over the same outer axes; nothing where their axes cross. */
export const aligned = (a: Nest, b: Nest): readonly [Nest, Nest] | undefined => {
  const axes = refinement(a.axes, b.axes)
  const [x, y] = axes === undefined ? [] : [over(a, axes), over(b, axes)]
  return x === undefined || y === undefined ? undefined : [x, y]
}

/** How expressions of a map get to the points of other axes of equally many elements; nothing where axes cross. */
const relocatingTo = (axes: Shape, nest: Nest): ((expr: Expr) => Expr) | undefined => {
  if (sameShape(axes, nest.axes) && !axes.includes(1)) return unmoved
  const known = relocations(nest)
  const key = axes.join()
  if (!known.has(key)) {
    const coordinates = digitsOf(rowMajor(axes), nest.axes, axes)
    known.set(key, coordinates === undefined ? undefined : relocating(coordinates))
  }
  return known.get(key)
}

/** The ways of a map to other axes, each made once: whether it fits there is asked again and again. */
const relocations = memo((_map: Nest) => new Map<string, ((expr: Expr) => Expr) | undefined>())

/** Whether a map over `axes` reads some values nowhere but at the element that it is about to store. */
export const readsOnlyInPlace = (nest: Nest, axes: Shape, values: { has(value: ValueId): boolean }): boolean => {
  const move = relocatingTo(axes, nest)
  if (move === undefined) return false
  return mapExprs(nest).every(expr => {
    const { loads, computed } = about(expr)
    if (computed.some(value => values.has(value))) return false
    return loads.every(load => !values.has(load.input) || readsInPlace(move(load) as Load, axes))
  })
}

/**
 * The expressions of a map at the points of `axes`, with what it reads in place of some values replaced: by `own` when the load is of
 * the element at that point. Nothing where one of those values is read elsewhere.
 */
export const epilogueOf = (nest: Nest, axes: Shape, own: ReadonlyMap<ValueId, Expr>): readonly Expr[] | undefined => {
  if (!readsOnlyInPlace(nest, axes, own)) return undefined
  const move = relocatingTo(axes, nest) ?? unmoved
  const put = rewriting(node => (node.tag === 'load' ? (own.get(node.input) ?? node) : node))
  return mapExprs(nest).map(expr => put(move(expr)))
}

/** Whether a nest has nothing but results at its outer axes: reductions and what is computed of them. */
export const isRowwise = (nest: Nest): boolean =>
  isReduction(nest) && nest.stages.every(s => s.tag === 'reduce' || s.axes.length === 0)
