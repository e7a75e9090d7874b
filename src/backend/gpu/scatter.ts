/**
 * Scatters as gathers: each element of the result looks for the updates that are meant for it.
 *
 * Layer: backend. There are no atomics in gpu.js. Where a coordinate of the result is an index map of those of an update, one of the
 * latter follows from the others and is not searched: of the windows of a pooling an element looks at one for each place in a window,
 * and a row that gets one update looks at that alone. Without such maps an element looks at all updates.
 */
import { asAffine } from '../../compile/scatters.ts'
import type { Affine, Expr, Scatter } from '../../core/kernel.ts'
import { dim, range, sizeOf } from '../../core/shape.ts'
import { linear, spanOf, within } from './address.ts'
import { type Scope, write } from './expressions.ts'
import { combiners, loops, variable } from './reduce.ts'
import { scalarText } from './scalars.ts'
import { decode, divide, type Point, type Writer } from './writer.ts'

/** An axis of the updates that follows from an axis of the result and from the other axes of the index map between them. */
type Follows = { readonly result: number; readonly by: number; readonly map: Affine }

/**
 * The axes that need not be searched: of each index map the longest that is there for the taking. Where the last update counts, those
 * alone that depend on nothing that is searched, so that updates are met in their order.
 */
const followingAxes = ({ axes, index, combine }: Scatter): ReadonlyMap<number, Follows> => {
  const following = new Map<number, Follows>()
  const searched = new Set<number>()
  index.forEach((expr, result) => {
    const found = asAffine(expr)
    const terms = found?.terms.filter(({ axis }) => dim(axes, axis) !== 1) ?? []
    if (found === undefined || terms.some(({ axis }) => following.has(axis))) return
    if (combine === 'last' && terms.length > 1) return
    const [longest] = terms
      .filter(({ axis }) => !searched.has(axis))
      .sort((a, b) => dim(axes, b.axis) - dim(axes, a.axis))
    if (longest === undefined) return
    for (const { axis } of terms) if (axis !== longest.axis) searched.add(axis)
    following.set(longest.axis, { result, by: longest.by, map: { ...found, terms } })
  })
  return following
}

/** The coordinate along an axis that follows from others, and the conditions under which there is one. */
const followed = (
  writer: Writer,
  { result, by, map }: Follows,
  at: string,
  others: readonly string[],
  { axes, shape }: Scatter,
  axis: number,
): readonly [coordinate: string, conditions: readonly string[]] => {
  const sign = Math.sign(by)
  const rest = map.terms.filter(term => term.axis !== axis)
  const from: Affine = {
    offset: -sign * map.offset,
    terms: [{ axis: axes.length, by: sign }, ...rest.map(term => ({ axis: term.axis, by: -sign * term.by }))],
    divisor: 1,
  }
  const names = [...others, at]
  const text = linear(
    writer,
    from.offset,
    from.terms.map(term => [names[term.axis] ?? '0', term.by] as const),
  )
  const [low, high] = spanOf(from, [...axes, dim(shape, result)])
  const size = dim(axes, axis)
  if (Math.abs(by) === 1) {
    const coordinate = writer.integer(text)
    return [coordinate, within(coordinate, low, high, size)]
  }
  const bound = Math.max(Math.abs(low), Math.abs(high))
  const [quotient, remainder] = divide(writer, writer.integer(text), Math.abs(by), bound)
  const coordinate = writer.integer(quotient)
  const inside = within(coordinate, Math.floor(low / Math.abs(by)), Math.floor(high / Math.abs(by)), size)
  return [coordinate, [`${remainder} === 0`, ...inside]]
}

/** An element of a scatter: the name of its value. */
export const scatterText = (writer: Writer, element: string, kernel: Scatter): string => {
  const { axes, index, update, combine, shape } = kernel
  const { dtype } = update
  const point = decode(writer, element, shape)
  const [start = '0'] = write(writer, [kernel.init], scopeAt(point))
  const total = variable(writer, dtype, start)
  if (sizeOf(axes) === 0) return total
  const following = followingAxes(kernel)
  const settled = new Set([...following.values()].map(({ result }) => result))
  const compared = range(0, index.length).filter(result => !settled.has(result))
  const searched = range(0, axes.length).filter(axis => !following.has(axis))
  const sizes = searched.map(axis => dim(axes, axis))
  loops(writer, { coordinates: [], sizes: [] }, sizes, ({ coordinates }) => {
    const at = axes.map((_, axis) => coordinates[searched.indexOf(axis)] ?? '0')
    const conditions: string[] = []
    const found = [...following].map(([axis, follows]) => {
      const [coordinate, its] = followed(writer, follows, point.coordinates[follows.result] ?? '0', at, kernel, axis)
      conditions.push(...its)
      return [axis, coordinate] as const
    })
    const isThere = writer.float(`(${['0 === 0', ...conditions].join(' && ')}) ? 1 : 0`)
    for (const [axis, coordinate] of found) {
      writer.line(`if (${isThere} === 0) { ${coordinate} = 0; }`)
      at[axis] = coordinate
    }
    const exprs: readonly Expr[] = [...compared.map(result => index[result] as Expr), update]
    const names = write(writer, exprs, scopeAt({ coordinates: at, sizes: axes }))
    const value = names[compared.length] ?? '0'
    const hits = compared.map((result, i) => `${names[i]} === ${point.coordinates[result] ?? '0'}`)
    const hit = writer.float(`(${[`${isThere} !== 0`, ...hits].join(' && ')}) ? 1 : 0`)
    const next =
      combine === 'last' ? value : writer.value(dtype, scalarText(writer, combiners[combine], dtype, [total, value]))
    writer.line(`${total} = ${hit} !== 0 ? ${next} : ${total};`)
  })
  return total
}

const scopeAt = (point: Point): Scope => ({ point, stages: new Map(), values: new Map() })
