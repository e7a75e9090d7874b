/**
 * `cotangent/gpu`: programs on a GPU, through gpu.js. No logic.
 */
export type { AsyncBackend } from '../backend/backend.ts'
export type { GpuBackend, GpuReport } from '../backend/gpu/backend.ts'
export type { GpuMode } from '../backend/gpu/facade.ts'
export { type GpuOptions, gpu } from '../backend/gpu/gpu.ts'
