/**
 * The libraries that draw: optional peers, loaded when the first chart is drawn, with a Left that says what to install.
 *
 * Layer: plot. Vega-Lite (Satyanarayan, Moritz, Wongsuphasawat & Heer, 2017) draws SVG; resvg turns it into PNG, with Roboto, so
 * that text is there on machines without any font. Read next: render.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { messageOf } from '../core/errors.ts'
import { libraryError, type PlotError } from './errors.ts'

const SVG_PACKAGES = 'vega vega-lite'
const ROBOTO = '@expo-google-fonts/roboto'
const PNG_PACKAGES = `@resvg/resvg-js ${ROBOTO}`

const isMissing = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && /MODULE_NOT_FOUND$/.test(String(cause.code))

/** Why a library cannot be loaded, and what to do. */
export const whyNot =
  (name: string, packages: string) =>
  (cause: unknown): PlotError =>
    libraryError(
      name,
      isMissing(cause)
        ? `the package is not installed here: run \`npm install ${packages}\``
        : `cannot be loaded: ${messageOf(cause)} (install it with \`npm install ${packages}\`)`,
    )

const load = <A>(name: string, packages: string, module: () => Promise<A>): TE.TaskEither<PlotError, A> =>
  TE.tryCatch(module, whyNot(name, packages))

/** Bundlers let go of a package that is not installed where its absence is caught. */
const missing = (cause: unknown): never => {
  throw cause
}

type Vega = { readonly vega: typeof import('vega'); readonly vegaLite: typeof import('vega-lite') }

/** Vega and Vega-Lite. */
export const vegaModules: TE.TaskEither<PlotError, Vega> = pipe(
  load('vega', SVG_PACKAGES, () => import('vega').catch(missing)),
  TE.bindTo('vega'),
  TE.bind('vegaLite', () => load('vega-lite', SVG_PACKAGES, () => import('vega-lite').catch(missing))),
)

/** resvg, which is compiled for Node; bundles for browsers have nothing in its place. */
export const resvgModule: TE.TaskEither<PlotError, typeof import('@resvg/resvg-js')> = pipe(
  load('@resvg/resvg-js', PNG_PACKAGES, () => import('@resvg/resvg-js').catch(missing)),
  TE.filterOrElse(
    module => typeof module.Resvg === 'function',
    () =>
      libraryError(
        '@resvg/resvg-js',
        'does not run in browsers: use toSvg, and draw that on a canvas where you need pixels',
      ),
  ),
)

/** Node's own modules, where the platform has them. */
export const nodeModules = (source: string): E.Either<PlotError, typeof process.getBuiltinModule> => {
  const get = globalThis.process?.getBuiltinModule
  return typeof get === 'function'
    ? E.right(get)
    : E.left(libraryError(source, 'needs Node: there is no file system here'))
}

/** The files of the font that PNG texts are drawn in. */
export const fontFiles = (): E.Either<PlotError, string[]> =>
  pipe(
    nodeModules(ROBOTO),
    E.chain(get =>
      E.tryCatch(
        () => {
          const { resolve } = get('node:module').createRequire(import.meta.url)
          return ['400Regular', '700Bold'].map(style => resolve(`${ROBOTO}/${style}/Roboto_${style}.ttf`))
        },
        whyNot(ROBOTO, PNG_PACKAGES),
      ),
    ),
  )
