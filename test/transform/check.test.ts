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
  sum,
  type Tensor,
  take,
  tanh,
  tensor,
} from '../../src/index.ts'

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
