/**
 * Laws of ops on GPU backends: programs run there agree with the reference.
 */
import * as fc from 'fast-check'
import type { AsyncBackend } from '../../../src/backend/backend.ts'
import { withBackend } from '../../../src/backend/current.ts'
import { reference } from '../../../src/backend/reference.ts'
import { isFloat } from '../../../src/core/dtype.ts'
import { type Flat, record } from '../../../src/core/program.ts'
import { concrete, data, show, showType } from '../../../src/core/tensor.ts'
import { typesOf } from '../../../src/core/trace.ts'
import type { Concrete, Draw, Tensor } from '../../../src/core/types.ts'
import { full, toHost } from '../../../src/index.ts'
import type { Subject } from '../../../src/ops/define.ts'
import { drawFrom } from '../../../src/testing/draw.ts'
import { filled, pick, put } from '../../../src/transform/derive.ts'
import { vjpFlat } from '../../../src/transform/vjp.ts'

/** A function of tensors and its arguments, drawn for a subject. */
type Drawn = { readonly f: Flat; readonly args: readonly Tensor[] }

/** Something that programs on a GPU have in common with the reference. */
export type GpuLaw = {
  readonly name: string
  readonly title: string
  readonly appliesTo: (subject: Subject) => boolean
  readonly draw: (subject: Subject, draw: Draw) => Drawn
}

const forward = (subject: Subject, draw: Draw): Drawn => {
  const { params, args } = subject.sample(draw)
  return { f: (...xs) => subject.apply(params, xs), args }
}

/** The pullback at ones. */
const backward = (subject: Subject, draw: Draw): Drawn => {
  const { f, args } = forward(subject, draw)
  const moving = args.map(x => isFloat(x.dtype))
  const back: Flat = (...xs) => {
    const [ys, pullback] = vjpFlat((...some) => f(...put(xs, moving, some)), pick(xs, moving))
    const cts = ys.map(y => (isFloat(y.dtype) ? full(y.shape, 1, { dtype: y.dtype }) : null))
    return filled(pullback(cts), pick(typesOf(xs), moving))
  }
  return { f: moving.some(Boolean) ? back : () => [], args }
}

const SPECIAL = [Number.NaN, Infinity, -Infinity, -0, 0] as const

/** Arguments of which about every third element is special. */
const special = (subject: Subject, draw: Draw): Drawn => {
  const { f, args } = forward(subject, draw)
  const changed = args.map(x => {
    if (!isFloat(x.dtype)) return x
    const host = data(x)
    for (let i = 0; i < host.length; i++) if (draw.integer(0, 2) === 0) host[i] = draw.pick(SPECIAL)
    return concrete(x.shape, x.dtype, host)
  })
  return { f, args: changed }
}

/** The laws. */
export const gpuLaws: readonly GpuLaw[] = [
  { name: 'forward', title: 'ops agree with the reference', appliesTo: () => true, draw: forward },
  {
    name: 'pullback',
    title: 'pullbacks agree with the reference',
    appliesTo: ({ modes }) => modes !== 'forward',
    draw: backward,
  },
  {
    name: 'special',
    title: 'NaN and infinities give what they give on the reference',
    appliesTo: () => true,
    draw: special,
  },
]

/** Distance in units of the last place of the value, or of 1 if that is larger. */
const ulpsAtScale = (got: number, wanted: number): number => {
  const rounded = Math.fround(wanted)
  if (got === rounded || (Number.isNaN(got) && Number.isNaN(rounded))) return 0
  const error = Math.abs(got - rounded) / (2 ** -23 * Math.max(1, 2 ** Math.floor(Math.log2(Math.abs(rounded)))))
  return Number.isFinite(error) ? error : Infinity
}

const program = ({ f, args }: Drawn) => withBackend(reference, () => record(f, typesOf(args)))

/** A law about a subject; `worst` is told the largest distance so far. */
export const lawProperty = (
  law: GpuLaw,
  subject: Subject,
  backend: AsyncBackend,
  worst: { ulps: number },
): fc.IAsyncProperty<[fc.GeneratorValue]> =>
  fc.asyncProperty(fc.gen(), async g => {
    const drawn = law.draw(subject, drawFrom(g, 'float32'))
    const wanted = withBackend(reference, () => drawn.f(...drawn.args))
    const made = program(drawn)
    if (made.types.some(({ dtype }) => dtype === 'float64')) return
    const results = await backend.execute(made, drawn.args as readonly Concrete[], [])
    const found = await toHost([...results])
    wanted.forEach((y, i) => {
      const x = found[i] as Tensor
      if (showType(x) !== showType(y)) throw new Error(`${subject.name}: ${showType(x)} for ${showType(y)}`)
      const [a, b] = [data(x), data(y)]
      for (let j = 0; j < b.length; j++) {
        const ulps = ulpsAtScale(a[j] as number, b[j] as number)
        worst.ulps = Math.max(worst.ulps, ulps)
        if (ulps <= budgetOf(law, subject)) continue
        const args = drawn.args.map(arg => `${showType(arg)} ${show(arg).replaceAll('\n', ' ')}`)
        throw new Error(
          `${subject.name}: result ${i}, element ${j}: ${a[j]} for ${b[j]} (${ulps} ulps) from ${args.join('; ')}`,
        )
      }
    })
  })

/** What an op may be off if nothing else is said. */
const USUAL = 16

const BUDGETS: { readonly [name: string]: number } = {}

/** The most that a subject may be off. */
export const budgetOf = (_law: GpuLaw, { name }: Subject): number => BUDGETS[name] ?? USUAL

/** Routines of linear algebra and what is made of them. */
const REFUSED: ReadonlySet<string> = new Set([
  'cholesky',
  'det',
  'eigh',
  'inv',
  'lstsq',
  'matrixPower',
  'qr',
  'slogdet',
  'solve',
  'svd',
  'triangularSolve',
])

/** Whether there is no kernel of gpu.js for a subject. */
export const isRefused = ({ name }: Subject): boolean => REFUSED.has(name)
