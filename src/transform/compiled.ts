/**
 * Programs that the backend compiles, each once.
 *
 * Layer: transform. Tracing makes a new program each time; what was compiled for an equal one serves it too. Read next: jit.ts.
 */
import { currentBackend } from '../backend/current.ts'
import { createProgram, inputTypes, run, sameProgram } from '../core/program.ts'
import { showType } from '../core/tensor.ts'
import type { Concrete, Operation, Params, Program, Tensor, TensorType } from '../core/types.ts'

const programs = new Map<string, readonly Program[]>()
/** Programs of so many different signatures. */
const REMEMBERED = 500

/** What equal programs have in common, quickly made. */
const signature = (program: Program): string =>
  `${inputTypes(program).map(showType)} ${program.equations.map(({ op }) => op.name)}`

/** The first program equal to this one that was asked for. */
export const canonical = (program: Program): Program => {
  const key = signature(program)
  const alike = programs.get(key) ?? []
  const found = alike.find(other => sameProgram(program, other))
  if (found !== undefined) return found
  if (programs.size >= REMEMBERED) programs.delete(programs.keys().next().value as string)
  programs.set(key, [...alike, program])
  return program
}

/** Runs a program: compiled where the backend compiles, else equation by equation. */
export const execute = (
  program: Program,
  args: readonly Concrete[],
  donated: readonly number[] = [],
): readonly Tensor[] => currentBackend().execute?.(program, args, donated) ?? run(program)(...args)

/** Runs an op that holds programs as one program, if the backend compiles; otherwise as `step` does. */
export const executeLoop = <P extends Params>(
  op: Operation<P>,
  params: P,
  args: readonly Concrete[],
  outs: readonly TensorType[],
  step: () => readonly Tensor[],
): readonly Tensor[] => {
  if (currentBackend().execute === null) return step()
  const inputs = args.map((_, i) => i)
  const outputs = outs.map((_, i) => args.length + i)
  const equation = { op: op as unknown as Operation, params, inputs, outputs }
  const types = [...args, ...outs].map(({ shape, dtype }) => ({ shape, dtype }))
  return execute(canonical(createProgram({ inputs, captured: [], equations: [equation], outputs, types })), args)
}
