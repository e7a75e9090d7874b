/**
 * The text of one gpu.js kernel in the making: lines, names, and what the kernel refers to.
 *
 * Layer: backend. A variable is a float or an int32, and its name does not say which: who asks for it knows. Every value gets a
 * variable of its own, since gpu.js does not get far with deep expressions. Read next: address.ts, expressions.ts.
 */
import type { Dtype } from '../../core/dtype.ts'
import type { Shape } from '../../core/shape.ts'
import { functionsFor, type GpuFunction } from './functions.ts'
import { declareWhole } from './helper.ts'
import type { Special, Vocabulary } from './scalars.ts'
import { widthOf } from './storage.ts'

/** What a gpu.js kernel reads: an input of the kernel that it is made from, or the result of an earlier one made from that. */
export type Operand =
  | { readonly tag: 'input'; readonly input: number }
  | { readonly tag: 'result'; readonly of: number }

/** Inputs from this number on are results of kernels made from the same one, by their number there. */
export const MADE = 2 ** 20

/** Coordinates as text, with the size of each axis. */
export type Point = { readonly coordinates: readonly string[]; readonly sizes: Shape }

/** Text in the making. */
export type Writer = Vocabulary & {
  readonly line: (text: string) => void
  /** A new variable with a value of a dtype; its name. */
  readonly value: (dtype: Dtype, value: string) => string
  /** A name that nothing has yet. */
  readonly fresh: () => string
  /** The name of an operand, which becomes an argument. */
  readonly array: (operand: Operand) => string
  /** What has been written. */
  readonly text: () => {
    readonly source: string
    readonly functions: readonly GpuFunction[]
    readonly operands: readonly Operand[]
    readonly specials: readonly Special[]
  }
}

/**
 * Which text is written: `operators` has bitwise operators, for modes where they hold for all int32; `functions` calls functions for
 * them, which the others get in GLSL.
 */
export type Dialect = 'operators' | 'functions'

const bitFunctions = {
  '&': 'wholeAnd',
  '|': 'wholeOr',
  '^': 'wholeXor',
  '<<': 'wholeLeft',
  '>>': 'wholeRight',
} as const

/**
 * Calls that have no use but to be found in this order. GLSL wants functions before their callers, and gpu.js, which goes by the
 * calls that it finds, misses that where a function has two callers.
 */
const inOrder = (functions: readonly GpuFunction[]): readonly string[] =>
  functions
    .filter(({ returnType }) => returnType === 'Number')
    .reverse()
    .map(({ name, argumentTypes }, i) => `const f${i} = ${name}(${argumentTypes.map(() => '0').join(', ')});`)

/** An empty kernel. `op` names it in messages. */
export const writerOf = (op: string, dialect: Dialect = 'operators'): Writer => {
  const lines: string[] = []
  const operands: Operand[] = []
  const helpers = new Set<string>()
  const specials = new Set<Special>()
  let count = 0
  const fresh = (): string => `v${count++}`
  const line = (text: string): void => {
    lines.push(text)
  }
  const float = (value: string): string => {
    const name = fresh()
    line(`const ${name} = ${value};`)
    return name
  }
  const integer = (value: string): string => {
    const name = fresh()
    line(`${declareWhole(name)} ${name} = ${value};`)
    return name
  }
  const value = (dtype: Dtype, value: string): string => (dtype === 'int32' ? integer(value) : float(value))
  const array = (asked: Operand): string => {
    const operand: Operand =
      asked.tag === 'input' && asked.input >= MADE ? { tag: 'result', of: asked.input - MADE } : asked
    const found = operands.findIndex(other => JSON.stringify(other) === JSON.stringify(operand))
    return `a${found >= 0 ? found : operands.push(operand) - 1}`
  }
  const text = () => {
    const names = [...operands.map((_, i) => `a${i}`), ...specials]
    const functions = functionsFor(helpers)
    const body = dialect === 'operators' ? lines : [...inOrder(functions), ...lines]
    const source = `function kernel(${names.join(', ')}) {\n${body.join('\n')}\n}`
    return { source, functions, operands, specials: [...specials] }
  }
  const helper = (name: string): string => {
    helpers.add(name)
    return name
  }
  const special = (name: Special): Special => {
    specials.add(name)
    return name
  }
  const bits: Vocabulary['bits'] = (x, operator, y) =>
    dialect === 'operators' ? `(${x} ${operator} ${y})` : `${helper(bitFunctions[operator])}(${x}, ${y})`
  const wrap = (sum: string): string => (dialect === 'operators' ? `(${sum}) | 0` : sum)
  const wholeOf = (x: string): string => (dialect === 'operators' ? x : `${helper('wholeOf')}(${x})`)
  return { op, line, float, integer, value, fresh, array, text, helper, special, bits, wrap, wholeOf }
}

/** The number of the element that a thread computes. */
export const elementNumber = (writer: Writer, dtype: Dtype): string =>
  writer.integer(widthOf(dtype) === 1 ? 'this.thread.x' : writer.bits('this.thread.x', '>>', 1))

/** The end of a kernel: what its thread gives of a value. */
export const giveBack = (writer: Writer, dtype: Dtype, name: string): void => {
  if (dtype !== 'int32') {
    writer.line(`return ${name};`)
    return
  }
  const lower = writer.integer(writer.bits('this.thread.x', '&', 1))
  const [high, low] = [writer.integer(writer.bits(name, '>>', 16)), writer.integer(writer.bits(name, '&', 65535))]
  writer.line(`return ${writer.float(`${lower} === 0 ? ${high} : ${low}`)};`)
}

/** The element of an array at an address. */
export const element = (writer: Writer, dtype: Dtype, array: string, at: string): string => {
  if (dtype !== 'int32') return writer.float(`${array}[${at}]`)
  const first = writer.integer(at === '0' ? at : `2 * ${at}`)
  const half = (i: string): string => writer.integer(writer.wholeOf(`${array}[${i}]`))
  const [high, low] = [half(first), half(`${first} + 1`)]
  return writer.integer(`${high} * 65536 + ${low}`)
}

/** Beyond this, the quotient of two integers as floats may be off by more than one. */
const ONE_OFF = 2 ** 22

/** Quotient, rounded down, and remainder of an integer below `bound` in size: by floats, then put right in integers. */
export const divide = (
  writer: Writer,
  x: string,
  by: number,
  bound: number,
): readonly [quotient: string, remainder: string] => {
  const power = Math.log2(by)
  if (Number.isInteger(power))
    return [writer.integer(writer.bits(x, '>>', power)), writer.integer(writer.bits(x, '&', by - 1))]
  const q = writer.integer(writer.wholeOf(`Math.floor(${x} / ${by})`))
  const r = writer.integer(`${x} - ${q} * ${by}`)
  if (bound > ONE_OFF) {
    const more = writer.integer(writer.wholeOf(`Math.floor(${r} / ${by})`))
    writer.line(`${q} = ${q} + ${more};`)
    writer.line(`${r} = ${r} - ${more} * ${by};`)
  }
  writer.line(`if (${r} < 0) { ${r} = ${r} + ${by}; ${q} = ${q} - 1; }`)
  writer.line(`if (${r} > ${by - 1}) { ${r} = ${r} - ${by}; ${q} = ${q} + 1; }`)
  return [q, r]
}

/** The coordinates of a point whose number in row-major order is `flat`. */
export const decode = (writer: Writer, flat: string, sizes: Shape): Point => {
  const coordinates = sizes.map(() => '0')
  const axes = sizes.flatMap((n, axis) => (n === 1 ? [] : [axis]))
  let rest = flat
  let bound = sizes.reduce((product, n) => product * n, 1)
  for (const axis of axes.slice(1).reverse()) {
    const n = sizes[axis] ?? 1
    const [quotient, remainder] = divide(writer, rest, n, bound)
    coordinates[axis] = remainder
    rest = quotient
    bound /= n
  }
  const first = axes[0]
  if (first !== undefined) coordinates[first] = rest
  return { coordinates, sizes }
}
