/**
 * fuse: fewer kernels that touch less memory.
 *
 * Layer: compile. Four kinds of merging, each of which can be left out: maps into their readers (chains.ts for the simple case, maps.ts),
 * maps into the ends of contractions and reductions (epilogues.ts), nests side by side (siblings.ts), chains along rows (rows.ts).
 * Read next: network.ts, substitute.ts.
 */
import { joinChains } from './chains.ts'
import { takeEpilogues } from './epilogues.ts'
import type { Graph } from './graph.ts'
import { moveFreeMaps, moveMaps } from './maps.ts'
import { graphOf, networkOf } from './network.ts'
import { joinRows } from './rows.ts'
import { joinSiblings } from './siblings.ts'

/** Which merging is done, all of it by default; `maxInputs` bounds the inputs and results of one kernel together (24). */
export type FuseOptions = {
  readonly maps?: boolean
  readonly epilogues?: boolean
  readonly siblings?: boolean
  readonly rows?: boolean
  readonly maxInputs?: number
}

/** The graph with its kernels merged; it computes the same, but for roundings that are left out where a value is no longer stored. */
export const fuse = (
  graph: Graph,
  { maps = true, epilogues = true, siblings = true, rows = true, maxInputs = 24 }: FuseOptions = {},
): Graph => {
  const network = networkOf(maps ? joinChains(graph, maxInputs) : graph)
  if (maps) moveFreeMaps(network)
  if (epilogues) takeEpilogues(network, maxInputs)
  if (maps) moveMaps(network, maxInputs)
  // What maps have been moved into may have become elementwise in the result of a contraction.
  if (epilogues) takeEpilogues(network, maxInputs)
  if (rows) joinRows(network, maxInputs)
  if (siblings) joinSiblings(network, maxInputs)
  return graphOf(network)
}
