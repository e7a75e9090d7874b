import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { identical, scalar } from '../../src/core/tensor.ts'
import {
  abs,
  add,
  call,
  cast,
  checkpoint,
  cond,
  cumsum,
  customJvp,
  customVjp,
  type Dtype,
  div,
  dynamicSlice,
  eq,
  evalShape,
  foriLoop,
  grad,
  gt,
  hessian,
  item,
  jacfwd,
  jacrev,
  jit,
  jvp,
  linearize,
  lt,
  makeProgram,
  maximum,
  mul,
  onesLike,
  scan,
  stack,
  sub,
  sum,
  switchCase,
  type Tensor,
  take,
  tensor,
  toArray,
  vjp,
  vmap,
  where,
  whileLoop,
  zeros,
} from '../../src/index.ts'
import { mse, sigmoidCrossEntropy } from '../../src/nn/index.ts'
import { key, uniform } from '../../src/random/index.ts'
import { mistake } from '../support/values.ts'

type Function = (x: Tensor, n: Tensor) => Tensor

/** Functions of a tensor and a number, in which the number meets the tensor. */
const functions: { readonly [name: string]: Function } = {
  add: (x, n) => add(x, n),
  'sub, number first': (x, n) => sub(n, x),
  'two numbers': (x, n) => mul(add(x, n), 3),
  'the number twice': (x, n) => sub(maximum(x, n), n),
  where: (x, n) => where(eq(x, n), n, x),
  stack: (x, n) => stack([n, sum(x)]),
}

/** A function with its own pullback as a rule. */
const withPullback = (f: Function): Function =>
  customVjp(
    f,
    (x, n) => [f(x, n), [x, n] as const],
    ([x, n], ct) => vjp(f)(x, n)[1](ct),
  )

/** A function of a tensor and a number inside of each transformation that hands it tensors. */
const inside: { readonly [name: string]: (f: Function) => Function } = {
  jit: f => jit(f),
  'jit in jit': f => jit((x: Tensor, n: Tensor) => jit(f)(x, n)),
  vmap: f => (x, n) => vmap((one: Tensor, m: Tensor) => f(one, m), { inAxes: [0, null] })(stack([x, x]), n),
  'vmap of jit': f => (x, n) => vmap(jit(f), { inAxes: [0, null] })(stack([x, x]), n),
  'jit of vmap': f => (x, n) => jit(vmap(f, { inAxes: [0, null] }))(stack([x, x]), n),
  call: f => call(f),
  'jit of checkpoint': f => jit((x: Tensor, n: Tensor) => checkpoint(f)(x, n)),
  cond: f => (x, n) => cond(f, f)(true, x, n),
  'jit of switchCase': f => jit((x: Tensor, n: Tensor) => switchCase([f, f])(1, x, n)),
  customJvp: f => (x, n) => customJvp(f, ([y, m], ts) => jvp(f)([y, m], ts)[1])(x, n),
  'jit of customVjp': f => jit((x: Tensor, n: Tensor) => withPullback(f)(x, n)),
  'a scan in jit': f =>
    jit(
      (x: Tensor, n: Tensor) =>
        scan((c: Tensor, _: Tensor) => [c, f(x, n)] as const)(0, tensor([1, 2], { dtype: 'int32' }))[1],
    ),
}

/** What a function gives on a number: twice below each other if the transformation batches. */
const expected = (name: string, y: Tensor): Tensor => (/vmap|scan/.test(name) ? stack([y, y]) : y)

const number = (dtype: Dtype): fc.Arbitrary<number> =>
  dtype === 'int32' ? fc.integer({ min: -100, max: 100 }) : fc.double({ min: -10, max: 10, noNaN: true })

describe('a number given to a transformed function takes the dtype of the tensors beside it, as in eager ops', () => {
  for (const [name, transformed] of Object.entries(inside))
    it(name, () => {
      const sample = fc
        .constantFrom<Dtype>('float32', 'float64', 'int32')
        .chain(dtype => fc.tuple(fc.constantFrom(...Object.keys(functions)), fc.constant(dtype), number(dtype)))
      fc.assert(
        fc.property(sample, ([function_, dtype, n]) => {
          const f = functions[function_] as Function
          const x = tensor([-3, 1, 2], { dtype })
          const given = n as unknown as Tensor
          expect(identical(transformed(f)(x, given), expected(name, f(x, given)))).toBe(true)
        }),
        { numRuns: 40, seed: 1 },
      )
    })

  it('as evalShape says', () => {
    const x = tensor([1, 2], { dtype: 'float64' })
    expect(evalShape((a: Tensor, n: Tensor) => mul(a, n))(x, 0.1)).toEqual({ shape: [2], dtype: 'float64' })
  })

  it('as a weight of a loss', () => {
    const z = tensor([1, 0], { dtype: 'float64' })
    const y = tensor([0.5, -1], { dtype: 'float64' })
    const weighted = (w: Tensor): Tensor => sigmoidCrossEntropy({ posWeight: w })(y, z)
    const wanted = weighted(3 as unknown as Tensor)
    for (const f of [jit(weighted), call(weighted)]) expect(identical(f(3), wanted)).toBe(true)
    expect(identical(jit((w: Tensor) => mse({ weights: w })(y, z))(3), mse(y, z))).toBe(true)
    expect(toArray(grad(weighted)(3))).toBeCloseTo(
      (toArray(weighted(scalar(4, 'float64'))) as number) - (toArray(wanted) as number),
    )
    expect(mistake(() => jit(weighted)(scalar(3)))).toContain('posWeight must be float64')
  })

  it('in trees, and where it is a parameter of a sampler', () => {
    const x = tensor([1, 2], { dtype: 'float64' })
    const f = jit((p: { readonly w: Tensor }, o: { readonly lr: Tensor; readonly unused: Tensor }) => mul(p.w, o.lr))
    expect(toArray(f({ w: x }, { lr: 0.1, unused: 3 }))).toEqual([0.1, 0.2])
    const draw = (minval: Tensor): Tensor => uniform({ minval, shape: [2], dtype: 'float64' })(key(1))
    expect(identical(jit(draw)(0.1), uniform({ minval: 0.1, shape: [2], dtype: 'float64' })(key(1)))).toBe(true)
  })

  it('as an index', () => {
    const x = tensor([1, 2, 4], { dtype: 'float64' })
    const one = 1 as unknown as Tensor
    const picked: Function = (y, i) => take(y, i)
    const sliced: Function = (y, i) => dynamicSlice({ sizes: [2] })(y, [i])
    for (const f of [picked, sliced])
      for (const g of [f, jit(f), call(f), (y: Tensor, i: Tensor) => cond(f, f)(true, y, i)])
        expect(toArray(g(x, one))).toEqual(toArray(f(x, one)))
    expect(toArray(jit(grad(picked))(x, one))).toEqual([0, 1, 0])
    expect(toArray(vmap(picked, { inAxes: [0, null] })(stack([x, x]), one))).toEqual([2, 2])
    expect(mistake(() => jit(picked)(x, 1.5 as unknown as Tensor))).toContain('1.5 does not fit a tensor of int32')
  })

  it('in two dtypes at once', () => {
    const f = jit((x: Tensor, y: Tensor, n: Tensor) => [div(x, n), div(y, n), n] as const)
    const [a, b, n] = f(tensor([1, 2]), tensor([1, 2], { dtype: 'float64' }), 3)
    expect([a.dtype, b.dtype, n.dtype]).toEqual(['float32', 'float64', 'float32'])
    expect(toArray(b)).toEqual([1 / 3, 2 / 3])
  })

  it('is compiled once for all numbers, and its value is that of each call', () => {
    let traces = 0
    const f = jit((x: Tensor, n: Tensor) => {
      traces++
      return mul(x, n)
    })
    const x = tensor([1, 2], { dtype: 'float64' })
    expect([0.1, 0.2, 0.3].map(n => toArray(f(x, n)))).toEqual([
      [0.1, 0.2],
      [0.2, 0.4],
      [0.3, 0.6],
    ])
    expect(traces).toBe(1)
  })

  it('gives a gradient of its dtype', () => {
    const loss = (w: Tensor, n: Tensor): Tensor => sum(mul(mul(w, w), n))
    expect(toArray(jit(grad(loss))(tensor([1, 2], { dtype: 'float64' }), 0.1))).toEqual([0.2, 0.4])
  })
})

/** What a random program does next, with a tensor that it has and something that it has. */
const moves: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [
  (x, y) => add(x, y),
  (x, y) => sub(y, x),
  (x, y) => maximum(x, y),
  (x, y) => where(gt(x, y), y, x),
  x => cumsum({ axis: 0 })(x),
  (x, y) => checkpoint((a: Tensor, b: Tensor) => maximum(sub(a, b), a))(x, y),
  (x, y) => foriLoop(0, 2, (_, v: Tensor) => maximum(v, y))(x),
  x => scan((c: Tensor, v: Tensor) => [add(c, v), c] as const)(1, x)[1],
  (x, y) =>
    cond(
      (a: Tensor, b: Tensor) => add(a, b),
      (a: Tensor, b: Tensor) => sub(a, b),
    )(gt(sum(x), 0), x, y),
]

const program = fc.array(fc.tuple(fc.nat(moves.length - 1), fc.nat(), fc.nat()), { minLength: 1, maxLength: 8 })

/** A program that moves on from a tensor and two numbers. */
const played =
  (steps: readonly (readonly [move: number, x: number, y: number])[]) =>
  (x: Tensor, a: Tensor, b: Tensor): Tensor => {
    const tensors = [x]
    for (const [move, i, j] of steps) {
      const others = [a, b, ...tensors]
      const next = moves[move] as Function
      tensors.push(next(tensors[i % tensors.length] as Tensor, others[j % others.length] as Tensor))
    }
    return tensors[tensors.length - 1] as Tensor
  }

it('random programs of tensors and numbers give the same inside of transformations as outside', () => {
  const sample = fc
    .constantFrom<Dtype>('float32', 'float64', 'int32')
    .chain(dtype => fc.tuple(program, fc.constant(dtype), number(dtype), number(dtype)))
  fc.assert(
    fc.property(sample, ([steps, dtype, m, n]) => {
      const f = played(steps)
      const x = tensor([-3, 1, 2], { dtype })
      const [a, b] = [m as unknown as Tensor, n as unknown as Tensor]
      const y = f(x, a, b)
      expect(identical(jit(f)(x, a, b), y)).toBe(true)
      expect(identical(jit((...all: [Tensor, Tensor, Tensor]) => checkpoint(jit(f))(...all))(x, a, b), y)).toBe(true)
      const batch = vmap(f, { inAxes: [0, null, null] })(stack([x, x]), a, b)
      expect(identical(batch, stack([y, y]))).toBe(true)
    }),
    { numRuns: 60, seed: 2 },
  )
})

describe('a number that is differentiated takes the dtype of the tensors beside it too', () => {
  const x = tensor([-3, 1, 2], { dtype: 'float64' })

  for (const [name, f] of Object.entries(functions))
    it(`with the derivative of a float64 scalar, as float32: ${name}`, () => {
      fc.assert(
        fc.property(fc.double({ min: -2, max: 2, noNaN: true }), n => {
          const exact = scalar(n, 'float64') as Tensor
          const [y, pullback] = vjp(f)(x, n as unknown as Tensor)
          const [wanted, wantedPullback] = vjp(f)(x, exact)
          expect(identical(y, wanted)).toBe(true)
          const [[dx, dn], [wantedX, wantedN]] = [pullback(onesLike(y)), wantedPullback(onesLike(y))]
          expect(identical(dx, wantedX)).toBe(true)
          expect(identical(dn, cast('float32')(wantedN))).toBe(true)
          const [, dy] = jvp(f)([x, n as unknown as Tensor], [x, scalar(0.5)])
          expect(identical(dy, jvp(f)([x, exact], [x, scalar(0.5, 'float64')])[1])).toBe(true)
        }),
        { numRuns: 30, seed: 3 },
      )
    })

  it('through rules of functions of its own', () => {
    const f = functions.add as Function
    const product: Function = (y, n) => mul(f(y, n), n)
    const wanted = toArray(grad((n: Tensor) => sum(product(x, n)))(0.3))
    for (const own of [withPullback(product), customJvp(product, ([y, n], ts) => jvp(product)([y, n], ts)[1])]) {
      expect(toArray(grad((n: Tensor) => sum(own(x, n)))(0.3))).toBe(wanted)
      expect(toArray(jit(grad((n: Tensor) => sum(own(x, n))))(0.3))).toBe(wanted)
    }
  })

  it('is float32 in whole Jacobians, forwards as backwards', () => {
    const n = 0.5 as unknown as Tensor
    const f: Function = (y, m) => mul(y, mul(m, 1))
    const g: Function = (y, m) => add(mul(y, m), m)
    const wanted = tensor([-2, 2, 3])
    for (const jacobian of [jacfwd, jacrev]) {
      const found = jacobian((m: Tensor) => g(x, m))(n)
      expect(identical(found, wanted)).toBe(true)
      expect(identical(jit(jacobian((m: Tensor) => g(x, m)))(n), wanted)).toBe(true)
      const [[dx, dn]] = [jacobian(g, { argnums: [0, 1] })(x, n) as unknown as readonly [Tensor, Tensor]]
      expect([dx.dtype, dn.dtype]).toEqual(['float64', 'float32'])
      expect(mistake(() => jacobian((m: Tensor) => f(x, m))(n))).toContain('dtypes differ')
    }
    const blocks = hessian((y: Tensor, m: Tensor) => sum(mul(mul(y, m), y)), { argnums: [0, 1] })(x, n)
    expect(blocks.map(row => (row as readonly Tensor[]).map(({ dtype }) => dtype))).toEqual([
      ['float64', 'float32'],
      ['float32', 'float32'],
    ])
  })

  it('in two dtypes at once, jitted, and twice', () => {
    const f = (y: Tensor, n: Tensor): Tensor => sum(mul(mul(y, n), n))
    const both = (n: Tensor): Tensor => add(mul(n, sum(tensor([1, 2]))), cast('float32')(f(x, n)))
    expect(toArray(grad(both)(0.5))).toBe(3)
    expect(toArray(jit(grad(f, { argnums: 1 }))(abs(x), 0.5))).toBe(6)
    expect(toArray(grad(jit(f), { argnums: 1 })(abs(x), 0.5))).toBe(6)
    expect(toArray(hessian(f, { argnums: 1 })(abs(x), 0.5))).toBe(12)
    expect(toArray(linearize(f)(abs(x), 0.5)[1](zeros([3], { dtype: 'float64' }), 1))).toBe(6)
  })
})

describe('a number that a loop starts with has the dtype that the step gives it', () => {
  const x = tensor([1, 2, 3], { dtype: 'float64' })

  it('scan, foriLoop and whileLoop', () => {
    const [total, sums] = scan((s: Tensor, v: Tensor) => [add(s, v), s] as const)(0.1, x)
    expect([total.dtype, item(total as Tensor<readonly []>), toArray(sums)]).toEqual(['float64', 6.1, [0.1, 1.1, 3.1]])
    expect(toArray(foriLoop(0, 3, (i, s: Tensor) => add(s, i))(4))).toBe(7)
    const grown = whileLoop(
      (s: Tensor) => lt(s, 10),
      (s: Tensor) => add(s, sum(x)),
    )(0.1)
    expect([grown.dtype, toArray(grown)]).toEqual(['float64', 12.1])
  })

  it('through others that are numbers too', () => {
    const f = scan(
      ([a, b, c]: readonly [Tensor, Tensor, Tensor], v: Tensor) => [[b, c, add(c, v)] as const, a] as const,
    )
    const [[a, b, c], firsts] = f([0.1, 0.2, 0.3], x)
    expect([a.dtype, b.dtype, c.dtype, firsts.dtype]).toEqual(['float64', 'float64', 'float64', 'float64'])
    expect(toArray(firsts)).toEqual([0.1, 0.2, 0.3])
  })

  it('and stays float32 where nothing says otherwise', () => {
    const once = makeProgram(() => foriLoop(0, 3, (_, s: Tensor) => mul(s, 2))(1))()
    expect(String(once)).not.toContain('float64')
    expect(foriLoop(0, 3, (_, s: Tensor) => mul(s, 2))(1).dtype).toBe('float32')
  })
})

describe('what stands for a number', () => {
  const x = tensor([1, 2], { dtype: 'float64' })
  const f = jit((a: Tensor, n: Tensor) => mul(a, n))

  it('is a scalar tensor once an op has used it, and outside of the function', () => {
    expect(mistake(() => jit((a: Tensor, n: Tensor) => mul(a, mul(n, n)))(x, 0.1))).toContain('dtypes differ')
    for (const n of [
      jit((m: Tensor) => m)(0.1),
      call((m: Tensor) => m)(0.1),
      cond(
        (m: Tensor) => m,
        (m: Tensor) => m,
      )(true, 0.1),
      foriLoop(0, 0, (_, m: Tensor) => m)(0.1),
      vmap((_: Tensor, m: Tensor) => m, { inAxes: [0, null], outAxes: null })(x, 0.1),
    ])
      expect(mistake(() => add(n as Tensor, x))).toContain('dtypes differ')
  })

  it('is none that was given as a tensor, whichever comes first', () => {
    expect(toArray(f(x, 0.1))).toEqual([0.1, 0.2])
    expect(mistake(() => f(x, scalar(0.1)))).toContain('mul: dtypes differ: float64 and float32')
    expect(toArray(f(x, 0.2))).toEqual([0.2, 0.4])
    expect(toArray(f(tensor([1, 2]), scalar(0.5)))).toEqual([0.5, 1])
    expect(toArray(f(tensor([1, 2]), 0.5))).toEqual([0.5, 1])
  })

  it('fits the dtype, or is an error', () => {
    expect(toArray(f(tensor([1, 2], { dtype: 'int32' }), 3))).toEqual([3, 6])
    expect(mistake(() => f(tensor([1, 2], { dtype: 'int32' }), 0.5))).toContain(
      'jit: 0.5 does not fit a tensor of int32',
    )
    expect(mistake(() => f(tensor([true, false]), 1))).toContain('1 does not fit a tensor of bool')
  })
})
