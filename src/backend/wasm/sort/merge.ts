/**
 * Merge sort, for short rows: runs of eight by insertion, then merged in pairs until one is left.
 *
 * Layer: backend. An entry is a key and the position that it came from. A key of 32 bits shares an i64 with its position, which
 * then settles ties; one of 64 bits has the position beside it. Source: Knuth, The Art of Computer Programming 3, 5.2.4.
 * Read next: sort/radix.ts.
 */
import { bytesOf, type Dtype } from '../../../core/dtype.ts'
import type { Code, FunctionRef, Local, ModuleBuilder } from '../assembler.ts'

import { type Integers, integers } from '../integers.ts'
import type { Term } from '../math/terms.ts'
import { longKey, shortKey } from './keys.ts'

const RUN = 8

/** Bytes of an entry. */
export const entryBytes = (dtype: Dtype): number => (dtype === 'float64' ? 16 : 8)

/** Copies an entry; `i64`s, since it is a multiple of eight bytes. */
const copyEntry = ({ load, store }: Integers, bytes: number, to: Term, from: Term): void => {
  for (let offset = 0; offset < bytes; offset += 8) store('i64.store', to, load('i64.load', from, offset), offset)
}

/** Writes the entry of position `j`, whose key is at `from`. */
const writeEntry = (code: Code, dtype: Dtype, to: Term, from: Term, j: Term): void => {
  const { constant, run, store } = integers(code)
  if (dtype === 'float64') {
    store('i64.store', to, longKey(code, from))
    store('i32.store', to, j, 8)
    return
  }
  const key = run('i64.extend_i32_u', shortKey(code, dtype, from))
  const high = run('i64.shl', key, run('i64.extend_i32_u', constant(32)))
  store('i64.store', to, run('i64.or', high, run('i64.extend_i32_u', j)))
}

/** Moves the entry at `next` down to its place among those from `first` on, which are in order. */
const insertDown = (code: Code, bytes: number, first: Local, next: Local): void => {
  const i = integers(code)
  const { constant, get, keep, load, run, store, sub } = i
  const key = keep(load('i64.load', get(next)), 'i64')
  const position = keep(bytes === 16 ? load('i64.load', get(next), 8) : run('i64.extend_i32_u', constant(0)), 'i64')
  const hole = keep(get(next))
  const before = sub(get(hole), constant(bytes))
  const above = (): void => {
    i.less(get(first), get(hole))()
    code.when(run('i64.lt_u', get(key), load('i64.load', before)), constant(0), 'i32')
  }
  i.during(above, () => {
    copyEntry(i, bytes, get(hole), before)
    i.set(hole, before)
  })
  store('i64.store', get(hole), get(key))
  if (bytes === 16) store('i64.store', get(hole), get(position), 8)
}

/** Sorts the entries from `first` to before `end` by insertion. */
const insertRun = (code: Code, bytes: number, first: Local, end: Local): void => {
  const { add, constant, get, keep, upTo } = integers(code)
  const next = keep(add(get(first), constant(bytes)))
  upTo(next, get(end), bytes, () => insertDown(code, bytes, first, next))
}

/** Merges [a, middle) and [b, end) to `to`. A loop step has no branch that depends on keys. */
const mergeRuns = (code: Code, bytes: number, a: Local, middle: Local, end: Local, to: Local): void => {
  const i = integers(code)
  const { add, advance, constant, get, keep, less, load, run, store, sub, times } = i
  const b = keep(get(middle))
  i.during(run('i32.and', less(get(a), get(middle)), less(get(b), get(end))), () => {
    const [x, y] = [keep(load('i64.load', get(a)), 'i64'), keep(load('i64.load', get(b)), 'i64')]
    const first = keep(run('i64.le_u', get(x), get(y)))
    store('i64.store', get(to), run('select', get(x), get(y), get(first)))
    if (bytes === 16)
      store(
        'i32.store',
        get(to),
        run('select', load('i32.load', get(a), 8), load('i32.load', get(b), 8), get(first)),
        8,
      )
    const step = keep(times(get(first), bytes))
    advance(a, get(step))
    i.set(b, sub(add(get(b), constant(bytes)), get(step)))
    advance(to, bytes)
  })
  for (const [from, until] of [
    [a, middle],
    [b, end],
  ] as const)
    i.upTo(from, get(until), bytes, () => {
      copyEntry(i, bytes, get(to), get(from))
      advance(to, bytes)
    })
}

/** The smaller of two addresses. */
const least = (i: Integers, x: Local, y: Local): Term => i.run('select', i.get(x), i.get(y), i.less(i.get(x), i.get(y)))

/** Merges neighbouring runs of `width` bytes in [from, end), all of them, to `to`. */
const mergeAll = (code: Code, bytes: number, from: Local, end: Local, to: Local, width: Local): void => {
  const i = integers(code)
  const { add, get, keep } = i
  const [start, target] = [keep(get(from)), keep(get(to))]
  i.during(i.less(get(start), get(end)), () => {
    const halfway = keep(add(get(start), get(width)))
    const middle = keep(least(i, halfway, end))
    const whole = keep(add(get(halfway), get(width)))
    const until = keep(least(i, whole, end))
    mergeRuns(code, bytes, start, middle, until, target)
    i.set(start, get(until))
  })
}

/** Writes the positions of the entries in [from, from + n entries). */
const writePositions = (code: Code, bytes: number, n: number, from: Local, out: Local): void => {
  const { add, advance, constant, get, keep, load, store, upTo } = integers(code)
  const end = keep(add(get(from), constant(n * bytes)))
  const to = keep(get(out))
  upTo(from, get(end), bytes, () => {
    store('i32.store', get(to), load('i32.load', get(from), bytes === 16 ? 8 : 0))
    advance(to, 4)
  })
}

/** A function (keys, out, area) that sorts rows of `n` keys; the area has 2·n entries. */
export const mergeSort = (module: ModuleBuilder, dtype: Dtype, n: number): FunctionRef =>
  module.once(`mergeSort ${dtype} ${n}`, () =>
    module.define(null, ['i32', 'i32', 'i32'], [], (code, keys, out, area) => {
      const i = integers(code)
      const { add, advance, constant, get, keep, upTo } = i
      const bytes = entryBytes(dtype)
      const [j, entry, key] = [keep(constant(0)), keep(get(area)), keep(get(keys))]
      upTo(j, constant(n), 1, () => {
        writeEntry(code, dtype, get(entry), get(key), get(j))
        advance(entry, bytes)
        advance(key, bytesOf(dtype))
      })
      const end = keep(add(get(area), constant(n * bytes)))
      const first = keep(get(area))
      upTo(first, get(end), RUN * bytes, () => {
        const full = keep(add(get(first), constant(RUN * bytes)))
        insertRun(code, bytes, first, keep(least(i, full, end)))
      })
      const [from, to, width] = [keep(get(area)), keep(get(end)), keep(constant(RUN * bytes))]
      i.during(i.less(get(width), constant(n * bytes)), () => {
        mergeAll(code, bytes, from, keep(add(get(from), constant(n * bytes))), to, width)
        const last = keep(get(from))
        i.set(from, get(to))
        i.set(to, get(last))
        advance(width, get(width))
      })
      writePositions(code, bytes, n, from, out)
    }),
  )
