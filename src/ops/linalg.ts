/**
 * Matrix products by name: matmul, dot, outer, einsum. All are `contract` underneath.
 *
 * Layer: ops.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, fail, orThrow, shapeError, valueError } from '../core/errors.ts'
import { broadcastShapes, dim, range, type Shape, showShape } from '../core/shape.ts'
import type {
  Check,
  Dot,
  Einsum,
  Matmul,
  MatrixTranspose,
  Outer,
  Resolved,
  ShapeOf,
  TensorLike,
} from '../core/shape-types.ts'
import { requireTensor, scalarLike } from '../core/tensor.ts'
import type { Draw, Tensor } from '../core/types.ts'
import { where } from './comparison.ts'
import { contract } from './contract.ts'
import { eye } from './creation.ts'
import { composite, lift } from './define.ts'
import { mul } from './elementwise.ts'
import { reshape, transpose } from './movement.ts'
import { sum } from './reduction.ts'

const label = (i: number): string => String.fromCharCode(97 + i)

/** Drops batch axes of size 1 that the other operand stretches: a label less to broadcast. */
const batchLabels = (batch: Shape, out: Shape): readonly [labels: string, keep: readonly number[]] => {
  const offset = out.length - batch.length
  const keep = range(0, batch.length).filter(i => batch[i] === out[i + offset])
  return [keep.map(i => label(i + offset + 3)).join(''), keep]
}

const multiplyMatrices = (x: Tensor, y: Tensor): Tensor => {
  if (x.shape.length === 0 || y.shape.length === 0)
    return fail(
      shapeError(
        'matmul',
        `needs at least one axis on each side: ${showShape(x.shape)} @ ${showShape(y.shape)}; use mul for scalars`,
      ),
    )
  const [m, n] = [x.shape.at(-1) ?? 1, y.shape.at(-2) ?? dim(y.shape, 0)]
  if (m !== n)
    return fail(
      shapeError('matmul', `inner dimensions differ: ${showShape(x.shape)} @ ${showShape(y.shape)} (${m} vs ${n})`),
    )
  const [bx, by] = [x.shape.slice(0, -2), y.shape.slice(0, -2)]
  const batch = pipe(
    broadcastShapes('matmul', bx, by),
    E.mapLeft(() =>
      shapeError('matmul', `leading axes do not broadcast: ${showShape(x.shape)} @ ${showShape(y.shape)}`),
    ),
    orThrow,
  )
  const [lx, kx] = batchLabels(bx, batch)
  const [ly, ky] = batchLabels(by, batch)
  const rows = x.shape.length > 1 ? 'a' : ''
  const columns = y.shape.length > 1 ? 'c' : ''
  const squeezed = (v: Tensor, head: Shape, keep: readonly number[]): Tensor =>
    reshape([...keep.map(i => dim(head, i)), ...v.shape.slice(head.length)])(v)
  const all = range(0, batch.length).map(i => label(i + 3))
  const out = all.filter(l => lx.includes(l) || ly.includes(l)).join('')
  const params = { a: `${lx}${rows}b`, b: `${ly}b${columns}`, out: `${out}${rows}${columns}`, windows: [] }
  const product = contract(params, squeezed(x, bx, kx), squeezed(y, by, ky))
  return reshape([...batch, ...product.shape.slice(out.length)])(product)
}

const drawMatrices = (draw: Draw): readonly Tensor[] => {
  const [i, j, k] = [draw.integer(1, 4), draw.integer(1, 4), draw.integer(1, 4)]
  const batch = draw.shape({ maxRank: 2, maxSize: 3 })
  const part = (): Shape => batch.slice(draw.integer(0, batch.length)).map(n => (draw.boolean() ? n : 1))
  const vector = draw.integer(0, 5)
  const x = vector === 0 ? [j] : [...part(), i, j]
  const y = vector === 1 ? [j] : [...part(), j, k]
  return [draw.tensor(x), draw.tensor(y)]
}

/**
 * Matrix product of the last two axes, with NumPy's rules: leading axes broadcast, a vector on the left is a row, on the
 * right a column, and its axis goes. Accumulates in float64 on the reference backend; int32 wraps.
 * @throws ShapeError when the inner sizes differ or the leading ones do not broadcast
 * @example
 * matmul(x, ones([3, 4])) // [2,3] @ [3,4] -> [2,4]
 */
export const matmul = composite(
  {
    name: 'matmul',
    doc: 'Matrix product of the last two axes.',
    apply: (_params: Record<string, never>, [x, y]) => multiplyMatrices(x as Tensor, y as Tensor),
    sample: draw => ({ params: {}, args: drawMatrices(draw) }),
    invalid: draw => ({ params: {}, args: [draw.tensor([2, 3]), draw.tensor([4, 2])] }),
  },
  <X extends TensorLike, Y extends TensorLike>(x: X, y: Check<Matmul<ShapeOf<X>, ShapeOf<Y>>, Y>) => {
    const [a, b] = lift('matmul', [x, y as TensorLike])
    return multiplyMatrices(a as Tensor, b as Tensor) as Tensor<Resolved<Matmul<ShapeOf<X>, ShapeOf<Y>>>>
  },
)

const dotProduct = (x: Tensor, y: Tensor): Tensor => {
  if (x.shape.length === 0 || y.shape.length === 0) return mul(x, y)
  const inner = y.shape.length === 1 ? 0 : y.shape.length - 2
  const [m, n] = [dim(x.shape, x.shape.length - 1), dim(y.shape, inner)]
  if (m !== n)
    return fail(shapeError('dot', `summed sizes differ: ${showShape(x.shape)} · ${showShape(y.shape)} (${m} vs ${n})`))
  const a = `${range(0, x.shape.length - 1)
    .map(i => label(i + 1))
    .join('')}a`
  const rest = range(0, y.shape.length - 1).map(i => label(i + x.shape.length))
  const b = [...rest.slice(0, inner), 'a', ...rest.slice(inner)].join('')
  return contract({ a, b, out: `${a.slice(0, -1)}${rest.join('')}`, windows: [] }, x, y)
}

/** The sum of products over the last axis of x and the second to last (or only) axis of y, as NumPy's dot. */
export const dot = composite(
  {
    name: 'dot',
    doc: 'Sum of products over the last axis of x and the second to last of y.',
    apply: (_params: Record<string, never>, [x, y]) => dotProduct(x as Tensor, y as Tensor),
    sample: draw => {
      const n = draw.integer(1, 4)
      const [head, tail] = [draw.shape({ maxRank: 2 }), draw.shape({ maxRank: 2 })]
      const y = tail.length === 0 ? [n] : [...tail.slice(0, -1), n, ...tail.slice(-1)]
      return { params: {}, args: [draw.tensor([...head, n]), draw.tensor(y)] }
    },
    invalid: draw => ({ params: {}, args: [draw.tensor([3]), draw.tensor([4])] }),
  },
  <X extends TensorLike, Y extends TensorLike>(x: X, y: Check<Dot<ShapeOf<X>, ShapeOf<Y>>, Y>) => {
    const [a, b] = lift('dot', [x, y as TensorLike])
    return dotProduct(a as Tensor, b as Tensor) as Tensor<Resolved<Dot<ShapeOf<X>, ShapeOf<Y>>>>
  },
)

/** All products of an element of x with one of y: [m], [n] -> [m,n]; more axes are flattened, as NumPy's outer. */
export const outer = composite(
  {
    name: 'outer',
    doc: 'All products of an element of x with one of y.',
    apply: (_params: Record<string, never>, [x, y]) => outerProduct(x as Tensor, y as Tensor),
    sample: draw => ({ params: {}, args: [draw.tensor([draw.integer(1, 4)]), draw.tensor([draw.integer(1, 4)])] }),
  },
  <X extends TensorLike, Y extends TensorLike>(x: X, y: Y) => {
    const [a, b] = lift('outer', [x, y])
    return outerProduct(a as Tensor, b as Tensor) as Tensor<Resolved<Outer<ShapeOf<X>, ShapeOf<Y>>>>
  },
)
const outerProduct = (x: Tensor, y: Tensor): Tensor => mul(reshape([-1, 1])(x), reshape([1, -1])(y))

// ---- einsum

type Term = { readonly labels: string; readonly x: Tensor }

/** The character code of the first label that stands for an axis of `...`. */
const DOTS = 0x100

/** Splits 'ij,jk->ik' and writes out `...` and a missing result. */
const parse = (spec: string, xs: readonly Tensor[]): { readonly inputs: readonly string[]; readonly out: string } => {
  const wrong = (why: string): never => fail(valueError('einsum', `'${spec}' ${why}`))
  if (typeof spec !== 'string')
    return fail(
      valueError('einsum', `takes its specification first, as in einsum('ij,jk->ik', x, y), got ${describe(spec)}`),
    )
  const [left = '', right, ...more] = spec.replace(/\s/g, '').split('->')
  const inputs = left.split(',')
  if (more.length > 0) return wrong('has more than one ->')
  if (inputs.length !== xs.length) return wrong(`names ${inputs.length} operands, got ${xs.length}`)
  if (![...inputs, right ?? ''].every(s => /^[A-Za-z]*(\.\.\.[A-Za-z]*)?$/.test(s)))
    return wrong('may hold letters, commas, one ... for each operand, and ->')
  const plain = inputs.map(s => s.replace('...', ''))
  const spare = range(0, Math.max(0, ...xs.map((x, i) => x.shape.length - (plain[i] ?? '').length))).map(i =>
    String.fromCharCode(DOTS + i),
  )
  const dots = (s: string, n: number): string => s.replace('...', n > 0 ? spare.slice(-n).join('') : '')
  const full = inputs.map((s, i) => {
    const n = (xs[i] as Tensor).shape.length - (plain[i] ?? '').length
    if (n < 0 || (n > 0 && !s.includes('...')))
      return wrong(
        `names ${(plain[i] ?? '').length} axes of operand ${i}, which is ${showShape((xs[i] as Tensor).shape)}`,
      )
    return dots(s, n)
  })
  if (right !== undefined && spare.length > 0 && !right.includes('...'))
    return wrong('sums over the axes of ...: write ... in the result too')
  const every = full.join('')
  const once = [...new Set(every)].filter(l => !spare.includes(l) && every.split(l).length === 2).sort()
  const out =
    right === undefined ? spare.filter(l => every.includes(l)).join('') + once.join('') : dots(right, spare.length)
  const stranger = [...out].find(l => !every.includes(l))
  if (stranger !== undefined) return wrong(`has '${stranger}' in the result, which no operand has`)
  return new Set(out).size === out.length ? { inputs: full, out } : wrong('repeats a label in the result')
}

/** Takes the diagonal where an operand repeats a label, and sums labels nobody else wants. */
const simplified = ({ labels, x }: Term, wanted: ReadonlySet<string>): Term => {
  const repeated = [...labels].findIndex((l, i) => labels.indexOf(l) < i)
  if (repeated >= 0) {
    const l = labels[repeated] as string
    const original = labels.indexOf(l)
    const n = dim(x.shape, original)
    const shape = x.shape.map((size, i) => (i === original || i === repeated ? size : 1))
    const diagonal = where(reshape(shape)(eye(n, { dtype: 'bool' })), x, scalarLike(0, x.dtype))
    return simplified(
      { labels: labels.slice(0, repeated) + labels.slice(repeated + 1), x: sum({ axis: repeated })(diagonal) },
      wanted,
    )
  }
  const alone = range(0, labels.length).filter(i => !wanted.has(labels[i] as string))
  if (alone.length === 0) return { labels, x }
  return { labels: [...labels].filter((_, i) => !alone.includes(i)).join(''), x: sum({ axis: alone })(x) }
}

const contractPair = (a: Term, b: Term, wanted: ReadonlySet<string>): Term => {
  const out = [...new Set(a.labels + b.labels)].filter(l => wanted.has(l)).join('')
  return { labels: out, x: contract({ a: a.labels, b: b.labels, out, windows: [] }, a.x, b.x) }
}

const checkLabels = (spec: string, terms: readonly Term[]): void => {
  const sizes = new Map<string, number>()
  for (const { labels, x } of terms)
    for (const [i, l] of [...labels].entries()) {
      const n = dim(x.shape, i)
      const known = sizes.get(l) ?? n
      if (known !== n)
        fail(
          shapeError(
            'einsum',
            `'${spec}': axis ${l} is ${known} vs ${n} in ${terms.map(t => showShape(t.x.shape)).join(', ')}`,
          ),
        )
      sizes.set(l, known)
    }
}

/** Leaves out axes of `...` of size 1 that another operand stretches: the product broadcasts without them. */
const unstretched = (terms: readonly Term[]): readonly Term[] => {
  const stretches = (l: string): boolean => terms.some(({ labels, x }) => (x.shape[labels.indexOf(l)] ?? 1) !== 1)
  return terms.map(({ labels, x }) => {
    const kept = range(0, labels.length).filter(
      i => dim(x.shape, i) !== 1 || labels.charCodeAt(i) < DOTS || !stretches(labels[i] as string),
    )
    return { labels: kept.map(i => labels[i]).join(''), x: reshape(kept.map(i => dim(x.shape, i)))(x) }
  })
}

const einsumOf = (spec: string, xs: readonly Tensor[]): Tensor => {
  const { inputs, out } = parse(spec, xs)
  const terms = unstretched(inputs.map((labels, i): Term => ({ labels, x: xs[i] as Tensor })))
  checkLabels(spec, terms)
  const wantedBeside = (rest: readonly Term[]): ReadonlySet<string> => new Set(out + rest.map(t => t.labels).join(''))
  const reduced = terms.map((t, i) => simplified(t, wantedBeside(terms.filter((_, k) => k !== i))))
  const [start, ...others] = reduced
  const result = others.reduce((a, b, i) => contractPair(a, b, wantedBeside(others.slice(i + 1))), start as Term)
  const final = simplified(result, new Set(out))
  return transpose([...out].map(l => final.labels.indexOf(l)))(final.x)
}

const specs: readonly (readonly [spec: string, ...shapes: string[]])[] = [
  ['ij,jk->ik', 'ij', 'jk'],
  ['ij->ji', 'ij'],
  ['ii->i', 'ii'],
  ['ii', 'ii'],
  ['bij,bjk', 'bij', 'bjk'],
  ['i,j,k->kj', 'i', 'j', 'k'],
  ['ij,ij->', 'ij', 'ij'],
  ['...i,ij->...j', 'bki', 'ij'],
  ['ij,kj,k->i', 'ij', 'kj', 'k'],
]

/**
 * Einstein's summation as NumPy writes it: operands' axes get letters, letters missing from the result are summed over,
 * repeated ones take the diagonal, `...` stands for further axes, which broadcast. Operands are multiplied from left to right.
 * @throws ValueError for a malformed specification; ShapeError when a letter stands for two sizes
 * @example
 * einsum('ij,kj->ik', x, y) // [[-2, 4], [-2, 10]]
 */
export const einsum = composite(
  {
    name: 'einsum',
    doc: 'Sums of products over lettered axes.',
    apply: ({ spec }: { readonly spec: string }, xs) => einsumOf(spec, xs),
    sample: draw => {
      const [spec, ...operands] = draw.pick(specs)
      const sizes = new Map([...'bijk'].map(l => [l, draw.integer(1, 3)]))
      return { params: { spec }, args: operands.map(labels => draw.tensor([...labels].map(l => sizes.get(l) ?? 1))) }
    },
    invalid: draw => ({ params: { spec: 'ij,jk->ik' }, args: [draw.tensor([2, 3]), draw.tensor([4, 2])] }),
  },
  <const Spec extends string, const Xs extends readonly TensorLike[]>(spec: Check<Einsum<Spec, Xs>, Spec>, ...xs: Xs) =>
    einsumOf(spec as string, lift('einsum', xs)) as Tensor<Resolved<Einsum<Spec, Xs>>>,
)

/** The matrix transpose of the last two axes. */
export const matrixTranspose = <X extends Tensor>(
  x: Check<MatrixTranspose<ShapeOf<X>>, X>,
): Tensor<Resolved<MatrixTranspose<ShapeOf<X>>>> => {
  const { shape } = requireTensor('matrixTranspose', x)
  const rank = shape.length
  if (rank < 2) return fail(shapeError('matrixTranspose', `needs at least two axes, got ${showShape(shape)}`))
  const axes: Shape = [...range(0, rank - 2), rank - 1, rank - 2]
  return transpose(axes)(x as Tensor) as Tensor<Resolved<MatrixTranspose<ShapeOf<X>>>>
}
