/**
 * Trees as JSON beside their tensors: what stands where, with each tensor replaced by its type.
 *
 * Layer: io. JSON has no NaN, no infinities and no -0, so these are marked too: `{ "$number": "NaN" }`. Keys that begin with `$` get
 * another one in front. Read next: checkpoint.ts.
 */
import { describe, fail, treeError } from '../core/errors.ts'
import { isTensor, showType } from '../core/tensor.ts'
import { isNode, pathStep } from '../core/tree.ts'
import type { Tensor } from '../core/types.ts'

/** What JSON can be. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** A tree taken apart: its structure, and its tensors by path. */
export type Parts = { readonly structure: Json; readonly tensors: Readonly<Record<string, Tensor>> }

/** The name of the entry of a tensor: its path, such as `state.params[0].w`. */
const nameOf = (path: string): string => (path === '' ? 'tensor' : path.replace(/^\./, ''))

const numberJson = (x: number): Json =>
  Object.is(x, -0) ? { $number: '-0' } : Number.isFinite(x) ? x : { $number: String(x) }

const leafJson = (op: string, path: string, value: unknown): Json =>
  typeof value === 'number'
    ? numberJson(value)
    : typeof value === 'string' || typeof value === 'boolean' || value === null
      ? value
      : fail(treeError(op, `tree${path} is ${describe(value)}: saved are tensors, numbers, strings, booleans and null`))

/**
 * Takes a tree apart.
 * @throws TreeError for a leaf that is neither tensor nor JSON, naming its path
 */
export const takeApart = (op: string, tree: unknown): Parts => {
  const tensors: [string, Tensor][] = []
  const walk = (node: unknown, path: string): Json => {
    if (isTensor(node)) {
      tensors.push([nameOf(path), node])
      return { $tensor: showType(node) }
    }
    if (!isNode(node)) return leafJson(op, path, node)
    if (Array.isArray(node)) return node.map((item, i) => walk(item, `${path}[${i}]`))
    const entries = Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(
      entries.map(([key, value]) => [key.startsWith('$') ? `$${key}` : key, walk(value, path + pathStep(key))]),
    )
  }
  return { structure: walk(tree, ''), tensors: Object.fromEntries(tensors) }
}

const mark = (json: Json): readonly [string, Json] | null => {
  if (!isNode(json) || Array.isArray(json)) return null
  const [entry, ...others] = Object.entries(json)
  return entry !== undefined && others.length === 0 && /^\$[^$]/.test(entry[0]) ? (entry as [string, Json]) : null
}

/** Puts a tree together again; a text says what is missing or wrong. */
export const putTogether = ({ structure, tensors }: Parts): { readonly tree: unknown } | { readonly why: string } => {
  const wrong: string[] = []
  const used = new Set<string>()
  const tensorAt = (path: string, type: Json): unknown => {
    const name = nameOf(path)
    const x = Object.hasOwn(tensors, name) ? tensors[name] : undefined
    used.add(name)
    if (x === undefined) wrong.push(`has no entry ${name}, which is to be ${type}`)
    else if (showType(x) !== type) wrong.push(`holds ${showType(x)} at ${name}, which is to be ${type}`)
    return x
  }
  const build = (node: Json, path: string): unknown => {
    const marked = mark(node)
    if (marked?.[0] === '$tensor') return tensorAt(path, marked[1])
    if (marked?.[0] === '$number') return Number(marked[1])
    if (marked !== null) wrong.push(`has the unknown mark ${marked[0]} at ${nameOf(path)}`)
    if (Array.isArray(node)) return node.map((item, i) => build(item, `${path}[${i}]`))
    if (!isNode(node)) return node
    return Object.fromEntries(
      Object.entries(node as { readonly [key: string]: Json }).map(([escapedKey, value]) => {
        const key = escapedKey.replace(/^\$\$/, '$')
        return [key, build(value, path + pathStep(key))]
      }),
    )
  }
  const tree = build(structure, '')
  const stray = Object.keys(tensors).find(name => !used.has(name))
  if (stray !== undefined) wrong.push(`has an entry ${stray} that its tree does not mention`)
  const [why] = wrong
  return why === undefined ? { tree } : { why }
}
