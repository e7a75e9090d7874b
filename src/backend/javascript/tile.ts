/**
 * Expressions, a tile of points at a time: each node fills a buffer that stays in the nearest cache, by a loop that does one
 * thing to one kind of array.
 *
 * Layer: backend. Read next: fill.ts for loads, loops.ts for arithmetic, nest.ts for what is done with tiles.
 */
import { isFloat, type TypedArray } from '../../core/dtype.ts'
import { along, type Expr, type Load, type LoadAt, linearise, load, operands } from '../../core/kernel.ts'
import { type Shape, sizeOf } from '../../core/shape.ts'
import { addressOf, coordinateOf, type Loop, merged } from './address.ts'
import { type Fill, fillAddresses, fillFrom } from './fill.ts'
import { sweepCast, sweepOf, sweepSelect } from './loops.ts'

/** Points in a tile: three buffers of them fill half of a small first-level cache. */
const TILE = 1024

/** What expressions read: the kernel's inputs, and the results of earlier stages at each point of its outer axes. */
export type Sources = {
  readonly inputs: readonly TypedArray[]
  readonly results: readonly Float64Array[]
  readonly outer: Shape
}

/** Gets the values of the expressions at points start … start + n; the buffers are overwritten afterwards. */
type Body = (start: number, n: number, values: readonly Float64Array[]) => void

// Kept between calls, since making buffers costs more than small kernels do. Nothing else runs while a tile is in use.
const scratch: Float64Array[] = []
const positions = new Int32Array(TILE)

const none = new Float64Array(0)

/** Whether a node's buffer is written before the loop and must last. */
const lasting = (node: Expr): boolean => node.tag === 'const' || node.tag === 'load' || node.tag === 'stage'

/** A buffer for each node; one that is no longer needed serves again, even for the node that reads it last. */
const buffersFor = (nodes: readonly Expr[], roots: readonly Expr[]): ReadonlyMap<Expr, Float64Array> => {
  const readers = new Map<Expr, number>()
  for (const root of roots) readers.set(root, Number.POSITIVE_INFINITY)
  for (const node of nodes) for (const x of operands(node)) readers.set(x, (readers.get(x) ?? 0) + 1)
  const buffers = new Map<Expr, Float64Array>()
  const free: Float64Array[] = []
  let made = 0
  const fresh = (): Float64Array => {
    const buffer = scratch[made] ?? new Float64Array(TILE)
    scratch[made++] = buffer
    return buffer
  }
  for (const node of nodes) {
    for (const x of operands(node)) {
      const left = (readers.get(x) ?? 0) - 1
      readers.set(x, left)
      if (left === 0 && !lasting(x)) free.push(buffers.get(x) ?? none)
    }
    buffers.set(node, lasting(node) ? fresh() : (free.pop() ?? fresh()))
  }
  return buffers
}

/** Reads a result of an earlier stage at the outer axes. */
const stageLoad = (node: Expr & { tag: 'stage' }, outer: Shape): Load =>
  load(
    0,
    node.dtype,
    outer,
    outer.map((_, axis) => along(axis)),
  )

/** The row-major position in a shape of each of n tuples of coordinates; negative where one is out of range. */
export const positionsOf = (coordinates: readonly Float64Array[], shape: Shape, n: number): Int32Array => {
  positions.fill(0, 0, n)
  for (let d = 0; d < coordinates.length; d++) advance(positions, coordinates[d] as Float64Array, shape[d] as number, n)
  return positions
}

/** Goes one axis on. A position once negative stays so: size times -1 or less, and less than size. */
const advance = (at: Int32Array, along: Float64Array, size: number, n: number): void => {
  for (let j = 0; j < n; j++) {
    const i = along[j] as number
    at[j] = i >= 0 && i < size ? (at[j] as number) * size + i : -1
  }
}

/** Reads where computed coordinates say. */
const fillAt = (out: Float64Array, node: LoadAt, source: TypedArray, index: readonly Float64Array[]): Fill => {
  const { view, fill } = node
  return (_start, n) => {
    const at = positionsOf(index, view, n)
    for (let j = 0; j < n; j++) {
      const i = at[j] as number
      out[j] = i < 0 ? fill : (source[i] as number)
    }
  }
}

/** How a node fills its buffer, given those of its operands; `null` if it has done so for good. */
const fillOf = (
  node: Expr,
  out: Float64Array,
  of: (expr: Expr) => Float64Array,
  loop: Loop,
  tile: number,
  { inputs, results, outer }: Sources,
): Fill | null => {
  switch (node.tag) {
    case 'const':
      out.fill(node.value, 0, tile)
      return null
    case 'iota':
      return fillAddresses(out, merged(coordinateOf(node.axis, loop)))
    case 'load':
      return fillFrom(out, inputs[node.input] ?? none, merged(addressOf(node, loop)), node.fill ?? Number.NaN, tile)
    case 'stage':
      return fillFrom(
        out,
        results[node.stage] ?? none,
        merged(addressOf(stageLoad(node, outer), loop)),
        Number.NaN,
        tile,
      )
    case 'loadAt':
      return fillAt(out, node, inputs[node.input] ?? none, node.index.map(of))
    case 'apply': {
      const sweep = sweepOf(node.fn, node.args[0]?.dtype ?? node.dtype)
      const [x = out, y = x] = node.args.map(of)
      return (_start, n) => sweep(out, x, y, n)
    }
    case 'select': {
      const [condition, x, y] = [of(node.condition), of(node.onTrue), of(node.onFalse)]
      return (_start, n) => sweepSelect(out, condition, x, y, n)
    }
    case 'cast': {
      const x = of(node.value)
      if (isFloat(node.dtype)) return x === out ? null : () => out.set(x)
      return (_start, n) => sweepCast(out, x, node.dtype, n)
    }
  }
}

/** Points to a tile: whole rows if they fit, so that what repeats in every row need be read only once. */
const tileOf = (sizes: Shape): number => {
  let rows = 1
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const wider = rows * (sizes[axis] as number)
    if (wider > TILE) return Math.floor(TILE / rows) * rows
    rows = wider
  }
  return rows
}

/** Walks a loop in tiles that do not cross a multiple of `period`; `body` gets each with the values of the expressions. */
export const eachTile = (exprs: readonly Expr[], loop: Loop, sources: Sources, period: number, body: Body): void => {
  const size = sizeOf(loop.sizes)
  if (size === 0) return
  const nodes = exprs.length === 1 ? linearise(exprs[0] as Expr) : [...new Set(exprs.flatMap(linearise))]
  const buffers = buffersFor(nodes, exprs)
  const of = (expr: Expr): Float64Array => buffers.get(expr) ?? none
  const fills: Fill[] = []
  const tile = Math.min(tileOf(loop.sizes), period)
  for (const node of nodes) {
    const fill = fillOf(node, of(node), of, loop, tile, sources)
    if (fill !== null) fills.push(fill)
  }
  const values = exprs.map(of)
  for (let start = 0, n = 0; start < size; start += n) {
    n = Math.min(tile, size - start, period - (start % period))
    for (let k = 0; k < fills.length; k++) (fills[k] as Fill)(start, n)
    body(start, n, values)
  }
}
