/**
 * The error function and its kin in float64, by rational approximations whose relative error is about that of one rounding.
 *
 * Layer: backend. Tests compare them with expansions that need no fitted number, and with published tables.
 */

/** c₀ + c₁·x + c₂·x² + …, by Horner's rule. */
const polynomial = (c: readonly number[], x: number): number => {
  let sum = 0
  for (let i = c.length - 1; i >= 0; i--) sum = sum * x + (c[i] as number)
  return sum
}

/** Coefficients of a quotient of polynomials, the constant first. */
export type Ratio = { readonly over: readonly number[]; readonly under: readonly number[] }

const ratio = ({ over, under }: Ratio, x: number): number => polynomial(over, x) / polynomial(under, x)

// W. J. Cody (1969), "Rational Chebyshev approximations for the error function", Mathematics of Computation 23, 631-637;
// the coefficients are those of his CALERF, as float64. erf(x) is x·NEAR(x²) for |x| up to 0.46875; erfc(x) is
// e^(-x²)·MIDDLE(x) from there to 4, and e^(-x²)·(1/√π - FAR(1/x²)/x²)/x beyond.
/** For erf for |x| up to 0.46875. */
export const NEAR: Ratio = {
  over: [3209.3775891384694, 377.485237685302, 113.86415415105016, 3.1611237438705655, 0.18577770618460315],
  under: [2844.236833439171, 1282.6165260773723, 244.02463793444417, 23.601290952344122, 1],
}
/** For erfc from there to 4. */
export const MIDDLE: Ratio = {
  over: [
    1230.3393547979972, 2051.0783778260716, 1712.0476126340707, 881.952221241769, 298.6351381974001, 66.11919063714163,
    8.883149794388377, 0.5641884969886701, 2.1531153547440383e-8,
  ],
  under: [
    1230.3393548037495, 3439.3676741437216, 4362.619090143247, 3290.7992357334597, 1621.3895745666903,
    537.1811018620099, 117.6939508913125, 15.744926110709835, 1,
  ],
}
/** For erfc beyond 4. */
export const FAR: Ratio = {
  over: [
    0.0006587491615298378, 0.016083785148742275, 0.12578172611122926, 0.36034489994980445, 0.30532663496123236,
    0.016315387137302097,
  ],
  under: [0.0023352049762686918, 0.06051834131244132, 0.5279051029514285, 1.8729528499234673, 2.568520192289822, 1],
}
/** 1/√π. */
export const ONE_OVER_SQRT_PI = 0.5641895835477563

/** e^(-x²). x² is split, as rounding it would cost as many digits as the exponent has. */
const gaussian = (x: number): number => {
  const head = Math.trunc(x * 16) / 16
  return Math.exp(-head * head) * Math.exp(-(x - head) * (x + head))
}

/** erfc for x above 0.46875. */
const tail = (x: number): number => {
  if (x <= 4) return gaussian(x) * ratio(MIDDLE, x)
  const z = 1 / (x * x)
  return (gaussian(x) * (ONE_OVER_SQRT_PI - z * ratio(FAR, z))) / x
}

const near = (x: number): number => x * ratio(NEAR, x * x)

/** The error function 2/√π ∫₀ˣ e^(-t²) dt. */
export const erf = (x: number): number => {
  const size = Math.abs(x)
  if (!(size > 0.46875)) return near(x)
  return size > 6 ? Math.sign(x) : Math.sign(x) * (0.5 - tail(size) + 0.5)
}

/** The complementary error function 1 - erf(x), accurate in its right tail. */
export const erfc = (x: number): number => {
  const size = Math.abs(x)
  if (!(size > 0.46875)) return 1 - near(x)
  if (size > 28) return x > 0 ? 0 : 2
  return x > 0 ? tail(size) : 2 - tail(size)
}

// M. J. Wichura (1988), "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37,
// 477-484 (PPND16). For q = x/2, q·CENTRE(0.180625 - q²) is √2·erfInv(x) where |q| is at most 0.425; nearer to 1, with
// r = √-ln((1 - |x|)/2), it is SIDE(r - 1.6) for r up to 5, else EDGE(r - 5).
/** For erfInv for |x| up to 0.85. */
export const CENTRE: Ratio = {
  over: [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
    33430.57558358813, 2509.0809287301227,
  ],
  under: [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
    28729.085735721943, 5226.495278852854,
  ],
}
/** For erfInv beyond, for r up to 5. */
export const SIDE: Ratio = {
  over: [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
    0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  under: [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
    0.0005475938084995345, 1.0507500716444169e-9,
  ],
}
/** For erfInv for larger r. */
export const EDGE: Ratio = {
  over: [
    6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
    0.0012426609473880784, 0.000027115555687434876, 2.0103343992922881e-7,
  ],
  under: [
    1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 0.000018463183175100548,
    1.421511758316446e-7, 2.0442631033899397e-15,
  ],
}

/** The inverse of erf on (-1, 1); ±Infinity at ±1 and NaN outside. */
export const erfInv = (x: number): number => {
  const size = Math.abs(x)
  if (!(size < 1)) return size === 1 ? x * Infinity : Number.NaN
  const q = x / 2
  if (size <= 0.85) return Math.SQRT1_2 * q * ratio(CENTRE, 0.180625 - q * q)
  const r = Math.sqrt(-Math.log((1 - size) / 2))
  return Math.SQRT1_2 * Math.sign(x) * (r <= 5 ? ratio(SIDE, r - 1.6) : ratio(EDGE, r - 5))
}
