import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Flat, record, run, sameProgram, showProgram } from '../../src/core/program.ts'
import { item, tensor, toArray } from '../../src/core/tensor.ts'
import { typesOf } from '../../src/core/trace.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  add,
  cast,
  concat,
  exp,
  gt,
  makeProgram,
  matmul,
  mul,
  neg,
  reshape,
  sin,
  slice,
  softmax,
  sort,
  sum,
  tanh,
  where,
  windows,
  zeros,
} from '../../src/index.ts'
import { check, expectSame, f64, mistake, wavy } from '../support/values.ts'

const vector = wavy([3], 0, 'float32')

describe('the text of a program', () => {
  it('is one line an equation, with types, params, and scalar constants in place', () => {
    const program = makeProgram((x: Tensor, w: Tensor) => sum({ axis: 1 })(add(tanh(matmul(x, w)), 0.1)))(
      zeros([2, 3]),
      zeros([3, 4]),
    )
    expect(showProgram(program)).toBe(`program (a: float32[2,3], b: float32[3,4]) {
  c: float32[2,4] = contract { a: ab, b: bc, out: ac, windows: [] } a b
  d: float32[2,4] = tanh c
  e: float32[2,4] = add d 0.1
  f: float32[2] = sum { axes: [1] } e
  return f
}`)
  })

  it('lists captured tensors in its head', () => {
    const w = tensor([1, 2, 3])
    expect(
      showProgram(makeProgram((x: Tensor) => mul(add(x, w), w))(vector)),
    ).toBe(`program (a: float32[3]) with (b: float32[3]) {
  c: float32[3] = add a b
  d: float32[3] = mul c b
  return d
}`)
  })

  it('is what String, template literals and console.log show', () => {
    const program = makeProgram((x: Tensor) => neg(x))(vector)
    expect([String(program), `${program}`, inspect(program)]).toEqual(new Array(3).fill(showProgram(program)))
  })

  it('names go on after z', () => {
    const long = makeProgram((x: Tensor) => Array.from({ length: 30 }).reduce((y: Tensor) => neg(y), x))(tensor(1))
    expect(showProgram(long)).toContain('aa: float32[] = neg z')
    expect(showProgram(long)).toContain('return ae')
  })

  it('nested params are shown in full', () => {
    const image = zeros([1, 4, 4, 1])
    expect(
      showProgram(
        makeProgram((x: Tensor) =>
          windows([
            { axis: 1, size: 2, stride: 2, dilation: 1 },
            { axis: 2, size: 2, stride: 2, dilation: 1 },
          ])(x),
        )(image),
      ),
    ).toContain(
      'windows { windows: [{ axis: 1, size: 2, stride: 2, dilation: 1 }, { axis: 2, size: 2, stride: 2, dilation: 1 }] } a',
    )
  })
})

describe('recording', () => {
  it('ops on constants alone leave no equation', () => {
    const program = makeProgram((x: Tensor) => mul(x, exp(add(tensor(1), 2))))(vector)
    expect(program.equations.map(eq => eq.op.name)).toEqual(['mul'])
  })

  it('a value from outside is captured once, however often it is used', () => {
    const w = tensor([1, 2, 3])
    const program = makeProgram((x: Tensor) => add(mul(x, w), w))(vector)
    expect(program.captured.map(c => toArray(c.value))).toEqual([[1, 2, 3]])
  })

  it('an input may be returned as it is, twice, or not be used at all', () => {
    const program = record((x, _y) => [x as Tensor, x as Tensor], typesOf([vector, vector]))
    expect(showProgram(program)).toBe('program (a: float32[3], b: float32[3]) {\n  return a, a\n}')
    const [first, second] = run(program)(vector, vector)
    expect([first, second]).toEqual([vector, vector])
  })

  it('a constant result is captured', () => {
    const program = record(() => [tensor([1, 2])], typesOf([vector]))
    expect(run(program)(vector).map(toArray)).toEqual([[1, 2]])
  })

  it('values do not matter, only structure, shapes and dtypes', () => {
    const f = ({ x }: { readonly x: Tensor }): Tensor => sum(mul(x, x))
    expect(sameProgram(makeProgram(f)({ x: zeros([3]) }), makeProgram(f)({ x: vector }))).toBe(true)
    expect(sameProgram(makeProgram(f)({ x: zeros([3]) }), makeProgram(f)({ x: zeros([4]) }))).toBe(false)
    expect(sameProgram(makeProgram(f)({ x: zeros([3]) }), makeProgram(f)({ x: f64([1, 2, 3]) }))).toBe(false)
  })
})

describe('sameProgram', () => {
  const same = (f: (x: Tensor) => Tensor, g: (x: Tensor) => Tensor): boolean =>
    sameProgram(makeProgram(f)(vector), makeProgram(g)(vector))

  it('holds for a closure made anew', () => {
    const make = () => (x: Tensor) => sum({ axis: 0 })(mul(x, tensor([1, 2, 3])))
    expect(same(make(), make())).toBe(true)
  })

  it('does not hold for another op, order, param or captured value', () => {
    const by = (w: Tensor) => (x: Tensor) => mul(x, w)
    expect(same(by(tensor([1, 2, 3])), by(tensor([1, 2, 4])))).toBe(false)
    expect(same(by(tensor([1, 2, 3])), by(tensor([[1, 2, 3]])))).toBe(false)
    const plus = (x: Tensor): Tensor => add(x, 1)
    for (const other of [
      (x: Tensor) => add(x, 2),
      (x: Tensor) => add(1, x),
      (x: Tensor) => mul(x, 1),
      (x: Tensor) => add(add(x, 1), 0),
      (x: Tensor) => x,
    ])
      expect(same(plus, other)).toBe(false)
    expect(same(slice([[0, 2]]), slice([[1, 3]]))).toBe(false)
  })
})

describe('running a recorded program', () => {
  const functions: { readonly [name: string]: Flat } = {
    elementwise: (x, y) => [add(sin(x as Tensor), mul(y as Tensor, 2))],
    'a reduction and a broadcast': (x, y) => [mul(sum({ axis: 1, keepDims: true })(x as Tensor), y as Tensor)],
    'several results': (x, y) => [x as Tensor, exp(y as Tensor), add(x as Tensor, y as Tensor)],
    'a choice': (x, y) => [where(gt(x as Tensor, y as Tensor), x as Tensor, 0)],
    'composed functions': (x, y) => [softmax(x as Tensor), sort({ axis: 0 })(y as Tensor)],
    movement: (x, y) => [concat({ axis: 1 })([reshape([2, 6])(x as Tensor), reshape([2, 6])(y as Tensor)])],
    casts: x => [cast('float32')(cast('int32')(x as Tensor))],
  }
  for (const [name, f] of Object.entries(functions))
    it(`gives what the function gives: ${name}`, () => {
      check(
        fc.property(fc.integer({ min: 0, max: 99 }), phase => {
          const xs = [wavy([3, 4], phase), wavy([3, 4], phase + 1)]
          const expected = f(...xs)
          const program = record(f, typesOf(xs))
          run(program)(...xs).forEach((y, i) => {
            expectSame(y, expected[i] as Tensor, 0)
          })
          expect(sameProgram(record(run(program), typesOf(xs)), program)).toBe(true)
        }),
        5,
      )
    })

  it('wants as many inputs as it was recorded with, of the same types', () => {
    const program = makeProgram((x: Tensor, y: Tensor) => add(x, y))(vector, vector)
    expect(mistake(() => run(program)(vector))).toBe('TraceError: run: the program takes 2 inputs, got 1')
    expect(mistake(() => run(program)(vector, zeros([4])))).toBe(
      'TraceError: run: input b of the program is float32[3], got float32[4]',
    )
    expect(mistake(() => run(program)(f64([1, 2, 3]), vector))).toContain(
      'input a of the program is float32[3], got float64[3]',
    )
  })
})

describe('what cannot be recorded', () => {
  it('reading a value: the message says why, and what to do', () => {
    const branch = (x: Tensor): Tensor => (item(x) > 0 ? x : neg(x))
    expect(mistake(() => makeProgram(branch)(tensor(1)))).toBe(
      'TraceError: item: the value of a float32[] is not known inside makeProgram: keep it a tensor (use where for a choice between values), or take it out of the function before reading it',
    )
  })

  it('a result that is no tensor, or a promise', () => {
    expect(mistake(() => makeProgram(() => ({ a: 'text' }))())).toBe(
      'TreeError: makeProgram: output.a is "text", not a tensor',
    )
    expect(mistake(() => makeProgram(() => undefined)())).toBe(
      'TreeError: makeProgram: output is undefined, not a tensor',
    )
    expect(mistake(() => makeProgram(async (x: Tensor) => x)(vector))).toBe(
      'TraceError: makeProgram: the function returned a Promise: await outside of it, and transform a function that computes at once',
    )
    expect(mistake(() => record(() => ['x' as unknown as Tensor], []))).toBe(
      'TraceError: trace: output 0 of the function is "x", not a tensor',
    )
  })

  it('numbers among results are scalars', () => {
    expect(showProgram(makeProgram(() => ({ a: 1, b: true }))())).toBe('program () {\n  return 1.0, true\n}')
  })
})
