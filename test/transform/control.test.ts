import { describe, expect, it } from 'vitest'
import { isProgram } from '../../src/core/program.ts'
import {
  add,
  arange,
  associativeScan,
  call,
  checkpoint,
  cond,
  cos,
  exp,
  foriLoop,
  grad,
  gt,
  item,
  jvp,
  log,
  lt,
  makeProgram,
  matmul,
  mul,
  neg,
  type Program,
  scan,
  showProgram,
  sin,
  stopGradient,
  sum,
  switchCase,
  type Tensor,
  tanh,
  tensor,
  toArray,
  vmap,
  whileLoop,
  zeros,
  zerosLike,
} from '../../src/index.ts'
import { expectClose, mistake } from '../support/values.ts'

/** How often an op stands in a program and in those that it holds. */
const count = (program: Program, op: string): number =>
  program.equations.reduce((n, eq) => {
    const held = Object.values(eq.params).flat().filter(isProgram)
    return n + (eq.op.name === op ? 1 : 0) + held.reduce((m, sub) => m + count(sub, op), 0)
  }, 0)

const vector = tensor([1, 2, 3])

describe('cond', () => {
  const safeLog = (x: Tensor) =>
    cond(
      (y: Tensor) => log(y),
      (y: Tensor) => zerosLike(y),
    )(gt(x, 0), x)

  it('runs the branch that the predicate names, and differentiates that one', () => {
    expect([item(safeLog(tensor(-1))), item(safeLog(tensor(1)))]).toEqual([0, 0])
    expect(item(grad(safeLog)(2))).toBe(0.5)
    expect(item(grad(safeLog)(-2))).toBe(0)
  })
  it('under vmap with a predicate for each example, chooses results', () => {
    expectClose(vmap(safeLog)(tensor([-1, 1, 2])), [0, 0, Math.LN2])
    expectClose(vmap(grad(safeLog))(tensor([-1, 1, 2])), [0, 1, 0.5])
  })
  it('under vmap with one predicate for all, runs one branch', () => {
    const f = (x: Tensor, on: Tensor) =>
      cond(
        (y: Tensor) => exp(y),
        (y: Tensor) => neg(y),
      )(on, x)
    expectClose(vmap(f, { inAxes: [0, null] })(tensor([0, 1]), tensor(false)), [0, -1])
    const program = makeProgram((x: Tensor, on: Tensor) => vmap(f, { inAxes: [0, null] })(x, on))(
      zeros([2]),
      tensor(true),
    )
    expect(count(program, 'cond')).toBe(1)
  })
  it('takes what its branches use from outside, traced or not', () => {
    const f = (w: Tensor) =>
      cond(
        (x: Tensor) => mul(x, w),
        (x: Tensor) => add(x, vector),
      )(true, tensor([1, 1, 1]))
    expectClose(grad((w: Tensor) => sum(f(w)))(vector), [1, 1, 1])
  })
  it('refuses branches that differ, and predicates that are none', () => {
    expect(
      mistake(() =>
        cond(
          (x: Tensor) => x,
          (x: Tensor) => sum(x),
        )(true, vector),
      ),
    ).toBe(
      'ShapeError: cond: the branches differ: leaf 0 is float32[] from onFalse, float32[3] from onTrue; all must give the same shapes and dtypes',
    )
    expect(
      mistake(() =>
        cond(
          (x: Tensor) => x as unknown,
          (x: Tensor) => [x],
        )(true, vector),
      ),
    ).toBe('TreeError: cond: the results of onFalse and onTrue differ at the root: an array of 1 vs a leaf')
    expect(
      mistake(() =>
        cond(
          (x: Tensor) => x,
          (x: Tensor) => x,
        )(1, vector),
      ),
    ).toContain('the predicate must be bool')
    expect(
      mistake(() =>
        cond(
          (x: Tensor) => x,
          (x: Tensor) => x,
        )(gt(vector, 0), vector),
      ),
    ).toContain('the predicate must be a scalar, got [3]; for one of each element use where')
    expect(
      mistake(() =>
        cond(
          (x: Tensor) => (item(x) > 0 ? x : neg(x)),
          (x: Tensor) => x,
        )(true, tensor(1)),
      ),
    ).toContain('TraceError: item: the value of a float32[] is not known inside cond')
    expect(
      mistake(() =>
        cond(
          async (x: Tensor) => x,
          async (x: Tensor) => x,
        )(true, tensor(1)),
      ),
    ).toContain('the function returned a Promise')
  })
})

describe('switchCase', () => {
  const f = switchCase([sin, cos, neg] as readonly ((x: Tensor) => Tensor)[])
  it('runs the branch of the index, the nearest if there is none', () => {
    expect([-5, 0, 1, 2, 9].map(i => item(f(i, tensor(0.5))))).toEqual(
      [sin, sin, cos, neg, neg].map(g => item(g(tensor(0.5)))),
    )
  })
  it('refuses what is no index', () => {
    expect(mistake(() => f(0.5, tensor(1)))).toBe(
      'ValueError: switchCase: 0.5 is no index: use a whole number or an int32 tensor',
    )
    expect(mistake(() => f(tensor(1), tensor(1)))).toContain('the index must be int32, got float32[]')
    expect(mistake(() => switchCase([])(0))).toContain('takes a list of at least one function')
  })
})

describe('scan', () => {
  const running = (s: Tensor, x: Tensor) => [add(s, x), add(s, x)] as const

  it('carries from slice to slice, and stacks what the steps give', () => {
    const [last, sums] = scan(running)(0, vector)
    expect([item(last), toArray(sums)]).toEqual([6, [1, 3, 6]])
  })
  it('reversed, leaves each result at the place of its slice', () => {
    const [last, sums] = scan(running, { reverse: true })(0, vector)
    expect([item(last), toArray(sums)]).toEqual([6, [6, 5, 3]])
  })
  it('runs for a length without slices, and not at all for none', () => {
    const [last] = scan((s: Tensor) => [mul(s, 2), []] as const, { length: 3 })(1)
    expect(item(last)).toBe(8)
    const [same, none] = scan(running)(5, zeros([0]))
    expect([item(same), none.shape]).toEqual([5, [0]])
  })
  it('unrolled, gives the same', () => {
    expect(toArray(scan(running, { unroll: 2 })(0, vector)[1])).toEqual([1, 3, 6])
  })
  it('prints with its body, and its gradient is a scan the other way', () => {
    const f = (h: Tensor, xs: Tensor) => scan((c: Tensor, x: Tensor) => [mul(c, sin(x)), c] as const)(h, xs)[0]
    expect(showProgram(makeProgram(grad(f, { argnums: 1 }))(1, vector))).toMatchInlineSnapshot(`
      "program (a: float32[], b: float32[3]) {
        c: float32[], d: float32[3], e: float32[3] = scan { carry: 1, xs: 1, length: 3, reverse: false, unroll: 1 } a b
          body (a: float32[], b: float32[]) {
            c: float32[] = sin b
            d: float32[] = mul a c
            return d, a, a
          }
        f: float32[], g: float32[3] = scan { carry: 1, xs: 3, length: 3, reverse: true, unroll: 1 } 1.0 e b full(0.0)
          body (a: float32[], b: float32[], c: float32[], d: float32[]) {
            e: float32[] = sin c
            f: float32[] = mul b e
            g: float32[] = mul a b
            h: float32[] = mul a e
            i: float32[] = add d h
            j: float32[] = cos c
            k: float32[] = mul g j
            return i, k
          }
        return g
      }"
    `)
  })
  it('keeps int32 in the carry, and slices of it, out of derivatives', () => {
    const f = (x: Tensor) =>
      scan(([s, n]: readonly [Tensor, Tensor], i: Tensor) => [[mul(s, x), add(n, i)] as const, n] as const)(
        [tensor(1), tensor(0, { dtype: 'int32' })],
        arange(3),
      )
    expect(item(grad((x: Tensor) => f(x)[0][0])(2))).toBe(12)
    expect(toArray(f(tensor(2))[1])).toEqual([0, 0, 1])
  })
  it('says what is wrong with a body', () => {
    const message = (f: (c: Tensor, x: Tensor) => unknown) =>
      mistake(() => scan(f as never)(0 as never, vector as never))
    expect(message(() => [vector, 1])).toBe(
      'ShapeError: scan: the carry changes: it goes in as float32[] and comes out as float32[3]; give it back with the shape and dtype it had (cast it, or start with what it becomes)',
    )
    expect(message(c => [[c], 1])).toContain(
      'TreeError: scan: the carry changes its structure at the root: a leaf vs an array of 1',
    )
    expect(message(c => c)).toBe('TreeError: scan: the body must return [carry, y], got a tensor')
    expect(message(async c => [c, c])).toContain('the function returned a Promise')
    expect(message((c, x) => [item(x) > 0 ? c : c, x])).toContain('is not known inside scan')
    expect(mistake(() => scan(running)(0))).toContain('without xs it needs { length }')
    expect(mistake(() => scan(running)(0, tensor(1)))).toContain('one is the scalar float32[]')
    expect(mistake(() => scan(running, { length: 2 })(0, vector))).toContain('lengths differ: xs are [3], length 2')
    expect(mistake(() => scan(running, { unroll: 0 })(0, vector))).toContain('unroll must be a whole number')
  })
  it('takes tuples and numbers as carry, and refuses what is no function', () => {
    const [[a, b]] = scan(([p, q]: readonly [Tensor, Tensor], x: Tensor) => [[q, add(p, x)], 1])([0, 1], vector)
    expect([item(a), item(b)]).toEqual([3, 4])
    expect(mistake(() => scan(undefined as never)(0 as never, vector as never))).toBe(
      'ValueError: scan: transforms a function, got undefined',
    )
    expect(mistake(() => foriLoop(0, 1, undefined as never)(0 as never))).toContain('foriLoop: transforms a function')
  })
  it('does not let values of a step out', () => {
    let leaked: Tensor = vector
    scan((c: Tensor, x: Tensor) => {
      leaked = x
      return [c, x] as const
    })(0, vector)
    expect(mistake(() => add(leaked, 1))).toContain('got a value from inside a scan that has ended')
  })
})

describe('foriLoop', () => {
  it('counts from lower to before upper', () => {
    expect(item(foriLoop(2, 5, (i, s: Tensor) => add(mul(s, 10), i))(tensor(0, { dtype: 'int32' })))).toBe(234)
    expect(item(foriLoop(5, 2, (_, s: Tensor) => neg(s))(1))).toBe(1)
  })
  it('has both derivatives', () => {
    const cube = (x: Tensor) => foriLoop(0, 3, (_, y: Tensor) => mul(y, x))(1)
    expect([item(grad(cube)(2)), item(grad(grad(cube))(2)), item(jvp(cube)([2], [1])[1])]).toEqual([12, 12, 12])
  })
  it('refuses bounds that are tensors, naming the alternative', () => {
    expect(mistake(() => foriLoop(0, tensor(3) as unknown as number, (_, x: Tensor) => x)(1))).toContain(
      'bounds are whole numbers, got a tensor; for tensors use whileLoop',
    )
  })
})

describe('whileLoop', () => {
  const doubled = (x: Tensor) =>
    whileLoop(
      (v: Tensor) => lt(v, 100),
      (v: Tensor) => mul(v, 2),
    )(x)

  it('runs as long as the predicate holds, each example by itself', () => {
    expect(item(doubled(tensor(3)))).toBe(192)
    expect(toArray(vmap(doubled)(tensor([3, 50, 200])))).toEqual([192, 100, 200])
  })
  it('has forward mode, of each example too', () => {
    expect(item(jvp(doubled)([3], [1])[1])).toBe(64)
    expect(toArray(vmap((x: Tensor) => jvp(doubled)([x], [1])[1])(tensor([3, 50, 200])))).toEqual([64, 2, 1])
    const twice = (x: Tensor) => jvp((y: Tensor) => jvp(doubled)([mul(y, y)], [1])[1])([x], [1])[1]
    expect(item(twice(tensor(2)))).toBe(0)
  })
  it('has no reverse mode, and says what to use instead', () => {
    expect(mistake(() => grad(doubled)(3))).toContain('RuleError: whileLoop: has no reverse-mode derivative')
    expect(mistake(() => grad(doubled)(3))).toContain('use foriLoop or scan with a fixed number of steps')
    expect(item(grad((x: Tensor) => mul(x, doubled(stopGradient(x))))(3))).toBe(192)
  })
  it('refuses predicates that give no bool, and values that change', () => {
    expect(
      mistake(() =>
        whileLoop(
          (v: Tensor) => v,
          (v: Tensor) => v,
        )(1),
      ),
    ).toContain('must give a bool scalar')
    expect(
      mistake(() =>
        whileLoop(
          (v: Tensor) => lt(v, 1),
          () => vector as Tensor,
        )(0),
      ),
    ).toContain('the carry changes')
  })
})

describe('associativeScan', () => {
  it.each([0, 1, 2, 3, 4, 5, 8, 13])('gives the prefixes of %i elements, from either end', n => {
    const xs = add(arange(n, undefined, 1, { dtype: 'float32' }), 1)
    const forward = Array.from({ length: n }, (_, i) => ((i + 1) * (i + 2)) / 2)
    expect(toArray(associativeScan(add)(xs))).toEqual(forward)
    expect(toArray(associativeScan(add, { reverse: true })(xs))).toEqual(
      forward.map((_, i) => (n * (n + 1)) / 2 - (i * (i + 1)) / 2),
    )
  })
  it('combines in order: matrices do not commute', () => {
    const rotation = tensor([
      [
        [1, 1],
        [0, 1],
      ],
      [
        [1, 0],
        [1, 1],
      ],
      [
        [2, 0],
        [0, 1],
      ],
    ])
    const [, , last] = toArray(
      associativeScan((a: Tensor, b: Tensor) => matmul(a, b))(rotation as Tensor),
    ) as number[][][]
    expect(last).toEqual([
      [4, 1],
      [2, 1],
    ])
  })
})

describe('call and checkpoint', () => {
  const f = (x: Tensor) => sum(sin(sin(x)))

  it('give the value and gradient of their function', () => {
    for (const wrap of [call, checkpoint]) {
      expect(item(wrap(f)(vector))).toBe(item(f(vector)))
      expectClose(grad((x: Tensor) => wrap(f)(x))(vector), toArray(grad(f)(vector)) as number[])
    }
  })
  it('stand in a program as one equation', () => {
    expect(makeProgram(call(f))(vector).equations.map(eq => eq.op.name)).toEqual(['call'])
    expect(makeProgram(checkpoint(f))(vector).equations.map(eq => eq.op.name)).toEqual(['checkpoint'])
  })
  it('checkpoint runs its function again for the gradient, call does not', () => {
    const sines = (g: (x: Tensor) => Tensor) => count(makeProgram(grad((x: Tensor) => g(x)))(vector), 'sin')
    expect([sines(f), sines(call(f)), sines(checkpoint(f))]).toEqual([2, 2, 4])
    const deep = (x: Tensor) => checkpoint((y: Tensor) => checkpoint(f)(tanh(y)))(x)
    expect(sines(deep)).toBe(6)
  })
})
