/**
 * Scatters as gathers: each element of the result looks for the updates that are meant for it.
 *
 * Layer: backend. There are no atomics in gpu.js. An axis along which an update keeps its own coordinate is not searched, so rows that
 * each get one update look at one alone; without such axes an element looks at all updates.
 */
import type { Expr, Scatter } from '../../core/kernel.ts'
import { dim, range } from '../../core/shape.ts'
import { type Scope, write } from './expressions.ts'
import { combiners, loops, variable } from './reduce.ts'
import { scalarText } from './scalars.ts'
import { decode, type Point, type Writer } from './writer.ts'

/** For each axis of the updates, the axis of the result whose coordinate it is, if any. */
const keptAxes = ({ axes, index, shape }: Scatter): readonly (number | undefined)[] =>
  axes.map((size, axis) => {
    const at = index.findIndex(expr => expr.tag === 'iota' && expr.axis === axis)
    return at >= 0 && size >= dim(shape, at) ? at : undefined
  })

/** An element of a scatter: the name of its value. */
export const scatterText = (writer: Writer, element: string, kernel: Scatter): string => {
  const { axes, index, update, combine, shape } = kernel
  const { dtype } = update
  const point = decode(writer, element, shape)
  const [start = '0'] = write(writer, [kernel.init], scopeAt(point))
  const total = variable(writer, dtype, start)
  const kept = keptAxes(kernel)
  const searched = range(0, axes.length).filter(axis => kept[axis] === undefined)
  const sizes = searched.map(axis => dim(axes, axis))
  loops(writer, { coordinates: [], sizes: [] }, sizes, ({ coordinates }) => {
    const at = axes.map((_, axis) => {
      const result = kept[axis]
      return (result === undefined ? coordinates[searched.indexOf(axis)] : point.coordinates[result]) ?? '0'
    })
    const exprs: readonly Expr[] = [...index, update]
    const names = write(writer, exprs, scopeAt({ coordinates: at, sizes: axes }))
    const value = names[index.length] ?? '0'
    const hits = index.map((_, axis) => `${names[axis]} === ${point.coordinates[axis] ?? '0'}`)
    const hit = writer.float(`(${hits.length === 0 ? '0 === 0' : hits.join(' && ')}) ? 1 : 0`)
    const next =
      combine === 'last' ? value : writer.value(dtype, scalarText(writer, combiners[combine], dtype, [total, value]))
    writer.line(`${total} = ${hit} !== 0 ? ${next} : ${total};`)
  })
  return total
}

const scopeAt = (point: Point): Scope => ({ point, stages: new Map(), values: new Map() })
