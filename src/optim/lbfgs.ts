/**
 * The direction of L-BFGS, on vectors of numbers.
 *
 * Layer: optim. Read first: line-search.ts. Next: minimize.ts.
 */

/** A vector; nobody changes one. */
export type Vector = Float64Array<ArrayBuffer>

/** Σ x · y. */
export const dot = (x: Vector, y: Vector): number => {
  let total = 0
  for (let i = 0; i < x.length; i++) total += (x[i] ?? 0) * (y[i] ?? 0)
  return total
}

/** x + a · y. */
export const addScaled = (x: Vector, a: number, y: Vector): Vector => x.map((v, i) => v + a * (y[i] ?? 0))

/** The largest |xᵢ|; NaN if one is. */
export const largest = (x: Vector): number => x.reduce((most, v) => Math.max(most, Math.abs(v)), 0)

/** How far a step went, how the gradient changed, and 1 / (s · y). */
export type Pair = { readonly s: Vector; readonly y: Vector; readonly rho: number }

/** Curvatures below this, relative to ‖y‖², are rounding. */
const FLAT = 2 ** -52

/** The last `history` pairs; a step along which the slope does not rise is left out, so that the direction goes down. */
export const remember = (pairs: readonly Pair[], s: Vector, y: Vector, history: number): readonly Pair[] => {
  const curvature = dot(s, y)
  return curvature > FLAT * dot(y, y) ? [...pairs, { s, y, rho: 1 / curvature }].slice(-history) : pairs
}

/**
 * -H · gradient, where H approximates the inverse Hessian from the pairs, starting with s · y / y · y of the last: the two loops of
 * Nocedal (1980), algorithm 7.4 of Nocedal and Wright (2006). Without pairs, the steepest descent.
 */
export const direction = (pairs: readonly Pair[], gradient: Vector): Vector => {
  const [backward, alphas] = pairs.reduceRight<readonly [Vector, readonly number[]]>(
    ([q, found], { s, y, rho }) => {
      const alpha = rho * dot(s, q)
      return [addScaled(q, -alpha, y), [alpha, ...found]]
    },
    [gradient, []],
  )
  const last = pairs.at(-1)
  const gamma = last === undefined ? 1 : 1 / (last.rho * dot(last.y, last.y))
  const forward = pairs.reduce(
    (r, { s, y, rho }, i) => addScaled(r, (alphas[i] ?? 0) - rho * dot(y, r), s),
    backward.map(v => gamma * v),
  )
  return forward.map(v => -v)
}
