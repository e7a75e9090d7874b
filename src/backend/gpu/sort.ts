/**
 * Sorting: keys are counted within blocks of a row, and blocks are merged in pairs, in as many kernels as it takes.
 *
 * Layer: backend. Threads cannot exchange elements, so each looks for the one that belongs in its place: in a block, for the key that as
 * many others precede; in a merge, for the point up to which both runs have been used, by bisection (O. Green, R. McColl and
 * D. A. Bader, "GPU merge path", 2012). All of it takes n log² n steps. Read first: source.ts.
 */
import type { Dtype } from '../../core/dtype.ts'
import type { Sort } from '../../core/kernel.ts'
import { dim, range, sizeOf } from '../../core/shape.ts'
import { type GpuKernel, type Head, kernelOf } from './gpu-kernel.ts'
import { bisect, loops, NOWHERE } from './loops.ts'
import { isNumber } from './reduce.ts'
import { divide, element, type Operand, type Writer } from './writer.ts'

/** Elements of a block. */
const BLOCK = 32

const lengthOf = ({ shape }: Sort): number => dim(shape, shape.length - 1)

/** Whether a key precedes another, as text: the smaller one, or a number a NaN; an equal one when `tie` holds, if that is said. */
const precedes = (writer: Writer, dtype: Dtype, key: string, other: string, tie?: string): string => {
  const orTied = (equal: string): string => (tie === undefined ? '' : ` || ((${equal}) && ${tie})`)
  if (dtype !== 'float32') return `${key} < ${other}${orTied(`${key} === ${other}`)}`
  const [real, number] = [isNumber(writer, key), isNumber(writer, other)]
  return `${key} < ${other} || ${real} > ${number}${orTied(`${key} === ${other} || ${real} + ${number} === 0`)}`
}

/** A place in a row: `at` counts from the start of the array, `place` from that of the row, `within` from that of its block. */
type Placed = { readonly at: string; readonly place: string; readonly within: string }

const placed = (writer: Writer, at: string, sort: Sort, block: number): Placed => {
  const length = lengthOf(sort)
  const [, place] = divide(writer, at, length, sizeOf(sort.shape))
  const [, within] = block < length ? divide(writer, place, block, length) : ['0', place]
  return { at, place, within }
}

/** A loop over the places of a block; `there` is 0 beyond the end of the row, where the place is that of the thread. */
const overBlock = (
  writer: Writer,
  sort: Sort,
  { at, place, within }: Placed,
  body: (other: Placed, there: string) => void,
): void => {
  const length = lengthOf(sort)
  const size = Math.min(BLOCK, length)
  loops(writer, NOWHERE, [size], ({ coordinates: [j = '0'] }) => {
    const [moved, other] = [writer.integer(`${place} - ${within} + ${j}`), writer.integer(`${at} - ${within} + ${j}`)]
    const there = writer.float(length % size === 0 ? '1' : `${moved} < ${length} ? 1 : 0`)
    if (length % size !== 0) writer.line(`if (${there} === 0) { ${other} = ${at}; }`)
    body({ at: other, place: moved, within: j }, there)
  })
}

/** How many keys of its block precede each. */
const ranks = (head: Head, sort: Sort, dtype: Dtype, of: Operand): GpuKernel =>
  kernelOf(head, 'float32', sizeOf(sort.shape), (writer, at) => {
    const keys = writer.array(of)
    const own = placed(writer, at, sort, BLOCK)
    const key = element(writer, dtype, keys, at)
    const count = writer.fresh()
    writer.line(`let ${count} = 0;`)
    overBlock(writer, sort, own, (other, there) => {
      const before = precedes(
        writer,
        dtype,
        element(writer, dtype, keys, other.at),
        key,
        `${other.within} < ${own.within}`,
      )
      writer.line(`${count} = ${count} + ${writer.float(`${there} === 1 && (${before}) ? 1 : 0`)};`)
    })
    return count
  })

/** The places of the row that the keys of a block come from, in their order. */
const orderOfBlocks = (head: Head, sort: Sort, of: number): GpuKernel =>
  kernelOf(head, 'int32', sizeOf(sort.shape), (writer, at) => {
    const counts = writer.array({ tag: 'result', of })
    const own = placed(writer, at, sort, BLOCK)
    const found = writer.integer('0')
    overBlock(writer, sort, own, (other, there) => {
      const rank = writer.integer(writer.wholeOf(`${counts}[${other.at}]`))
      writer.line(`if (${there} === 1 && ${rank} === ${own.within}) { ${found} = ${other.place}; }`)
    })
    return found
  })

/** Of two runs of `width` sorted places, one: at each place, as many of the first run are used as bisection finds. */
const merged = (head: Head, sort: Sort, dtype: Dtype, of: Operand, width: number, runs: number): GpuKernel =>
  kernelOf(head, 'int32', sizeOf(sort.shape), (writer, at) => {
    const length = lengthOf(sort)
    const keys = writer.array(of)
    const order = writer.array({ tag: 'result', of: runs })
    const { place, within } = placed(writer, at, sort, 2 * width)
    const row = writer.integer(`${at} - ${place}`)
    const first = writer.integer(`${at} - ${within}`)
    const placeAt = (address: string): string => element(writer, 'int32', order, address)
    const keyOf = (from: string): string => element(writer, dtype, keys, writer.integer(`${row} + ${from}`))
    const rest = writer.integer(`${length} - ${place} + ${within}`)
    // Keys of the first run, and of the second, which may be short or missing at the end of a row.
    const [left, right] = [writer.integer(rest), writer.integer(`${rest} - ${width}`)]
    for (const count of [left, right]) writer.line(`if (${count} > ${width}) { ${count} = ${width}; }`)
    writer.line(`if (${right} < 0) { ${right} = 0; }`)
    const [low, high] = [writer.integer(`${within} - ${right}`), writer.integer(within)]
    writer.line(`if (${low} < 0) { ${low} = 0; }`)
    writer.line(`if (${high} > ${left}) { ${high} = ${left}; }`)
    bisect(writer, low, high, width, (middle, open) => {
      const [a, b] = [
        writer.integer(`${first} + ${middle}`),
        writer.integer(`${first} + ${width - 1} + ${within} - ${middle}`),
      ]
      writer.line(`if (${open} === 0) { ${a} = ${at}; ${b} = ${at}; }`)
      return precedes(writer, dtype, keyOf(placeAt(b)), keyOf(placeAt(a)))
    })
    const used = writer.integer(`${within} - ${low}`)
    const [a, b] = [writer.integer(`${first} + ${low}`), writer.integer(`${first} + ${width} + ${used}`)]
    const [inFirst, inSecond] = [writer.float(`${low} < ${left} ? 1 : 0`), writer.float(`${used} < ${right} ? 1 : 0`)]
    writer.line(`if (${inFirst} === 0) { ${a} = ${at}; }`)
    writer.line(`if (${inSecond} === 0) { ${b} = ${at}; }`)
    const [one, other] = [placeAt(a), placeAt(b)]
    const before = precedes(writer, dtype, keyOf(other), keyOf(one))
    return writer.integer(`${inFirst} === 1 && (${inSecond} === 0 || !(${before})) ? ${one} : ${other}`)
  })

/** The kernels of a sort of keys of a dtype, behind some others; the last gives the result. */
export const sortKernels = (
  head: Head,
  sort: Sort,
  dtype: Dtype,
  keys: Operand = { tag: 'input', input: 0 },
  before = 0,
): readonly GpuKernel[] => {
  const passes = Math.max(0, Math.ceil(Math.log2(lengthOf(sort) / BLOCK)))
  return [
    ranks(head, sort, dtype, keys),
    orderOfBlocks(head, sort, before),
    ...range(0, passes).map(pass => merged(head, sort, dtype, keys, BLOCK * 2 ** pass, before + pass + 1)),
  ]
}
