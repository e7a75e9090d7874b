/**
 * threefry-2x32: a hash of a counter under a key, from which all random numbers come.
 *
 * Layer: ops. Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3"; 20 rounds. 32-bit words are
 * held as int32, whose arithmetic wraps.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { apply, type Expr, like, load, mapNest } from '../core/kernel.ts'
import { broadcastShapes } from '../core/shape.ts'
import { bind } from '../core/trace.ts'
import type { Op, Tensor } from '../core/types.ts'
import { commonDtype, defineOp, first, primitive } from './define.ts'
import { alignBatch } from './elementwise.ts'
import { broadcastIndex, broadcastTo } from './movement.ts'

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const
const PARITY = 0x1bd11bda

const rotateLeft = (x: Expr, by: number): Expr =>
  apply('bitOr', apply('shiftLeft', x, like(x, by)), apply('shiftRightLogical', x, like(x, 32 - by)))

/** Twenty rounds; after every four the key is mixed in. */
const hash = (k0: Expr, k1: Expr, c0: Expr, c1: Expr): readonly [Expr, Expr] => {
  const k2 = apply('bitXor', apply('bitXor', k0, k1), like(k0, PARITY))
  const keys = [k0, k1, k2] as const
  const key = (i: number): Expr => keys[i % 3] ?? k0
  let x = apply('add', c0, k0)
  let y = apply('add', c1, k1)
  for (let group = 0; group < 5; group++) {
    for (const by of ROTATIONS[group % 2] ?? []) {
      x = apply('add', x, y)
      y = apply('bitXor', rotateLeft(y, by), x)
    }
    x = apply('add', x, key(group + 1))
    y = apply('add', apply('add', y, key(group + 2)), like(y, group + 1))
  }
  return [x, y]
}

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
    return mapNest(target, ...hash(...(words as unknown as readonly [Expr, Expr, Expr, Expr])))
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
