/**
 * Running totals: each kernel combines what is twice as far apart as in the one before (W. D. Hillis and G. L. Steele, 1986), so there
 * are as many as the length has binary digits.
 *
 * Layer: backend. Read first: source.ts.
 */
import type { Cumulate } from '../../core/kernel.ts'
import { dim, sizeOf, stridesOf } from '../../core/shape.ts'
import { type Scope, write } from './expressions.ts'
import { type GpuKernel, type Head, kernelOf } from './gpu-kernel.ts'
import { combiners } from './reduce.ts'
import { scalarText } from './scalars.ts'
import { decode, element, type Point, type Writer } from './writer.ts'

const scopeAt = (point: Point): Scope => ({ point, stages: new Map(), values: new Map() })

/** Combines a value with the one `distance` before it, where there is one. `there` reads that, and gets the distance to take. */
const combined = (
  writer: Writer,
  { axes, axis, reverse, monoid, expr }: Cumulate,
  point: Point,
  distance: number,
  value: string,
  there: (distance: string) => string,
): string => {
  const c = point.coordinates[axis] ?? '0'
  const has = writer.float(`${reverse ? `${c} < ${dim(axes, axis) - distance}` : `${c} >= ${distance}`} ? 1 : 0`)
  const far = writer.integer(String(reverse ? -distance : distance))
  writer.line(`if (${has} === 0) { ${far} = 0; }`)
  const other = there(far)
  const both = writer.value(expr.dtype, scalarText(writer, combiners[monoid], expr.dtype, [other, value]))
  return writer.value(expr.dtype, `${has} !== 0 ? ${both} : ${value}`)
}

/** The first kernel: values, combined with their neighbours. */
const first = (head: Head, kernel: Cumulate): GpuKernel => {
  const { axes, axis, expr } = kernel
  return kernelOf(head, expr.dtype, sizeOf(axes), (writer, at) => {
    const point = decode(writer, at, axes)
    const valueAt = (p: Point): string => write(writer, [expr], scopeAt(p))[0] ?? '0'
    const value = valueAt(point)
    if (dim(axes, axis) < 2) return value
    return combined(writer, kernel, point, 1, value, far => {
      const moved = writer.integer(`${point.coordinates[axis] ?? '0'} - ${far}`)
      return valueAt({ ...point, coordinates: point.coordinates.map((name, i) => (i === axis ? moved : name)) })
    })
  })
}

/** A later kernel, which reads the one before it. */
const later = (head: Head, kernel: Cumulate, distance: number, of: number): GpuKernel => {
  const { axes, axis, expr } = kernel
  const stride = stridesOf(axes)[axis] ?? 1
  return kernelOf(head, expr.dtype, sizeOf(axes), (writer, at) => {
    const array = writer.array({ tag: 'result', of })
    const value = element(writer, expr.dtype, array, at)
    return combined(writer, kernel, decode(writer, at, axes), distance, value, far =>
      element(writer, expr.dtype, array, writer.integer(`${at} - ${far} * ${stride}`)),
    )
  })
}

/** The kernels of running totals; the last gives the result. */
export const cumulateKernels = (head: Head, kernel: Cumulate, before: number): readonly GpuKernel[] => {
  const kernels = [first(head, kernel)]
  for (let distance = 2; distance < dim(kernel.axes, kernel.axis); distance *= 2)
    kernels.push(later(head, kernel, distance, before + kernels.length - 1))
  return kernels
}
