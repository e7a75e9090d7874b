/**
 * Loops in code: an index for each place, and an address for each pointer, which moves along.
 *
 * Layer: backend. No address is multiplied out inside a loop. Read next: nest/values.ts, which reads at these addresses.
 */
import { engineError, fail } from '../../../core/errors.ts'
import type { Code, Local, ModuleBuilder, ValueType } from '../assembler.ts'
import type { Place } from '../expr/memory.ts'
import type { Form } from '../expr.ts'
import { type Extent, pushExtent } from './extent.ts'
import type { Pointer, Source } from './form.ts'
import type { Memory } from './job.ts'

/** What the code of one function is written with. */
export type Walk = {
  readonly module: ModuleBuilder
  readonly code: Code
  readonly form: Form
  /** Points at once: 4 in vectors, else 1. */
  readonly width: number
  /** A local from those that are free. */
  readonly take: (type: ValueType) => Local
  /** Frees the locals that were taken inside. */
  readonly scoped: <A>(body: () => A) => A
  /** The index of a place; null where it is always 0. */
  readonly index: (place: number) => Local | null
  readonly setIndex: (place: number, index: Local | null) => void
  /** The address where some memory starts. */
  readonly start: (memory: Memory) => Local
  /** Computes the addresses of pointers from the indices of some places. */
  readonly aim: (pointers: readonly Pointer[], places: readonly number[]) => void
  /** The element of a source at the present indices, some bytes further. */
  readonly at: (source: Source, bytes: number) => Place
  /**
   * Walks along a place from `from`: `steps.run` repeats its body while `step` more places fit below `end`, and `steps.advance` goes on
   * by some. Addresses and index are back as they were before, when the walk ends.
   */
  readonly along: (place: number, pointers: readonly Pointer[], from: Extent, body: (steps: Steps) => void) => void
}

export type Steps = {
  readonly run: (end: Extent, step: number, body: () => void) => void
  readonly advance: (by: number) => void
  readonly index: Local
}

/** Locals that are taken and given back by type. */
const localPool = (code: Code) => {
  const free: { readonly [type in ValueType]: Local[] } = { i32: [], i64: [], f32: [], f64: [], v128: [] }
  let taken: { readonly type: ValueType; readonly local: Local }[] = []
  return {
    take: (type: ValueType): Local => {
      const local = free[type].pop() ?? code.local(type)
      taken.push({ type, local })
      return local
    },
    scoped: <A>(body: () => A): A => {
      const before = taken
      taken = []
      const result = body()
      for (const { type, local } of taken) free[type].push(local)
      taken = before
      return result
    },
  }
}

/** Adds a product of an index and a number to what is on the stack. */
const addTimes = (code: Code, index: Local, by: number): void => {
  code.get(index)
  if (by !== 1) {
    code.i32(by)
    code.op('i32.mul')
  }
  code.op('i32.add')
}

const addTo = (code: Code, local: Local, by: number): void => {
  code.get(local)
  code.i32(by)
  code.op('i32.add')
  code.set(local)
}

/** The loops of one function; `starts` has the addresses of all memory that it touches. */
export const walkOf = (module: ModuleBuilder, code: Code, form: Form, starts: ReadonlyMap<Memory, Local>): Walk => {
  const { take, scoped } = localPool(code)
  const indices = new Map<number, Local | null>()
  const addresses = new Map<Pointer, Local>()
  const index = (place: number): Local | null => indices.get(place) ?? null
  const start: Walk['start'] = memory =>
    starts.get(memory) ?? fail(engineError('nest', `memory at word ${memory.word} is not declared`))
  const aim: Walk['aim'] = (pointers, places) => {
    for (const pointer of pointers) {
      const local = take('i32')
      code.get(start(pointer.memory))
      if (pointer.base !== 0) {
        code.i32(pointer.base)
        code.op('i32.add')
      }
      for (const place of places) {
        const at = index(place)
        const stride = pointer.strides[place] ?? 0
        if (at !== null && stride !== 0) addTimes(code, at, stride)
      }
      code.set(local)
      addresses.set(pointer, local)
    }
  }
  /** Copies the addresses that move along a place, so that the ones outside stay. */
  const copied = (place: number, pointers: readonly Pointer[], from: Extent): readonly Pointer[] => {
    const moving = pointers.filter(({ strides }) => (strides[place] ?? 0) !== 0)
    for (const pointer of moving) {
      const local = take('i32')
      code.get(addresses.get(pointer) as Local)
      if (typeof from !== 'number') addTimes(code, from.local, pointer.strides[place] ?? 0)
      else if (from !== 0) {
        code.i32(from * (pointer.strides[place] ?? 0))
        code.op('i32.add')
      }
      code.set(local)
      addresses.set(pointer, local)
    }
    return moving
  }
  const along: Walk['along'] = (place, pointers, from, body) =>
    scoped(() => {
      const outside = new Map(pointers.map(pointer => [pointer, addresses.get(pointer) as Local]))
      const before = index(place)
      const moving = copied(place, pointers, from)
      const at = take('i32')
      pushExtent(code, from)
      code.set(at)
      indices.set(place, at)
      const advance = (by: number): void => {
        for (const pointer of moving) addTo(code, addresses.get(pointer) as Local, by * (pointer.strides[place] ?? 0))
        addTo(code, at, by)
      }
      body({ advance, index: at, run: (end, step, inside) => runWhile(code, at, end, step, inside, advance) })
      for (const [pointer, local] of outside) addresses.set(pointer, local)
      indices.set(place, before)
    })
  return {
    module,
    code,
    form,
    width: form === 'vector' ? 4 : 1,
    take,
    scoped,
    index,
    setIndex: (place, local) => indices.set(place, local),
    start,
    aim,
    along,
    at: ({ pointer, offset, bounds }, bytes) => ({
      address: addresses.get(pointer) as Local,
      offset: offset + bytes,
      outside: bounds.length > 0,
    }),
  }
}

/** Repeats while at + step ≤ end. */
const runWhile = (
  code: Code,
  at: Local,
  end: Extent,
  step: number,
  body: () => void,
  advance: (by: number) => void,
): void => {
  const pushNext = (): void => {
    code.get(at)
    code.i32(step)
    code.op('i32.add')
    pushExtent(code, end)
  }
  code.block(out => {
    pushNext()
    code.op('i32.gt_s')
    code.brIf(out)
    code.loop(again => {
      body()
      advance(step)
      pushNext()
      code.op('i32.le_s')
      code.brIf(again)
    })
  })
}
