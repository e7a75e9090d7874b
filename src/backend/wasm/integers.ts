/**
 * Whole numbers, addresses and loops as terms, for kernels whose order of work is their own.
 *
 * Layer: backend. A term leaves one value on the stack each time it is run; see math/terms.ts. Addresses are unsigned, so all
 * comparisons here are. Read next: sort.ts, cumulate.ts, scatter.ts.
 */
import type { Code, Local, ValueType } from './assembler.ts'
import { read, type Term } from './math/terms.ts'
import type { MemoryOp, PlainOp } from './opcodes.ts'

/** What code on whole numbers is made of. */
export interface Integers {
  readonly constant: (value: number) => Term
  readonly get: (local: Local) => Term
  /** An instruction. */
  readonly run: (name: PlainOp, ...operands: readonly Term[]) => Term
  readonly add: (x: Term, y: Term) => Term
  readonly sub: (x: Term, y: Term) => Term
  readonly less: (x: Term, y: Term) => Term
  /** Times a constant. */
  readonly times: (x: Term, by: number) => Term
  /** What a load instruction reads at an address plus some bytes. */
  readonly load: (name: MemoryOp, at: Term, offset?: number) => Term
  readonly store: (name: MemoryOp, at: Term, value: Term, offset?: number) => void
  /** A new local that holds a value. */
  readonly keep: (value: Term, type?: ValueType) => Local
  readonly set: (local: Local, value: Term) => void
  /** local += by */
  readonly advance: (local: Local, by: number | Term) => void
  readonly when: (condition: Term, then: () => void, otherwise?: () => void) => void
  /** Runs the body again and again while the condition holds, which is looked at before. */
  readonly during: (condition: Term, body: () => void) => void
  /** Runs the body while `counter` is below `end`, each time `by` further. */
  readonly upTo: (counter: Local, end: Term, by: number, body: () => void) => void
  /** A share of `total` things out of `shares`: the first of number `index`, and the one behind its last. */
  readonly share: (index: Term, shares: number, total: number) => readonly [from: Local, to: Local]
}

/** Whole numbers in a function. */
export const integers = (code: Code): Integers => {
  const constant: Integers['constant'] = value => () => code.i32(value)
  const get: Integers['get'] = local => read(code, local)
  const run: Integers['run'] =
    (name, ...operands) =>
    () => {
      for (const operand of operands) operand()
      code.op(name)
    }
  const add: Integers['add'] = (x, y) => run('i32.add', x, y)
  const less: Integers['less'] = (x, y) => run('i32.lt_u', x, y)
  const times: Integers['times'] = (x, by) => (by === 0 ? constant(0) : by === 1 ? x : run('i32.mul', x, constant(by)))
  const set: Integers['set'] = (local, value) => {
    value()
    code.set(local)
  }
  const keep: Integers['keep'] = (value, type = 'i32') => {
    const local = code.local(type)
    set(local, value)
    return local
  }
  const advance: Integers['advance'] = (local, by) =>
    set(local, add(get(local), typeof by === 'number' ? constant(by) : by))
  const during: Integers['during'] = (condition, body) =>
    code.block(out =>
      code.loop(again => {
        run('i32.eqz', condition)()
        code.brIf(out)
        body()
        code.br(again)
      }),
    )
  return {
    constant,
    get,
    run,
    add,
    less,
    times,
    set,
    keep,
    advance,
    during,
    sub: (x, y) => run('i32.sub', x, y),
    load:
      (name, at, offset = 0) =>
      () => {
        at()
        code.memory(name, offset)
      },
    store: (name, at, value, offset = 0) => {
      at()
      value()
      code.memory(name, offset)
    },
    when: (condition, then, otherwise) => {
      condition()
      code.when(then, otherwise)
    },
    upTo: (counter, end, by, body) =>
      during(less(get(counter), end), () => {
        body()
        advance(counter, by)
      }),
    share: (index, shares, total) => {
      // The first `total mod shares` shares have one more: no product that could exceed 32 bits.
      const [each, more] = [Math.floor(total / shares), total % shares]
      const fair = (at: Term): Term => {
        if (shares === 1) return times(at, total)
        const extra = more === 0 ? null : run('select', at, constant(more), less(at, constant(more)))
        return extra === null ? times(at, each) : add(times(at, each), extra)
      }
      return [keep(fair(index)), keep(fair(add(index, constant(1))))]
    },
  }
}
