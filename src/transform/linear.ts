/**
 * Running a linear program backwards: from cotangents of its outputs to those of its inputs.
 *
 * Layer: transform. This is all of reverse mode there is: a derivative rule is recorded as a program that is linear in the
 * tangents, and that program is transposed (Radul et al. 2022, "You only linearize once"). What the rule computed from known
 * values alone has left no equation.
 */
import { fail, ruleError } from '../core/errors.ts'
import type { Program, Variable } from '../core/program.ts'

import type { Maybe, Tensor } from '../core/types.ts'
import { add } from '../ops/elementwise.ts'

/** Sums of cotangents by variable. */
type Cotangents = Map<Variable, Tensor>

const accumulate = (cotangents: Cotangents, variable: Variable, ct: Tensor): void => {
  const sum = cotangents.get(variable)
  cotangents.set(variable, sum === undefined ? ct : add(sum, ct))
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
    const ct = cotangents.get(results[0] ?? -1)
    if (ct === undefined) continue
    if (op.transpose === undefined)
      return fail(
        ruleError(
          op.name,
          'stands in a derivative rule on a tangent, but is not linear: write the rule with linear ops',
        ),
      )
    const args = inputs.map(v => known.get(v) ?? null)
    const types = inputs.map(v => program.types[v] ?? { shape: [], dtype: 'float32' as const })
    op.transpose(params, ct, args, types).forEach((x, i) => {
      const variable = inputs[i] ?? -1
      if (x !== null && !known.has(variable)) accumulate(cotangents, variable, x)
    })
  }
  return program.inputs.map(v => cotangents.get(v) ?? null)
}
