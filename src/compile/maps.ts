/**
 * Maps computed where they are read, instead of before.
 *
 * Layer: compile. A map is moved into a reader when that saves memory traffic and never multiplies work: what is dear to compute is
 * moved only into one reader that reads each element once. What costs nothing (another order, a cast) goes into every reader. Read
 * first: substitute.ts.
 */
import type { Expr, Kernel } from '../core/kernel.ts'
import { sizeOf } from '../core/shape.ts'
import { isPlain } from './affine.ts'
import { fullLoads, loadsOf, MOST_NODES, nodesOf, weightOf } from './expressions.ts'
import type { ValueId } from './graph.ts'
import { isMap, mapExprs, placesOf, readsAtComputed } from './kernels.ts'
import { hasKernel, type KernelSite, type Network, readersOf, replaceKernel, type Site } from './network.ts'
import { inlined, inlinedTogether, type Made } from './substitute.ts'

/** Work, in additions, that may be done again for each reader; and for each time an element is read. */
const CHEAP = 4
const TRIVIAL = 2

/** The map that makes a value. */
export type Maker = Made & { readonly site: KernelSite }

/** How a value is made, if by a map with elements. */
const madeByMap = (network: Network, value: ValueId): Maker | undefined => {
  const site = network.makers.get(value)
  if (!hasKernel(site) || !isMap(site.node.kernel) || sizeOf(site.node.kernel.axes) === 0) return undefined
  const output = site.node.outputs.indexOf(value)
  return { site, expr: mapExprs(site.node.kernel)[output] as Expr, axes: site.node.kernel.axes }
}

/** Whether computing an expression is no more than a load: a number, a load, a conversion of one. */
export const isFree = (expr: Expr): boolean =>
  expr.tag === 'const' ||
  expr.tag === 'iota' ||
  (expr.tag === 'load' && isPlain(expr)) ||
  (expr.tag === 'cast' && isFree(expr.value))

/** How often a kernel reads each element of a value by index maps, at most. */
const timesRead = (kernel: Kernel, value: ValueId, size: number): number =>
  placesOf(kernel).reduce((times, { expr, sizes }) => {
    const reads = loadsOf([expr]).some(load => load.input === value)
    return reads ? Math.max(times, sizeOf(sizes) / size) : times
  }, 0)

/** Whether a reader could compute a value itself as far as its kind goes: operands of contractions are read from memory. */
export const canTake = (reader: Site, value: ValueId): reader is KernelSite => {
  if (!hasKernel(reader)) return false
  const { kernel } = reader.node
  if (kernel.tag === 'sort' || kernel.tag === 'routine') return false
  if (kernel.tag === 'contract' && (kernel.a.input === value || kernel.b.input === value)) return false
  return !readsAtComputed(kernel, value)
}

/** Whether moving a map into one of its readers is worth it. */
const worthwhile = (network: Network, { expr, axes }: Maker, value: ValueId, reader: KernelSite): boolean => {
  const readers = readersOf(network, value)
  const weight = weightOf([expr])
  if (weight > TRIVIAL && timesRead(reader.node.kernel, value, sizeOf(axes)) > 1) return false
  if (network.results.has(value)) return false
  if (readers.size === 1) return true
  if (weight > CHEAP) return false
  const large = new Set(fullLoads([expr], axes).map(load => load.input)).size
  // Memory traffic with the value made once, and with each reader computing it.
  const made = large + 1 + readers.size
  return large * readers.size <= made && [...readers].every(site => canTake(site, value))
}

/** A value that a reader is to compute itself. */
type Move = { readonly value: ValueId; readonly made: Maker }

const oneByOne = (reader: Kernel, moves: readonly Move[]): readonly [Kernel, ReadonlyMap<ValueId, Maker>] => {
  const moved = new Map<ValueId, Maker>()
  let kernel = reader
  for (const { value, made } of moves) {
    const merged = inlined(kernel, value, made)
    if (merged === undefined) continue
    kernel = merged
    moved.set(value, made)
  }
  return [kernel, moved]
}

/** Moves what makes some values into their reader, as far as that can be; says which it did. */
const moveInto = (network: Network, moves: readonly Move[], reader: KernelSite): ReadonlySet<ValueId> => {
  const makers = new Map(moves.map(({ value, made }) => [value, made]))
  const together = inlinedTogether(reader.node.kernel, makers)
  const [kernel, moved] = together === undefined ? oneByOne(reader.node.kernel, moves) : [together, makers]
  // Names of ops become long lists: concat copies them fastest.
  const none: readonly string[] = []
  const ops = none.concat(...moves.map(({ value, made }) => (moved.has(value) ? made.site.node.ops : none)))
  if (moved.size > 0) replaceKernel(network, reader, kernel, reader.node.outputs, ops.concat(reader.node.ops))
  return new Set(moved.keys())
}

/** Moves what `movesOf` finds into every site, from the first to the last, until it finds nothing more. */
const moveAll = (network: Network, movesOf: (site: KernelSite) => readonly Move[]): void => {
  for (const site of network.sites) {
    const refused = new Set<ValueId>()
    while (site.alive && hasKernel(site)) {
      const moves = movesOf(site).filter(({ value, made }) => !refused.has(value) && made.site !== site)
      if (moves.length === 0) break
      const moved = moveInto(network, moves, site)
      for (const { value } of moves) if (!moved.has(value)) refused.add(value)
    }
  }
}

/** Moves maps that cost nothing into everything that reads them. */
export const moveFreeMaps = (network: Network): void => {
  moveAll(network, site =>
    site.node.kernel.tag === 'sort' || site.node.kernel.tag === 'routine'
      ? []
      : site.node.inputs.flatMap(value => {
          const made = madeByMap(network, value)
          return made !== undefined && isFree(made.expr) ? [{ value, made }] : []
        }),
  )
}

/** Moves maps into their readers where that is worth it. */
export const moveMaps = (network: Network, maxInputs: number): void => {
  moveAll(network, site => {
    const inputs = new Set(site.node.inputs)
    let nodes: number | undefined
    return site.node.inputs.flatMap(value => {
      const made = canTake(site, value) ? madeByMap(network, value) : undefined
      if (made === undefined || made.site === site) return []
      if (!isFree(made.expr) && !worthwhile(network, made, value, site)) return []
      const more = loadsOf([made.expr]).map(load => load.input)
      const size = nodesOf([made.expr]).length
      nodes ??= nodesOf(placesOf(site.node.kernel).map(({ expr }) => expr)).length
      if (new Set([...inputs, ...more]).size - 1 + site.node.outputs.length > maxInputs || nodes + size > MOST_NODES)
        return []
      for (const v of more) inputs.add(v)
      nodes += size
      return [{ value, made }]
    })
  })
}
