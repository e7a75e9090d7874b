/**
 * The quick backend in plain JavaScript: typed-array loops over a tile of points at a time, contractions in blocks that
 * registers hold.
 *
 * Layer: backend. Means the same as the reference, which tests compare it with; needs nothing but the language. Contractions,
 * gathers and scatters count positions in int32, hence work on arrays of up to 2³¹ elements.
 * Read next: javascript/tile.ts, javascript/contract.ts.
 */
import type { Kernel } from '../core/kernel.ts'
import type { Backend } from './backend.ts'
import { runContract } from './javascript/contract.ts'
import { runCumulate } from './javascript/cumulate.ts'
import { runNest } from './javascript/nest.ts'
import { runScatter } from './javascript/scatter.ts'
import { runRoutine } from './routine.ts'
import { runSort } from './sort.ts'

/** The default backend for eager ops. */
export const javascript: Backend = {
  name: 'javascript',
  run: (kernel: Kernel, inputs) => {
    switch (kernel.tag) {
      case 'nest':
        return runNest(kernel, inputs)
      case 'contract':
        return runContract(kernel, inputs)
      case 'scatter':
        return runScatter(kernel, inputs)
      case 'sort':
        return runSort(kernel, inputs)
      case 'cumulate':
        return runCumulate(kernel, inputs)
      case 'routine':
        return runRoutine(kernel, inputs)
    }
  },
}
