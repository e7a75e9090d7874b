/**
 * Four vectors turned, so that lanes become vectors: transposes in registers.
 *
 * Layer: backend. Read next: nest/squares.ts.
 */
import { bytesOf } from '../../../core/dtype.ts'
import type { Local } from '../assembler.ts'
import { loadVector } from '../expr/memory.ts'
import type { Source } from './form.ts'
import type { Lanes } from './place.ts'
import type { Walk } from './walk.ts'

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
