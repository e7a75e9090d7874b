/**
 * Every op, and the registry that tests, the documentation and `cotangent check` walk. An op is in it by being exported
 * from its family's file; no list is kept by hand.
 *
 * Layer: ops.
 */
import * as activations from './activations.ts'
import * as arithmetic from './arithmetic.ts'
import * as arrange from './arrange.ts'
import * as at from './at.ts'
import * as comparison from './comparison.ts'
import * as contraction from './contract.ts'
import * as convolution from './convolution.ts'
import * as convolutionTransposed from './convolution-transposed.ts'
import * as cumulative from './cumulative.ts'
import * as decompositions from './decompositions.ts'
import { isRegistered, type Subject } from './define.ts'
import * as determinants from './determinants.ts'
import * as dynamic from './dynamic.ts'
import * as elementwise from './elementwise.ts'
import * as indexing from './indexing.ts'
import * as interpolation from './interpolation.ts'
import * as linalg from './linalg.ts'
import * as math from './math.ts'
import * as matrices from './matrices.ts'
import * as movement from './movement.ts'
import * as norms from './norms.ts'
import * as pooling from './pooling.ts'
import * as products from './products.ts'
import * as quantiles from './quantiles.ts'
import * as rearrange from './rearrange.ts'
import * as reduceWindow from './reduce-window.ts'
import * as reduction from './reduction.ts'
import * as scatter from './scatter.ts'
import * as scatterCombine from './scatter-combine.ts'
import * as segments from './segments.ts'
import * as slicing from './slicing.ts'
import * as solving from './solving.ts'
import * as sorting from './sorting.ts'
import * as spectral from './spectral.ts'
import * as statistics from './statistics.ts'
import * as threefry from './threefry.ts'
import * as windowMatch from './window-match.ts'
import * as windows from './windows.ts'

const families = {
  elementwise,
  arithmetic,
  math,
  comparison,
  activations,
  reduction,
  statistics,
  cumulative,
  movement,
  slicing,
  arrange,
  rearrange,
  contraction,
  linalg,
  matrices,
  products,
  norms,
  solving,
  determinants,
  decompositions,
  spectral,
  convolution: { ...convolution, ...convolutionTransposed },
  pooling: { ...windows, ...windowMatch, ...reduceWindow, ...pooling },
  scatter: { ...scatter, ...scatterCombine, ...segments },
  indexing: { ...indexing, ...dynamic, ...at },
  sorting,
  quantiles,
  interpolation,
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
