import { describe, expect, it } from 'vitest'
import { item, tensor, toArray } from '../../src/core/tensor.ts'
import type { Tensor } from '../../src/core/types.ts'
import {
  add,
  cond,
  cos,
  data,
  exp,
  foriLoop,
  grad,
  gt,
  hessian,
  jit,
  jvp,
  lt,
  makeProgram,
  matmul,
  mul,
  ones,
  relu,
  scan,
  sin,
  square,
  sub,
  sum,
  tanh,
  treeZip,
  valueAndGrad,
  vjp,
  vmap,
  whileLoop,
  zeros,
} from '../../src/index.ts'
import { expectClose, f64, mistake } from '../support/values.ts'

/** A function that counts how often it is traced. */
const counted = <A extends readonly Tensor[]>(f: (...xs: A) => Tensor) => {
  let traces = 0
  const g = (...xs: A): Tensor => {
    traces++
    return f(...xs)
  }
  return { g, traces: () => traces }
}

describe('jit(f)', () => {
  it('is f', () => {
    const f = (x: Tensor, y: Tensor): Tensor => sum(tanh(matmul(sin(x), exp(y))))
    const [x, y] = [
      tensor([[0.1, 0.2, 0.3]]),
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    ]
    expectClose(jit(f)(x, y), item(f(x, y)))
  })

  it('takes and gives trees, and numbers as scalars', () => {
    const step = jit(({ w, b }: { readonly w: Tensor; readonly b: Tensor }, lr: Tensor) => ({
      b: sub(b, lr),
      both: [w, mul(w, lr)] as const,
    }))
    const { b, both } = step({ w: tensor([1, 2]), b: 3 }, 0.5)
    expect([item(b), toArray(both[0]), toArray(both[1])]).toEqual([2.5, [1, 2], [0.5, 1]])
  })

  it('is traced once for each structure, shape and dtype, and never for values', () => {
    const { g, traces } = counted((x: Tensor, y: Tensor) => mul(x, y))
    const f = jit(g)
    for (let i = 0; i < 5; i++) f(tensor([1, 2]), i)
    expect(traces()).toBe(1)
    f(tensor([1, 2, 3]), 1)
    f(f64([1, 2]), f64(1))
    expect(traces()).toBe(3)
    expect(toArray(f(tensor([3, 4]), 2))).toEqual([6, 8])
    expect(traces()).toBe(3)
  })

  it('is compiled once for static lists and records of equal values, and again when one has changed', () => {
    let traces = 0
    const f = jit(
      (x: Tensor, { by, list }: { readonly by: number; readonly list: readonly string[] }) => {
        traces++
        return mul(x, by + list.length)
      },
      { static: [1] },
    )
    const setting = { by: 2, list: ['a'] }
    const given = [f(1, setting), f(1, { list: ['a'], by: 2 }), f(1, { by: 2, list: ['b'] })].map(y =>
      item(y as Tensor<readonly []>),
    )
    expect([given, traces]).toEqual([[3, 3, 3], 2])
    setting.by = 5
    expect([item(f(1, setting) as Tensor<readonly []>), traces]).toEqual([6, 3])
  })

  it('is compiled for each value of a static argument', () => {
    const f = jit(
      (x: Tensor, power: number, name: string) =>
        name === 'power' ? foriLoop(0, power, (_, y: Tensor) => mul(y, x))(ones([])) : x,
      {
        static: [1, 2],
      },
    )
    expect([item(f(2, 3, 'power')), item(f(2, 4, 'power')), item(f(2, 4, 'none'))]).toEqual([8, 16, 2])
  })

  it('reads what is outside when it is traced', () => {
    const w = tensor(Array.from({ length: 1000 }, (_, i) => i))
    const f = jit((x: Tensor) => sum(mul(x, w)))
    expect(item(f(2))).toBe(999_000)
    expect(item(f(3))).toBe(1_498_500)
  })

  it('gives back what it is given, and constants', () => {
    const c = ones([400])
    const [x, again, one, two] = jit((v: Tensor) => [v, v, c, tensor(2)] as const)(tensor([1, 2]))
    expect([toArray(x), toArray(again), item(sum(one)), item(two)]).toEqual([[1, 2], [1, 2], 400, 2])
  })

  it('works on tensors of no elements and without arguments', () => {
    expect(jit((x: Tensor) => add(x, 1))(zeros([0, 3])).shape).toEqual([0, 3])
    expect(item(jit((x: Tensor) => sum(x))(zeros([0])))).toBe(0)
    expect(toArray(jit(() => add(ones([2]), 1))())).toEqual([2, 2])
  })
})

describe('jit composes with', () => {
  const f = (x: Tensor): Tensor => sum(mul(sin(x), square(x)))
  const x = f64([0.3, -0.7, 1.1])
  const slope = grad(f)(x)

  it('grad, on both sides', () => {
    expectClose(jit(grad(f))(x), toArray(slope) as number[])
    expectClose(grad(jit(f))(x), toArray(slope) as number[])
    expectClose(jit(grad(jit(f)))(x), toArray(slope) as number[])
    expectClose(
      grad((y: Tensor) => sum(jit(grad(f))(y)))(x),
      toArray(grad((y: Tensor) => sum(grad(f)(y)))(x)) as number[],
    )
  })

  it('vjp, jvp, hessian and valueAndGrad', () => {
    const [y, back] = vjp(jit(f))(x)
    expectClose(y, item(f(x)))
    expectClose(back(f64(2))[0], toArray(mul(2, slope)) as number[])
    const t = f64([1, 2, 3])
    expectClose(jvp(jit(f))([x], [t])[1], item(sum(mul(slope, t))))
    expectClose(hessian(jit(f))(x), toArray(hessian(f)(x)) as number[][])
    expectClose(jit(valueAndGrad(f))(x)[1], toArray(slope) as number[])
  })

  it('vmap, on both sides', () => {
    const xs = f64([
      [1, 2, 3],
      [4, 5, 6],
    ])
    const wanted = toArray(vmap(f)(xs)) as number[]
    expectClose(vmap(jit(f))(xs), wanted)
    expectClose(jit(vmap(f))(xs), wanted)
    expectClose(vmap(grad(jit(f)))(xs), toArray(vmap(grad(f))(xs)) as number[][])
  })

  it('itself, and programs', () => {
    expect(item(jit((a: Tensor) => jit(f)(mul(2, a)))(x))).toBeCloseTo(item(f(mul(2, x))), 12)
    expect(String(makeProgram(jit(f))(x))).toContain('= jit')
  })

  it('control flow', () => {
    const g = jit((a: Tensor, n: Tensor) => {
      const total = scan((s: Tensor, v: Tensor) => [add(s, v), mul(s, v)] as const)(0, a)
      const doubled = whileLoop(
        (v: Tensor) => lt(v, n),
        (v: Tensor) => mul(v, 2),
      )(1)
      const chosen = cond(
        (v: Tensor) => sin(v),
        (v: Tensor) => cos(v),
      )(gt(n, 10), n)
      return [total, doubled, chosen] as const
    })
    const [[last, all], doubled, chosen] = g(tensor([1, 2, 3]), 20)
    expect([item(last), toArray(all), item(doubled)]).toEqual([6, [0, 2, 9], 32])
    expectClose(chosen, Math.sin(20))
    expectClose(g(tensor([1, 2, 3]), 5)[2], Math.cos(5))
  })

  it('values of an outer transformation that it captures', () => {
    const outer = (y: Tensor): Tensor => jit((v: Tensor) => mul(v, mul(y, y)))(3)
    expect([item(grad(outer)(2)), item(grad(outer)(5))]).toEqual([12, 30])
  })
})

describe('donated arguments', () => {
  const big = (value: number): Tensor => mul(value, ones([1000]))
  const step = jit(
    (state: { readonly a: Tensor; readonly n: Tensor }, x: Tensor) => ({ a: add(state.a, x), n: add(state.n, 1) }),
    {
      donate: [0],
    },
  )

  it('cannot be read afterwards', () => {
    const state = { a: big(1), n: tensor(0) }
    const next = step(state, 2)
    expect([item(sum(next.a)), item(next.n)]).toEqual([3000, 1])
    expect(mistake(() => data(state.a))).toMatch(/^EngineError: data: this tensor was donated/)
    expect(() => item(state.n)).toThrow(/donated/)
    expect(() => step(state, 1)).toThrow(/donated/)
    expect(() => add(state.a, 1)).toThrow(/donated/)
  })

  it('never take what is not theirs', () => {
    const keep = jit((state: readonly [Tensor, Tensor], x: Tensor) => [state[1], x] as const, { donate: [0] })
    const xs = [big(1), big(2), big(3)]
    let state: readonly [Tensor, Tensor] = [big(0), big(0)]
    for (const x of xs) state = keep(state, x)
    expect(xs.map(x => item(sum(x)))).toEqual([1000, 2000, 3000])
    expect(state.map(x => item(sum(x)))).toEqual([2000, 3000])
  })
})

describe('jit refuses', () => {
  it('a function that reads a value', () => {
    expect(mistake(() => jit((x: Tensor) => (item(x) > 0 ? x : relu(x)))(1))).toMatch(/^TraceError/)
  })
  it('arguments that are no tensors, and says how to fix them', () => {
    expect(() => jit((x: Tensor, _name: unknown) => x)(1, 'mean')).toThrow(/argument 1 is .*static/)
  })
  it('what is no function, and odd options', () => {
    expect(mistake(() => jit(3 as never))).toMatch(/^ValueError/)
    expect(() => jit(sin, { static: [0], donate: [0] })).toThrow(/both static and donated/)
    expect(() => jit(sin, { static: 0 as never })).toThrow(/list of argument numbers/)
  })
  it('a promise', () => {
    expect(() => jit(async (x: Tensor) => x)(1)).toThrow(/Promise/)
  })
})

describe('a training loop', () => {
  it('learns as without jit', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
      [5, 7],
    ])
    const y = tensor([1, 2, 3])
    const loss = ({ w, b }: { readonly w: Tensor; readonly b: Tensor }): Tensor =>
      sum(square(sub(add(matmul(x, w), b), y)))
    const update = (p: { readonly w: Tensor; readonly b: Tensor }) =>
      treeZip(p, grad(loss)(p), (v, g) => sub(v, mul(0.001, g)))
    const quick = jit(update)
    let [a, b] = [
      { w: zeros([2]), b: zeros([]) },
      { w: zeros([2]), b: zeros([]) },
    ] as [Parameters<typeof update>[0], Parameters<typeof update>[0]]
    for (let i = 0; i < 20; i++) {
      a = update(a)
      b = quick(b)
    }
    expectClose(b.w, toArray(a.w) as number[], 1e-5)
  })
})
