/**
 * Loads at the present place of the loops: what is contiguous as vectors, the rest lane by lane, and `fill` beyond the bounds.
 *
 * Layer: backend. A load whose bounds let pass one range of the vector's place compares the place with that range: inside and
 * outside of it, whole vectors are read and filled. Read next: nest-values.ts.
 */
import type { Bound } from '../address.ts'
import type { Local } from './assembler.ts'
import {
  bytesOf,
  loadLanes,
  loadScalar,
  loadSplat,
  loadVector,
  pushScalar,
  pushSplat,
  scalarType,
} from './expr-memory.ts'
import type { Ramp, Source } from './nest-form.ts'
import type { Walk } from './nest-walk.ts'

/**
 * Which points are meant: lanes go along the place `vector`, from `step` places after the present one; `row` places after the present
 * one along the place `row`.
 */
export type Lanes = {
  readonly vector: number
  readonly row: number
  readonly steps: number
  readonly rows: number
  readonly count: number
}

/** Whether something moves along a place. */
export const moves = ({ pointer, bounds }: Source, place: number): boolean =>
  (pointer.strides[place] ?? 0) !== 0 || bounds.some(({ by }) => (by[place] ?? 0) !== 0)

const shifted = ({ strides }: { readonly strides: readonly number[] }, { vector, row, steps, rows }: Lanes): number =>
  (strides[vector] ?? 0) * steps + (strides[row] ?? 0) * rows

/** Pushes offset + Σ by·index at the first lane, but for the place `except`. */
const pushSum = (walk: Walk, { offset, by }: Pick<Ramp, 'offset' | 'by'>, lanes: Lanes, except = -1): void => {
  const { code } = walk
  const used = by.map((b, place) => (place === except ? 0 : b))
  code.i32(offset + shifted({ strides: used }, lanes))
  for (const [place, b] of used.entries()) {
    const index = walk.index(place)
    if (b === 0 || index === null) continue
    code.get(index)
    if (b !== 1) {
      code.i32(b)
      code.op('i32.mul')
    }
    code.op('i32.add')
  }
}

/** Pushes a coordinate. */
export const readRamp = (walk: Walk, ramp: Ramp, lanes: Lanes): void => {
  const { code, module } = walk
  pushSum(walk, ramp, lanes)
  if (walk.form === 'scalar') return
  code.op('i32x4.splat')
  const by = ramp.by[lanes.vector] ?? 0
  if (by === 0) return
  code.dataAddress()
  code.memory('v128.load', module.data(Int32Array.of(0, by, 2 * by, 3 * by)))
  code.op('i32x4.add')
}

/** Sets an address to that of a point, and pushes whether the bounds let it be read. */
const pushChecked = (walk: Walk, source: Source, lanes: Lanes, address: Local): void => {
  const { code } = walk
  const place = walk.at(source, shifted(source.pointer, lanes))
  code.get(place.address)
  code.i32(place.offset)
  code.op('i32.add')
  code.set(address)
  const sum = walk.take('i32')
  code.i32(1)
  for (const bound of source.bounds) {
    pushSum(walk, bound, lanes)
    code.set(sum)
    if (bound.divisor !== 1) divide(walk, source, bound, sum, address)
    code.get(sum)
    code.i32(bound.size)
    code.op('i32.lt_u')
    code.op('i32.and')
  }
}

/** Divides a coordinate, moves the address by what remains of it, and pushes (with `and`) whether it divided. */
const divide = (walk: Walk, { dtype }: Source, { divisor, stride }: Bound, sum: Local, address: Local): void => {
  const { code } = walk
  code.get(sum)
  code.i32(divisor)
  code.op('i32.rem_s')
  code.op('i32.eqz')
  code.op('i32.and')
  code.get(sum)
  code.i32(divisor)
  code.op('i32.div_s')
  code.set(sum)
  code.get(sum)
  code.i32(stride * bytesOf(dtype))
  code.op('i32.mul')
  code.get(address)
  code.op('i32.add')
  code.set(address)
}

/** Pushes one element as a scalar, or what is read beyond the bounds. */
export const readScalar = (walk: Walk, source: Source, lanes: Lanes): void => {
  const { code } = walk
  if (source.bounds.length === 0) {
    loadScalar(code, source.dtype, walk.at(source, shifted(source.pointer, lanes)))
    return
  }
  const address = walk.take('i32')
  pushChecked(walk, source, lanes, address)
  code.when(
    () => loadScalar(code, source.dtype, { address, offset: 0 }),
    () => pushScalar(code, source.dtype, source.fill),
    scalarType(source.dtype),
  )
}

/** Pushes lanes that are computed one by one as scalars. */
export const gatherLanes = (walk: Walk, dtype: Source['dtype'], count: number, push: (lane: number) => void): void => {
  const { code } = walk
  const vector = walk.take('v128')
  for (let lane = 0; lane < count; lane++) {
    if (lane > 0) {
      code.set(vector)
      code.get(vector)
    }
    push(lane)
    if (lane === 0) code.op(dtype === 'float32' ? 'f32x4.splat' : 'i32x4.splat')
    else code.lane(dtype === 'float32' ? 'f32x4.replace_lane' : 'i32x4.replace_lane', lane)
  }
  if (dtype === 'bool') code.op('i32x4.neg')
}

/** The indices of the vector's place that may be read: from `low`, and how many. */
export type Range = { readonly low: Local; readonly width: Local }

const pushMax = (walk: Walk, a: Local, pushB: () => void): void => {
  const { code } = walk
  const b = walk.take('i32')
  pushB()
  code.set(b)
  code.get(a)
  code.get(b)
  code.get(a)
  code.get(b)
  code.op('i32.gt_s')
  code.op('select')
}

/** Sets a local to max(0, itself) divided by a positive number. */
const quotient = (walk: Walk, local: Local, divisor: number): void => {
  const { code } = walk
  pushMax(walk, local, () => code.i32(0))
  if (divisor !== 1) {
    code.i32(divisor)
    code.op('i32.div_u')
  }
  code.set(local)
}

/** The first index from which 0 ≤ offset + by·index < size holds, and the first from which it no longer does. */
const endsOf = (walk: Walk, bound: Bound, lanes: Lanes): readonly [Local, Local] => {
  const { code } = walk
  const by = bound.by[lanes.vector] ?? 0
  const step = Math.abs(by)
  const [low, high, rest] = [walk.take('i32'), walk.take('i32'), walk.take('i32')]
  pushSum(walk, bound, { ...lanes, steps: 0 }, lanes.vector)
  code.set(rest)
  const linear = (to: Local, constant: number, sign: 1 | -1): void => {
    code.i32(constant)
    code.get(rest)
    code.op(sign === 1 ? 'i32.add' : 'i32.sub')
    code.set(to)
    quotient(walk, to, step)
  }
  linear(low, by > 0 ? step - 1 : step - bound.size, by > 0 ? -1 : 1)
  linear(high, by > 0 ? bound.size + step - 1 : step, by > 0 ? -1 : 1)
  return [low, high]
}

/** The range in which all bounds hold. Bounds that do not move along the vector's place hold everywhere or nowhere. */
export const rangeOf = (walk: Walk, source: Source, lanes: Lanes): Range => {
  const { code } = walk
  const [low, high, width] = [walk.take('i32'), walk.take('i32'), walk.take('i32')]
  code.i32(0)
  code.set(low)
  code.i32(0x7fffffff)
  code.set(high)
  for (const bound of source.bounds) {
    if ((bound.by[lanes.vector] ?? 0) === 0) {
      code.get(high)
      code.i32(0)
      pushSum(walk, bound, lanes)
      code.i32(bound.size)
      code.op('i32.lt_u')
      code.op('select')
      code.set(high)
      continue
    }
    const [first, end] = endsOf(walk, bound, lanes)
    pushMax(walk, low, () => code.get(first))
    code.set(low)
    code.get(high)
    code.get(end)
    code.get(high)
    code.get(end)
    code.op('i32.lt_s')
    code.op('select')
    code.set(high)
  }
  code.get(high)
  code.get(low)
  code.op('i32.sub')
  code.set(width)
  quotient(walk, width, 1)
  return { low, width }
}

/** Whether a load's bounds let pass one range of the vector's place. */
export const ranged = ({ bounds }: Source): boolean => bounds.length > 0 && bounds.every(({ divisor }) => divisor === 1)

const reversal = [12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3]

/** Pushes the lanes of a load that is inside its bounds. */
const readInside = (walk: Walk, source: Source, lanes: Lanes): void => {
  const { code } = walk
  const { dtype, pointer } = source
  const at = walk.at(source, shifted(pointer, lanes))
  const stride = pointer.strides[lanes.vector] ?? 0
  const bytes = bytesOf(dtype)
  if (stride === 0) loadSplat(code, dtype, at)
  else if (stride === bytes) loadVector(code, dtype, at, lanes.count)
  else if (stride === -4 && bytes === 4 && lanes.count === 4) {
    const vector = walk.take('v128')
    loadVector(code, dtype, { ...at, offset: at.offset - 12 }, 4)
    code.set(vector)
    code.get(vector)
    code.get(vector)
    code.shuffle(reversal)
  } else loadLanes(code, dtype, at, stride, lanes.count)
}

/** Pushes the lanes of a load; `range` is that of `rangeOf` where the load is `ranged`. */
export const readVector = (walk: Walk, source: Source, lanes: Lanes, range: () => Range): void => {
  if (source.bounds.length === 0) readInside(walk, source, lanes)
  else if (ranged(source)) readRanged(walk, source, lanes, range())
  else
    gatherLanes(walk, source.dtype, lanes.count, lane =>
      readScalar(walk, source, { ...lanes, steps: lanes.steps + lane }),
    )
}

const readRanged = (walk: Walk, source: Source, lanes: Lanes, { low, width }: Range): void => {
  const { code, module } = walk
  const { dtype, fill } = source
  const from = walk.take('i32')
  code.i32(lanes.steps)
  const index = walk.index(lanes.vector)
  if (index !== null) {
    code.get(index)
    code.op('i32.add')
  }
  code.get(low)
  code.op('i32.sub')
  code.set(from)
  const pushIn = (lane: number): void => {
    code.get(from)
    code.i32(lane)
    code.op('i32.add')
    code.get(width)
    code.op('i32.lt_u')
  }
  // All lanes are inside when the first and the last are: the range has no holes.
  pushIn(0)
  pushIn(lanes.count - 1)
  code.op('i32.and')
  const mixed = (): void => {
    code.get(from)
    code.get(width)
    code.op('i32.ge_s')
    code.get(from)
    code.i32(-lanes.count)
    code.op('i32.le_s')
    code.op('i32.or')
    code.when(
      () => pushSplat(module, code, dtype, fill),
      () =>
        gatherLanes(walk, dtype, lanes.count, lane => {
          pushIn(lane)
          code.when(
            () => {
              const stride = source.pointer.strides[lanes.vector] ?? 0
              loadScalar(code, dtype, walk.at(source, shifted(source.pointer, lanes) + lane * stride))
            },
            () => pushScalar(code, dtype, fill),
            scalarType(dtype),
          )
        }),
      'v128',
    )
  }
  code.when(() => readInside(walk, source, lanes), mixed, 'v128')
}

/** Whether a load is contiguous along the row, and not along the vector's place, so that four vectors may be read and turned. */
export const turnable = ({ dtype, pointer, bounds }: Source, vector: number, row: number): boolean => {
  const stride = pointer.strides[vector] ?? 0
  const bytes = bytesOf(dtype)
  return (
    bytes === 4 && bounds.length === 0 && stride !== 0 && Math.abs(stride) !== bytes && pointer.strides[row] === bytes
  )
}

/** The lanes of a load in four rows. */
export const readTurned = (walk: Walk, source: Source, lanes: Lanes): readonly Local[] => {
  const { code } = walk
  const stride = source.pointer.strides[lanes.vector] ?? 0
  const at = walk.at(source, stride * lanes.steps)
  const columns = [0, 1, 2, 3].map(lane => {
    const local = walk.take('v128')
    loadVector(code, source.dtype, { ...at, offset: at.offset + lane * stride }, 4)
    code.set(local)
    return local
  })
  return turned(walk, columns)
}

/** Byte indices that put lanes where `lanes` says; those from 4 on are of the second vector. */
export const lanesTo = (lanes: readonly number[]): readonly number[] =>
  lanes.flatMap(lane => [0, 1, 2, 3].map(byte => 4 * lane + byte))

/** Lane k of vector i becomes lane i of vector k. */
export const turned = (walk: Walk, vectors: readonly Local[]): readonly Local[] => {
  const { code } = walk
  const pair = (x: Local, y: Local, lanes: readonly number[]): Local => {
    const local = walk.take('v128')
    code.get(x)
    code.get(y)
    code.shuffle(lanesTo(lanes))
    code.set(local)
    return local
  }
  const [a, b, c, d] = vectors as readonly [Local, Local, Local, Local]
  const [low, high] = [pair(a, b, [0, 4, 1, 5]), pair(a, b, [2, 6, 3, 7])]
  const [lower, higher] = [pair(c, d, [0, 4, 1, 5]), pair(c, d, [2, 6, 3, 7])]
  return [
    pair(low, lower, [0, 1, 4, 5]),
    pair(low, lower, [2, 3, 6, 7]),
    pair(high, higher, [0, 1, 4, 5]),
    pair(high, higher, [2, 3, 6, 7]),
  ]
}
