/**
 * Radix sort, for long rows: entries are dealt into 2048 piles by eleven bits of the key at a time, the lowest first.
 *
 * Layer: backend. An entry is a position and 32 bits of its key. float64 is sorted twice: by the lower half of its key, then, since
 * dealing keeps the order of equals, by the upper one. Source: Knuth, The Art of Computer Programming 3, 5.2.5.
 */
import { bytesOf, type Dtype } from '../../../core/dtype.ts'
import type { Code, FunctionRef, Local, ModuleBuilder } from '../assembler.ts'

import { integers } from '../integers.ts'
import type { Term } from '../math/terms.ts'
import { longKey, shortKey } from './keys.ts'

const BITS = 11
const PILES = 1 << BITS
const PASSES = [0, 1, 2] as const
const ENTRY = 8

/** Bytes of the counts of all passes. */
const COUNTS = PASSES.length * PILES * 4

/** The bytes that a row of `n` needs to be sorted: the entries twice, and the counts. */
export const radixBytes = (n: number): number => 2 * n * ENTRY + COUNTS

/** Four times the digit of a key that a pass looks at: where its count is among those of the pass. */
const digit = (code: Code, key: Term, pass: number): Term => {
  const { constant, run } = integers(code)
  const shift = BITS * pass - 2
  const shifted = shift < 0 ? run('i32.shl', key, constant(-shift)) : run('i32.shr_u', key, constant(shift))
  return run('i32.and', shifted, constant((PILES - 1) * 4))
}

/** Writes an entry at `at` and counts the digits of its key. */
const enter = (code: Code, at: Term, position: Term, key: Local, counts: Local): void => {
  const { add, constant, get, keep, load, store } = integers(code)
  store('i32.store', at, position)
  store('i32.store', at, get(key), 4)
  for (const pass of PASSES) {
    const count = keep(add(get(counts), digit(code, get(key), pass)))
    const offset = pass * PILES * 4
    store('i32.store', get(count), add(load('i32.load', get(count), offset), constant(1)), offset)
  }
}

/** Turns the counts of a pass into the addresses where its piles begin. */
const placePiles = (code: Code, counts: Local, pass: number, to: Local): void => {
  const { add, advance, constant, get, keep, load, run, set, store, upTo } = integers(code)
  const count = keep(add(get(counts), constant(pass * PILES * 4)))
  const end = keep(add(get(count), constant(PILES * 4)))
  const next = keep(get(to))
  upTo(count, get(end), 4, () => {
    const many = keep(load('i32.load', get(count)))
    store('i32.store', get(count), get(next))
    set(many, run('i32.shl', get(many), constant(3)))
    advance(next, get(many))
  })
}

/** Deals the `n` entries at `from` onto the piles. */
const deal = (code: Code, counts: Local, pass: number, from: Local, n: Local): void => {
  const { add, constant, get, keep, load, run, store, upTo } = integers(code)
  const entry = keep(get(from))
  const end = keep(add(get(entry), run('i32.shl', get(n), constant(3))))
  const offset = pass * PILES * 4
  upTo(entry, get(end), ENTRY, () => {
    const pile = keep(add(get(counts), digit(code, load('i32.load', get(entry), 4), pass)))
    const at = keep(load('i32.load', get(pile), offset))
    store('i64.store', get(at), load('i64.load', get(entry)))
    store('i32.store', get(pile), add(get(at), constant(ENTRY)), offset)
  })
}

/** A function (from, to, counts, n) that sorts entries and gives the address where they are then, one of the first two. */
const dealAll = (module: ModuleBuilder): FunctionRef =>
  module.once('radix deal', () =>
    module.define(null, ['i32', 'i32', 'i32', 'i32'], ['i32'], (code, from, to, counts, n) => {
      const { add, get, keep, load, run, set, when } = integers(code)
      for (const pass of PASSES) {
        const pile = add(get(counts), digit(code, load('i32.load', get(from), 4), pass))
        // Where all digits are equal there is nothing to do.
        when(run('i32.ne', load('i32.load', pile, pass * PILES * 4), get(n)), () => {
          placePiles(code, counts, pass, to)
          deal(code, counts, pass, from, n)
          const last = keep(get(from))
          set(from, get(to))
          set(to, get(last))
        })
      }
      get(from)()
    }),
  )

const clear = (code: Code, counts: Local): void => {
  const { add, constant, get, keep, run, store, upTo } = integers(code)
  const at = keep(get(counts))
  const end = keep(add(get(at), constant(COUNTS)))
  const zero = run('i64.extend_i32_u', constant(0))
  upTo(at, get(end), 8, () => store('i64.store', get(at), zero))
}

/** The half of a float64 key that is sorted by: the lower one first. */
const halfKey = (code: Code, half: 0 | 1, at: Term): Term => {
  const { constant, run } = integers(code)
  const key = longKey(code, at)
  return run('i32.wrap_i64', half === 0 ? key : run('i64.shr_u', key, run('i64.extend_i32_u', constant(32))))
}

/** Enters all keys of a row, in their order or in that of the entries at `order`. */
const enterAll = (code: Code, dtype: Dtype, half: 0 | 1, row: Row, to: Local, order: Local | null): void => {
  const { add, advance, constant, get, keep, load, times, upTo } = integers(code)
  const [j, entry] = [keep(constant(0)), keep(get(to))]
  const from = order === null ? null : keep(get(order))
  upTo(j, constant(row.n), 1, () => {
    const position = keep(from === null ? get(j) : load('i32.load', get(from)))
    const at = add(get(row.keys), times(get(position), bytesOf(dtype)))
    const key = keep(dtype === 'float64' ? halfKey(code, half, at) : shortKey(code, dtype, at))
    enter(code, get(entry), get(position), key, row.counts)
    advance(entry, ENTRY)
    if (from !== null) advance(from, ENTRY)
  })
}

type Row = { readonly keys: Local; readonly counts: Local; readonly n: number }

/** A function (keys, out, area) that sorts rows of `n` keys; the area has `radixBytes(n)`. */
export const radixSort = (module: ModuleBuilder, dtype: Dtype, n: number): FunctionRef =>
  module.once(`radixSort ${dtype} ${n}`, () =>
    module.define(null, ['i32', 'i32', 'i32'], [], (code, keys, out, area) => {
      const { add, advance, constant, get, keep, load, set, store, sub, upTo } = integers(code)
      const counts = keep(add(get(area), constant(2 * n * ENTRY)))
      const row: Row = { keys, counts, n }
      const from = keep(get(area))
      const other = sub(add(add(get(area), get(area)), constant(n * ENTRY)), get(from))
      const sorted = (): void => {
        for (const argument of [get(from), other, get(counts), constant(n)]) argument()
        code.call(dealAll(module))
      }
      clear(code, counts)
      enterAll(code, dtype, 0, row, from, null)
      set(from, sorted)
      if (dtype === 'float64') {
        clear(code, counts)
        const to = keep(other)
        enterAll(code, dtype, 1, row, to, from)
        set(from, get(to))
        set(from, sorted)
      }
      const end = keep(add(get(from), constant(n * ENTRY)))
      const place = keep(get(out))
      upTo(from, get(end), ENTRY, () => {
        store('i32.store', get(place), load('i32.load', get(from)))
        advance(place, 4)
      })
    }),
  )
