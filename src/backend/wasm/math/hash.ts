/**
 * Both words of a hash at once, on four lanes or on one word: written where they are needed, or by a function of the module, which
 * keeps modules small and costs a loop of nothing else about a twentieth.
 *
 * Layer: backend. Read first: core/threefry.ts.
 */
import { type Expr, type Hash, isHash } from '../../../core/kernel.ts'
import { threefry, type Words } from '../../../core/threefry.ts'
import type { Code, Local, ModuleBuilder } from '../assembler.ts'

type Form = 'vector' | 'scalar'

/** Words in locals, of the type that the instructions of one form work on. */
const wordsIn = (module: ModuleBuilder, code: Code, form: Form, take: Code['local']): Words<Local> => {
  const vector = form === 'vector'
  const [type, add, xor, or] = vector
    ? (['v128', 'i32x4.add', 'v128.xor', 'v128.or'] as const)
    : (['i32', 'i32.add', 'i32.xor', 'i32.or'] as const)
  const kept = (push: () => void): Local => {
    push()
    const local = take(type)
    code.set(local)
    return local
  }
  const binary =
    (name: typeof add | typeof xor) =>
    (x: Local, y: Local): Local =>
      kept(() => {
        code.get(x)
        code.get(y)
        code.op(name)
      })
  const shift = (x: Local, left: boolean, by: number): void => {
    code.get(x)
    code.i32(by)
    if (vector) code.op(left ? 'i32x4.shl' : 'i32x4.shr_u')
    else code.op(left ? 'i32.shl' : 'i32.shr_u')
  }
  return {
    add: binary(add),
    xor: binary(xor),
    rotateLeft: (x, by) =>
      kept(() => {
        shift(x, true, by)
        shift(x, false, 32 - by)
        code.op(or)
      }),
    constant: value =>
      kept(() => {
        if (vector) {
          code.dataAddress()
          code.memory('v128.load', module.splat('i32', value))
        } else code.i32(value)
      }),
  }
}

/** Writes the hash of four words, k0, k1, c0 and c1, into the code, with locals from `take`; the second word on top. */
export const writeHash = (
  module: ModuleBuilder,
  code: Code,
  form: Form,
  args: readonly Local[],
  take: Code['local'],
): void => {
  const [k0, k1, c0, c1] = args as readonly [Local, Local, Local, Local]
  for (const word of threefry(wordsIn(module, code, form, take), k0, k1, c0, c1)) code.get(word)
}

/** The same by a call. */
export const callHash = (module: ModuleBuilder, code: Code, form: Form, args: readonly Local[]): void => {
  const type = form === 'vector' ? 'v128' : 'i32'
  const f = module.once(`threefry ${form}`, () =>
    module.define(null, [type, type, type, type], [type, type], (inner, ...words) =>
      writeHash(module, inner, form, words, inner.local),
    ),
  )
  for (const arg of args) code.get(arg)
  code.call(f)
}

/** The nodes among some that are the two words of one hash; a word alone stands for itself. Equal nodes must be one. */
export const hashPairs = (nodes: readonly Expr[]): ReadonlyMap<Expr, readonly [Hash | null, Hash | null]> => {
  const hashes = nodes.filter(isHash)
  const same = (a: Hash, b: Hash): boolean => a.args.every((arg, i) => arg === b.args[i])
  return new Map(
    hashes.map(node => {
      const word = (fn: Hash['fn']): Hash | null => hashes.find(other => other.fn === fn && same(node, other)) ?? null
      return [node, [word('threefry0'), word('threefry1')]]
    }),
  )
}
