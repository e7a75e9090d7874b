/**
 * The public names of `cotangent`. No logic.
 *
 * Random numbers are in `cotangent/random`, layers in `cotangent/nn`, optimizers in `cotangent/optim`, data sets in
 * `cotangent/data`, training loops in `cotangent/train`, gradient checks and laws in `cotangent/testing`.
 */
export type { AsyncBackend } from './backend/backend.ts'
export { assertShape, type ShapePattern } from './core/assert-shape.ts'
export type { Dtype, FloatDtype, TypedArray } from './core/dtype.ts'
export { CotangentError, type ErrorTag } from './core/errors.ts'
export { programEq, programShow, tensorEq, tensorShow } from './core/instances.ts'
export { run, sameProgram, showProgram } from './core/program.ts'
export type { Axes, Shape } from './core/shape.ts'
export type { Dim, TensorLike } from './core/shape-types.ts'
export { data, isTensor, item, type Nested, type NestedArray, scalar, show, tensor, toArray } from './core/tensor.ts'
export { type Tree, treeLeaves, treeMap, treeZip } from './core/tree.ts'
export type { Equation, Program, Tensor, TensorType } from './core/types.ts'
export * from './ops/activations.ts'
export * from './ops/arithmetic.ts'
export * from './ops/arrange.ts'
export { type At, type AtIndex, at, ellipsis, newAxis } from './ops/at.ts'
export {
  cast,
  eq,
  ge,
  gt,
  isfinite,
  isinf,
  isnan,
  le,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  lt,
  ne,
  where,
} from './ops/comparison.ts'
export { type ContractParams, contract, type Window } from './ops/contract.ts'
export { type ConvOptions, conv1d, conv2d, conv3d } from './ops/convolution.ts'
export {
  type ConvTransposeOptions,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
} from './ops/convolution-transposed.ts'
export * from './ops/creation.ts'
export * from './ops/cumulative.ts'
export * from './ops/decompositions.ts'
export { det, slogdet } from './ops/determinants.ts'
export { dynamicSlice, dynamicUpdateSlice, type Starts } from './ops/dynamic.ts'
export { add, mul, neg } from './ops/elementwise.ts'
export { oneHot, take, takeAlongAxis } from './ops/indexing.ts'
export * from './ops/interpolation.ts'
export { dot, einsum, matmul, matrixTranspose, outer } from './ops/linalg.ts'
export * from './ops/math.ts'
export * from './ops/matrices.ts'
export { broadcastTo, moveAxis, reshape, transpose } from './ops/movement.ts'
export * from './ops/norms.ts'
export {
  type AveragePoolOptions,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  minPool1d,
  minPool2d,
  minPool3d,
  type PoolOptions,
  sumPool1d,
  sumPool2d,
  sumPool3d,
} from './ops/pooling.ts'
export * from './ops/products.ts'
export * from './ops/quantiles.ts'
export { type Indexing, meshgrid, ravel, repeat, roll, rot90, swapAxes } from './ops/rearrange.ts'
export { type ReduceWindowOptions, reduceWindow, type WindowMonoid } from './ops/reduce-window.ts'
export {
  all,
  any,
  argmax,
  argmin,
  max,
  min,
  type PositionOptions,
  prod,
  type ReduceOptions,
  type SumOptions,
  sum,
} from './ops/reduction.ts'
export { gather, scatter, scatterAdd } from './ops/scatter.ts'
export { scatterMax, scatterMin, scatterMul } from './ops/scatter-combine.ts'
export { segmentMax, segmentMin, segmentProd, segmentSum } from './ops/segments.ts'
export { concat, flip, type SliceSpec, slice } from './ops/slicing.ts'
export { inv, matrixPower, solve, type TriangularOptions, triangularSolve } from './ops/solving.ts'
export * from './ops/sorting.ts'
export type { Padding, PerAxis } from './ops/spatial.ts'
export * from './ops/spectral.ts'
export * from './ops/statistics.ts'
export { stopGradient } from './ops/stopgradient.ts'
export { threefry2x32 } from './ops/threefry.ts'
export { foldWindows, windows } from './ops/windows.ts'
export { type AssociativeScanOptions, associativeScan } from './transform/associative.ts'
export { call, checkpoint } from './transform/call.ts'
export { type CheckOptions, checkGrads } from './transform/check.ts'
export { type CompileToOptions, compile } from './transform/compile.ts'
export { cond, switchCase } from './transform/cond.ts'
export { configure, type EngineOptions, type EngineReport, engineReport } from './transform/configure.ts'
export { customJvp, customVjp } from './transform/custom.ts'
export { evalShape } from './transform/evaluate.ts'
export { type ExplainOptions, explain } from './transform/explain.ts'
export { grad, valueAndGrad } from './transform/grad.ts'
export { hessian, hvp, type JacobianOf, type JacobianOptions, jacfwd, jacrev } from './transform/jacobian.ts'
export { type JitOptions, jit } from './transform/jit.ts'
export { jvp } from './transform/jvp.ts'
export { linearize, linearTranspose } from './transform/linearize.ts'
export { makeProgram } from './transform/make-program.ts'
export { type Comparison, type GradReport, showReport } from './transform/report.ts'
export { foriLoop, type ScanOptions, scan } from './transform/scan.ts'
export { toHost } from './transform/to-host.ts'
export { vjp } from './transform/vjp.ts'
export { type BatchAxes, type VmapOptions, vmap } from './transform/vmap.ts'
export { whileLoop } from './transform/while.ts'
