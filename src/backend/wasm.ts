/**
 * The quick backend, and the default: WebAssembly SIMD kernels emitted at run time, on all cores.
 *
 * Layer: backend. An op by itself is a program of one equation; what was compiled for some op, params and types is kept. Read next:
 * wasm/engine.ts.
 */
import { compileProgram } from '../compile/compile.ts'
import type { Plan } from '../compile/plan.ts'
import { dtypeOfArray } from '../core/dtype.ts'
import { type Kernel, kernelDtypes, kernelShapes } from '../core/kernel.ts'
import { createProgram, outputTypes } from '../core/program.ts'
import { range, sizeOf } from '../core/shape.ts'
import { concrete, hostOf } from '../core/tensor.ts'
import type { Concrete, Operation, Params, Program, Tensor, TensorType } from '../core/types.ts'
import type { Backend, Lowering } from './backend.ts'
import { type Ready, theEngine } from './wasm/engine.ts'
import { everywhere, numbersIn, ruleOf } from './wasm/uniform.ts'

/** A plan of one kernel. */
const kernelPlan = (kernel: Kernel, inputs: readonly TensorType[]): Plan => {
  const outs = kernelShapes(kernel).map(sizeOf)
  const dtypes = kernelDtypes(kernel)
  const ins = inputs.map(({ shape, dtype }, index) => ({
    dtype,
    size: sizeOf(shape),
    storage: { tag: 'input', index } as const,
  }))
  const results = outs.map((size, i) => ({
    dtype: dtypes[i] ?? 'float32',
    size,
    storage: { tag: 'output' } as const,
  }))
  const outputs = outs.map((_, i) => ins.length + i)
  const step = { tag: 'run', kernel, inputs: range(0, ins.length), outputs, ops: [kernel.tag] } as const
  return { buffers: [...ins, ...results], inputs: range(0, ins.length), outputs, steps: [step], arena: 0 }
}

/** A program of one op. */
const programOf = (
  op: Operation,
  params: Params,
  args: readonly TensorType[],
  outs: readonly TensorType[],
): Program => {
  const inputs = range(0, args.length)
  const outputs = outs.map((_, i) => args.length + i)
  return createProgram({
    inputs,
    captured: [],
    equations: [{ op, params, inputs, outputs }],
    outputs,
    types: [...args, ...outs].map(({ shape, dtype }) => ({ shape, dtype })),
  })
}

/** At most so many signatures of one op are remembered. */
const REMEMBERED = 2000

const signature = (params: Params, args: readonly TensorType[]): string => {
  let key = ''
  for (const { dtype, shape } of args) key += `${dtype} ${shape};`
  for (const _ in params) return key + JSON.stringify(params)
  return key
}

type OfOp<V> = (op: Lowering, params: Params, args: readonly TensorType[], outs: readonly TensorType[]) => V

/** What is found once for some op, params and types. */
const remembering = <V>(make: OfOp<V>): OfOp<V> => {
  const known = new WeakMap<Lowering, Map<string, V>>()
  return (op, params, args, outs) => {
    const key = signature(params, args)
    const mine = known.get(op) ?? new Map<string, V>()
    const found = mine.get(key)
    if (found !== undefined) return found
    known.set(op, mine)
    if (mine.size >= REMEMBERED) mine.clear()
    const made = make(op, params, args, outs)
    mine.set(key, made)
    return made
  }
}

const readyFor = remembering(
  (op, params, args, outs): Ready =>
    theEngine().prepare(compileProgram(programOf(op as unknown as Operation, params, args, outs))),
)

const ruleFor = remembering((op, params, args, outs) => ruleOf(op.lower(params, args, outs)))

/** The result of an op on tensors that are one number everywhere; null where that is not all there is to it. */
const uniform = (
  op: Lowering,
  params: Params,
  args: readonly Concrete[],
  outs: readonly TensorType[],
): readonly Tensor[] | null => {
  const numbers = outs.length === 1 ? numbersIn(args) : null
  if (numbers === null) return null
  const rule = ruleFor(op, params, args, outs)
  return rule === null ? null : [everywhere(outs[0] as TensorType, rule(numbers))]
}

const compiled = new WeakMap<Program, { readonly ready: Ready; readonly types: readonly TensorType[] }>()

/** A program compiled, once. */
export const readyProgram = (program: Program): { readonly ready: Ready; readonly types: readonly TensorType[] } => {
  const found = compiled.get(program) ?? {
    ready: theEngine().prepare(compileProgram(program)),
    types: outputTypes(program),
  }
  compiled.set(program, found)
  return found
}

/** The engine as a backend. */
export const wasm: Backend = {
  name: 'wasm',
  run: (kernel, inputs) => {
    const args = inputs.map(x => concrete([x.length], dtypeOfArray(x) ?? 'bool', x))
    const dtypes = kernelDtypes(kernel)
    const types = kernelShapes(kernel).map((shape, i) => ({ shape, dtype: dtypes[i] ?? 'float32' }))
    const engine = theEngine()
    return engine.run(engine.prepare(kernelPlan(kernel, args)), args, types).map(y => hostOf(y.cell))
  },
  evaluate: (op, params, args, outs) =>
    uniform(op, params, args, outs) ?? theEngine().run(readyFor(op, params, args, outs), args, outs),
  execute: (program, args, donated) => {
    const { ready, types } = readyProgram(program)
    return theEngine().run(ready, args, types, donated)
  },
}
