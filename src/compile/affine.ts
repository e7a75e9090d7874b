/**
 * Index maps as algebra: ranges, composition, and coordinates under another shape.
 *
 * Layer: compile. A load is *plain* when it cannot miss and divides by nothing; then it is one affine function of the loop's
 * coordinates, the address. Read next: kernels.ts.
 */
import { type Affine, type Load, load } from '../core/kernel.ts'
import { type Shape, sizeOf, stridesOf } from '../core/shape.ts'

type Term = Affine['terms'][number]

/** Adds a term to a list by axis. */
const addTerm = (terms: Term[], axis: number, by: number): void => {
  let i = 0
  while (i < terms.length && (terms[i] as Term).axis < axis) i++
  const there = terms[i]
  if (there?.axis !== axis) terms.splice(i, 0, { axis, by })
  else if (there.by + by === 0) terms.splice(i, 1)
  else terms[i] = { axis, by: there.by + by }
}

/** offset + Σ factor · part, with terms by axis, none of them 0. Divisors of the parts do not count. */
export const combine = (
  offset: number,
  parts: readonly (readonly [factor: number, part: Affine])[],
  divisor = 1,
): Affine => {
  const terms: Term[] = []
  let total = offset
  for (const [factor, part] of parts) {
    total += factor * part.offset
    for (const { axis, by } of part.terms) if (factor * by !== 0) addTerm(terms, axis, factor * by)
  }
  return { offset: total, terms, divisor }
}

/** The coordinate along an axis, as an index map. */
export const axisMap = (axis: number, by = 1): Affine => ({ offset: 0, terms: [{ axis, by }], divisor: 1 })

/** The row-major address of a point. */
export const rowMajor = (sizes: Shape): Affine => {
  const strides = stridesOf(sizes)
  return combine(
    0,
    sizes.flatMap((n, axis) => (n === 1 ? [] : [[strides[axis] as number, axisMap(axis)] as const])),
  )
}

/** The least and the greatest value over axes of some sizes, before dividing. */
export const hull = ({ offset, terms }: Affine, sizes: Shape): readonly [low: number, high: number] => {
  let [low, high] = [offset, offset]
  for (const { axis, by } of terms) {
    const reach = by * Math.max(0, (sizes[axis] ?? 1) - 1)
    if (reach > 0) high += reach
    else low += reach
  }
  return [low, high]
}

/** An index map of coordinates that are themselves index maps, which divide by nothing. */
export const compose = (affine: Affine, coordinates: readonly Affine[]): Affine =>
  combine(
    affine.offset,
    affine.terms.map(({ axis, by }) => [by, coordinates[axis] as Affine] as const),
    affine.divisor,
  )

/** Without the terms of axes of size 1. */
const withoutOnes = ({ offset, terms, divisor }: Affine, sizes: Shape): Affine => ({
  offset,
  terms: terms.filter(({ axis }) => sizes[axis] !== 1),
  divisor,
})

/** Without terms that are always 0, and with the fraction cancelled where all of it divides. */
const cancelled = (affine: Affine, sizes: Shape): Affine => {
  const { offset, terms, divisor } = combine(0, [[1, withoutOnes(affine, sizes)]], affine.divisor)
  if (divisor === 1 || offset % divisor !== 0 || terms.some(({ by }) => by % divisor !== 0))
    return { offset, terms, divisor }
  return { offset: offset / divisor, terms: terms.map(({ axis, by }) => ({ axis, by: by / divisor })), divisor: 1 }
}

/** Whether a load reads an element at every point. */
export const isPlain = ({ fill, index }: Load): boolean => fill === null && index.every(({ divisor }) => divisor === 1)

/** The address that a plain load reads. */
export const addressOf = ({ view, index }: Load): Affine => {
  const strides = stridesOf(view)
  return combine(
    0,
    index.map((affine, d) => [strides[d] as number, affine] as const),
  )
}

/** Whether a load is an address with terms by axis already. */
const isAddress = ({ view, index, fill }: Load, sizes: Shape): boolean => {
  const [only] = index
  if (only === undefined || view.length !== 1 || index.length !== 1 || fill !== null || only.divisor !== 1) return false
  return only.terms.every(({ axis, by }, i) => by !== 0 && sizes[axis] !== 1 && axis > (only.terms[i - 1]?.axis ?? -1))
}

/** The load in the form that all equal loads share; plain ones as an address. `sizes` are those of the loop. */
export const canonicalLoad = (found: Load, sizes: Shape): Load => {
  if (isAddress(found, sizes)) return found
  const index = found.index.map(affine => cancelled(affine, sizes))
  const inside = index.every((affine, d) => {
    const [low, high] = hull(affine, sizes)
    return affine.divisor === 1 && low >= 0 && high < (found.view[d] as number)
  })
  const { input, dtype, view } = found
  const exact = load(input, dtype, view, index, inside ? null : found.fill)
  return isPlain(exact) ? load(input, dtype, [sizeOf(view)], [addressOf(exact)]) : exact
}

/** The innermost of mixed-radix digits, and the rest in units of it; nothing where carrying would be needed. */
const lastDigit = (address: Affine, n: number, sizes: Shape): readonly [digit: Affine, rest: Affine] | undefined => {
  const remainder = (x: number): number => x - Math.trunc(x / n) * n
  const low = ((address.offset % n) + n) % n
  const digit = combine(low, [
    [1, { offset: 0, terms: address.terms.map(({ axis, by }) => ({ axis, by: remainder(by) })), divisor: 1 }],
  ])
  const [least, most] = hull(digit, sizes)
  if (least < 0 || most >= n) return undefined
  const rest = combine((address.offset - low) / n, [
    [1, { offset: 0, terms: address.terms.map(({ axis, by }) => ({ axis, by: Math.trunc(by / n) })), divisor: 1 }],
  ])
  return [digit, rest]
}

/**
 * The coordinates in `shape` of the element at an address, as index maps over axes of some sizes; `undefined` where they are none,
 * because one axis of the loop runs across several of the shape.
 */
export const digitsOf = (address: Affine, shape: Shape, sizes: Shape): readonly Affine[] | undefined => {
  const digits: Affine[] = []
  let rest = combine(0, [[1, withoutOnes(address, sizes)]])
  for (let d = shape.length - 1; d >= 0; d--) {
    const found = lastDigit(rest, shape[d] as number, sizes)
    if (found === undefined) return undefined
    digits.unshift(found[0])
    rest = found[1]
  }
  return rest.offset === 0 && rest.terms.length === 0 ? digits : undefined
}

/** The coarsest shape that splits axes of both, for shapes of equally many elements. */
export const refinement = (a: Shape, b: Shape): Shape | undefined => {
  const [left, right] = [a, b].map(shape => shape.filter(n => n !== 1)) as [number[], number[]]
  const out: number[] = []
  while (left.length > 0 && right.length > 0) {
    const [x, y] = [left.pop() as number, right.pop() as number]
    const [small, large] = x < y ? [x, y] : [y, x]
    if (small === 0 || large % small !== 0) return undefined
    out.unshift(small)
    if (large !== small) (x < y ? right : left).push(large / small)
  }
  return left.length === right.length ? out : undefined
}
