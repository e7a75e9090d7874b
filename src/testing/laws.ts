/**
 * The laws every op obeys, as properties that fast-check can try to break.
 *
 * Layer: testing. A law is given a subject (an op, a composition, a user's function) and a source of choices, and throws a
 * message that names the subject, the law and the element where it fails. Read first: draw.ts.
 */
import * as fc from 'fast-check'
import { isLeft } from 'fp-ts/lib/Either.js'
import type { Backend } from '../backend/backend.ts'
import { withBackend } from '../backend/current.ts'
import { reference } from '../backend/reference.ts'
import { type FloatDtype, isFloat } from '../core/dtype.ts'
import { CotangentError, messageOf } from '../core/errors.ts'
import { kernelDtypes, kernelShapes } from '../core/kernel.ts'
import { requireOptions, requireRecord } from '../core/options.ts'
import { type Flat, record, run } from '../core/program.ts'
import { sameShape, showShape, sizeOf } from '../core/shape.ts'
import { concrete, data, identical, show, showType, typeOf } from '../core/tensor.ts'
import { typesOf } from '../core/trace.ts'
import type { Draw, Maybe, Sample, Tensor } from '../core/types.ts'
import { stack } from '../ops/arrange.ts'
import { full } from '../ops/creation.ts'
import { type Subject, zerosOf } from '../ops/define.ts'
import { add, mul } from '../ops/elementwise.ts'
import { sum } from '../ops/reduction.ts'
import { rowOf } from '../ops/slicing.ts'
import { type CheckOptions, checkGradsFlat } from '../transform/check.ts'
import { filled, pick, put } from '../transform/derive.ts'
import { jit } from '../transform/jit.ts'
import { jvpFlat } from '../transform/jvp.ts'
import { relativeError, showComparison } from '../transform/report.ts'
import { vjpFlat } from '../transform/vjp.ts'
import { vmap } from '../transform/vmap.ts'
import { farApart, largestDifference, roundingOf, type Tolerance } from './approx.ts'
import { drawFrom, twice } from './draw.ts'

/** What a law is tried on besides the choices: the backend under test. */
export type Setting = { readonly backend: Backend }

/** What a law can be about: an op or a function, or else what has laws of its own, as layers have. */
export type Named = { readonly name: string }

/** A law: throws where a subject breaks it, and returns the largest error it saw. */
export type Law<S extends Named = Subject> = {
  readonly name: string
  /** Its title in a test report. */
  readonly title: string
  readonly dtype: FloatDtype
  /** Its share of the runs: second derivatives are dear, shapes are cheap. */
  readonly share: number
  readonly appliesTo: (subject: S) => boolean
  readonly check: (subject: S, draw: Draw, setting: Setting) => number
}

/** Throws what is reported of a law that does not hold. */
export const broken = (subject: Named, law: string, what: string): never => {
  throw new Error(`${subject.name}: ${law}: ${what}`)
}

const flatOf =
  (subject: Subject, { params }: Sample): Flat =>
  (...xs) =>
    subject.apply(params, xs)

const always = (): boolean => true
const inBothModes = ({ modes }: Subject): boolean => modes === undefined
const inReverse = ({ modes }: Subject): boolean => modes !== 'forward'
const active = (xs: readonly Tensor[]): readonly Tensor[] => xs.filter(x => isFloat(x.dtype))

/** A function of some of its arguments alone. */
const inSome = (f: Flat, args: readonly Tensor[], wanted: readonly boolean[]): Flat => {
  return (...some) => {
    const rest = [...some]
    return f(...args.map((x, i) => (wanted[i] ? (rest.shift() ?? x) : x)))
  }
}

/** A function of its float arguments alone. */
const inFloats = (f: Flat, args: readonly Tensor[]): Flat =>
  inSome(
    f,
    args,
    args.map(x => isFloat(x.dtype)),
  )

/** Some of the float arguments, at least one: a rule may be right only where all of them are active. */
const drawActive = (draw: Draw, args: readonly Tensor[]): readonly boolean[] => {
  const floats = args.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []))
  const sure = floats.length === 0 ? -1 : draw.pick(floats)
  return args.map((x, i) => isFloat(x.dtype) && (i === sure || draw.boolean()))
}

/** The largest error; throws where two lists of tensors are not close. */
export const requireClose = (
  subject: Named,
  law: string,
  found: readonly Maybe[],
  wanted: readonly Maybe[],
  tolerance?: Tolerance,
): number => {
  let worst = 0
  wanted.forEach((y, i) => {
    const x = found[i] ?? null
    if (x === null && y === null) return
    const a = x ?? zerosOf(typeOf(y as Tensor))
    const b = y ?? zerosOf(typeOf(x as Tensor))
    const why = farApart(a, b, tolerance ?? roundingOf(b.dtype))
    if (why !== undefined) broken(subject, law, `result ${i}, ${why}`)
    worst = Math.max(worst, largestDifference(a, b)?.error ?? 0)
  })
  return worst
}

// ---- shapes

const shapeLaw = (subject: Subject, draw: Draw): number => {
  const { params, args } = subject.sample(draw)
  const { op } = subject
  const ys = subject.apply(params, args)
  if (op === null) {
    const program = record(flatOf(subject, { params, args }), typesOf(args))
    const types = program.outputs.map(v => program.types[v])
    ys.forEach((y, i) => {
      const type = types[i]
      if (type === undefined || showType(type) !== showType(y))
        broken(subject, 'shape rule', `recorded as ${type && showType(type)}, but ran as ${showType(y)}`)
    })
  } else {
    const inferred = op.infer(params, typesOf(args))
    if (isLeft(inferred)) return broken(subject, 'shape rule', `refuses its own sample: ${inferred.left.message}`)
    const kernel = op.lower(params, typesOf(args), inferred.right)
    const [shapes, kinds] = [kernelShapes(kernel), kernelDtypes(kernel)]
    inferred.right.forEach((type, i) => {
      const made = { shape: shapes[i] ?? [], dtype: kinds[i] ?? 'float32' }
      if (!sameShape(type.shape, made.shape) || type.dtype !== made.dtype)
        broken(
          subject,
          'shape rule',
          `says ${showType(type)}, but the kernel makes ${showType(made)} from ${args.map(showType)}`,
        )
    })
  }
  for (const y of ys)
    if (data(y).length !== sizeOf(y.shape))
      broken(subject, 'shape rule', `${data(y).length} elements for shape ${showShape(y.shape)}`)
  return 0
}

const isMistake = (error: unknown): boolean => error instanceof CotangentError && error.message.length > 12

const refusalLaw = (subject: Subject, draw: Draw): number => {
  const sample = subject.invalid?.(draw)
  if (sample === undefined) return 0
  try {
    subject.apply(sample.params, sample.args)
  } catch (error) {
    return isMistake(error) ? 0 : broken(subject, 'bad input', `threw no tagged error but ${error}`)
  }
  return broken(
    subject,
    'bad input',
    `accepted ${sample.args.map(showType).join(', ')} with ${JSON.stringify(sample.params)}`,
  )
}

/** An argument with one size changed, or one axis more. */
const deformed = (draw: Draw, x: Tensor): Tensor => {
  const axis = x.shape.length === 0 ? -1 : draw.integer(-1, x.shape.length - 1)
  const shape =
    axis < 0 ? [...x.shape, 2] : x.shape.map((n, i) => (i === axis ? Math.max(0, n + draw.integer(0, 1) * 2 - 1) : n))
  const host = data(zerosOf({ shape, dtype: x.dtype }))
  const source = data(x)
  for (let i = 0; i < host.length; i++) host[i] = source[i % Math.max(1, source.length)] ?? 0
  return concrete(shape, x.dtype, host)
}

const deformationLaw = (subject: Subject, draw: Draw): number => {
  const { params, args } = subject.sample(draw)
  if (args.length === 0) return 0
  const changed = draw.integer(0, args.length - 1)
  const odd = args.map((x, i) => (i === changed ? deformed(draw, x) : x))
  try {
    const ys = subject.apply(params, odd)
    for (const y of ys)
      if (data(y).length !== sizeOf(y.shape))
        broken(subject, 'odd shapes', `${data(y).length} elements for ${showType(y)}`)
  } catch (error) {
    if (!isMistake(error)) broken(subject, 'odd shapes', `threw no tagged error but ${error} for ${odd.map(showType)}`)
  }
  return 0
}

// ---- derivatives

const gradLaw =
  (options: CheckOptions) =>
  (subject: Subject, draw: Draw): number => {
    const sample = subject.sample(draw)
    if (active(sample.args).length === 0) return 0
    const { worst, failures } = checkGradsFlat(flatOf(subject, sample), sample.args, options)
    const [failure] = failures
    if (failure !== undefined)
      broken(
        subject,
        'derivative',
        `${showComparison(failure)}; arguments ${sample.args.map(showType)}, params ${JSON.stringify(sample.params)}`,
      )
    return worst?.error ?? 0
  }

const drawLike = (draw: Draw, xs: readonly Tensor[]): readonly Tensor[] =>
  xs.map(x => (isFloat(x.dtype) ? draw.tensor(x.shape) : x))

const inner = (xs: readonly Maybe[], ys: readonly Tensor[]): number =>
  ys.reduce((total, y, i) => {
    const x = xs[i] ?? null
    return x === null || !isFloat(y.dtype) ? total : total + (data(sum(mul(x, y)))[0] ?? 0)
  }, 0)

/** ⟨u, J·v⟩ = ⟨Jᵀ·u, v⟩, in some of the arguments. */
const adjointLaw = (subject: Subject, draw: Draw): number => {
  const sample = subject.sample(draw)
  const wanted = drawActive(draw, sample.args)
  const f = inSome(flatOf(subject, sample), sample.args, wanted)
  const xs = sample.args.filter((_, i) => wanted[i])
  const vs = drawLike(draw, xs)
  const [ys, dys] = jvpFlat(f, xs, vs)
  const us = drawLike(draw, ys)
  const cts = vjpFlat(f, xs)[1](us.map((u, i) => (isFloat(ys[i]?.dtype ?? 'bool') ? u : null)))
  const [forward, backward] = [inner(dys, us), inner(cts, vs)]
  const error = relativeError(forward, backward, 1)
  if (!(error <= ADJOINT)) broken(subject, 'vjp adjoint to jvp', `⟨u, Jv⟩ = ${forward} but ⟨Jᵀu, v⟩ = ${backward}`)
  return error
}

/** Rounding of a sum of a few hundred products in float64. */
const ADJOINT = 1e-9

const linearityLaw = (subject: Subject, draw: Draw): number => {
  const sample = subject.sample(draw)
  const f = inFloats(flatOf(subject, sample), sample.args)
  const [ys, pullback] = vjpFlat(f, active(sample.args))
  if (active(ys).length === 0) return 0
  const floats = (cts: readonly Tensor[]): readonly Maybe[] =>
    cts.map((c, i) => (isFloat(ys[i]?.dtype ?? 'bool') ? c : null))
  const [u, v] = [drawLike(draw, ys), drawLike(draw, ys)]
  const both = ys.map((y, i) => (isFloat(y.dtype) ? add(mul(u[i] as Tensor, 2), mul(v[i] as Tensor, -3)) : y))
  const [pu, pv] = [pullback(floats(u)), pullback(floats(v))]
  const apart = pu.map((x, i): Maybe => {
    const y = pv[i] ?? null
    const scaled = (t: Maybe, by: number): Maybe => (t === null ? null : mul(t, by))
    const [a, b] = [scaled(x, 2), scaled(y, -3)]
    return a === null ? b : b === null ? a : add(a, b)
  })
  return requireClose(subject, 'vjp linear in the cotangent', pullback(floats(both)), apart)
}

// ---- batching

/** Arguments of which some have a batch axis in front, and the same as a list of rows. */
const batchSample = (subject: Subject, draw: Draw) => {
  const [first, again] = twice(draw)
  const sample = subject.sample(first)
  const size = draw.integer(1, 3)
  const rest = Array.from({ length: size - 1 }, () => subject.sample(again()))
  const samples = [sample, ...rest]
  const sure = draw.integer(0, Math.max(0, sample.args.length - 1))
  const mapped = sample.args.map((_, i) => i === sure || draw.boolean())
  const rows = samples.map(s => s.args.map((x, i) => (mapped[i] ? x : (sample.args[i] as Tensor))))
  const args = sample.args.map((x, i) => (mapped[i] ? stack(samples.map(s => s.args[i] as Tensor)) : x))
  return { sample, rows, args, inAxes: mapped.map(m => (m ? 0 : null)) }
}

const vmapLaw = (subject: Subject, draw: Draw): number => {
  const { sample, rows, args, inAxes } = batchSample(subject, draw)
  if (args.length === 0) return 0
  const f = flatOf(subject, sample)
  const batched = vmap((...xs: readonly Tensor[]) => f(...xs), { inAxes })(...args)
  return Math.max(
    ...rows.map((row, k) =>
      requireClose(
        subject,
        `vmap row ${k} = f(row ${k})`,
        batched.map(y => rowOf(y, k)),
        f(...row),
      ),
    ),
  )
}

const vmapOfVjpLaw = (subject: Subject, draw: Draw): number => {
  const { sample, rows, args, inAxes } = batchSample(subject, draw)
  if (active(args).length === 0) return 0
  const f = flatOf(subject, sample)
  const pulled: Flat = (...xs) => {
    const g = inFloats(f, xs)
    const floats = active(xs)
    const [ys, pullback] = vjpFlat(g, floats)
    const cts = pullback(ys.map(y => (isFloat(y.dtype) ? add(zerosOf(typeOf(y)), 1) : null)))
    return cts.map((ct, i) => ct ?? zerosOf(typeOf(floats[i] as Tensor)))
  }
  const batched = vmap((...xs: readonly Tensor[]) => pulled(...xs), { inAxes })(...args)
  return Math.max(
    ...rows.map((row, k) =>
      requireClose(
        subject,
        `vmap of vjp, row ${k}`,
        batched.map(y => rowOf(y, k)),
        pulled(...row),
      ),
    ),
  )
}

// ---- programs, backends, purity

const recordLaw = (subject: Subject, draw: Draw): number => {
  const sample = subject.sample(draw)
  const f = flatOf(subject, sample)
  return requireClose(
    subject,
    'run(record(f)) = f',
    run(record(f, typesOf(sample.args)))(...sample.args),
    f(...sample.args),
  )
}

const backendLaw = (subject: Subject, draw: Draw, { backend }: Setting): number => {
  const { params, args } = subject.sample(draw)
  const wanted = withBackend(reference, () => subject.apply(params, args))
  const found = withBackend(backend, () => subject.apply(params, args))
  return requireClose(subject, `${backend.name} ≈ reference`, found, wanted)
}

/** f compiled on a backend, as a function of the same arguments. */
const compiledLaw = (subject: Subject, draw: Draw, { backend }: Setting): number => {
  const sample = subject.sample(draw)
  const f = flatOf(subject, sample)
  const wanted = withBackend(reference, () => f(...sample.args))
  const found = withBackend(backend, () => jit(f)(...sample.args))
  return requireClose(subject, `jit(f) on ${backend.name} ≈ f`, found, wanted)
}

/** The pullback compiled on a backend, at ones. */
const compiledVjpLaw = (subject: Subject, draw: Draw, { backend }: Setting): number => {
  const sample = subject.sample(draw)
  const f = flatOf(subject, sample)
  const moving = sample.args.map(x => isFloat(x.dtype))
  if (!moving.some(Boolean)) return 0
  const back: Flat = (...xs) => {
    const [ys, pullback] = vjpFlat((...some) => f(...put(xs, moving, some)), pick(xs, moving))
    const cts = ys.map(y => (isFloat(y.dtype) ? full(y.shape, 1, { dtype: y.dtype }) : null))
    return filled(pullback(cts), pick(typesOf(xs), moving))
  }
  const wanted = withBackend(reference, () => back(...sample.args))
  const found = withBackend(backend, () => jit(back)(...sample.args))
  return requireClose(subject, `jit(vjp f) on ${backend.name} ≈ vjp f`, found, wanted)
}

const purityLaw = (subject: Subject, draw: Draw): number => {
  const { params, args } = subject.sample(draw)
  const before = args.map(x => concrete(x.shape, x.dtype, data(x)))
  subject.apply(params, args)
  args.forEach((x, i) => {
    if (!identical(x, before[i] as Tensor)) broken(subject, 'inputs untouched', `argument ${i} was changed`)
  })
  return 0
}

const onReference =
  (check: (subject: Subject, draw: Draw) => number): Law['check'] =>
  (subject, draw) =>
    withBackend(reference, () => check(subject, draw))

const law = (
  name: string,
  title: string,
  check: Law['check'],
  { share = 1, dtype = 'float64', appliesTo = always }: Partial<Pick<Law, 'share' | 'dtype' | 'appliesTo'>> = {},
): Law => ({ name, title, check, share, dtype, appliesTo })

/** Every law, by name. */
export const laws: readonly Law[] = [
  law('shape', 'the shape rule says what is produced', onReference(shapeLaw)),
  law('refusal', 'bad input is a tagged error', onReference(refusalLaw), {
    share: 0.2,
    appliesTo: s => s.invalid !== undefined,
  }),
  law('deformation', 'odd shapes give a tagged error or a consistent result', onReference(deformationLaw), {
    appliesTo: s => s.refuses,
  }),
  law('first', 'jvp and vjp agree with finite differences', onReference(gradLaw({ order: 1, maxElements: 48 })), {
    share: 0.5,
    appliesTo: inBothModes,
  }),
  law(
    'second',
    'second derivatives agree in all four compositions of modes',
    onReference(gradLaw({ order: 2, maxElements: 16 })),
    {
      share: 0.2,
      appliesTo: inBothModes,
    },
  ),
  law('adjoint', 'vjp is the adjoint of jvp', onReference(adjointLaw), { appliesTo: inBothModes }),
  law('linear', 'vjp is linear in the cotangent', onReference(linearityLaw), { appliesTo: inReverse }),
  law('vmap', 'vmap row k = f(row k)', onReference(vmapLaw)),
  law('vmapOfVjp', 'vmap of vjp = vjp of every row', onReference(vmapOfVjpLaw), { share: 0.5, appliesTo: inReverse }),
  law('record', 'run(record(f)) = f', onReference(recordLaw), { share: 0.5 }),
  law('backend', 'the backend agrees with the reference in float64', backendLaw),
  law('backend32', 'the backend agrees with the reference in float32', backendLaw, { dtype: 'float32' }),
  law('backendJit', 'the compiled function agrees with the reference in float64', compiledLaw, { share: 0.3 }),
  law('backendJit32', 'the compiled function agrees with the reference in float32', compiledLaw, {
    share: 0.3,
    dtype: 'float32',
  }),
  law('backendVjp', 'the compiled pullback agrees with the reference', compiledVjpLaw, {
    share: 0.2,
    appliesTo: inReverse,
  }),
  law('purity', 'inputs are untouched', purityLaw, { share: 0.2 }),
]

/** A draw that remembers the tensors it gave, for the message of a failure. */
const remembering = (draw: Draw): readonly [Draw, readonly Tensor[]] => {
  const drawn: Tensor[] = []
  const note = (x: Tensor): Tensor => {
    drawn.push(x)
    return x
  }
  const remembered: Draw = {
    ...draw,
    tensor: (...args) => note(draw.tensor(...args)),
    integers: (...args) => note(draw.integers(...args)),
    booleans: (...args) => note(draw.booleans(...args)),
  }
  return [remembered, drawn]
}

/**
 * A law about a subject as a fast-check property. When it fails, the message holds subject, law, element and the tensors
 * that were drawn; shrinking makes them small. `seen` is told the error of every case.
 */
export const propertyOf = <S extends Named>(
  law: Law<S>,
  subject: S,
  setting: Setting,
  seen: (error: number) => void = () => undefined,
): fc.IProperty<[fc.GeneratorValue]> =>
  fc.property(fc.gen(), g => {
    const [draw, drawn] = remembering(drawFrom(g, law.dtype))
    try {
      seen(law.check(subject, draw, setting))
    } catch (error) {
      const what = messageOf(error)
      const head = what.startsWith(subject.name) ? what : `${subject.name}: ${law.title}: ${what}`
      throw new Error(
        [head, ...drawn.map((x, i) => `  drawn ${i}: ${showType(x)} ${show(x).replaceAll('\n', ' ')}`)].join('\n'),
      )
    }
  })

/** The outcome of trying to break a law. */
export type Trial = {
  readonly law: string
  readonly cases: number
  readonly worst: number
  /** The shrunk counterexample with what repeats it; `null` when the law held. */
  readonly failure: { readonly message: string; readonly seed: number; readonly path: string } | null
}

/** Tries to break a law, in at most `runs` cases times the law's share. */
export const tryLaw = <S extends Named>(
  law: Law<S>,
  subject: S,
  setting: Setting,
  options: { readonly runs: number; readonly seed: number; readonly path?: string },
): Trial => {
  requireRecord('tryLaw', 'a law, { name, share, check }', law, ['name', 'share', 'check'])
  const { runs, seed, path = '' } = requireOptions('tryLaw', options, ['runs', 'seed', 'path'], ['runs', 'seed'])
  let cases = 0
  let worst = 0
  const property = propertyOf(law, subject, setting, error => {
    cases++
    worst = Math.max(worst, error)
  })
  const result = fc.check(property, { seed, numRuns: Math.max(3, Math.round(runs * law.share)), path })
  if (!result.failed) return { law: law.name, cases, worst, failure: null }
  const message = messageOf(result.errorInstance)
  return { law: law.name, cases, worst, failure: { message, seed: result.seed, path: result.counterexamplePath ?? '' } }
}
