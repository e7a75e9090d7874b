/**
 * Control flow and custom rules as subjects of the laws, each on a function that needs all of it: and with the ops, everything
 * that the tests, the documentation and `cotangent check` walk.
 *
 * Layer: transform.
 */
import { isTensor } from '../core/tensor.ts'
import { treeLeaves } from '../core/tree.ts'
import type { Draw, Params, Sample, Tensor } from '../core/types.ts'
import { sigmoid } from '../ops/activations.ts'
import { lt } from '../ops/comparison.ts'
import type { Subject } from '../ops/define.ts'
import { add, mul } from '../ops/elementwise.ts'
import { type Entry, registry as ops } from '../ops/index.ts'
import { cos, exp, log1p, sin, tanh } from '../ops/math.ts'
import { sum } from '../ops/reduction.ts'
import { associativeScan } from './associative.ts'
import { call, checkpoint } from './call.ts'
import { cond, switchCase } from './cond.ts'
import { customJvp, customVjp } from './custom.ts'
import { foriLoop, scan } from './scan.ts'
import { whileLoop } from './while.ts'

const subject = <P extends Params>(
  name: string,
  doc: string,
  apply: (params: P, args: readonly Tensor[]) => unknown,
  sample: (draw: Draw) => Sample<P>,
  modes?: Subject['modes'],
): Entry => ({
  name,
  doc,
  family: 'control flow and custom rules',
  op: null,
  refuses: true,
  ...(modes === undefined ? {} : { modes }),
  apply: (params, args) => {
    const y = apply(params as P, args)
    return isTensor(y) ? [y] : treeLeaves(y)
  },
  sample,
})

type None = Record<string, never>
const one = (xs: readonly Tensor[], i: number): Tensor => xs[i] as Tensor

/** Three tensors of one shape. */
const alike = (draw: Draw): Sample<None> => {
  const shape = draw.shape({ maxRank: 2, maxSize: 3 })
  return { params: {}, args: [draw.tensor(shape), draw.tensor(shape), draw.tensor(shape)] }
}

/** A carry, slices of its shape, and a weight that the body captures. */
const recurrent = (draw: Draw): Sample<{ readonly reverse: boolean }> => {
  const shape = draw.shape({ maxRank: 1, maxSize: 2 })
  const steps = draw.integer(0, 3)
  return {
    params: { reverse: draw.boolean() },
    args: [draw.tensor(shape), draw.tensor([steps, ...shape]), draw.tensor(shape)],
  }
}

const softplus = customJvp(
  (x: Tensor) => log1p(exp(x)),
  ([x], [dx]) => mul(dx, sigmoid(x)),
)
const product = customVjp(
  (x: Tensor, y: Tensor) => sin(mul(x, y)),
  (x, y) => [sin(mul(x, y)), { x, y }],
  ({ x, y }, ct) => {
    const slope = mul(ct, cos(mul(x, y)))
    return [mul(slope, y), mul(slope, x)]
  },
)

/** Control flow, and functions with rules of their own. */
export const controlFlow: readonly Entry[] = [
  subject(
    'call',
    'A function as one op.',
    (_: None, [x, y, w]) =>
      call((a: Tensor, b: Tensor) => [mul(sin(a), add(b, w as Tensor)), a] as const)(x as Tensor, y as Tensor),
    alike,
  ),
  subject(
    'checkpoint',
    'A function that is run again for its derivative.',
    (_: None, [x, y, w]) =>
      checkpoint((a: Tensor, b: Tensor) => [mul(sin(a), add(b, w as Tensor)), a] as const)(x as Tensor, y as Tensor),
    alike,
  ),
  subject(
    'cond',
    'One of two functions, by a predicate.',
    (_: None, xs) =>
      cond(
        (a: Tensor) => [mul(sin(a), one(xs, 2)), a] as const,
        (a: Tensor) => [a, mul(a, a)] as const,
      )(one(xs, 0), one(xs, 1)),
    draw => {
      const { args } = alike(draw)
      return { params: {}, args: [draw.booleans([]), ...args.slice(1)] }
    },
  ),
  subject(
    'switchCase',
    'One of several functions, by an index.',
    (_: None, xs) =>
      switchCase([(a: Tensor) => sin(a), (a: Tensor) => mul(a, one(xs, 2)), (a: Tensor) => mul(a, sum(one(xs, 2)))])(
        one(xs, 0),
        one(xs, 1),
      ),
    draw => {
      const { args } = alike(draw)
      return { params: {}, args: [draw.integers([], -1, 3), ...args.slice(1)] }
    },
  ),
  subject(
    'scan',
    'A step repeated over slices.',
    ({ reverse }: { readonly reverse: boolean }, [h0, xs, w]) =>
      scan(
        ([h, n]: readonly [Tensor, Tensor], x: Tensor) => {
          const next = tanh(add(mul(h, w as Tensor), x))
          return [[next, add(n, x)] as const, { y: mul(next, h), x }] as const
        },
        { reverse },
      )([h0 as Tensor, h0 as Tensor], xs as Tensor),
    recurrent,
  ),
  subject(
    'foriLoop',
    'A step repeated a number of times.',
    ({ steps }: { readonly steps: number }, [x, w]) =>
      foriLoop(1, 1 + steps, (_, h: Tensor) => tanh(mul(h, w as Tensor)))(x as Tensor),
    draw => {
      const shape = draw.shape({ maxRank: 1, maxSize: 3 })
      return { params: { steps: draw.integer(0, 3) }, args: [draw.tensor(shape), draw.tensor(shape)] }
    },
  ),
  subject(
    'whileLoop',
    'A step repeated while a predicate holds.',
    (_: None, [x, w]) =>
      whileLoop(
        ([, n]: readonly [Tensor, Tensor]) => lt(n, 3.5),
        ([h, n]) => [tanh(mul(h, w as Tensor)), add(n, 1)] as const,
      )([x as Tensor, sum(mul(x as Tensor, 0))]),
    draw => {
      const shape = draw.shape({ maxRank: 1, maxSize: 3 })
      return { params: {}, args: [draw.tensor(shape), draw.tensor(shape)] }
    },
    'forward',
  ),
  subject(
    'associativeScan',
    'All prefixes of an associative operation.',
    ({ reverse }: { readonly reverse: boolean }, [a, b]) =>
      // Composition of x ↦ a·x + b.
      associativeScan(
        (f: { readonly a: Tensor; readonly b: Tensor }, g) => ({ a: mul(f.a, g.a), b: add(mul(f.b, g.a), g.b) }),
        { reverse },
      )({ a: a as Tensor, b: b as Tensor }),
    draw => {
      const shape = draw.shape({ minRank: 1, maxRank: 2, maxSize: 5 })
      return { params: { reverse: draw.boolean() }, args: [draw.tensor(shape), draw.tensor(shape)] }
    },
  ),
  subject(
    'customJvp',
    'A function with a forward rule of its own.',
    (_: None, [x]) => softplus(x as Tensor),
    draw => ({
      params: {},
      args: [draw.tensor(draw.shape())],
    }),
  ),
  subject(
    'customVjp',
    'A function with a reverse rule of its own.',
    (_: None, [x, y]) => product(x as Tensor, y as Tensor),
    draw => ({ params: {}, args: alike(draw).args.slice(1) }),
    'reverse',
  ),
]

/** All that the laws are tried on. */
export const registry: readonly Entry[] = [...ops, ...controlFlow]
