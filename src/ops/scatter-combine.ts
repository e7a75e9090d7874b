/**
 * Scatters that multiply, and scatters that keep the larger or the smaller.
 *
 * Layer: ops. All updates of a position take part, whatever their order. Read first: scatter.ts.
 */
import { orThrow } from '../core/errors.ts'
import { dim, type Shape, sizeOf, stridesOf } from '../core/shape.ts'
import { tensor } from '../core/tensor.ts'
import { bind1 } from '../core/trace.ts'
import type { Domain, Op, Tensor } from '../core/types.ts'
import { eq, ge, indicator, logicalAnd, lt, where } from './comparison.ts'
import { onesLike, zeros } from './creation.ts'
import { zerosOf } from './define.ts'
import { add, mul } from './elementwise.ts'
import { reciprocal } from './math.ts'
import { reshape } from './movement.ts'
import { all, sum } from './reduction.ts'
import { type Batch, gatherOp, layoutOf, scatterAddOp, scattering, scatterOp, scatterSetOp } from './scatter.ts'
import { concat, slice } from './slicing.ts'
import { argsort } from './sorting.ts'

// ---- products

/** The number of each position in row-major order; -1 outside. */
const flatPositions = (indices: Tensor, indexed: Shape): Tensor => {
  const int = (values: Shape): Tensor => tensor(values, { dtype: 'int32', shape: [indexed.length] })
  const inside = all({ axis: -1 })(logicalAnd(ge(indices, 0), lt(indices, int(indexed))))
  return where(inside, sum({ axis: -1 })(mul(indices, int(stridesOf(indexed)))), -1)
}

/**
 * The tangents t of products of x along runs of equal keys in axis 1; at the end of each run stands that of the whole run.
 * Every step multiplies two neighbouring products of `span` factors, so that nothing is divided by and zeros are harmless.
 */
const runTangents = (keys: Tensor, x: Tensor, t: Tensor, span = 1): Tensor => {
  const n = dim(keys.shape, 1)
  if (span >= n) return t
  const early = slice([null, [0, n - span]])
  const late = slice([null, [span, n]])
  const same = eq(early(keys), late(keys))
  const joined = (v: Tensor, product: Tensor): Tensor =>
    concat({ axis: 1 })([slice([null, [0, span]])(v), where(same, product, late(v))])
  const product = mul(early(x), late(x))
  const tangent = add(mul(early(t), late(x)), mul(early(x), late(t)))
  return runTangents(keys, joined(x, product), joined(t, tangent), 2 * span)
}

/** The tangent of the product of the updates at each position of x; 0 where there is none. */
const productTangents = (batch: number, x: Tensor, indices: Tensor, updates: Tensor, t: Tensor): Tensor => {
  const layout = orThrow(layoutOf('scatterMul', batch, x, indices))
  const [b, n, rest] = [sizeOf(layout.batch), sizeOf(layout.points), sizeOf(layout.rest)]
  const keys = reshape([b, n])(flatPositions(indices, layout.indexed))
  const order = reshape([b, n, 1])(argsort({ axis: 1 })(keys))
  const sorted = (v: Tensor, size: number): Tensor =>
    bind1(gatherOp, { batch: 1, fill: 'zero' }, reshape([b, n, size])(v), order)
  const runs = sorted(keys, 1)
  const tangents = runTangents(runs, sorted(updates, rest), sorted(t, rest))
  const start = zeros([b, sizeOf(layout.indexed), rest], { dtype: x.dtype })
  // The last of a run is the one that stays.
  return reshape(x.shape)(bind1(scatterSetOp, { batch: 1 }, start, runs, tangents))
}

const scatterMulOp: Op<Batch> = scatterOp({
  name: 'scatterMul',
  doc: 'Multiplies elements, or slices, at computed positions.',
  combine: 'prod',
  accepts: 'number',
  differentiation: {
    rule: 'jvp',
    jvp: ({ batch }, [operand, at, factors], [dx = null, , du = null]) => {
      const [x, indices, updates] = [operand as Tensor, at as Tensor, factors as Tensor]
      const inX = dx && mul(dx, bind1(scatterMulOp, { batch }, onesLike(x), indices, updates))
      const inUpdates = du && mul(x, productTangents(batch, x, indices, updates, du))
      return [inX && inUpdates ? add(inX, inUpdates) : (inX ?? inUpdates)]
    },
  },
})

/**
 * Multiplies x by updates at positions laid out as in `gather`; at a position that comes more than once, by all of them.
 * Derivatives are exact with any number of zeros. Outside, dropped.
 * @throws DtypeError for indices that are not int32; ShapeError when shapes do not fit
 * @example
 * scatterMul()(tensor([1, 2, 3]), tensor([[2], [0], [2]], { dtype: 'int32' }), tensor([7, 8, 9])) // [8, 2, 189]
 */
export const scatterMul = scattering(scatterMulOp)

// ---- extremes

/** Operand and updates away from each other. */
export const apart: { readonly [of in 'operand' | 'updates']: Domain } = {
  operand: [
    [-3, -0.1],
    [0.1, 0.9],
    [1.1, 2],
  ],
  updates: [
    [-0.05, 0.05],
    [0.95, 1.05],
    [2.1, 3],
  ],
}

const extremeOp = (name: string, doc: string, combine: 'max' | 'min'): Op<Batch> =>
  scatterOp({
    name,
    doc,
    combine,
    accepts: 'number',
    values: (draw, shape, of) => draw.tensor(shape, apart[of], { distinct: true }),
    differentiation: {
      rule: 'jvp',
      // What reaches the extreme, operand or update, has an equal share.
      jvp: ({ batch }, [operand, at, values], [dx = null, , du = null], [out]) => {
        const [x, indices, updates, y] = [operand as Tensor, at as Tensor, values as Tensor, out as Tensor]
        const there = bind1(gatherOp, { batch, fill: 'nan' }, y, indices)
        const reached = [indicator(eq(x, y), x), indicator(eq(updates, there), x)] as const
        const share = reciprocal(bind1(scatterAddOp, { batch }, reached[0], indices, reached[1]))
        const kept = dx === null ? zerosOf(x) : mul(reached[0], dx)
        const put = du === null ? zerosOf(updates) : mul(reached[1], du)
        return [mul(share, bind1(scatterAddOp, { batch }, kept, indices, put))]
      },
    },
  })

/**
 * The larger of x and the updates at positions laid out as in `gather`; NaN if there is one. What ties, x among it, shares the
 * derivative equally. Outside, dropped.
 * @throws DtypeError for indices that are not int32; ShapeError when shapes do not fit
 * @example
 * scatterMax()(tensor([1, 2, 3]), tensor([[0], [0], [2]], { dtype: 'int32' }), tensor([7, 8, 0])) // [8, 2, 3]
 */
export const scatterMax = scattering(
  extremeOp('scatterMax', 'Keeps the larger of elements, or slices, at computed positions.', 'max'),
)

/**
 * The smaller of x and the updates at positions laid out as in `gather`; NaN if there is one. What ties, x among it, shares the
 * derivative equally. Outside, dropped.
 * @throws DtypeError for indices that are not int32; ShapeError when shapes do not fit
 * @example
 * scatterMin()(tensor([1, 2, 3]), tensor([[0], [0], [2]], { dtype: 'int32' }), tensor([7, 8, 0])) // [1, 2, 0]
 */
export const scatterMin = scattering(
  extremeOp('scatterMin', 'Keeps the smaller of elements, or slices, at computed positions.', 'min'),
)
