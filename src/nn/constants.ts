/**
 * Initialisers of a stated spread or value, whatever the shape: constants, plain distributions, orthogonal matrices.
 *
 * Layer: nn. Read first: initializers.ts.
 */
import { fail, shapeError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, showShape, sizeOf } from '../core/shape.ts'
import type { Tensor } from '../core/types.ts'
import { sub } from '../ops/arithmetic.ts'
import { cast, ge } from '../ops/comparison.ts'
import { eye, full } from '../ops/creation.ts'
import { qr } from '../ops/decompositions.ts'
import { add, mul } from '../ops/elementwise.ts'
import { matrixTranspose } from '../ops/linalg.ts'
import { diagonal } from '../ops/matrices.ts'
import { reshape } from '../ops/movement.ts'
import {
  type Key,
  normal as normalOf,
  truncatedNormal as truncatedNormalOf,
  uniform as uniformOf,
} from '../random/index.ts'
import { checkNumber } from './checks.ts'
import { type Initializer, initializer } from './initializers.ts'

/**
 * One number everywhere, whatever the shape; the key is not used.
 * @throws ValueError unless the number is finite
 * @example
 * constantInit(0.25)({ shape: [2] })(key(0)) // [0.25, 0.25]
 */
export const constantInit = (value: number): Initializer => {
  checkNumber('constantInit', 'value', value, Number.isFinite(value), 'a finite number')
  return initializer(
    'constantInit',
    ({ shape, dtype = 'float32' }) =>
      () =>
        full(shape, value, { dtype }),
  )
}

/** Zeros, of any shape; the key is not used. */
export const zerosInit: Initializer = constantInit(0)

/** Ones, of any shape; the key is not used. */
export const onesInit: Initializer = constantInit(1)

/**
 * Normal numbers of a mean (0) and a standard deviation (1), of any shape.
 * @throws ValueError for a negative standard deviation
 * @example
 * embedding(1000, 64, { init: normalInit({ std: 0.02 }) })
 */
export const normalInit = (options: { readonly mean?: number; readonly std?: number } = {}): Initializer => {
  const { mean = 0, std = 1 } = requireOptions('normalInit', options, ['mean', 'std'])

  checkNumber('normalInit', 'std', std, std >= 0 && std < Infinity, 'a number of at least 0')
  return initializer(
    'normalInit',
    ({ shape, dtype = 'float32' }) =>
      key =>
        add(mul(normalOf({ shape, dtype })(key), std), mean),
  )
}

/**
 * Normal numbers of a mean (0) and a standard deviation (1) of which those further than two standard deviations from the mean are
 * drawn again. The deviation of what is left is 0.88 of the stated one, as in JAX; Keras's truncated_normal is the same.
 * @throws ValueError for a negative standard deviation
 * @example
 * dense(784, 10, { init: truncatedNormalInit({ std: 0.02 }) })
 */
export const truncatedNormalInit = (options: { readonly mean?: number; readonly std?: number } = {}): Initializer => {
  const { mean = 0, std = 1 } = requireOptions('truncatedNormalInit', options, ['mean', 'std'])

  checkNumber('truncatedNormalInit', 'std', std, std >= 0 && std < Infinity, 'a number of at least 0')
  return initializer(
    'truncatedNormalInit',
    ({ shape, dtype = 'float32' }) =>
      key =>
        add(mul(truncatedNormalOf({ shape, dtype, lower: -2, upper: 2 })(key), std), mean),
  )
}

/**
 * Uniform numbers from `min` to below `max`; ±0.05 by default, as in Keras.
 * @throws ValueError unless min ≤ max
 * @example
 * lstm(8, 16, { init: uniformInit({ min: -0.25, max: 0.25 }) })
 */
export const uniformInit = (options: { readonly min?: number; readonly max?: number } = {}): Initializer => {
  const { min = -0.05, max = 0.05 } = requireOptions('uniformInit', options, ['min', 'max'])

  checkNumber('uniformInit', 'min', min, min <= max && min > -Infinity && max < Infinity, `a number of at most ${max}`)
  return initializer(
    'uniformInit',
    ({ shape, dtype = 'float32' }) =>
      key =>
        uniformOf({ shape, dtype, minval: min, maxval: max })(key),
  )
}

/** An orthogonal matrix of rows ≥ columns, uniformly drawn: Q of a normal matrix, with the signs that make R's diagonal positive. */
const orthonormalColumns = (rows: number, columns: number, dtype: 'float32' | 'float64', key: Key): Tensor => {
  const [q, r] = qr(normalOf({ shape: [rows, columns], dtype })(key)) as readonly [Tensor, Tensor]
  const positive: Tensor = cast(dtype)(ge(diagonal(r) as Tensor, 0))
  return mul(q, sub(mul(positive, 2), 1))
}

/**
 * A matrix with orthonormal rows or columns, whichever are fewer, times `gain` (1), uniform among them: [..., in, out] as a matrix of
 * size(...) · in rows. Keeps the length of vectors, so that signals neither grow nor fade through many steps. Saxe, McClelland and
 * Ganguli (2014); Mezzadri (2007) for the signs.
 * @throws ShapeError for fewer than two axes; ValueError unless gain is finite
 * @example
 * const w = orthogonal()({ shape: [2, 2] })(key(0))
 * round(matmul(transpose(w), w)) // [[1, 0], [0, 1]]
 */
export const orthogonal = (options: { readonly gain?: number } = {}): Initializer => {
  const { gain = 1 } = requireOptions('orthogonal', options, ['gain'])

  checkNumber('orthogonal', 'gain', gain, Number.isFinite(gain), 'a finite number')
  return initializer('orthogonal', ({ shape, dtype = 'float32' }) => {
    if (shape.length < 2)
      return fail(shapeError('orthogonal', `needs at least two axes, [in, out], got ${showShape(shape)}`))
    const columns = dim(shape, shape.length - 1)
    const rows = sizeOf(shape.slice(0, -1))
    return key => {
      const tall = orthonormalColumns(Math.max(rows, columns), Math.min(rows, columns), dtype, key)
      return reshape(shape)(mul(rows < columns ? matrixTranspose(tall) : tall, gain))
    }
  })
}

/**
 * The identity matrix [n, m], 1 where row and column are the same, times `gain` (1): a linear layer that begins by passing on what it
 * gets. Le, Jaitly and Hinton (2015).
 * @throws ShapeError unless there are two axes; ValueError unless gain is finite
 * @example
 * identityInit()({ shape: [2, 2] })(key(0)) // [[1, 0], [0, 1]]
 */
export const identityInit = (options: { readonly gain?: number } = {}): Initializer => {
  const { gain = 1 } = requireOptions('identityInit', options, ['gain'])

  checkNumber('identityInit', 'gain', gain, Number.isFinite(gain), 'a finite number')
  return initializer('identityInit', ({ shape, dtype = 'float32' }) =>
    shape.length === 2
      ? () => mul(eye(dim(shape, 0), { columns: dim(shape, 1), dtype }), gain)
      : fail(shapeError('identityInit', `needs two axes, [in, out], got ${showShape(shape)}`)),
  )
}
