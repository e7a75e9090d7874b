/**
 * Prints arrays as NumPy does: shortest digits that identify the number, aligned columns, long arrays summarised.
 *
 * Layer: core. Source: the rules of numpy.core.arrayprint (precision 8, threshold 1000, edge items 3, line width 75).
 */
import type { Dtype } from './dtype.ts'
import { dim, type Shape, sizeOf, stridesOf } from './shape.ts'

const PRECISION = 8
const THRESHOLD = 1000
const EDGE_ITEMS = 3
const LINE_WIDTH = 75

const shortest = (x: number, dtype: Dtype): string => {
  if (dtype !== 'float32') return String(x)
  for (let digits = 1; digits < 9; digits++) {
    const text = x.toPrecision(digits)
    if (Math.fround(Number(text)) === x) return text
  }
  return x.toPrecision(9)
}

const special = (x: number): string | undefined =>
  Number.isNaN(x) ? 'nan' : x === Infinity ? 'inf' : x === -Infinity ? '-inf' : undefined

/** Splits at the point: ['12', '5'] for 12.5, ['12', ''] for 12. */
const parts = (text: string): readonly [string, string] => {
  const [whole = '', fraction = ''] = text.split('.')
  return [whole, fraction]
}

const positional = (x: number, dtype: Dtype): readonly [string, string] => {
  const text = Number(shortest(x, dtype)).toFixed(PRECISION).replace(/0+$/, '')
  return parts(text)
}

const scientific = (x: number, dtype: Dtype): readonly [mantissa: readonly [string, string], exponent: string] => {
  const [mantissa = '', exponent = '+0'] = Number(Number(shortest(x, dtype)).toPrecision(PRECISION + 1))
    .toExponential()
    .split('e')
  const sign = exponent.startsWith('-') ? '-' : '+'
  return [parts(mantissa), `e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`]
}

/** One formatter for all the numbers that will be shown, so that columns align. */
const floatFormat = (values: readonly number[], dtype: Dtype): ((x: number) => string) => {
  const finite = values.filter(Number.isFinite)
  const sizes = finite.map(Math.abs).filter(x => x > 0)
  const most = Math.max(...sizes)
  const least = Math.min(...sizes)
  const exponential = sizes.length > 0 && (most >= 1e8 || least < 1e-4 || most / least > 1000)
  const digits = exponential
    ? finite.map(x => scientific(x, dtype)[0])
    : finite.map(x => positional(Object.is(x, -0) ? 0 : x, dtype))
  const fraction = Math.max(0, ...digits.map(([, f]) => f.length))
  const show = (x: number): string => {
    const other = special(x)
    if (other !== undefined) return other
    const minus = Object.is(x, -0) ? '-' : ''
    if (!exponential) {
      const [whole, f] = positional(x, dtype)
      return `${minus}${whole}.${f.padEnd(fraction, ' ')}`
    }
    const [[whole, f], exponent] = scientific(x, dtype)
    return `${minus}${whole}.${f.padEnd(fraction, '0')}${exponent}`
  }
  const width = Math.max(0, ...values.map(x => show(x).length))
  return x => show(x).padStart(width)
}

const format = (values: readonly number[], dtype: Dtype): ((x: number) => string) => {
  if (dtype === 'float32' || dtype === 'float64') return floatFormat(values, dtype)
  const show = dtype === 'bool' ? (x: number) => (x === 0 ? 'false' : 'true') : String
  const width = Math.max(0, ...values.map(x => show(x).length))
  return x => show(x).padStart(width)
}

/** The positions shown along an axis; -1 stands for the gap. */
const shown = (size: number, summarise: boolean): readonly number[] =>
  summarise && size > 2 * EDGE_ITEMS
    ? [0, 1, 2, -1, size - 3, size - 2, size - 1]
    : Array.from({ length: size }, (_, i) => i)

const wrap = (items: readonly string[], separator: string, indent: number): string => {
  const lines: string[] = []
  let line = ''
  items.forEach((item, i) => {
    const text = i < items.length - 1 ? item + separator : item
    if (line !== '' && indent + line.length + text.trimEnd().length > LINE_WIDTH) {
      lines.push(line.trimEnd())
      line = ''
    }
    line += text
  })
  lines.push(line)
  return lines.join(`\n${' '.repeat(indent)}`)
}

/**
 * An array as nested brackets.
 * @param separator what stands between elements: a space as NumPy's `str` has it, or a comma and a space as its `repr`.
 * @param indent how far later lines are moved in.
 */
export const showArray = (
  data: ArrayLike<number>,
  shape: Shape,
  dtype: Dtype,
  { separator = ' ', indent = 0 }: { separator?: string; indent?: number } = {},
): string => {
  const summarise = sizeOf(shape) > THRESHOLD
  const strides = stridesOf(shape)
  const picked: number[] = []
  const pick = (axis: number, offset: number): void => {
    if (axis === shape.length) picked.push(data[offset] ?? 0)
    else for (const i of shown(dim(shape, axis), summarise)) if (i >= 0) pick(axis + 1, offset + i * dim(strides, axis))
  }
  pick(0, 0)
  const show = format(picked, dtype)
  const render = (axis: number, offset: number): string => {
    if (axis === shape.length) return show(data[offset] ?? 0)
    const items = shown(dim(shape, axis), summarise).map(i =>
      i < 0 ? '...' : render(axis + 1, offset + i * dim(strides, axis)),
    )
    if (axis === shape.length - 1) return `[${wrap(items, separator, indent + axis + 1)}]`
    const gap = `${separator.trimEnd()}${'\n'.repeat(shape.length - axis - 1)}${' '.repeat(indent + axis + 1)}`
    return `[${items.join(gap)}]`
  }
  const text = render(0, 0)
  return shape.length === 0 ? text.trim() : text
}
