/**
 * Downloads, for examples that are asked to: nothing else in the package ever opens a connection.
 *
 * Layer: data. Whatever goes wrong is a Left that says what to do by hand. Read next: files.ts.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { requireOptions } from '../core/options.ts'
import { DataError, downloadError } from './errors.ts'
import { writePieces } from './files.ts'

/** Where a download goes; `onProgress` hears how many bytes there are so far, and of how many where the server says it. */
export type DownloadOptions = {
  readonly to: string
  readonly onProgress?: (bytes: number, total: number | undefined) => void
}

/** Why a request failed: fetch says "fetch failed", and the reason beneath. */
const reason = (cause: unknown): string =>
  cause instanceof Error
    ? cause.cause instanceof Error
      ? cause.cause.message || cause.message
      : cause.message
    : String(cause)

const failure = (url: string, to: string, why: string): DataError =>
  downloadError(url, `cannot be downloaded: ${why}. Download it by hand (in a browser, say), and save it as ${to}`)

async function* piecesOf(response: Response, { onProgress }: DownloadOptions): AsyncGenerator<Uint8Array> {
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  const packed = response.headers.get('content-encoding') !== null
  const total = packed || Number.isNaN(length) ? undefined : length
  const reader = response.body?.getReader()
  let bytes = 0
  try {
    for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
      bytes += next.value.length
      onProgress?.(bytes, total)
      yield next.value
    }
  } finally {
    await reader?.cancel()
  }
  if (total !== undefined && bytes !== total) throw new Error(`it ended after ${bytes} of ${total} bytes`)
}

const fetched = async (url: string): Promise<Response> => {
  const response = await fetch(url)
  if (response.ok) return response
  await response.body?.cancel()
  throw new Error(`the server answered ${response.status} ${response.statusText}`.trim())
}

/**
 * Downloads a file, piece by piece, to the path `to`, which is there only when all of it is: it gives that path.
 *
 * A DownloadError that says what to do by hand when the server cannot be reached, answers with an error, or breaks off; a
 * WriteError when the file cannot be written.
 * @example
 * const songs = download({ to: 'songs.zip' })(yearPredictionUrl) // a task: `await songs()` downloads it
 */
export const download = (options: DownloadOptions) => {
  requireOptions('download', options, ['to', 'onProgress'], ['to'])
  return (url: string): TE.TaskEither<DataError, string> =>
    pipe(
      TE.tryCatch(
        () => fetched(url),
        cause => failure(url, options.to, reason(cause)),
      ),
      TE.chain(response =>
        pipe(
          writePieces(options.to)(piecesOf(response, options)),
          TE.mapLeft(cause => (cause instanceof DataError ? cause : failure(url, options.to, reason(cause)))),
        ),
      ),
      TE.map(() => options.to),
    )
}
