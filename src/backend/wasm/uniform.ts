/**
 * Ops on tensors that are the same number everywhere, as that number: no kernel is compiled for them and no memory is needed.
 *
 * Layer: backend. The way back through a mean begins with such ops, and so do many scripts. Only functions whose results IEEE 754 says
 * to the bit, and integer ones, are computed here; of all others the engine has its own roundings. Read next: ../wasm.ts, which asks.
 */
import { castNumber } from '../../core/dtype.ts'
import type { Expr, Kernel, ScalarFn } from '../../core/kernel.ts'
import { sizeOf } from '../../core/shape.ts'
import { formulaOf, generated } from '../../core/tensor.ts'
import type { Concrete, TensorType } from '../../core/types.ts'
import { scalarFunction } from '../scalar.ts'

/** What an element of a result is, where all elements of each argument are equal. */
export type OnNumbers = (numbers: readonly number[]) => number

const exact: ReadonlySet<ScalarFn> = new Set<ScalarFn>([
  ...(['neg', 'abs', 'sqrt', 'add', 'sub', 'mul', 'div', 'not', 'and', 'or', 'xor'] as const),
  ...(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'bitNot', 'bitAnd', 'bitOr', 'bitXor'] as const),
])

/** An expression as a function of numbers; undefined where one of its nodes is none, or not exact. */
const onNumbers = (expr: Expr): OnNumbers | undefined => {
  switch (expr.tag) {
    case 'const':
      return () => expr.value
    case 'load':
      return expr.fill === null ? numbers => numbers[expr.input] as number : undefined
    case 'apply': {
      const args = expr.args.map(onNumbers)
      if (!exact.has(expr.fn) || !args.every(arg => arg !== undefined)) return undefined
      const f = scalarFunction(expr.fn, expr.args[0]?.dtype)
      return numbers => castNumber(f(...args.map(arg => arg(numbers))), expr.dtype)
    }
    case 'cast': {
      const value = onNumbers(expr.value)
      return value === undefined ? undefined : numbers => castNumber(value(numbers), expr.dtype)
    }
    default:
      return undefined
  }
}

/** What a kernel of one map does to numbers, if that is exact; otherwise null. */
export const ruleOf = (kernel: Kernel): OnNumbers | null => {
  if (kernel.tag !== 'nest' || kernel.outputs.length !== 1) return null
  const [stage, ...others] = kernel.stages
  return stage?.tag === 'map' && others.length === 0 ? (onNumbers(stage.expr) ?? null) : null
}

/** The number that every element of each tensor is; null unless all are such. */
export const numbersIn = (args: readonly Concrete[]): readonly number[] | null => {
  let numbers: number[] | null = null
  for (const arg of args) {
    const formula = formulaOf(arg)
    if (formula === undefined || formula.step !== 0) return null
    numbers ??= []
    numbers.push(formula.start)
  }
  return numbers
}

/** A tensor that is one number everywhere. */
export const everywhere = ({ shape, dtype }: TensorType, number: number): Concrete =>
  generated([...shape], { dtype, size: sizeOf(shape), start: number, step: 0 })
