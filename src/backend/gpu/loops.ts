/**
 * Loops of one gpu.js thread, and variables that they assign to.
 *
 * Layer: backend. Loops start at 0 and end at literals: all others are cut short. Read next: reduce.ts, sort.ts, scatter.ts.
 */
import type { Dtype } from '../../core/dtype.ts'
import { dim, type Shape } from '../../core/shape.ts'
import type { Point, Writer } from './writer.ts'

/** The point of no axes. */
export const NOWHERE: Point = { coordinates: [], sizes: [] }

/** Nested loops over axes, around what `body` writes; the point in them. */
export const loops = (writer: Writer, outer: Point, axes: Shape, body: (point: Point) => void): void => {
  const names = axes.map((_, axis) => {
    const name = writer.fresh()
    writer.line(`for (let ${name} = 0; ${name} < ${dim(axes, axis)}; ${name}++) {`)
    // In some modes the counter of a loop is a float.
    return writer.integer(name)
  })
  body({ coordinates: [...outer.coordinates, ...names], sizes: [...outer.sizes, ...axes] })
  for (const _ of names) writer.line('}')
}

/** A variable that is assigned to; its name. */
export const variable = (writer: Writer, dtype: Dtype, value: string): string => {
  if (dtype === 'int32') return writer.integer(value)
  const name = writer.fresh()
  writer.line(`let ${name} = ${value};`)
  return name
}

/**
 * Moves `low` up to the first number below `high` at which something is `reached`, or to `high`; they are at most `most` apart. `reached`
 * is computed as often as that can take, and counts only where `open` is 1: else `middle` may be `high`.
 */
export const bisect = (
  writer: Writer,
  low: string,
  high: string,
  most: number,
  reached: (middle: string, open: string) => string,
): void =>
  loops(writer, NOWHERE, [Math.ceil(Math.log2(most)) + 1], () => {
    const middle = writer.integer(writer.bits(writer.integer(`${low} + ${high}`), '>>', 1))
    const open = writer.float(`${low} < ${high} ? 1 : 0`)
    const found = writer.float(`(${reached(middle, open)}) ? 1 : 0`)
    writer.line(`if (${open} === 1 && ${found} === 1) { ${high} = ${middle}; }`)
    writer.line(`if (${open} === 1 && ${found} === 0) { ${low} = ${middle} + 1; }`)
  })
