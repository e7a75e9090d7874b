/**
 * Expression graphs as text, each node once.
 *
 * Layer: backend. A node that does not depend on the axes of a loop is written before the loop. Read next: source.ts.
 */
import type { Dtype } from '../../core/dtype.ts'
import { type CotangentError, fail, ruleError } from '../../core/errors.ts'
import { type Expr, type LoadAt, linearise, operands } from '../../core/kernel.ts'
import { dim, sizeOf, stridesOf } from '../../core/shape.ts'
import { loadText } from './address.ts'
import { castText, literal, scalarText } from './scalars.ts'
import { element, type Point, type Writer } from './writer.ts'

/** Where expressions are computed: at a point, with the stages that are known there and the nodes that have been written. */
export type Scope = {
  readonly point: Point
  readonly stages: ReadonlyMap<number, string>
  readonly values: Map<Expr, string>
}

/** Why a kernel of float64 has no text. */
export const noFloat64 = (op: string): CotangentError =>
  ruleError(op, 'backend gpu: there is no float64; cast to float32, or run this part on another backend')

const checkDtype = (writer: Writer, dtype: Dtype): void => {
  if (dtype === 'float64') fail(noFloat64(writer.op))
}

/** A read at computed coordinates. */
const loadAtText = (writer: Writer, load: LoadAt, of: (expr: Expr) => string): string => {
  const { dtype } = load
  const fill = writer.value(dtype, literal(writer, dtype, load.fill))
  if (sizeOf(load.view) === 0) return fill
  const array = writer.array({ tag: 'input', input: load.input })
  const names = load.index.map(of)
  if (names.length === 0) return element(writer, dtype, array, '0')
  const conditions = names.map((name, axis) => `${name} >= 0 && ${name} < ${dim(load.view, axis)}`)
  const inside = writer.float(`(${conditions.join(' && ')}) ? 1 : 0`)
  const strides = stridesOf(load.view)
  // A literal would make a float of the choice.
  const zero = writer.integer('0')
  const parts = names.map(name => writer.integer(`${inside} !== 0 ? ${name} : ${zero}`))
  const at = writer.integer(parts.map((name, axis) => `${name} * ${strides[axis] ?? 1}`).join(' + '))
  const value = element(writer, dtype, array, at)
  return writer.value(dtype, `${inside} !== 0 ? ${value} : ${fill}`)
}

/** A zero that no compiler knows. */
const unknownZero = (writer: Writer, sign: 1 | -1 = 1): string =>
  writer.float(`${sign} / ${writer.special('infinity')}`)

/** Names of arguments. A zero that compilers know makes them forget that its product with NaN or an infinity is NaN. */
const argumentNames = (
  writer: Writer,
  { fn, args }: Expr & { readonly tag: 'apply' },
  of: (expr: Expr) => string,
): readonly string[] =>
  args.map(arg =>
    (fn === 'mul' || fn === 'div') && arg.tag === 'const' && arg.dtype === 'float32' && arg.value === 0
      ? unknownZero(writer, Object.is(arg.value, -0) ? -1 : 1)
      : of(arg),
  )

/** Whether floats are compared in a condition, some of which are also in a list. */
const compares = (condition: Expr, some: readonly Expr[]): boolean => {
  if (condition.tag !== 'apply') return false
  const { args } = condition
  return args[0]?.dtype === 'float32'
    ? args.some(arg => some.includes(arg))
    : condition.dtype === 'bool' && args.some(arg => arg.dtype === 'bool' && compares(arg, some))
}

/** A choice. Where it is between what was compared, compilers make the smaller or larger of it, whichever of them is no NaN. */
const choiceText = (
  writer: Writer,
  { condition, onTrue, onFalse }: Expr & { readonly tag: 'select' },
  of: (expr: Expr) => string,
): string => {
  const zero = compares(condition, [onTrue, onFalse]) ? unknownZero(writer) : '0'
  return `${of(condition)} !== ${zero} ? ${of(onTrue)} : ${of(onFalse)}`
}

const nodeText = (writer: Writer, node: Expr, { point, stages }: Scope, of: (expr: Expr) => string): string => {
  checkDtype(writer, node.dtype)
  switch (node.tag) {
    case 'const':
      return writer.value(node.dtype, literal(writer, node.dtype, node.value))
    case 'iota':
      return writer.integer(point.coordinates[node.axis] ?? '0')
    case 'load':
      return loadText(writer, node, point)
    case 'loadAt':
      return loadAtText(writer, node, of)
    case 'stage':
      return stages.get(node.stage) ?? fail(ruleError(writer.op, `backend gpu: stage ${node.stage} is not known here`))
    case 'apply':
      return writer.value(
        node.dtype,
        scalarText(writer, node.fn, node.args[0]?.dtype ?? node.dtype, argumentNames(writer, node, of)),
      )
    case 'select':
      return writer.value(node.dtype, choiceText(writer, node, of))
    case 'cast':
      return writer.value(node.dtype, castText(writer, node.value.dtype, node.dtype, of(node.value)))
  }
}

/** Whether a node changes along one of the axes that are `meant`. */
export const dependence = (meant: (axis: number) => boolean): ((node: Expr) => boolean) => {
  const known = new Map<Expr, boolean>()
  const depends = (node: Expr): boolean => {
    const found = known.get(node)
    if (found !== undefined) return found
    const own =
      node.tag === 'iota'
        ? meant(node.axis)
        : node.tag === 'load' && node.index.some(({ terms }) => terms.some(({ axis }) => meant(axis)))
    const result = own || operands(node).some(depends)
    known.set(node, result)
    return result
  }
  return depends
}

/** The names of expressions at a point. */
export const write = (writer: Writer, exprs: readonly Expr[], scope: Scope): readonly string[] => {
  const of = (expr: Expr): string => scope.values.get(expr) ?? fail(ruleError(writer.op, 'backend gpu: no value yet'))
  for (const expr of exprs)
    for (const node of linearise([expr]))
      if (!scope.values.has(node)) scope.values.set(node, nodeText(writer, node, scope, of))
  return exprs.map(of)
}

/** Writes what expressions need that does not depend on axes from number `first` on: what may stand before a loop over those. */
export const writeInvariant = (writer: Writer, exprs: readonly Expr[], scope: Scope, first: number): void => {
  const depends = dependence(axis => axis >= first)
  for (const expr of exprs) {
    const nodes = linearise([expr]).filter(node => !depends(node))
    write(writer, nodes, scope)
  }
}
