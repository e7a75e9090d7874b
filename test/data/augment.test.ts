import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Augmentation,
  augmentations,
  augmented,
  gaussianNoise,
  randomFlip,
  randomShift,
} from '../../src/data/index.ts'
import {
  data,
  flip,
  item,
  jit,
  mean,
  ones,
  pad,
  slice,
  square,
  sub,
  type Tensor,
  tensor,
  toArray,
} from '../../src/index.ts'
import { key } from '../../src/random/index.ts'
import { check, mistake, wavy } from '../support/values.ts'

const images = (n: number): Tensor => wavy([n, 4, 5, 2], 0, 'float32')
const row = (x: Tensor, i: number): unknown => toArray(slice([[i, i + 1]])(x))

describe.each<readonly [string, Augmentation<Tensor>]>([
  ['randomShift', randomShift({ by: 2 })],
  ['randomFlip', randomFlip()],
  ['gaussianNoise', gaussianNoise({ std: 0.1 })],
  ['all of them', augmentations<Tensor>(randomShift({ by: 1 }), randomFlip(), gaussianNoise({ std: 0.1 }))],
])('%s', (_name, change) => {
  it('keeps shape and dtype; equal keys give equal batches and other keys others; jit changes nothing', () => {
    check(
      fc.property(fc.integer({ min: 8, max: 12 }), fc.integer({ min: 0, max: 99 }), (n, seed) => {
        const x = images(n)
        const y = change(key(seed), x)
        expect([y.shape, y.dtype]).toEqual([x.shape, x.dtype])
        expect(toArray(change(key(seed), x))).toEqual(toArray(y))
        expect(toArray(change(key(seed + 100), x))).not.toEqual(toArray(y))
      }),
      8,
    )
    const compiled = jit((k: Tensor, x: Tensor) => change(k, x))
    const [a, b] = [data(compiled(key(1), images(8))), data(change(key(1), images(8)))]
    a.forEach((v, i) => {
      expect(v).toBeCloseTo(b[i] ?? 0, 5)
    })
  })
})

describe('what changes', () => {
  it('each shifted image is a window of the padded one', () => {
    const x = images(20)
    const padded: Tensor = pad({
      widths: [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ],
      value: 7,
    })(x)
    const y = randomShift({ by: 1, fill: 7 })(key(5), x)
    for (let i = 0; i < 20; i++) {
      const windows = [0, 1, 2].flatMap(a =>
        [0, 1, 2].map(b =>
          JSON.stringify(
            toArray(
              slice([
                [i, i + 1],
                [a, a + 4],
                [b, b + 5],
              ])(padded),
            ),
          ),
        ),
      )
      expect(windows).toContain(JSON.stringify(row(y, i)))
    }
  })

  it('each flipped image is itself or its mirror image', () => {
    const x = images(40)
    const [y, mirror] = [randomFlip()(key(2), x), flip({ axis: 2 })(x)] as readonly [Tensor, Tensor]
    const flipped = Array.from({ length: 40 }, (_, i) => JSON.stringify(row(y, i)) === JSON.stringify(row(mirror, i)))
    flipped.forEach((f, i) => {
      if (!f) expect(row(y, i)).toEqual(row(x, i))
    })
    expect(flipped.filter(Boolean).length).toBeGreaterThan(8)
    expect(toArray(randomFlip({ p: 1 })(key(2), x))).toEqual(toArray(mirror))
    expect(toArray(randomFlip({ p: 0 })(key(2), x))).toEqual(toArray(x))
  })

  it('noise has the deviation asked for', () => {
    const x: Tensor = ones([100, 100])
    expect(Math.sqrt(item(mean(square(sub(gaussianNoise({ std: 0.5 })(key(1), x), x)))))).toBeCloseTo(0.5, 1)
  })

  it('batches get keys of their own, the same on every run', () => {
    const x: Tensor = tensor([0, 0])
    const noisy = augmented(gaussianNoise({ std: 1 }), key(0))([x, x])
    const [a, b] = [...noisy].map(toArray)
    expect(a).not.toEqual(b)
    expect([...noisy].map(toArray)).toEqual([a, b])
  })

  it('what is no batch of images is a mistake', () => {
    expect(mistake(() => randomFlip()(key(0), ones([2, 2])))).toContain('takes images [n, height, width, …], got [2,2]')
    expect(mistake(() => randomShift({ by: -1 }))).toContain('by is a whole number of at least 0, got -1')
  })
})
