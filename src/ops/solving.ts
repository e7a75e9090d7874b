/**
 * Linear systems: triangularSolve, solve, and what they give, inv and matrixPower.
 *
 * Layer: ops. The derivative of a solution is a solution again: from A·X = B, A·dX = dB - dA·X; elimination itself is never
 * differentiated. Read first: matrix-rules.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import type { Triangle } from '../core/routine.ts'
import { showShape } from '../core/shape.ts'
import type { Check, Resolved, ShapeOf, Solution, Square, TensorLike } from '../core/shape-types.ts'
import { bind1 } from '../core/trace.ts'
import type { Draw, Maybe, Op, Tensor, TensorType } from '../core/types.ts'
import { sub } from './arithmetic.ts'
import {
  commonDtype,
  composite,
  defineOp,
  first,
  type Inferred,
  isData,
  lift,
  liftOne,
  type NotTensor,
  primitive,
} from './define.ts'
import { alignBatch, neg } from './elementwise.ts'
import { matmul, matrixTranspose } from './linalg.ts'
import {
  drawBatch,
  drawRegular,
  flag,
  identityLike,
  lowerPart,
  matrices,
  rightHandSides,
  routine,
  upperPart,
  withVectors,
} from './matrix-rules.ts'
import { broadcastTo, sumTo } from './movement.ts'

type None = Record<string, never>

// ---- what both solvers share

/** [..., n, n] and [..., n, k], or [..., k, n] on the other side, to solutions in the shape of the latter. */
const inferSolution = (op: string, types: readonly TensorType[], leftSide = true): Inferred => {
  const [a, b] = [first(types), types[1] as TensorType]
  if (b.shape.length < 2) return E.left(shapeError(op, `right-hand sides need two axes, got ${showShape(b.shape)}`))
  return pipe(
    matrices(op, types, { square: true }),
    E.chain(() => commonDtype(op, types, 'float')),
    E.chain(dtype =>
      pipe(
        rightHandSides(op, a.shape, b.shape, leftSide),
        E.map(({ batch }) => [{ shape: [...batch, ...b.shape.slice(-2)], dtype }]),
      ),
    ),
  )
}

/** A sum of tangents, some of which are not there. */
const difference = (x: Maybe, y: Maybe): Maybe => (y === null ? x : x === null ? neg(y) : sub(x, y))

/** Leading axes of two arguments that broadcast. */
const drawBatches = (draw: Draw): readonly [a: readonly number[], b: readonly number[]] => {
  const batch = drawBatch(draw)
  const [only, which] = [draw.integer(0, 2), draw.boolean()]
  if (only > 0) return [batch, batch]
  return which ? [batch, []] : [batch.map(() => 1), batch]
}

// ---- triangularSolve

const triangularSolveOp: Op<Triangle> = defineOp<Triangle>({
  name: 'triangularSolve',
  doc: 'Solves op(A)·X = B, or X·op(A) = B, for a triangular A.',
  infer: ({ leftSide }, types) => inferSolution('triangularSolve', types, leftSide),
  lower: (triangle, types) => routine({ name: 'triangularSolve', ...triangle }, types),
  differentiation: {
    rule: 'jvp',
    jvp: (triangle, [a, b], [da = null, db = null], [x]) => {
      const product = da === null ? null : multiplied(triangle, da, x as Tensor)
      const rest = difference(db, product)
      return [rest === null || b === undefined ? null : bind1(triangularSolveOp, triangle, a as Tensor, rest)]
    },
    transpose: (triangle, ct, [a, b], types) => {
      const transposed = { ...triangle, transpose: !triangle.transpose }
      const shape = types[1]?.shape ?? []
      return [null, b === null ? sumTo(shape)(bind1(triangularSolveOp, transposed, a as Tensor, ct)) : null]
    },
  },
  batch: (triangle, args, batched) => [bind1(triangularSolveOp, triangle, ...alignBatch(args, batched))],
  sample: draw => {
    const [batchA, batchB] = drawBatches(draw)
    const [n, k] = [draw.integer(0, 3), draw.integer(1, 2)]
    const [lower, transpose, unitDiagonal, leftSide] = [1, 2, 3, 4].map(() => draw.boolean()) as [
      boolean,
      boolean,
      boolean,
      boolean,
    ]
    const a = draw.tensor([...batchA, n, n], [[0.5, 1.5]])
    const b = draw.tensor([...batchB, ...(leftSide ? [n, k] : [k, n])])
    return { params: { lower, transpose, unitDiagonal, leftSide }, args: [a, b] }
  },
  invalid: draw => ({
    params: { lower: true, transpose: false, unitDiagonal: false, leftSide: true },
    args: [draw.tensor([2, 2]), draw.tensor([3, 1])],
  }),
})

/** op(dA)·X, or X·op(dA), where of dA only the triangle counts that is read. */
const multiplied = ({ lower, transpose, unitDiagonal, leftSide }: Triangle, da: Tensor, x: Tensor): Tensor => {
  const skipped = unitDiagonal ? 1 : 0
  const read = lower ? lowerPart(da, -skipped) : upperPart(da, skipped)
  const op = transpose ? (matrixTranspose(read) as Tensor) : read
  return leftSide ? matmul(op, x) : matmul(x, op)
}

/** Options of `triangularSolve`. */
export type TriangularOptions<Left extends boolean = boolean> = {
  readonly lower?: boolean
  readonly transpose?: boolean
  readonly unitDiagonal?: boolean
  readonly leftSide?: Left
}

type SideOf<Left> = Left extends false ? 'right' : 'left'

interface SolvingTriangular {
  <const Left extends boolean = true>(
    options: TriangularOptions<Left> & NotTensor,
  ): <A extends TensorLike, B extends TensorLike>(
    a: Check<Square<'triangularSolve', ShapeOf<A>>, A>,
    b: Check<Solution<'triangularSolve', ShapeOf<A>, ShapeOf<B>, SideOf<Left>>, B>,
  ) => Tensor<Resolved<Solution<'triangularSolve', ShapeOf<A>, ShapeOf<B>, SideOf<Left>>>>
  <A extends TensorLike, B extends TensorLike>(
    a: Check<Square<'triangularSolve', ShapeOf<A>>, A>,
    b: Check<Solution<'triangularSolve', ShapeOf<A>, ShapeOf<B>>, B>,
  ): Tensor<Resolved<Solution<'triangularSolve', ShapeOf<A>, ShapeOf<B>>>>
}

const triangleOf = (options: TriangularOptions): Triangle => {
  const read = (name: keyof Triangle, otherwise: boolean): boolean =>
    flag('triangularSolve', name, options[name], otherwise)
  return {
    lower: read('lower', false),
    transpose: read('transpose', false),
    unitDiagonal: read('unitDiagonal', false),
    leftSide: read('leftSide', true),
  }
}

const solveTriangle = (triangle: Triangle, a: TensorLike, b: TensorLike): Tensor => {
  const [x, y] = lift('triangularSolve', [a, b]) as readonly [Tensor, Tensor]
  return withVectors('triangularSolve', x, y, { square: true, leftSide: triangle.leftSide }, rhs =>
    bind1(triangularSolveOp, triangle, x, rhs),
  )
}

/**
 * X with op(A)·X = B for a triangular A: [..., n, n] and b: [..., n, k] or a vector [n]; leading axes broadcast. Of A the upper
 * triangle is read, or with `lower` the lower one, and nothing else of it. `transpose` makes op(A) its transpose; `unitDiagonal`
 * takes the diagonal as ones; `leftSide: false` solves X·op(A) = B for b: [..., k, n]. Defaults are those of scipy's
 * solve_triangular; in jax.lax.linalg.triangular_solve, `left_side` is false by default. A zero on the diagonal gives ±∞ or NaN.
 * @throws ShapeError for matrices that are not square, or sizes that differ; DtypeError for int32 and bool
 * @example
 * triangularSolve({ lower: true })(tensor([[2, 0], [1, 4]]), tensor([2, 9])) // [1, 2]
 */
export const triangularSolve: SolvingTriangular = primitive(triangularSolveOp, ((
  arg: TensorLike | TriangularOptions,
  b?: TensorLike,
) => {
  if (isData(arg)) return solveTriangle(triangleOf({}), arg, b as TensorLike)
  const triangle = triangleOf(
    requireOptions('triangularSolve', arg, ['lower', 'transpose', 'unitDiagonal', 'leftSide']),
  )
  if (b !== undefined)
    return fail(valueError('triangularSolve', 'takes its data in a second call: triangularSolve(options)(a, b)'))
  return (x: TensorLike, y: TensorLike) => solveTriangle(triangle, x, y)
}) as SolvingTriangular)

// ---- solve

const solveOp: Op<None> = defineOp<None>({
  name: 'solve',
  doc: 'Solves A·X = B.',
  infer: (_params, types) => inferSolution('solve', types),
  lower: (_params, types) => routine({ name: 'solve' }, types),
  differentiation: {
    rule: 'jvp',
    jvp: (params, [a], [da = null, db = null], [x]) => {
      const rest = difference(db, da === null ? null : matmul(da, x as Tensor))
      return [rest === null ? null : bind1(solveOp, params, a as Tensor, rest)]
    },
    transpose: (params, ct, [a, b], types) => {
      if (b !== null) return [null, null]
      const x = bind1(solveOp, params, matrixTranspose(a as Tensor) as Tensor, ct)
      return [null, sumTo(types[1]?.shape ?? [])(x)]
    },
  },
  batch: (params, args, batched) => [bind1(solveOp, params, ...alignBatch(args, batched))],
  sample: draw => {
    const [batchA, batchB] = drawBatches(draw)
    const [n, k] = [draw.integer(0, 3), draw.integer(1, 2)]
    return { params: {}, args: [drawRegular(draw, batchA, n), draw.tensor([...batchB, n, k])] }
  },
  invalid: draw => ({ params: {}, args: [draw.tensor([2, 3]), draw.tensor([2, 1])] }),
})

const solveFor = (op: string, a: Tensor, b: Tensor): Tensor =>
  withVectors(op, a, b, { square: true }, rhs => bind1(solveOp, {}, a, rhs))

/**
 * X with A·X = B: a: [..., n, n] and b: [..., n, k] or a vector [n]; leading axes broadcast. As in NumPy 2, b is a vector only if it
 * has one axis: for a batch of vectors use `vmap`, or give them an axis more. By LU decomposition with partial pivoting. Where A is
 * singular, the result is ±∞ or NaN, as in JAX, where NumPy throws: under a transformation there may be no value to check.
 * @throws ShapeError for matrices that are not square, or sizes that differ; DtypeError for int32 and bool
 * @example
 * solve(tensor([[2, 1], [1, 1]]), tensor([5, 3])) // [2, 1]
 */
export const solve = primitive(
  solveOp,
  <A extends TensorLike, B extends TensorLike>(
    a: Check<Square<'solve', ShapeOf<A>>, A>,
    b: Check<Solution<'solve', ShapeOf<A>, ShapeOf<B>>, B>,
  ) => {
    const [x, y] = lift('solve', [a as TensorLike, b as TensorLike])
    return solveFor('solve', x as Tensor, y as Tensor) as Tensor<Resolved<Solution<'solve', ShapeOf<A>, ShapeOf<B>>>>
  },
)

// ---- inv and matrixPower

const inverse = (op: string, a: Tensor): Tensor => {
  orThrow(matrices(op, [a], { square: true }))
  return solveFor(op, a, identityLike(a))
}

/**
 * The inverse of matrices [..., n, n]. For a system, `solve` does less work and is more exact. A singular matrix gives ±∞ or NaN, as
 * in JAX.
 * @throws ShapeError for matrices that are not square; DtypeError for int32 and bool
 * @example
 * inv(tensor([[2, 1], [1, 1]])) // [[1, -1], [-1, 2]]
 */
export const inv = composite(
  {
    name: 'inv',
    doc: 'The inverse of square matrices.',
    apply: (_params: None, [a]) => inverse('inv', a as Tensor),
    sample: draw => ({ params: {}, args: [drawRegular(draw, drawBatch(draw), draw.integer(0, 3))] }),
    invalid: draw => ({ params: {}, args: [draw.tensor([2, 3])] }),
  },
  <A extends TensorLike>(a: Check<Square<'inv', ShapeOf<A>>, A>) =>
    inverse('inv', liftOne('inv', a as TensorLike)) as Tensor<Resolved<Square<'inv', ShapeOf<A>>>>,
)

/** aⁿ for n ≥ 1, by squaring. */
const positivePower = (n: number, a: Tensor): Tensor => {
  if (n === 1) return a
  const half = positivePower(Math.floor(n / 2), a)
  const squared = matmul(half, half)
  return n % 2 === 0 ? squared : matmul(squared, a)
}

const exponent = (n: number): number =>
  Number.isSafeInteger(n)
    ? n
    : fail(valueError('matrixPower', `takes its exponent first, a whole number, got ${describe(n)}`))

const powerOf = (n: number, a: Tensor): Tensor => {
  orThrow(matrices('matrixPower', [a], { square: true }))
  if (n === 0) return broadcastTo(a.shape)(identityLike(a))
  return n > 0 ? positivePower(n, a) : positivePower(-n, inverse('matrixPower', a))
}

/**
 * Square matrices to a whole power, by repeated squaring; power 0 is the identity, a negative power is one of the inverse.
 * @throws ValueError for an exponent that is no whole number; ShapeError for matrices that are not square; DtypeError for int32
 * @example
 * matrixPower(3)(tensor([[1, 1], [0, 1]])) // [[1, 3], [0, 1]]
 */
export const matrixPower = composite(
  {
    name: 'matrixPower',
    doc: 'Square matrices to a whole power.',
    apply: ({ n }: { readonly n: number }, [a]) => powerOf(n, a as Tensor),
    sample: draw => ({
      params: { n: draw.integer(-2, 4) },
      args: [drawRegular(draw, drawBatch(draw), draw.integer(0, 2))],
    }),
    invalid: draw => ({ params: { n: 2 }, args: [draw.tensor([2, 3])] }),
  },
  (n: number) => {
    const power = exponent(n)
    return <A extends TensorLike>(a: Check<Square<'matrixPower', ShapeOf<A>>, A>) =>
      powerOf(power, liftOne('matrixPower', a as TensorLike)) as Tensor<Resolved<Square<'matrixPower', ShapeOf<A>>>>
  },
)
