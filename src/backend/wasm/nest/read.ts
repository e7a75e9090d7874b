/**
 * Loads at the present place of the loops: what is contiguous as vectors, the rest lane by lane, and `fill` beyond the bounds.
 *
 * Layer: backend. A load whose bounds let pass one range of the vector's place compares the place with that range: inside and
 * outside of it, whole vectors are read and filled. Read next: nest/values.ts.
 */
import { bytesOf } from '../../../core/dtype.ts'
import type { Bound } from '../../address.ts'
import type { Local } from '../assembler.ts'
import { loadLanes, loadScalar, loadSplat, loadVector, pushScalar, pushSplat, scalarType } from '../expr/memory.ts'
import type { Ramp, Source } from './form.ts'
import { type Lanes, pushSum, shifted } from './place.ts'
import { type Range, ranged } from './range.ts'
import type { Walk } from './walk.ts'

/** Pushes a coordinate. */
export const readRamp = (walk: Walk, ramp: Ramp, lanes: Lanes): void => {
  const { code, module } = walk
  pushSum(walk, ramp, lanes)
  if (walk.form === 'scalar') return
  code.op('i32x4.splat')
  const by = ramp.by[lanes.vector] ?? 0
  if (by === 0) return
  code.constant(module.data(Int32Array.of(0, by, 2 * by, 3 * by)))
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
