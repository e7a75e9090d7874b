/**
 * Augmentation: batches changed at random, anew in each epoch, as pure functions of a key.
 *
 * Layer: data. An augmentation is `(key, batch) => batch`; under `jit` it is part of the compiled step. Read next: batches.ts.
 */
import { fail, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, type Shape, showShape } from '../core/shape.ts'
import { requireTensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { pad } from '../ops/arrange.ts'
import { where } from '../ops/comparison.ts'
import { dynamicSlice } from '../ops/dynamic.ts'
import { add, mul } from '../ops/elementwise.ts'
import { reshape } from '../ops/movement.ts'
import { flip, rowOf } from '../ops/slicing.ts'
import { randint } from '../random/discrete.ts'
import { foldIn, type Key } from '../random/key.ts'
import { normal } from '../random/normal.ts'
import { bernoulli } from '../random/uniform.ts'
import { vmap } from '../transform/vmap.ts'

/** A random change of a batch: equal keys make equal changes. */
export type Augmentation<B> = (key: Key, batch: B) => B

/** How many images there are in [n, height, width, …]. */
const countOf = (op: string, x: Tensor): number =>
  requireTensor(op, x).shape.length >= 3
    ? dim(x.shape, 0)
    : fail(shapeError(op, `takes images [n, height, width, …], got ${showShape(x.shape)}`))

/**
 * Batches, each changed with a key of its own: that of batch i is `foldIn(i)(key)`. Give each epoch another key.
 * @example
 * const noisy = augmented(gaussianNoise({ std: 0.1 }), key(0))([inputs, inputs])
 */
export const augmented =
  <B>(change: Augmentation<B>, key: Key) =>
  (batches: Iterable<B>): Iterable<B> => ({
    *[Symbol.iterator]() {
      let i = 0
      for (const batch of batches) yield change(foldIn(i++)(key), batch)
    },
  })

/** Several augmentations, one after the other, with keys of their own. */
export const augmentations =
  <B>(...changes: readonly Augmentation<B>[]): Augmentation<B> =>
  (key, batch) =>
    changes.reduce((b, change, i) => change(foldIn(i)(key), b), batch)

/**
 * Shifts each image by up to `by` pixels along height and width, independently; what comes in from outside is `fill` (0). The
 * same as padding by that much and cropping at random. x: [n, height, width, …] -> the same.
 * @throws ShapeError for fewer than three axes; ValueError unless `by` is a whole number of at least 0
 * @example
 * randomShift({ by: 2 })(key(0), images) // [4,28,28,1]
 */
export const randomShift = (options: {
  readonly by: number
  readonly fill?: number
}): (<S extends Shape>(key: Key, x: Tensor<S>) => Tensor<S>) => {
  const { by, fill: value = 0 } = requireOptions('randomShift', options, ['by', 'fill'], ['by'])

  if (!Number.isSafeInteger(by) || by < 0)
    return fail(valueError('randomShift', `by is a whole number of at least 0, got ${by}`))
  return <S extends Shape>(key: Key, x: Tensor<S>) => {
    const n = countOf('randomShift', x)
    const edges = x.shape.map(
      (_, axis) => [axis === 1 || axis === 2 ? by : 0, axis === 1 || axis === 2 ? by : 0] as const,
    )
    const padded: Tensor = pad({ widths: edges, value })(x as Tensor)
    const image = x.shape.slice(1)
    const starts: Tensor = randint({ maxval: 2 * by + 1, shape: [n, 2] })(key)
    const crop = (one: Tensor, start: Tensor) =>
      dynamicSlice({ sizes: image })(one, [rowScalar(start, 0), rowScalar(start, 1), ...image.slice(2).map(() => 0)])
    return vmap(crop)(padded, starts) as Tensor as Tensor<S>
  }
}

const rowScalar = (x: Tensor, i: number): Tensor => reshape([])(rowOf(x, i))

/**
 * Mirrors each image left to right with probability `p` (0.5). x: [n, height, width, …] -> the same.
 * @throws ShapeError for fewer than three axes
 * @example
 * randomFlip()(key(0), images) // [4,28,28,1]
 */
export const randomFlip = (options: { readonly p?: number } = {}) => {
  const { p = 0.5 } = requireOptions('randomFlip', options, ['p'])
  return <S extends Shape>(key: Key, x: Tensor<S>): Tensor<S> => {
    const n = countOf('randomFlip', x)
    const chosen = reshape([n, ...x.shape.slice(1).map(() => 1)])(bernoulli({ p, shape: [n] })(key) as Tensor)
    return where(chosen, flip({ axis: 2 })(x as Tensor), x as Tensor) as Tensor as Tensor<S>
  }
}

/**
 * Adds normal noise of standard deviation `std` to every element of a float tensor, in its dtype.
 * @example
 * gaussianNoise({ std: 0.1 })(key(0), inputs) // [4,3]
 */
export const gaussianNoise = (options: { readonly std: number }) => {
  const { std } = requireOptions('gaussianNoise', options, ['std'], ['std'])
  return <S extends Shape>(key: Key, x: Tensor<S>): Tensor<S> => {
    const dtype = requireTensor('gaussianNoise', x).dtype === 'float64' ? 'float64' : 'float32'
    const noise: Tensor = normal({ shape: x.shape, dtype })(key)
    return add(x as Tensor, mul(noise, std)) as Tensor as Tensor<S>
  }
}
