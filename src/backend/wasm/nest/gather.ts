/**
 * Loads at computed coordinates: lane by lane, without branches, at positions that are made safe.
 *
 * Layer: backend. A point out of range reads the first element instead, which `fill` then replaces. Read next: nest/values.ts.
 */
import { bytesOf } from '../../../core/dtype.ts'
import type { LoadAt } from '../../../core/kernel.ts'
import { sizeOf, stridesOf } from '../../../core/shape.ts'
import type { Local } from '../assembler.ts'
import { loadScalar, loadVector, pushScalar, pushSplat, scalarType } from '../expr/memory.ts'
import { gatherLanes } from './read.ts'
import type { Walk } from './walk.ts'

/** Sets the byte positions and whether they are in range, of four points or one. */
const locate = (walk: Walk, { view, dtype }: LoadAt, index: readonly Local[]): readonly [at: Local, inside: Local] => {
  const { code, module, form } = walk
  const lanes = form === 'vector'
  const type = lanes ? 'v128' : 'i32'
  const [at, inside] = [walk.take(type), walk.take(type)]
  const push = (value: number): void => (lanes ? pushSplat(module, code, 'int32', value) : code.i32(value))
  const bytes = bytesOf(dtype)
  push(0)
  code.set(at)
  push(lanes ? -1 : 1)
  code.set(inside)
  stridesOf(view).forEach((stride, axis) => {
    const i = index[axis] as Local
    code.get(inside)
    code.get(i)
    push(view[axis] as number)
    code.op(lanes ? 'i32x4.lt_u' : 'i32.lt_u')
    code.op(lanes ? 'v128.and' : 'i32.and')
    code.set(inside)
    code.get(at)
    code.get(i)
    push(stride * bytes)
    code.op(lanes ? 'i32x4.mul' : 'i32.mul')
    code.op(lanes ? 'i32x4.add' : 'i32.add')
    code.set(at)
  })
  return [at, inside]
}

/** Pushes the elements at computed coordinates: of `count` lanes, or of one point. */
export const gather = (walk: Walk, load: LoadAt, start: Local, index: readonly Local[], count: number): void => {
  const { code, module } = walk
  const { dtype, fill, view } = load
  const vector = walk.form === 'vector'
  if (sizeOf(view) === 0) {
    if (vector) pushSplat(module, code, dtype, fill)
    else pushScalar(code, dtype, fill)
    return
  }
  const [at, inside] = locate(walk, load, index)
  const address = walk.take('i32')
  if (!vector) {
    code.get(inside)
    code.when(
      () => {
        code.get(start)
        code.get(at)
        code.op('i32.add')
        code.set(address)
        loadScalar(code, dtype, { address, offset: 0 })
      },
      () => pushScalar(code, dtype, fill),
      scalarType(dtype),
    )
    return
  }
  code.get(at)
  code.get(inside)
  code.op('v128.and')
  code.set(at)
  gatherLanes(walk, dtype, count, lane => {
    code.get(start)
    code.get(at)
    code.lane('i32x4.extract_lane', lane)
    code.op('i32.add')
    code.set(address)
    loadScalar(code, dtype, { address, offset: 0 })
  })
  pushSplat(module, code, dtype, fill)
  code.get(inside)
  code.op('v128.bitselect')
}

/** Pushes the elements at coordinates of which only the last moves from lane to lane, by one: together, where all are in range. */
export const gatherRun = (walk: Walk, load: LoadAt, start: Local, index: readonly Local[], count: number): void => {
  const { code } = walk
  const { dtype, view } = load
  const [first, address] = [walk.take('i32'), walk.take('i32')]
  const last = view.length - 1
  code.get(start)
  code.set(address)
  code.i32(1)
  stridesOf(view).forEach((stride, axis) => {
    code.get(index[axis] as Local)
    code.lane('i32x4.extract_lane', 0)
    code.set(first)
    code.get(first)
    code.i32(Math.max(0, (view[axis] as number) - (axis === last ? count - 1 : 0)))
    code.op('i32.lt_u')
    code.op('i32.and')
    code.get(address)
    code.get(first)
    code.i32(stride * bytesOf(dtype))
    code.op('i32.mul')
    code.op('i32.add')
    code.set(address)
  })
  code.when(
    () => loadVector(code, dtype, { address, offset: 0 }, count),
    () => gather(walk, load, start, index, count),
    'v128',
  )
}
