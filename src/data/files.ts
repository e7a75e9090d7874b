/**
 * Files, where there are any: the only place of this folder that knows about Node.
 *
 * Layer: data. Node's modules are asked for at run time instead of imported, so that bundlers for the browser have nothing to
 * resolve; there, reading a file is a Left. Read next: idx.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { messageOf } from '../core/errors.ts'
import { type DataError, formatError, missingError, writeError } from './errors.ts'

/** Node's own modules, where the platform has them (Node, Deno, Bun). */
const builtins = (source: string): E.Either<DataError, typeof process.getBuiltinModule> => {
  const get = globalThis.process?.getBuiltinModule
  return typeof get === 'function'
    ? E.right(get)
    : E.left(missingError(source, 'there is no file system here: fetch the bytes, and parse those'))
}

const codeOf = (cause: unknown): unknown => (cause instanceof Error && 'code' in cause ? cause.code : undefined)

const whyUnreadable = (source: string, cause: unknown): DataError => {
  const code = codeOf(cause)
  if (code === 'ENOENT' || code === 'ENOTDIR') return missingError(source, 'no such file')
  if (code === 'EISDIR') return formatError(source, 'is a directory, not a file')
  return missingError(source, `cannot be read: ${messageOf(cause)}`)
}

/** A file, or what stands for one, of which parts can be read. */
export type Access = {
  readonly name: string
  readonly length: number
  readonly read: (start: number, end: number) => Promise<Uint8Array>
  readonly close: () => Promise<void>
}

const openHandle = async (get: typeof process.getBuiltinModule, path: string): Promise<Access> => {
  const handle = await get('node:fs/promises').open(path)
  const stats = await handle.stat()
  if (stats.isDirectory()) {
    await handle.close()
    throw Object.assign(new Error(path), { code: 'EISDIR' })
  }
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(Math.max(0, end - start))
    try {
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start)
      return bytes.subarray(0, bytesRead)
    } catch (cause) {
      throw whyUnreadable(path, cause)
    }
  }
  return { name: path, length: stats.size, read, close: () => handle.close() }
}

/** Opens a file to read parts of it; whoever opens it closes it. A Left as for `readBytes`. */
export const openFile = (path: string): TE.TaskEither<DataError, Access> =>
  pipe(
    TE.fromEither(builtins(path)),
    TE.chain(get =>
      TE.tryCatch(
        () => openHandle(get, path),
        cause => whyUnreadable(path, cause),
      ),
    ),
  )

/** All bytes of a file; a Left where there is none, or no file system. */
export const readBytes = (path: string): TE.TaskEither<DataError, Uint8Array> =>
  pipe(
    TE.fromEither(builtins(path)),
    TE.chain(get =>
      TE.tryCatch<DataError, Uint8Array>(
        () => get('node:fs/promises').readFile(path),
        cause => whyUnreadable(path, cause),
      ),
    ),
  )

const writing = (
  path: string,
  write: (get: typeof process.getBuiltinModule) => Promise<void>,
): TE.TaskEither<DataError, void> =>
  pipe(
    TE.fromEither(builtins(path)),
    TE.mapLeft(() => writeError(path, 'there is no file system here: encode the bytes, and offer those as a download')),
    TE.chain(get =>
      TE.tryCatch(
        () => write(get),
        cause => writeError(path, `cannot be written: ${messageOf(cause)}`),
      ),
    ),
  )

/** Writes a file of these bytes in place of what is there; a WriteError where that cannot be done. */
export const writeBytes =
  (path: string) =>
  (bytes: Uint8Array): TE.TaskEither<DataError, void> =>
    writing(path, get => get('node:fs/promises').writeFile(path, bytes))

/** Writes a file under another name, down to the disk, and then gives it its own: what reads it never sees half of it. */
const replaceFile = async (get: typeof process.getBuiltinModule, path: string, bytes: Uint8Array): Promise<void> => {
  const { open, rename, rm } = get('node:fs/promises')
  const other = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}.tmp`
  try {
    const file = await open(other, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(other, path)
  } catch (cause) {
    await rm(other, { force: true })
    throw cause
  }
}

/**
 * Writes a file of these bytes in place of what is there, whole or not at all, whatever happens meanwhile; a WriteError where that
 * cannot be done.
 */
export const replaceBytes =
  (path: string) =>
  (bytes: Uint8Array): TE.TaskEither<DataError, void> =>
    writing(path, get => replaceFile(get, path, bytes))

/**
 * Writes a file of pieces as they come, under another name until it is whole. A WriteError where that cannot be done; what the
 * pieces themselves throw is the Left as it is, and nothing is left behind.
 */
export const writePieces =
  (path: string) =>
  (pieces: AsyncIterable<Uint8Array>): TE.TaskEither<unknown, void> =>
    pipe(
      TE.fromEither(builtins(path)),
      TE.chain(get => {
        const { open, rename, rm } = get('node:fs/promises')
        const part = `${path}.part`
        const unwritable = (cause: unknown): never => {
          throw writeError(path, `cannot be written: ${messageOf(cause)}`)
        }
        const write = async (): Promise<void> => {
          const file = await open(part, 'w').catch(unwritable)
          try {
            for await (const piece of pieces) await file.writeFile(piece).catch(unwritable)
          } finally {
            await file.close()
          }
          await rename(part, path).catch(unwritable)
        }
        return TE.tryCatch(
          () =>
            write().catch(async cause => {
              await rm(part, { force: true })
              throw cause
            }),
          cause => cause,
        )
      }),
    )

/** A path of a folder and a name. */
export const joinPath = (directory: string, name: string): string => `${directory.replace(/[/\\]+$/, '')}/${name}`

/**
 * The folder of an installed package, looked up as `require` would from the file `from` (a path or a file URL; the working
 * directory by default). A Left says how to install it, or what to do `otherwise`.
 */
export const packageDirectory = (
  name: string,
  from: string | undefined,
  otherwise: string,
): E.Either<DataError, string> =>
  pipe(
    builtins(name),
    E.chain(get =>
      E.tryCatch(
        () => {
          const require = get('node:module').createRequire(from ?? `${process.cwd()}/`)
          return get('node:path').dirname(require.resolve(`${name}/package.json`))
        },
        () => missingError(name, `the package is not installed here: run \`npm install ${name}\`, or ${otherwise}`),
      ),
    ),
  )
