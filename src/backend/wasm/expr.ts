/**
 * Code for expression graphs: each node once, as four lanes or as a scalar.
 *
 * Layer: backend. What an expression reads is the caller's: `Leaves` push the values of loads, coordinates and stages, in the
 * representation that expr/memory.ts describes. Both forms compute float32 alike, bit for bit. Read next: nest.ts.
 */
import type { Dtype } from '../../core/dtype.ts'
import { engineError, fail } from '../../core/errors.ts'
import { type Expr, type Load, type LoadAt, linearise, operands, type ScalarFn } from '../../core/kernel.ts'
import type { Code, Local, ModuleBuilder, ValueType } from './assembler.ts'
import { canonical } from './expr/graph.ts'
import { pushScalar, pushSplat, scalarType } from './expr/memory.ts'
import { callHash, hashPairs } from './math/hash.ts'
import { boundByConstant, scalarFunction, shiftByConstant, vectorFunction } from './math.ts'

/** How values are held: four points at a time, or one. */
export type Form = 'vector' | 'scalar'

/** Pushes the values that expressions are made of. `loadAt` is given its coordinates: int32 lanes, or i32. */
export type Leaves = {
  readonly load: (load: Load) => void
  readonly loadAt: (load: LoadAt, index: readonly Local[]) => void
  readonly iota: (axis: number) => void
  readonly stage: (stage: number, dtype: Dtype) => void
}

/** The type of a value of some dtype. */
export const typeOf = (form: Form, dtype: Dtype): ValueType => (form === 'vector' ? 'v128' : scalarType(dtype))

/** Whether all values have a vector form: float64 has none. */
export const vectorisable = (exprs: readonly Expr[]): boolean =>
  linearise(exprs).every(({ dtype }) => dtype !== 'float64')

const castVector = (module: ModuleBuilder, code: Code, from: Dtype, to: Dtype): void => {
  if (from === to) return
  if (to === 'bool') {
    pushSplat(module, code, from, 0)
    code.op(from === 'float32' ? 'f32x4.ne' : 'i32x4.ne')
  } else if (from === 'bool') {
    pushSplat(module, code, to, 1)
    code.op('v128.and')
  } else code.op(to === 'int32' ? 'i32x4.trunc_sat_f32x4_s' : 'f32x4.convert_i32x4_s')
}

const castScalar = (code: Code, from: Dtype, to: Dtype): void => {
  const [source, target] = [scalarType(from), scalarType(to)]
  if (to === 'bool' && from !== 'bool') {
    pushScalar(code, from, 0)
    code.op(source === 'i32' ? 'i32.ne' : source === 'f32' ? 'f32.ne' : 'f64.ne')
  } else if (source === target) return
  else if (target === 'i32') code.op(source === 'f32' ? 'i32.trunc_sat_f32_s' : 'i32.trunc_sat_f64_s')
  else if (source === 'i32') code.op(target === 'f32' ? 'f32.convert_i32_s' : 'f64.convert_i32_s')
  else code.op(target === 'f32' ? 'f32.demote_f64' : 'f64.promote_f32')
}

/** Converts the value on the stack as `castNumber` defines it. */
export const emitCast = (module: ModuleBuilder, code: Code, form: Form, from: Dtype, to: Dtype): void =>
  form === 'vector' ? castVector(module, code, from, to) : castScalar(code, from, to)

const emitApply = (
  module: ModuleBuilder,
  code: Code,
  form: Form,
  { fn, args, dtype }: Expr & { tag: 'apply' },
  values: readonly Local[],
): void => {
  const of = args[0]?.dtype ?? dtype
  const [x] = values
  const by = args[1]
  if (form === 'scalar') scalarFunction(module, code, fn, of, values)
  else if (isShift(fn) && of === 'int32' && x !== undefined && by?.tag === 'const')
    shiftByConstant(code, fn, x, by.value)
  else if ((fn === 'max' || fn === 'min') && of === 'float32' && x !== undefined && by?.tag === 'const')
    boundByConstant(module, code, fn, x, by.value)
  else vectorFunction(module, code, fn, of, values)
}

const isShift = (fn: ScalarFn): fn is 'shiftLeft' | 'shiftRight' | 'shiftRightLogical' =>
  fn === 'shiftLeft' || fn === 'shiftRight' || fn === 'shiftRightLogical'

/** A node that reads nothing but its operands. */
export type Operation = Extract<Expr, { readonly tag: 'const' | 'apply' | 'select' | 'cast' }>

/** Pushes the value of an operation; `of` has those of its operands. */
export const emitOperation = (
  module: ModuleBuilder,
  code: Code,
  form: Form,
  node: Operation,
  of: (operand: Expr) => Local,
): void => {
  switch (node.tag) {
    case 'const':
      if (form === 'vector') pushSplat(module, code, node.dtype, node.value)
      else pushScalar(code, node.dtype, node.value)
      break
    case 'apply':
      emitApply(module, code, form, node, node.args.map(of))
      break
    case 'select':
      for (const operand of [node.onTrue, node.onFalse, node.condition]) code.get(of(operand))
      code.op(form === 'vector' ? 'v128.bitselect' : 'select')
      break
    case 'cast':
      code.get(of(node.value))
      emitCast(module, code, form, node.value.dtype, node.dtype)
      break
    default:
      node satisfies never
  }
}

/** Pushes the value of one node; `of` has those of its operands. */
const emitNode = (
  module: ModuleBuilder,
  code: Code,
  form: Form,
  node: Expr,
  of: (operand: Expr) => Local,
  leaves: Leaves,
): void => {
  switch (node.tag) {
    case 'iota':
      leaves.iota(node.axis)
      break
    case 'load':
      leaves.load(node)
      break
    case 'loadAt':
      leaves.loadAt(node, node.index.map(of))
      break
    case 'stage':
      leaves.stage(node.stage, node.dtype)
      break
    default:
      emitOperation(module, code, form, node, of)
  }
}

const emitAll = (
  module: ModuleBuilder,
  code: Code,
  form: Form,
  exprs: readonly Expr[],
  leaves: Leaves,
): readonly Local[] => {
  const roots = canonical(exprs)
  const values = new Map<Expr, Local>()
  const of = (node: Expr): Local => values.get(node) ?? fail(engineError('expr', 'an operand comes after its user'))
  const keep = (node: Expr): void => {
    const local = code.local(typeOf(form, node.dtype))
    code.set(local)
    values.set(node, local)
  }
  const order = linearise(roots)
  const hashes = hashPairs(order)
  for (const node of order) {
    const words = hashes.get(node)
    if (words === undefined) {
      emitNode(module, code, form, node, of, leaves)
      keep(node)
    } else if (!values.has(node)) {
      callHash(module, code, form, operands(node).map(of))
      for (const word of words.toReversed())
        if (word === null) code.op('drop')
        else keep(word)
    }
  }
  return roots.map(of)
}

/** Computes expressions at four points at once: locals of type v128, one for each. */
export const emitVector = (
  module: ModuleBuilder,
  code: Code,
  exprs: readonly Expr[],
  leaves: Leaves,
): readonly Local[] => emitAll(module, code, 'vector', exprs, leaves)

/** Computes expressions at one point: locals of their scalar types, one for each. */
export const emitScalar = (
  module: ModuleBuilder,
  code: Code,
  exprs: readonly Expr[],
  leaves: Leaves,
): readonly Local[] => emitAll(module, code, 'scalar', exprs, leaves)
