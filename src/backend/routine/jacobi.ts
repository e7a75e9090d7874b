/**
 * Jacobi's method: plane rotations until all pairs are orthogonal. Slower than reduction to tridiagonal form, but short, and small
 * eigenvalues and singular values come out exact too.
 *
 * Layer: backend. Read next: eigh.ts, svd.ts.
 */

/** Components this close to the largest tie with it: more than rounding, less than anybody means. */
const TIE = 1 - 1e-6

/** 1 or -1, so that the vector times it has its component of largest absolute value positive: the first, if several tie. */
export const signOf = (x: Float64Array): 1 | -1 => {
  const largest = x.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  const leading = x.find(v => Math.abs(v) >= TIE * largest) ?? 0
  return leading < 0 ? -1 : 1
}

/** The angle between two rows that are to be rotated, as c and s: c² + s² = 1. `zeta` is the cotangent of twice the angle. */
export const rotation = (zeta: number): readonly [c: number, s: number] => {
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta))
  const c = 1 / Math.hypot(1, t)
  return [c, c * t]
}

/** Replaces two stretches of n elements, x and y, by c·x - s·y and s·x + c·y. */
export const rotate = (
  a: Float64Array,
  n: number,
  [x, y]: readonly [number, number],
  [c, s]: readonly [number, number],
  stride = 1,
): void => {
  for (let k = 0; k < n * stride; k += stride) {
    const [p, q] = [a[x + k] as number, a[y + k] as number]
    a[x + k] = c * p - s * q
    a[y + k] = s * p + c * q
  }
}

/** Sweeps before giving up; convergence is quadratic, and takes six to ten. */
export const SWEEPS = 60
