/**
 * Checkpoints: any tree of tensors in one npz file, which `numpy.load` reads too.
 *
 * Layer: io. Each tensor is an entry named by its path, such as `params[0].w`; one entry more, `#tree`, holds the structure as JSON
 * (UTF-8, its bytes as int32). Read first: structure.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { requireOptions } from '../core/options.ts'
import { cellOf, tensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { type DataError, formatError } from '../data/errors.ts'
import { readBytes, replaceBytes } from '../data/files.ts'
import { encodeNpz, parseNpz } from '../data/npz.ts'
import { requireBytes } from '../data/zip.ts'
import { difference } from './compare.ts'
import { type Json, putTogether, takeApart } from './structure.ts'

/** No path of a tensor is this name. */
const STRUCTURE = '#tree'
const WORD = 4

/** Text as int32, its bytes four by four; JSON does not mind spaces at the end. */
const packText = (text: string): Tensor => {
  const bytes = new TextEncoder().encode(text)
  const words = new Int32Array(Math.ceil(bytes.length / WORD))
  const at = (i: number): number => bytes[i] ?? 0x20
  for (let i = 0; i < words.length; i++)
    words[i] = at(WORD * i) | (at(WORD * i + 1) << 8) | (at(WORD * i + 2) << 16) | (at(WORD * i + 3) << 24)
  return tensor(words, { shape: [words.length] })
}

const unpackText = (packed: Tensor): string => {
  const words = cellOf(packed)
  const bytes = new Uint8Array(words.length * WORD)
  const view = new DataView(bytes.buffer)
  words.forEach((word: number, i: number) => {
    view.setInt32(i * WORD, word, true)
  })
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

/**
 * The bytes of a checkpoint of a tree: tensors, numbers, strings, booleans and null in arrays and records. Equal trees have equal bytes.
 * @throws TreeError for another leaf, naming its path; EngineError for a tensor that was donated
 * @example
 * pipe({ params, epoch: 3 }, encodeTree, parseTree()) // Right: the tree
 */
export const encodeTree = (tree: unknown): Uint8Array => {
  const { structure, tensors } = takeApart('encodeTree', tree)
  return encodeNpz()({ ...tensors, [STRUCTURE]: packText(JSON.stringify(structure)) })
}

/** What a checkpoint should hold, and its name in errors. */
export type ParseTreeOptions<T> = { readonly like?: T; readonly source?: string }

const structureOf = (source: string, packed: Tensor | undefined): E.Either<DataError, Json> =>
  packed === undefined || packed.dtype !== 'int32' || packed.shape.length !== 1
    ? E.left(formatError(source, `is no checkpoint: it has no entry ${STRUCTURE} with the structure of a tree`))
    : E.tryCatch(
        () => JSON.parse(unpackText(packed)) as Json,
        () => formatError(source, `is damaged: the entry ${STRUCTURE} holds no JSON`),
      )

/**
 * The tree in the bytes of a checkpoint. With `like`, it must have the same structure, shapes, dtypes and kinds of leaves.
 *
 * A FormatError for bytes that are damaged or no checkpoint, and for a tree that differs: it names the first path that does.
 * @example
 * pipe({ params, epoch: 3 }, encodeTree, parseTree({ like: { params, epoch: 0 } })) // Right: the tree
 */
export const parseTree = <T = unknown>(options: ParseTreeOptions<T> = {}) => {
  const { like, source = 'checkpoint' } = requireOptions('parseTree', options, ['like', 'source'])
  return (bytes: Uint8Array): E.Either<DataError, T> =>
    pipe(
      parseNpz({ source })(requireBytes('parseTree', bytes)),
      E.chain(({ [STRUCTURE]: packed, ...tensors }) =>
        pipe(
          structureOf(source, packed),
          E.map(structure => putTogether({ structure, tensors })),
        ),
      ),
      E.chain(found => ('why' in found ? E.left(formatError(source, found.why)) : E.right(found.tree))),
      E.chain(tree => {
        const why = like === undefined ? undefined : difference(tree, like)
        return why === undefined ? E.right(tree as T) : E.left(formatError(source, why))
      }),
    )
}

/**
 * Saves a tree as a checkpoint. The file is written under another name first and then renamed, so that it is always whole: the tree
 * before or this one. A WriteError where it cannot be written.
 * @throws TreeError for a leaf that is neither tensor nor JSON; EngineError for a tensor that was donated
 * @example
 * const save = pipe({ params, epoch: 3 }, saveTree('run.npz')) // a task: `await save()` writes the file
 */
export const saveTree =
  (path: string) =>
  (tree: unknown): TE.TaskEither<DataError, void> =>
    replaceBytes(path)(encodeTree(tree))

/**
 * Loads a tree that `saveTree` has saved, to the bit. With `like`, it must have that structure, with those shapes and dtypes; where it
 * may be `anything()`, it is not compared.
 *
 * A MissingError when there is no such file, a FormatError as for `parseTree`.
 * @example
 * const load = loadTree('run.npz', { params, epoch: 0 }) // a task: `await load()` reads the file
 */
export const loadTree = <T = unknown>(path: string, like?: T): TE.TaskEither<DataError, T> =>
  pipe(readBytes(path), TE.chainEitherK(parseTree<T>(like === undefined ? { source: path } : { source: path, like })))
