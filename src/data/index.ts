/**
 * `cotangent/data`: reading data sets, standardising them, and cutting them into batches. No logic.
 */
export { type Augmentation, augmentations, augmented, gaussianNoise, randomFlip, randomShift } from './augment.ts'
export { type BatchOptions, batches, batchesOf, shuffledBatches, takeRows } from './batches.ts'
export {
  type ColumnTypes,
  type CsvColumns,
  type CsvMatrix,
  type CsvOptions,
  parseCsv,
  parseCsvMatrix,
  readCsv,
  readCsvMatrix,
} from './csv.ts'
export type { ColumnType } from './csv-columns.ts'
export type { CsvDialect } from './csv-rows.ts'
export { type DownloadOptions, download } from './download.ts'
export { DataError, type DataErrorTag } from './errors.ts'
export { gunzip } from './gzip.ts'
export { encodeIdx, type Idx, type IdxArray, idxTensor, parseIdx, readIdx } from './idx.ts'
export { type LabelledImages, loadMnist, type Mnist } from './mnist.ts'
export { encodeNpy, type NpyOptions, parseNpy, readNpy, writeNpy } from './npy.ts'
export { encodeNpz, type NpzOptions, parseNpz, readNpz, type Tensors, writeNpz } from './npz.ts'
export { prefetch } from './prefetch.ts'
export { type RotationOptions, randomRotation } from './rotate.ts'
export {
  loadYearPrediction,
  type Songs,
  syntheticSongs,
  type YearPrediction,
  type YearPredictionOptions,
  yearPredictionUrl,
} from './songs.ts'
export { type Parts, type SplitTree, shuffle, splitRows, stratified } from './split.ts'
export { fitStandardizer, type Standardizer, standardize, unstandardize } from './standardize.ts'
export { type DataInput, type Pieces, readUnpacked, type StreamOptions, streamBytes, unzip } from './streams.ts'
