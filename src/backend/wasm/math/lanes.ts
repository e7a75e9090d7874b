/**
 * Scalar functions applied to vectors lane by lane: what SIMD has no instruction and no quick formula for.
 *
 * Layer: backend. The loop over lanes is a function of the module, so that it is written once. Read next: math.ts.
 */
import type { Code, Local, ModuleBuilder } from '../assembler.ts'
import { formulas, type Term } from './terms.ts'

/** A scalar function of the values of one lane, which are of type f64 for float32 lanes and i32 for int32 ones. */
export type LaneFunction = (code: Code, lanes: readonly Term[]) => Term

/** Puts `value`, an f64 or i32, into a lane of the vector that is on the stack. */
const replace = (code: Code, kind: 'float32' | 'int32', lane: number, value: Term): void => {
  value()
  if (kind === 'float32') code.op('f32.demote_f64')
  code.lane(kind === 'float32' ? 'f32x4.replace_lane' : 'i32x4.replace_lane', lane)
}

const extract = (code: Code, kind: 'float32' | 'int32', vector: Local, lane: number): Local => {
  const local = code.local(kind === 'float32' ? 'f64' : 'i32')
  code.get(vector)
  code.lane(kind === 'float32' ? 'f32x4.extract_lane' : 'i32x4.extract_lane', lane)
  if (kind === 'float32') code.op('f64.promote_f32')
  code.set(local)
  return local
}

/** Applies a function of scalars to each of four lanes. `key` names the function within the module. */
export const laneByLane = (
  module: ModuleBuilder,
  code: Code,
  kind: 'float32' | 'int32',
  key: string,
  f: LaneFunction,
  operands: readonly Term[],
): Term => {
  const body = (inner: Code, ...vectors: readonly Local[]): void => {
    const result = inner.local('v128')
    for (let lane = 0; lane < 4; lane++) {
      const lanes = vectors.map(vector => extract(inner, kind, vector, lane))
      const value = f(
        inner,
        lanes.map(local => () => inner.get(local)),
      )
      inner.get(result)
      replace(inner, kind, lane, value)
      inner.set(result)
    }
    inner.get(result)
  }
  const types = operands.map(() => 'v128' as const)
  const made = module.once(`${key} lane by lane`, () => module.define(null, types, ['v128'], body))
  return formulas(module, code, 'f32x4').call(made, ...operands)
}
