/**
 * Whole programs on the engine: op by op, and compiled with and without each pass, against the reference; and with several threads
 * against one, bit for bit.
 */
import * as fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { withBackend } from '../../../src/backend/current.ts'
import { reference } from '../../../src/backend/reference.ts'
import { theEngine } from '../../../src/backend/wasm/engine.ts'
import { type CompileOptions, compileProgram } from '../../../src/compile/compile.ts'
import { showPlan } from '../../../src/compile/show.ts'
import { outputTypes } from '../../../src/core/program.ts'
import { cellOf } from '../../../src/core/tensor.ts'
import type { Concrete, Tensor } from '../../../src/core/types.ts'
import * as C from '../../../src/index.ts'
import { key, normal } from '../../../src/random/index.ts'
import { SEED } from '../../support/values.ts'
import { type WholeProgram, wholePrograms } from '../../support/whole-programs.ts'

const RUNS = Number(process.env.LAW_RUNS ?? 60)
/** Programs of up to fifty ops lose some ulp at each, on values of the order of ten. */
const FLOAT32_TOLERANCE = 1e-4
/** Functions of float64 are JavaScript's on both sides; sums are added up in another order. */
const FLOAT64_TOLERANCE = 1e-11

const settings: readonly (readonly [string, CompileOptions])[] = [
  ['no pass', { simplify: false, fuse: false }],
  ['no fusion', { fuse: false }],
  ['all passes but maps', { fuse: { maps: false } }],
  ['all passes but epilogues', { fuse: { epilogues: false } }],
  ['all passes but siblings', { fuse: { siblings: false } }],
  ['all passes but rows', { fuse: { rows: false } }],
  ['all passes', {}],
]

const onReference = ({ f, args }: WholeProgram): readonly Tensor[] => withBackend(reference, () => f(...args))

/** What the reference makes of inputs that differ in their last bits: what a program magnifies, roundings are magnified by too. */
const disturbed = (program: WholeProgram): readonly Tensor[] =>
  onReference({ ...program, args: program.args.map(x => (x.dtype === 'float32' ? C.mul(x, 1 + DISTURBANCE) : x)) })
const DISTURBANCE = 1e-6
/** Roundings on the way are as so many disturbances of the inputs. */
const ROUNDINGS = 100

const expectNear = (found: readonly Tensor[], program: WholeProgram, tolerance: number, what: string): void => {
  let others: readonly Tensor[] | undefined
  onReference(program).forEach((y, i) => {
    const [a, b] = [cellOf(found[i] as Tensor), cellOf(y)]
    expect(a.length, what).toBe(b.length)
    b.forEach((value, k) => {
      const off = Math.abs((a[k] ?? Number.NaN) - value)
      if (off <= tolerance * Math.max(1, Math.abs(value)) || Object.is(a[k], value)) return
      others ??= disturbed(program)
      const spread = Math.abs((cellOf(others[i] as Tensor)[k] ?? Number.NaN) - value)
      if (!(off <= ROUNDINGS * spread)) expect(a[k], `result ${i}, element ${k} of ${what}`).toBe(value)
    })
  })
}

const compiled = ({ f, args }: WholeProgram, options: CompileOptions) => {
  const program = C.makeProgram((...xs: readonly Tensor[]) => f(...xs))(...args)
  const plan = compileProgram(program, options)
  const engine = theEngine()
  const results = engine.run(engine.prepare(plan), args as readonly Concrete[], outputTypes(program))
  return { results, plan }
}

describe.each([
  ['float64', FLOAT64_TOLERANCE],
  ['float32', FLOAT32_TOLERANCE],
] as const)('in %s, the engine computes what the reference does', (dtype, tolerance) => {
  it('op by op', () => {
    fc.assert(
      fc.property(wholePrograms({ dtype }), program => {
        expectNear(program.f(...program.args), program, tolerance, 'eager ops')
      }),
      { seed: SEED, numRuns: RUNS },
    )
  })

  it('op by op and compiled, on larger tensors', () => {
    fc.assert(
      fc.property(wholePrograms({ dtype, sizes: 'large' }), program => {
        expectNear(program.f(...program.args), program, tolerance, 'eager ops')
        const { results, plan } = compiled(program, {})
        expectNear(results, program, tolerance, showPlan(plan))
      }),
      { seed: SEED, numRuns: RUNS },
    )
  })

  it.each(settings)('compiled with %s', (_, options) => {
    fc.assert(
      fc.property(wholePrograms({ dtype }), program => {
        const { results, plan } = compiled(program, options)
        expectNear(results, program, tolerance, showPlan(plan))
      }),
      { seed: SEED, numRuns: RUNS },
    )
  })
})

// ---- threads

const draw = (shape: readonly number[], seed: number): Tensor => normal({ shape })(key(seed))

/** Programs with enough work to be shared, one for each kind of kernel. */
const large: readonly (readonly [string, (...xs: readonly Tensor[]) => unknown, readonly Tensor[]])[] = [
  ['a product', (a, b) => C.matmul(a as Tensor, b as Tensor), [draw([300, 200], 0), draw([200, 310], 1)]],
  [
    'a convolution and its gradients',
    (x, w) =>
      C.grad((k: Tensor) => C.sum(C.square(C.relu(C.conv2d({ padding: 'same' })(x as Tensor, k)))))(w as Tensor),
    [draw([16, 20, 20, 8], 2), draw([3, 3, 8, 12], 3)],
  ],
  ['maps', x => C.mul(C.tanh(C.add(x as Tensor, 1)), C.exp(C.neg(C.square(x as Tensor)))), [draw([300_001], 4)]],
  [
    'sums over rows, columns and all',
    x => [C.sum({ axis: 0 })(x as Tensor), C.sum({ axis: 1 })(C.exp(x as Tensor)), C.mean(C.square(x as Tensor))],
    [draw([3001, 97], 5)],
  ],
  ['softmax', x => C.softmax(x as Tensor), [draw([5000, 40], 6)]],
  ['random bits', x => C.add(x as Tensor, normal({ shape: [200_000] })(key(9))), [draw([], 7)]],
  [
    'running totals, sorting and scatters',
    x => {
      const index = C.cast('int32')(C.mul(100, C.abs(C.tanh(x as Tensor))))
      return [
        C.cumsum({ axis: 0 })(x as Tensor),
        C.sort(x as Tensor),
        C.segmentSum({ segments: 101 })(x as Tensor, index),
      ]
    },
    [draw([40_000], 8)],
  ],
  [
    'a step of a linear model, whose sums follow its rows',
    (x, y) => {
      const loss = (w: Tensor) => C.mean(C.square(C.sub(C.matmul(x as Tensor, w), y as Tensor)))
      return C.valueAndGrad(loss)(C.ones([60]))
    },
    [draw([9001, 60], 12), draw([9001], 13)],
  ],
  [
    'a training step',
    (w, x) =>
      C.scan((v: Tensor, y: Tensor) => [C.sub(v, C.mul(0.01, C.matmul(v, y))), C.sum(v)] as const)(
        w as Tensor,
        x as Tensor,
      ),
    [draw([200, 200], 10), draw([5, 200, 200], 11)],
  ],
]

describe('threads', () => {
  afterAll(() => C.configure({ threads: 2 }))

  it.each(large)('change no bit of %s', async (_, f, args) => {
    const g = C.jit((...xs: readonly Tensor[]) => C.treeLeaves(f(...xs)))
    const bitsOf = () => g(...args).map(y => [...new Uint8Array(C.data(y).buffer)].join())
    C.configure({ threads: 1 })
    const wanted = bitsOf()
    for (const threads of [2, 4]) {
      C.configure({ threads })
      bitsOf()
      // Workers join when they have started.
      await new Promise(resolve => setTimeout(resolve, 150))
      for (let i = 0; i < 5; i++) expect(bitsOf()).toEqual(wanted)
    }
  })
})
