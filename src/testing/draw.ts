/**
 * Samples from fast-check: the `Draw` that op declarations ask for their arguments, with shrinking.
 *
 * Layer: testing.
 */
import * as fc from 'fast-check'
import { allocate, type FloatDtype } from '../core/dtype.ts'
import { requireOptions } from '../core/options.ts'
import { range, type Shape, sizeOf } from '../core/shape.ts'
import { concrete } from '../core/tensor.ts'
import { type Domain, type Draw, interval, type Tensor } from '../core/types.ts'

/** fast-check's imperative generator. */
export type Generator = fc.GeneratorValue

const GRID = 2 ** 12

// Named builders: fast-check knows a draw again by its builder, and with a new closure each time it would never stop
// shrinking. Unbiased: its usual bias to edge values
// would make most numbers 0 or the largest.
const whole = (min: number, max: number) => fc.noBias(fc.integer({ min, max }))
const units = (length: number) =>
  fc.array(fc.noBias(fc.integer({ min: 0, max: GRID })), { minLength: length, maxLength: length, size: 'max' })
const integers = (length: number, min: number, max: number) =>
  fc.array(fc.noBias(fc.integer({ min, max })), { minLength: length, maxLength: length, size: 'max' })
const sizes = (minRank: number, maxRank: number, minSize: number, maxSize: number) =>
  fc.array(fc.noBias(fc.integer({ min: minSize, max: maxSize })), {
    minLength: minRank,
    maxLength: maxRank,
    size: 'max',
  })
const shuffles = (n: number) => fc.shuffledSubarray(range(0, n), { minLength: n, maxLength: n })

/** A point in a union of intervals, by its share of the total length. Points of zero length get one share each. */
const inDomain = (domain: Domain, share: number): number => {
  const lengths = domain.map(([low, high]) => high - low)
  const total = lengths.reduce((a, b) => a + b, 0)
  if (total === 0) return domain[Math.min(domain.length - 1, Math.floor(share * domain.length))]?.[0] ?? 0
  let rest = share * total
  for (const [i, length] of lengths.entries()) {
    const [low, high] = domain[i] ?? [0, 0]
    if (rest <= length) return Math.min(high, low + rest)
    rest -= length
  }
  return domain.at(-1)?.[1] ?? 0
}

const filled = (shape: Shape, dtype: Tensor['dtype'], values: readonly number[]): Tensor => {
  const host = allocate(dtype, values.length)
  host.set(values)
  return concrete(shape, dtype, host)
}

/**
 * A `Draw` on fast-check's `fc.gen()`.
 * @param g what `fc.gen()` gives a property
 * @param dtype the dtype of float tensors
 */
export const drawFrom = (g: Generator, dtype: FloatDtype = 'float64'): Draw => ({
  dtype,
  integer: (min, max) => g(whole, min, max),
  boolean: () => g(fc.boolean),
  pick: from => from[g(whole, 0, from.length - 1)] as (typeof from)[number],
  shape: ({ minRank = 0, maxRank = 3, minSize = 1, maxSize = 4 } = {}) => g(sizes, minRank, maxRank, minSize, maxSize),
  permutation: n => g(shuffles, n),
  tensor: (shape, domain = interval(-3, 3), { distinct = false } = {}) => {
    const n = sizeOf(shape)
    const shares = g(units, n).map(u => u / GRID)
    if (!distinct)
      return filled(
        shape,
        dtype,
        shares.map(share => inDomain(domain, share)),
      )
    const places = g(shuffles, n)
    return filled(
      shape,
      dtype,
      places.map((place, i) => inDomain(domain, (place + 0.25 + 0.5 * (shares[i] ?? 0)) / n)),
    )
  },
  integers: (shape, min, max) => filled(shape, 'int32', g(integers, sizeOf(shape), min, max)),
  booleans: shape => filled(shape, 'bool', g(integers, sizeOf(shape), 0, 1)),
})

type Decision = number | boolean | readonly number[]

/**
 * A draw that takes note of every choice of structure, and one that makes the same choices again with other values: two
 * samples that differ in their numbers alone.
 */
export const twice = (draw: Draw): readonly [first: Draw, again: () => Draw] => {
  const decisions: Decision[] = []
  const note = <A extends Decision>(decision: A): A => {
    decisions.push(decision)
    return decision
  }
  const first: Draw = {
    ...draw,
    integer: (min, max) => note(draw.integer(min, max)),
    boolean: () => note(draw.boolean()),
    pick: from => from[note(draw.integer(0, from.length - 1))] as (typeof from)[number],
    shape: options => note(draw.shape(options)),
    permutation: n => note(draw.permutation(n)),
  }
  const again = (): Draw => {
    let next = 0
    const replay = <A extends Decision>(): A => decisions[next++] as A
    return {
      ...draw,
      integer: () => replay<number>(),
      boolean: () => replay<boolean>(),
      pick: from => from[replay<number>()] as (typeof from)[number],
      shape: () => replay<readonly number[]>(),
      permutation: () => replay<readonly number[]>(),
    }
  }
  return [first, again]
}

/** fast-check arbitrary of a tensor: `tensors({ shape: [2, 3] })`, or of random small shape. */
export const tensors = (
  options: { readonly shape?: Shape; readonly domain?: Domain; readonly dtype?: FloatDtype } = {},
): fc.Arbitrary<Tensor> => {
  const { shape, domain, dtype = 'float64' } = requireOptions('tensors', options, ['shape', 'domain', 'dtype'])
  const shapes = shape === undefined ? sizes(0, 3, 1, 4) : fc.constant([...shape])
  return shapes.chain(s =>
    units(sizeOf(s)).map(us =>
      filled(
        s,
        dtype,
        us.map(u => inDomain(domain ?? interval(-3, 3), u / GRID)),
      ),
    ),
  )
}
