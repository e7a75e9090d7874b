/**
 * customJvp and customVjp: functions with derivatives of their own.
 *
 * Layer: transform. Both hold programs of the function and of its rule, so that they are traced once, can be batched and printed,
 * and their rules differentiated again. Read first: derive.ts, call.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { type Dtype, isFloat } from '../core/dtype.ts'
import { fail, ruleError, treeError, valueError } from '../core/errors.ts'
import { type Flat, inputTypes, outputTypes, run } from '../core/program.ts'
import { asValue, isTensor, scalar, showType } from '../core/tensor.ts'
import { bind, typesOf } from '../core/trace.ts'
import { leafCount, type TreeShape, treeDifference, unflatten } from '../core/tree.ts'
import type { Operation, Program, Tensor, TensorType } from '../core/types.ts'
import { beside, isWeak, strong, weakly } from '../core/weak.ts'
import { sumOp } from '../ops/movement.ts'
import { type Arguments, liftArguments, liftResults, requireFunction } from './arguments.ts'
import { derive, filled, flattenArguments, floats, pick, placed, put, recordBody, vmapProgram } from './derive.ts'

const leaf: TreeShape = { tag: 'leaf' }
const list = (items: readonly TreeShape[]): TreeShape => ({ tag: 'array', items })

/** Refuses programs that use traced values of the surroundings: their rules would give them no derivative. */
const requireClosed = (op: string, part: string, captured: readonly Tensor[]): void => {
  const traced = captured.find(x => asValue(x).tag === 'tracer')
  if (traced !== undefined)
    fail(
      ruleError(
        op,
        `${part} uses ${String(traced)} of the surroundings, which its rule knows nothing of: pass it as an argument`,
      ),
    )
}

/** A body whose captured tensors, constants all of them, are bound again: a program of the arguments alone. */
const closedBody = (op: string, part: string, f: unknown, shape: TreeShape, types: readonly TensorType[]) => {
  const { program, captured, outShape } = recordBody(op, f, shape, types)
  requireClosed(op, part, captured)
  const whole = derive(program, 'with constants', (...xs) => run(program)(...xs, ...captured), types)
  return { program: captured.length === 0 ? program : whole, outShape }
}

/**
 * Arguments whose numbers have the dtype in which the function reads them, if that is one: its rules know arguments by type. The
 * function is recorded for it, if there are numbers.
 */
const settled = (op: string, f: unknown, args: unknown): readonly [readonly Tensor[], TreeShape] => {
  const [xs, shape] = flattenArguments(op, liftArguments(args) as readonly unknown[])
  if (!xs.some(isWeak)) return [xs, shape]
  const read = xs.map(() => new Set<Dtype>())
  const noting = xs.map((x, i) => {
    const note = (kind: string, dtype: Dtype): Tensor => {
      read[i]?.add(dtype)
      return beside(kind, x, dtype)
    }
    return isWeak(x) ? weakly(scalar(0), note) : x
  })
  recordBody(op, f, shape, typesOf(xs), noting)
  const strongly = (x: Tensor, i: number): Tensor => {
    const [dtype, ...others] = read[i] ?? []
    return dtype === undefined || others.length > 0 ? strong(x) : beside(op, x, dtype)
  }
  return [xs.map(strongly), shape]
}

const checkTypes = (op: string, what: string, found: readonly TensorType[], wanted: readonly TensorType[]): void => {
  wanted.forEach((type, i) => {
    const other = found[i]
    if (isFloat(type.dtype) && (other === undefined || showType(other) !== showType(type)))
      fail(
        treeError(op, `${what} ${i} is ${other === undefined ? 'missing' : showType(other)}, wanted ${showType(type)}`),
      )
  })
}

// ---- customJvp

type Jvp = { readonly function: Program; readonly rule: Program }

const customJvpOp: Operation<Jvp> = {
  name: 'customJvp',
  doc: 'A function whose output tangents are given.',
  constant: false,
  infer: params => E.right(outputTypes(params.function)),
  evaluate: (params, xs) => run(params.function)(...xs),
  jvp: ({ rule }, xs, ts) => run(rule)(...xs, ...filled(ts, typesOf(xs))),
  batch: (params, xs, batched, n) =>
    bind(
      customJvpOp,
      {
        function: vmapProgram(params.function, batched, n),
        rule: vmapProgram(params.rule, [...batched, ...batched], n),
      },
      ...xs,
    ),
}

/**
 * A function with a forward-mode rule of its own: rule(primals, tangents) gives the tangent of f's result, written with functions
 * that are linear in the tangents; reverse mode follows by transposing it. Arguments and results are trees.
 *
 * As `jax.custom_jvp`, but that the rule gives the tangent alone: it cannot get the value wrong.
 * @throws RuleError when f uses a traced value from outside (pass it as an argument), or, in reverse mode, when the rule is
 *   not linear in the tangents by ops of its own (what `call`, `scan` or `cond` hold is not looked into); TreeError when the tangent does not match the result
 * @example
 * const log1pexp = customJvp((x: Tensor) => log(add(1, exp(x))), ([x], [dx]) => mul(dx, sigmoid(x)))
 * grad(log1pexp)(100) // 1
 */
export const customJvp =
  <Args extends readonly Tensor[] | readonly unknown[], Y>(
    f: (...args: Args) => Y,
    rule: (primals: NoInfer<Args>, tangents: NoInfer<Args>) => NoInfer<Y>,
  ) =>
  (...args: Arguments<Args>): Y => {
    requireFunction('customJvp', rule)
    const [xs, shape] = settled('customJvp', f, args)
    const types = typesOf(xs)
    const value = closedBody('customJvp', 'the function', f, shape, types)
    const tangent = closedBody('customJvp', 'the rule', rule, list([shape, shape]), [...types, ...types])
    const difference = treeDifference(value.outShape, tangent.outShape)
    if (difference !== undefined)
      fail(treeError('customJvp', `the rule must give a tangent like the result, but they differ ${difference}`))
    checkTypes('customJvp', 'tangent', outputTypes(tangent.program), outputTypes(value.program))
    const ys = bind(customJvpOp, { function: value.program, rule: tangent.program }, ...xs)
    return unflatten<Y>(value.outShape, ys)
  }

// ---- customVjp

/** `forward` gives results and residuals; `backward` takes residuals and cotangents of float results. */
type Vjp = { readonly function: Program; readonly forward: Program; readonly backward: Program }

const customVjpOp: Operation<Vjp> = {
  name: 'customVjp',
  doc: 'A function whose pullback is given.',
  constant: false,
  infer: params => E.right(outputTypes(params.function)),
  evaluate: (params, xs) => run(params.function)(...xs),
  jvp: () =>
    fail(
      ruleError(
        'customVjp',
        'has a rule for reverse mode alone, but forward mode was asked for: give it one with customJvp, or use grad or vjp',
      ),
    ),
  vjp: ({ function: f, forward, backward }, xs) => {
    const outs = outputTypes(f)
    const all = run(forward)(...xs)
    const [ys, residuals] = [all.slice(0, outs.length), all.slice(outs.length)]
    const active = floats(typesOf(xs))
    return [ys, cts => placed(active, run(backward)(...residuals, ...pick(filled(cts, outs), floats(outs))))]
  },
  batch: (params, xs, batched, n) => {
    const forward = vmapProgram(params.forward, batched, n)
    return bind(
      customVjpOp,
      {
        function: vmapProgram(params.function, batched, n),
        forward,
        backward: batchedBackward(params.backward, pick(batched, floats(typesOf(xs))), n),
      },
      ...xs,
    )
  },
}

/** All residuals and cotangents have a batch axis; the cotangent of an argument that had none is the sum over the batch. */
const batchedBackward = (backward: Program, batched: readonly boolean[], n: number): Program => {
  const inputs = inputTypes(backward)
  const whole = vmapProgram(
    backward,
    inputs.map(() => true),
    n,
  )
  const f: Flat = (...all) => run(whole)(...all).map((ct, i) => (batched[i] ? ct : sumOverBatch(ct)))
  return derive(backward, `vmap back ${n} ${batched}`, f, inputTypes(whole))
}

const sumOverBatch = (ct: Tensor): Tensor => bind(sumOp, { axes: [0] }, ct)[0] as Tensor

/** What the pullback rule must return: a list with a cotangent for each argument, `null` for one that has none. */
const cotangentsOf = (y: unknown, count: number): readonly unknown[] =>
  Array.isArray(y) && y.length === count
    ? y
    : fail(treeError('customVjp', `backward must return a list with a cotangent for each of ${count} arguments`))

/**
 * A function with a reverse-mode rule of its own: forward(…args) gives [y, residuals], backward(residuals, ct) the list of
 * cotangents of the arguments. Arguments, results and residuals are trees; leaves of int32 and bool have no cotangent, whatever
 * stands there.
 *
 * As `jax.custom_vjp`. The rules are ordinary functions, and are differentiated for second derivatives.
 * @throws RuleError in forward mode, and when a function uses a traced value from outside (pass it as an argument); TreeError when
 *   results or cotangents do not match
 * @example
 * const clipGradient = customVjp((x: Tensor) => x, x => [x, []], (_, ct) => [clip({ min: -1, max: 1 })(ct)])
 * grad((x: Tensor) => mul(5, clipGradient(x)))(2) // 1
 */
export const customVjp =
  <Args extends readonly unknown[], Y, R>(
    f: (...args: Args) => Y,
    forward: (...args: NoInfer<Args>) => readonly [NoInfer<Y>, R],
    backward: (residuals: NoInfer<R>, ct: NoInfer<Y>) => readonly unknown[],
  ) =>
  (...args: Arguments<Args>): Y => {
    for (const part of [f, forward, backward]) requireFunction('customVjp', part)
    const [xs, shape] = settled('customVjp', f, args)
    const types = typesOf(xs)
    const value = closedBody('customVjp', 'the function', f, shape, types)
    const outs = outputTypes(value.program)
    const fwd = closedBody('customVjp', 'forward', forward, shape, types)
    const [yShape, residualShape] = pairOfShapes(fwd.outShape)
    const difference = treeDifference(value.outShape, yShape)
    if (difference !== undefined)
      fail(treeError('customVjp', `forward must give the results of the function first, but they differ ${difference}`))
    checkTypes('customVjp', 'result', outputTypes(fwd.program), outs)
    const residualTypes = outputTypes(fwd.program).slice(outs.length)
    const wanted = floats(types)
    const pull = (...flat: readonly unknown[]): unknown => {
      const tensors = flat as readonly Tensor[]
      const residuals = unflatten<R>(residualShape, tensors.slice(0, residualTypes.length))
      const given = put<Tensor>(
        filled(
          outs.map(() => null),
          outs,
        ),
        floats(outs),
        tensors.slice(residualTypes.length),
      )
      const cts = cotangentsOf(backward(residuals, unflatten<Y>(value.outShape, given)), args.length)
      return pick(cotangentLeaves(cts, shape, types), wanted)
    }
    const inputs = [...residualTypes, ...pick(outs, floats(outs))]
    const bwd = closedBody('customVjp', 'backward', pull, list(inputs.map(() => leaf)), inputs)
    checkTypes('customVjp', 'cotangent', outputTypes(bwd.program), pick(types, wanted))
    const params = { function: value.program, forward: fwd.program, backward: bwd.program }
    return unflatten<Y>(value.outShape, bind(customVjpOp, params, ...xs))
  }

const pairOfShapes = (shape: TreeShape): readonly [TreeShape, TreeShape] => {
  const [y, residuals, ...more] = shape.tag === 'array' ? shape.items : []
  return y !== undefined && residuals !== undefined && more.length === 0
    ? [y, residuals]
    : fail(treeError('customVjp', 'forward must return [y, residuals]'))
}

/** The cotangents by leaf: zeros for `null`, and for what has none. */
const cotangentLeaves = (
  cts: readonly unknown[],
  shape: TreeShape,
  types: readonly TensorType[],
): readonly Tensor[] => {
  const items = shape.tag === 'array' ? shape.items : []
  let next = 0
  return items.flatMap((item, i) => {
    const own = types.slice(next, next + leafCount(item))
    next += own.length
    const ct = cts[i]
    if (ct === null)
      return filled(
        own.map(() => null),
        own,
      )
    const [leaves, found] = flattenArguments('customVjp', [liftResults(ct)])
    const difference = treeDifference(list([item]), found)
    if (difference !== undefined)
      fail(treeError('customVjp', `the cotangent of argument ${i} does not have its structure ${difference}`))
    if (!leaves.every(isTensor)) fail(valueError('customVjp', `the cotangent of argument ${i} is no tree of tensors`))
    return leaves
  })
}
