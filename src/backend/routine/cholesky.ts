/**
 * Cholesky–Banachiewicz, row by row.
 *
 * Layer: backend. Source: Golub & Van Loan 2013, section 4.2.
 */

/** L with L·Lᵀ = (A + Aᵀ)/2, or Lᵀ; NaN throughout the triangle where a pivot is not positive. */
export const cholesky = (a: Float64Array, n: number, upper: boolean): Float64Array => {
  const out = new Float64Array(n * n)
  const at = (i: number, j: number): number => (upper ? j * n + i : i * n + j)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = ((a[i * n + j] as number) + (a[j * n + i] as number)) / 2
      for (let k = 0; k < j; k++) sum -= (out[at(i, k)] as number) * (out[at(j, k)] as number)
      if (i === j && !(sum > 0)) return undefinedTriangle(out, n, at)
      out[at(i, j)] = i === j ? Math.sqrt(sum) : sum / (out[at(j, j)] as number)
    }
  return out
}

const undefinedTriangle = (out: Float64Array, n: number, at: (i: number, j: number) => number): Float64Array => {
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) out[at(i, j)] = Number.NaN
  return out
}
