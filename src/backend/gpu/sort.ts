/**
 * Sorting: each key counts those that come before it in its row, and each place looks for the key that has counted so many.
 *
 * Layer: backend. Threads cannot exchange elements, so this takes the square of the length in steps, all of them at once.
 */
import type { Dtype } from '../../core/dtype.ts'
import type { Sort } from '../../core/kernel.ts'
import { sizeOf } from '../../core/shape.ts'
import { type GpuKernel, type Head, kernelOf } from './gpu-kernel.ts'
import { isNumber, loops } from './reduce.ts'
import { divide, element, type Writer } from './writer.ts'

const NOWHERE = { coordinates: [], sizes: [] } as const

/** Whether a key comes before another: the smaller, numbers before NaN, and the earlier of two that are equal. */
const comesBefore = (
  writer: Writer,
  dtype: Dtype,
  other: string,
  key: string,
  number: string,
  earlier: string,
): string => {
  if (dtype !== 'float32') return `${other} < ${key} || (${other} === ${key} && ${earlier})`
  const real = isNumber(writer, other)
  return `${other} < ${key} || ${real} > ${number} || ((${other} === ${key} || ${real} + ${number} === 0) && ${earlier})`
}

/** How many keys of the row come before each. Counts below 2²⁴ are exact as floats, and longer rows are out of reach. */
const ranks = (head: Head, { shape }: Sort, dtype: Dtype): GpuKernel => {
  const length = shape.at(-1) ?? 1
  return kernelOf(head, 'float32', sizeOf(shape), (writer, at) => {
    const array = writer.array({ tag: 'input', input: 0 })
    const [, place] = divide(writer, at, length, sizeOf(shape))
    const key = element(writer, dtype, array, at)
    const number = dtype === 'float32' ? isNumber(writer, key) : '1'
    const start = writer.integer(`${at} - ${place}`)
    const count = writer.fresh()
    writer.line(`let ${count} = 0;`)
    loops(writer, NOWHERE, [length], ({ coordinates: [j = '0'] }) => {
      const other = element(writer, dtype, array, writer.integer(`${start} + ${j}`))
      const before = comesBefore(writer, dtype, other, key, number, `${j} < ${place}`)
      writer.line(`${count} = ${count} + ${writer.float(`(${before}) ? 1 : 0`)};`)
    })
    return count
  })
}

const places = (head: Head, { shape }: Sort): GpuKernel => {
  const length = shape.at(-1) ?? 1
  return kernelOf(head, 'int32', sizeOf(shape), (writer, at) => {
    const array = writer.array({ tag: 'result', of: 0 })
    const [, place] = divide(writer, at, length, sizeOf(shape))
    const start = writer.integer(`${at} - ${place}`)
    const found = writer.integer('0')
    loops(writer, NOWHERE, [length], ({ coordinates: [j = '0'] }) => {
      const rank = writer.integer(writer.wholeOf(`${array}[${writer.integer(`${start} + ${j}`)}]`))
      writer.line(`if (${rank} === ${place}) { ${found} = ${j}; }`)
    })
    return found
  })
}

/** The kernels of a sort of keys of a dtype; the second gives the result. */
export const sortKernels = (head: Head, kernel: Sort, dtype: Dtype): readonly GpuKernel[] => [
  ranks(head, kernel, dtype),
  places(head, kernel),
]
