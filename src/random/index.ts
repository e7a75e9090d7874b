/**
 * Random numbers as pure functions of keys.
 *
 * `key(seed)` makes a key, `split` and `foldIn` make more of it, and samplers take their options first and a key last:
 * `normal({ shape: [2, 3] })(key(0))`. The same key always gives the same numbers, so use each key once. The bits are
 * those of `jax.random` with its default generator (threefry-2x32, partitionable, JAX ≥ 0.5); floats that pass through
 * log or erfInv agree to the last few digits. Samplers are made of ops alone: they work under `vmap`, `grad` and `jit`,
 * with keys and parameters that are traced. `draw` puts one into fp-ts's `State`.
 *
 * Layer: random. Read next: key.ts.
 */
export { type BitsOptions, bits } from './bits.ts'
export { type CategoricalOptions, categorical, type RandintOptions, randint } from './discrete.ts'
export { foldIn, type Key, type Keys, key, type Sampler, type SplitOptions, split, splitMany } from './key.ts'
export { normal, type TruncatedNormalOptions, truncatedNormal } from './normal.ts'
export type { Parameter } from './parameters.ts'
export { type ChoiceOptions, choice, type PermutationOptions, permutation } from './permutation.ts'
export { draw, type Random } from './state.ts'
export {
  type BernoulliOptions,
  bernoulli,
  type DrawOptions,
  exponential,
  gumbel,
  type UniformOptions,
  uniform,
} from './uniform.ts'
