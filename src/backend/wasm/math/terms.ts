/**
 * Formulas as terms: code that is put together before it is written.
 *
 * Layer: backend. A term leaves one value on the stack each time it is run; `keep` stores a value that is used twice. The same
 * formula serves four float32 lanes, two float64 lanes and one float64. Read next: math/exponential.ts.
 */
import type { Code, FunctionRef, Local, ModuleBuilder, ValueType } from '../assembler.ts'
import type { PlainOp } from '../opcodes.ts'

/** Code that leaves one value on the stack. */
export type Term = () => void

/** What formulas are made of, in every type of floats. Comparisons give masks of lanes; for `f64`, an i32 that is 0 or 1. */
export interface Formulas {
  readonly code: Code
  readonly module: ModuleBuilder
  readonly constant: (value: number) => Term
  readonly add: (x: Term, y: Term) => Term
  readonly sub: (x: Term, y: Term) => Term
  readonly mul: (x: Term, y: Term) => Term
  readonly div: (x: Term, y: Term) => Term
  readonly min: (x: Term, y: Term) => Term
  readonly max: (x: Term, y: Term) => Term
  readonly abs: (x: Term) => Term
  readonly neg: (x: Term) => Term
  readonly sqrt: (x: Term) => Term
  readonly eq: (x: Term, y: Term) => Term
  readonly lt: (x: Term, y: Term) => Term
  readonly le: (x: Term, y: Term) => Term
  readonly gt: (x: Term, y: Term) => Term
  readonly ge: (x: Term, y: Term) => Term
  /** `onTrue` where `condition` holds, else `onFalse`; both are computed. */
  readonly choose: (condition: Term, onTrue: Term, onFalse: Term) => Term
  /** The size of `x` with the sign of `y`. */
  readonly copysign: (x: Term, y: Term) => Term
  /** c₀ + c₁·x + c₂·x² + …, by Horner's rule. `x` is run once per power. */
  readonly polynomial: (x: Term, coefficients: readonly number[]) => Term
  /** The same in pairs of terms, by Horner's rule in x² (`square`): half as many operations wait for each other. */
  readonly estrin: (x: Term, square: Term, coefficients: readonly number[]) => Term
  /** Computes a value now; the term that is given back reads it. */
  readonly keep: (x: Term) => Term
  /** An instruction by its whole name. */
  readonly run: (name: PlainOp, ...operands: readonly Term[]) => Term
  /** One of two values, of which only that one is computed. The condition is an i32. */
  readonly branch: (condition: Term, then: () => Term, otherwise: () => Term) => Term
  readonly call: (f: FunctionRef, ...operands: readonly Term[]) => Term
  /** Calls a function of the module, which is written once: all its arguments and its result have the type of these formulas. */
  readonly shared: (
    key: string,
    body: (f: Formulas, ...args: readonly Term[]) => Term,
    ...operands: readonly Term[]
  ) => Term
}

/** The types that formulas are written for. */
export type FloatType = 'f32x4' | 'f64x2' | 'f64'

/** Reads a local. */
export const read =
  (code: Code, local: Local): Term =>
  () =>
    code.get(local)

/** Four equal lanes from the module's data. */
export const splat =
  (module: ModuleBuilder, code: Code, kind: 'f32' | 'i32', value: number): Term =>
  () =>
    code.constant(module.splat(kind, value))

/** Four equal int32 lanes. */
export const int = ({ module, code }: Formulas, value: number): Term => splat(module, code, 'i32', value)

/** int32 lanes shifted by one count. */
export const shifted =
  ({ code }: Formulas, name: 'i32x4.shl' | 'i32x4.shr_s' | 'i32x4.shr_u', x: Term, by: number): Term =>
  () => {
    x()
    code.i32(by)
    code.op(name)
  }

/** Whether some lane of a mask is set, as an i32. */
export const any = ({ run }: Formulas, mask: Term): Term => run('v128.any_true', mask)

const constantOf =
  (module: ModuleBuilder, code: Code, type: FloatType) =>
  (value: number): Term => {
    if (type === 'f32x4') return splat(module, code, 'f32', value)
    if (type === 'f64') return () => code.f64(value)
    return () => code.constant(module.data(new Float64Array([value, value])))
  }

/** One of two values of a type, of which only that one is computed. The condition is an i32. */
export const branch =
  (code: Code, type: ValueType, condition: Term, then: () => Term, otherwise: () => Term): Term =>
  () => {
    condition()
    code.when(
      () => then()(),
      () => otherwise()(),
      type,
    )
  }

const made = new WeakMap<Code, Map<FloatType, Formulas>>()

/** Formulas in one type, written into `code`, which is that of a function of `module`: made once. */
export const formulas = (module: ModuleBuilder, code: Code, type: FloatType): Formulas => {
  const known = made.get(code) ?? new Map<FloatType, Formulas>()
  const found = known.get(type)
  if (found !== undefined) return found
  const fresh = formulasOf(module, code, type)
  made.set(code, known.set(type, fresh))
  return fresh
}

const formulasOf = (module: ModuleBuilder, code: Code, type: FloatType): Formulas => {
  const valueType: ValueType = type === 'f64' ? 'f64' : 'v128'
  const run: Formulas['run'] =
    (name, ...operands) =>
    () => {
      for (const operand of operands) operand()
      code.op(name)
    }
  const call: Formulas['call'] =
    (f, ...operands) =>
    () => {
      for (const operand of operands) operand()
      code.call(f)
    }
  const constant = constantOf(module, code, type)
  const add: Formulas['add'] = (x, y) => run(`${type}.add`, x, y)
  const mul: Formulas['mul'] = (x, y) => run(`${type}.mul`, x, y)
  const pair = (x: Term, c: number, next: number | undefined): Term =>
    next === undefined ? constant(c) : add(constant(c), mul(constant(next), x))
  return {
    code,
    module,
    run,
    constant,
    add,
    mul,
    sub: (x, y) => run(`${type}.sub`, x, y),
    div: (x, y) => run(`${type}.div`, x, y),
    min: (x, y) => run(`${type}.min`, x, y),
    max: (x, y) => run(`${type}.max`, x, y),
    // One instruction on a constant at hand, where engines make three of the ones meant for it.
    abs: x => (type === 'f32x4' ? run('v128.and', x, splat(module, code, 'i32', 0x7fffffff)) : run(`${type}.abs`, x)),
    neg: x => (type === 'f32x4' ? run('v128.xor', x, constant(-0)) : run(`${type}.neg`, x)),
    sqrt: x => run(`${type}.sqrt`, x),
    eq: (x, y) => run(`${type}.eq`, x, y),
    lt: (x, y) => run(`${type}.lt`, x, y),
    le: (x, y) => run(`${type}.le`, x, y),
    gt: (x, y) => run(`${type}.gt`, x, y),
    ge: (x, y) => run(`${type}.ge`, x, y),
    choose: (condition, onTrue, onFalse) =>
      run(type === 'f64' ? 'select' : 'v128.bitselect', onTrue, onFalse, condition),
    copysign: (x, y) => (type === 'f64' ? run('f64.copysign', x, y) : run('v128.bitselect', y, x, constant(-0))),
    polynomial: (x, coefficients) =>
      coefficients
        .slice(0, -1)
        .reduceRight((sum, c) => add(mul(sum, x), constant(c)), constant(coefficients[coefficients.length - 1] ?? 0)),
    estrin: (x, square, coefficients) =>
      coefficients
        .flatMap((c, i) => (i % 2 === 0 ? [pair(x, c, coefficients[i + 1])] : []))
        .reduceRight((sum, next) => add(next, mul(sum, square))),
    keep: x => {
      const local = code.local(valueType)
      x()
      code.set(local)
      return read(code, local)
    },
    branch: (condition, then, otherwise) => branch(code, valueType, condition, then, otherwise),
    call,
    shared: (key, body, ...operands) => {
      const inside = (inner: Code, ...args: readonly Local[]): void =>
        body(formulas(module, inner, type), ...args.map(arg => read(inner, arg)))()
      const f = module.once(`scalar function ${key} ${type}`, () =>
        module.define(
          null,
          operands.map(() => valueType),
          [valueType],
          inside,
        ),
      )
      return call(f, ...operands)
    },
  }
}
