/**
 * Nests that are alike share their code: sizes that it need not know are replaced with ones that stand for all of their kind.
 *
 * Layer: backend. A network's layers are of many sizes, but what is normalised, dropped out or updated in each is the same loop over
 * more or fewer rows. How many there are is said when the code runs; it is written for the sizes that stand for them, so that it cannot
 * depend on any other. Two forms with the same text are the same code. Read next: nest/units.ts.
 */
import { type Expr, linearise, operands, type ScalarFn } from '../../../core/kernel.ts'
import type { ModuleBuilder } from '../assembler.ts'
import { rowsAtOnce } from './columns.ts'
import { reducedSpaces } from './cost.ts'
import type { Extent } from './extent.ts'
import type { Form, Leaf, Pointer, Source, Space } from './form.ts'
import { DATA, type Inputs, type Memory } from './job.ts'

/** From how many points on all that code needs to know of a loop is what remains after whole rounds; and points of the longest round. */
const MANY_POINTS = 256
const ROUND = 16
/** From how many rows on. */
const MANY_ROWS = 4

const likeness = (n: number, many: number, round: number): number => (n < many ? n : many + (n % round))

/** A form with other spaces in the place of its own. */
const withSpaces = (form: Form, f: (space: Space) => Space): Form => {
  const made = new Map<Space, Space>()
  const other = (space: Space): Space => {
    const found = made.get(space) ?? f(space)
    made.set(space, found)
    return found
  }
  return {
    outer: form.outer,
    reductions: form.reductions.map(of => ({ ...of, space: other(of.space) })),
    results: form.results.map(of => ({ ...of, space: other(of.space) })),
  }
}

/**
 * The form with as many units as there may be: of the outermost of several places only whether it has more than one point. A single place
 * that is walked in `ranges` keeps what remains of it.
 */
export const anyUnits = (form: Form, ranges: boolean): Form => {
  const [first = 1, ...others] = form.outer
  const outer =
    others.length > 0 ? [Math.min(first, 2), ...others] : [ranges ? likeness(first, MANY_POINTS, ROUND) : first]
  const same = withSpaces(form, space => ({ ...space, sizes: [...outer, ...space.sizes.slice(outer.length)] }))
  return { ...same, outer }
}

/** The form with any number of rows to reduce over, where they are many: what is said when the code runs, as `at` has it. */
export const anyRows = (
  form: Form,
  at: (count: number) => Extent,
): { readonly form: Form; readonly counts: readonly number[] } => {
  const [space, ...others] = reducedSpaces(form)
  const same = { form, counts: [] }
  if (space === undefined || others.length > 0) return same
  const { sizes, outer: place, cut } = space
  if (cut !== undefined && cut.place !== place) return same
  const { size = 0, whole = sizes[place] ?? 1, part = null } = cut ?? {}
  if (typeof size !== 'number' || typeof whole !== 'number' || whole < MANY_ROWS) return same
  const like = likeness(whole, MANY_ROWS, rowsAtOnce(form))
  const open: Space = {
    ...space,
    sizes: sizes.map((n, p) => (p === place ? like : n)),
    cut: { place, part, size: at(0), whole: at(1), like },
  }
  const reductions = form.reductions.map(of => ({ ...of, space: open }))
  return { form: { ...form, reductions }, counts: [size, whole] }
}

/** Functions whose code is the same for all numbers. */
const arithmetic: ReadonlySet<ScalarFn> = new Set(['add', 'sub', 'mul', 'div'])

/** The numbers of a form that its code need not know: a mean divides by how many there are. */
const numbersOf = (form: Form): readonly (Expr & { readonly tag: 'const' })[] => {
  const exprs = exprsOf(form)
  const order = linearise(exprs)
  const told = new Set(exprs)
  for (const node of order)
    if (node.tag !== 'apply' || !arithmetic.has(node.fn)) for (const operand of operands(node)) told.add(operand)
  return order.filter(node => node.tag === 'const').filter(node => node.dtype === 'float32' && !told.has(node))
}

/** The form with other numbers in arithmetic: they are read from the module's data. */
export const anyNumbers = (module: ModuleBuilder, form: Form): Form => {
  const numbers = numbersOf(form)
  if (numbers.length === 0) return form
  const memory = { word: DATA, offset: module.data(Float32Array.from(numbers, ({ value }) => value)) }
  return withSpaces(form, space => {
    const pointer = { memory, base: 0, strides: space.sizes.map(() => 0) }
    const read = numbers.map((node, i): readonly [Expr, Source] => [
      node,
      { kind: 'source', dtype: 'float32', pointer, offset: 4 * i, bounds: [], fill: 0 },
    ])
    return { ...space, leaves: new Map([...space.leaves, ...read]) }
  })
}

const sourcesOf = (space: Space): readonly Source[] => [...space.leaves.values()].filter(leaf => leaf.kind === 'source')

const spacesOf = ({ reductions, results }: Form): readonly Space[] => [
  ...new Set([...reductions, ...results].map(({ space }) => space)),
]

const exprsOf = ({ reductions, results }: Form): readonly Expr[] => [...reductions, ...results].map(({ expr }) => expr)

/** The memory that a form's code touches, each piece once. */
export const memoriesOf = (form: Form, inputs: Inputs): readonly Memory[] => {
  const found = new Set(form.results.map(({ target }) => target.pointer.memory))
  for (const space of spacesOf(form)) for (const { pointer } of sourcesOf(space)) found.add(pointer.memory)
  for (const node of linearise(exprsOf(form))) if (node.tag === 'loadAt') found.add(inputs.memory(node.input))
  return [...found]
}

/** Numbers things in the order in which they are first asked for. */
const numbering = <K>() => {
  const numbers = new Map<K, number>()
  return (x: K): number => {
    const found = numbers.get(x) ?? numbers.size
    numbers.set(x, found)
    return found
  }
}

const written = (x: number): string => (Object.is(x, -0) ? '-0' : String(x))

const textOfExtent = (extent: Extent): string => (typeof extent === 'number' ? String(extent) : `@${extent.local}`)

/** All that the code of a form depends on, as text, with its memory by number. */
export const textOf = (form: Form, memories: readonly Memory[], inputs: Inputs): string => {
  const memory = (of: Memory): number => memories.indexOf(of)
  const pointerNumber = numbering<Pointer>()
  const source = ({ dtype, pointer, offset, bounds, fill }: Source): string => {
    const limits = bounds.map(b => `${b.offset} ${b.by} ${b.divisor} ${b.size} ${b.stride}`)
    const of = `${pointerNumber(pointer)}:${memory(pointer.memory)} ${pointer.base} ${pointer.strides}`
    return `${dtype} ${of} ${offset} [${limits.join(';')}] ${written(fill)}`
  }
  const leafText = (leaf: Leaf): string => (leaf.kind === 'ramp' ? `${leaf.offset} ${leaf.by}` : source(leaf))
  const spaces = spacesOf(form)
  const nodeNumber = numbering<Expr>()
  const nodeText = (node: Expr): string => {
    switch (node.tag) {
      case 'const':
      case 'iota':
      case 'load':
        if (node.tag === 'const' && !spaces.some(({ leaves }) => leaves.has(node)))
          return `${node.dtype} ${written(node.value)}`
        return spaces
          .map(({ leaves }) => leaves.get(node))
          .map(leaf => (leaf ? leafText(leaf) : ''))
          .join('/')
      case 'stage':
        return `stage ${node.stage} ${node.dtype}`
      case 'loadAt':
        return `${memory(inputs.memory(node.input))} ${node.dtype} ${node.view} ${written(node.fill)} ${node.index.map(nodeNumber)}`
      case 'apply':
        return `${node.fn} ${node.args.map(nodeNumber)}`
      case 'select':
        return `? ${operands(node).map(nodeNumber)}`
      case 'cast':
        return `${node.dtype} ${nodeNumber(node.value)}`
    }
  }
  const nodes = linearise(exprsOf(form)).map(node => `${nodeNumber(node)}=${node.tag} ${nodeText(node)}`)
  const cutText = ({ cut }: Space): string =>
    cut === undefined
      ? ''
      : ` ${cut.place} ${cut.part} ${textOfExtent(cut.size)} ${textOfExtent(cut.whole)} ${cut.like}`
  return [
    ...spaces.map(space => `${space.sizes} ${space.outer}${cutText(space)}`),
    ...nodes,
    ...form.reductions.map(
      ({ monoid, dtype, stage, expr, space, keep }) =>
        `${monoid} ${dtype} ${stage.stage} ${nodeNumber(expr)} ${spaces.indexOf(space)} ${keep ? source(keep) : ''}`,
    ),
    ...form.results.map(({ expr, space, target }) => `${nodeNumber(expr)} ${spaces.indexOf(space)} ${source(target)}`),
  ].join('\n')
}
