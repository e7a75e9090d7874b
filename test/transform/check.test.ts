import { describe, expect, it } from 'vitest'
import {
  abs,
  add,
  cast,
  checkGrads,
  matmul,
  mul,
  relu,
  showReport,
  sin,
  stopGradient,
  sub,
  sum,
  type Tensor,
  take,
  tanh,
  tensor,
} from '../../src/index.ts'
import { mistake } from '../support/values.ts'

describe('checkGrads', () => {
  it('agrees with right derivatives, at both orders and in both modes', () => {
    const report = checkGrads((x: Tensor, y: Tensor) => sum(mul(sin(x), tanh(y))))(
      [tensor([0.1, 0.2]), tensor([[1], [2]])],
      { order: 2 },
    )
    expect(report.ok).toBe(true)
    // 4 elements in each of two modes, then 4 of jvp and 4 × 4 of vjp differentiated again in two modes.
    expect(report.compared).toBe(2 * (4 + 4 + 16))
    expect(report.worst?.error).toBeLessThan(1e-8)
    expect(String(report)).toMatch(/^gradients agree: 48 derivatives compared, worst error .*, tolerance 1e-6$/)
  })

  it('names leaf, element, numeric and analytic value of what is wrong', () => {
    const f = ({ w }: { readonly w: Tensor }) => mul(stopGradient(w), w)
    const { ok, failures } = checkGrads(f)([{ w: tensor([1, 2]) }])
    expect(ok).toBe(false)
    const wrong = failures.find(c => c.what === 'vjp' && c.inputIndex[0] === 1)
    expect(wrong).toMatchObject({ input: 'argument[0].w', inputIndex: [1], output: 'result', outputIndex: [1] })
    expect(wrong?.numeric).toBeCloseTo(4, 6)
    expect(wrong?.analytic).toBeCloseTo(2, 12)
    expect(wrong?.error).toBeCloseTo(0.5, 6)
    expect(showReport(checkGrads(f)([{ w: tensor([1, 2]) }]))).toContain(
      'vjp: d result[1] / d argument[0].w[1]: numeric 4.00000000, analytic 2.00000000, error 5.0e-1',
    )
  })

  it('sees a wrong derivative that is small, beside others that are', () => {
    const small = (x: Tensor): Tensor => mul(1e-7, sum(mul(stopGradient(x), x)))
    expect(checkGrads(small)([tensor([3, 4])]).ok).toBe(false)
    expect(checkGrads((x: Tensor) => mul(1e-7, sum(mul(x, x))))([tensor([3, 4])], { order: 2 }).ok).toBe(true)
  })

  it('takes the rounding of large values for no derivative', () => {
    const large = (x: Tensor): Tensor => add(100, mul(1e-4, sum(sin(x))))
    expect(checkGrads(large)([tensor([3, 4])]).ok).toBe(true)
    expect(checkGrads(large)([tensor([3, 4])], { dtype: 'float32' }).ok).toBe(true)
    const zero = (x: Tensor): Tensor => sub(sum(x), sum(mul(1, x)))
    expect(checkGrads(zero)([tensor([3.3, 4.7, 1e-3])]).ok).toBe(true)
  })

  it('still tells a kink of a small function', () => {
    const { ok, kinks } = checkGrads((x: Tensor) => mul(1e-4, relu(x)))([tensor([0])])
    expect([ok, kinks.length]).toEqual([true, 2])
  })

  it('refuses what is no function of its arguments, and settings that do not exist', () => {
    let n = 0
    expect(mistake(() => checkGrads((x: Tensor) => sum(mul(x, ++n)))([tensor([1])]))).toBe(
      'ValueError: checkGrads: called twice with the same arguments, the function gave two results: give it a key',
    )
    const check = checkGrads((x: Tensor) => sum(x)) as (xs: unknown, options?: unknown) => unknown
    expect(mistake(() => check([1], { order: 3 }))).toBe('ValueError: checkGrads: order is 1 or 2, got 3')
    expect(mistake(() => check([1], { modes: ['foo'] }))).toContain("checkGrads: modes are 'jvp' and 'vjp', got [")
    expect(mistake(() => check(tensor([1])))).toBe(
      'ValueError: checkGrads: takes the arguments as a list, as in checkGrads(f)([x]), got a tensor',
    )
  })

  it('reports a kink as a kink, and not as a failure', () => {
    const { ok, kinks, failures } = checkGrads((x: Tensor) => abs(x))([tensor([-1, 0, 1])])
    expect(ok).toBe(true)
    expect(failures).toEqual([])
    expect(kinks).toEqual([])
    const halfway = checkGrads((x: Tensor) => relu(x))([tensor([-1, 0, 1])])
    expect(halfway.ok).toBe(true)
    expect(halfway.kinks.map(c => [c.what, c.inputIndex[0]])).toEqual([
      ['jvp', 1],
      ['vjp', 1],
    ])
  })

  it('finds a derivative that is wrong in one mode of the second order', () => {
    const f = (x: Tensor) => mul(stopGradient(mul(x, 2)), x)
    const { failures } = checkGrads(f)([tensor([1])], { order: 2 })
    expect(new Set(failures.map(c => c.what))).toEqual(
      new Set(['jvp', 'vjp', 'jvp of jvp', 'vjp of jvp', 'jvp of vjp', 'vjp of vjp']),
    )
  })

  it('holds integer arguments fixed, and follows float ones through them', () => {
    const report = checkGrads((x: Tensor, i: Tensor) => take(x, i))([
      tensor([1, 2, 3]),
      tensor([2, 0], { dtype: 'int32' }),
    ])
    expect(report.ok).toBe(true)
    expect(report.compared).toBe(2 * 3 * 2)
  })

  it('says what to do when a float32 constant meets the float64 check', () => {
    const w = tensor([[1, 2]])
    expect(() => checkGrads((x: Tensor) => matmul(w, x))([tensor([1, 2])])).toThrow(
      /checkGrads: runs the function in float64, and it threw: matmul: dtypes differ.*\{ dtype: 'float32' \}/,
    )
    expect(checkGrads((x: Tensor) => matmul(w, x))([tensor([1, 2])], { dtype: 'float32' }).ok).toBe(true)
    expect(checkGrads((x: Tensor) => matmul(cast(x.dtype)(w), x))([tensor([1, 2])]).ok).toBe(true)
  })

  it('looks at no more elements than asked, evenly spread', () => {
    const x = tensor(new Float32Array(1000).fill(0.5))
    const report = checkGrads((v: Tensor) => sum(add(v, 1)))([x], { maxElements: 10 })
    expect(report.compared).toBe(20)
  })
})
