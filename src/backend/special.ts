/**
 * The error function and its kin in float64.
 *
 * Layer: backend. Accurate to a few ulp by convergent expansions rather than fitted polynomials: this is the oracle's copy.
 */
const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI)

/** erf by Kummer's series 2/√π·e^(-x²)·Σ 2ⁿ x^(2n+1)/(2n+1)!!, whose terms are all positive (Abramowitz and Stegun 1964, 7.1.6). */
const erfSeries = (x: number): number => {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return TWO_OVER_SQRT_PI * Math.exp(-x * x) * sum
}

/** erfc for x ≥ 2 by its continued fraction, evaluated backwards (Abramowitz and Stegun 1964, 7.1.14). */
const erfcFraction = (x: number): number => {
  let fraction = x
  for (let k = 120; k >= 1; k--) fraction = x + k / 2 / fraction
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction)
}

/** The error function 2/√π ∫₀ˣ e^(-t²) dt. */
export const erf = (x: number): number => {
  if (x === 0 || Number.isNaN(x)) return x
  if (Math.abs(x) > 6) return Math.sign(x)
  return Math.abs(x) < 2 ? erfSeries(x) : Math.sign(x) * (1 - erfcFraction(Math.abs(x)))
}

/** The complementary error function 1 - erf(x), accurate in its right tail. */
export const erfc = (x: number): number => {
  if (Number.isNaN(x)) return x
  if (x > 28) return 0
  return x < 2 ? 1 - erf(x) : erfcFraction(x)
}

/**
 * The inverse of erf on (-1, 1); ±Infinity at ±1 and NaN outside.
 * Source: Winitzki's approximation (2008) refined by Halley's iteration, which cubes its relative error of 2e-3 each time.
 */
export const erfInv = (x: number): number => {
  const size = Math.abs(x)
  if (!(size < 1)) return size === 1 ? x * Infinity : Number.NaN
  if (x === 0) return x
  const a = 0.147
  const log = Math.log1p(-size * size)
  const t = 2 / (Math.PI * a) + log / 2
  let y = Math.sqrt(Math.sqrt(t * t - log / a) - t)
  for (let i = 0; i < 3; i++) {
    const excess = size < 0.5 ? erf(y) - size : 1 - size - erfc(y)
    const newton = excess / (TWO_OVER_SQRT_PI * Math.exp(-y * y))
    y -= newton / (1 + y * newton)
  }
  return Math.sign(x) * y
}
