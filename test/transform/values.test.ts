/**
 * What a function under transformation may do with values: branch, loop, read, and what it may not.
 */
import { describe, expect, it } from 'vitest'
import { data, isTensor, item, show, tensor, toArray } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  add,
  div,
  exp,
  grad,
  gt,
  jvp,
  makeProgram,
  mul,
  neg,
  sin,
  sub,
  sum,
  valueAndGrad,
  vjp,
  vmap,
  where,
} from '../../src/index.ts'
import { f64, mistake } from '../support/values.ts'

type Fn = (x: Tensor) => Tensor

const forward =
  (f: Fn): Fn =>
  x =>
    jvp(f)([x], [f64(1)])[1]
const backward =
  (f: Fn): Fn =>
  x =>
    vjp(f)(x)[1](1)[0]
const modes: { readonly [name: string]: (f: Fn) => Fn } = { grad: f => grad(f), jvp: forward, vjp: backward }

/** √x by Newton's iteration, with an ordinary loop on values. */
const root = (x: Tensor): Tensor => {
  let y = x
  while (Math.abs(item(mul(y, y)) - item(x)) > 1e-13) y = mul(0.5, add(y, div(x, y)))
  return y
}
/** x³ for positive x, sin x otherwise, by an ordinary if. */
const branching = (x: Tensor): Tensor => {
  if (item(x) > 0) return mul(x, mul(x, x))
  return sin(x)
}
/** eˣ by its series, until terms are small. */
const series = (x: Tensor): Tensor => {
  let term: Tensor = f64(1)
  let total = term
  for (let n = 1; Math.abs(item(term)) > 1e-17; n++) {
    term = div(mul(term, x), n)
    total = add(total, term)
  }
  return total
}

describe('ordinary if and while on values', () => {
  for (const [name, d] of Object.entries(modes)) {
    it(`work under ${name}`, () => {
      expect(item(d(root)(f64(2)))).toBeCloseTo(0.5 / Math.SQRT2, 12)
      expect(item(d(branching)(f64(2)))).toBeCloseTo(12, 12)
      expect(item(d(branching)(f64(-2)))).toBeCloseTo(Math.cos(-2), 12)
      expect(item(d(series)(f64(1.3)))).toBeCloseTo(Math.exp(1.3), 12)
    })

    for (const [inner, e] of Object.entries(modes))
      it(`work under ${name} of ${inner}`, () => {
        expect(item(d(e(root))(f64(2)))).toBeCloseTo(-0.25 * 2 ** -1.5, 10)
        expect(item(d(e(branching))(f64(2)))).toBeCloseTo(12, 10)
        expect(item(d(e(branching))(f64(-2)))).toBeCloseTo(Math.sin(2), 10)
        expect(item(d(e(series))(f64(1.3)))).toBeCloseTo(Math.exp(1.3), 10)
      })
  }

  it('work under three of them', () => {
    expect(item(grad(forward(grad(branching)))(f64(2)))).toBeCloseTo(6, 5)
  })

  it('toArray, data and show read values under grad too', () => {
    const seen: unknown[] = []
    grad((x: Tensor) => {
      const y = mul(x, 2)
      seen.push(toArray(y), [...data(y)], isTensor(y))
      return sum(y)
    })(tensor([1, 2]))
    expect(seen).toEqual([[2, 4], [2, 4], true])
  })

  it('a tracer shows what it is, not a value that would be mistaken for the whole story', () => {
    let text = ''
    grad((x: Tensor) => {
      text = show(x)
      return sum(x)
    })(tensor([1, 2]))
    expect(text).toBe('Tracer(float32[2], inside grad)')
  })

  it('read an outer value inside vmap, where it is known', () => {
    const f = (scale: Tensor) => (x: Tensor) => (item(scale) > 1 ? mul(x, scale) : x)
    expect(toArray(vmap(f(tensor(2)))(tensor([1, 2])))).toEqual([2, 4])
    expect(item(grad((s: Tensor) => sum(vmap(f(s))(tensor([1, 2]))))(2))).toBe(3)
  })
})

describe('values that are not known', () => {
  const advice =
    'keep it a tensor (use where for a choice between values), or take it out of the function before reading it'

  it('under vmap and trace, item says so and what to do', () => {
    expect(mistake(() => vmap(branching)(f64([1, -1])))).toBe(
      `TraceError: item: the value of a float64[] is not known inside vmap: ${advice}`,
    )
    expect(mistake(() => makeProgram(branching)(f64(1)))).toContain(
      `item: the value of a float64[] is not known inside makeProgram: ${advice}`,
    )
    expect(mistake(() => makeProgram((x: Tensor) => tensor(toArray(x) as number[]))(f64([1])))).toContain(
      'toArray: the value of a float64[1]',
    )
    expect(mistake(() => vmap((x: Tensor) => tensor(data(x)))(f64([1])))).toContain('data: the value of a float64[]')
  })

  it('the same within derivatives inside vmap, or the other way round', () => {
    expect(mistake(() => vmap(grad(branching))(f64([1, -1])))).toContain('is not known inside vmap')
    expect(mistake(() => grad((x: Tensor) => sum(vmap(branching)(x)))(f64([1, -1])))).toContain(
      'is not known inside vmap',
    )
    expect(mistake(() => makeProgram(grad(branching))(f64(1)))).toContain('is not known inside makeProgram')
  })

  it('where does what if does', () => {
    const chosen = (x: Tensor): Tensor => where(gt(x, 0), mul(x, mul(x, x)), sin(x))
    expect(toArray(vmap(grad(chosen))(f64([2, -2])))).toEqual([12, Math.cos(-2)])
  })

  it('operators on a traced value throw the same error as on any tensor', () => {
    expect(mistake(() => grad((x: Tensor) => ((x as unknown as number) > 0 ? x : neg(x)))(1))).toContain(
      'JavaScript operators do not work on tensors',
    )
  })
})

describe('a function that returns a promise', () => {
  const wanted = 'the function returned a Promise: await outside of it, and transform a function that computes at once'
  const later = async (x: Tensor): Promise<Tensor> => mul(x, x)
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what the test is about
  const thenable = (_x: Tensor) => ({ then: (f: (x: number) => void) => f(1) }) as unknown as Tensor
  const plain = later as unknown as Fn

  const transformations: { readonly [kind: string]: (f: Fn) => unknown } = {
    grad: f => grad(f)(1),
    'grad with aux': f => grad(f as unknown as (x: Tensor) => readonly [Tensor, null], { aux: true })(1),
    'grad of [promise, aux]': f => grad((x: Tensor) => [f(x), null] as const, { aux: true })(1),
    valueAndGrad: f => valueAndGrad(f)(1),
    jvp: f => jvp(f)([1], [1]),
    vjp: f => vjp(f)(1),
    vmap: f => vmap(f)(tensor([1])),
    makeProgram: f => makeProgram(f)(1),
  }
  for (const [kind, transform] of Object.entries(transformations))
    it(`is refused by ${kind}`, () => {
      const name = kind.split(' ')[0]
      expect(mistake(() => transform(plain))).toBe(`TraceError: ${name}: ${wanted}`)
      expect(mistake(() => transform(thenable))).toBe(`TraceError: ${name}: ${wanted}`)
    })
})

describe('an escaped tracer', () => {
  const escapedFrom = (transform: (f: Fn) => unknown): Tensor => {
    let kept: Tensor | undefined
    transform(x => {
      kept = mul(x, 2)
      return kept
    })
    return kept as Tensor
  }
  const message = (kind: string): string =>
    `TraceError: exp: got a value from inside a ${kind} that has ended (an escaped tracer): return it from the transformed function instead of storing it outside`

  const transformations: { readonly [kind: string]: (f: Fn) => unknown } = {
    grad: f => grad(f)(1),
    jvp: f => jvp(f)([1], [1]),
    vjp: f => vjp(f)(1),
    vmap: f => vmap(f)(tensor([1])),
    makeProgram: f => makeProgram(f)(1),
  }
  for (const [kind, transform] of Object.entries(transformations)) {
    it(`of ${kind} is refused by every op`, () => {
      const x = escapedFrom(transform)
      expect(mistake(() => exp(x))).toBe(message(kind))
      expect(mistake(() => add(x, 1))).toContain(`add: got a value from inside a ${kind} that has ended`)
    })

    it(`of ${kind} is refused within another transformation`, () => {
      const x = escapedFrom(transform)
      expect(mistake(() => grad((y: Tensor) => mul(y, exp(x)))(1))).toBe(message(kind))
      expect(mistake(() => vmap((y: Tensor) => add(y, x))(tensor([1])))).toContain('that has ended')
    })
  }

  it('cannot be returned from another transformation either', () => {
    const kept = escapedFrom(f => grad(f)(1))
    for (const transform of Object.values(transformations))
      expect(mistake(() => transform(() => kept))).toContain('got a value from inside a grad that has ended')
  })

  it('after the function threw, too', () => {
    let kept: Tensor | undefined
    const failing = (x: Tensor): Tensor => {
      kept = x
      throw new Error('no luck')
    }
    expect(() => grad(failing)(1)).toThrow('no luck')
    expect(mistake(() => exp(kept as Tensor))).toBe(message('grad'))
    expect(item(grad((x: Tensor) => mul(x, x))(3))).toBe(6)
  })

  it('of an inner transformation used in an outer one', () => {
    const f = (x: Tensor): Tensor => {
      const inner = escapedFrom(g => grad(g)(x))
      return sub(x, inner)
    }
    expect(mistake(() => grad(f)(1))).toContain('sub: got a value from inside a grad that has ended')
  })
})
