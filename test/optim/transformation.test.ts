import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { item, ones, scalar, sign, type Tensor, tensor, toArray, treeLeaves, treeMap, zeros } from '../../src/index.ts'
import {
  adam,
  adamW,
  applyUpdates,
  chain,
  type GradientTransformation,
  momentum,
  rmsprop,
  scale,
  scaleByAdam,
  scaleByRms,
  sgd,
  transformation,
  transformationMonoid,
} from '../../src/optim/index.ts'
import { tensors } from '../../src/testing/index.ts'
import { plain } from '../support/plain.ts'
import { check, mistake } from '../support/values.ts'

const params = fc.record({ w: tensors({ shape: [2, 2] }), deep: fc.tuple(tensors({ shape: [3] })) })
type Params = { readonly w: Tensor; readonly deep: readonly [Tensor] }

const numberIn = (min: number, max: number) => fc.double({ min, max, noNaN: true })
const rules: fc.Arbitrary<GradientTransformation> = fc.oneof(
  numberIn(-2, 2).map(scale),
  fc.record({ decay: numberIn(0, 0.99), nesterov: fc.boolean() }).map(momentum),
  fc.record({ decay: numberIn(0, 0.99), eps: fc.constant(1e-3) }).map(scaleByRms),
  fc.record({ b1: numberIn(0, 0.99), b2: numberIn(0, 0.99), eps: fc.constant(1e-3) }).map(scaleByAdam),
  fc.constant(chain()),
)

/** What a transformation makes of a few gradients: all updates, and the last state. */
const course = (t: GradientTransformation, start: Params, grads: readonly Params[]) => {
  let state = t.init(start)
  const updates = grads.map(g => {
    const [update, next] = t.update(g, state, start)
    state = next
    return update
  })
  return { updates, state }
}
/** The same as plain data. */
const seen = (t: GradientTransformation, start: Params, grads: readonly Params[]) => plain(course(t, start, grads))

const law = (
  name: string,
  holds: (ts: readonly GradientTransformation[], p: Params, gs: readonly Params[]) => void,
): void =>
  it(name, () => {
    const three = fc.array(rules, { minLength: 3, maxLength: 3 })
    check(fc.property(three, params, fc.array(params, { maxLength: 3 }), holds), 40)
  })

describe('chaining is a monoid, to the bit and to the structure of the state', () => {
  const { concat, empty } = transformationMonoid
  law('associative', ([a = empty, b = empty, c = empty], p, gs) => {
    expect(seen(concat(concat(a, b), c), p, gs)).toEqual(seen(concat(a, concat(b, c)), p, gs))
    expect(seen(chain(a, b, c), p, gs)).toEqual(seen(concat(a, concat(b, c)), p, gs))
  })
  law('with an identity on both sides', ([a = empty], p, gs) => {
    expect(seen(concat(empty, a), p, gs)).toEqual(seen(a, p, gs))
    expect(seen(concat(a, empty), p, gs)).toEqual(seen(a, p, gs))
  })
  law('whose identity passes gradients on', (_ts, p, gs) => {
    expect(seen(empty, p, gs)).toEqual(plain({ updates: gs, state: [] }))
  })
})

describe('a transformation', () => {
  law('is pure: it gives the same again, and changes neither gradients nor state', ([a = chain()], p, gs) => {
    const first = course(a, p, gs)
    const before = plain([p, gs, first])
    expect(seen(a, p, gs)).toEqual(plain(first))
    a.update(p, first.state, p)
    expect(plain([p, gs, first])).toEqual(before)
  })

  law('keeps structure, shapes and dtypes', ([a = chain()], p, gs) => {
    for (const update of course(a, p, gs).updates) {
      const { w, deep } = update
      expect([w, ...deep].map(x => [x.dtype, ...x.shape])).toEqual([
        ['float64', 2, 2],
        ['float64', 3],
      ])
      expect(treeLeaves(update)).toHaveLength(2)
    }
  })

  it('chains feed each the updates of the one before: scales multiply', () => {
    const [update] = chain(scale(2), scale(-3)).update(tensor([1, 5]), [[], []], tensor([0, 0]))
    expect(toArray(update)).toEqual([-6, -30])
  })

  it('can be of your own making', () => {
    const signs = transformation<readonly never[]>({
      init: () => [],
      update: (g, state) => [treeMap(g, x => sign(x)), state],
    })
    const grads = { w: tensor([-2, 0, 7]) }
    expect(toArray(signs.update(grads, signs.init(grads), grads)[0].w)).toEqual([-1, 0, 1])
  })

  it('refuses a state that another one made, and gradients of another structure', () => {
    const w = tensor([1, 2])
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 })
    expect(() => optimizer.update(w, sgd({ learningRate: 1 }).init(w), w)).toThrow(
      'update: the state has 1 parts, the optimizer has 2 parts: make it with init(params)',
    )
    const other = adam({ learningRate: 0.1 })
    expect(() => other.update(w, optimizer.init(w), w)).toThrow(
      'update: the state of part 0 is not what this optimizer makes, it differs at the root: a record {count, mean, squares} vs a record {velocity}: make it with init(params)',
    )
    expect(() => other.update(w, undefined as never, w)).toThrow('update: the state is undefined')
    const decayed = adamW({ learningRate: 0.1 })
    expect(() => decayed.update(w, decayed.init(w), undefined as never)).toThrow(
      'part 1 of the optimizer needs the parameters: update(grads, state, params)',
    )
    expect(() => optimizer.update({ w } as unknown as Tensor, optimizer.init(w), w)).toThrow('tree structures differ')
  })
})

describe('applyUpdates', () => {
  it('adds, leaf by leaf', () => {
    const sum = applyUpdates({ a: tensor([1, 2]), b: [scalar(3)] }, { a: tensor([10, 20]), b: [scalar(30)] })
    expect(plain(sum)).toEqual(plain({ a: tensor([11, 22]), b: [scalar(33)] }))
  })
  it('names the path at which structures differ', () => {
    const wrong = { a: [tensor(1)] } as unknown as { a: Tensor }
    expect(() => applyUpdates<{ a: Tensor }>({ a: tensor(1) }, wrong)).toThrow('tree structures differ at .a')
  })
})

describe('a learning rate', () => {
  it('may be a tensor', () => {
    const [update] = sgd({ learningRate: scalar(0.5) }).update(scalar(3), [[]], scalar(0))
    expect(item(update)).toBe(-1.5)
  })
  it.each([
    [() => sgd({ learningRate: -1 }), 'sgd: learningRate must be a finite number of at least 0, got -1'],
    [() => adam({ learningRate: Number.NaN }), 'adam: learningRate must be a finite number of at least 0, got NaN'],
    [() => rmsprop({ learningRate: '1' as unknown as number }), 'rmsprop: learningRate must be'],
    [() => sgd({ learningRate: 1, momentum: 1 }), 'sgd: momentum must be at least 0 and below 1, got 1'],
    [() => sgd({ learningRate: 1, nesterov: true }), 'sgd: nesterov needs a momentum above 0'],
    [() => adam({ learningRate: 1, b2: 1 }), 'scaleByAdam: b2 must be at least 0 and below 1, got 1'],
    [() => rmsprop({ learningRate: 1, eps: -1 }), 'scaleByRms: eps must be a finite number of at least 0, got -1'],
    [() => momentum({ decay: 2 }), 'momentum: decay must be at least 0 and below 1, got 2'],
    [() => scale(Infinity), 'scale: the factor must be a finite number, got Infinity'],
  ])('and other options out of range throw at the call: %s', (make, message) => {
    expect(make).toThrow(message)
  })

  it('as are gradients and updates that are not those of the parameters', () => {
    const w = { w: ones([3]) }
    expect(mistake(() => applyUpdates({ b: zeros([1]) } as { b: Tensor }, { b: ones([3]) }))).toBe(
      'ShapeError: applyUpdates: the update.b has shape [3], the parameter [1]',
    )
    const optimizer = adam({ learningRate: 0.1 })
    expect(mistake(() => optimizer.update<{ w: Tensor }>({ w: ones([2, 3]) }, optimizer.init(w), w))).toBe(
      'ShapeError: update: the gradient.w has shape [2,3], the parameter [3]',
    )
    expect(mistake(() => chain(sgd as never))).toBe(
      'ValueError: chain: part 0 is a function, not a transformation: call it, as in sgd({ learningRate: 0.1 })',
    )
  })
})
