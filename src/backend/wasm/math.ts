/**
 * Code for every scalar function of the kernel language, on four lanes and on one value.
 *
 * Layer: backend. The meaning is that of ../scalar.ts. In vectors, float32 and int32 are four lanes and bool is four masks; as a
 * scalar, bool is an i32 that is 0 or 1. Read next: math/float32.ts.
 */

import type { Dtype } from '../../core/dtype.ts'
import { engineError, fail } from '../../core/errors.ts'
import type { ScalarFn } from '../../core/kernel.ts'
import type { Code, Local, ModuleBuilder } from './assembler.ts'
import { boolScalar, boolVector } from './math/bool.ts'
import { float32Scalar, float32Vector } from './math/float32.ts'
import { double } from './math/float64.ts'
import { integer } from './math/int32.ts'
import { int32Vector } from './math/int32x4.ts'
import { type Formulas, formulas, read, type Term } from './math/terms.ts'

/**
 * Leaves a vector: a function of four lanes each. `dtype` is that of the first argument; comparisons and logic give masks.
 * A shift whose count is known at emission is `shiftByConstant`, which is several times quicker.
 * An EngineError for float64, which has no vectors, and for the bits of floats.
 */
export const vectorFunction = (
  module: ModuleBuilder,
  code: Code,
  fn: ScalarFn,
  dtype: Dtype,
  args: readonly Local[],
): void => {
  const operands = args.map(arg => read(code, arg))
  vectorTerm(formulas(module, code, 'f32x4'), fn, dtype, operands)()
}

const vectorTerm = (f: Formulas, fn: ScalarFn, dtype: Dtype, operands: readonly Term[]): Term => {
  switch (dtype) {
    case 'float32':
      return float32Vector(f, fn, operands)
    case 'int32':
      return int32Vector(f, fn, operands)
    case 'bool':
      return boolVector(f, fn, operands)
    case 'float64':
      return fail(engineError('wasm', `${fn} of float64 has no vector form`))
  }
}

/**
 * Leaves a scalar: f32, f64 or i32. `dtype` is that of the first argument; comparisons and logic give an i32 that is 0 or 1.
 * Results of float32 equal the lanes of `vectorFunction` bit by bit. An EngineError for the bits of floats.
 */
export const scalarFunction = (
  module: ModuleBuilder,
  code: Code,
  fn: ScalarFn,
  dtype: Dtype,
  args: readonly Local[],
): void => {
  const operands = args.map(arg => read(code, arg))
  scalarTerm(formulas(module, code, 'f64'), fn, dtype, operands)()
}

const scalarTerm = (f: Formulas, fn: ScalarFn, dtype: Dtype, operands: readonly Term[]): Term => {
  switch (dtype) {
    case 'float32':
      return float32Scalar(f, fn, operands)
    case 'float64':
      return double(f, fn, operands)
    case 'int32':
      return integer(f, fn, operands)
    case 'bool':
      return boolScalar(f, fn, operands)
  }
}

/** Leaves int32 lanes shifted by one count that is known now. A count of 32 or more, or below 0, gives what shifting one place at a time would. */
export const shiftByConstant = (
  code: Code,
  fn: 'shiftLeft' | 'shiftRight' | 'shiftRightLogical',
  x: Local,
  by: number,
): void => {
  const far = by >>> 0 > 31
  code.get(x)
  code.i32(far ? 31 : by)
  code.op(fn === 'shiftLeft' ? 'i32x4.shl' : fn === 'shiftRight' ? 'i32x4.shr_s' : 'i32x4.shr_u')
  if (!far || fn === 'shiftRight') return
  code.i32(1)
  code.op(fn === 'shiftLeft' ? 'i32x4.shl' : 'i32x4.shr_u')
}

/**
 * Leaves float32 lanes bounded by a number that is known now, with the results of `max` and `min` for NaN and zeros too. Those
 * instructions must look at both arguments and take several times as long.
 */
export const boundByConstant = (module: ModuleBuilder, code: Code, fn: 'max' | 'min', x: Local, by: number): void => {
  const { run, constant, add } = formulas(module, code, 'f32x4')
  const [value, bound] = [read(code, x), constant(by)]
  // What is neither above nor below the bound stays: NaN, and zeros, of which one may have the other sign.
  if (Number.isNaN(by) || (fn === 'min' && Object.is(by, -0))) run(`f32x4.${fn}`, value, bound)()
  else if (fn === 'max' && Object.is(by, 0)) add(run('f32x4.pmax', value, bound), bound)()
  else run(`f32x4.p${fn}`, value, bound)()
}

export { ulpBounds } from './math/float32.ts'
