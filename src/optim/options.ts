/**
 * Checks of options.
 *
 * Layer: optim.
 */
import { describe, fail, valueError } from '../core/errors.ts'

/** Throws a ValueError unless `value` is a number from `low` to below `high`. */
export const checkOption = (op: string, name: string, value: number, low: number, high = Infinity): void => {
  if (typeof value === 'number' && value >= low && value < high) return
  const limits = high === Infinity ? `a finite number of at least ${low}` : `at least ${low} and below ${high}`
  fail(valueError(op, `${name} must be ${limits}, got ${describe(value)}`))
}

/** Throws a ValueError unless `value` is a finite number. */
export const checkFinite = (op: string, name: string, value: number): void => {
  if (!Number.isFinite(value)) fail(valueError(op, `${name} must be a finite number, got ${describe(value)}`))
}

/** Throws a ValueError unless `value` is a finite number above 0. */
export const checkPositive = (op: string, name: string, value: number): void => {
  if (!(Number.isFinite(value) && value > 0))
    fail(valueError(op, `${name} must be a finite number above 0, got ${describe(value)}`))
}

/** Throws a ValueError unless `value` is a whole number of at least `low`. */
export const checkWhole = (op: string, name: string, value: number, low = 1): void => {
  if (!(Number.isInteger(value) && value >= low))
    fail(valueError(op, `${name} must be a whole number of at least ${low}, got ${describe(value)}`))
}
