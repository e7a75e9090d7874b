/**
 * Minimisation by L-BFGS with a line search, over trees of parameters.
 *
 * Layer: optim. How long it takes is decided by values, so it is a loop around a jitted function, not a part of one. The vectors of the
 * method are float64 on the host, whatever the dtype of the parameters: they are few operations beside those of the function.
 */
import { isFloat, type TypedArray } from '../core/dtype.ts'
import { dtypeError, fail, valueError } from '../core/errors.ts'
import { knownOptions, requireFunction, requireOptions } from '../core/options.ts'
import { data, item, showType, tensor } from '../core/tensor.ts'
import { tensorsOf, unflatten } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'
import { valueAndGrad } from '../transform/grad.ts'
import { jit } from '../transform/jit.ts'
import { addScaled, direction, dot, largest, type Pair, remember, type Vector } from './lbfgs.ts'
import { type Probe, strongWolfe, type Wolfe } from './line-search.ts'
import { checkOption, checkWhole } from './options.ts'

/** Why a minimisation ended: small gradient, small change, all iterations, or no lower point along the line. */
export type StopReason = 'gradient' | 'change' | 'iterations' | 'line search'

/** Where a minimisation is. */
export type MinimizeProgress = {
  readonly value: number
  /** The largest element of the gradient. */
  readonly gradientNorm: number
  readonly iterations: number
  readonly evaluations: number
}

/** Where a minimisation ended, and why. */
export type Minimum<P> = MinimizeProgress & { readonly params: P; readonly reason: StopReason }

/** Options of `minimize`. */
export type MinimizeOptions = {
  /** How many pairs of steps and gradient changes are kept; 10. */
  readonly history?: number
  /** How many steps at most; 1000. */
  readonly iterations?: number
  /** It ends where no element of the gradient is larger; 1e-5. */
  readonly gradientTolerance?: number
  /** It ends when a step lowers the value by no more than this part of max(|value|, 1); 1e-9, with float32 leaves 1e-7. With 0 never. */
  readonly changeTolerance?: number
  /** Of the line search: 1e-4, 0.9, and 25 evaluations at most. */
  readonly wolfe?: Partial<Wolfe>
  /** Is shown where it is after each step: for curves and progress bars. */
  readonly observe?: (progress: MinimizeProgress) => void
}

type Settings = Required<Omit<MinimizeOptions, 'wolfe' | 'observe'>> & {
  /** The relative rounding of values. */
  readonly rounding: number
  readonly wolfe: Wolfe
  readonly observe: (progress: MinimizeProgress) => void
}

/** What a value made of a few terms may be wrong by, as a part of it: 8 units in the last place. */
const ROUNDING = { float32: 2 ** -21, float64: 2 ** -50 }

const checkedSettings = (options: MinimizeOptions, leaves: readonly Tensor[]): Settings => {
  const single = leaves.some(({ dtype }) => dtype === 'float32')
  const changeTolerance = single ? 1e-7 : 1e-9
  const settings = { history: 10, iterations: 1000, gradientTolerance: 1e-5, changeTolerance, ...options }
  const wolfe = { decrease: 1e-4, curvature: 0.9, evaluations: 25, ...options.wolfe }
  checkWhole('minimize', 'history', settings.history)
  checkWhole('minimize', 'iterations', settings.iterations, 0)
  checkOption('minimize', 'gradientTolerance', settings.gradientTolerance, 0)
  checkOption('minimize', 'changeTolerance', settings.changeTolerance, 0)
  checkWhole('minimize', 'wolfe.evaluations', wolfe.evaluations)
  if (!(wolfe.decrease > 0 && wolfe.decrease < wolfe.curvature && wolfe.curvature < 1))
    fail(valueError('minimize', `wolfe needs 0 < decrease < curvature < 1, got ${wolfe.decrease}, ${wolfe.curvature}`))
  return {
    ...settings,
    wolfe,
    rounding: single ? ROUNDING.float32 : ROUNDING.float64,
    observe: options.observe ?? (() => undefined),
  }
}

/** A point with value and gradient there. */
type Point = { readonly x: Vector; readonly value: number; readonly gradient: Vector }

/** All elements of tensors in order, as float64. */
const flatElements = (leaves: readonly Tensor[]): Vector => {
  const parts = leaves.map(leaf => data(leaf))
  const flat = new Float64Array(parts.reduce((total, { length }) => total + length, 0))
  let start = 0
  for (const part of parts) {
    flat.set(part, start)
    start += part.length
  }
  return flat
}

/** Tensors of the types of `leaves` from all their elements in order. */
const cut = (leaves: readonly Tensor[], flat: Vector): readonly Tensor[] => {
  let start = 0
  return leaves.map(({ shape, dtype }) => {
    const end = start + shape.reduce((size, n) => size * n, 1)
    const part: TypedArray = flat.subarray(start, end)
    start = end
    return tensor(dtype === 'float32' ? new Float32Array(part) : part, { shape })
  })
}

/** Where a minimisation is, with what it remembers. */
type State = {
  readonly here: Point
  readonly pairs: readonly Pair[]
  readonly iterations: number
  readonly evaluations: number
}

const progressOf = ({ here, iterations, evaluations }: State): MinimizeProgress => ({
  value: here.value,
  gradientNorm: largest(here.gradient),
  iterations,
  evaluations,
})

/** One step: along the direction of L-BFGS, to where the line search says. */
const step = (evaluate: (x: Vector) => Point, { history, wolfe, rounding }: Settings, state: State): State => {
  const { here, pairs } = state
  const along = direction(pairs, here.gradient)
  const probeOf = (step: number, point: Point): Probe<Point> => ({
    step,
    value: point.value,
    slope: dot(point.gradient, along),
    point,
  })
  const line = {
    at: (step: number) => probeOf(step, evaluate(addScaled(here.x, step, along))),
    start: probeOf(0, here),
    wolfe,
    rounding: rounding * Math.abs(here.value),
  }
  const first = pairs.length > 0 ? 1 : Math.min(1, 1 / here.gradient.reduce((sum, v) => sum + Math.abs(v), 0))
  const { probe, evaluations } = strongWolfe(line, first)
  const there = probe.point
  return {
    here: there,
    pairs: remember(pairs, addScaled(there.x, -1, here.x), addScaled(there.gradient, -1, here.gradient), history),
    iterations: state.iterations + 1,
    evaluations: state.evaluations + evaluations,
  }
}

/** Why to end with `state`, if so; `before` is the state that the last step started from. */
const ended = (settings: Settings, state: State, before: State | undefined): StopReason | undefined => {
  const { gradientNorm, value, iterations } = progressOf(state)
  if (gradientNorm <= settings.gradientTolerance) return 'gradient'
  if (before !== undefined) {
    const scale = Math.max(Math.abs(value), Math.abs(before.here.value), 1)
    if (state.here === before.here) return 'line search'
    const change = before.here.value - value
    if (settings.changeTolerance > 0 && change <= settings.changeTolerance * scale) return 'change'
  }
  return iterations >= settings.iterations ? 'iterations' : undefined
}

const descendTo = (evaluate: (x: Vector) => Point, settings: Settings, first: Point) => {
  let before: State | undefined
  let state: State = { here: first, pairs: [], iterations: 0, evaluations: 1 }
  let reason = ended(settings, state, before)
  while (reason === undefined) {
    before = state
    state = step(evaluate, settings, state)
    // What the pairs say of the curvature may be wrong by now: once more, from the gradient alone.
    const stuck = state.here === before.here && before.pairs.length > 0
    if (stuck) state = { ...state, pairs: [], iterations: before.iterations }
    else settings.observe(progressOf(state))
    reason = stuck ? undefined : ended(settings, state, before)
  }
  return { state, reason }
}

/**
 * Minimises a function of a tree of parameters by L-BFGS with a line search for the strong Wolfe conditions: a function from where to
 * start to the minimum found, with its value, the largest element of the gradient, how many steps and evaluations it took, and why it
 * ended. `f` gives a scalar; its value and gradient are compiled together.
 *
 * Nocedal (1980); Liu and Nocedal (1989); algorithms 7.5, 3.5 and 3.6 of Nocedal and Wright (2006). The method and the constants of the
 * line search are those of SciPy and of PyTorch's LBFGS with line_search_fn 'strong_wolfe', the history and the tests for the end
 * SciPy's. Works in float64 and in float32, where gradients below 1e-5 of the value's size are out of reach. It reads values: inside
 * `jit`, `vmap` or another recorded function it throws, and to `grad` around it its result is constant.
 * @throws ValueError for an option out of its range, or when f or its gradient is not finite at the start; ShapeError, DtypeError or
 *   TreeError as `valueAndGrad`
 * @example
 * const bowl = (p: { x: Tensor }) => sum(square(sub(p.x, 3)))
 * const { params, reason } = minimize(bowl)({ x: tensor([0, 1]) })
 * params // { x: [2] }
 */
export const minimize = <P>(f: (params: P) => Tensor, options: MinimizeOptions = {}) => {
  requireOptions('minimize', options, [
    'history',
    'iterations',
    'gradientTolerance',
    'changeTolerance',
    'wolfe',
    'observe',
  ])
  knownOptions(
    'minimize',
    options.wolfe === undefined ? {} : options.wolfe,
    ['decrease', 'curvature', 'evaluations'],
    'wolfe',
  )
  requireFunction('minimize', 'the function to minimise', f)
  if (options.observe !== undefined) requireFunction('minimize', 'observe', options.observe)
  return (params: P): Minimum<P> => {
    const [leaves, shape] = tensorsOf('minimize', 'params', params)
    const odd = leaves.find(({ dtype }) => !isFloat(dtype))
    if (odd !== undefined)
      return fail(dtypeError('minimize', `moves floats, and a parameter is ${showType(odd)}: cast it`))
    const settings = checkedSettings(options, leaves)
    const both = jit(valueAndGrad(f as (params: unknown) => Tensor<readonly []>)) as (
      params: P,
    ) => readonly [Tensor<readonly []>, P]
    const treeOf = (x: Vector): P => unflatten<P>(shape, cut(leaves, x))
    const evaluate = (x: Vector): Point => {
      const [value, grads] = both(treeOf(x))
      return { x, value: item(value), gradient: flatElements(tensorsOf('minimize', 'gradient', grads)[0]) }
    }
    const first = evaluate(flatElements(leaves))
    if (!Number.isFinite(first.value) || !Number.isFinite(largest(first.gradient)))
      return fail(valueError('minimize', `the function is ${first.value} at the start, or its gradient is not finite`))
    const { state, reason } = descendTo(evaluate, settings, first)
    return { ...progressOf(state), params: treeOf(state.here.x), reason }
  }
}
