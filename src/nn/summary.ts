/**
 * What a network is made of: for each part its output shape and how many numbers it has, as Keras and torchsummary print it.
 *
 * Layer: nn. Nothing is computed: shapes come from running the network on abstract tensors.
 */
import type { Dtype } from '../core/dtype.ts'
import { CotangentError, describe, fail, valueError } from '../core/errors.ts'
import { requireList, requireOptions, requireRecord } from '../core/options.ts'
import { type Shape, sizeOf } from '../core/shape.ts'
import { treeLeaves } from '../core/tree.ts'
import type { Tensor, TensorType } from '../core/types.ts'
import { type Key, key } from '../random/index.ts'
import { evalShape } from '../transform/evaluate.ts'
import { requireLayer, type SomeLayer, type SomePart, type Variables } from './layer.ts'

/** What goes into a network: its shape, with null for an axis of any size, such as the batch; float32 unless told. */
export type SummaryOptions = { readonly input: readonly (number | null)[]; readonly dtype?: Dtype }

/** One part: its name, its output's shape, and how many numbers are learnt and remembered. */
export type SummaryRow = {
  readonly name: string
  readonly output: readonly (number | null)[]
  readonly trainable: number
  readonly nonTrainable: number
}

/** A network part by part; `trainable` and `nonTrainable` are totals. */
export type Summary = {
  readonly rows: readonly SummaryRow[]
  readonly trainable: number
  readonly nonTrainable: number
}

/** Sizes that stand for null: shapes that differ between the two depend on it. */
const STAND_INS = [12, 24] as const

/** How many numbers a tree of tensors has. */
const countOf = (tree: unknown): number => treeLeaves(tree).reduce((total, x) => total + sizeOf(x.shape), 0)

/** The part's error, with the part's place in front. */
const located =
  (i: number, { name }: SomePart) =>
  <A>(make: () => A): A => {
    try {
      return make()
    } catch (cause) {
      if (!(cause instanceof CotangentError)) throw cause
      const located = new CotangentError(cause._tag, 'summary', `part ${i} (${name}): ${cause.message}`)
      located.cause = cause
      throw located
    }
  }

/** A part with what it has to be run on abstract tensors. */
type Made = {
  readonly part: SomePart
  readonly variables: unknown
  readonly trainable: number
  readonly nonTrainable: number
}

const madeOf = (part: SomePart): Made => {
  let counts = { trainable: 0, nonTrainable: 0 }
  const variables = evalShape((k: Key) => {
    const made = part.init(k)
    counts = { trainable: countOf(made.params), nonTrainable: countOf(made.state) }
    return made
  })(key(0))
  return { part, variables, ...counts }
}

/** The shapes that the parts make of an input, one after the other. */
const shapesFor = (parts: readonly Made[], input: TensorType): readonly Shape[] => {
  let x = input
  return parts.map(({ part, variables }, i) => {
    const value = ({ params, state }: Variables<unknown, unknown>, y: Tensor): Tensor => part.apply(params, state, y)[0]
    x = located(i, part)(() => evalShape(value)(variables as never, x as never)) as TensorType
    return x.shape
  })
}

/**
 * The parts of a network with their output shapes and sizes; null where a size depends on one that is null in the input.
 * @throws whatever a part throws for an input that it does not take, with the part's place and name; ValueError for a size that is
 *   none
 * @example
 * const { rows, trainable } = summaryOf({ input: [null, 784] })(serial(dense(784, 10), activation(relu)))
 */
export const summaryOf =
  (options: SummaryOptions) =>
  (network: SomeLayer): Summary => {
    const { input, dtype = 'float32' } = requireOptions('summary', options, ['input', 'dtype'], ['input'])
    const { parts } = requireLayer('summary', 'what is summed up', network)
    requireList('summary', 'input', input)
    const wrong = input.findIndex(n => n !== null && !(Number.isInteger(n) && n >= 0))
    if (wrong >= 0)
      return fail(valueError('summary', `sizes are whole numbers of at least 0 or null, got ${describe(input[wrong])}`))
    const made = parts.map(madeOf)
    const [shapes, others] = STAND_INS.map(size => shapesFor(made, { shape: input.map(n => n ?? size), dtype }))
    const rows = made.map(({ part, trainable, nonTrainable }, i): SummaryRow => {
      const output = (shapes?.[i] ?? []).map((n, axis) => (n === others?.[i]?.[axis] ? n : null))
      return { name: part.name, output, trainable, nonTrainable }
    })
    const total = (count: (row: SummaryRow) => number): number => rows.reduce((sum, row) => sum + count(row), 0)
    return { rows, trainable: total(row => row.trainable), nonTrainable: total(row => row.nonTrainable) }
  }

const grouped = (n: number): string => n.toLocaleString('en-US')
const showSizes = (shape: readonly (number | null)[]): string => `[${shape.map(n => n ?? '-').join(', ')}]`

/** A summary as a table with totals below; `-` stands for an axis of any size. */
export const showSummary = (given: Summary): string => {
  const { rows, trainable, nonTrainable } = requireRecord('showSummary', 'a summary, as summaryOf gives it', given, [
    'rows',
  ])
  const cells = [
    ['layer', 'output shape', 'parameters'],
    ...rows.map(row => [row.name, showSizes(row.output), grouped(row.trainable + row.nonTrainable)]),
  ]
  const widths = [0, 1, 2].map(column => Math.max(...cells.map(row => (row[column] ?? '').length)))
  const lines = cells.map(row =>
    row.map((cell, i) => (i === 2 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join('  '),
  )
  const rule = '─'.repeat(widths.reduce((total, width) => total + width, 2 * (widths.length - 1)))
  const [head = '', ...body] = lines
  const totals = { total: trainable + nonTrainable, trainable, 'non-trainable': nonTrainable }
  const ends = Object.entries(totals).map(([name, n]) => `${name} parameters: ${grouped(n)}`)
  return [head, rule, ...body, rule, ...ends].join('\n')
}

/**
 * `summaryOf` as a table.
 * @throws as `summaryOf`
 * @example
 * console.log(summary({ input: [null, 784] })(serial(dense(784, 10), activation(relu))))
 */
export const summary = (options: SummaryOptions) => {
  requireOptions('summary', options, ['input', 'dtype'], ['input'])
  return (network: SomeLayer): string => showSummary(summaryOf(options)(network))
}

/**
 * The shape that a network makes of an input's; null stands for an axis of any size.
 * @throws as `summaryOf`
 * @example
 * outputShape({ input: [null, 784] })(serial(dense(784, 10), activation(relu))) // [null, 10]
 */
export const outputShape = (options: SummaryOptions) => {
  requireOptions('outputShape', options, ['input', 'dtype'], ['input'])
  return (network: SomeLayer): readonly (number | null)[] =>
    summaryOf(options)(network).rows.at(-1)?.output ?? options.input
}
