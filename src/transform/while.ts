/**
 * whileLoop: a step repeated as long as a predicate holds.
 *
 * Layer: transform. One op: constants of the predicate, constants of the body, carries. How often it runs is not known when it
 * is traced, so there is forward mode and no reverse mode: that would need memory without bound. Read first: scan.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { dtypeError, fail, ruleError } from '../core/errors.ts'
import { type Flat, inputTypes, outputTypes, run } from '../core/program.ts'
import { cellOf, showType } from '../core/tensor.ts'
import { bind, typesOf } from '../core/trace.ts'
import { unflatten } from '../core/tree.ts'
import type { Operation, Program, Tensor } from '../core/types.ts'
import { where } from '../ops/comparison.ts'
import { reshape, withBatch } from '../ops/movement.ts'
import { any } from '../ops/reduction.ts'
import { type Argument, liftArguments } from './arguments.ts'
import { checkCarry, settleCarry } from './carry.ts'
import { executeLoop } from './compiled.ts'
import {
  batchedOutputs,
  derive,
  filled,
  flattenArguments,
  floats,
  pick,
  placed,
  recordBody,
  splitDual,
  vmapProgram,
} from './derive.ts'
import { jvpFlat } from './jvp.ts'

/** How many constants predicate and body have. */
type While = {
  readonly predicate: Program
  readonly body: Program
  readonly predicateConstants: number
  readonly bodyConstants: number
}

const split = <A>({ predicateConstants: p, bodyConstants: b }: While, all: readonly A[]) => ({
  predicate: all.slice(0, p),
  body: all.slice(p, p + b),
  carry: all.slice(p + b),
})

const runLoop = (params: While, args: readonly Tensor[]): readonly Tensor[] => {
  const parts = split(params, args)
  const holds = (carry: readonly Tensor[]): boolean =>
    cellOf(run(params.predicate)(...carry, ...parts.predicate)[0] as Tensor)[0] !== 0
  let carry: readonly Tensor[] = parts.carry
  while (holds(carry)) carry = run(params.body)(...carry, ...parts.body)
  return carry
}

const whileDual: NonNullable<Operation<While>['dual']> = (params, args, ts) => {
  const inputs = split(params, args)
  const tangents = split(params, ts)
  const n = inputs.carry.length
  const moving = floats(typesOf(inputs.carry))
  const constants = tangents.body.map(t => t !== null)
  const [dcarry, dconstants] = [
    pick(filled(tangents.carry, typesOf(inputs.carry)), moving),
    pick(tangents.body, constants),
  ]
  const mask = [...moving, ...constants]
  const types = inputTypes(params.body)
  const f: Flat = (...all) => {
    const [carry, dc] = [all.slice(0, n), all.slice(n, n + dcarry.length)]
    const values = [...carry, ...all.slice(n + dcarry.length, n + dcarry.length + inputs.body.length)]
    const dk = all.slice(n + dcarry.length + inputs.body.length)
    const ts = placed(mask, [...dc, ...dk])
    const [ys, dys] = jvpFlat(run(params.body), values, ts)
    const outs = outputTypes(params.body)
    return [...ys, ...pick(filled(dys, outs), floats(outs))]
  }
  const body = derive(params.body, `while dual ${n} ${mask}`, f, [
    ...types.slice(0, n),
    ...pick(types.slice(0, n), moving),
    ...types.slice(n),
    ...pick(types.slice(n), constants),
  ])
  const predicate = derive(
    params.predicate,
    `while dual ${n} ${moving}`,
    (...all) => run(params.predicate)(...all.slice(0, n), ...all.slice(n + dcarry.length)),
    [...inputTypes(params.predicate).slice(0, n), ...typesOf(dcarry), ...inputTypes(params.predicate).slice(n)],
  )
  const results = bind(
    whileOp,
    { ...params, predicate, body, bodyConstants: params.bodyConstants + dconstants.length },
    ...inputs.predicate,
    ...inputs.body,
    ...(dconstants as readonly Tensor[]),
    ...inputs.carry,
    ...dcarry,
  )
  return splitDual(results, outputTypes(params.body))
}

/** Which carries are batched in the end; all of them when the predicate is, since examples then stop at different times. */
const batchedCarries = (params: While, mapped: ReturnType<typeof split<boolean>>, size: number): readonly boolean[] => {
  const [stops = false] = batchedOutputs(params.predicate, [...mapped.carry, ...mapped.predicate], size)
  const found = batchedOutputs(params.body, [...mapped.carry, ...mapped.body], size)
  const carry = mapped.carry.map((on, i) => on || stops || found[i] === true)
  return carry.every((on, i) => on === mapped.carry[i]) ? carry : batchedCarries(params, { ...mapped, carry }, size)
}

const whileBatch: Operation<While>['batch'] = (params, args, batched, size) => {
  const mapped = split(params, batched)
  const inputs = split(params, args)
  const carry = batchedCarries(params, mapped, size)
  const [stops = false] = batchedOutputs(params.predicate, [...carry, ...mapped.predicate], size)
  const start = inputs.carry.map((x, i) => (carry[i] ? withBatch(x, mapped.carry[i] === true, size) : x))
  const predicate = vmapProgram(params.predicate, [...carry, ...mapped.predicate], size, [stops])
  const body = vmapProgram(params.body, [...carry, ...mapped.body], size, carry)
  if (!stops) {
    const results = bind(whileOp, { ...params, predicate, body }, ...inputs.predicate, ...inputs.body, ...start)
    return results.map((y, i) => withBatch(y, carry[i] === true, size))
  }
  // Every example has stopped when none goes on; those that have stopped keep their values.
  const n = start.length
  const key = `while vmap ${size} ${carry} ${mapped.predicate} ${mapped.body}`
  const goesOn = derive(
    params.predicate,
    key,
    (...all) => [any(run(predicate)(...all)[0] as Tensor)],
    inputTypes(predicate),
  )
  const step = derive(
    params.body,
    `${key} ${params.predicateConstants}`,
    (...all) => {
      const [values, own] = [all.slice(0, n), all.slice(n, n + params.bodyConstants)]
      const going = run(predicate)(...values, ...all.slice(n + params.bodyConstants))[0] as Tensor
      return run(body)(...values, ...own).map((y, i) => {
        const old = values[i] as Tensor
        return where(reshape([size, ...old.shape.slice(1).map(() => 1)])(going), y, old)
      })
    },
    [...inputTypes(body), ...inputTypes(predicate).slice(n)],
  )
  return bind(
    whileOp,
    {
      predicate: goesOn,
      body: step,
      predicateConstants: params.predicateConstants,
      bodyConstants: params.bodyConstants + params.predicateConstants,
    },
    ...inputs.predicate,
    ...inputs.body,
    ...inputs.predicate,
    ...start,
  )
}

const whileOp: Operation<While> = {
  name: 'whileLoop',
  doc: 'Repeats a program as long as another holds.',
  constant: false,
  infer: ({ body }) => E.right(outputTypes(body)),
  evaluate: (params, args, outs) => executeLoop(whileOp, params, args, outs, () => runLoop(params, args)),
  dual: whileDual,
  vjp: () =>
    fail(
      ruleError(
        'whileLoop',
        'has no reverse-mode derivative, since how many steps to remember is not known: use foriLoop or scan with a fixed number of steps (cond or where in the body for those that are too many), jvp, or stopGradient',
      ),
    ),
  batch: whileBatch,
}

/**
 * body repeated from a first value as long as the predicate holds: value = body(value) while predicate(value). Values are trees;
 * predicate and body are traced once. Under `vmap` every example stops by itself.
 *
 * As `jax.lax.while_loop`. Forward mode (`jvp`) only.
 * @throws ShapeError or TreeError when the value changes shape, dtype or structure; DtypeError unless the predicate gives a bool
 *   scalar; RuleError in reverse mode; TraceError when a body reads a value or returns a promise
 * @example
 * whileLoop((x: Tensor) => lt(x, 100), (x: Tensor) => mul(x, 2))(3) // 192
 */
export const whileLoop =
  <C, const R extends C>(predicate: (value: C) => Tensor, body: (value: NoInfer<C>) => R) =>
  (init: NoInfer<Argument<C>>): C => {
    const [first, shape] = flattenArguments('whileLoop', [liftArguments(init)])
    const after = (carry: readonly Tensor[]) =>
      outputTypes(recordBody('whileLoop', body, shape, typesOf(carry), carry).program)
    const leaves = settleCarry('whileLoop', first, after)
    const types = typesOf(leaves)
    const test = recordBody('whileLoop', predicate, shape, types)
    const [holds, ...more] = outputTypes(test.program)
    if (holds === undefined || more.length > 0 || holds.dtype !== 'bool' || holds.shape.length > 0)
      return fail(
        dtypeError(
          'whileLoop',
          `the predicate must give a bool scalar, got ${outputTypes(test.program).map(showType).join(', ')}`,
        ),
      )
    const step = recordBody('whileLoop', body, shape, types)
    checkCarry('whileLoop', unflatten<readonly unknown[]>(shape, leaves)[0], step.outShape, outputTypes(step.program))
    const params = {
      predicate: test.program,
      body: step.program,
      predicateConstants: test.captured.length,
      bodyConstants: step.captured.length,
    }
    return unflatten<C>(step.outShape, bind(whileOp, params, ...test.captured, ...step.captured, ...leaves))
  }
