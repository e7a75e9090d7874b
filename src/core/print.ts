/**
 * Prints arrays as NumPy does: shortest digits that identify the number, aligned columns, long arrays summarised. Only the
 * spelling of booleans is JavaScript's: `true` and `false`.
 *
 * Layer: core. Source: numpy/_core/arrayprint.py of NumPy 2.4 (precision 8, threshold 1000, edge items 3, line width 75).
 */
import type { Dtype, FloatDtype } from './dtype.ts'
import { dim, type Shape, showShape, sizeOf, stridesOf } from './shape.ts'

const PRECISION = 8
const THRESHOLD = 1000
const EDGE_ITEMS = 3
const LINE_WIDTH = 75
/** From where on a column of floats gets exponents: as many decades as the dtype has digits, at most 8. */
const EXPONENTS_FROM: { readonly [d in FloatDtype]: number } = { float32: 1e6, float64: 1e8 }
/** The same for a number that is printed alone. */
const EXPONENT_FROM: { readonly [d in FloatDtype]: number } = { float32: 1e6, float64: 1e16 }

const special = (x: number): string | undefined =>
  Number.isNaN(x) ? 'nan' : x === Infinity ? 'inf' : x === -Infinity ? '-inf' : undefined

const signOf = (x: number): string => (x < 0 || Object.is(x, -0) ? '-' : '')

/** The digits of |x|: 12.5 as '12' and '5', with exponent '+3' in scientific notation. */
type Digits = { readonly whole: string; readonly fraction: string; readonly exponent: string }

const digitsOf = (text: string): Digits => {
  const [mantissa = '', exponent = ''] = text.split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return { whole, fraction: fraction.replace(/0+$/, ''), exponent }
}

type Write = (size: number, digits: number) => string
const toExponential: Write = (size, digits) => size.toExponential(digits)
const toFixed: Write = (size, digits) => size.toFixed(digits)

/** The exact value to some digits after the point with ties to even, where JavaScript rounds them up. */
const rounded = (size: number, digits: number, write: Write): string => {
  const exact = write(size, 100)
  const end = exact.indexOf('.') + 1 + digits
  const [kept, rest] = [exact.slice(0, end), exact.slice(end)]
  const isTie = /^50*(e|$)/.test(rest) && /[02468]\.?$/.test(kept)
  return isTie ? kept + rest.replace(/^\d+/, '') : write(size, digits)
}

/** A decimal with its last digit one higher: at a power of two, whose lower neighbour is nearer, it may be the one to show. */
const nextUp = (text: string, digits: number): string => {
  const [mantissa, exponent] = text.split('e')
  return `${(Number(mantissa) + 10 ** -digits).toFixed(digits)}e${exponent}`
}

/** |x| as the double with the fewest digits that rounds to it. */
const shortest = (x: number, dtype: FloatDtype): number => {
  const size = Math.abs(x)
  if (dtype === 'float64') return size
  for (let digits = 0; digits < 8; digits++) {
    const text = toExponential(size, digits)
    const candidates = [rounded(size, digits, toExponential), text, nextUp(text, digits)].map(Number)
    const found = candidates.find(short => Math.fround(short) === size)
    if (found !== undefined) return found
  }
  return Number(toExponential(size, 8))
}

const positional = (x: number, dtype: FloatDtype): Digits => {
  const found = digitsOf(String(shortest(x, dtype)))
  return found.fraction.length <= PRECISION ? found : digitsOf(rounded(Math.abs(x), PRECISION, toFixed))
}

const scientific = (x: number, dtype: FloatDtype): Digits => {
  const found = digitsOf(shortest(x, dtype).toExponential())
  return found.fraction.length <= PRECISION ? found : digitsOf(rounded(Math.abs(x), PRECISION, toExponential))
}

/** '+3' with at least `width` digits: '+03'. */
const padExponent = (exponent: string, width: number): string =>
  `e${exponent.slice(0, 1)}${exponent.slice(1).padStart(width, '0')}`

const needsExponents = (sizes: readonly number[], dtype: FloatDtype): boolean => {
  if (sizes.length === 0) return false
  const round = dtype === 'float32' ? Math.fround : (x: number): number => x
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
  return most >= EXPONENTS_FROM[dtype] || least < round(1e-4) || round(most / least) > 1000
}

/** One formatter for all the numbers that will be shown, so that columns align. */
const floatFormat = (values: readonly number[], dtype: FloatDtype): ((x: number) => string) => {
  const finite = values.filter(Number.isFinite)
  const exponents = needsExponents(
    finite.map(Math.abs).filter(x => x > 0),
    dtype,
  )
  const digits = finite.map(x => (exponents ? scientific : positional)(x, dtype))
  const longest = (of: (d: Digits) => string): number => Math.max(0, ...digits.map(d => of(d).length))
  const fraction = longest(d => d.fraction)
  const exponent = Math.max(2, longest(d => d.exponent) - 1)
  const show = (x: number): string => {
    const other = special(x)
    if (other !== undefined) return other
    if (!exponents) {
      const d = positional(x, dtype)
      return `${signOf(x)}${d.whole}.${d.fraction.padEnd(fraction)}`
    }
    // A number that needs fewer digits than the column has shows its exact ones, not zeros.
    const found = scientific(x, dtype)
    const d = found.fraction.length < fraction ? digitsOf(rounded(Math.abs(x), fraction, toExponential)) : found
    return `${signOf(x)}${d.whole}.${d.fraction.padEnd(fraction, '0')}${padExponent(d.exponent, exponent)}`
  }
  const width = Math.max(0, ...values.map(x => show(x).length))
  return x => show(x).padStart(width)
}

const format = (values: readonly number[], dtype: Dtype): ((x: number) => string) => {
  switch (dtype) {
    case 'float32':
    case 'float64':
      return floatFormat(values, dtype)
    case 'bool':
      return x => (x === 0 ? 'false' : ' true')
    case 'int32': {
      const width = Math.max(0, ...values.map(x => String(x).length))
      return x => String(x).padStart(width)
    }
  }
}

/** The positions shown along an axis; -1 stands for the gap. */
const shown = (size: number, summarise: boolean): readonly number[] =>
  summarise && size > 2 * EDGE_ITEMS
    ? [0, 1, 2, -1, size - 3, size - 2, size - 1]
    : Array.from({ length: size }, (_, i) => i)

/** Items in lines of at most `width` characters, the first of which stands after `indent` others. */
const wrap = (items: readonly string[], separator: string, indent: number, width: number): string => {
  const lines: string[] = []
  let line = ''
  items.forEach((item, i) => {
    if (line !== '' && indent + line.length + item.length > width) {
      lines.push(line.trimEnd())
      line = ''
    }
    line += i < items.length - 1 ? item + separator : item
  })
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}

type Layout = { readonly separator: string; readonly indent: number; readonly width: number }

const nested = (data: ArrayLike<number>, shape: Shape, dtype: Dtype, { separator, indent, width }: Layout): string => {
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
    const inner = indent + axis + 1
    // Every bracket still to be closed takes a character, as does the separator after an element.
    if (axis === shape.length - 1) return `[${wrap(items, separator, inner, width - axis - 1)}]`
    return `[${items.join(`${separator.trimEnd()}${'\n'.repeat(shape.length - axis - 1)}${' '.repeat(inner)}`)}]`
  }
  return shape.length === 0 ? show(data[0] ?? 0).trim() : render(0, 0)
}

/** A single number with all its digits. */
const showNumber = (x: number, dtype: Dtype): string => {
  if (dtype === 'bool') return x === 0 ? 'false' : 'true'
  if (dtype === 'int32') return String(x)
  const other = special(x)
  if (other !== undefined) return other
  const short = shortest(x, dtype)
  if (short === 0 || (Math.abs(x) >= 1e-4 && short < EXPONENT_FROM[dtype]))
    return `${signOf(x)}${Number.isInteger(short) ? short.toFixed(1) : String(short)}`
  const { whole, fraction, exponent } = digitsOf(short.toExponential())
  return `${signOf(x)}${whole}${fraction === '' ? '' : `.${fraction}`}${padExponent(exponent, 2)}`
}

/** An array as NumPy's `str` shows it: nested brackets without commas; a scalar with all its digits. */
export const showArray = (data: ArrayLike<number>, shape: Shape, dtype: Dtype): string => {
  if (sizeOf(shape) === 0) return '[]'
  if (shape.length === 0) return showNumber(data[0] ?? 0, dtype)
  return nested(data, shape, dtype, { separator: ' ', indent: 0, width: LINE_WIDTH })
}

/**
 * An array as NumPy's `repr` shows it, always with its dtype: `tensor([1., 2.], float32)`. The shape is added where the text
 * does not tell it.
 */
export const showTensor = (data: ArrayLike<number>, shape: Shape, dtype: Dtype): string => {
  const head = 'tensor('
  const layout = { separator: ', ', indent: head.length, width: LINE_WIDTH - 1 }
  const size = sizeOf(shape)
  const text = `${head}${size === 0 ? '[]' : nested(data, shape, dtype, layout)},`
  const hidden = size > THRESHOLD || (size === 0 && shape.length > 1)
  const tail = `${hidden ? `shape=${showShape(shape)}, ` : ''}${dtype})`
  const lastLine = text.length - (text.lastIndexOf('\n') + 1)
  return text + (lastLine + tail.length + 1 > LINE_WIDTH ? `\n${' '.repeat(head.length)}` : ' ') + tail
}
