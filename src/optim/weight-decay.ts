/**
 * Weight decay, coupled and decoupled: where it stands in a chain makes the difference.
 *
 * Layer: optim. Read next: masks.ts, for decay on some leaves only.
 */
import { treeZip } from '../core/tree.ts'
import { add, mul } from '../ops/elementwise.ts'
import { checkOption } from './options.ts'
import { chain, type GradientTransformation, transformation } from './transformation.ts'

/**
 * Adds decay · p to the gradient of each parameter p.
 *
 * First in a chain it is the gradient of decay/2 · ‖p‖², L2 regularisation: coupled, the option `weightDecay` of `sgd` and the
 * others, as in PyTorch. After the rule that scales, just before the learning rate, it is decoupled: what `adamW` does
 * (Loshchilov and Hutter, 2019). A loss with λ · ‖p‖² needs the decay 2λ.
 * @throws ValueError unless decay is a finite number of at least 0
 * @example
 * chain(addDecayedWeights(1e-4), sgd({ learningRate: 0.1 })) // as sgd({ learningRate: 0.1, weightDecay: 1e-4 })
 */
export const addDecayedWeights = (decay: number): GradientTransformation => {
  checkOption('addDecayedWeights', 'decay', decay, 0)
  return transformation<readonly never[]>({
    init: () => [],
    update: (grads, state, params) => [treeZip(grads, params, (g, p) => add(g, mul(p, decay))), state],
  })
}

/** An optimizer's option for coupled weight decay; absent is 0. */
export type WeightDecay = { readonly weightDecay?: number }

/** `addDecayedWeights`, unless the decay is 0. */
export const maybeDecay = (op: string, weightDecay = 0): GradientTransformation => {
  checkOption(op, 'weightDecay', weightDecay, 0)
  return weightDecay === 0 ? chain() : addDecayedWeights(weightDecay)
}
