/**
 * What a producer computes, put in the place where a consumer reads it.
 *
 * Layer: compile. The heart is composition of index maps: the consumer's address is taken apart into coordinates of the producer's
 * loop, and the producer's expression is moved there. Read next: maps.ts, epilogues.ts.
 */
import type { Affine, Expr, Load, Nest } from '../core/kernel.ts'
import { type Shape, sizeOf, stridesOf } from '../core/shape.ts'
import { addressOf, canonicalLoad, combine, digitsOf, isPlain, refinement, rowMajor } from './affine.ts'
import { nodesOf, relocating, renumbering, rewriting } from './expressions.ts'
import type { ValueId } from './graph.ts'
import { isReduction, mapExprs, mapPlaces, readsInPlace, splitNest, stageSizes, type Wired } from './kernels.ts'

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
  const digits = digitsOf(addressOf(exact), axes, sizes)
  return digits === undefined ? undefined : relocating(digits)(expr)
}

/** Whether a kernel reads an input at computed coordinates. */
export const readsAtComputed = ({ kernel }: Wired, input: number): boolean => {
  let found = false
  mapPlaces(kernel, expr => {
    found ||= nodesOf([expr]).some(node => node.tag === 'loadAt' && node.input === input)
    return expr
  })
  return found
}

/** The kernel with all loads of one input replaced; nothing where one cannot be. */
const replacing = (
  consumer: Wired,
  input: number,
  f: (read: Load, sizes: Shape) => Expr | undefined,
): Wired | undefined => {
  let complete = !readsAtComputed(consumer, input)
  const { kernel } = consumer
  const operands: ReadonlySet<Expr> = new Set(kernel.tag === 'contract' ? [kernel.a, kernel.b] : [])
  const replaced = mapPlaces(kernel, (expr, sizes) =>
    rewriting(node => {
      if (!complete || node.tag !== 'load' || node.input !== input) return node
      const value = f(node, sizes)
      if (value === undefined || (operands.has(expr) && !(value.tag === 'load' && isPlain(value)))) complete = false
      return value ?? node
    })(expr),
  )
  return complete ? { kernel: replaced, inputs: consumer.inputs } : undefined
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

/** A nest split so finely that what it reads of an input can be computed over `axes`. */
const splitFor = (nest: Nest, input: number, axes: Shape): Nest | undefined => {
  const rank = nest.axes.length
  const outer = nest.axes.map(() => new Set<number>())
  const inner = nest.stages.map(stage => stage.axes.map(() => new Set<number>()))
  nest.stages.forEach((stage, s) => {
    const sizes = stageSizes(nest, stage)
    for (const node of nodesOf([stage.expr])) {
      if (node.tag !== 'load' || node.input !== input) continue
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

/**
 * A consumer that computes one of its inputs itself. `producer` is a map, `output` the number of its result that the consumer reads
 * as the value `value`; nothing where its reads cannot be expressed.
 */
export const inlined = (consumer: Wired, value: ValueId, producer: Wired, output: number): Wired | undefined => {
  const nest = producer.kernel as Nest
  const inputs = [...consumer.inputs, ...producer.inputs]
  const expr = renumbering(i => i + consumer.inputs.length)(mapExprs(nest)[output] as Expr)
  const input = consumer.inputs.indexOf(value)
  const put = (kernel: Wired['kernel']): Wired | undefined =>
    replacing({ kernel, inputs }, input, (read, sizes) => valueAt(read, sizes, expr, nest.axes))
  const direct = put(consumer.kernel)
  if (direct !== undefined || consumer.kernel.tag !== 'nest') return direct
  const split = splitFor(consumer.kernel, input, nest.axes)
  return split === undefined ? undefined : put(split)
}

/** A nest over axes that split its own; nothing where they do not. */
export const over = (nest: Nest, axes: Shape): Nest | undefined => {
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

/**
 * The expressions of a map at the points of `axes`, with what it reads in place of some values replaced: by `own` when the load is of
 * the element at that point. Nothing where one of those values is read elsewhere.
 */
export const epilogueOf = (
  map: Wired,
  axes: Shape,
  own: ReadonlyMap<ValueId, Expr>,
  firstInput: number,
): readonly Expr[] | undefined => {
  const nest = map.kernel as Nest
  const coordinates = digitsOf(rowMajor(axes), nest.axes, axes)
  if (coordinates === undefined) return undefined
  let complete = true
  const put = rewriting(node => {
    if (node.tag !== 'load' && node.tag !== 'loadAt') return node
    const value = own.get(map.inputs[node.input] as ValueId)
    if (value === undefined) return { ...node, input: node.input + firstInput }
    if (node.tag === 'loadAt' || !readsInPlace(node, axes)) complete = false
    return value
  })
  const exprs = mapExprs(nest).map(relocating(coordinates)).map(put)
  return complete ? exprs : undefined
}

/** Whether a nest has nothing but results at its outer axes: reductions and what is computed of them. */
export const isRowwise = (nest: Nest): boolean =>
  isReduction(nest) && nest.stages.every(s => s.tag === 'reduce' || s.axes.length === 0)
