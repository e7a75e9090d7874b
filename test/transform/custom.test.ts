import { describe, expect, it } from 'vitest'
import {
  add,
  call,
  cast,
  checkpoint,
  clip,
  cond,
  cos,
  customJvp,
  customVjp,
  exp,
  grad,
  item,
  jvp,
  log,
  makeProgram,
  mul,
  scan,
  sigmoid,
  sin,
  square,
  sum,
  type Tensor,
  tensor,
  toArray,
  vmap,
  where,
  zeros,
} from '../../src/index.ts'
import { expectClose, mistake } from '../support/values.ts'

const vector = tensor([1, 2])

describe('customJvp', () => {
  const log1pexp = customJvp(
    (x: Tensor) => log(add(1, exp(x))),
    ([x], [dx]) => mul(dx, sigmoid(x)),
  )

  it('gives both modes its rule, to any order, and under vmap', () => {
    expect([item(grad(log1pexp)(100)), item(jvp(log1pexp)([100], [2])[1])]).toEqual([1, 2])
    expect([item(grad(grad(log1pexp))(0)), item(grad(grad(grad(log1pexp)))(0))]).toEqual([0.25, 0])
    expectClose(vmap(grad(log1pexp))(tensor([0, 100])), [0.5, 1])
  })
  it('takes and gives trees; tangents that are missing are zeros', () => {
    const f = customJvp(
      ({ a, b }: { readonly a: Tensor; readonly b: Tensor }) => [mul(a, b), a] as const,
      ([{ a, b }], [t]) => [add(mul(t.a, b), mul(a, t.b)), t.a] as const,
    )
    expectClose(grad((a: Tensor) => sum(f({ a, b: vector })[0]))(vector), [1, 2])
  })
  it('stands in loops and in programs', () => {
    const f = (x: Tensor) => scan((c: Tensor, v: Tensor) => [log1pexp(add(c, v)), c] as const)(0, x)[0]
    expectClose(grad(f)(tensor([0, 0])), [sigma(0) * sigma(Math.LN2), sigma(Math.LN2)])
    expect(String(makeProgram(log1pexp)(1))).toContain('= customJvp a')
  })
  it('says what is wrong with a rule', () => {
    const wrong = (rule: unknown) => customJvp((x: Tensor) => sum(x), rule as never)
    expect(mistake(() => wrong((_: unknown, [dx]: readonly [Tensor]) => dx)(vector))).toBe(
      'TreeError: customJvp: tangent 0 is float32[2], wanted float32[]',
    )
    expect(mistake(() => wrong(() => [1, 2])(vector))).toContain('the rule must give a tangent like the result')
    expect(mistake(() => customJvp((x: Tensor) => x, 5 as never)(vector))).toContain('transforms a function, got 5')
    const bent = customJvp(
      (x: Tensor) => x,
      (_, [dx]) => sin(dx),
    )
    expect(mistake(() => grad((x: Tensor) => sum(bent(x)))(vector))).toContain(
      'RuleError: sin: stands in a derivative rule on a tangent, but is not linear',
    )
  })
  it('refuses traced values from outside, of any dtype', () => {
    const chosen = (b: Tensor, x: Tensor) =>
      customJvp(
        (v: Tensor): Tensor => where(b, v, 0),
        ([_v], [d]) => where(b, d, 0),
      )(x)
    expect(mistake(() => vmap(chosen)(tensor([true, false]), vector))).toContain('uses Tracer(bool[], inside vmap)')

    const f = (w: Tensor) =>
      customJvp(
        (x: Tensor) => mul(x, w),
        ([_x], [dx]) => mul(dx, w),
      )(vector)
    expect(mistake(() => grad((w: Tensor) => sum(f(w)))(3))).toContain(
      'RuleError: customJvp: the function uses Tracer(float32[], inside grad) of the surroundings',
    )
    expect(toArray(f(tensor(3)))).toEqual([3, 6])
  })
})

const sigma = (x: number): number => 1 / (1 + Math.exp(-x))

describe('customVjp', () => {
  const scaled = customVjp(
    (x: Tensor, w: Tensor) => mul(sin(x), w),
    (x, w) => [mul(sin(x), w), { x, w }],
    ({ x, w }, ct) => [mul(ct, mul(cos(x), w)), sum(mul(ct, sin(x)))],
  )
  const plain = (x: Tensor, w: Tensor) => mul(sin(x), w)
  const total = (f: typeof plain) => (x: Tensor, w: Tensor) => sum(square(f(x, w)))

  it('gives reverse mode its rule, to any order', () => {
    for (const argnums of [0, 1])
      expectClose(
        grad(total(scaled), { argnums })(vector, 3) as Tensor,
        toArray(grad(total(plain), { argnums })(vector, 3) as Tensor) as number[],
      )
    const twice = (f: typeof plain) => grad((x: Tensor) => sum(grad(total(f))(x, tensor(3))))(vector)
    expectClose(twice(scaled), toArray(twice(plain)) as number[])
  })
  it('under vmap, the cotangent of what is shared is the sum over the batch', () => {
    const batch = tensor([
      [1, 2],
      [3, 4],
    ])
    const over = (f: typeof plain) => (w: Tensor) => sum(vmap((x: Tensor) => f(x, w))(batch))
    expectClose(grad(over(scaled))(3), item(grad(over(plain))(3)))
    expectClose(
      vmap(grad(total(scaled)), { inAxes: [0, null] })(batch, tensor(3)),
      toArray(vmap(grad(total(plain)), { inAxes: [0, null] })(batch, tensor(3))) as number[][],
    )
  })
  it('its rule need not be the derivative; null is no cotangent', () => {
    const clipped = customVjp(
      (x: Tensor) => x,
      x => [x, []],
      (_, ct) => [clip({ min: -1, max: 1 })(ct)],
    )
    expect(item(grad((x: Tensor) => mul(5, clipped(x)))(2))).toBe(1)
    const blocked = customVjp(
      (x: Tensor, y: Tensor) => mul(x, y),
      (x, y) => [mul(x, y), y],
      (y, ct) => [mul(ct, y), null],
    )
    expect(toArray(grad((x: Tensor, y: Tensor) => blocked(x, y), { argnums: [0, 1] })(2, 3)[1])).toBe(0)
  })
  it('int32 arguments have no cotangent, whatever stands there', () => {
    const index = tensor(1, { dtype: 'int32' })
    const f = customVjp(
      (x: Tensor, _i: Tensor) => x,
      (x, i) => [x, i],
      (i, ct) => [mul(ct, 2), i],
    )
    expect(item(grad((x: Tensor) => f(x, index))(1))).toBe(2)
  })
  it('int32 before float arguments does not shift their cotangents under vmap', () => {
    const f = customVjp(
      (i: Tensor, x: Tensor): Tensor => mul(x, cast('float32')(i)),
      (i, x) => [mul(x, cast('float32')(i)) as Tensor, i],
      (i: Tensor, ct) => [null, mul(ct, cast('float32')(i))],
    )
    const [three, both] = [tensor(3, { dtype: 'int32' }), tensor([1, 2], { dtype: 'int32' })]
    expect(toArray(grad((x: Tensor) => sum(vmap((v: Tensor) => f(three, v))(x)))(vector))).toEqual([3, 3])
    expect(item(grad((x: Tensor) => sum(vmap(f, { inAxes: [0, null] })(both, x)))(1))).toBe(3)
  })
  it('inside control flow has the same second derivatives', () => {
    const odd = customVjp(
      (x: Tensor) => x,
      x => [x, x],
      (x: Tensor, ct) => [mul(ct, mul(5, x))],
    )
    const second = (f: (x: Tensor) => Tensor) => item(grad(grad((x: Tensor) => square(f(x))))(2))
    const held: readonly ((x: Tensor) => Tensor)[] = [
      odd,
      call(odd),
      checkpoint(odd),
      x => cond(odd, (y: Tensor) => y)(true, x),
      x => scan((c: Tensor) => [odd(c), []], { length: 1 })(x)[0],
    ]
    expect(held.map(second)).toEqual([40, 40, 40, 40, 40])
  })
  it('has no forward mode, and says so', () => {
    expect(mistake(() => jvp(scaled)([vector, 1], [vector, 1]))).toContain(
      'RuleError: customVjp: has a rule for reverse mode alone, but forward mode was asked for: give it one with customJvp',
    )
  })
  it('says what is wrong with its functions', () => {
    const with2 = (forward: unknown, backward: unknown) => () =>
      customVjp((x: Tensor) => x, forward as never, backward as never)(vector)
    expect(
      mistake(
        with2(
          (x: Tensor) => x,
          () => [],
        ),
      ),
    ).toContain('forward must return [y, residuals]')
    expect(
      mistake(
        with2(
          (x: Tensor) => [sum(x), x],
          () => [],
        ),
      ),
    ).toContain('result 0 is float32[], wanted float32[2]')
    expect(
      mistake(
        with2(
          (x: Tensor) => [x, x],
          () => zeros([2]),
        ),
      ),
    ).toContain('a list with a cotangent for each of 1')
    expect(
      mistake(
        with2(
          (x: Tensor) => [x, x],
          () => [zeros([3])],
        ),
      ),
    ).toContain('cotangent 0 is float32[3], wanted float32[2]')
    expect(
      mistake(
        with2(
          (x: Tensor) => [x, x],
          () => [[zeros([2])]],
        ),
      ),
    ).toContain('does not have its structure')
  })
  it('constants from outside belong to each function by itself', () => {
    const times = (k: Tensor) =>
      customVjp(
        (x: Tensor) => mul(x, k),
        x => [mul(x, k), []],
        (_, ct) => [mul(ct, k)],
      )
    expect([2, 3].map(k => toArray(grad((x: Tensor) => sum(times(tensor([k, k]))(x)))(vector)))).toEqual([
      [2, 2],
      [3, 3],
    ])
  })
})
