/**
 * The quick backend in plain JavaScript: typed-array loops a row at a time, contractions in register-sized blocks.
 *
 * Layer: backend. Means the same as the reference, which tests compare it with; needs nothing but the language.
 */
import { allocate, type TypedArray } from '../core/dtype.ts'
import type { Kernel, Scatter } from '../core/kernel.ts'
import { stridesOf } from '../core/shape.ts'
import type { Backend } from './backend.ts'
import { runContract } from './javascript/contract.ts'
import { evaluateAll, runNest } from './javascript/nest.ts'
import { monoidFor } from './scalar.ts'
import { runSort } from './sort.ts'

const runScatter = (kernel: Scatter, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const dtype = kernel.update.dtype
  const { combine } = monoidFor(kernel.monoid, dtype)
  const totals = evaluateAll(kernel.init, kernel.shape, inputs)
  const index = kernel.index.map(at => evaluateAll(at, kernel.axes, inputs))
  const updates = evaluateAll(kernel.update, kernel.axes, inputs)
  const strides = stridesOf(kernel.shape)
  for (let n = 0; n < updates.length; n++) {
    let at = 0
    let inside = true
    for (let axis = 0; axis < index.length; axis++) {
      const i = (index[axis] as Float64Array)[n] as number
      inside = inside && i >= 0 && i < (kernel.shape[axis] as number)
      at += i * (strides[axis] as number)
    }
    if (inside) totals[at] = combine(totals[at] as number, updates[n] as number)
  }
  const out = allocate(dtype, totals.length)
  out.set(totals)
  return [out]
}

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
    }
  },
}
