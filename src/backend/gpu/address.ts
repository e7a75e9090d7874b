/**
 * Loads as text: index maps, bounds, divisors and what is read outside.
 *
 * Layer: backend. Only bounds that can be missed are checked. What gpu.js reads outside an array depends on its mode, so an index
 * that misses becomes 0 before it is used. Read next: expressions.ts.
 */
import type { Affine, Load } from '../../core/kernel.ts'
import { dim, type Shape, sizeOf, stridesOf } from '../../core/shape.ts'
import { literal } from './scalars.ts'
import { divide, element, type Point, type Writer } from './writer.ts'

/** The least and the largest value that an index map takes before division. */
const spanOf = ({ offset, terms }: Affine, sizes: Shape): readonly [low: number, high: number] => {
  const reach = (sign: 1 | -1): number =>
    terms.reduce((sum, { axis, by }) => sum + (by * sign > 0 ? by * (dim(sizes, axis) - 1) : 0), offset)
  return [reach(-1), reach(1)]
}

/** Σ by·name + offset as text; '0' terms are left out. */
export const linear = (
  writer: Writer,
  offset: number,
  terms: readonly (readonly [name: string, by: number])[],
): string => {
  const known = terms.filter(([name, by]) => name !== '0' && by !== 0)
  const positive = known.map(([name, by]) => (by === 1 ? name : `${name} * ${by < 0 ? `(${by})` : by}`))
  if (positive.length === 0) return literal(writer, 'int32', offset)
  return positive.join(' + ') + (offset === 0 ? '' : offset < 0 ? ` - ${-offset}` : ` + ${offset}`)
}

const termsOf = ({ terms }: Affine, { coordinates }: Point): readonly (readonly [string, number])[] =>
  terms.map(({ axis, by }) => [coordinates[axis] ?? '0', by] as const)

/** One coordinate as terms of an address, and the conditions under which it is there. */
type Place = {
  readonly offset: number
  readonly terms: readonly (readonly [string, number])[]
  readonly conditions: readonly string[]
  readonly never: boolean
}

/** The conditions that a whole number between `low` and `high` is one of the first `size`. */
const within = (name: string, low: number, high: number, size: number): readonly string[] => [
  ...(low < 0 ? [`${name} > -1`] : []),
  ...(high >= size ? [`${name} < ${size}`] : []),
]

/** A coordinate that an index map gives at a point, among `size` of them; without conditions where it is `promised` to be one. */
export const placeOf = (writer: Writer, affine: Affine, point: Point, size: number, promised: boolean): Place => {
  const { divisor } = affine
  const [low, high] = spanOf(affine, point.sizes)
  const terms = termsOf(affine, point)
  const whole = { offset: affine.offset, terms, conditions: [], never: false }
  if (divisor === 1) {
    if (promised || (low >= 0 && high < size)) return whole
    if (high < 0 || low >= size) return { ...whole, never: true }
    return { ...whole, conditions: within(writer.integer(linear(writer, affine.offset, terms)), low, high, size) }
  }
  const bound = Math.max(Math.abs(low), Math.abs(high))
  const [q, r] = divide(writer, writer.integer(linear(writer, affine.offset, terms)), divisor, bound)
  const inside = within(q, Math.floor(low / divisor), Math.floor(high / divisor), size)
  return { offset: 0, terms: [[q, 1]], conditions: promised ? [] : [`${r} === 0`, ...inside], never: false }
}

/** Reads an array where all conditions hold, and `fill` elsewhere. `flat` is an integer expression. */
const guarded = (
  writer: Writer,
  { input, dtype }: Load,
  flat: string,
  conditions: readonly string[],
  fill: () => string,
): string => {
  const array = writer.array({ tag: 'input', input })
  const at = writer.integer(flat)
  if (conditions.length === 0) return element(writer, dtype, array, at)
  const inside = writer.float(`(${conditions.join(' && ')}) ? 1 : 0`)
  writer.line(`if (${inside} === 0) { ${at} = 0; }`)
  const value = element(writer, dtype, array, at)
  return writer.value(dtype, `${inside} !== 0 ? ${value} : ${fill()}`)
}

/** A load at a point; the name of its value. */
export const loadText = (writer: Writer, load: Load, point: Point): string => {
  const fill = (): string => writer.value(load.dtype, literal(writer, load.dtype, load.fill ?? 0))
  if (sizeOf(load.view) === 0) return fill()
  const places = load.index.map((affine, axis) =>
    placeOf(writer, affine, point, dim(load.view, axis), load.fill === null),
  )
  if (places.some(({ never }) => never)) return fill()
  const strides = stridesOf(load.view)
  const weight = (axis: number): number => strides[axis] ?? 1
  const offset = places.reduce((sum, place, axis) => sum + place.offset * weight(axis), 0)
  const terms = new Map<string, number>()
  places.forEach((place, axis) => {
    for (const [name, by] of place.terms) terms.set(name, (terms.get(name) ?? 0) + by * weight(axis))
  })
  const conditions = places.flatMap(place => place.conditions)
  return guarded(writer, load, linear(writer, offset, [...terms]), conditions, fill)
}
