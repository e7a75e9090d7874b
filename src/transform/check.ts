/**
 * checkGrads: a function's derivatives against finite differences.
 *
 * Layer: transform. Central differences in float64 are compared with jvp and with vjp; at order 2, the same is done to the
 * first derivatives, so that all four compositions of the two modes are seen. A disagreement where the function has a kink
 * is reported as one, not as an error.
 */
import { type FloatDtype, isFloat } from '../core/dtype.ts'
import { CotangentError, describe, dtypeError, fail, valueError } from '../core/errors.ts'
import { requireList, requireOptions } from '../core/options.ts'
import type { Flat } from '../core/program.ts'
import { sizeOf, unravel } from '../core/shape.ts'
import { concrete, data, identical, typeOf } from '../core/tensor.ts'
import { flattenWithPaths, tensorsOf, unflatten } from '../core/tree.ts'
import type { Maybe, Tensor } from '../core/types.ts'
import { cast } from '../ops/comparison.ts'
import { zerosOf } from '../ops/define.ts'
import { type Arguments, flattenFunction, liftArguments } from './arguments.ts'
import { jvpFlat } from './jvp.ts'
import { type Comparison, type GradReport, joinReports, relativeError, withText } from './report.ts'
import { vjpFlat } from './vjp.ts'

/** How closely derivatives must agree, and where to look. */
export type CheckOptions = {
  /** 1 (default) or 2: whether second derivatives are checked too. */
  readonly order?: 1 | 2
  /** Which modes to check; both by default. */
  readonly modes?: readonly Mode[]
  /** 'float64' (default) converts float arguments to float64; 'float32' checks the function as it is, with wide tolerances. */
  readonly dtype?: FloatDtype
  /**
   * Largest |numeric - analytic| / max(u, |numeric|, |analytic|); 1e-6 in float64 and 2e-2 in float32 by default. The unit u is 1, or a
   * power of ten down to 0.001 that the largest derivative reaches.
   */
  readonly tolerance?: number
  /** The step of the differences, times max(1, |x|); 6e-6 in float64 and 5e-3 in float32 by default. */
  readonly step?: number
  /** Check at most so many elements of all arguments, evenly spread; 256 by default. */
  readonly maxElements?: number
}

const checkNames = ['order', 'modes', 'dtype', 'tolerance', 'step', 'maxElements'] as const

/** A mode of differentiation. */
export type Mode = 'jvp' | 'vjp'

/** cbrt(2⁻⁵²), which balances truncation against rounding; float32 wants a step its rounding cannot hide. */
const STEPS: { readonly [d in FloatDtype]: number } = { float64: 6e-6, float32: 5e-3 }
/** Truncation h²·f‴/6 and rounding 2⁻⁵²/h are below 1e-9 for functions of unit scale; the rest is for steep ones. */
const TOLERANCES: { readonly [d in FloatDtype]: number } = { float64: 1e-6, float32: 2e-2 }
/** One-sided differences that disagree by this much, and still do at a tenth of the step, mean a kink. */
const KINK = 1e-3

type Problem = {
  readonly what: string
  readonly f: Flat
  readonly xs: readonly Tensor[]
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}
type Settings = {
  readonly modes: readonly Mode[]
  readonly tolerance: number
  readonly step: number
  readonly maxElements: number
}

/** A tensor with one element moved. */
const moved = (x: Tensor, at: number, by: number): Tensor => {
  const host = data(x)
  host[at] = (host[at] ?? 0) + by
  return concrete(x.shape, x.dtype, host)
}

/** All zeros but a one. */
const basis = (x: Tensor, at: number): Tensor => moved(zerosOf(typeOf(x)), at, 1)

const replaced = (xs: readonly Tensor[], leaf: number, x: Tensor): readonly Tensor[] =>
  xs.map((y, i) => (i === leaf ? x : y))

/** Values of float outputs, one list for each. */
const valuesOf = (ys: readonly Maybe[], like: readonly Tensor[]): readonly ArrayLike<number>[] =>
  like.map((y, i) => {
    const value = ys[i] ?? null
    return value === null ? new Float64Array(sizeOf(y.shape)) : data(value)
  })

/** Evenly spread elements of the float arguments. */
const elementsOf = (xs: readonly Tensor[], most: number): readonly (readonly [leaf: number, at: number])[] => {
  const all = xs.flatMap((x, leaf) =>
    isFloat(x.dtype) ? Array.from({ length: sizeOf(x.shape) }, (_, at) => [leaf, at] as const) : [],
  )
  const stride = Math.max(1, Math.ceil(all.length / most))
  return all.filter((_, i) => i % stride === 0)
}

type Rows = (output: number, at: number) => readonly ArrayLike<number>[]

/** Rows of the Jacobian by pullback: for each float output element, the cotangents of all arguments. */
const jacobianRows = ({ f, xs }: Problem): Rows => {
  const [ys, pullback] = vjpFlat(f, xs)
  const rows = new Map<string, readonly ArrayLike<number>[]>()
  return (output, at) => {
    const name = `${output},${at}`
    const row = rows.get(name) ?? valuesOf(pullback(ys.map((y, i) => (i === output ? basis(y, at) : null))), xs)
    rows.set(name, row)
    return row
  }
}

type Differences = { readonly central: number; readonly step: number; readonly isKink: (unit: number) => boolean }

/** Central differences of every output element in one input element, and whether the two sides disagree there. */
const differences = ({ f, xs }: Problem, ys: readonly Tensor[], leaf: number, at: number, relative: number) => {
  const x = xs[leaf] as Tensor
  const value = data(x)[at] ?? 0
  const step = relative * Math.max(1, Math.abs(value))
  const along = (by: number): readonly ArrayLike<number>[] => valuesOf(f(...replaced(xs, leaf, moved(x, at, by))), ys)
  const [up, down, here] = [along(step), along(-step), valuesOf(ys, ys)]
  const read = (list: readonly ArrayLike<number>[], o: number, i: number): number => list[o]?.[i] ?? 0
  const gap = (o: number, i: number, h: number, hi: typeof up, lo: typeof up): number =>
    Math.abs(read(hi, o, i) - 2 * read(here, o, i) + read(lo, o, i)) / h
  return (o: number, i: number): Differences => {
    const central = (read(up, o, i) - read(down, o, i)) / (2 * step)
    const isKink = (unit: number): boolean => {
      const limit = KINK * Math.max(unit, Math.abs(central))
      return gap(o, i, step, up, down) > limit && gap(o, i, step / 10, along(step / 10), along(-step / 10)) > limit
    }
    return { central, step, isKink }
  }
}

/** The derivatives of every output element in one input element, as each mode says. */
const analyticAt = ({ f, xs }: Problem, ys: readonly Tensor[], modes: readonly Mode[], row: Rows | null) => {
  return (leaf: number, at: number) => {
    const tangents = xs.map((x, i): Maybe => (i === leaf ? basis(x, at) : null))
    const column = modes.includes('jvp') ? valuesOf(jvpFlat(f, xs, tangents)[1], ys) : null
    return (o: number, i: number): readonly (readonly [Mode, number])[] => {
      const [forward, backward] = [column?.[o]?.[i], row?.(o, i)[leaf]?.[at]]
      return [
        ...(forward === undefined ? [] : [['jvp', forward] as const]),
        ...(backward === undefined ? [] : [['vjp', backward] as const]),
      ]
    }
  }
}

type Found = { readonly comparison: Omit<Comparison, 'error'>; readonly isKink: (unit: number) => boolean }

/** Every comparison, one by one. */
function* comparisonsOf(problem: Problem, { modes, step: relative, maxElements }: Settings): Generator<Found> {
  const { f, xs, inputs, outputs, what } = problem
  const ys = f(...xs)
  const analytic = analyticAt(problem, ys, modes, modes.includes('vjp') ? jacobianRows(problem) : null)
  for (const [leaf, at] of elementsOf(xs, maxElements)) {
    const numericOf = differences(problem, ys, leaf, at, relative)
    const analyticOf = analytic(leaf, at)
    const input = { input: inputs[leaf] ?? '', inputIndex: unravel(at, xs[leaf]?.shape ?? []) }
    for (const [o, y] of ys.entries()) {
      for (let i = 0; isFloat(y.dtype) && i < sizeOf(y.shape); i++) {
        const { central: numeric, step, isKink } = numericOf(o, i)
        const output = { output: outputs[o] ?? '', outputIndex: unravel(i, y.shape) }
        for (const [mode, found] of analyticOf(o, i)) {
          const numbers = { numeric, analytic: found, step }
          yield {
            comparison: { what: what === '' ? mode : `${mode} of ${what}`, ...input, ...output, ...numbers },
            isKink,
          }
        }
      }
    }
  }
}

/** What errors may be relative to, where derivatives are smaller. */
const UNITS = [1, 0.1, 0.01, 0.001] as const
const SMALLEST_UNIT = 0.001

/** Steps from 1 to the next number. */
const EPSILONS: { readonly [d in FloatDtype]: number } = { float64: 2 ** -52, float32: 2 ** -23 }

/**
 * The unit for a function: 1 if its largest derivative is of that size, less if all are smaller, but not so little that the rounding of
 * the function itself would count.
 */
const unitFor = ({ f, xs }: Problem, largest: number, { step, tolerance }: Settings): number => {
  const rounding = f(...xs).reduce((most, y) => {
    if (!isFloat(y.dtype)) return most
    const size = [...data(y)].reduce((a, x) => Math.max(a, Math.abs(x) || 0), 0)
    return Math.max(most, (4 * size * EPSILONS[y.dtype]) / (step * tolerance))
  }, 0)
  return UNITS.find(unit => unit <= Math.max(largest, 10 * rounding)) ?? SMALLEST_UNIT
}

const withError = (comparison: Found['comparison'], unit: number): Comparison => ({
  ...comparison,
  error: relativeError(comparison.numeric, comparison.analytic, unit),
})

const compare = (problem: Problem, settings: Settings): GradReport => {
  const doubtful: Found[] = []
  const worst = new Map<number, Comparison>()
  let compared = 0
  let largest = 0
  // How large derivatives are is known at the end; what agrees by the smallest unit does so by the others too.
  for (const found of comparisonsOf(problem, settings)) {
    compared++
    const { numeric, analytic } = found.comparison
    largest = Math.max(largest, Math.abs(numeric) || 0, Math.abs(analytic) || 0)
    if (relativeError(numeric, analytic, SMALLEST_UNIT) > settings.tolerance) doubtful.push(found)
    else
      for (const unit of UNITS) {
        const error = relativeError(numeric, analytic, unit)
        if (error > (worst.get(unit)?.error ?? -1)) worst.set(unit, { ...found.comparison, error })
      }
  }
  const unit = unitFor(problem, largest, settings)
  const all = doubtful.map(({ comparison, isKink }) => ({ comparison: withError(comparison, unit), isKink }))
  const failing = all.filter(({ comparison }) => comparison.error > settings.tolerance)
  const kinks = failing.filter(({ isKink }) => isKink(unit)).map(({ comparison }) => comparison)
  const apart = new Set(kinks)
  const failures = failing.map(({ comparison }) => comparison).filter(comparison => !apart.has(comparison))
  const others = all.map(({ comparison }) => comparison).filter(comparison => !apart.has(comparison))
  const known = worst.get(unit)
  return {
    ok: failures.length === 0,
    compared,
    worst: [...(known === undefined ? [] : [known]), ...others].reduce<Comparison | null>(
      (a, b) => (a === null || b.error > a.error ? b : a),
      null,
    ),
    failures,
    kinks,
    tolerance: settings.tolerance,
  }
}

/** Fixed, uneven directions: generic enough not to be orthogonal to an error, and the same in every run. */
const direction = (x: Tensor): Tensor => {
  const host = data(zerosOf(typeOf(x)))
  for (let i = 0; i < host.length; i++) host[i] = Math.cos(1.3 * i + 0.4) + 0.3
  return concrete(x.shape, x.dtype, host)
}

/** The first derivatives as functions to be differentiated again. */
const derivatives = (problem: Problem): readonly Problem[] => {
  const { f, xs, inputs, outputs } = problem
  const ys = f(...xs)
  const floatOuts = ys.flatMap((y, i) => (isFloat(y.dtype) ? [i] : []))
  const floatIns = xs.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []))
  const forward: Flat = (...zs) => {
    const [values, tangents] = jvpFlat(
      f,
      zs,
      zs.map(z => (isFloat(z.dtype) ? direction(z) : null)),
    )
    return floatOuts.map(i => tangents[i] ?? zerosOf(values[i] as Tensor))
  }
  const backward: Flat = (...zs) => {
    const [values, pullback] = vjpFlat(f, zs)
    const cts = pullback(values.map(y => (isFloat(y.dtype) ? direction(y) : null)))
    return floatIns.map(i => cts[i] ?? zerosOf(zs[i] as Tensor))
  }
  const pick = (paths: readonly string[], list: readonly number[]): readonly string[] => list.map(i => paths[i] ?? '')
  return [
    { what: 'jvp', f: forward, xs, inputs, outputs: pick(outputs, floatOuts) },
    { what: 'vjp', f: backward, xs, inputs, outputs: pick(inputs, floatIns) },
  ]
}

const settingsOf = ({
  order = 1,
  modes = ['jvp', 'vjp'],
  dtype = 'float64',
  tolerance,
  step,
  maxElements = 256,
}: CheckOptions): Settings => {
  if (order !== 1 && order !== 2) fail(valueError('checkGrads', `order is 1 or 2, got ${describe(order)}`))
  requireList('checkGrads', 'modes', modes)
  if (modes.length === 0 || !modes.every(mode => mode === 'jvp' || mode === 'vjp'))
    fail(valueError('checkGrads', `modes are 'jvp' and 'vjp', got [${modes.map(describe).join(', ')}]`))
  return { modes, tolerance: tolerance ?? TOLERANCES[dtype], step: step ?? STEPS[dtype], maxElements }
}

/** Refuses a function that gives something else each time: its differences would be no derivatives. */
const requireFunctionOf = (f: Flat, xs: readonly Tensor[]): void => {
  const [first, second] = [f(...xs), f(...xs)]
  const differs = first.findIndex((y, i) => second[i] === undefined || !identical(y, second[i]))
  if (differs >= 0 || first.length !== second.length)
    fail(valueError('checkGrads', 'called twice with the same arguments, the function gave two results: give it a key'))
}

/** checkGrads on a flat function, whose tensors are taken as they are. */
export const checkGradsFlat = (
  f: Flat,
  xs: readonly Tensor[],
  options: CheckOptions = {},
  paths: { readonly inputs?: readonly string[]; readonly outputs?: readonly string[] } = {},
): GradReport => {
  const settings = settingsOf(options)
  const problem: Problem = {
    what: '',
    f,
    xs,
    inputs: paths.inputs ?? xs.map((_, i) => `argument ${i}`),
    outputs: paths.outputs ?? f(...xs).map((_, i) => `result ${i}`),
  }
  const second = options.order === 2 ? derivatives(problem).map(p => compare(p, settings)) : []
  return withText(joinReports([compare(problem, settings), ...second], settings.tolerance))
}

const explained = <A>(dtype: FloatDtype, f: () => A): A => {
  try {
    return f()
  } catch (error) {
    if (dtype === 'float64' && error instanceof CotangentError && error._tag === 'DtypeError')
      return fail(
        dtypeError(
          'checkGrads',
          `runs the function in float64, and it threw: ${error.message}. Constants inside must follow the dtype of the arguments (use plain numbers, or cast(x.dtype)); or check in float32 with { dtype: 'float32' }`,
        ),
      )
    throw error
  }
}

/**
 * Compares the derivatives of f at `inputs` (its list of arguments) with central differences, element by element.
 *
 * f takes and returns trees of tensors; numbers stand for scalars. Float leaves are converted to float64 unless `dtype` says
 * otherwise; int32 and bool leaves are held fixed. The report lists what failed with leaf, index, numeric and analytic value,
 * relative error and step; printing it shows a table.
 * @throws DtypeError when f mixes float32 constants into the float64 check
 * @example
 * const report = checkGrads((x: Tensor) => sum(tanh(x)))([tensor([1, 2])], { order: 2 })
 * report.ok // true
 */
export const checkGrads =
  <Args extends readonly unknown[]>(f: (...args: Args) => unknown) =>
  (inputs: Arguments<Args>, options: CheckOptions = {}): GradReport => {
    const { dtype = 'float64' } = requireOptions('checkGrads', options, checkNames)
    if (!Array.isArray(inputs))
      return fail(
        valueError('checkGrads', `takes the arguments as a list, as in checkGrads(f)([x]), got ${describe(inputs)}`),
      )
    const lifted = liftArguments(inputs)
    const [given, shape] = tensorsOf('checkGrads', 'argument', lifted)
    const xs = given.map(x => (isFloat(x.dtype) ? cast(dtype)(x) : x))
    const [leaves] = flattenWithPaths(lifted)
    const { flat, outShape } = flattenFunction('checkGrads', f as (...args: readonly unknown[]) => unknown, shape)
    return explained(dtype, () => {
      requireFunctionOf(flat, xs)
      const count = flat(...xs).length
      const [outs] = flattenWithPaths(unflatten(outShape(), Array.from({ length: count })))
      return checkGradsFlat(flat, xs, options, {
        inputs: leaves.map(leaf => `argument${leaf.path}`),
        outputs: outs.map(leaf => `result${leaf.path}`),
      })
    })
  }
