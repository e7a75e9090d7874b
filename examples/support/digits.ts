/**
 * MNIST for the examples: loaded, cut short if asked to, and scores of classifiers. Not part of the library.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as data from '../../src/data/index.ts'
import * as ct from '../../src/index.ts'
import { classificationReport, confusionMatrix, showConfusion, showScores } from '../../src/metrics/index.ts'

export const CLASSES = 10

/** Images, [n, …] float32, and the digit of each, int32 [n]. */
export type Digits = { readonly images: ct.Tensor; readonly labels: ct.Tensor }

/** What to train on and what to test with. */
export type DigitSets = { readonly train: Digits; readonly test: Digits }

/** The first images of a set; all of them for null. */
const firstOf = (limit: number | null, digits: Digits): Digits =>
  ct.treeMap<Digits, ct.Shape>(digits, x => ct.slice([[0, limit]])(x))

/** MNIST with images of the given shape and pixels from 0 to 1; only the first few of each part where there is a limit. */
export const loadDigits = ({
  directory,
  shape,
  limit = null,
}: {
  readonly directory: string | null
  readonly shape: readonly number[]
  readonly limit?: { readonly train: number; readonly test: number } | null
}): TE.TaskEither<string, DigitSets> => {
  const ready = ({ images, labels }: Digits, count: number | null): Digits => {
    const some = firstOf(count, { images, labels })
    return { images: ct.mul(ct.reshape([-1, ...shape])(some.images), 1 / 255), labels: some.labels }
  }
  return pipe(
    data.loadMnist({ directory: directory ?? undefined, from: import.meta.url }),
    TE.bimap(
      error => error.message,
      ({ train, test }) => ({ train: ready(train, limit?.train ?? null), test: ready(test, limit?.test ?? null) }),
    ),
  )
}

/** How often each digit, in the rows, was taken for each, in the columns. */
export const confusionOf = (digits: Digits, size: number, logitsOf: (images: ct.Tensor) => ct.Tensor): ct.Tensor =>
  [...data.batchesOf({ size })(digits)]
    .map(({ images, labels }) =>
      confusionMatrix({ classes: CLASSES })(labels, ct.argmax({ axis: -1 })(logitsOf(images))),
    )
    .reduce<ct.Tensor>((a, b) => ct.add(a, b), ct.zeros([CLASSES, CLASSES], { dtype: 'int32' }))

/** A confusion matrix and the scores of each digit, as text. */
export const showDigitScores = (confusion: ct.Tensor): string =>
  `${showConfusion()(confusion)}\n\n${showScores({ digits: 4 })(classificationReport(confusion))}`
