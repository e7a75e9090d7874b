/**
 * Matrices for tests of linear algebra.
 */
import * as fc from 'fast-check'
import { add, eye, matmul, matrixTranspose, mul, type Tensor } from '../../src/index.ts'
import { tensors } from '../../src/testing/index.ts'

/** Rounding of a decomposition of a few well-conditioned rows in float64. */
export const CLOSE = 1e-11

/** [..., m, n] with m and n up to 6, and no leading axes, or one. */
export const matrixShapes = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 1 }), fc.nat(6), fc.nat(6))
  .map(([batch, m, n]) => [...batch, m, n])

/** Square matrices in a batch, with values in [-1, 1]. */
const squares: fc.Arbitrary<Tensor> = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 1 }), fc.nat(6))
  .chain(([batch, n]) => tensors({ shape: [...batch, n, n], domain: [[-1, 1]] }))

/** The identity that goes with square matrices. */
export const identity = (x: Tensor): Tensor => eye(x.shape.at(-1) ?? 0, { dtype: 'float64' })

/** The last two axes exchanged. */
export const swapped = (x: Tensor): Tensor => matrixTranspose(x) as Tensor

/** Symmetric positive definite matrices. */
export const positive: fc.Arbitrary<Tensor> = squares.map(x => add(matmul(x, swapped(x)), identity(x)))

/** Matrices whose inverse is of unit scale, and which are neither symmetric nor near the identity. */
export const regular: fc.Arbitrary<Tensor> = fc
  .tuple(squares, fc.boolean())
  .map(([x, negative]) => add(mul(negative ? -8 : 8, identity(x)), x))
