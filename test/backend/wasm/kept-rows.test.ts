/**
 * Rows whose dear values are computed once: kept where a result of the row will be, and read there by what comes after.
 */
import { describe, expect, it } from 'vitest'
import { withBackend } from '../../../src/backend/current.ts'
import { reference } from '../../../src/backend/reference.ts'
import { theEngine } from '../../../src/backend/wasm/engine.ts'
import { compileProgram } from '../../../src/compile/compile.ts'
import { outputTypes } from '../../../src/core/program.ts'
import { cellOf } from '../../../src/core/tensor.ts'
import type { Concrete, Tensor } from '../../../src/core/types.ts'
import * as C from '../../../src/index.ts'
import { key, normal } from '../../../src/random/index.ts'

const last = { axis: -1, keepDims: true } as const

/** Functions of a matrix in which an exponential of each element is summed up along its row, and is needed again. */
const functions: readonly (readonly [string, (x: Tensor) => readonly Tensor[]])[] = [
  ['softmax', x => [C.softmax(x)]],
  ['softmax and its logarithm', x => [C.softmax(x), C.logSoftmax(x)]],
  ['the derivative of softmax', x => [C.grad((u: Tensor) => C.sum({})(C.mul(C.softmax(u), C.sin(u))))(x)]],
  [
    'two sums of it',
    x => {
      const e = C.exp(x)
      const [s, t] = [C.sum(last)(e), C.sum(last)(C.mul(e, x))]
      return [C.div(e, s), C.div(t, s), C.mul(e, t)]
    },
  ],
  [
    'a sum that waits for another',
    x => {
      const p = C.softmax(x)
      return [C.mul(p, C.sum(last)(C.square(p))), C.sum(last)(C.mul(p, x))]
    },
  ],
  [
    'the largest, and where',
    x => {
      const e = C.tanh(C.mul(x, 0.5))
      return [C.sub(e, C.max(last)(e)), C.cast('float32')(C.argmax({ axis: -1 })(e))]
    },
  ],
  [
    'whole numbers',
    x => {
      const e = C.cast('int32')(C.mul(C.exp(x), 100))
      return [C.sub(e, C.max(last)(e))]
    },
  ],
]

const shapes = [1, 3, 4, 5, 8, 33].flatMap(rows =>
  [1, 3, 4, 7, 8, 31, 33, 100, 1023].map(columns => [rows, columns] as const),
)

const onEngine = (f: (x: Tensor) => readonly Tensor[], x: Tensor): readonly Tensor[] => {
  const program = C.makeProgram(f)(x)
  const engine = theEngine()
  return engine.run(engine.prepare(compileProgram(program)), [x as Concrete], outputTypes(program))
}

describe.each(['float32', 'float64'] as const)('in %s', dtype => {
  it.each(functions)('%s', (_, f) => {
    for (const shape of shapes) {
      const x = C.cast(dtype)(normal({ shape })(key(shape[0] * 2000 + shape[1])))
      const found = onEngine(f, x)
      const wanted = withBackend(reference, () => f(x))
      wanted.forEach((y, i) => {
        const [a, b] = [cellOf(found[i] as Tensor), cellOf(y)]
        expect(a.length).toBe(b.length)
        const off = Math.max(
          ...Array.from(b, (value, k) => Math.abs((a[k] ?? Number.NaN) - value) / (1 + Math.abs(value))),
        )
        expect(off, `result ${i} of ${shape}`).toBeLessThanOrEqual(
          y.dtype === 'int32' ? 1 : dtype === 'float32' ? 2e-5 : 1e-13,
        )
      })
    }
  })
})
