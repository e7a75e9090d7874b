/**
 * What can go wrong with a training that was set up right.
 *
 * Layer: train. These are expected failures, so they stand in results and are not thrown.
 */
import { messageOf } from '../core/errors.ts'

/** What kind of failure it was. */
export type TrainErrorTag = 'NotFiniteError' | 'CheckpointError' | 'MonitorError'

/** A training that failed: `_tag` names the kind. */
export class TrainError extends Error {
  readonly _tag: TrainErrorTag
  constructor(tag: TrainErrorTag, what: string) {
    super(what)
    this.name = tag
    this._tag = tag
  }
}

/** A mean loss that is NaN or infinite: the training has diverged. */
export const notFiniteError = (loss: number, step: number): TrainError =>
  new TrainError(
    'NotFiniteError',
    `the training diverged: at step ${step} its loss is ${loss}; try a smaller learning rate`,
  )

/** A metric to decide by that nobody has logged; `found` are those that were. */
export const monitorError = (op: string, name: string, step: number, found: readonly string[]): TrainError =>
  new TrainError(
    'MonitorError',
    `${op}: at step ${step} nobody has logged ${name}; ${found.length === 0 ? 'nothing was logged' : `there are ${found.join(', ')}`}. It stands behind the callback that logs what it looks at, and is called as often`,
  )

/** A state that could not be saved. */
export const checkpointError = (step: number, cause: unknown): TrainError =>
  new TrainError('CheckpointError', `the state of step ${step} could not be saved: ${messageOf(cause)}`)
