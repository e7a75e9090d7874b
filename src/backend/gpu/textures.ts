/**
 * The device whose arrays are textures of WebGL: state stays on the GPU from one step to the next.
 *
 * Layer: backend. Public parts of gpu.js alone: a kernel that is a `pipeline` and `immutable` gives a new texture with each call, and takes
 * textures for arrays. What the host has goes to the GPU when a kernel wants it; rows of a loop are cut out on the host. Read first:
 * device.ts.
 */
import { engineError, fail } from '../../core/errors.ts'
import { type Compiled, type Device, kernelsOf, type Segment, specialsOf } from './device.ts'
import type { Callable, Opened, Texture } from './facade.ts'
import { asTexture, TEXTURES, watchOf } from './watch.ts'

/** An array in one place or in both, and how many have it. */
export type Held = { texture: Texture | null; host: Float32Array | null; users: number }

/** Textures of a context of WebGL, and kernels of gpu.js on them. */
export const textureDevice = ({ mode, context }: Opened): Device<Held> => {
  const alive = new Set<Held>()
  const copiers = new Map<number, Callable>()
  const watch = watchOf({ mode, context })
  let [uploaded, read] = [0, 0]

  const held = (texture: Texture | null, host: Float32Array | null): Held => {
    const array: Held = { texture, host, users: 1 }
    alive.add(array)
    return array
  }
  const free = (array: Held): void => {
    array.texture?.delete()
    array.texture = null
    array.host = null
    alive.delete(array)
  }
  const drop = (array: Held): void => {
    array.users--
    if (array.users === 0) free(array)
  }
  const copierFor = (length: number): Callable => {
    const found =
      copiers.get(length) ??
      context.createKernel('function kernel(a) { return a[this.thread.x]; }', {
        ...TEXTURES,
        output: [length],
        functions: [],
        precision: 'single',
        loopMaxIterations: 1,
      })
    copiers.set(length, found)
    return found
  }
  const textureOf = (array: Held): Texture => {
    if (array.texture !== null) return array.texture
    const host = hostOf(array)
    uploaded += host.byteLength
    array.texture = asTexture(mode, copierFor(host.length)(host))
    return array.texture
  }
  const hostOf = (array: Held): Float32Array => {
    if (array.host !== null) return array.host
    if (array.texture === null) return fail(engineError('gpu', 'an array was read that has been dropped'))
    const host = array.texture.toArray()
    watch.ask()
    array.host = host
    read += host.byteLength
    return host
  }
  const compile = async (segment: Segment): Promise<Compiled<Held>> => {
    const { callables, close } = kernelsOf(context, segment, TEXTURES)
    const run = async (inputs: readonly Held[]): Promise<readonly Held[]> => {
      const textures: Texture[] = []
      try {
        for (const [i, { kernel, reads }] of segment.kernels.entries()) {
          const arrays = reads.map(({ tag, index }) =>
            tag === 'input' ? textureOf(inputs[index] as Held) : textures[index],
          )
          textures.push(asTexture(mode, callables[i]?.(...arrays, ...specialsOf(kernel))))
        }
      } catch (error) {
        for (const texture of textures) texture.delete()
        throw error
      }
      for (const [i, texture] of textures.entries()) if (!segment.outputs.includes(i)) texture.delete()
      return segment.outputs.map(i => held(textures[i] as Texture, null))
    }
    return { run, kernels: segment.kernels.length, executor: 'textures', fallback: null, close }
  }
  return {
    residency: 'device',
    upload: x => held(null, x),
    read: async array => hostOf(array).slice(),
    part: (array, at, length) => held(null, hostOf(array).subarray(at, at + length)),
    blank: length => held(null, new Float32Array(length)),
    put: (into, at, from) => hostOf(into).set(hostOf(from), at),
    keep: array => {
      array.users++
      return array
    },
    drop,
    compile,
    settle: async () => watch.look(),
    transfers: () => ({ uploaded, read }),
    idle: () => 0,
    close: async () => {
      for (const array of [...alive]) free(array)
      watch.close()
      for (const copier of copiers.values()) copier.destroy()
    },
  }
}
