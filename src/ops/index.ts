/**
 * Every op, and the registry that tests, the documentation and `cotangent check` walk. An op is in it by being exported
 * from its family's file; no list is kept by hand.
 *
 * Layer: ops.
 */
import * as activations from './activations.ts'
import * as arithmetic from './arithmetic.ts'
import * as arrange from './arrange.ts'
import * as comparison from './comparison.ts'
import * as contraction from './contract.ts'
import * as convolution from './convolution.ts'
import * as convolutionTransposed from './convolutionTransposed.ts'
import { isRegistered, type Subject } from './define.ts'
import * as elementwise from './elementwise.ts'
import * as indexing from './indexing.ts'
import * as linalg from './linalg.ts'
import * as math from './math.ts'
import * as movement from './movement.ts'
import * as pooling from './pooling.ts'
import * as reduceWindow from './reduceWindow.ts'
import * as reduction from './reduction.ts'
import * as slicing from './slicing.ts'
import * as sorting from './sorting.ts'
import * as statistics from './statistics.ts'
import * as threefry from './threefry.ts'
import * as windowMatch from './windowMatch.ts'
import * as windows from './windows.ts'

const families = {
  elementwise,
  arithmetic,
  math,
  comparison,
  activations,
  reduction,
  statistics,
  movement,
  slicing,
  arrange,
  contraction,
  linalg,
  convolution: { ...convolution, ...convolutionTransposed },
  pooling: { ...windows, ...windowMatch, ...reduceWindow, ...pooling },
  indexing,
  sorting,
  threefry,
}

/** A registered op with the family it is listed under. */
export type Entry = Subject & { readonly family: string }

/** Every public op, primitive and composed, by family. */
export const registry: readonly Entry[] = Object.entries(families).flatMap(([family, members]) =>
  Object.values<unknown>(members)
    .filter(isRegistered)
    .map(({ subject }) => ({ ...subject, family })),
)
