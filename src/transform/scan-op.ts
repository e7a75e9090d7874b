/**
 * The op behind scan and foriLoop.
 *
 * Layer: transform. Its arguments: carries, then the tensors whose slices each step gets, then constants. Forward mode scans the
 * body's tangents along with it. Reverse mode saves the carries, and scans the body's pullback the other way round: a scan
 * again, so that it can be differentiated again. Read first: derive.ts, cond.ts. Read next: scan.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { type Flat, inputTypes, outputTypes, run } from '../core/program.ts'
import { range } from '../core/shape.ts'
import { typeOf } from '../core/tensor.ts'
import { bind, typesOf } from '../core/trace.ts'
import type { Maybe, Operation, Program, Tensor, TensorType } from '../core/types.ts'
import { stack } from '../ops/arrange.ts'
import { zerosOf } from '../ops/define.ts'
import { add } from '../ops/elementwise.ts'
import { moveAxis, withBatch } from '../ops/movement.ts'
import { rowOf } from '../ops/slicing.ts'
import { executeLoop } from './compiled.ts'
import {
  batchedOutputs,
  derive,
  filled,
  floats,
  forwardProgram,
  pick,
  placed,
  pullback,
  splitDual,
  vmapProgram,
} from './derive.ts'
import { jvpFlat } from './jvp.ts'

/** `carry` and `xs` count arguments; what is left are constants. `unroll`: how many steps a compiler may put together. */
type Scan = {
  readonly body: Program
  readonly carry: number
  readonly xs: number
  readonly length: number
  readonly reverse: boolean
  readonly unroll: number
}

type Parts<A> = { readonly carry: readonly A[]; readonly xs: readonly A[]; readonly constants: readonly A[] }

const split = <A>({ carry, xs }: Scan, all: readonly A[]): Parts<A> => ({
  carry: all.slice(0, carry),
  xs: all.slice(carry, carry + xs),
  constants: all.slice(carry + xs),
})

const stacked = (length: number, { shape, dtype }: TensorType): TensorType => ({ shape: [length, ...shape], dtype })

/** The steps one after the other: the last carry, and what every step gave. */
const runSteps = (params: Scan, args: readonly Tensor[]): readonly Tensor[] => {
  const { body, length, reverse } = params
  const { carry: initial, xs, constants } = split(params, args)
  const step = run(body)
  const order = reverse ? range(0, length).reverse() : range(0, length)
  const rows: (readonly Tensor[])[] = new Array(length)
  let carry = initial
  for (const i of order) {
    const results = step(...carry, ...xs.map(x => rowOf(x, i)), ...constants)
    carry = results.slice(0, params.carry)
    rows[i] = results.slice(params.carry)
  }
  const types = outputTypes(body).slice(params.carry)
  const ys = types.map((type, k) =>
    length === 0 ? zerosOf(stacked(0, type)) : stack(rows.map(row => row[k] as Tensor)),
  )
  return [...carry, ...ys]
}

/**
 * Body and arguments of a scan over values and tangents. All float carries get a tangent, since one that has none at first may
 * get one in a step.
 */
const tangentScan = (params: Scan, args: readonly Tensor[], ts: readonly Maybe[]) => {
  const inputs = split(params, args)
  const tangents = split(params, ts)
  const active = {
    carry: floats(typesOf(inputs.carry)),
    xs: tangents.xs.map(t => t !== null),
    constants: tangents.constants.map(t => t !== null),
  }
  const mask = [...active.carry, ...active.xs, ...active.constants]
  const counts = [params.carry, params.xs, inputs.constants.length]
  const extra = [active.carry, active.xs, active.constants].map(flagged => flagged.filter(Boolean).length)
  // carry, dcarry, xs, dxs, constants, dconstants, as scan wants them; the program has all values first.
  const f: Flat = (...all) => {
    const take = taker(all)
    const parts = counts.map((n, i) => [take(n), take(extra[i] ?? 0)] as const)
    const values = parts.flatMap(([x]) => x)
    const ts = placed(
      mask,
      parts.flatMap(([, t]) => t),
    )
    const [ys, dys] = jvpFlat(run(params.body), values, ts)
    const outs = outputTypes(params.body)
    const moving = pick(filled(dys, outs), floats(outs))
    const carried = extra[0] ?? 0
    return [
      ...ys.slice(0, params.carry),
      ...moving.slice(0, carried),
      ...ys.slice(params.carry),
      ...moving.slice(carried),
    ]
  }
  const types = split(params, inputTypes(params.body))
  const body = derive(params.body, `scan dual ${counts} ${mask}`, f, [
    ...types.carry,
    ...pick(types.carry, active.carry),
    ...types.xs,
    ...pick(types.xs, active.xs),
    ...types.constants,
    ...pick(types.constants, active.constants),
  ])
  const some = (t: readonly Maybe[], x: readonly Tensor[], on: readonly boolean[]): readonly Tensor[] =>
    pick(filled(t, typesOf(x)), on)
  return {
    params: { ...params, body, carry: params.carry + (extra[0] ?? 0), xs: params.xs + (extra[1] ?? 0) },
    args: [
      ...inputs.carry,
      ...some(tangents.carry, inputs.carry, active.carry),
      ...inputs.xs,
      ...some(tangents.xs, inputs.xs, active.xs),
      ...inputs.constants,
      ...some(tangents.constants, inputs.constants, active.constants),
    ],
  }
}

/** Takes so many from the front of a list, each time after those taken before. */
const taker = <A>(all: readonly A[]) => {
  let from = 0
  return (n: number): readonly A[] => {
    from += n
    return all.slice(from - n, from)
  }
}

/** The scan that saves the carry each step began with, after all that the body gives. */
const savingBody = (params: Scan, mask: readonly boolean[]): Program =>
  derive(
    params.body,
    `scan save ${params.carry} ${mask}`,
    (...all) => [...run(forwardProgram(params.body, mask))(...all), ...all.slice(0, params.carry)],
    inputTypes(params.body),
  )

/**
 * One step of the way back. Carry: cotangents of the float carries, and sums of those of the active constants. Slices: saved
 * carries, xs, cotangents of ys. Gives cotangents of the active xs.
 */
const backwardBody = (params: Scan, active: Parts<boolean>): Program => {
  const types = split(params, inputTypes(params.body))
  const outs = outputTypes(params.body)
  const carries = floats(types.carry)
  const gives = floats(outs.slice(params.carry))
  const mask = [...carries, ...active.xs, ...active.constants]
  const sums = pick(types.constants, active.constants)
  const count = (on: readonly boolean[]): number => on.filter(Boolean).length
  const f: Flat = (...all) => {
    const take = taker(all)
    const ctCarry = take(count(carries))
    const ctConstants = take(sums.length)
    const [carry, xs] = [take(params.carry), take(params.xs)]
    const ctYs = take(count(gives))
    const constants = take(types.constants.length)
    const [, back] = pullback(params.body, [...carry, ...xs, ...constants], mask)
    const cts = placed(floats(outs), [...ctCarry, ...ctYs])
    const found = taker(filled(back(cts), pick(inputTypes(params.body), mask)))
    const dCarry = found(count(carries))
    const dXs = found(count(active.xs))
    const dConstants = found(sums.length)
    return [...dCarry, ...ctConstants.map((sum, i) => add(sum, dConstants[i] as Tensor)), ...dXs]
  }
  return derive(params.body, `scan back ${params.carry} ${params.xs} ${mask}`, f, [
    ...pick(types.carry, carries),
    ...sums,
    ...types.carry,
    ...types.xs,
    ...pick(outs.slice(params.carry), gives),
    ...types.constants,
  ])
}

const scanVjp: NonNullable<Operation<Scan>['vjp']> = (params, args, isActive) => {
  const active = split(params, isActive)
  const { carry, xs, constants } = split(params, args)
  const outs = outputTypes(params.body)
  const results = bind(
    scanOp,
    { ...params, body: savingBody(params, [...floats(typesOf(carry)), ...active.xs, ...active.constants]) },
    ...args,
  )
  const saved = results.slice(outs.length)
  const ys = results.slice(0, outs.length)
  const back = (cts: readonly Maybe[]): readonly Maybe[] => {
    const carries = floats(typesOf(carry))
    const gives = floats(outs.slice(params.carry))
    const all = filled(cts, typesOf(ys))
    const sums = pick(constants, active.constants)
    const ctCarry = pick(all.slice(0, params.carry), carries)
    const ctYs = pick(all.slice(params.carry), gives)
    const found = taker(
      bind(
        scanOp,
        {
          ...params,
          body: backwardBody(params, active),
          carry: ctCarry.length + sums.length,
          xs: params.carry + params.xs + ctYs.length,
          reverse: !params.reverse,
        },
        ...ctCarry,
        ...sums.map(x => zerosOf(typeOf(x))),
        ...saved,
        ...xs,
        ...ctYs,
        ...constants,
      ),
    )
    const dCarry = placed(carries, found(ctCarry.length))
    const dConstants = placed(active.constants, found(sums.length))
    const dXs = placed(active.xs, found(active.xs.filter(Boolean).length))
    return [...dCarry, ...dXs, ...dConstants]
  }
  return [ys, back]
}

/** Which carries have a batch axis in the end, when those that are mapped at first have: more in each round until no more. */
const batchedCarries = (params: Scan, mapped: Parts<boolean>, size: number): readonly boolean[] => {
  const found = batchedOutputs(params.body, [...mapped.carry, ...mapped.xs, ...mapped.constants], size)
  const carry = mapped.carry.map((on, i) => on || found[i] === true)
  return carry.every((on, i) => on === mapped.carry[i]) ? carry : batchedCarries(params, { ...mapped, carry }, size)
}

const scanBatch: Operation<Scan>['batch'] = (params, args, batched, size) => {
  const mapped = split(params, batched)
  const carry = batchedCarries(params, mapped, size)
  const inputs = split(params, args)
  const gives = outputTypes(params.body)
    .slice(params.carry)
    .map(() => true)
  const body = vmapProgram(params.body, [...carry, ...mapped.xs, ...mapped.constants], size, [...carry, ...gives])
  const results = bind(
    scanOp,
    { ...params, body },
    ...inputs.carry.map((x, i) => (carry[i] ? withBatch(x, mapped.carry[i] === true, size) : x)),
    // [batch, length, …] -> [length, batch, …]
    ...inputs.xs.map((x, i) => (mapped.xs[i] ? moveAxis(0, 1)(x) : x)),
    ...inputs.constants,
  )
  return results.map((y, i) =>
    i < params.carry ? withBatch(y, carry[i] === true, size) : (moveAxis(0, 1)(y) as Tensor),
  )
}

/** Repeats a program, carrying values from step to step. */
export const scanOp: Operation<Scan> = {
  name: 'scan',
  doc: 'Repeats a program, carrying values from step to step.',
  constant: false,
  infer: ({ body, carry, length }) =>
    E.right(outputTypes(body).map((type, i) => (i < carry ? type : stacked(length, type)))),
  evaluate: (params, args, outs) => executeLoop(scanOp, params, args, outs, () => runSteps(params, args)),
  dual: (params, args, ts) => {
    const both = tangentScan(params, args, ts)
    const outs = outputTypes(params.body)
    const take = taker(bind(scanOp, both.params, ...both.args))
    const carry = take(params.carry)
    const dcarry = take(both.params.carry - params.carry)
    const ys = take(outs.length - params.carry)
    const dys = take(both.params.body.outputs.length)
    return splitDual([...carry, ...ys, ...dcarry, ...dys], outs)
  },
  vjp: scanVjp,
  batch: scanBatch,
}
