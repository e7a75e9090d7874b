/**
 * Products as shaders of their own, where gpu.js has a thread for each element that reads all it needs by itself: here a group of threads
 * reads a tile of both operands together into memory that they share, and each thread computes some rows of four columns.
 *
 * Layer: backend. WGSL, for mode webgpu. It takes the place of the entry that gpu.js writes; arguments and bindings stay what they are,
 * and terms are added in the same order. Read first: product.ts; next: resident.ts, which puts it in.
 */
import { type Axis, countOf, type Product } from './product.ts'

/** A shader's entry, and the groups of threads that it wants. */
export type Tile = { readonly entry: string; readonly groups: readonly [number, number, number] }

type Operand = 'a' | 'b' | 'out'

/** Terms of a tile. */
const DEPTH = 16
/** Columns of a thread. */
const ACROSS = 4

/** A function from the number of a point to how far an operand has moved there. */
const walk = (name: string, axes: readonly Axis[], of: Operand): string => {
  const lines: string[] = []
  const sum: string[] = []
  for (const [i, axis] of [...axes.entries()].reverse()) {
    const digit = i === 0 ? 'rest' : `rest % ${axis.size}u`
    if (axis[of] !== 0) {
      lines.push(`  let d${i} = ${digit};`)
      sum.push(axis[of] === 1 ? `d${i}` : `d${i} * ${axis[of]}u`)
    }
    if (i > 0) lines.push(`  rest = rest / ${axis.size}u;`)
  }
  const body = sum.length === 0 ? ['  return 0u;'] : ['  var rest = n;', ...lines, `  return ${sum.join(' + ')};`]
  return [`fn ${name}(n : u32) -> u32 {`, ...body, '}'].join('\n')
}

/** Whether neighbouring threads should take neighbouring terms, rather than rows or columns. */
const alongTerms = (side: readonly Axis[], terms: readonly Axis[], of: 'a' | 'b'): boolean =>
  (terms.at(-1)?.[of] ?? Infinity) < (side.at(-1)?.[of] ?? Infinity)

/** How a group reads a tile of one operand: so many elements for each thread, one after the other. */
type Reading = {
  readonly of: 'a' | 'b'
  /** The name of the array in the shader. */
  readonly array: string
  readonly side: readonly Axis[]
  readonly length: number
  readonly from: string
  readonly terms: readonly Axis[]
  readonly threads: number
}

const readText = ({ of, array, side, length, from, terms, threads }: Reading): string => {
  const [sides, depth] = [countOf(side), countOf(terms)]
  const whole = sides % length === 0 && depth % DEPTH === 0
  const inside = [
    ...(sides % length === 0 ? [] : [`side < ${sides}u`]),
    ...(depth % DEPTH === 0 ? [] : [`term < ${depth}u`]),
  ].join(' && ')
  const [i, k] = alongTerms(side, terms, of) ? [`e / ${DEPTH}u`, `e % ${DEPTH}u`] : [`e % ${length}u`, `e / ${length}u`]
  const value = `${array}[${of}Base + ${of}Side(side) + ${of}Term(term)]`
  return [
    `    for (var e = t; e < ${length * DEPTH}u; e += ${threads}u) {`,
    `      let i = ${i};`,
    `      let k = ${k};`,
    `      let side = ${from} + i;`,
    '      let term = first + k;',
    ...(whole
      ? [`      ${of}Tile[k * ${length + 1}u + i] = ${value};`]
      : [
          '      var x = 0.0;',
          `      if (${inside}) { x = ${value}; }`,
          `      ${of}Tile[k * ${length + 1}u + i] = x;`,
        ]),
    '    }',
  ].join('\n')
}

/** Rows of a thread in a tile of so many. */
const rowsEach = (rows: number): number => (rows >= 64 ? 8 : 4)

const numbers = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)

const addText = (rows: number, product: Product): string => {
  const { tile } = product
  return [
    `    for (var k = 0u; k < ${DEPTH}u; k++) {`,
    `      let bAt = k * ${tile.columns + 1}u + ${ACROSS}u * across;`,
    '      let b = vec4<f32>(bTile[bAt], bTile[bAt + 1u], bTile[bAt + 2u], bTile[bAt + 3u]);',
    `      let aAt = k * ${tile.rows + 1}u + ${rows}u * down;`,
    ...numbers(rows).map(r => `      sum${r} += aTile[aAt + ${r}u] * b;`),
    '    }',
  ].join('\n')
}

const storeText = (rows: number, { rows: axes, columns, tile }: Product): string => {
  const [m, n] = [countOf(axes), countOf(columns)]
  const row = (r: number): readonly string[] => [
    `  if (row + ${r}u < ${m}u) {`,
    `    let at = outBase + outRow(row + ${r}u);`,
    ...numbers(ACROSS).map(c => {
      const store = `result[at + outColumn(column + ${c}u)] = sum${r}.${'xyzw'[c]};`
      return n % tile.columns === 0 ? `    ${store}` : `    if (column + ${c}u < ${n}u) { ${store} }`
    }),
    '  }',
  ]
  return [
    `  let row = rowFrom + ${rows}u * down;`,
    `  let column = columnFrom + ${ACROSS}u * across;`,
    ...numbers(rows).flatMap(row),
  ].join('\n')
}

/** The shader of a product whose operands have these names; each element is written once. */
export const tileOf = (product: Product, names: { readonly a: string; readonly b: string }): Tile => {
  const { tile, base, outer, rows, columns, terms, groups } = product
  const each = rowsEach(tile.rows)
  const wide = tile.columns / ACROSS
  const threads = wide * (tile.rows / each)
  const shared = { terms, threads }
  const entry = [
    walk('aSide', rows, 'a'),
    walk('bSide', columns, 'b'),
    walk('aTerm', terms, 'a'),
    walk('bTerm', terms, 'b'),
    walk('aOuter', outer, 'a'),
    walk('bOuter', outer, 'b'),
    walk('outOuter', outer, 'out'),
    walk('outRow', rows, 'out'),
    walk('outColumn', columns, 'out'),
    `var<workgroup> aTile : array<f32, ${DEPTH * (tile.rows + 1)}>;`,
    `var<workgroup> bTile : array<f32, ${DEPTH * (tile.columns + 1)}>;`,
    `@compute @workgroup_size(${threads}, 1, 1)`,
    'fn main(@builtin(workgroup_id) group : vec3<u32>, @builtin(local_invocation_index) t : u32) {',
    `  let aBase = ${base.a}u + aOuter(group.z);`,
    `  let bBase = ${base.b}u + bOuter(group.z);`,
    '  let outBase = outOuter(group.z);',
    `  let rowFrom = group.y * ${tile.rows}u;`,
    `  let columnFrom = group.x * ${tile.columns}u;`,
    `  let across = t % ${wide}u;`,
    `  let down = t / ${wide}u;`,
    ...numbers(each).map(r => `  var sum${r} = vec4<f32>();`),
    `  for (var first = 0u; first < ${countOf(terms)}u; first += ${DEPTH}u) {`,
    readText({ ...shared, of: 'a', array: names.a, side: rows, length: tile.rows, from: 'rowFrom' }),
    readText({ ...shared, of: 'b', array: names.b, side: columns, length: tile.columns, from: 'columnFrom' }),
    '    workgroupBarrier();',
    addText(each, product),
    '    workgroupBarrier();',
    '  }',
    storeText(each, product),
    '}',
  ].join('\n')
  return { entry, groups }
}
