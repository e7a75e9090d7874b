/**
 * Program: the one intermediate representation. Inputs, equations in order, outputs; immutable, printable, comparable.
 *
 * `record` makes it: it runs a function on abstract tracers and writes down what was bound. Tensors from outside
 * that the function used are `captured`, with their values. To transform a program is to record the transformation of
 * `run(program)`.
 *
 * Layer: core. Read next: transform/linear.ts, which runs programs backwards.
 */
import { describe, fail, traceError } from './errors.ts'
import { requireThat } from './options.ts'
import { asValue, formulaOf, identical, isTensor, scalarLike, show, showType, typeOf } from './tensor.ts'
import { bind, checkLive, withTrace } from './trace.ts'
import type { Captured, Equation, Formula, Param, Params, Program, Tensor, TensorType, Variable } from './types.ts'

/** A, B, … Z, AA, …: in lower case. */
const nameOf = (variable: Variable): string => {
  const letter = String.fromCharCode(97 + (variable % 26))
  return variable < 26 ? letter : nameOf(Math.floor(variable / 26) - 1) + letter
}

const showParam = (param: Param): string => {
  if (Array.isArray(param)) return `[${param.map(showParam).join(', ')}]`
  if (typeof param === 'object' && param !== null) return `{ ${showFields(param as Params)} }`
  return typeof param === 'string' ? param : String(param)
}

const showFields = (params: Params): string =>
  Object.entries(params)
    .flatMap(([name, value]) => (programsIn(value).length > 0 ? [] : [`${name}: ${showParam(value)}`]))
    .join(', ')

/** Whether a value is a program. */
export const isProgram = (x: unknown): x is Program =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === programMethods

/** The programs that a param is or lists. */
const programsIn = (param: Param | undefined): readonly Program[] =>
  isProgram(param) ? [param] : Array.isArray(param) ? param.flatMap(programsIn) : []

/** What a captured constant follows, if all its elements are equal or evenly spaced: it is part of the program, as numbers are. */
const formulaIn = ({ value }: Captured): Formula | undefined => {
  const constant = asValue(value)
  return constant.tag === 'concrete' ? formulaOf(constant) : undefined
}

/** A constant as its formula. */
const inlined = (captured: Captured): string | undefined => {
  const { value } = captured
  const formula = formulaIn(captured)
  if (formula === undefined) return undefined
  const number = (x: number): string => show(scalarLike(x, formula.dtype))
  if (value.shape.length === 0) return number(formula.start)
  return formula.step === 0
    ? `full(${number(formula.start)})`
    : `arange(${number(formula.start)}, ${number(formula.step)})`
}

const indented = (lines: readonly string[]): readonly string[] => lines.map(line => `    ${line}`)

/** A program; anything else is a ValueError. */
const requireProgram = (op: string, x: Program): Program =>
  requireThat(op, 'a program, as makeProgram gives it', x, Array.isArray(x?.equations) && Array.isArray(x.inputs))

/** The programs in an equation's params, each under its name. */
const subPrograms = (params: Params): readonly string[] =>
  Object.entries(params).flatMap(([name, value]) =>
    programsIn(value).flatMap((program, i, all) =>
      indented(linesOf(program, all.length === 1 && isProgram(value) ? name : `${name}[${i}]`)),
    ),
  )

const linesOf = (program: Program, title: string): readonly string[] => {
  const constants = new Map(
    program.captured.flatMap(c => {
      const text = inlined(c)
      return text === undefined ? [] : [[c.variable, text] as const]
    }),
  )
  const order = [
    ...program.inputs,
    ...program.captured.map(c => c.variable).filter(v => !constants.has(v)),
    ...program.equations.flatMap(eq => eq.outputs),
  ]
  const names = new Map(order.map((variable, i) => [variable, nameOf(i)]))
  const name = (v: Variable): string => constants.get(v) ?? names.get(v) ?? '?'
  const typed = (v: Variable): string => {
    const type = program.types[v]
    return type === undefined ? name(v) : `${name(v)}: ${showType(type)}`
  }
  const captured = program.captured.filter(c => !constants.has(c.variable)).map(c => typed(c.variable))
  const lines = program.equations.flatMap(({ op, params, inputs, outputs }) => {
    const fields = showFields(params)
    const call = [op.name, ...(fields === '' ? [] : [`{ ${fields} }`]), ...inputs.map(name)].join(' ')
    return [`  ${outputs.map(typed).join(', ')} = ${call}`, ...subPrograms(params)]
  })
  const head = `${title} (${program.inputs.map(typed).join(', ')})${captured.length === 0 ? '' : ` with (${captured.join(', ')})`}`
  return [`${head} {`, ...lines, `  return ${program.outputs.map(name).join(', ')}`, '}']
}

/**
 * A program as text: one line an equation, captured scalars as numbers, other captured tensors in the head; the programs of an
 * equation stand below it.
 */
export const showProgram = (program: Program): string =>
  linesOf(requireProgram('showProgram', program), 'program').join('\n')

const programMethods = {
  toString(this: Program) {
    return showProgram(this)
  },
  [Symbol.for('nodejs.util.inspect.custom')](this: Program) {
    return showProgram(this)
  },
}

const sameValue = (x: Tensor, y: Tensor): boolean => {
  const [a, b] = [asValue(x), asValue(y)]
  if (a === b) return true
  if (a.tag !== 'concrete' || b.tag !== 'concrete') return false
  const [p, q] = [formulaOf(a), formulaOf(b)]
  return p !== undefined && q !== undefined ? Object.is(p.start, q.start) && p.step === q.step : identical(a, b)
}

const sameParam = (a: Param | undefined, b: Param | undefined): boolean => {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (isProgram(a) || isProgram(b)) return isProgram(a) && isProgram(b) && sameProgram(a, b)
  const [x, y] = [a as Params, b as Params]
  const keys = Object.keys(x)
  return keys.length === Object.keys(y).length && keys.every(key => key in y && sameParam(x[key], y[key]))
}

/**
 * Whether two programs are the same equations on the same types with the same captured values, whatever their variables are
 * called.
 */
export const sameProgram = (a: Program, b: Program): boolean => {
  if (requireProgram('sameProgram', a) === requireProgram('sameProgram', b)) return true
  if (a.equations.length !== b.equations.length) return false
  const partner = new Map<Variable, Variable>()
  const same = (x: Variable, y: Variable): boolean => {
    const known = partner.get(x)
    if (known !== undefined) return known === y
    partner.set(x, y)
    return showType(a.types[x] as TensorType) === showType(b.types[y] as TensorType)
  }
  const all = (xs: readonly Variable[], ys: readonly Variable[]): boolean =>
    xs.length === ys.length && xs.every((x, i) => same(x, ys[i] as Variable))
  const captured = (program: Program): readonly Variable[] => program.captured.map(c => c.variable)
  return (
    all(a.inputs, b.inputs) &&
    all(captured(a), captured(b)) &&
    a.equations.every((eq, i) => {
      const other = b.equations[i] as Equation
      return (
        eq.op === other.op &&
        all(eq.inputs, other.inputs) &&
        all(eq.outputs, other.outputs) &&
        sameParam(eq.params, other.params)
      )
    }) &&
    all(a.outputs, b.outputs) &&
    a.captured.every(({ value }, i) => sameValue(value, b.captured[i]?.value as Tensor))
  )
}

/** The types of a program's inputs. */
export const inputTypes = ({ inputs, types }: Program): readonly TensorType[] => inputs.map(v => types[v] as TensorType)
/** The types of a program's outputs. */
export const outputTypes = ({ outputs, types }: Program): readonly TensorType[] =>
  outputs.map(v => types[v] as TensorType)

/** A program of given parts. For passes that make programs from programs. */
export const createProgram = (parts: Program): Program => Object.assign(Object.create(programMethods), parts)

/**
 * A program that captures nothing but constants that follow a formula, and the tensors that it has as further inputs instead:
 * closure conversion.
 */
export const close = (program: Program): readonly [Program, readonly Tensor[]] => {
  const open = program.captured.filter(c => formulaIn(c) === undefined)
  const inputs = [...program.inputs, ...open.map(c => c.variable)]
  const captured = program.captured.filter(c => formulaIn(c) !== undefined)
  return [createProgram({ ...program, inputs, captured }), open.map(c => c.value)]
}

/** What a flat function on tensors looks like to transformations. */
export type Flat = (...xs: readonly Tensor[]) => readonly Tensor[]

/** Refuses a promise: by the time it is kept, the transformation has ended. */
export const checkPromise = (kind: string, y: unknown): void => {
  if (y instanceof Promise || (typeof y === 'object' && y !== null && 'then' in y && typeof y.then === 'function'))
    fail(
      traceError(
        kind,
        'the function returned a Promise: await outside of it, and transform a function that computes at once',
      ),
    )
}

/** Checks what a traced function returned: a list of tensors. */
export const checkOutputs = (kind: string, outputs: readonly unknown[]): readonly Tensor[] =>
  outputs.map((y, i) => {
    if (!isTensor(y)) return fail(traceError(kind, `output ${i} of the function is ${describe(y)}, not a tensor`))
    checkLive(kind, y)
    return y
  })

/**
 * Records a flat function on inputs of the given types. Ops on captured values alone run at once and leave no equation.
 * @param kind what messages call the transformation
 */
export const record = (f: Flat, inputTypes: readonly TensorType[], kind = 'trace'): Program => {
  const equations: Equation[] = []
  const types: TensorType[] = []
  const captured = new Map<Tensor, Variable>()
  const fresh = (type: TensorType): Variable => types.push({ shape: type.shape, dtype: type.dtype }) - 1
  return withTrace<Variable, Program>(
    kind,
    scope => (op, params, args, outs) => {
      const inputs = args.map(x => scope.open(x) ?? capture(x))
      const outputs = outs.map(fresh)
      equations.push({ op, params, inputs, outputs })
      return outs.map((type, i) => scope.wrap(type, outputs[i] ?? 0, null))
    },
    scope => {
      const inputs = inputTypes.map(fresh)
      const results = f(...inputTypes.map((type, i) => scope.wrap(type, inputs[i] ?? 0, null)))
      const outputs = checkOutputs(kind, results).map(y => scope.open(y) ?? capture(y))
      return createProgram({
        inputs,
        captured: [...captured].map(([value, variable]) => ({ value, variable })),
        equations,
        outputs,
        types,
      })
    },
  )

  function capture(x: Tensor): Variable {
    const variable = captured.get(x) ?? fresh(typeOf(x))
    captured.set(x, variable)
    return variable
  }
}

/**
 * A program as a function again: binds its equations in order.
 * @throws TraceError unless the arguments have the number, shapes and dtypes of the program's inputs
 */
export const run = (program: Program): Flat => {
  requireProgram('run', program)
  return (...xs) => {
    if (xs.length !== program.inputs.length)
      return fail(traceError('run', `the program takes ${program.inputs.length} inputs, got ${xs.length}`))
    const environment = new Map<Variable, Tensor>(program.captured.map(c => [c.variable, c.value]))
    const read = (v: Variable): Tensor =>
      environment.get(v) ?? fail(traceError('run', `variable ${nameOf(v)} is used before it is defined`))
    program.inputs.forEach((variable, i) => {
      const [x, type] = [xs[i], program.types[variable]]
      if (x === undefined || type === undefined) return
      if (showType(x) !== showType(type))
        fail(traceError('run', `input ${nameOf(i)} of the program is ${showType(type)}, got ${showType(x)}`))
      environment.set(variable, x)
    })
    for (const { op, params, inputs, outputs } of program.equations)
      bind(op, params, ...inputs.map(read)).forEach((y, i) => {
        environment.set(outputs[i] ?? -1, y)
      })
    return program.outputs.map(read)
  }
}
