/**
 * toHost: tensors on a device, copied to where they can be read.
 *
 * Layer: transform. Read first: compile.ts.
 */
import { asValue, isTensor } from '../core/tensor.ts'
import { flattenWithPaths } from '../core/tree.ts'

/**
 * The same tree once the host has its tensors, so that `item`, `toArray`, `data` and ops work on them. Those that it has already, and
 * whatever is no tensor, cost nothing. A tensor that was fetched is on the device as well until its place there is needed.
 * @returns a promise, which rejects with an EngineError for tensors of a backend that was closed
 * @example
 * const { w } = await toHost({ w: ones([2]) })
 * toArray(w) // [1, 1]
 */
export const toHost = async <T>(tree: T): Promise<T> => {
  const [leaves] = flattenWithPaths(tree)
  await Promise.all(
    leaves.map(async ({ value }) => {
      const x = isTensor(value) ? asValue(value) : null
      if (x?.tag === 'concrete' && x.cell.host === null) await x.cell.remote?.fetch()
    }),
  )
  return tree
}
