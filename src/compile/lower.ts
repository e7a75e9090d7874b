/**
 * lower: the graph of kernels of a program.
 *
 * Layer: compile. What only looks at the same elements differently is no node: both names stand for one value. Constants that follow
 * a formula become that formula in expressions. Operands of contractions that can miss are copied first, with what is read there
 * written out. Equations that have op, params and types in common are lowered once. Read next: tidy.ts, fuse.ts.
 */
import { fail, ruleError, traceError } from '../core/errors.ts'
import { along, type Contract, constant, type Expr, type Kernel, type Load, load, mapNest } from '../core/kernel.ts'
import { type Shape, sizeOf, stridesOf } from '../core/shape.ts'
import { asValue, formulaOf } from '../core/tensor.ts'
import type { Equation, Formula, Op, Operation, Program, TensorType, Variable } from '../core/types.ts'
import { canonicalLoad, hull, isPlain } from './affine.ts'
import { asExpr, rewriting } from './expressions.ts'
import { createForms, type Forms } from './forms.ts'
import type { ControlNode, Graph, GraphNode, GraphValue, ValueId } from './graph.ts'
import { isMap, mapExprs, mapPlaces, readsInPlace, type Wired } from './kernels.ts'
import type { Plan } from './plan.ts'
import { gathered } from './scatters.ts'
import { numbering, paramsText, spelled } from './simplify.ts'
import { inputsOf, numbered, tidy } from './tidy.ts'

type Building = {
  readonly program: Program
  readonly values: GraphValue[]
  readonly nodes: GraphNode[]
  readonly forms: Forms
  /** The forms of kernels whose loads name inputs by number, before they name values. */
  readonly unwired: Forms
  readonly at: Map<Variable, ValueId>
  /** Values whose elements follow a formula. */
  readonly formulas: Map<ValueId, Formula>
  /** Copies of operands, by what they copy. */
  readonly copies: Map<string, ValueId>
  /** Kernels of equations, by what these have in common. */
  readonly kernels: Map<string, Kernel>
  readonly opNumber: (op: Operation) => number
  readonly compile: (program: Program) => Plan
}

const newValue = ({ values }: Building, value: GraphValue): ValueId => values.push(value) - 1

const capture = (building: Building): void => {
  for (const { variable, value } of building.program.captured) {
    const known = asValue(value)
    if (known.tag !== 'concrete') throw traceError('compile', 'the program has captured a traced value: close it first')
    const id = newValue(building, { dtype: known.dtype, size: sizeOf(known.shape), constant: known })
    building.at.set(variable, id)
    const formula = formulaOf(known)
    if (formula !== undefined) building.formulas.set(id, formula)
  }
}

/** What a load reads of evenly spaced elements: start + step·position. `null` where it can miss. */
const computed = (found: Load, { start, step }: Formula, sizes: Shape): Expr | null => {
  const exact = canonicalLoad(found, sizes)
  if (step === 0 && Object.is(found.fill, start)) return constant(found.dtype, start)
  if (!isPlain(exact)) return null
  if (step === 0) return constant(found.dtype, start)
  const flat = stridesOf(exact.view)
  const offset = exact.index.reduce((sum, affine, d) => sum + affine.offset * (flat[d] as number), 0)
  const terms = exact.index.flatMap((affine, d) =>
    affine.terms.map(({ axis, by }) => ({ axis, by: by * step * (flat[d] as number) })),
  )
  return asExpr({ offset: start + step * offset, terms, divisor: 1 })
}

/** Loads of values that follow a formula, as the formula. */
const withFormulas = ({ formulas }: Building, { kernel, inputs }: Wired): Wired => {
  if (!inputs.some(value => formulas.has(value))) return { kernel, inputs }
  const known = (expr: Expr, sizes: Shape): Expr => {
    if (expr.tag === 'apply') return withoutOne(expr)
    const formula = expr.tag === 'load' ? formulas.get(inputs[expr.input] as ValueId) : undefined
    return expr.tag !== 'load' || formula === undefined ? expr : (computed(expr, formula, sizes) ?? expr)
  }
  return { kernel: mapPlaces(kernel, (expr, sizes) => rewriting(node => known(node, sizes))(expr)), inputs }
}

/** A product with 1 as the other factor. */
const withoutOne = (expr: Expr & { readonly tag: 'apply' }): Expr => {
  const [x, y] = expr.args
  const isOne = (e: Expr | undefined): boolean => e?.tag === 'const' && e.value === 1
  if (expr.fn !== 'mul' || x === undefined || y === undefined) return expr
  return isOne(y) ? x : isOne(x) ? y : expr
}

/** The number of the input that a map nest only renames. */
const renamed = (kernel: Kernel): number | undefined => {
  if (!isMap(kernel) || kernel.outputs.length !== 1) return undefined
  const [expr] = mapExprs(kernel)
  return expr?.tag === 'load' && readsInPlace(expr, kernel.axes) ? expr.input : undefined
}

const addKernel = (building: Building, wired: Wired, outputs: readonly ValueId[], ops: readonly string[]): void => {
  addTidy(building, { ...wired, kernel: tidy(wired.kernel, building.unwired) }, outputs, ops)
}

/** Adds a kernel that is in its normal form. */
const addTidy = (
  { forms, nodes }: Building,
  { kernel, inputs }: Wired,
  outputs: readonly ValueId[],
  ops: readonly string[],
): void => {
  const operands = kernel.tag === 'sort' || kernel.tag === 'routine'
  const named = numbered(kernel, input => inputs[input] as ValueId, forms.share)
  nodes.push({ tag: 'kernel', kernel: named, inputs: operands ? inputs : inputsOf(named), outputs, ops })
}

/** An operand that cannot miss: a copy with its fill values written out, if need be. */
const laidOut = (building: Building, operand: Load, value: ValueId, sizes: Shape): readonly [Load, ValueId] => {
  const exact = canonicalLoad(operand, sizes)
  if (isPlain(exact)) return [isPlain({ ...operand, fill: null }) ? { ...operand, fill: null } : exact, value]
  const { dtype, index, view, fill } = operand
  const lows = index.map(affine => hull(affine, sizes)[0])
  const shape = index.map((affine, d) => hull(affine, sizes)[1] - (lows[d] as number) + 1)
  const spread = index.map(({ divisor }, d) => ({ ...along(d, 1, lows[d]), divisor }))
  const wired = { kernel: mapNest(shape, load(0, dtype, view, spread, fill)), inputs: [value] }
  const key = JSON.stringify(wired)
  const copy = building.copies.get(key) ?? newValue(building, { dtype, size: sizeOf(shape) })
  if (!building.copies.has(key)) addKernel(building, wired, [copy], ['pad'])
  building.copies.set(key, copy)
  const shifted = index.map(({ offset, terms }, d) => ({ offset: offset - (lows[d] as number), terms, divisor: 1 }))
  return [load(operand.input, dtype, shape, shifted), copy]
}

const withOperands = (building: Building, kernel: Contract, inputs: readonly ValueId[]): Wired => {
  const sizes = [...kernel.axes, ...kernel.reduce]
  if (sizeOf(sizes) === 0) return { kernel, inputs }
  const [a, from] = laidOut(building, kernel.a, inputs[kernel.a.input] as ValueId, sizes)
  const [b, other] = laidOut(building, kernel.b, inputs[kernel.b.input] as ValueId, sizes)
  return { kernel: { ...kernel, a: { ...a, input: 0 }, b: { ...b, input: 1 } }, inputs: [from, other] }
}

/** What equations with the same op, params and types, on values that follow the same formulas, have in common. */
const keyOf = (
  { program, formulas, opNumber }: Building,
  { op, params, inputs }: Equation,
  values: readonly ValueId[],
): string => {
  const type = (v: Variable, i: number): string => {
    const { dtype, shape } = program.types[v] as TensorType
    const formula = formulas.get(values[i] as ValueId)
    return formula === undefined ? `${dtype} ${shape}` : `${dtype} ${shape} ${spelled(formula.start)} ${formula.step}`
  }
  return `${opNumber(op)} ${paramsText(params)} ${inputs.map(type).join(';')}`
}

/** The kernel of an equation in its normal form, once for all that have it; operands of contractions are still to be laid out. */
const kernelOf = (building: Building, equation: Equation, values: readonly ValueId[]): Kernel => {
  const key = keyOf(building, equation, values)
  const known = building.kernels.get(key)
  if (known !== undefined) return known
  const { types } = building.program
  const typesOf = (variables: readonly Variable[]) => variables.map(v => types[v] as TensorType)
  const { op, params, inputs, outputs } = equation
  const kernel: Kernel = (op as Op).lower(params, typesOf(inputs), typesOf(outputs))
  const done = kernel.tag === 'contract' || renamed(kernel) !== undefined
  const made = done
    ? kernel
    : tidy(withFormulas(building, { kernel: gathered(kernel), inputs: values }).kernel, building.unwired)
  building.kernels.set(key, made)
  return made
}

const lowered = (building: Building, equation: Equation): void => {
  const { op, inputs, outputs } = equation
  const values = inputs.map(v => building.at.get(v) as ValueId)
  const kernel = kernelOf(building, equation, values)
  const same = renamed(kernel)
  if (same !== undefined) {
    building.at.set(outputs[0] as Variable, values[same] as ValueId)
    return
  }
  const results = outputs.map(v => {
    const { dtype, shape } = building.program.types[v] as TensorType
    const result = newValue(building, { dtype, size: sizeOf(shape) })
    building.at.set(v, result)
    return result
  })
  if (kernel.tag === 'contract') addKernel(building, withOperands(building, kernel, values), results, [op.name])
  else addTidy(building, { kernel, inputs: values }, results, [op.name])
}

/** What control flow ops have as params; see transform/. */
type Held = { readonly body: Program; readonly predicate: Program; readonly branches: readonly Program[] }
type Counts = {
  readonly length: number
  readonly reverse: boolean
  readonly carry: number
  readonly xs: number
  readonly predicateConstants: number
  readonly bodyConstants: number
}

const controlNode = (
  building: Building,
  { op, params }: Equation,
  wired: Pick<ControlNode, 'inputs' | 'outputs' | 'ops'>,
): ControlNode => {
  const { body, predicate, branches } = params as unknown as Held
  const { length, reverse, carry, xs, predicateConstants, bodyConstants } = params as unknown as Counts
  const { compile } = building
  switch (op.name) {
    case 'scan':
      return { tag: 'repeat', body: compile(body), length, reverse, carry, xs, ...wired }
    case 'whileLoop':
      return {
        tag: 'while',
        predicate: compile(predicate),
        body: compile(body),
        predicateConstants,
        bodyConstants,
        ...wired,
      }
    case 'cond':
      return { tag: 'branch', branches: branches.map(compile), ...wired }
    default:
      return fail(ruleError(op.name, 'has no kernel, so that a program with it cannot be compiled'))
  }
}

const addControl = (building: Building, equation: Equation): void => {
  const inputs = equation.inputs.map(v => building.at.get(v) as ValueId)
  const outputs = equation.outputs.map(v => {
    const { dtype, shape } = building.program.types[v] as Program['types'][number]
    const id = newValue(building, { dtype, size: sizeOf(shape) })
    building.at.set(v, id)
    return id
  })
  building.nodes.push(controlNode(building, equation, { inputs, outputs, ops: [equation.op.name] }))
}

/**
 * The graph of a program; `compile` makes the plans of the programs in it.
 * @throws RuleError for an op that has neither a kernel nor is control flow
 */
export const lower = (program: Program, compile: (program: Program) => Plan): Graph => {
  const building: Building = {
    program,
    values: [],
    nodes: [],
    forms: createForms(),
    unwired: createForms(),
    at: new Map(),
    formulas: new Map(),
    copies: new Map(),
    kernels: new Map(),
    opNumber: numbering(),
    compile,
  }
  const inputs = program.inputs.map(v => {
    const { dtype, shape } = program.types[v] as Program['types'][number]
    const id = newValue(building, { dtype, size: sizeOf(shape) })
    building.at.set(v, id)
    return id
  })
  capture(building)
  for (const equation of program.equations)
    if ('lower' in equation.op) lowered(building, equation)
    else addControl(building, equation)
  const outputs = program.outputs.map(v => building.at.get(v) as ValueId)
  return { values: building.values, inputs, outputs, nodes: building.nodes, forms: building.forms }
}
