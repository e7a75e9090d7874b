/**
 * Programs that are too small for a GPU: which, and how they run instead.
 *
 * Layer: backend. A GPU wants some microseconds for each kernel, whatever it computes; the engine computes much in that time. Only
 * backends that were opened by preference choose. Read next: backend.ts.
 */
import { memo } from '../../compile/memo.ts'
import type { Plan } from '../../compile/plan.ts'
import { costOfPlan } from '../../compile/show.ts'
import type { Concrete, Program, Tensor } from '../../core/types.ts'
import { wasm } from '../wasm.ts'

/** Seconds, roughly: to ask a GPU for anything, and for each kernel; for an operation and for a byte on the engine. */
const COST = { call: 1e-4, kernel: 1e-5, operation: 1e-10, byte: 1e-10 }

/** Whether the engine is likely to be done before a GPU is. */
export const isSmall = memo((plan: Plan): boolean => {
  const { flops, bytes } = costOfPlan(plan)
  return COST.operation * flops + COST.byte * bytes < COST.call + COST.kernel * plan.steps.length
})

/** Runs a program on the engine; arguments that are on the device are copied from there. */
export const runOnEngine = async (
  program: Program,
  args: readonly Concrete[],
  donated: readonly number[],
): Promise<readonly Tensor[]> => {
  for (const { cell } of args) if (cell.host === null) await cell.remote?.fetch()
  return wasm.execute?.(program, args, donated) ?? []
}
