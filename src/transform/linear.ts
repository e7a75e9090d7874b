/**
 * Running a linear program backwards: from cotangents of its outputs to those of its inputs.
 *
 * Layer: transform. This is all of reverse mode there is: a derivative rule is recorded as a program that is linear in the
 * tangents, and that program is transposed (Radul et al. 2022, "You only linearize once"). What the rule computed from known
 * values alone has left no equation.
 */
import { fail, ruleError } from '../core/errors.ts'
import type { Maybe, Operation, Params, Program, Tensor, TensorType, Variable } from '../core/types.ts'
import { present, zerosOf } from '../ops/define.ts'
import { add } from '../ops/elementwise.ts'

/** Sums of cotangents by variable. */
type Cotangents = Map<Variable, Tensor>

const accumulate = (cotangents: Cotangents, variable: Variable, ct: Tensor): void => {
  const sum = cotangents.get(variable)
  cotangents.set(variable, sum === undefined ? ct : add(sum, ct))
}

/** The cotangents of an op's unknown arguments, in which it is linear. */
const transposeEquation = (
  op: Operation,
  params: Params,
  cts: readonly Maybe[],
  args: readonly Maybe[],
  types: readonly TensorType[],
): readonly Maybe[] => {
  const [ct = null] = cts
  if (op.transpose !== undefined && ct !== null) return op.transpose(params, ct, args, types)
  // An op that holds programs: where it is linear, its derivative is the same at every point, at 0 too.
  if (op.vjp !== undefined) {
    const primals = args.map((x, i) => x ?? zerosOf(types[i] as TensorType))
    return op.vjp(
      params,
      primals,
      args.map(x => x === null),
    )[1](cts)
  }
  return fail(
    ruleError(op.name, 'stands in a derivative rule on a tangent, but is not linear: write the rule with linear ops'),
  )
}

/** The cotangents of a linear program's inputs; a missing one, in or out, is zero. */
export const transposeProgram = (program: Program, outputs: readonly Maybe[]): readonly Maybe[] => {
  const known = new Map<Variable, Tensor>(program.captured.map(c => [c.variable, c.value]))
  const cotangents: Cotangents = new Map()
  program.outputs.forEach((variable, i) => {
    const ct = outputs[i] ?? null
    if (ct !== null && !known.has(variable)) accumulate(cotangents, variable, ct)
  })
  for (const { op, params, inputs, outputs: results } of [...program.equations].reverse()) {
    const cts = results.map((v): Maybe => cotangents.get(v) ?? null)
    if (!present(cts)) continue
    const args = inputs.map(v => known.get(v) ?? null)
    const types = inputs.map(v => program.types[v] ?? { shape: [], dtype: 'float32' as const })
    transposeEquation(op, params, cts, args, types).forEach((x, i) => {
      const variable = inputs[i] ?? -1
      if (x !== null && !known.has(variable)) accumulate(cotangents, variable, x)
    })
  }
  return program.inputs.map(v => cotangents.get(v) ?? null)
}
