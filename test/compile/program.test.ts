/** The passes on programs: inline and simplify. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withBackend } from '../../src/backend/current.ts'
import { reference } from '../../src/backend/reference.ts'
import { compileProgram } from '../../src/compile/compile.ts'
import { inline } from '../../src/compile/inline.ts'
import { runPlan } from '../../src/compile/interpret.ts'
import { simplify } from '../../src/compile/simplify.ts'
import { run } from '../../src/core/program.ts'
import { cellOf } from '../../src/core/tensor.ts'
import type { Program, Tensor } from '../../src/core/types.ts'
import * as C from '../../src/index.ts'
import { SEED } from '../support/values.ts'
import { wholePrograms } from '../support/whole-programs.ts'

const RUNS = Number(process.env.LAW_RUNS ?? 50)

const record = (f: (...xs: readonly Tensor[]) => readonly Tensor[], args: readonly Tensor[]): Program =>
  C.makeProgram(f)(...(args as readonly never[]))
const opsOf = (program: Program): readonly string[] => program.equations.map(({ op }) => op.name)
const values = (xs: readonly Tensor[]): readonly (readonly number[])[] => xs.map(x => [...cellOf(x)])
const vector = C.tensor([1, -2, 0.5])

describe.each([
  ['inline', inline],
  ['simplify', simplify],
  ['both', (program: Program) => simplify(inline(program))],
])('%s', (_, pass) => {
  it('leaves every bit of the results as it was', () => {
    fc.assert(
      fc.property(wholePrograms(), ({ f, args }) => {
        const program = record(f, args)
        expect(values(run(pass(program))(...args))).toEqual(values(run(program)(...args)))
      }),
      { seed: SEED, numRuns: RUNS },
    )
  })

  it('is idempotent', () => {
    fc.assert(
      fc.property(wholePrograms(), ({ f, args }) => {
        const once = pass(record(f, args))
        expect(String(pass(once))).toBe(String(once))
      }),
      { seed: SEED, numRuns: RUNS },
    )
  })
})

describe('inline', () => {
  it('leaves no op that merely holds a program, at any depth', () => {
    const inner = (x: Tensor) => C.call((y: Tensor) => C.sin(y))(x)
    const f = (x: Tensor) => [C.checkpoint((y: Tensor) => C.mul(inner(y), 2))(x), C.softplus(x)]
    expect(opsOf(inline(record(f as never, [vector])))).not.toContain('call')
    const loop = (x: Tensor) => [C.foriLoop(0, 2, (_, y: Tensor) => inner(y))(x)]
    expect(String(inline(record(loop as never, [vector])))).not.toContain('call')
  })
})

describe('simplify', () => {
  const simplified = (f: (x: Tensor) => Tensor | readonly Tensor[]): readonly string[] =>
    opsOf(simplify(record(x => [f(x as Tensor)].flat(), [vector])))

  it.each<[string, (x: Tensor) => Tensor, readonly string[]]>([
    ['x·1 is x', x => C.mul(x, 1), []],
    ['x/1 is x', x => C.div(x, 1), []],
    ['x-0 is x', x => C.sub(x, 0), []],
    ['x+0 is not, for -0', x => C.add(x, 0), ['add']],
    ['--x is x', x => C.neg(C.neg(x)), []],
    ['a reshape of a reshape is one', x => C.reshape([3, 1])(C.reshape([1, 3])(C.sin(x))), ['sin', 'reshape']],
    ['transposes of transposes vanish', x => C.transpose(C.transpose(C.reshape([3, 1])(x))), ['reshape']],
    ['equal equations are one', x => C.add(C.sin(x), C.sin(x)), ['sin', 'add']],
    ['a mask of relu reads relu', x => C.mul(C.relu(x), C.cast('float32')(C.gt(x, 0))), ['relu', 'gt', 'cast', 'mul']],
  ])('%s', (_, f, ops) => {
    expect(simplified(f)).toEqual(ops)
  })

  it('drops what nothing reads', () => {
    const f = (x: Tensor): readonly Tensor[] => {
      C.exp(x)
      return [C.sin(x)]
    }
    expect(simplified(f)).toEqual(['sin'])
  })

  it('computes with scalars that are known', () => {
    const half = C.call((y: Tensor) => C.div(1, y))
    expect(opsOf(simplify(inline(record(x => [C.mul(x as Tensor, C.mul(half(C.tensor(4)), 2))], [vector]))))).toEqual([
      'mul',
    ])
  })
})

describe('a plan of a gradient', () => {
  it('computes what grad does', () => {
    fc.assert(
      fc.property(wholePrograms({ empty: false, most: 12 }), ({ f, args }) => {
        const loss = (...xs: readonly Tensor[]): Tensor =>
          f(...xs)
            .filter(y => y.dtype === 'float64')
            .reduce<Tensor>((sum, y) => C.add(sum, C.sum(C.tanh(y))), C.tensor(0, { dtype: 'float64' }))
        const gradient = (...xs: readonly Tensor[]): readonly Tensor[] => {
          const grads = (C.grad as (f: unknown) => (x: Tensor, y: Tensor) => Tensor)((x: Tensor, y: Tensor) =>
            loss(x, y),
          )
          return [grads(xs[0] as Tensor, xs[1] as Tensor)]
        }
        const gives = (): readonly Tensor[] | undefined => {
          try {
            return withBackend(reference, () => gradient(...args))
          } catch (error) {
            // whileLoop has no reverse mode.
            if ((error as { readonly _tag?: string })._tag === 'RuleError') return undefined
            throw error
          }
        }
        const wanted = gives()
        fc.pre(wanted !== undefined)
        const plan = withBackend(reference, () => compileProgram(record(gradient, args)))
        expect(runPlan(reference.run, plan, args.map(cellOf)).map(y => [...y])).toEqual(values(wanted ?? []))
      }),
      { seed: SEED, numRuns: RUNS },
    )
  })
})
