/**
 * Activation functions and softmax.
 *
 * Layer: ops. Kinks: relu'(0) = 0, as in JAX and PyTorch; the others say theirs.
 */
import { isFloat } from '../core/dtype.ts'
import { orThrow } from '../core/errors.ts'
import { apply, like } from '../core/kernel.ts'
import { normalizeAxis } from '../core/shape.ts'
import type { TensorLike } from '../core/shape-types.ts'
import { type Domain, type Draw, interval, type Params, type Sample, type Tensor } from '../core/types.ts'
import { clip, div, minimum, sub } from './arithmetic.ts'
import { cast, gt, indicator, isfinite, where } from './comparison.ts'
import { type AlongAxis, composite, dataLast, liftOne, type Mapping } from './define.ts'
import { add, mul, neg, type Unary, unary } from './elementwise.ts'
import { erfc, exp, expm1, log, tanh } from './math.ts'
import { max, sum } from './reduction.ts'
import { stopGradient } from './stopgradient.ts'

/** Away from the kinks at 0, ±1, ±3 and 6 that these functions have. */
const smooth: Domain = [
  [-5, -3.1],
  [-2.9, -1.1],
  [-0.9, -0.1],
  [0.1, 0.9],
  [1.1, 2.9],
  [3.1, 5],
]

/** max(x, 0); the derivative at 0 is 0, NaN stays NaN. */
export const relu = unary({
  name: 'relu',
  doc: 'max(x, 0).',
  scalar: x => apply('max', x, like(x, 0)),
  derivative: x => indicator(gt(x, 0), x),
  accepts: 'number',
  sample: smooth,
})

/** The logistic function 1 / (1 + e⁻ˣ). */
export const sigmoid = unary({
  name: 'sigmoid',
  doc: '1 / (1 + e⁻ˣ).',
  scalar: x => apply('div', like(x, 1), apply('add', like(x, 1), apply('exp', apply('neg', x)))),
  derivative: (_x, y) => mul(y, sub(1, y)),
})

/** ln(1 + eˣ) without overflow. */
export const softplus = unary({
  name: 'softplus',
  doc: 'ln(1 + eˣ).',
  scalar: x => apply('add', apply('max', x, like(x, 0)), apply('log1p', apply('exp', apply('neg', apply('abs', x))))),
  derivative: x => sigmoid(x),
})

/** A composition of one argument without options. */
const activation = (name: string, doc: string, f: (x: Tensor) => Tensor, sample: Domain = interval(-3, 3)): Unary =>
  composite(
    {
      name,
      doc,
      apply: (_params: Params, [x]) => f(x as Tensor),
      sample: draw => ({ params: {}, args: [draw.tensor(draw.shape(), sample)] }),
    },
    ((x: TensorLike) => f(liftOne(name, x))) as Unary,
  )

/** A composition with numbers as options, which may be left out. */
const parametrised = <Options extends { readonly [name: string]: number }>(
  name: string,
  doc: string,
  defaults: Options,
  f: (options: Options, x: Tensor) => Tensor,
): Mapping<Partial<Options>> =>
  composite(
    {
      name,
      doc,
      apply: (options: Options, [x]) => f(options, x as Tensor),
      sample: (draw: Draw): Sample<Options> => ({ params: defaults, args: [draw.tensor(draw.shape(), smooth)] }),
    },
    dataLast<Partial<Options>, Mapping<Partial<Options>>>(name, Object.keys(defaults), (options, x) =>
      f({ ...defaults, ...options }, x),
    ),
  )

/** x where positive, else slope · x (0.01); the derivative at 0 is the slope. */
export const leakyRelu = parametrised(
  'leakyRelu',
  'x where positive, else slope · x.',
  { slope: 0.01 },
  ({ slope }, x) => where(gt(x, 0), x, mul(x, slope)),
)
/**
 * x where positive, else alpha · (eˣ - 1) (alpha 1); the derivative at 0 is alpha. Clevert, Unterthiner and Hochreiter (2015).
 */
export const elu = parametrised('elu', 'x where positive, else alpha · (eˣ - 1).', { alpha: 1 }, ({ alpha }, x) => {
  const positive = gt(x, 0)
  return where(positive, x, mul(alpha, expm1(where(positive, 0, x))))
})

const SELU_SCALE = 1.0507009873554805
const SELU_ALPHA = 1.6732632423543772
/** Scaled elu, which keeps mean 0 and variance 1 through layers. Klambauer et al. (2017). */
export const selu = activation('selu', 'Scaled elu.', x => mul(SELU_SCALE, elu({ alpha: SELU_ALPHA })(x)), smooth)
/** x · sigmoid(x), also called swish. Elfwing, Uchibe and Doya (2017). */
export const silu = activation('silu', 'x · sigmoid(x).', x => mul(x, sigmoid(x)))
/** x · tanh(softplus(x)). Misra (2019). */
export const mish = activation('mish', 'x · tanh(softplus(x)).', x => mul(x, tanh(softplus(x))))
/** x · Φ(x) with the normal distribution function, exactly. Hendrycks and Gimpel (2016). */
export const gelu = activation('gelu', 'x · Φ(x).', x => mul(x, mul(0.5, erfc(mul(x, -Math.SQRT1_2)))))
/** The tanh approximation of gelu. Hendrycks and Gimpel (2016), section 2. */
export const geluTanh = activation('geluTanh', 'The tanh approximation of gelu.', x => {
  const inner = mul(Math.sqrt(2 / Math.PI), add(x, mul(0.044715, mul(x, mul(x, x)))))
  return mul(x, mul(0.5, add(1, tanh(inner))))
})
/** ln sigmoid(x) without overflow. */
export const logSigmoid = activation('logSigmoid', 'ln sigmoid(x).', x => neg(softplus(neg(x))))
/** x / (1 + |x|). */
export const softsign = unary({
  name: 'softsign',
  doc: 'x / (1 + |x|).',
  scalar: x => apply('div', x, apply('add', like(x, 1), apply('abs', x))),
  derivative: (_x, y) => {
    const rest = sub(1, where(gt(y, 0), y, neg(y)))
    return mul(rest, rest)
  },
  sample: smooth,
})
/** relu limited to 6; the derivative is 0 at 0 and, as that of `minimum` at a tie, 1/2 at 6. */
export const relu6 = activation('relu6', 'relu limited to 6.', x => minimum(relu(x), 6), smooth)
/** x limited to [-1, 1]; the derivative at the bounds is 1/2, as that of `clip`. */
export const hardTanh = activation('hardTanh', 'x limited to [-1, 1].', x => clip({ min: -1, max: 1 })(x), smooth)
/** relu6(x + 3) / 6, as in JAX and PyTorch. */
export const hardSigmoid = activation('hardSigmoid', 'relu6(x + 3) / 6.', x => mul(relu6(add(x, 3)), 1 / 6), smooth)
/** x · hardSigmoid(x). Howard et al. (2019). */
export const hardSwish = activation('hardSwish', 'x · hardSigmoid(x).', x => mul(x, hardSigmoid(x)), smooth)

// ---- softmax

type SoftmaxOptions = { readonly axis?: number }

/** x less its largest element along the axis, which changes neither function and keeps exponentials below 1. */
const shifted = (name: string, axis: number, x: Tensor): Tensor => {
  orThrow(normalizeAxis(name, axis, x.shape.length))
  if (x.shape.at(axis) === 0) return x
  const high = stopGradient(max({ axis, keepDims: true })(x))
  return sub(x, where(isfinite(high), high, 0))
}

const alongAxis = <const Name extends string>(
  name: Name,
  doc: string,
  f: (axis: number, x: Tensor) => Tensor,
): AlongAxis<Name> => {
  const of = (axis: number, x: Tensor): Tensor => f(axis, isFloat(x.dtype) ? x : cast('float32')(x))
  return composite(
    {
      name,
      doc,
      apply: ({ axis }: { readonly axis: number }, [x]) => of(axis, x as Tensor),
      sample: draw => {
        const shape = draw.shape({ minRank: 1 })
        return { params: { axis: draw.integer(-1, shape.length - 1) }, args: [draw.tensor(shape)] }
      },
      invalid: draw => ({ params: { axis: 3 }, args: [draw.tensor([2])] }),
    },
    dataLast<SoftmaxOptions, AlongAxis<Name>>(name, ['axis'], ({ axis = -1 }, x) => of(axis, x)),
  )
}

/**
 * eˣ / Σ eˣ along an axis, the last by default. NaN where the row holds NaN or ∞, or only -∞.
 * @throws AxisError when the axis is out of range
 */
export const softmax = alongAxis('softmax', 'eˣ / Σ eˣ along an axis.', (axis, x) => {
  const e = exp(shifted('softmax', axis, x))
  return div(e, sum({ axis, keepDims: true })(e))
})

/** ln softmax along an axis, the last by default, without the loss of precision of taking the logarithm afterwards. */
export const logSoftmax = alongAxis('logSoftmax', 'x - ln Σ eˣ along an axis.', (axis, x) => {
  const s = shifted('logSoftmax', axis, x)
  return sub(s, log(sum({ axis, keepDims: true })(exp(s))))
})
