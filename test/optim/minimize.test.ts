import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  abs,
  add,
  at,
  cast,
  data,
  div,
  exp,
  eye,
  jit,
  log,
  matmul,
  mul,
  pow,
  scalar,
  slice,
  softplus,
  solve,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  transpose,
} from '../../src/index.ts'
import { type MinimizeProgress, minimize } from '../../src/optim/index.ts'
import { cubicMinimum, type Probe, strongWolfe } from '../../src/optim/line-search.ts'
import { tensors } from '../../src/testing/index.ts'
import { plain } from '../support/plain.ts'
import { check, expectClose, f64, mistake } from '../support/values.ts'
import { decayData, logistic, minima } from './minima.ts'

/** Where the gradient is below 1e-9 and the Hessian not below 1e-3. */
const CLOSE = 1e-6

const element =
  (i: number) =>
  (x: Tensor): Tensor =>
    at(i).get(x)
const rosenbrock = (x: Tensor): Tensor => {
  const [a, b] = [slice([[0, -1]])(x), slice([[1]])(x)]
  return sum(add(mul(100, square(sub(b, square(a)))), square(sub(1, a))))
}
const beale = (x: Tensor): Tensor => {
  const [a, b] = [element(0)(x), element(1)(x)]
  const terms = [1.5, 2.25, 2.625].map((c, k) => square(sub(c, mul(a, sub(1, pow(b, k + 1))))))
  return terms.reduce((total, term) => add(total, term))
}
const decay = (x: Tensor): Tensor => {
  const [times, seen] = [cast(x.dtype)(f64(decayData.times)), cast(x.dtype)(f64(decayData.seen))]
  const fitted = add(mul(element(0)(x), exp(mul(sub(0, element(1)(x)), times))), element(2)(x))
  return sum(square(sub(fitted, seen)))
}

describe.each([
  ['rosenbrock', rosenbrock],
  ['beale', beale],
  ['decay', decay],
] as const)('%s', (name, f) => {
  const known = minima[name]

  it('has the minimum that SciPy and PyTorch find, in about as many evaluations', () => {
    const found = minimize(f, { gradientTolerance: 1e-9, changeTolerance: 0 })(f64(known.start))
    expectClose(found.params, known.scipy, CLOSE)
    expectClose(found.params, known.torch, CLOSE)
    expect(found.value).toBeCloseTo(known.value, 12)
    expect(found.reason).toBe('gradient')
    expect(found.gradientNorm).toBeLessThanOrEqual(1e-9)
    expect(found.evaluations).toBeLessThan(1.5 * known.evaluations)
  })
  it('has nearly the same in float32', () => {
    const found = minimize(f, { changeTolerance: 0 })(tensor(known.start))
    expect(found.params.dtype).toBe('float32')
    expectClose(found.params, known.scipy, 2e-3)
    expect(found.reason).not.toBe('iterations')
  })
})

describe('on logistic regression', () => {
  const [xs, labels] = [f64(logistic.xs), f64(logistic.labels)]
  type Params = { readonly w: Tensor; readonly b: Tensor }
  const start: Params = { w: f64([0, 0, 0, 0]), b: scalar(0, 'float64') }

  it.each(logistic.fits.map(fit => [fit.c, fit] as const))(
    'it finds the coefficients of scikit-learn for C = %d',
    (c, fit) => {
      const loss = ({ w, b }: Params): Tensor => {
        const logits = add(matmul(xs, w), b)
        const logLosses = sub(softplus(logits), mul(logits, labels))
        return add(mul(c, sum(logLosses)), mul(0.5, sum(square(w))))
      }
      const { params, reason } = minimize(loss, { gradientTolerance: 1e-8, changeTolerance: 0 })(start)
      expectClose(params.w, fit.w, CLOSE)
      expectClose(params.b, fit.b, CLOSE)
      expect(reason).toBe('gradient')
    },
  )
})

describe('on quadratics', () => {
  const factor = tensors({ shape: [4, 4] })
  const vector = tensors({ shape: [4] })
  it('it finds the solution of A x = b from anywhere', () => {
    check(
      fc.property(factor, vector, vector, (m, b, start) => {
        const a = add(matmul(m, transpose(m)), eye(4, { dtype: 'float64' }))
        const f = (x: Tensor): Tensor => sub(mul(0.5, sum(mul(x, matmul(a, x)))), sum(mul(b, x)))
        const { params, reason } = minimize(f, { gradientTolerance: 1e-9, changeTolerance: 0 })(start)
        expect(reason).toBe('gradient')
        expectClose(params, plainArray(solve(a, b)), 1e-7)
      }),
      30,
    )
  })
  const plainArray = (x: Tensor): number[] => [...data(x)]
})

describe('a minimisation', () => {
  it('never goes up, tells of each step, and is pure', () => {
    check(
      fc.property(tensors({ shape: [3] }), start => {
        const before = plain(start)
        const seen: MinimizeProgress[] = []
        const run = () => minimize(rosenbrock, { iterations: 30, observe: here => seen.push(here) })(start)
        const [first, second] = [run(), run()]
        expect(plain(first)).toEqual(plain(second))
        expect(plain(start)).toEqual(before)
        const once = seen.slice(0, seen.length / 2)
        expect(seen.slice(seen.length / 2)).toEqual(once)
        once.forEach(({ value }, i) => {
          expect(value).toBeLessThanOrEqual((once[i - 1]?.value ?? Number.POSITIVE_INFINITY) * (1 + 2 ** -50))
        })
      }),
      20,
    )
  })
  it('says why it ended', () => {
    const start = f64([-1.2, 1])
    const reason = (options: Parameters<typeof minimize>[1], from = start) => minimize(rosenbrock, options)(from).reason
    expect(reason({})).toBe('gradient')
    expect(reason({ iterations: 3 })).toBe('iterations')
    expect(minimize(rosenbrock, { iterations: 0 })(start)).toMatchObject({ iterations: 0, evaluations: 1 })
    expect(reason({ changeTolerance: 0.5 })).toBe('change')
    expect(minimize(rosenbrock)(f64([1, 1]))).toMatchObject({ reason: 'gradient', iterations: 0, value: 0 })
    const kink = minimize((x: Tensor) => sum(abs(x)), { changeTolerance: 0 })(f64([1, 0.3]))
    expect(kink.reason).toBe('line search')
    expect(kink.value).toBeLessThan(0.1)
  })
  it('walks around where the function is not finite', () => {
    const f = (x: Tensor): Tensor => sum(sub(x, mul(3, log(x)))) as Tensor
    expectClose(minimize(f)(f64([0.01, 40]) as Tensor).params, [3, 3], 1e-4)
  })
  it('keeps the structure and the dtypes of a mixed tree', () => {
    const f = ({ a, b }: { a: Tensor; b: readonly Tensor[] }): Tensor =>
      add(cast('float64')(sum(square(sub(a, 1)))), sum(square(add(b[0] as Tensor, 2))))
    const found = minimize(f)({ a: tensor([[3, 4]]), b: [scalar(7, 'float64')] })
    expect(found.params.a.dtype).toBe('float32')
    expectClose(found.params.a, [[1, 1]], 1e-5)
    expectClose(found.params.b[0] as Tensor, -2, 1e-5)
  })
  it('takes a jitted function too', () => {
    expectClose(minimize<Tensor>(jit(rosenbrock))(f64([-1.2, 1])).params, [1, 1], 1e-4)
  })
})

describe('the line search', () => {
  const coefficient = fc.double({ min: -3, max: 3, noNaN: true })
  /** A line through a quartic that ends by rising. */
  const line = (c: readonly number[]) => {
    const at = (step: number): Probe<null> => ({
      step,
      value: c.reduce((total, a, i) => total + a * step ** (i + 1), step ** 4),
      slope: c.reduce((total, a, i) => total + a * (i + 1) * step ** i, 4 * step ** 3),
      point: null,
    })
    return { at, start: at(0), wolfe: { decrease: 1e-4, curvature: 0.9, evaluations: 25 }, rounding: 0 }
  }

  it('finds a step with the strong Wolfe conditions', () => {
    const slope = fc.double({ min: -3, max: -0.01, noNaN: true })
    const first = fc.double({ min: 1e-3, max: 30, noNaN: true })
    check(
      fc.property(slope, coefficient, coefficient, first, (a, b, c, step) => {
        const one = line([a, b, c])
        const { probe, evaluations } = strongWolfe(one, step)
        expect(probe.value).toBeLessThanOrEqual(1e-4 * probe.step * a)
        expect(Math.abs(probe.slope)).toBeLessThanOrEqual(0.9 * -a)
        expect(evaluations).toBeLessThan(25)
      }),
      300,
    )
  })
  it('a cubic is minimal where its own cubic is', () => {
    const at = (step: number): Probe<null> => ({
      step,
      value: step ** 3 - 3 * step,
      slope: 3 * step ** 2 - 3,
      point: null,
    })
    for (const [a, b] of [
      [0, 2],
      [2, 0],
      [0.5, 0.9],
    ] as const)
      expect(cubicMinimum(at(a), at(b))).toBeCloseTo(1, 12)
  })
})

describe('mistakes', () => {
  const f = (x: Tensor): Tensor => sum(square(x))
  it.each<readonly [() => unknown, string]>([
    [
      () => minimize(f, { history: 0 })(f64([1])),
      'ValueError: minimize: history must be a whole number of at least 1, got 0',
    ],
    [
      () => minimize(f, { wolfe: { curvature: 1e-5 } })(f64([1])),
      'ValueError: minimize: wolfe needs 0 < decrease < curvature < 1, got 0.0001, 0.00001',
    ],
    [
      () => minimize((x: Tensor) => sum(div(1, x)))(f64([0])),
      'ValueError: minimize: the function is Infinity at the start, or its gradient is not finite',
    ],
    [() => minimize((x: Tensor) => square(x))(f64([1])), 'ShapeError: valueAndGrad: the function must return a scalar'],
    [() => jit((x: Tensor) => minimize(f)(x).params)(f64([1])), 'TraceError'],
  ])('are named: %s', (run, message) => {
    expect(mistake(run)).toContain(message)
  })
})
