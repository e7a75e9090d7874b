/**
 * Random whole programs: tens of ops of every kind on tensors of many shapes, sizes 0 and 1 included, of several dtypes. What laws
 * of compilers and engines are tried on. In float64 the reference backend rounds nothing on store, so that fusing must not
 * change a bit.
 */
import * as fc from 'fast-check'
import { CotangentError } from '../../src/core/errors.ts'
import type { Tensor } from '../../src/core/types.ts'
import * as C from '../../src/index.ts'

type Float = 'float32' | 'float64'

/** A tensor filled by a rule; deterministic and uneven. */
const wavy = (shape: readonly number[], phase: number, dtype: Float): Tensor =>
  C.tensor(
    Array.from({ length: size(shape) }, (_, i) => Math.sin(1.7 * i + phase) + 0.3 * Math.cos(0.9 * i * i + phase)),
    { shape, dtype },
  )

/** Choices of a step: whole numbers, taken modulo what there is to choose from. */
type Choice = { readonly step: number; readonly x: number; readonly y: number; readonly z: number; readonly n: number }

/** An op on values that are there. `x` is a float tensor, `y` another, `z` any; `n` chooses among variants. */
type Step = (values: {
  readonly x: Tensor
  readonly y: Tensor
  readonly z: Tensor
  readonly n: number
}) => Tensor | readonly Tensor[]

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
const axisOf = (x: Tensor, n: number): number => n % Math.max(1, x.shape.length)
/** y at the shape of x, cut or repeated. */
const fitted = (y: Tensor, shape: readonly number[]): Tensor => {
  const wanted = size(shape)
  const flat = C.reshape([-1])(y)
  const n = size(y.shape)
  if (n === 0) return C.zeros(shape, { dtype: y.dtype })
  const long = n >= wanted ? flat : C.tile([Math.ceil(wanted / n)])(flat)
  return C.reshape(shape)(C.slice([[0, wanted]])(long))
}
const factorisations = (n: number): readonly (readonly number[])[] => [
  [n],
  [1, n],
  [n, 1],
  ...[2, 3].flatMap(d =>
    n % d === 0
      ? [
          [d, n / d],
          [n / d, d],
          [n / d, 1, d],
        ]
      : [],
  ),
]
const matrix = (x: Tensor): Tensor => C.reshape([-1, Math.max(1, x.shape.at(-1) ?? 1)])(x)
const float = (x: Tensor, like: Tensor): Tensor => C.cast(like.dtype)(x)
const bounded = C.tanh

/** Ops whose results move little when their arguments do. */
const smooth: { readonly [name: string]: Step } = {
  add: ({ x, y }) => C.add(x, fitted(y, x.shape)),
  sub: ({ x, y }) => C.sub(C.mul(x, 0.5), fitted(y, x.shape)),
  mul: ({ x, y }) => C.mul(x, bounded(fitted(y, x.shape))),
  div: ({ x, y }) => C.div(x, C.add(2, C.square(fitted(y, x.shape)))),
  tanh: ({ x }) => C.tanh(x),
  sin: ({ x }) => C.sin(x),
  exp: ({ x }) => C.exp(bounded(x)),
  relu: ({ x }) => C.relu(x),
  abs: ({ x }) => C.abs(x),
  neg: ({ x }) => C.neg(C.neg(x)),
  scaled: ({ x, n }) => C.mul(x, [1, -0.5, 0.25][n % 3] as number),
  outer: ({ x, y }) => C.add(C.reshape([-1, 1])(x), C.slice([[0, 3]])(C.reshape([-1])(bounded(y)))),
  broadcast: ({ x, y, n }) => {
    const axis = axisOf(x, n)
    const shape = x.shape.map((m, i) => (i === axis ? 1 : m))
    return C.mul(x, bounded(fitted(y, shape)))
  },
  stretch: ({ x, n }) => C.broadcastTo([1 + (n % 3), ...x.shape])(x),
  transpose: ({ x }) => C.transpose(x),
  rotate: ({ x, n }) => (x.shape.length === 0 ? x : C.moveAxis(0, axisOf(x, n))(x)),
  reshape: ({ x, n }) => {
    const all = factorisations(size(x.shape))
    return C.reshape(all[n % all.length] as readonly number[])(x)
  },
  slice: ({ x, n }) =>
    C.slice(x.shape.map((m, i) => (i === axisOf(x, n) ? [n % 2, Math.max(1, m - (n % 3)), 1 + (n % 2)] : null)))(x),
  pad: ({ x, n }) =>
    C.pad({ widths: x.shape.map((_, i) => [(n + i) % 2, n % 3 === 0 ? 1 : 0] as const), value: 0.5 })(x),
  flip: ({ x, n }) => C.flip({ axis: axisOf(x, n) })(x),
  concat: ({ x, y, n }) => C.concat({ axis: axisOf(x, n) })([x, fitted(y, x.shape), bounded(x)]),
  sum: ({ x, n }) => C.mul(C.sum({ axis: axisOf(x, n), keepDims: n % 2 === 0 })(x), 0.3),
  sumAll: ({ x }) => C.tanh(C.sum(x)),
  mean: ({ x, n }) =>
    C.sub(
      x,
      C.mean({ axis: axisOf(x, n), keepDims: true })(
        C.add(x, C.zeros([1, ...x.shape.slice(1)], { dtype: x.dtype as Float })),
      ),
    ),
  max: ({ x, n }) => C.max({ axis: axisOf(x, n), keepDims: n % 2 === 1 })(x),
  softmax: ({ x, n }) => C.softmax({ axis: axisOf(x, n) })(x),
  logsumexp: ({ x, n }) => C.sub(x, C.logsumexp({ axis: axisOf(x, n), keepDims: true })(x)),
  variance: ({ x, n }) => C.variance({ axis: axisOf(x, n) })(x),
  matmul: ({ x, y }) => {
    const a = matrix(x)
    const k = a.shape[1] as number
    return C.tanh(C.matmul(a, fitted(y, [k, 3])))
  },
  dense: ({ x, y, z }) => {
    const a = matrix(x)
    const k = a.shape[1] as number
    const b = z.dtype === x.dtype ? fitted(z, [4]) : C.zeros([4], { dtype: x.dtype as Float })
    return C.relu(C.add(C.matmul(a, fitted(y, [k, 4])), bounded(b)))
  },
  update: ({ x, y }) => {
    const a = fitted(y, [3, size(x.shape)])
    const g = C.matmul(C.transpose(a), C.ones([3, 2], { dtype: x.dtype as Float }))
    const v = C.add(C.mul(0.9, fitted(x, g.shape)), g)
    return [v, C.sub(fitted(x, g.shape), C.mul(0.1, v))]
  },
  conv: ({ x, y, n }) => {
    const image = fitted(x, [1, 4, 3, 2])
    const w = fitted(bounded(y), [2, 3, 2, 2])
    return C.tanh(C.conv2d({ padding: n % 2 === 0 ? 'same' : 1, strides: 1 + (n % 2) })(image, w))
  },
  pool: ({ x }) => C.maxPool2d({ window: 2 })(fitted(x, [1, 4, 4, 1])),
  cumsum: ({ x, n }) => C.mul(C.cumsum({ axis: axisOf(x, n) })(bounded(x)), 0.3),
  gather: ({ x, z, n }) => {
    const axis = axisOf(x, n)
    const indices =
      z.dtype === 'int32' ? C.mod(z, Math.max(1, x.shape[axis] ?? 1)) : C.tensor([0, -1], { dtype: 'int32' })
    return C.take({ axis })(x, C.slice([[0, 3]])(C.reshape([-1])(indices)))
  },
  scatter: ({ x, y }) => {
    const flat = C.reshape([-1])(x)
    const n = Math.max(1, flat.shape[0] as number)
    const index = C.tensor([0, n - 1, 0], { shape: [3, 1], dtype: 'int32' })
    return C.scatterAdd()(flat, index, bounded(fitted(y, [3])))
  },
  mask: ({ x, y }) => C.where(C.tensor([true, false, true, true]), fitted(x, [2, 4]), fitted(y, [2, 4])),
  call: ({ x, y }) => C.call((a: Tensor, b: Tensor) => C.sub(C.sin(a), C.mul(b, 0.2)))(x, fitted(y, x.shape)),
  scan: ({ x, y }) => {
    const [c, ys] = C.scan((carry: Tensor, row: Tensor) => {
      const next = C.tanh(C.add(carry, C.mul(row, fitted(y, [2]))))
      return [next, C.mul(next, 2)] as const
    })(fitted(x, [2]), fitted(y, [3, 2]))
    return [c, ys]
  },
  constantsInScan: ({ x, n }) => {
    const held = C.full(x.shape, 0.25, { dtype: x.dtype as Float })
    const step = (c: Tensor) =>
      [
        C.sub(held, C.mul(c, 0.5)),
        C.concat({ axis: 0 })([C.reshape([-1])(held), C.zeros([n % 3], { dtype: x.dtype as Float })]),
      ] as const
    const [c, rows] = C.scan(step, { length: 2 })(x)
    return [c, rows]
  },
  constantsInLoop: ({ x }) => {
    const a = matrix(x)
    const k = a.shape[1] as number
    return C.foriLoop(0, 2, (_, b: Tensor) => C.tanh(C.matmul(b, C.full([k, k], 0.3, { dtype: x.dtype as Float }))))(a)
  },
  loop: ({ x }) => C.foriLoop(0, 3, (_, a: Tensor) => C.sin(C.add(a, 1)))(x),
}

/** Ops that jump, and those on other dtypes. */
const jumping: { readonly [name: string]: Step } = {
  where: ({ x, y }) => C.where(C.gt(x, 0), x, fitted(y, x.shape)),
  greater: ({ x, y }) => C.gt(x, fitted(y, x.shape)),
  indicator: ({ x, y }) => C.mul(x, float(C.gt(fitted(y, x.shape), 0), x)),
  integers: ({ x }) => C.cast('int32')(C.floor(C.mul(x, 10))),
  backToFloat: ({ x, z }) => C.mul(C.div(float(z, x), 100), 0.5),
  argmax: ({ x, n }) => C.argmax({ axis: axisOf(x, n) })(x),
  round: ({ x }) => C.round(C.mul(x, 2)),
  any: ({ x, n }) => C.any({ axis: axisOf(x, n) })(C.gt(x, 0.5)),
  wrapped: ({ z }) => (z.dtype === 'int32' ? C.add(C.mul(z, 7919), 12345) : C.cast('int32')(z)),
  order: ({ x }) => C.sort(C.reshape([-1])(x)),
  cond: ({ x, y }) =>
    C.cond(
      (a: Tensor) => C.sin(a),
      (a: Tensor) => C.mul(a, 2),
    )(C.gt(C.sum(bounded(y)), 0), x),
  constantsInCond: ({ x, y }) =>
    C.cond(
      (a: Tensor) => C.fullLike(a, 0.5),
      (a: Tensor) => C.add(a, C.fullLike(a, 0.5)),
    )(C.gt(C.sum(bounded(y)), 0), x),
  loopUntil: ({ x }) =>
    C.whileLoop(
      ([, n]: readonly [Tensor, Tensor]) => C.lt(n, 3),
      ([a, n]) => [C.sin(a), C.add(n, 1)] as const,
    )([x, C.tensor(0, { dtype: 'int32' })])[0],
}

/** Elements of one value at most; those of large programs are enough to be kept outside of a plan's frame. */
const MOST_ELEMENTS = { small: 60, large: 1500 } as const

/** A function of tensors with arguments to try it on, and its text for counterexamples. */
export type WholeProgram = {
  readonly f: (...args: readonly Tensor[]) => readonly Tensor[]
  readonly args: readonly Tensor[]
}

const isFloat = (x: Tensor): boolean => x.dtype === 'float32' || x.dtype === 'float64'

/** What a step gives; nothing when its arguments do not fit it. */
const attempt = (step: Step, values: Parameters<Step>[0], most: number): readonly Tensor[] => {
  try {
    const results = step(values)
    const list = Array.isArray(results) ? (results as readonly Tensor[]) : [results as Tensor]
    return list.every(x => size(x.shape) <= most) ? list : []
  } catch (error) {
    if (error instanceof CotangentError) return []
    throw error
  }
}

const runChoices = (
  steps: readonly Step[],
  choices: readonly Choice[],
  kept: number,
  most: number,
  args: readonly Tensor[],
): readonly Tensor[] => {
  const values = [...args]
  for (const { step, x, y, z, n } of choices) {
    const floats = values.filter(isFloat)
    // The first operand is recent, so that programs are deep.
    const recent = floats[floats.length - 1 - (x % Math.min(3, floats.length))] as Tensor
    const other = floats[y % floats.length] as Tensor
    values.push(
      ...attempt(
        steps[step % steps.length] as Step,
        { x: recent, y: other, z: values[z % values.length] as Tensor, n },
        most,
      ),
    )
  }
  return [...values.slice(-3), values[kept % values.length] as Tensor]
}

/** Programs of `least` to `most` ops; those of float32 have no op that jumps, so that their results can be compared within a tolerance. */
export const wholePrograms = ({
  dtype = 'float64',
  least = 3,
  most = 30,
  empty = true,
  sizes = 'small',
}: {
  readonly dtype?: Float
  readonly least?: number
  readonly most?: number
  readonly empty?: boolean
  readonly sizes?: keyof typeof MOST_ELEMENTS
} = {}): fc.Arbitrary<WholeProgram> => {
  const named = Object.entries(dtype === 'float32' ? smooth : { ...smooth, ...jumping })
  const choice = fc.record({
    step: fc.nat(named.length - 1),
    x: fc.nat(8),
    y: fc.nat(40),
    z: fc.nat(40),
    n: fc.nat(11),
  })
  const small = fc.array(empty ? fc.constantFrom(1, 2, 3, 4, 3, 2, 0) : fc.integer({ min: 1, max: 4 }), {
    maxLength: 3,
  })
  const large = fc.constantFrom([257], [300], [16, 17], [31, 9], [4, 9, 8], [20, 20])
  const shape = sizes === 'small' ? small : large
  return fc
    .record({
      choices: fc.array(choice, { minLength: least, maxLength: most }),
      shapes: fc.tuple(shape, shape),
      phase: fc.nat(100),
      kept: fc.nat(40),
    })
    .map(({ choices, shapes, phase, kept }) => {
      const text = `${shapes.map(s => `[${s}]`).join(' ')}: ${choices.map(c => `${named[c.step]?.[0]}(${[c.x, c.y, c.z, c.n]})`).join(' > ')}`
      const steps = named.map(([, step]) => step)
      return {
        f: (...args: readonly Tensor[]) => runChoices(steps, choices, kept, MOST_ELEMENTS[sizes], args),
        args: shapes.map((s, i) => wavy(s, phase + i, dtype)),
        toString: () => text,
      }
    })
}
