/**
 * What layers refuse: sizes that are none when they are made, inputs of another size when they are applied.
 *
 * Layer: nn.
 */
import { describe, fail, shapeError, valueError } from '../core/errors.ts'
import { requireFunction } from '../core/options.ts'
import { showShape } from '../core/shape.ts'
import { requireTensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'

/** Refuses numbers of features, channels or units that are no whole numbers of at least 1. */
export const checkSizes = (op: string, sizes: readonly number[]): void => {
  const wrong = sizes.findIndex(n => !Number.isInteger(n) || n < 1)
  if (wrong >= 0) fail(valueError(op, `sizes are whole numbers of at least 1, got ${describe(sizes[wrong])}`))
}

/** The names of options that are initialisers. */
const INITS = ['init', 'biasInit', 'hiddenInit'] as const

/** Refuses initialisers that are no functions, such as their names. */
export const checkInits = (op: string, options: { readonly [name in (typeof INITS)[number]]?: unknown }): void => {
  for (const name of INITS) if (options[name] !== undefined) requireFunction(op, name, options[name])
}

/** Refuses an option outside a range; `range` is how the message spells it. */
export const checkNumber = (op: string, what: string, value: number, holds: boolean, range: string): void => {
  if (!holds) fail(valueError(op, `${what} must be ${range}, got ${describe(value)}`))
}

/** Refuses x when it is not what a layer takes. */
export const checkInput = (op: string, holds: boolean, takes: string, x: Tensor): void => {
  requireTensor(op, x)
  if (!holds) fail(shapeError(op, `takes ${takes}, got ${showShape(x.shape)}`))
}

/** Refuses x unless its last axis has so many features. */
export const checkFeatures = (op: string, features: number, x: Tensor): void =>
  checkInput(op, x.shape.at(-1) === features, `[..., ${features}]`, x)
