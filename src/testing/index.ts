/**
 * `cotangent/testing`: gradient checks, arbitraries and laws for your own functions. Needs fast-check, an optional peer
 * dependency.
 *
 * Layer: testing.
 */
export { type Domain, type Draw, interval, type Sample } from '../core/types.ts'
export type { Subject } from '../ops/define.ts'
export type { Entry } from '../ops/index.ts'
export { type CheckOptions, checkGrads } from '../transform/check.ts'
export { registry } from '../transform/registry.ts'
export { type Comparison, type GradReport, showComparison, showReport } from '../transform/report.ts'
export { farApart, largestDifference, roundingOf, type Tolerance } from './approx.ts'
export { backends, type CheckSettings, checkSubject, type Row } from './check.ts'
export { drawFrom, tensors } from './draw.ts'
export { type Law, laws, type Named, propertyOf, type Setting, type Trial, tryLaw } from './laws.ts'
export { type LayerSubject, layerLaws } from './layers.ts'
export { type Checkable, type Sampler, subjectOf } from './subjects.ts'
