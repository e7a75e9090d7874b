/**
 * Elementwise functions of analysis.
 *
 * Layer: ops. Each is a line of kernel, a derivative and a domain. Outside their domain they are NaN, as IEEE 754 says.
 */
import { apply, like, select } from '../core/kernel.ts'
import { interval, type Tensor } from '../core/types.ts'
import { add, binary, fn, mul, neg, unary } from './elementwise.ts'

const square = (x: Tensor): Tensor => mul(x, x)

/** 1 / x; ±∞ at 0. */
export const reciprocal = unary({
  name: 'reciprocal',
  doc: '1 / x.',
  scalar: x => apply('div', like(x, 1), x),
  derivative: (_x, y) => neg(square(y)),
  sample: [
    [-3, -0.5],
    [0.5, 3],
  ],
})

/** eˣ. */
export const exp = unary({ name: 'exp', doc: 'eˣ.', scalar: fn('exp'), derivative: (_x, y) => y })
/** eˣ - 1, accurate near 0. */
export const expm1 = unary({ name: 'expm1', doc: 'eˣ - 1.', scalar: fn('expm1'), derivative: (_x, y) => add(y, 1) })
/** The natural logarithm; -∞ at 0, NaN below. */
export const log = unary({
  name: 'log',
  doc: 'ln x.',
  scalar: fn('log'),
  derivative: x => reciprocal(x),
  sample: interval(0.3, 4),
})
/** ln(1 + x), accurate near 0. */
export const log1p = unary({
  name: 'log1p',
  doc: 'ln(1 + x).',
  scalar: fn('log1p'),
  derivative: x => reciprocal(add(1, x)),
  sample: interval(-0.7, 3),
})
/** The logarithm to base 2. */
export const log2 = unary({
  name: 'log2',
  doc: 'log₂ x.',
  scalar: fn('log2'),
  derivative: x => reciprocal(mul(x, Math.LN2)),
  sample: interval(0.3, 4),
})
/** √x; NaN below 0, derivative ∞ at 0. */
export const sqrt = unary({
  name: 'sqrt',
  doc: '√x.',
  scalar: fn('sqrt'),
  derivative: (_x, y) => reciprocal(mul(2, y)),
  sample: interval(0.3, 4),
})
/** 1 / √x; ∞ at 0. */
export const rsqrt = unary({
  name: 'rsqrt',
  doc: '1 / √x.',
  scalar: x => apply('div', like(x, 1), apply('sqrt', x)),
  derivative: (x, y) => mul(-0.5, mul(y, reciprocal(x))),
  sample: interval(0.3, 4),
})
/** The cube root, negative below 0. */
export const cbrt = unary({
  name: 'cbrt',
  doc: '∛x.',
  scalar: fn('cbrt'),
  derivative: (_x, y) => reciprocal(mul(3, square(y))),
  sample: [
    [-3, -0.4],
    [0.4, 3],
  ],
})

/** sin x, x in radians. */
export const sin = unary({ name: 'sin', doc: 'sin x.', scalar: fn('sin'), derivative: x => cos(x) })
/** cos x, x in radians. */
export const cos = unary({ name: 'cos', doc: 'cos x.', scalar: fn('cos'), derivative: x => neg(sin(x)) })
/** tan x, x in radians. */
export const tan = unary({
  name: 'tan',
  doc: 'tan x.',
  scalar: fn('tan'),
  derivative: (_x, y) => add(1, square(y)),
  sample: interval(-1.2, 1.2),
})
/** arcsin x in [-π/2, π/2]. */
export const asin = unary({
  name: 'asin',
  doc: 'arcsin x.',
  scalar: fn('asin'),
  derivative: x => rsqrt(add(1, neg(square(x)))),
  sample: interval(-0.8, 0.8),
})
/** arccos x in [0, π]. */
export const acos = unary({
  name: 'acos',
  doc: 'arccos x.',
  scalar: fn('acos'),
  derivative: x => neg(rsqrt(add(1, neg(square(x))))),
  sample: interval(-0.8, 0.8),
})
/** arctan x in [-π/2, π/2]. */
export const atan = unary({
  name: 'atan',
  doc: 'arctan x.',
  scalar: fn('atan'),
  derivative: x => reciprocal(add(1, square(x))),
})
/** sinh x. */
export const sinh = unary({ name: 'sinh', doc: 'sinh x.', scalar: fn('sinh'), derivative: x => cosh(x) })
/** cosh x. */
export const cosh = unary({ name: 'cosh', doc: 'cosh x.', scalar: fn('cosh'), derivative: x => sinh(x) })
/** tanh x. */
export const tanh = unary({
  name: 'tanh',
  doc: 'tanh x.',
  scalar: fn('tanh'),
  derivative: (_x, y) => add(1, neg(square(y))),
})
/** arsinh x. */
export const asinh = unary({
  name: 'asinh',
  doc: 'arsinh x.',
  scalar: fn('asinh'),
  derivative: x => rsqrt(add(1, square(x))),
})
/** arcosh x, for x ≥ 1. */
export const acosh = unary({
  name: 'acosh',
  doc: 'arcosh x.',
  scalar: fn('acosh'),
  derivative: x => rsqrt(add(square(x), -1)),
  sample: interval(1.3, 4),
})
/** artanh x, for |x| < 1. */
export const atanh = unary({
  name: 'atanh',
  doc: 'artanh x.',
  scalar: fn('atanh'),
  derivative: x => reciprocal(add(1, neg(square(x)))),
  sample: interval(-0.8, 0.8),
})

/** The angle of the point (x, y) in (-π, π]: atan2(y, x). Its derivative at the origin is NaN. */
export const atan2 = binary({
  name: 'atan2',
  doc: 'The angle of the point (x, y).',
  scalar: fn('atan2'),
  partials: [
    (y, x) => mul(x, reciprocal(add(square(x), square(y)))),
    (y, x) => neg(mul(y, reciprocal(add(square(x), square(y))))),
  ],
  accepts: 'float',
  sample: [interval(-3, 3), interval(0.5, 3)],
})

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI)
const gaussian = (x: Tensor): Tensor => mul(TWO_OVER_SQRT_PI, exp(neg(square(x))))

/** The error function 2/√π ∫₀ˣ e^(-t²) dt. */
export const erf = unary({ name: 'erf', doc: 'The error function.', scalar: fn('erf'), derivative: x => gaussian(x) })
/** 1 - erf(x), accurate in its right tail. */
export const erfc = unary({ name: 'erfc', doc: '1 - erf(x).', scalar: fn('erfc'), derivative: x => neg(gaussian(x)) })
/** The inverse of erf on (-1, 1); ±∞ at ±1, NaN outside. */
export const erfInv = unary({
  name: 'erfInv',
  doc: 'The inverse of erf.',
  scalar: fn('erfInv'),
  derivative: (_x, y) => mul(1 / TWO_OVER_SQRT_PI, exp(square(y))),
  sample: interval(-0.8, 0.8),
})

/** ln(eˣ + eʸ) without overflow. */
export const logaddexp = binary({
  name: 'logaddexp',
  doc: 'ln(eˣ + eʸ).',
  scalar: (x, y) => {
    const high = apply('max', x, y)
    const gap = apply('neg', apply('abs', apply('sub', x, y)))
    return select(
      apply('eq', x, y),
      apply('add', x, like(x, Math.LN2)),
      apply('add', high, apply('log1p', apply('exp', gap))),
    )
  },
  partials: [(x, _y, out) => exp(add(x, neg(out))), (_x, y, out) => exp(add(y, neg(out)))],
  accepts: 'float',
})
