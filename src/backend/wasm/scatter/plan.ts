/**
 * What a scatter looks like from its index expressions: rows that stay together, and axes along which no two updates meet.
 *
 * Layer: backend. The last axes of the updates often are the last axes of the result, as the width is in the gradient of an embedding;
 * then whole rows are combined, and only the position of each row is computed. Read next: scatter.ts.
 */
import { apply, constant, convert, type Expr, linearise, type Scatter, select } from '../../../core/kernel.ts'
import { range, type Shape, sizeOf, stridesOf } from '../../../core/shape.ts'

/** offset + Σ by·coordinate. */
type Form = { readonly offset: number; readonly by: ReadonlyMap<number, number> }

const plus = (x: Form, y: Form, sign: number): Form => {
  const by = new Map(x.by)
  for (const [axis, n] of y.by) by.set(axis, (by.get(axis) ?? 0) + sign * n)
  return { offset: x.offset + sign * y.offset, by: new Map([...by].filter(([, n]) => n !== 0)) }
}

const scaled = ({ offset, by }: Form, factor: number): Form => ({
  offset: offset * factor,
  by: new Map(factor === 0 ? [] : [...by].map(([axis, n]) => [axis, n * factor])),
})

const zero: Form = { offset: 0, by: new Map() }

const formOf = (node: Expr, axes: Shape, of: (expr: Expr | undefined) => Form | null): Form | null => {
  if (node.tag === 'const') return { ...zero, offset: node.value }
  if (node.tag === 'iota') return axes[node.axis] === 1 ? zero : { ...zero, by: new Map([[node.axis, 1]]) }
  if (node.tag !== 'apply') return null
  const [x, y] = [of(node.args[0]), of(node.args[1])]
  if (x === null) return null
  if (node.fn === 'neg') return scaled(x, -1)
  if (y === null) return null
  if (node.fn === 'add' || node.fn === 'sub') return plus(x, y, node.fn === 'add' ? 1 : -1)
  if (node.fn !== 'mul') return null
  return x.by.size === 0 ? scaled(y, x.offset) : y.by.size === 0 ? scaled(x, y.offset) : null
}

/** An int32 expression as an affine function of the coordinates alone; null if it is none. */
const affineForm = (expr: Expr, axes: Shape): Form | null => {
  const forms = new Map<Expr, Form | null>()
  const of = (node: Expr | undefined): Form | null => (node === undefined ? null : (forms.get(node) ?? null))
  for (const node of linearise([expr])) forms.set(node, node.dtype === 'int32' ? formOf(node, axes, of) : null)
  return of(expr)
}

/** Whether a value may change along an axis. */
const dependsOn = (expr: Expr, axis: number): boolean =>
  linearise([expr]).some(
    node =>
      (node.tag === 'iota' && node.axis === axis) ||
      (node.tag === 'load' && node.index.some(({ terms }) => terms.some(term => term.axis === axis))),
  )

/** Updates in rows of `width`, of which columns `from` to before `to` have a place. */
export type Rows = {
  /** The axes that number the rows. */
  readonly lead: Shape
  readonly width: number
  readonly from: number
  readonly to: number
  /** Where column `from` of a row goes, as an element of the result; -1 if the row is dropped. An expression over `lead`. */
  readonly position: Expr
  /** The axis of `lead` whose points have places of their own; -1 if there is none. */
  readonly apart: number
}

/** How many of the last axes of updates and result are the same, and the offset of the outermost of them. */
type Tail = { readonly axis: number; readonly dim: number; readonly offset: number; readonly partial: boolean }

/** Whether axes up to `dim` have places that do not depend on an axis. */
const independent = (index: readonly Expr[], dim: number, axis: number): boolean =>
  index.slice(0, dim).every(expr => !dependsOn(expr, axis))

/** One step of `tailOf`: a shorter rest, or the same where it ends. */
const shorter = ({ axes, shape, index }: Scatter, forms: readonly (Form | null)[], tail: Tail): Tail => {
  const { axis, dim, partial } = tail
  if (partial || axis < 0) return tail
  if (axes[axis] === 1) return independent(index, dim + 1, axis) ? { ...tail, axis: axis - 1 } : tail
  const form = forms[dim]
  if (form === undefined || form === null) return tail
  const { offset, by } = form
  if (shape[dim] === 1 && by.size === 0 && offset === 0) return { ...tail, dim: dim - 1 }
  if (by.size !== 1 || by.get(axis) !== 1 || !independent(index, dim, axis)) return tail
  return { axis: axis - 1, dim: dim - 1, offset, partial: offset !== 0 || axes[axis] !== shape[dim] }
}

/** The axes and dimensions before the common tail. */
const tailOf = (kernel: Scatter, forms: readonly (Form | null)[]): Tail => {
  let tail: Tail = { axis: kernel.axes.length - 1, dim: kernel.shape.length - 1, offset: 0, partial: false }
  for (;;) {
    const next = shorter(kernel, forms, tail)
    if (next === tail) return tail
    tail = next
  }
}

/** The least and the greatest value of a form. */
const hullOf = ({ offset, by }: Form, axes: Shape): readonly [low: number, high: number] => {
  const reach = [...by].map(([axis, n]) => n * ((axes[axis] ?? 1) - 1))
  const sum = (of: readonly number[]): number => of.reduce((total, n) => total + n, offset)
  return [sum(reach.filter(n => n < 0)), sum(reach.filter(n => n > 0))]
}

const int = (value: number): Expr => constant('int32', value)

/** Whether a coordinate is inside; null where it always is. */
const insideOf = (expr: Expr, form: Form | null, axes: Shape, size: number): Expr | null => {
  const [low, high] = form === null ? [-1, size] : hullOf(form, axes)
  const tests = [
    ...(low < 0 ? [apply('ge', expr, int(0))] : []),
    ...(high >= size ? [apply('lt', expr, int(size))] : []),
  ]
  return both(tests)
}

const both = (tests: readonly Expr[]): Expr | null =>
  tests.reduce<Expr | null>((all, test) => (all === null ? test : apply('and', all, test)), null)

/** The element at which column `from` of a row goes; `shift` is that of a row at coordinates 0. */
const positionOf = (kernel: Scatter, forms: readonly (Form | null)[], dims: number, shift: number): Expr => {
  const { shape, axes, index } = kernel
  const strides = stridesOf(shape)
  const at = index.slice(0, dims).map(expr => convert('int32', expr))
  const tests = at.map((expr, d) => insideOf(expr, forms[d] ?? null, axes, shape[d] ?? 1))
  const flat = at.reduce<Expr>((sum, expr, d) => {
    const stride = strides[d] ?? 1
    return apply('add', sum, stride === 1 ? expr : apply('mul', expr, int(stride)))
  }, int(shift))
  const inside = both(tests.filter(test => test !== null))
  return inside === null ? flat : select(inside, flat, int(-1))
}

/** The longest axis that alone moves some coordinate: updates at different points of it never meet. */
const apartAxis = (lead: Shape, forms: readonly (Form | null)[]): number => {
  const alone = new Set(forms.flatMap(form => (form?.by.size === 1 ? [...form.by.keys()] : [])))
  return range(0, lead.length)
    .filter(axis => alone.has(axis))
    .reduce((best, axis) => (best < 0 || (lead[axis] ?? 0) > (lead[best] ?? 0) ? axis : best), -1)
}

/** The rows that the updates of a scatter are made of. */
export const rowsOf = (kernel: Scatter): Rows => {
  const { shape, axes, index } = kernel
  const forms = index.map(expr => affineForm(expr, axes))
  const { axis, dim, offset, partial } = tailOf(kernel, forms)
  const lead = axes.slice(0, axis + 1)
  const width = sizeOf(axes.slice(axis + 1))
  const inner = sizeOf(shape.slice(dim + 2))
  const [size, room] = [axes[axis + 1] ?? 1, shape[dim + 1] ?? 1]
  const from = partial ? Math.min(width, Math.max(0, -offset) * inner) : 0
  const to = partial ? Math.max(from, Math.min(size, room - offset) * inner) : width
  const position = positionOf(kernel, forms, dim + 1, partial ? from + offset * inner : 0)
  return { lead, width, from, to, position, apart: apartAxis(lead, forms) }
}
