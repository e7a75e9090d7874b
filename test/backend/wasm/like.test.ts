/**
 * Kernels that share code in one module: whatever they have in common, each computes what it computes alone, bit for bit; and a
 * network's layers of other sizes add little to the module.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { theEngine } from '../../../src/backend/wasm/engine.ts'
import { compileProgram } from '../../../src/compile/compile.ts'
import { outputTypes } from '../../../src/core/program.ts'
import { range } from '../../../src/core/shape.ts'
import { cellOf } from '../../../src/core/tensor.ts'
import type { Concrete, Tensor } from '../../../src/core/types.ts'
import * as C from '../../../src/index.ts'
import { key, normal } from '../../../src/random/index.ts'
import { SEED } from '../../support/values.ts'

const RUNS = Number(process.env.LAW_RUNS ?? 3)

/** Rows and columns of a matrix, and how it comes: stored as it is, or turned. */
type Matrix = { readonly rows: number; readonly columns: number; readonly turned: boolean }
/** A function of a matrix, with its place in the table and a number that is written into it. */
type Layer = { readonly matrix: Matrix; readonly kind: number; readonly by: number }

const overRows = { axis: 0 }

/** The elements as whole numbers, times the numbers from `first` on along an axis. */
const counted = (x: Tensor, axis: number, first: number): Tensor => {
  const n = x.shape[axis] as number
  const steps = C.arange(first, first + n)
  return C.mul(C.cast('int32')(C.mul(x, 8)), axis === 0 ? C.reshape([n, 1])(steps) : steps)
}

/** Functions that are nearly the same as others among them: another op, another number, another side. */
const kinds: readonly ((x: Tensor, by: number) => Tensor)[] = [
  (x, by) => C.mul(C.add(x, by), 2),
  (x, by) => C.mul(C.sub(x, by), 2),
  (x, by) => C.add(C.mul(x, by), 2),
  x => C.sub(C.slice([[1], null])(x), C.slice([[0, -1], null])(x)),
  x => C.sub(C.slice([[0, -1], null])(x), C.slice([[1], null])(x)),
  (x, by) => C.maximum(x, by),
  (x, by) => C.minimum(x, by),
  (x, by) => C.where(C.gt(x, by), x, by),
  (x, by) => C.where(C.ge(x, by), x, by),
  x => C.sum(overRows)(x),
  x => C.max(overRows)(x),
  (x, by) => C.sum(overRows)(C.mul(x, by)),
  x => C.mean(overRows)(x),
  x => C.sub(x, C.mean(overRows)(x)),
  x => C.variance(overRows)(x),
  x => C.min(overRows)(x),
  x => C.argmax(overRows)(x),
  x => C.argmin(overRows)(x),
  x => C.sum({ axis: 1 })(x),
  x => C.max({ axis: 1 })(x),
  x => C.softmax(x),
  (x, by) => C.sum({})(C.exp(C.mul(x, by))),
  x => C.max({})(x),
  x => C.transpose(x),
  x => C.flip({ axis: 0 })(x),
  x => C.flip({ axis: 1 })(x),
  x => C.slice([[1], null])(x),
  x => C.slice([[0, -1], null])(x),
  x => C.slice([null, [1]])(x),
  x => C.slice([null, [0, -1]])(x),
  (x, by) =>
    C.pad({
      widths: [
        [1, 0],
        [0, 0],
      ],
      value: by,
    })(x),
  (x, by) =>
    C.pad({
      widths: [
        [0, 1],
        [0, 0],
      ],
      value: by,
    })(x),
  (x, by) =>
    C.pad({
      widths: [
        [0, 0],
        [0, 2],
      ],
      value: by,
    })(x),
  x => C.cumsum(overRows)(x),
  x => C.cumprod(overRows)(x),
  x => counted(x, 1, 0),
  x => counted(x, 1, 1),
  x => counted(x, 0, 0),
  x => C.matmul(C.transpose(x), x),
  (x, by) => C.add(C.matmul(C.transpose(x), x), by),
  (x, by) => C.mul(C.matmul(C.transpose(x), x), by),
  (x, by) => C.maximum(C.matmul(C.transpose(x), x), by),
  x => C.matmul(C.slice([[-40, null]])(x), C.transpose(C.slice([[0, 40]])(x))),
  x => C.matmul(C.slice([[0, 40]])(x), C.transpose(C.slice([[0, 40]])(x))),
  x => C.cast('int32')(C.mul(x, 8)),
  x => C.add(C.cast('int32')(C.mul(x, 8)), 3),
  x => C.add(C.cast('int32')(C.mul(x, 8)), 4),
]

const lengths = fc.oneof(
  fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 32, 33, 48, 100, 255, 256, 257, 272, 300, 1023, 1025, 2048),
  fc.constantFrom(3000, 5000, 20_000),
)
const narrow = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 10, 12, 16, 17, 32, 33, 50)
/** All functions of three matrices each, two of which are as large, in some order: every two of them meet in one module. */
const families: fc.Arbitrary<readonly Layer[]> = fc
  .record({
    rows: fc.uniqueArray(lengths, { minLength: 2, maxLength: 2 }),
    columns: narrow,
    turned: fc.boolean(),
    numbers: fc.shuffledSubarray([0, -0, 1, 0.5, 3, -2, 1e-3, Number.NaN, Number.POSITIVE_INFINITY], {
      minLength: 2,
      maxLength: 2,
    }),
    order: fc.shuffledSubarray(range(0, 3 * kinds.length), { minLength: 3 * kinds.length }),
  })
  .map(({ rows, columns, turned, numbers, order }) =>
    order.map(k => ({
      matrix: { rows: rows[k % 3 === 1 ? 1 : 0] as number, columns, turned },
      kind: Math.floor(k / 3),
      by: numbers[(k >> 2) % 2] as number,
    })),
  )

const apply = ({ kind, by, matrix }: Layer, x: Tensor): Tensor =>
  (kinds[kind] as (typeof kinds)[number])(matrix.turned ? C.transpose(x) : x, by)

const inputOf = ({ matrix: { rows, columns, turned } }: Layer, seed: number): Tensor =>
  normal({ shape: turned ? [columns, rows] : [rows, columns] })(key(seed))

const run = (f: (...xs: readonly Tensor[]) => readonly Tensor[], args: readonly Tensor[]): readonly Concrete[] => {
  const program = C.makeProgram(f)(...args)
  const plan = compileProgram(program, { fuse: { siblings: false } })
  const engine = theEngine()
  return engine.run(engine.prepare(plan), args as readonly Concrete[], outputTypes(program)) as readonly Concrete[]
}

/** Whether two tensors have the same bits. */
const areSame = (x: Tensor, y: Tensor): boolean => {
  const [a, b] = [x, y].map(t => {
    const { buffer, byteOffset, byteLength } = cellOf(t)
    return new Uint8Array(buffer, byteOffset, byteLength)
  }) as [Uint8Array, Uint8Array]
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

describe('kernels of one structure', () => {
  it('compute the same beside others as alone', () => {
    fc.assert(
      fc.property(families, family => {
        const args = family.map((layer, i) => inputOf(layer, i))
        const together = run((...xs) => family.map((layer, i) => apply(layer, xs[i] as Tensor)), args)
        family.forEach((layer, i) => {
          const [alone] = run(x => [apply(layer, x as Tensor)], [args[i] as Tensor])
          expect(areSame(together[i] as Tensor, alone as Tensor), `layer ${i}`).toBe(true)
        })
      }),
      { seed: SEED, numRuns: RUNS },
    )
  })

  it('end where each of them ends', () => {
    const long = range(0, 16).map(i => 700_000 + i)
    const results = run(
      (...xs) => xs.map(x => C.add(C.mul(x, 2), 1)),
      long.map(n => C.arange(n)),
    )
    results.forEach((y, i) => {
      const cell = cellOf(y)
      expect(cell.length).toBe(long[i])
      expect(cell.every((value, k) => value === 2 * k + 1)).toBe(true)
    })
  })

  const normalise = (x: Tensor): Tensor => {
    const centred = C.sub(x, C.mean(overRows)(x))
    return C.div(centred, C.sqrt(C.add(C.mean(overRows)(C.square(centred)), 1e-5)))
  }
  const codeSize = (f: (...xs: readonly Tensor[]) => readonly Tensor[], args: readonly Tensor[]): number => {
    const engine = theEngine()
    return engine.compile(engine.prepare(compileProgram(C.makeProgram(f)(...args)))).codeSize
  }

  it('share the code of layers of the same size', () => {
    const weights = (n: number): readonly Tensor[] => range(0, n).map(i => normal({ shape: [64, 64] })(key(i)))
    const network = (...ws: readonly Tensor[]): readonly Tensor[] => [
      ws.reduce((x, w) => C.relu(C.add(C.matmul(x, w), 1)), C.ones([100, 64])),
    ]
    const [one, six] = [codeSize(network, weights(1)), codeSize(network, weights(6))]
    expect(six - one).toBeLessThan(5 * 0.2 * one)
  })

  it('share the code of layers with other numbers of rows', () => {
    const size = (rows: readonly number[]): number =>
      codeSize(
        (...xs) => xs.map(normalise),
        rows.map((n, i) => normal({ shape: [n, 16] })(key(i))),
      )
    const [one, six] = [size([5000]), size([5000, 6000, 7000, 8192, 50_000, 86_528])]
    // What each layer adds says where its operands are, and how many rows it has.
    expect(six - one).toBeLessThan(5 * 0.4 * one)
  })
})
