/**
 * threefry-2x32: a hash of a counter under a key, from which all random numbers come.
 *
 * Layer: ops. 32-bit words are held as int32, whose arithmetic wraps. Read first: core/threefry.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { apply, type Expr, load, mapNest } from '../core/kernel.ts'
import { broadcastShapes } from '../core/shape.ts'
import { bind } from '../core/trace.ts'
import type { Op, Tensor } from '../core/types.ts'
import { commonDtype, defineOp, first, primitive } from './define.ts'
import { alignBatch } from './elementwise.ts'
import { broadcastIndex, broadcastTo } from './movement.ts'

const threefryOp: Op<Record<string, never>> = defineOp({
  name: 'threefry2x32',
  doc: 'Hashes a counter of two words under a key of two words.',
  infer: (_params, types) =>
    pipe(
      commonDtype('threefry2x32', types, 'integer'),
      E.chain(dtype =>
        pipe(
          broadcastShapes('threefry2x32', ...types.map(t => t.shape)),
          E.map(shape => [
            { shape, dtype },
            { shape, dtype },
          ]),
        ),
      ),
    ),
  lower: (_params, types, outs) => {
    const target = first(outs).shape
    const words = types.map(({ shape, dtype }, i) => load(i, dtype, shape, broadcastIndex(shape, target)))
    const [k0, ...others] = words as unknown as readonly [Expr, Expr, Expr, Expr]
    return mapNest(target, apply('threefry0', k0, ...others), apply('threefry1', k0, ...others))
  },
  differentiation: { rule: 'constant' },
  batch: (params, args, batched, n) => {
    const outs = bind(threefryOp, params, ...alignBatch(args, batched))
    return outs.map(y => (y.shape[0] === n ? y : broadcastTo([n, ...y.shape.slice(1)])(y)))
  },
  sample: draw => {
    const shape = draw.shape({ maxRank: 2 })
    const word = (s: readonly number[]): Tensor => draw.integers(s, -2147483648, 2147483647)
    return { params: {}, args: [word([]), word([]), word(shape), word(shape)] }
  },
  invalid: draw => ({ params: {}, args: [draw.tensor([]), draw.tensor([]), draw.tensor([]), draw.tensor([])] }),
})

/** The two words that key (k0, k1) makes of counter (c0, c1); all int32, and they broadcast. */
export const threefry2x32 = primitive(
  threefryOp,
  (k0: Tensor, k1: Tensor, c0: Tensor, c1: Tensor): readonly [Tensor, Tensor] => {
    const [x, y] = bind(threefryOp, {}, k0, k1, c0, c1)
    return [x as Tensor, y as Tensor]
  },
)
