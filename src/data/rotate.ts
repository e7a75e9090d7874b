/**
 * Augmentation by rotation: each image of a batch by an angle of its own.
 *
 * Layer: data. Tensor arithmetic on positions, so that it also runs inside a jitted step.
 */
import { fail, shapeError, valueError } from '../core/errors.ts'
import { requireOptions } from '../core/options.ts'
import { dim, showShape } from '../core/shape.ts'
import type { Tensor } from '../core/types.ts'
import { clip, floor, round, sub } from '../ops/arithmetic.ts'
import { cast, eq, where } from '../ops/comparison.ts'
import { arange } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { take } from '../ops/indexing.ts'
import { cos, sin } from '../ops/math.ts'
import { reshape } from '../ops/movement.ts'
import { type Key, uniform } from '../random/index.ts'

/** How images are turned. */
export type RotationOptions = {
  /** The greatest angle in degrees; angles are uniform between it to the left and to the right. */
  readonly degrees: number
  /** What stands where nothing of the image is: 0 by default. */
  readonly fill?: number
  /** The nearest pixel, by default, or a mean of the four around weighted by distance. */
  readonly interpolation?: 'nearest' | 'bilinear'
}

type Sampled = { readonly pixels: Tensor; readonly height: number; readonly width: number; readonly fill: number }

/** Pixels [n, h, w, channels] of the images at whole positions rows, columns: [n, h, w]; the fill beyond the edges. */
const pixelsAt = ({ pixels, height, width, fill }: Sampled, rows: Tensor, columns: Tensor): Tensor => {
  const [row, column] = [clip({ min: 0, max: height - 1 })(rows), clip({ min: 0, max: width - 1 })(columns)]
  const inside = mul(cast('int32')(eq(row, rows)), cast('int32')(eq(column, columns)))
  const [n] = rows.shape
  const start = reshape([-1, 1, 1])(mul(arange(n ?? 0), height * width))
  const at = add(start, add(mul(cast('int32')(row), width), cast('int32')(column)))
  return where(reshape([...rows.shape, 1])(eq(inside, 1)), take(pixels, at), fill)
}

/** The mean of the four pixels around each position, weighted by how near they are. */
const blended = (sampled: Sampled, rows: Tensor, columns: Tensor): Tensor => {
  const [top, left]: readonly [Tensor, Tensor] = [floor(rows), floor(columns)]
  const weights = (x: Tensor, low: Tensor): readonly Tensor[] => {
    const upper = reshape([...x.shape, 1])(sub(x, low))
    return [sub(1, upper), upper]
  }
  const [down, right] = [weights(rows, top), weights(columns, left)]
  return [0, 1]
    .flatMap(i =>
      [0, 1].map(j => mul(mul(down[i] as Tensor, right[j] as Tensor), pixelsAt(sampled, add(top, i), add(left, j)))),
    )
    .reduce((total, part) => add(total, part))
}

/** Where each pixel of the turned images comes from: rows and columns, [n, h, w] both. */
const sources = (angles: Tensor, height: number, width: number): readonly [Tensor, Tensor] => {
  const [turn, centre] = [reshape([-1, 1, 1])(angles), { row: (height - 1) / 2, column: (width - 1) / 2 }]
  const y = reshape([-1, 1])(sub(cast('float32')(arange(height)), centre.row))
  const x = sub(cast('float32')(arange(width)), centre.column)
  const [c, s]: readonly [Tensor, Tensor] = [cos(turn), sin(turn)]
  return [add(add(mul(c, y), mul(s, x)), centre.row), add(sub(mul(c, x), mul(s, y)), centre.column)]
}

/**
 * Turns each image about its centre by an angle drawn for it: images float32 [n, height, width] or [n, height, width, channels] -> the
 * same shape. Counter-clockwise angles are positive. As torchvision's RandomRotation, with an angle for each image.
 * @throws ValueError unless degrees is a number of at least 0; ShapeError for images of another form
 * @example
 * const turned = randomRotation({ degrees: 7 })(key(0), images) // [4,28,28,1]
 */
export const randomRotation = (options: RotationOptions) => {
  const {
    degrees,
    fill = 0,
    interpolation = 'nearest',
  } = requireOptions('randomRotation', options, ['degrees', 'fill', 'interpolation'], ['degrees'])

  if (!(degrees >= 0 && degrees < Infinity))
    return fail(valueError('randomRotation', `degrees must be a number of at least 0, got ${degrees}`))
  return (key: Key, images: Tensor): Tensor => {
    const { shape } = images
    if (shape.length !== 3 && shape.length !== 4)
      return fail(shapeError('randomRotation', `needs [n, height, width] or with channels, got ${showShape(shape)}`))
    const [n, height, width] = [dim(shape, 0), dim(shape, 1), dim(shape, 2)]
    const limit = (degrees * Math.PI) / 180
    const angles = uniform({ shape: [n], minval: -limit, maxval: limit })(key)
    const channels = shape.length === 4 ? dim(shape, 3) : 1
    const sampled = { pixels: reshape([n * height * width, channels])(images), height, width, fill }
    const [rows, columns] = sources(angles, height, width)
    const turned =
      interpolation === 'nearest' ? pixelsAt(sampled, round(rows), round(columns)) : blended(sampled, rows, columns)
    return reshape([...shape])(turned)
  }
}
