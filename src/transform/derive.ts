/**
 * Programs made from programs: what an op that holds a program needs of it.
 *
 * Layer: transform. To transform a program is to record the transformation of `run(program)`. It captures constants alone, so
 * what it becomes depends on nothing else, and is remembered with it. Read next: call.ts.
 */
import { isFloat } from '../core/dtype.ts'
import { close, type Flat, inputTypes, isProgram, outputTypes, record, run } from '../core/program.ts'
import { isTensor } from '../core/tensor.ts'
import { type TreeShape, tensorsOf } from '../core/tree.ts'
import type { Maybe, Program, Tensor, TensorType } from '../core/types.ts'
import { beside, isWeak, weakly } from '../core/weak.ts'
import { zerosOf } from '../ops/define.ts'
import { withBatch } from '../ops/movement.ts'
import { flattenFunction } from './arguments.ts'
import { jvpFlat } from './jvp.ts'
import { vjpFlat } from './vjp.ts'
import { vmapFlat } from './vmap.ts'

const remembered = new WeakMap<Program, Map<string, Program>>()

/** The program that `f` records on inputs of the given types; made once for each `key` of `program`. */
export const derive = (program: Program, key: string, f: Flat, types: readonly TensorType[]): Program => {
  const known = remembered.get(program) ?? new Map<string, Program>()
  remembered.set(program, known)
  const found = known.get(key) ?? record(f, types)
  known.set(key, found)
  return found
}

/** The positions where a mask holds. */
const positionsOf = (mask: readonly boolean[]): readonly number[] => mask.flatMap((on, i) => (on ? [i] : []))

/** Which of some types have derivatives. */
export const floats = (types: readonly TensorType[]): readonly boolean[] => types.map(({ dtype }) => isFloat(dtype))

/** Of a list the elements that a mask names. */
export const pick = <A>(xs: readonly A[], mask: readonly boolean[]): readonly A[] => xs.filter((_, i) => mask[i])

/** A list with elements of another put where a mask names them, in order. */
export const put = <A>(xs: readonly A[], mask: readonly boolean[], others: readonly A[]): readonly A[] => {
  const places = positionsOf(mask)
  return xs.map((x, i) => (mask[i] ? (others[places.indexOf(i)] ?? x) : x))
}

/** Tangents or cotangents where a mask holds, and none elsewhere. */
export const placed = (mask: readonly boolean[], ts: readonly Maybe[]): readonly Maybe[] =>
  put<Maybe>(
    mask.map(() => null),
    mask,
    ts,
  )

/** Tangents or cotangents with zeros for those that are missing. */
export const filled = (ts: readonly Maybe[], types: readonly TensorType[]): readonly Tensor[] =>
  ts.map((t, i) => t ?? zerosOf(types[i] as TensorType))

/** What was recorded of a function: a program without its surroundings, what it took from them, and how its outputs are put together. */
export type Body = { readonly program: Program; readonly captured: readonly Tensor[]; readonly outShape: TreeShape }

/**
 * Records a function of trees with a known structure, on leaves of the given types. Of the tensors in `given`, those that stand for
 * numbers are weak in the function too: in another dtype they are what it captures.
 */
export const recordBody = (
  kind: string,
  f: unknown,
  shape: TreeShape,
  types: readonly TensorType[],
  given: readonly TensorType[] = [],
): Body => {
  const { flat, outShape } = flattenFunction(kind, f as (...args: readonly unknown[]) => unknown, shape)
  const weakened: Flat = (...inputs) => {
    given.forEach((x, i) => {
      if (isTensor(x) && isWeak(x)) weakly(inputs[i] as Tensor, (op, dtype) => beside(op, x, dtype))
    })
    return flat(...inputs)
  }
  const [program, captured] = close(record(weakened, types, kind))
  return { program, captured, outShape: outShape() }
}

/** Leaves and structure of a function's arguments. */
export const flattenArguments = (kind: string, args: readonly unknown[]): readonly [readonly Tensor[], TreeShape] =>
  tensorsOf(kind, 'argument', args)

/** (…inputs, …tangents of the active ones) -> outputs, tangents of the float outputs. */
export const dualProgram = (program: Program, active: readonly boolean[]): Program => {
  const types = inputTypes(program)
  const outs = outputTypes(program)
  const f: Flat = (...all) => {
    const xs = all.slice(0, types.length)
    const ts = placed(active, all.slice(types.length))
    const [ys, dys] = jvpFlat(run(program), xs, ts)
    return [...ys, ...pick(filled(dys, outs), floats(outs))]
  }
  return derive(program, `dual ${active}`, f, [...types, ...pick(types, active)])
}

/** What a dual program gave, as values and tangents. */
export const splitDual = (
  results: readonly Tensor[],
  outs: readonly TensorType[],
): readonly [readonly Tensor[], readonly Maybe[]] => [
  results.slice(0, outs.length),
  placed(floats(outs), results.slice(outs.length)),
]

/** (…inputs, …cotangents of the float outputs) -> cotangents of the active inputs. */
export const vjpProgram = (program: Program, active: readonly boolean[]): Program => {
  const types = inputTypes(program)
  const outs = outputTypes(program)
  const f: Flat = (...all) => {
    const xs = all.slice(0, types.length)
    const cts = placed(floats(outs), all.slice(types.length))
    return filled(pullback(program, xs, active)[1](cts), pick(types, active))
  }
  return derive(program, `vjp ${active}`, f, [...types, ...pick(outs, floats(outs))])
}

/** The values of a program, and the pullback to its active inputs alone. */
export const pullback = (program: Program, xs: readonly Tensor[], active: readonly boolean[]) =>
  vjpFlat((...some) => run(program)(...put(xs, active, some)), pick(xs, active))

/** The types of a program's inputs, with a batch axis where `mapped`. */
const batchedTypes = (program: Program, mapped: readonly boolean[], size: number): readonly TensorType[] =>
  inputTypes(program).map((type, i) => (mapped[i] ? { ...type, shape: [size, ...type.shape] } : type))

/**
 * (…inputs, with a batch axis where `mapped`) -> outputs, with one where `wanted`.
 * Without `wanted`, in all outputs.
 */
export const vmapProgram = (
  program: Program,
  mapped: readonly boolean[],
  size: number,
  wanted: readonly boolean[] = program.outputs.map(() => true),
): Program => {
  const types = batchedTypes(program, mapped, size)
  const f: Flat = (...xs) =>
    vmapFlat(run(program), xs, mapped, size).map(({ value, batched }, i) =>
      wanted[i] ? withBatch(value, batched, size) : value,
    )
  return derive(program, `vmap ${size} ${mapped} ${wanted}`, f, types)
}

/** Which outputs of a program have a batch axis when some inputs have. */
export const batchedOutputs = (program: Program, mapped: readonly boolean[], size: number): readonly boolean[] => {
  const types = batchedTypes(program, mapped, size)
  let found: readonly boolean[] = []
  record((...xs) => {
    const results = vmapFlat(run(program), xs, mapped, size)
    found = results.map(({ batched }) => batched)
    return results.map(({ value }) => value)
  }, types)
  return found
}

/** Whether a program, or one that it holds, has an op whose forward pass is another than its value. */
const hasForwardPass = (program: Program): boolean =>
  program.equations.some(
    ({ op, params }) =>
      op.name === 'customVjp' ||
      Object.values(params)
        .flat()
        .some(held => isProgram(held) && hasForwardPass(held)),
  )

/** A program as reverse mode runs it: with the forward passes of functions that have a pullback of their own, so that they can be differentiated again. */
export const forwardProgram = (program: Program, active: readonly boolean[]): Program =>
  hasForwardPass(program)
    ? derive(program, `forward ${active}`, (...xs) => pullback(program, xs, active)[0], inputTypes(program))
    : program
