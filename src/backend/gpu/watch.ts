/**
 * Watch: whether a context of WebGL is lost, which goes on with zeros then.
 *
 * Layer: backend. A context may know of its loss only later, when zeros have been read for results. So a number that is on the GPU is read
 * after them: it is what it was, if they are. Read next: textures.ts, host.ts.
 */
import { engineError, fail } from '../../core/errors.ts'
import { lost } from './device.ts'
import { type GpuMode, isGl, type Opened, type Texture } from './facade.ts'

/** A kernel that gives a texture of its own with each call. */
export const TEXTURES = { pipeline: true, immutable: true } as const

/** Without a GPU that can do it, gpu.js would go on in JavaScript. */
export const asTexture = (mode: GpuMode, result: unknown): Texture => {
  const { toArray, delete: free } = result as Partial<Texture>
  return typeof toArray === 'function' && typeof free === 'function'
    ? (result as Texture)
    : fail(
        engineError(
          'gpu',
          `gpu.js ran a program in JavaScript instead of mode ${mode}: its shaders do not compile here`,
        ),
      )
}

/** Throws where the context is lost. */
export type Watch = {
  /** As far as the context knows. */
  readonly look: () => void
  /** For certain, of all that has been read so far; waits for the GPU. */
  readonly ask: () => void
  readonly close: () => void
}

/** The watch of a context; nothing to watch where that is none of WebGL. */
export const watchOf = ({ mode, context }: Pick<Opened, 'mode' | 'context'>): Watch => {
  if (!isGl(mode)) return { look: () => undefined, ask: () => undefined, close: () => undefined }
  const maker = context.createKernel('function kernel(x) { return x; }', {
    ...TEXTURES,
    output: [1],
    functions: [],
    precision: 'single',
    loopMaxIterations: 1,
  })
  const one = asTexture(mode, maker(1))
  const look = (): void => {
    if (context.context?.isContextLost()) fail(lost())
  }
  return {
    look,
    ask: () => {
      look()
      if (one.toArray()[0] !== 1) fail(lost())
    },
    close: () => {
      one.delete()
      maker.destroy()
    },
  }
}
