/**
 * Nests over the same axes as one nest with several results, so that what they share is read once.
 *
 * Layer: compile. Maps with maps, reductions along the same axes with each other. One may read the other where both are at the same
 * element; else neither may depend on the other. Read first: substitute.ts.
 */
import { type Expr, type Kernel, mapStage, type Nest, type Stage, withExpr } from '../core/kernel.ts'
import { type Shape, sameShape, sizeOf } from '../core/shape.ts'
import { refinement } from './affine.ts'
import { about, fullLoads, restaging, tooLarge } from './expressions.ts'
import type { KernelNode, ValueId } from './graph.ts'
import { isMap, mapExprs, placesOf } from './kernels.ts'
import { memo } from './memo.ts'
import { dependsOn, hasKernel, type KernelSite, type Network, readersOf, remove, replaceKernel } from './network.ts'
import { aligned, epilogueOf, isRowwise, over } from './substitute.ts'

/** Readers of one value that are tried, so that a value with many costs no more. */
const TRIED = 8

/** Two maps as one; nothing where the second reads the first at other elements. */
const joinedMaps = (first: KernelNode, second: KernelNode): Nest | undefined => {
  const nests = aligned(first.kernel as Nest, second.kernel as Nest)
  if (nests === undefined) return undefined
  const [a, b] = nests
  const before = mapExprs(a)
  const own = new Map(first.outputs.map((v, i) => [v, before[i] as Expr]))
  const after = epilogueOf(b, a.axes, own)
  if (after === undefined) return undefined
  const stages = [...before, ...after].map(expr => mapStage(expr))
  return { tag: 'nest', axes: a.axes, stages, outputs: stages.map((_, i) => i) }
}

/** The axes that all reductions of a nest run over, if they are the same. */
const reducedAxes = (nest: Nest): Shape | undefined => {
  const [first, ...others] = nest.stages.filter(s => s.tag === 'reduce')
  return first !== undefined && others.every(s => sameShape(s.axes, first.axes)) ? first.axes : undefined
}

/** A nest whose reductions run over `axes`, which split theirs. */
const reducingOver = (nest: Nest, axes: Shape): Nest | undefined => {
  const stages: Stage[] = []
  for (const stage of nest.stages) {
    if (stage.tag === 'map') stages.push(stage)
    else {
      // The reduced axes split as the outer axes of a nest are, with the outer ones in front left whole.
      const flat: Nest = {
        ...nest,
        axes: [...nest.axes, ...stage.axes],
        stages: [withExpr(stage, stage.expr, [])],
        outputs: [0],
      }
      const split = over(flat, [...nest.axes, ...axes])
      if (split === undefined) return undefined
      stages.push(withExpr(stage, (split.stages[0] as Stage).expr, axes))
    }
  }
  return { tag: 'nest', axes: nest.axes, stages, outputs: nest.outputs }
}

/** Two reductions along the same axes as one nest. */
const joinedReductions = (first: KernelNode, second: KernelNode): Nest | undefined => {
  const nests = aligned(first.kernel as Nest, second.kernel as Nest)
  if (nests === undefined) return undefined
  const [along, others] = nests.map(reducedAxes)
  const inner = along === undefined || others === undefined ? undefined : refinement(along, others)
  if (inner === undefined) return undefined
  const [a, b] = nests.map(nest => reducingOver(nest, inner))
  if (a === undefined || b === undefined) return undefined
  const shift = a.stages.length
  const later = restaging(s => s + shift)
  const stages = [...a.stages, ...b.stages.map(stage => withExpr(stage, later(stage.expr)))]
  const outputs = [...a.outputs, ...b.outputs.map(i => i + shift)]
  // Reductions first, so that their loops can be one.
  return reductionsFirst({ tag: 'nest', axes: a.axes, stages, outputs })
}

/** The nest with reductions before maps, where no reduction reads a map. */
const reductionsFirst = (nest: Nest): Nest => {
  if (nest.stages.some(s => s.tag === 'reduce' && about(s.expr).stages.length > 0)) return nest
  const numbers = nest.stages.map((_, i) => i)
  const order = [
    ...numbers.filter(i => nest.stages[i]?.tag === 'reduce'),
    ...numbers.filter(i => nest.stages[i]?.tag === 'map'),
  ]
  const at = new Map(order.map((s, i) => [s, i]))
  const moved = restaging(s => at.get(s) as number)
  const stages = order.map(i => {
    const stage = nest.stages[i] as Stage
    return withExpr(stage, moved(stage.expr))
  })
  return { tag: 'nest', axes: nest.axes, stages, outputs: nest.outputs.map(i => at.get(i) as number) }
}

type Kind = 'map' | 'reduction' | undefined

const kindIn = memo((kernel: Kernel): Kind => {
  if (isMap(kernel)) return 'map'
  return kernel.tag === 'nest' && isRowwise(kernel) && reducedAxes(kernel) !== undefined ? 'reduction' : undefined
})
const kindOf = ({ node }: KernelSite): Kind => kindIn(node.kernel)

/** How many points a nest visits. */
const pointsIn = memo((kernel: Kernel): number => Math.max(0, ...placesOf(kernel).map(({ sizes }) => sizeOf(sizes))))
const pointsOf = ({ node }: KernelSite): number => pointsIn(node.kernel)

/** The inputs that a nest reads anew at most of its points. */
const largeInputs = memo(
  (kernel: Kernel): ReadonlySet<ValueId> =>
    new Set(placesOf(kernel).flatMap(({ expr, sizes }) => fullLoads([expr], sizes).map(load => load.input))),
)

const sharesInput = (a: KernelSite, b: KernelSite): boolean => {
  const large = pointsOf(a) === 1 ? new Set(a.node.inputs) : largeInputs(a.node.kernel)
  return b.node.inputs.some(v => large.has(v)) || b.node.inputs.some(v => a.node.outputs.includes(v))
}

/** One site for two, where that is possible and saves something. */
const join = (network: Network, first: KernelSite, second: KernelSite, maxInputs: number): boolean => {
  const [a, b] = [first.node, second.node]
  if (kindOf(first) !== kindOf(second) || kindOf(first) === undefined || pointsOf(first) !== pointsOf(second))
    return false
  if (pointsOf(first) === 0 || !sharesInput(first, second)) return false
  const values = new Set([...a.inputs, ...b.inputs.filter(v => !a.outputs.includes(v))])
  if (values.size + a.outputs.length + b.outputs.length > maxInputs + 1) return false
  const direct = b.inputs.some(v => a.outputs.includes(v))
  const others = b.inputs.filter(v => !a.outputs.includes(v))
  if (dependsOn(network, others, first) || dependsOn(network, a.inputs, second)) return false
  const joined = kindOf(first) === 'map' ? joinedMaps(a, b) : direct ? undefined : joinedReductions(a, b)
  if (joined === undefined || tooLarge(placesOf(joined).map(p => p.expr))) return false
  remove(network, second)
  replaceKernel(network, first, joined, [...a.outputs, ...b.outputs], [...a.ops, ...b.ops])
  return true
}

/** Sites that read what a site reads, or what it makes. */
const relatives = (network: Network, site: KernelSite): readonly KernelSite[] => {
  const near = [...site.node.outputs, ...site.node.inputs].flatMap(v =>
    [...readersOf(network, v)]
      .filter(other => other !== site && other.order >= site.order && hasKernel(other))
      .slice(0, TRIED),
  )
  return [...new Set(near)] as KernelSite[]
}

/** Joins nests that share work, from the first site to the last. */
export const joinSiblings = (network: Network, maxInputs: number): void => {
  for (const site of network.sites)
    for (let again = true; again; ) {
      again = false
      if (!site.alive || !hasKernel(site) || kindOf(site) === undefined) continue
      // The earlier site may by now read what the later one makes.
      again = relatives(network, site).some(
        other => join(network, site, other, maxInputs) || join(network, other, site, maxInputs),
      )
    }
}
