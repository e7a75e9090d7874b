/**
 * The values of expressions at the present place of the loops: each computed once, as far out as it can be.
 *
 * Layer: backend. `hoist`, called before a loop, computes what the loop does not change. Values stay known inside the scope in which
 * they were computed. Read next: nest/map.ts, nest/rows.ts and nest/columns.ts, which arrange the loops.
 */
import { type Expr, type LoadAt, linearise, operands } from '../../../core/kernel.ts'
import type { Local } from '../assembler.ts'
import { storeScalar, storeVector } from '../expr/memory.ts'
import { emitOperation, type Operation, typeOf } from '../expr.ts'
import { callHash, hashPairs, writeHash } from '../math/hash.ts'
import type { Leaf, Pointer, Source, Space } from './form.ts'
import { gather, gatherRun } from './gather.ts'
import type { Memory } from './job.ts'
import { type Lanes, moves } from './place.ts'
import { type Range, ranged, rangeOf } from './range.ts'
import { readRamp, readScalar, readVector } from './read.ts'
import { readTurned, turnable } from './turn.ts'
import type { Walk } from './walk.ts'

/** How the loops of a space run: lanes along `vector`, several points along `row` in one round, places `inside` their levels. */
export type Layout = {
  readonly space: Space
  readonly vector: number
  readonly row: number
  /** How many loops deep each place is; 0 where it is known from the start. */
  readonly levels: readonly number[]
}

/** Which points of a round are meant; see `Lanes`. With `square`, four rows are computed, so that loads along rows may be turned. */
export type Spot = Pick<Lanes, 'rows' | 'steps' | 'count'> & { readonly square?: boolean }

export type Values = {
  readonly roots: readonly Expr[]
  readonly pointers: readonly Pointer[]
  readonly value: (expr: Expr, spot: Spot) => Local
  /** Runs `body` with what it computes known only inside. */
  readonly scoped: <A>(body: () => A) => A
  /** Computes all that does not change inside the loop of a level, at some spots; only what `exprs` are made of. */
  readonly hoist: (level: number, spots: readonly Spot[], exprs: readonly Expr[]) => void
}

/** What is known of a node: its number, how deep the loops are that change it, and whether it differs along the row and among lanes. */
type Facts = { readonly number: number; readonly level: number; readonly row: boolean; readonly vector: boolean }

const factsOfPlaces = (number: number, places: readonly number[], { levels, row, vector }: Layout): Facts => ({
  number,
  level: places.reduce((most, place) => Math.max(most, levels[place] ?? 0), 0),
  row: places.includes(row),
  vector: places.includes(vector),
})

const placesOf = (leaf: Leaf, count: number): readonly number[] =>
  Array.from({ length: count }, (_, place) => place).filter(place =>
    leaf.kind === 'ramp' ? (leaf.by[place] ?? 0) !== 0 : moves(leaf, place),
  )

const factsFor = (order: readonly Expr[], layout: Layout): ReadonlyMap<Expr, Facts> => {
  const { space } = layout
  const facts = new Map<Expr, Facts>()
  const outer = Array.from({ length: space.outer }, (_, place) => place)
  for (const node of order) {
    const leaf = space.leaves.get(node)
    const number = facts.size
    if (leaf !== undefined) facts.set(node, factsOfPlaces(number, placesOf(leaf, space.sizes.length), layout))
    else if (node.tag === 'stage') facts.set(node, factsOfPlaces(number, outer, layout))
    else {
      let [level, row, vector] = [0, false, false]
      for (const operand of operands(node)) {
        const of = facts.get(operand) as Facts
        level = Math.max(level, of.level)
        row ||= of.row
        vector ||= of.vector
      }
      facts.set(node, { number, level, row, vector })
    }
  }
  return facts
}

/** Values by number that are known in a scope and those inside it. One that is known already stays. */
const scopes = <V>() => {
  const known = new Map<number, V>()
  const added: number[] = []
  return {
    get: (key: number): V | undefined => known.get(key),
    put: (key: number, value: V): void => {
      if (known.has(key)) return
      known.set(key, value)
      added.push(key)
    },
    scoped: <A>(body: () => A): A => {
      const before = added.length
      const result = body()
      for (const key of added.splice(before)) known.delete(key)
      return result
    },
  }
}

/** More points of a round along its row, and more of them in all, than there are. */
const [ROWS, POINTS] = [64, 65_536]

/** What the values of a form are computed with. */
export type Readers = {
  readonly memory: (input: number) => Memory
  /** Pushes the result of a stage. */
  readonly stage: (stage: number, spot: Spot) => void
}

/** The values of some expressions in the loops of a layout. */
export const valuesOf = (walk: Walk, roots: readonly Expr[], layout: Layout, readers: Readers): Values => {
  const { code, module, form } = walk
  const { space, vector, row } = layout
  const order = linearise(roots)
  const facts = factsFor(order, layout)
  const known = scopes<Local>()
  const ranges = scopes<Range>()
  const hashes = hashPairs(order)
  const factsOf = (node: Expr): Facts => facts.get(node) as Facts
  const keyOf = ({ number, row: onRow, vector: onVector }: Facts, spot: Spot): number =>
    number * POINTS + (onVector ? spot.steps * ROWS : 0) + (onRow ? spot.rows : 0)
  const rangeFor = (node: Expr, source: Source, lanes: Lanes): Range => {
    const onRow = row !== vector && source.bounds.some(({ by }) => (by[row] ?? 0) !== 0)
    const key = factsOf(node).number * POINTS + (onRow ? lanes.rows : 0)
    const found = ranges.get(key)
    if (found !== undefined) return found
    const range = rangeOf(walk, source, lanes)
    ranges.put(key, range)
    return range
  }
  const leaf = (node: Expr, found: Leaf, lanes: Lanes): void => {
    if (found.kind === 'ramp') readRamp(walk, found, lanes)
    else if (form === 'scalar') readScalar(walk, found, lanes)
    else readVector(walk, found, lanes, () => rangeFor(node, found, lanes))
  }
  /** Whether a coordinate goes up by one from lane to lane. */
  const inStep = (node: Expr): boolean => {
    const found = space.leaves.get(node)
    if (found !== undefined) return found.kind === 'ramp' && found.by[vector] === 1
    if (node.tag !== 'apply' || node.fn !== 'add') return false
    const [x, y] = node.args as readonly [Expr, Expr]
    return factsOf(x).vector ? !factsOf(y).vector && inStep(x) : inStep(y)
  }
  /** Reads four vectors along the row and turns them, which gives a load's lanes in all four rows. */
  const turn = (node: Expr, source: Source, spot: Spot): void => {
    for (const [rows, local] of readTurned(walk, source, { vector, row, ...spot }).entries())
      known.put(keyOf(factsOf(node), { ...spot, rows }), local)
  }
  /** Takes the value on the stack for that of a node. */
  const keep = (node: Expr, spot: Spot): void => {
    const local = walk.take(typeOf(form, node.dtype))
    code.set(local)
    known.put(keyOf(factsOf(node), spot), local)
  }
  /** Pushes what a load reads at computed coordinates. */
  const gathered = (load: LoadAt, index: readonly Local[], count: number): void => {
    const start = walk.start(readers.memory(load.input))
    const moving = load.index.map(of => factsOf(of).vector)
    const last = load.index[load.index.length - 1]
    if (form === 'vector' && last !== undefined && moving.indexOf(true) === moving.length - 1 && inStep(last))
      gatherRun(walk, load, start, index, count)
    else gather(walk, load, start, index, moving.includes(true) ? count : 1)
  }
  /** Pushes the words of a hash, and takes them for the values of its nodes. */
  const hash = (node: Expr, words: readonly (Expr | null)[], args: readonly Local[], spot: Spot): void => {
    if (form === 'vector' && factsOf(node).vector) writeHash(module, code, form, args, walk.take)
    else callHash(module, code, form, args)
    for (const word of words.toReversed())
      if (word === null) code.op('drop')
      else keep(word, spot)
  }
  const emit = (node: Expr, spot: Spot): void => {
    const source = space.leaves.get(node)
    if (spot.square && source?.kind === 'source' && turnable(source, vector, row)) {
      turn(node, source, spot)
      return
    }
    // Operands first of all, so that nothing is on the stack meanwhile.
    for (const operand of operands(node)) value(operand, spot)
    const of = (operand: Expr): Local => value(operand, spot)
    const words = hashes.get(node)
    if (words !== undefined) {
      hash(node, words, operands(node).map(of), spot)
      return
    }
    if (source !== undefined) leaf(node, source, { vector, row, ...spot })
    else if (node.tag === 'stage') readers.stage(node.stage, spot)
    else if (node.tag === 'loadAt') gathered(node, node.index.map(of), spot.count)
    else emitOperation(module, code, form, node as Operation, of)
    keep(node, spot)
  }
  const value = (node: Expr, spot: Spot): Local => {
    const key = keyOf(factsOf(node), spot)
    const before = known.get(key)
    if (before !== undefined) return before
    emit(node, spot)
    return known.get(key) as Local
  }
  const hoist: Values['hoist'] = (level, spots, exprs) => {
    const nodes = linearise(exprs)
    const inner = (node: Expr): boolean => factsOf(node).level >= level
    const outside = (node: Expr): boolean => !inner(node) && (node.tag !== 'const' || space.leaves.has(node))
    const wanted = new Set(exprs.filter(outside))
    for (const node of nodes) if (inner(node)) for (const of of operands(node)) if (outside(of)) wanted.add(of)
    for (const node of wanted) for (const spot of spots) value(node, spot)
    for (const node of nodes) {
      const found = space.leaves.get(node)
      if (found?.kind === 'source' && form === 'vector' && ranged(found) && rangeLevel(found, layout) < level)
        for (const spot of spots) rangeFor(node, found, { vector, row, ...spot })
    }
  }
  const nodes = new Set(order)
  const sources = [...space.leaves].flatMap(([node, of]) =>
    of.kind === 'source' && nodes.has(node) ? [of.pointer] : [],
  )
  return {
    roots,
    pointers: [...new Set(sources)],
    value,
    hoist,
    scoped: body => walk.scoped(() => known.scoped(() => ranges.scoped(body))),
  }
}

/** How deep the loops are that change the range of a load along the vector's place. */
const rangeLevel = ({ bounds }: Source, { vector, levels }: Layout): number =>
  bounds
    .flatMap(({ by }) => by.map((b, place) => (b !== 0 && place !== vector ? (levels[place] ?? 0) : 0)))
    .reduce((most, level) => Math.max(most, level), 0)

/** Stores a value where a result belongs. */
export const store = (walk: Walk, target: Source, lanes: Lanes, value: Local): void => {
  const { strides } = target.pointer
  const bytes = (strides[lanes.vector] ?? 0) * lanes.steps + (strides[lanes.row] ?? 0) * lanes.rows
  const at = walk.at(target, bytes)
  if (walk.form === 'scalar') storeScalar(walk.code, target.dtype, at, value)
  else storeVector(walk.module, walk.code, target.dtype, at, value, lanes.count)
}
