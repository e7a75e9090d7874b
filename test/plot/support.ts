/**
 * What tests of plots share: charts drawn, and SVG taken apart.
 */
import * as fc from 'fast-check'
import { type Chart, type Point, type Series, toSvg } from '../../src/plot/index.ts'
import { right } from '../support/either.ts'

/** The SVG of a chart that draws. */
export const drawn = async (chart: Chart): Promise<string> => right(await toSvg(chart)())

const ENTITIES: { readonly [entity: string]: string } = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' }
const unescaped = (text: string): string => text.replace(/&\w+;/g, entity => ENTITIES[entity] ?? entity)

/** All texts of an SVG, in order. */
export const textsOf = (svg: string): readonly string[] =>
  [...svg.matchAll(/<(?:text|tspan)\b[^>]*>([^<]*)/g)]
    .map(([, text = '']) => unescaped(text))
    .filter(text => text !== '')

/** How often something occurs. */
export const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length

/** Elements that are not closed, or not in order; none in XML that is well formed. */
export const misplaced = (xml: string): readonly string[] => {
  const open: string[] = []
  const wrong: string[] = []
  const tag = /<(\/?)([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g
  for (const [, closing, name = '', , empty] of xml.matchAll(tag)) {
    if (closing === '/') {
      if (open.pop() !== name) wrong.push(name)
    } else if (empty !== '/') open.push(name)
  }
  const rest = xml.replace(tag, '').replace(/&(amp|lt|gt|quot|#\d+);/g, '')
  return [...wrong, ...open, ...(/[<>&]/.test(rest) ? [rest.replace(/[^<>&]*([<>&].{0,40})[\s\S]*/, '$1')] : [])]
}

/** Values of all sizes, and now and then one that no axis or only a linear one can show. */
const value = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: -3, max: 3, noNaN: true }).map(e => 10 ** e) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -1.5) },
)
const points: fc.Arbitrary<readonly Point[]> = fc
  .array(value, { minLength: 1, maxLength: 12 })
  .map(ys => ys.map((y, i): Point => [i + 1, y]))

/** One to nine series of different names, markup among them. */
export const series: fc.Arbitrary<readonly Series[]> = fc
  .uniqueArray(fc.constantFrom('a', 'training loss', '<b>&"', 'x > 1', 'é ß', '1', '2', '3', 'lr 0.1'), {
    minLength: 1,
    maxLength: 9,
  })
  .chain(names => fc.tuple(...names.map(name => points.map((p): Series => ({ name, points: p })))))
