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
import { linear, placeOf } from './address.ts'
import { type Scope, write } from './expressions.ts'
import { combiners, loops, variable } from './reduce.ts'
import { scalarText } from './scalars.ts'
import { decode, type Point, type Writer } from './writer.ts'

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

/** The coordinate along an axis that follows from those of the other axes and of the result, and the conditions under which it is there. */
const followed = (
  writer: Writer,
  axis: number,
  { result, by, map }: Follows,
  others: Point,
  element: Point,
): readonly [coordinate: string, conditions: readonly string[]] => {
  const sign = Math.sign(by)
  const rest = map.terms.filter(term => term.axis !== axis)
  const from: Affine = {
    offset: -sign * map.offset,
    terms: [{ axis: others.sizes.length, by: sign }, ...rest.map(term => ({ axis: term.axis, by: -sign * term.by }))],
    divisor: Math.abs(by),
  }
  const point: Point = {
    coordinates: [...others.coordinates, element.coordinates[result] ?? '0'],
    sizes: [...others.sizes, dim(element.sizes, result)],
  }
  const { offset, terms, conditions, never } = placeOf(writer, from, point, dim(others.sizes, axis), false)
  return [writer.integer(linear(writer, offset, terms)), never ? ['0 !== 0'] : conditions]
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
      const [coordinate, its] = followed(writer, axis, follows, { coordinates: at, sizes: axes }, point)
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
