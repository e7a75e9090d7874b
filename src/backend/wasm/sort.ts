/**
 * Sorts: the positions of each row's keys in ascending order, equal ones as they stood, NaN last.
 *
 * Layer: backend. Rows are shared out among chunks, each of which has scratch memory of its own. Read next: sort/merge.ts,
 * sort/radix.ts.
 */
import { aligned } from '../../compile/plan.ts'
import { bytesOf, type Dtype } from '../../core/dtype.ts'
import type { Sort } from '../../core/kernel.ts'
import { sizeOf } from '../../core/shape.ts'
import type { ModuleBuilder } from './assembler.ts'
import { address, type Emitted, type Slots } from './emit.ts'

import { integers } from './integers.ts'
import { entryBytes, mergeSort } from './sort/merge.ts'
import { radixBytes, radixSort } from './sort/radix.ts'

/** From so many keys on, rows are dealt into piles; float64 has twice as many passes. */
const LONG: { readonly [d in Dtype]: number } = { float32: 512, int32: 512, bool: 512, float64: 1024 }

/** Nanoseconds per key, roughly: of a merge, and of all that dealing does. */
const MERGE = 3
const DEAL = 12

const CHUNK = 50_000
const MOST_CHUNKS = 32
/** Chunks that work at once on long rows take much memory; more than a machine has threads would be in vain. */
const MOST_SCRATCH = 2 ** 26
const FEW_CHUNKS = 8

const chunksOf = (rows: number, work: number, area: number): number => {
  const most = Math.max(FEW_CHUNKS, Math.floor(MOST_SCRATCH / area))
  return Math.max(1, Math.min(rows, MOST_CHUNKS, most, Math.ceil(work / CHUNK)))
}

/** The code of a sort; `dtype` is that of the keys. */
export const emitSort = (module: ModuleBuilder, kernel: Sort, slots: Slots, dtype: Dtype): Emitted => {
  const n = kernel.shape.at(-1) ?? 1
  const total = sizeOf(kernel.shape)
  if (total === 0) return { phases: [], scratch: 0 }
  const rows = total / n
  const long = n >= LONG[dtype]
  const sortRow = (long ? radixSort : mergeSort)(module, dtype, n)
  const area = aligned(long ? radixBytes(n) : 2 * n * entryBytes(dtype))
  const work = total * (long ? DEAL * (dtype === 'float64' ? 2 : 1) : MERGE * (2 + Math.log2(n)))
  const chunks = chunksOf(rows, work, area)
  const fn = module.define(null, ['i32', 'i32'], [], (code, frame, chunk) => {
    const { add, get, keep, share, times, upTo } = integers(code)
    const [row, end] = share(get(chunk), chunks, rows)
    const base = (word: number) => keep(() => address(code, frame, word))
    const [keys, out] = [base(slots.inputs[0] ?? 0), base(slots.outputs[0] ?? 0)]
    const own = keep(add(() => address(code, frame, slots.scratch), times(get(chunk), area)))
    upTo(row, get(end), 1, () => {
      add(get(keys), times(get(row), n * bytesOf(dtype)))()
      add(get(out), times(get(row), n * 4))()
      code.get(own)
      code.call(sortRow)
    })
  })
  return { phases: [{ fn, chunks, work }], scratch: chunks * area }
}
