/**
 * Scatters as gathers: each element of the result looks for the updates that are meant for it.
 *
 * Layer: backend. There are no atomics in gpu.js. Where a coordinate of the result is an index map of those of an update, one of the
 * latter follows from the others and is not searched: of the windows of a pooling an element looks at one for each place in a window,
 * and a row that gets one update looks at that alone. Coordinates that are computed, as the rows of an embedding are, make a key of each
 * update; where there are many, these are sorted, and an element finds its own by bisection. Among few it looks at all.
 */
import { axisMap } from '../../compile/affine.ts'
import { relocating } from '../../compile/expressions.ts'
import { asAffine } from '../../compile/scatters.ts'
import { type Affine, apply, constant, type Expr, type Scatter, select } from '../../core/kernel.ts'
import { dim, range, type Shape, sizeOf, stridesOf } from '../../core/shape.ts'
import { linear, placeOf } from './address.ts'
import { dependence, type Scope, write } from './expressions.ts'
import { bisect, loops, NOWHERE, variable } from './loops.ts'
import { combiners } from './reduce.ts'
import { scalarText } from './scalars.ts'
import { decode, element, type Operand, type Point, type Writer } from './writer.ts'

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

/** How an element finds its updates: axes of an update that follow, others, and axes of the result that have to be compared. */
export type Search = {
  readonly following: ReadonlyMap<number, Follows>
  readonly searched: readonly number[]
  readonly compared: readonly number[]
}

/** The search of a scatter. */
export const searchOf = (kernel: Scatter): Search => {
  const following = followingAxes(kernel)
  const settled = new Set([...following.values()].map(({ result }) => result))
  return {
    following,
    searched: range(0, kernel.axes.length).filter(axis => !following.has(axis)),
    compared: range(0, kernel.index.length).filter(result => !settled.has(result)),
  }
}

/** The axes that are searched. */
export const searchedSizes = ({ axes }: Scatter, { searched }: Search): Shape => searched.map(axis => dim(axes, axis))

/** Fewer updates than this are looked at one by one. */
const MANY = 256

/**
 * Which element an update is for, as a number over the axes that are searched: counted along the axes of the result that have to be
 * compared, and past them all where there is none. Null where sorting such keys is not possible, or not worth it.
 */
export const keyOf = (kernel: Scatter, search: Search): Expr | null => {
  const { axes, shape, index } = kernel
  const { following, searched, compared } = search
  const exprs = compared.map(result => index[result] as Expr)
  if (exprs.length === 0 || sizeOf(searchedSizes(kernel, search)) < MANY) return null
  if (sizeOf(shape) === 0 || exprs.some(dependence(axis => following.has(axis)))) return null
  const moved = exprs.map(relocating(axes.map((_, axis) => axisMap(Math.max(0, searched.indexOf(axis))))))
  const sizes = compared.map(result => dim(shape, result))
  const strides = stridesOf(sizes)
  const int = (value: number): Expr => constant('int32', value)
  const inside = moved
    .map((expr, i) => apply('and', apply('ge', expr, int(0)), apply('lt', expr, int(dim(sizes, i)))))
    .reduce((a, b) => apply('and', a, b))
  const number = moved.map((expr, i) => apply('mul', expr, int(dim(strides, i)))).reduce((a, b) => apply('add', a, b))
  return select(inside, number, int(sizeOf(sizes)))
}

/** Arrays of a scatter's keys: the keys, and their numbers in sorted order. */
export type Sorted = { readonly keys: Operand; readonly order: Operand }

/** A loop over the updates whose key is that of an element. */
const overSorted = (
  writer: Writer,
  { keys, order }: Sorted,
  key: string,
  sizes: Shape,
  body: (coordinates: readonly string[]) => void,
): void => {
  const count = sizeOf(sizes)
  const [sorted, found] = [writer.array(order), writer.array(keys)]
  const keyAt = (at: string): string => element(writer, 'int32', found, at)
  const updateAt = (place: string): string => element(writer, 'int32', sorted, place)
  const [low, high] = [writer.integer('0'), writer.integer(String(count))]
  bisect(writer, low, high, count, (middle, open) => {
    writer.line(`if (${open} === 0) { ${middle} = 0; }`)
    return `${keyAt(updateAt(middle))} >= ${key}`
  })
  loops(writer, NOWHERE, [count], ({ coordinates: [i = '0'] }) => {
    const place = writer.integer(`${low} + ${i}`)
    writer.line(`if (${place} > ${count - 1}) { break; }`)
    const update = updateAt(place)
    writer.line(`if (${keyAt(update)} !== ${key}) { break; }`)
    body(decode(writer, update, sizes).coordinates)
  })
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
export const scatterText = (
  writer: Writer,
  at: string,
  kernel: Scatter,
  search: Search,
  sorted: Sorted | null,
): string => {
  const { axes, index, update, combine, shape } = kernel
  const { following, searched } = search
  const { dtype } = update
  const point = decode(writer, at, shape)
  const [start = '0'] = write(writer, [kernel.init], scopeAt(point))
  const total = variable(writer, dtype, start)
  if (sizeOf(axes) === 0) return total
  const sizes = searchedSizes(kernel, search)
  const compared = sorted === null ? search.compared : []
  const combineWith = (coordinates: readonly string[]): void => {
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
    const exprs = [...compared.map(result => index[result] as Expr), update]
    const names = write(writer, exprs, scopeAt({ coordinates: at, sizes: axes }))
    const value = names[compared.length] ?? '0'
    const hits = compared.map((result, i) => `${names[i]} === ${point.coordinates[result] ?? '0'}`)
    const hit = writer.float(`(${[`${isThere} !== 0`, ...hits].join(' && ')}) ? 1 : 0`)
    const next =
      combine === 'last' ? value : writer.value(dtype, scalarText(writer, combiners[combine], dtype, [total, value]))
    writer.line(`${total} = ${hit} !== 0 ? ${next} : ${total};`)
  }
  if (sorted === null) loops(writer, NOWHERE, sizes, ({ coordinates }) => combineWith(coordinates))
  else {
    const own = search.compared.map(result => [point.coordinates[result] ?? '0', dim(shape, result)] as const)
    const strides = stridesOf(own.map(([, size]) => size))
    const key = linear(
      writer,
      0,
      own.map(([name], i) => [name, dim(strides, i)] as const),
    )
    overSorted(writer, sorted, writer.integer(key), sizes, combineWith)
  }
  return total
}

const scopeAt = (point: Point): Scope => ({ point, stages: new Map(), values: new Map() })
