/**
 * A WebAssembly module written in binary, function by function.
 *
 * Layer: backend. An instruction goes into the body in the order in which the stack machine runs it: operands first. Offsets are
 * bytes; memory may be unaligned, hence the alignment hint is always 0. Source: the WebAssembly core specification 2.0, binary
 * format. Read next: kernel.ts, which turns kernels into functions.
 */
import { engineError, fail } from '../../core/errors.ts'
import {
  type LaneMemoryOp,
  type LaneOp,
  lane,
  laneMemory,
  type MemoryOp,
  memory,
  type PlainOp,
  plain,
  prefixed,
  vector,
  vectorMemory,
} from './opcodes.ts'

/** The types of WebAssembly values. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'
const typeByte: { readonly [t in ValueType]: number } = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b }

/** The number of a local, parameters first. */
export type Local = number
/** A function of the module that is being written, or one that it imports. */
export type FunctionRef = { readonly kind: 'import' | 'own'; readonly index: number }

/** Leaves a block (`br`), or goes back to the start of a loop. */
export type Label = { readonly depth: number }

/** Writes the body of one function. */
export interface Code {
  /** A new local, which starts as 0. */
  readonly local: (type: ValueType) => Local
  readonly get: (local: Local) => void
  readonly set: (local: Local) => void
  readonly tee: (local: Local) => void
  readonly i32: (value: number) => void
  readonly f32: (value: number) => void
  readonly f64: (value: number) => void
  /** An instruction without immediates. */
  readonly op: (name: PlainOp) => void
  /** A load or store, at an address on the stack plus `offset` bytes. */
  readonly memory: (name: MemoryOp, offset?: number) => void
  readonly laneMemory: (name: LaneMemoryOp, offset: number, at: number) => void
  readonly lane: (name: LaneOp, at: number) => void
  /** Sixteen byte indices into two vectors. */
  readonly shuffle: (bytes: readonly number[]) => void
  readonly call: (f: FunctionRef) => void
  /** Pushes the address of the module's data; see `ModuleBuilder.data`. */
  readonly dataAddress: () => void
  /** Pushes sixteen bytes of the module's data. */
  readonly constant: (at: number) => void
  /** Runs `body`; the constants that it pushes are read once, before all that it writes, and are held in locals. */
  readonly pinning: (body: () => void) => void
  readonly block: (body: (out: Label) => void) => void
  readonly loop: (body: (again: Label) => void) => void
  /** Takes a condition from the stack. With a `result` type, both branches leave a value. */
  readonly when: (then: () => void, otherwise?: () => void, result?: ValueType) => void
  readonly br: (label: Label) => void
  readonly brIf: (label: Label) => void
}

/** A module in the making. */
export interface ModuleBuilder {
  /** Adds a function; with a name, it is exported. */
  readonly define: (
    name: string | null,
    params: readonly ValueType[],
    results: readonly ValueType[],
    body: (code: Code, ...params: readonly Local[]) => void,
  ) => FunctionRef
  /** A function of doubles from `math`, imported once. */
  readonly math: (name: string, arity: number) => FunctionRef
  /** Puts read-only bytes into the module's data, equal ones once; their offset from `dataAddress`. */
  readonly data: (bytes: ArrayBufferView) => number
  /** Four equal float32 lanes, or int32 lanes, in the module's data. */
  readonly splat: (kind: 'f32' | 'i32', value: number) => number
  /** What is made only once per module, under a key: shared helper functions. */
  readonly once: (key: string, make: () => FunctionRef) => FunctionRef
  /** The names of math functions that are imported. */
  readonly imports: () => readonly string[]
  /** The module; `exported` functions go by their numbers in the list, besides those defined with a name. */
  readonly finish: (
    shared: boolean,
    exported?: readonly FunctionRef[],
  ) => { readonly bytes: Uint8Array<ArrayBuffer>; readonly data: Uint8Array<ArrayBuffer> }
}

const unsigned = (out: number[], value: number): void => {
  let rest = value >>> 0
  while (rest > 127) {
    out.push((rest & 127) | 128)
    rest >>>= 7
  }
  out.push(rest)
}

const signed = (out: number[], value: number): void => {
  let rest = value | 0
  for (;;) {
    const byte = rest & 127
    rest >>= 7
    if ((rest === 0 && (byte & 64) === 0) || (rest === -1 && (byte & 64) !== 0)) {
      out.push(byte)
      return
    }
    out.push(byte | 128)
  }
}

const bits = new DataView(new ArrayBuffer(8))
const pushBytes = (out: number[], count: number): void => {
  for (let i = 0; i < count; i++) out.push(bits.getUint8(i))
}

/** Instructions of all kinds by name: their bytes. */
const encoded = new Map<string, readonly number[]>()
for (const [name, code] of Object.entries(plain)) encoded.set(name, [code])
for (const [prefix, table] of [
  [0xfc, prefixed],
  [0xfd, vector],
  [0xfd, vectorMemory],
  [0xfd, laneMemory],
  [0xfd, lane],
] as const)
  for (const [name, code] of Object.entries(table)) {
    const bytes: number[] = [prefix]
    unsigned(bytes, code)
    encoded.set(name, bytes)
  }
for (const [name, code] of Object.entries(memory)) encoded.set(name, [code])

/** Where a call stands in a body, and whom it calls: indices are known when all imports are. */
type Fixup = { at: number; readonly to: FunctionRef }
type Body = {
  readonly bytes: readonly number[]
  readonly locals: readonly ValueType[]
  readonly fixups: readonly Fixup[]
}

/** An index in five bytes, so that it can be written later. */
const padded = (index: number): readonly number[] => [
  (index & 127) | 128,
  ((index >>> 7) & 127) | 128,
  ((index >>> 14) & 127) | 128,
  ((index >>> 21) & 127) | 128,
  index >>> 28,
]

const writeBody = (params: number, body: (code: Code) => void): Body => {
  const bytes: number[] = []
  const locals: ValueType[] = []
  const fixups: Fixup[] = []
  let pinned: Map<number, Local> | null = null
  let depth = 0
  const instruction = (name: string): void => {
    const found = encoded.get(name) ?? fail(engineError('assembler', `no instruction ${name}`))
    // By index, as most of a module's bytes go this way: an iterator costs more than what it yields.
    for (let i = 0; i < found.length; i++) bytes.push(found[i] as number)
  }
  const withIndex = (opcode: number, index: number): void => {
    bytes.push(opcode)
    if (index < 128) bytes.push(index)
    else unsigned(bytes, index)
  }
  const nested = (opcode: number, type: number, inside: (label: Label) => void): void => {
    bytes.push(opcode, type)
    depth++
    inside({ depth })
    depth--
    bytes.push(0x0b)
  }
  const at = (name: string, offset: number): void => {
    instruction(name)
    bytes.push(0)
    unsigned(bytes, offset)
  }
  const readConstant = (offset: number): void => {
    withIndex(0x23, 0)
    at('v128.load', offset)
  }
  /** Reads the constants of a body that has been written from byte `start` on, in front of it. */
  const pin = (start: number, constants: ReadonlyMap<number, Local>): void => {
    const end = bytes.length
    for (const [offset, local] of constants) {
      readConstant(offset)
      withIndex(0x21, local)
    }
    const reads = bytes.splice(end)
    bytes.splice(start, 0, ...reads)
    for (const fixup of fixups) if (fixup.at >= start) fixup.at += reads.length
  }
  const code: Code = {
    local: type => params + locals.push(type) - 1,
    get: local => withIndex(0x20, local),
    set: local => withIndex(0x21, local),
    tee: local => withIndex(0x22, local),
    i32: value => {
      bytes.push(0x41)
      signed(bytes, value)
    },
    f32: value => {
      bytes.push(0x43)
      bits.setFloat32(0, value, true)
      pushBytes(bytes, 4)
    },
    f64: value => {
      bytes.push(0x44)
      bits.setFloat64(0, value, true)
      pushBytes(bytes, 8)
    },
    op: instruction,
    memory: (name, offset = 0) => at(name, offset),
    laneMemory: (name, offset, index) => {
      at(name, offset)
      bytes.push(index)
    },
    lane: (name, index) => {
      instruction(name)
      bytes.push(index)
    },
    shuffle: indices => {
      bytes.push(0xfd, 13, ...indices)
    },
    call: to => {
      bytes.push(0x10)
      fixups.push({ at: bytes.length, to })
      bytes.push(...padded(0))
    },
    dataAddress: () => withIndex(0x23, 0),
    constant: offset => {
      if (pinned === null) {
        readConstant(offset)
        return
      }
      const local = pinned.get(offset) ?? code.local('v128')
      pinned.set(offset, local)
      code.get(local)
    },
    pinning: inside => {
      const [outer, start] = [pinned, bytes.length]
      const own = new Map<number, Local>()
      pinned = own
      inside()
      pin(start, own)
      pinned = outer
    },
    block: inside => nested(0x02, 0x40, inside),
    loop: inside => nested(0x03, 0x40, inside),
    when: (then, otherwise, result) =>
      nested(0x04, result === undefined ? 0x40 : typeByte[result], () => {
        then()
        if (otherwise === undefined) return
        bytes.push(0x05)
        otherwise()
      }),
    br: label => withIndex(0x0c, depth - label.depth),
    brIf: label => withIndex(0x0d, depth - label.depth),
  }
  body(code)
  return { bytes, locals, fixups }
}

/** Bytes in pieces: copying them one by one is what a module of many functions would otherwise spend its time on. */
type Piece = readonly number[] | Uint8Array

/** A body with its calls resolved, its locals declared in runs of one type, and its length in front. */
const encodeBody = ({ bytes, locals, fixups }: Body, indexOf: (f: FunctionRef) => number): readonly Piece[] => {
  const runs: [ValueType, number][] = []
  for (const type of locals) {
    const last = runs[runs.length - 1]
    if (last?.[0] === type) last[1]++
    else runs.push([type, 1])
  }
  const declared = countedList(runs, (out, [type, count]) => {
    unsigned(out, count)
    out.push(typeByte[type])
  })
  const code = Uint8Array.from(bytes)
  for (const { at, to } of fixups) code.set(padded(indexOf(to)), at)
  const size: number[] = []
  unsigned(size, declared.length + code.length + 1)
  return [size, declared, code, [0x0b]]
}

const pushName = (out: number[], name: string): void => {
  unsigned(out, name.length)
  for (let i = 0; i < name.length; i++) out.push(name.charCodeAt(i))
}

const lengthOf = (pieces: readonly Piece[]): number => pieces.reduce((n, piece) => n + piece.length, 0)

const section = (id: number, content: readonly Piece[]): readonly Piece[] => {
  const head = [id]
  unsigned(head, lengthOf(content))
  return [head, ...content]
}

const joined = (pieces: readonly Piece[]): Uint8Array<ArrayBuffer> => {
  const whole = new Uint8Array(lengthOf(pieces))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** Numbers each distinct key in order of appearance. */
const numbering = () => {
  const found = new Map<string, number>()
  return {
    of: (key: string): number => {
      const known = found.get(key) ?? found.size
      found.set(key, known)
      return known
    },
    keys: (): readonly string[] => [...found.keys()],
  }
}

const signatureOf = (params: readonly ValueType[], results: readonly ValueType[]): string => `${params}>${results}`

const pushSignature = (out: number[], signature: string): void => {
  out.push(0x60)
  for (const list of signature.split('>')) {
    const types = list === '' ? [] : (list.split(',') as ValueType[])
    unsigned(out, types.length)
    for (const type of types) out.push(typeByte[type])
  }
}

type Defined = { readonly name: string | null; readonly type: number; readonly body: Body }

/** The read-only data of a module: equal bytes once, each aligned to 16. */
const dataSection = () => {
  const known = new Map<string, number>()
  const parts: { readonly at: number; readonly bytes: Uint8Array }[] = []
  let size = 0
  return {
    add: (view: ArrayBufferView): number => {
      const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice()
      const key = bytes.length <= 64 ? bytes.join() : null
      const found = key === null ? undefined : known.get(key)
      if (found !== undefined) return found
      const at = size
      parts.push({ at, bytes })
      size = Math.ceil((at + bytes.length) / 16) * 16
      if (key !== null) known.set(key, at)
      return at
    },
    all: (): Uint8Array<ArrayBuffer> => {
      const whole = new Uint8Array(size)
      for (const { at, bytes } of parts) whole.set(bytes, at)
      return whole
    },
  }
}

const own = (index: number): FunctionRef => ({ kind: 'own', index })

/** The most that an imported memory may have: all that 32-bit addresses reach. */
const MAXIMUM_PAGES = 65536

/** A module without functions. */
export const moduleBuilder = (): ModuleBuilder => {
  const types = numbering()
  const maths: { readonly name: string; readonly type: number }[] = []
  const functions: Defined[] = []
  const made = new Map<string, FunctionRef>()
  const data = dataSection()
  const splats = { f32: new Map<number | string, number>(), i32: new Map<number | string, number>() }
  const once: ModuleBuilder['once'] = (key, make) => {
    const found = made.get(key)
    if (found !== undefined) return found
    const fresh = make()
    made.set(key, fresh)
    return fresh
  }
  return {
    once,
    define: (name, params, results, body) => {
      const written = writeBody(params.length, code => body(code, ...params.map((_, i) => i)))
      functions.push({ name, type: types.of(signatureOf(params, results)), body: written })
      return own(functions.length - 1)
    },
    math: (name, arity) =>
      once(`math ${name}`, () => {
        const type = types.of(
          signatureOf(
            Array.from({ length: arity }, () => 'f64' as const),
            ['f64'],
          ),
        )
        return { kind: 'import', index: maths.push({ name, type }) - 1 }
      }),
    data: data.add,
    splat: (kind, value) => {
      const known = splats[kind]
      const key = Object.is(value, -0) ? '-0' : value
      const found = known.get(key)
      if (found !== undefined) return found
      const at = data.add(kind === 'f32' ? new Float32Array(4).fill(value) : new Int32Array(4).fill(value))
      known.set(key, at)
      return at
    },
    imports: () => maths.map(m => m.name),
    finish: (shared, exported = []) => {
      const signatures = types.keys()
      const indexOf = (f: FunctionRef): number => (f.kind === 'import' ? f.index : maths.length + f.index)
      const named = [
        ...functions.flatMap(({ name }, index) => (name === null ? [] : [{ name, to: own(index) }])),
        ...exported.map((to, i) => ({ name: String(i), to })),
      ]
      const exportNamed = (out: number[], { name, to }: (typeof named)[number]): void => {
        pushName(out, name)
        out.push(0)
        unsigned(out, indexOf(to))
      }
      const count: number[] = []
      unsigned(count, functions.length)
      const bytes = joined([
        [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
        ...section(1, [countedList(signatures, pushSignature)]),
        ...section(2, [importSection(maths, shared)]),
        ...section(3, [countedList(functions, (out, f) => unsigned(out, f.type))]),
        ...section(7, [countedList(named, exportNamed)]),
        ...section(10, [count, ...functions.flatMap(f => encodeBody(f.body, indexOf))]),
      ])
      return { bytes, data: data.all() }
    },
  }
}

const countedList = <A>(items: readonly A[], write: (out: number[], item: A) => void): number[] => {
  const out: number[] = []
  unsigned(out, items.length)
  for (const item of items) write(out, item)
  return out
}

const importSection = (
  maths: readonly { readonly name: string; readonly type: number }[],
  shared: boolean,
): number[] => {
  const out: number[] = []
  unsigned(out, maths.length + 2)
  for (const { name, type } of maths) {
    pushName(out, 'math')
    pushName(out, name)
    out.push(0)
    unsigned(out, type)
  }
  pushName(out, 'env')
  pushName(out, 'memory')
  out.push(2, shared ? 3 : 1)
  unsigned(out, 0)
  unsigned(out, MAXIMUM_PAGES)
  pushName(out, 'env')
  pushName(out, 'data')
  out.push(3, typeByte.i32, 0)
  return out
}
