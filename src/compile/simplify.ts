/**
 * simplify: the same program with less in it.
 *
 * Layer: compile. Scalars that are known are computed; ops that change nothing go; equal equations become one; what nothing reads
 * goes. Every rewriting is exact for all values: infinities, NaN and the sign of zero too (so x + 0 stays). Read next: lower.ts.
 */

import { isProgram } from '../core/program.ts'
import { range, sameShape, sizeOf } from '../core/shape.ts'
import { asValue, concrete, hostOf } from '../core/tensor.ts'
import type { Captured, Concrete, Equation, Operation, Params, Program, TensorType, Variable } from '../core/types.ts'
import { hasPrograms, mapPrograms, remembering, withParts } from './inline.ts'
import { memo } from './memo.ts'

/** What is known while a program is walked. */
type Walk = {
  readonly program: Program
  readonly types: TensorType[]
  /** What stands for a variable. */
  readonly stands: Map<Variable, Variable>
  /** The equation that gives a variable. */
  readonly origin: Map<Variable, Equation>
  readonly constants: Map<Variable, Concrete>
}

const typeIn = ({ types }: Walk, v: Variable): TensorType => types[v] as TensorType

/** The number that a variable is, if it is a constant scalar. */
const numberIn = ({ constants }: Walk, v: Variable | undefined): number | undefined => {
  const value = v === undefined ? undefined : constants.get(v)
  return value !== undefined && value.shape.length === 0 ? hostOf(value.cell)[0] : undefined
}

const sameType = (walk: Walk, a: Variable, b: Variable): boolean =>
  typeIn(walk, a).dtype === typeIn(walk, b).dtype && sameShape(typeIn(walk, a).shape, typeIn(walk, b).shape)

/** The variable that an equation's only result is equal to, if it changes nothing. */
const unchanged = (walk: Walk, { op, inputs, outputs, params }: Equation): Variable | undefined => {
  const [x = -1, y] = inputs
  const [out = -1] = outputs
  const origin = walk.origin.get(x)
  const number = numberIn(walk, y)
  const same = (v: Variable): Variable | undefined => (sameType(walk, v, out) ? v : undefined)
  switch (op.name) {
    case 'reshape':
    case 'broadcastTo':
    case 'cast':
    case 'stopGradient':
      return same(x)
    case 'transpose':
      return (params.axes as readonly number[]).every((axis, i) => axis === i) ? x : undefined
    case 'neg':
      return origin?.op.name === 'neg' ? origin.inputs[0] : undefined
    case 'mul':
      return number === 1 ? same(x) : numberIn(walk, x) === 1 && y !== undefined ? same(y) : undefined
    case 'div':
      return number === 1 ? same(x) : undefined
    case 'sub':
      return Object.is(number, 0) ? same(x) : undefined
    default:
      return undefined
  }
}

/** An equation with a shorter way from what it reads. */
const shortened = (walk: Walk, equation: Equation): Equation => {
  const { op, inputs, params } = equation
  const origin = walk.origin.get(inputs[0] ?? -1)
  if (origin === undefined || origin.op !== op) return equation
  if (op.name === 'reshape') return { ...equation, inputs: origin.inputs }
  if (op.name !== 'transpose') return equation
  const first = origin.params.axes as readonly number[]
  const axes = (params.axes as readonly number[]).map(axis => first[axis] as number)
  return { ...equation, inputs: origin.inputs, params: { axes } }
}

/** The results of an equation on constants of few elements. */
const folded = (walk: Walk, { op, params, inputs, outputs }: Equation): readonly Concrete[] | undefined => {
  if (!('lower' in op) || outputs.some(v => sizeOf(typeIn(walk, v).shape) > 1)) return undefined
  const args = inputs.map(v => walk.constants.get(v))
  if (!args.every(x => x !== undefined && sizeOf(x.shape) <= 16)) return undefined
  const results = op
    .evaluate(
      params,
      args as readonly Concrete[],
      outputs.map(v => typeIn(walk, v)),
    )
    .map(asValue)
  return results.every(x => x.tag === 'concrete') ? (results as readonly Concrete[]) : undefined
}

/** Numbers that JSON does not tell apart. */
export const spelled = (x: number): string | number =>
  Number.isFinite(x) && !Object.is(x, -0) ? x : `number ${Object.is(x, -0) ? '-0' : x}`

/** Numbers objects in the order in which they come. */
export const numbering = <A extends object>(): ((x: A) => number) => {
  const known = new Map<A, number>()
  return x => {
    const n = known.get(x) ?? known.size
    known.set(x, n)
    return n
  }
}

/** Params as a text; `number` tells the programs among them apart. */
const textOf = (params: Params, number: (program: Program) => number): string =>
  JSON.stringify(params, (_, value) =>
    isProgram(value) ? `program ${number(value)}` : typeof value === 'number' ? spelled(value) : value,
  )

/** The text that equal params without programs have in common. */
export const paramsText = memo((params: Params): string => textOf(params, () => 0))

/** A text that equal equations have in common. */
const keys = (): ((equation: Equation) => string) => {
  const opNumber = numbering<Operation>()
  const programNumber = numbering<Program>()
  const text = (params: Params): string => (hasPrograms(params) ? textOf(params, programNumber) : paramsText(params))
  return ({ op, params, inputs }) => `${opNumber(op)} ${inputs} ${text(params)}`
}

/** relu(x) > 0 says the same as x > 0, and relu(x) is there: x need not be kept for it. */
const maskOfRelu = (walk: Walk, relus: ReadonlyMap<Variable, Variable>, equation: Equation): Equation => {
  const [x = -1, zero] = equation.inputs
  const y = relus.get(x)
  return equation.op.name === 'gt' && y !== undefined && numberIn(walk, zero) === 0
    ? { ...equation, inputs: [y, zero as Variable] }
    : equation
}

/** The equations that something reads, and the captured values. */
const alive = (program: Program): Program => {
  const read = new Set(program.outputs)
  const equations = [...program.equations].reverse().filter(({ inputs, outputs }) => {
    if (!outputs.some(v => read.has(v))) return false
    for (const v of inputs) read.add(v)
    return true
  })
  const captured = program.captured.filter(c => read.has(c.variable))
  return withParts(program, { equations: equations.reverse(), captured })
}

/** Equal scalars as one variable. */
const constantsOf = (walk: Walk): void => {
  const scalars = new Map<string, Variable>()
  for (const { variable, value } of walk.program.captured) {
    const known = asValue(value)
    if (known.tag !== 'concrete') continue
    const number = known.shape.length === 0 ? hostOf(known.cell)[0] : undefined
    const key = number === undefined ? '' : `${known.dtype} ${spelled(number)}`
    const before = scalars.get(key)
    if (before !== undefined) walk.stands.set(variable, before)
    else {
      walk.constants.set(variable, known)
      if (number !== undefined) scalars.set(key, variable)
    }
  }
}

const simplifyOnce = (program: Program): Program => {
  const walk: Walk = { program, types: [...program.types], stands: new Map(), origin: new Map(), constants: new Map() }
  constantsOf(walk)
  const keyOf = keys()
  const seen = new Map<string, readonly Variable[]>()
  const relus = new Map<Variable, Variable>()
  const equations: Equation[] = []
  const made: Captured[] = []
  const inner = remembering(simplifyOnce)
  const read = (v: Variable): Variable => walk.stands.get(v) ?? v
  const stand = (outputs: readonly Variable[], others: readonly Variable[]): void =>
    outputs.forEach((v, i) => {
      walk.stands.set(v, others[i] as Variable)
    })
  for (const raw of program.equations) {
    const renamed = { ...raw, inputs: raw.inputs.map(read), params: mapPrograms(raw.params, inner) }
    const equation = maskOfRelu(walk, relus, shortened(walk, renamed))
    const same = unchanged(walk, equation)
    const key = keyOf(equation)
    const before = same === undefined ? seen.get(key) : [same]
    const values = before === undefined ? folded(walk, equation) : undefined
    if (before !== undefined) stand(equation.outputs, before)
    else if (values !== undefined)
      values.forEach((value, i) => {
        const variable = equation.outputs[i] as Variable
        made.push({ variable, value: concrete(value.shape, value.dtype, hostOf(value.cell)) })
        walk.constants.set(variable, value)
      })
    else {
      seen.set(key, equation.outputs)
      equations.push(equation)
      for (const v of equation.outputs) walk.origin.set(v, equation)
      if (equation.op.name === 'relu') relus.set(equation.inputs[0] as Variable, equation.outputs[0] as Variable)
    }
  }
  const captured = [...program.captured, ...made].filter(c => !walk.stands.has(c.variable))
  return alive(withParts(program, { equations, captured, outputs: program.outputs.map(read) }))
}

/** The program without what it does for nothing, down to the programs in it; a second time finds nothing more. */
export const simplify = (program: Program): Program => {
  let now = program
  for (const _ of range(0, 4)) {
    const next = simplifyOnce(now)
    if (next.equations.length === now.equations.length) return next
    now = next
  }
  return now
}
