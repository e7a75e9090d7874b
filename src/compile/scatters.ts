/**
 * Scatters that write every element exactly once, as maps.
 *
 * Layer: compile. Such is the way back through windows that touch without overlapping, as those of pooling mostly do. A map can be
 * fused and cut into chunks as one likes. Read next: lower.ts, which asks for it.
 */
import { type Affine, apply, type Expr, type Kernel, mapNest, type Scatter } from '../core/kernel.ts'
import { range, type Shape, sizeOf, stridesOf } from '../core/shape.ts'
import { axisMap, combine, digitsOf, rowMajor } from './affine.ts'
import { relocating } from './expressions.ts'

/** An int32 expression as an index map, if it is one. */
export const asAffine = (expr: Expr): Affine | undefined => {
  if (expr.tag === 'iota') return axisMap(expr.axis)
  if (expr.tag === 'const') return combine(expr.value, [])
  if (expr.tag !== 'apply') return undefined
  const [x, y] = expr.args.map(asAffine)
  if (x === undefined || y === undefined) return undefined
  if (expr.fn === 'add')
    return combine(0, [
      [1, x],
      [1, y],
    ])
  if (expr.fn === 'sub')
    return combine(0, [
      [1, x],
      [-1, y],
    ])
  if (expr.fn !== 'mul') return undefined
  const [factor, other] = x.terms.length === 0 ? [x, y] : [y, x]
  return factor.terms.length === 0 ? combine(0, [[factor.offset, other]]) : undefined
}

/** Axes from the one that moves furthest to the one that moves least, if together they reach every element once. */
const inOrder = (address: Affine, axes: Shape, size: number): readonly number[] | undefined => {
  const by = new Map(address.terms.map(term => [term.axis, term.by]))
  const moving = range(0, axes.length).filter(axis => axes[axis] !== 1)
  const order = moving.sort((a, b) => (by.get(b) ?? 0) - (by.get(a) ?? 0))
  const strides = stridesOf(order.map(axis => axes[axis] as number))
  const complete = order.every((axis, i) => by.get(axis) === strides[i])
  return complete && address.offset === 0 && sizeOf(axes) === size ? order : undefined
}

/** Whether every coordinate stays inside for every point, so that the address alone says where an update goes. */
const staysInside = (index: readonly Affine[], axes: Shape, shape: Shape): boolean =>
  index.every(({ offset, terms }, d) => {
    const most = terms.reduce((sum, { axis, by }) => sum + by * ((axes[axis] as number) - 1), offset)
    return offset >= 0 && terms.every(({ by }) => by > 0) && most < (shape[d] as number)
  })

const asMap = ({ shape, axes, index, update, init, combine: how }: Scatter): Kernel | undefined => {
  const maps = index.map(asAffine)
  if (!maps.every(map => map !== undefined) || !staysInside(maps, axes, shape)) return undefined
  const strides = stridesOf(shape)
  const address = combine(
    0,
    maps.map((map, d) => [strides[d] as number, map] as const),
  )
  const order = inOrder(address, axes, sizeOf(shape))
  if (order === undefined) return undefined
  const sizes = order.map(axis => axes[axis] as number)
  const there = digitsOf(rowMajor(sizes), shape, sizes)
  const coordinates = axes.map((_, axis) => (order.includes(axis) ? axisMap(order.indexOf(axis)) : combine(0, [])))
  const value = relocating(coordinates)(update)
  if (how === 'last') return mapNest(sizes, value)
  const start = there === undefined ? undefined : relocating(there)(init)
  if (start === undefined) return init.tag === 'const' ? mapNest(sizes, combined(how, init, value)) : undefined
  return mapNest(sizes, combined(how, start, value))
}

const combined = (how: 'sum' | 'prod' | 'max' | 'min', start: Expr, value: Expr): Expr =>
  apply(({ sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const)[how], start, value)

/** A scatter as a map where it is one; any other kernel as it is. */
export const gathered = (kernel: Kernel): Kernel =>
  kernel.tag === 'scatter' && sizeOf(kernel.axes) > 0 ? (asMap(kernel) ?? kernel) : kernel
