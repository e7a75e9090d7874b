/**
 * Arithmetic beyond add, mul and neg; powers, extremes, clipping; integers and bits.
 *
 * Layer: ops. Conventions at kinks are stated at each function; docs/conventions.md says where they differ from JAX's.
 */
import { apply } from '../core/kernel.ts'
import { requireOptions } from '../core/options.ts'
import type { AllTogether, Beside, Check, TensorLike } from '../core/shape-types.ts'
import { type Domain, interval, type Tensor } from '../core/types.ts'
import { eq, ge, gt, indicator, where } from './comparison.ts'
import { composite, liftOne, type NotTensor } from './define.ts'
import { binary, fn, mul, neg, unary } from './elementwise.ts'
import { log } from './math.ts'

/** Away from 0 on both sides. */
const nonZero: Domain = [
  [-3, -0.5],
  [0.5, 3],
]

/** x - y, elementwise with broadcasting; int32 wraps. */
export const sub = binary({ name: 'sub', doc: 'x - y.', scalar: fn('sub'), partials: [1, -1] })

/**
 * x / y on floats; division by 0 gives ±∞ or NaN as IEEE 754 says.
 * @throws DtypeError for int32: use `floorDivide`, or cast first
 */
export const div = binary({
  name: 'div',
  doc: 'x / y.',
  scalar: fn('div'),
  partials: [(_x, y) => div(1, y), (_x, y, out) => neg(div(out, y))],
  linearIn: [0],
  accepts: 'float',
  sample: [interval(-3, 3), nonZero],
})

/**
 * x to the power y. pow(0, 0) is 1; a negative x with a fractional y is NaN.
 *
 * The derivative in x is y·x^(y-1), and 0 where y is 0; that in y is x^y·ln x, and 0 where x is 0 and y ≥ 0.
 * On int32, powers wrap and negative exponents give 0 but for bases 1 and -1.
 */
export const pow = binary({
  name: 'pow',
  doc: 'x to the power y.',
  scalar: fn('pow'),
  partials: [
    (x, y) => where(eq(y, 0), 0, mul(y, pow(x, where(eq(y, 0), 1, sub(y, 1))))),
    (x, _y, out) => mul(out, log(where(eq(x, 0), 1, x))),
  ],
  sample: [interval(0.5, 2), interval(-2, 2)],
})

/** The larger of x and y; NaN if either is. At a tie each side gets half the derivative. */
export const maximum = binary({
  name: 'maximum',
  doc: 'The larger of x and y.',
  scalar: fn('max'),
  partials: [(x, y) => half(x, y), (x, y) => half(y, x)],
  sample: [
    [
      [-3, -0.1],
      [0.1, 0.9],
      [1.1, 2],
    ],
    [
      [-0.05, 0.05],
      [1, 1],
      [2.1, 3],
    ],
  ],
})

/** The smaller of x and y; NaN if either is. At a tie each side gets half the derivative. */
export const minimum = binary({
  name: 'minimum',
  doc: 'The smaller of x and y.',
  scalar: fn('min'),
  partials: [(x, y) => half(y, x), (x, y) => half(x, y)],
  sample: [
    [
      [-3, -0.1],
      [0.1, 0.9],
      [1.1, 2],
    ],
    [
      [-0.05, 0.05],
      [1, 1],
      [2.1, 3],
    ],
  ],
})

/** 1 where x > y, 1/2 where equal, 0 where x < y. */
const half = (x: Tensor, y: Tensor): Tensor => mul(0.5, sub(indicator(gt(x, y), x), neg(indicator(ge(x, y), x))))

/** The remainder of x / y with the sign of y, as Python's and NumPy's %; int32 by 0 gives 0. */
export const mod = binary({
  name: 'mod',
  doc: 'The remainder of x / y with the sign of y.',
  scalar: fn('mod'),
  partials: [1, (x, y) => neg(floorDivide(x, y))],
  sample: [
    [
      [1.1, 1.9],
      [-0.9, -0.1],
    ],
    [
      [1, 1],
      [-1, -1],
    ],
  ],
})

/** x / y rounded down; int32 by 0 gives 0. */
export const floorDivide = binary({
  name: 'floorDivide',
  doc: 'x / y rounded down.',
  scalar: fn('floorDiv'),
  partials: null,
  sample: [
    [
      [1.1, 1.9],
      [-0.9, -0.1],
    ],
    [
      [1, 1],
      [-1, -1],
    ],
  ],
})

/** |x|; the derivative at 0 is 0. */
export const abs = unary({
  name: 'abs',
  doc: '|x|.',
  scalar: fn('abs'),
  derivative: x => sign(x),
  accepts: 'number',
  sample: nonZero,
})

/** -1, 0 or 1 by the sign of x; NaN stays NaN. */
export const sign = unary({
  name: 'sign',
  doc: '-1, 0 or 1 by the sign of x.',
  scalar: fn('sign'),
  derivative: null,
  accepts: 'number',
  sample: nonZero,
})

/** x². */
export const square = unary({
  name: 'square',
  doc: 'x².',
  scalar: x => apply('mul', x, x),
  derivative: x => mul(2, x),
  accepts: 'number',
})

const rounding = (name: 'floor' | 'ceil' | 'round' | 'trunc', doc: string) =>
  unary({
    name,
    doc,
    scalar: fn(name),
    derivative: null,
    sample: [
      [-2.9, -2.6],
      [-2.4, -2.1],
      [0.1, 0.4],
      [1.6, 1.9],
    ],
  })

/** The largest whole number not above x. */
export const floor = rounding('floor', 'x rounded down.')
/** The smallest whole number not below x. */
export const ceil = rounding('ceil', 'x rounded up.')
/** The nearest whole number, halves to even. */
export const round = rounding('round', 'x rounded to the nearest whole number, halves to even.')
/** x rounded toward 0. */
export const trunc = rounding('trunc', 'x rounded toward 0.')

type ClipOptions = { readonly min?: TensorLike; readonly max?: TensorLike }

const clipTo = ({ min, max }: ClipOptions, x: Tensor): Tensor => {
  const raised = min === undefined ? x : maximum(x, min)
  return max === undefined ? raised : minimum(raised, max)
}

/**
 * x limited to at least `min` and at most `max`; either may be left out. Where x equals a bound, its derivative is 1/2.
 * @example
 * clip({ min: 2, max: 5 })(x) // [[2, 2, 3], [4, 5, 5]]
 */
export const clip = composite(
  {
    name: 'clip',
    doc: 'x limited to [min, max].',
    apply: ({ min, max }: { readonly min: number; readonly max: number }, [x]) => clipTo({ min, max }, x as Tensor),
    sample: draw => ({
      params: { min: -1, max: 1 },
      args: [
        draw.tensor(draw.shape(), [
          [-3, -1.1],
          [-0.9, 0.9],
          [1.1, 3],
        ]),
      ],
    }),
  },
  <Low extends TensorLike = number, High extends TensorLike = number>(
    options: { readonly min?: Low; readonly max?: High } & NotTensor,
  ) =>
    <X extends TensorLike>(x: Check<Beside<X, Low>, Check<Beside<X, High>, X>>) =>
      clipTo(requireOptions('clip', options, ['min', 'max']), liftOne('clip', x as TensorLike)) as Tensor<
        AllTogether<X, Low, High>
      >,
)

const bits = (name: string, kernel: 'bitAnd' | 'bitOr' | 'bitXor', doc: string) =>
  binary({ name, doc, scalar: fn(kernel), partials: null, accepts: 'integer' })
const shift = (name: 'shiftLeft' | 'shiftRight' | 'shiftRightLogical', doc: string) =>
  binary({
    name,
    doc,
    scalar: fn(name),
    partials: null,
    accepts: 'integer',
    sample: [interval(-99, 99), interval(0, 31)],
  })

/** Bitwise and of int32. */
export const bitwiseAnd = bits('bitwiseAnd', 'bitAnd', 'Bitwise and of int32.')
/** Bitwise or of int32. */
export const bitwiseOr = bits('bitwiseOr', 'bitOr', 'Bitwise or of int32.')
/** Bitwise exclusive or of int32. */
export const bitwiseXor = bits('bitwiseXor', 'bitXor', 'Bitwise exclusive or of int32.')
/** Every bit of an int32 inverted. */
export const bitwiseNot = unary({
  name: 'bitwiseNot',
  doc: 'Every bit of an int32 inverted.',
  scalar: fn('bitNot'),
  derivative: null,
  accepts: 'integer',
})
/** x · 2^y on int32, wrapping; a shift by 32 or more gives 0. */
export const shiftLeft = shift('shiftLeft', 'Bits of an int32 moved left.')
/** x shifted right by y with copies of the sign bit. */
export const shiftRight = shift('shiftRight', 'Bits of an int32 moved right, keeping the sign.')
/** x shifted right by y with zeros. */
export const shiftRightLogical = shift('shiftRightLogical', 'Bits of an int32 moved right, filling with zeros.')
