/**
 * Every layer of `cotangent/nn` with inputs for it, for the laws.
 */
import { type FloatDtype, full, type Tensor } from '../../src/index.ts'
import * as nn from '../../src/nn/index.ts'
import type { Draw, LayerSubject } from '../../src/testing/index.ts'

type Options = Omit<LayerSubject, 'name' | 'layer' | 'input'>

const subject = (
  name: string,
  layer: (dtype: FloatDtype) => unknown,
  input: (draw: Draw) => Tensor,
  options: Options = {},
): LayerSubject => ({ name, layer: layer as LayerSubject['layer'], input, ...options })

/** A batch of two or three examples of this shape. */
const batch =
  (...shape: readonly number[]) =>
  (draw: Draw): Tensor =>
    draw.tensor([draw.integer(2, 3), ...shape])
/** With no two elements alike, for layers that choose the largest. */
const distinct =
  (...shape: readonly number[]) =>
  (draw: Draw): Tensor =>
    draw.tensor([draw.integer(2, 3), ...shape], undefined, { distinct: true })

/** With no element near 0. */
const offKink =
  (...shape: readonly number[]) =>
  (draw: Draw): Tensor =>
    draw.tensor(
      [draw.integer(2, 3), ...shape],
      [
        [-3, -0.2],
        [0.2, 3],
      ],
    )

/** All layers. */
export const layerSubjects: readonly LayerSubject[] = [
  subject('dense', dtype => nn.dense(3, 2, { dtype }), batch(3), { order: 2 }),
  subject('conv 1d', dtype => nn.conv(2, 3, { window: [2], strides: 2, dtype }), batch(5, 2), { order: 2 }),
  subject('conv 2d', dtype => nn.conv(2, 3, { window: [3, 2], padding: 'same', dtype }), batch(3, 3, 2)),
  subject(
    'conv 2d in groups',
    dtype => nn.conv(4, 2, { window: [2, 2], groups: 2, bias: false, dtype }),
    batch(3, 2, 4),
  ),
  subject('conv 3d', dtype => nn.conv(1, 2, { window: [2, 1, 2], dtype }), batch(2, 2, 3, 1)),
  subject(
    'convTranspose 1d',
    dtype => nn.convTranspose(2, 3, { window: [3], strides: 2, padding: 1, dtype }),
    batch(3, 2),
  ),
  subject('convTranspose 2d', dtype => nn.convTranspose(2, 3, { window: [2, 2], strides: 2, dtype }), batch(2, 2, 2)),
  subject(
    'convTranspose 2d in groups',
    dtype => nn.convTranspose(4, 2, { window: [2, 2], groups: 2, dtype }),
    batch(2, 1, 4),
  ),
  subject('convTranspose 3d', dtype => nn.convTranspose(1, 2, { window: [1, 2, 1], dtype }), batch(1, 2, 2, 1)),
  subject('maxPool', () => nn.maxPool({ window: 2 }), distinct(4, 4, 2)),
  subject('avgPool', () => nn.avgPool({ window: [2, 3], strides: 1 }), batch(4, 4, 2)),
  subject('globalAvgPool', () => nn.globalAvgPool(), batch(3, 2, 2)),
  subject('globalMaxPool', () => nn.globalMaxPool({ keepDims: true }), distinct(3, 2)),
  subject('flatten', () => nn.flatten(), batch(2, 3)),
  subject('batchNorm', dtype => nn.batchNorm(3, { dtype }), distinct(2, 3), { trainsOtherwise: true, order: 2 }),
  subject(
    'batchNorm, unbiased, along axis 1, without parameters',
    dtype => nn.batchNorm(2, { dtype, axis: 1, unbiased: true, scale: false, bias: false, momentum: 0.9 }),
    distinct(2, 3),
    { trainsOtherwise: true },
  ),
  subject('dropout', () => nn.dropout(0.4), batch(4), { draws: true }),
  subject('dropout of rate 0', () => nn.dropout(0), batch(4)),
  subject('spatialDropout', () => nn.spatialDropout(0.4), batch(2, 2, 3), { draws: true }),
  subject('layerNorm', dtype => nn.layerNorm(4, { dtype }), distinct(4), { order: 2 }),
  subject('rmsNorm', dtype => nn.rmsNorm(3, { dtype, bias: true }), distinct(2, 3)),
  subject('groupNorm', dtype => nn.groupNorm(2, 4, { dtype }), distinct(2, 4)),
  subject('instanceNorm', dtype => nn.instanceNorm(2, { dtype }), distinct(4, 2)),
  subject('prelu', dtype => nn.prelu(3, { dtype }), offKink(2, 3)),
  subject(
    'embedding',
    dtype => nn.embedding(4, 3, { dtype }),
    draw => draw.integers([draw.integer(2, 3), 2], 0, 3),
  ),
  subject('multiHeadAttention', dtype => nn.multiHeadAttention(4, { heads: 2, dtype }), batch(3, 4)),
  subject(
    'multiHeadAttention, causal',
    dtype => nn.multiHeadAttention(2, { heads: 1, causal: true, dtype }),
    batch(3, 2),
    {
      order: 2,
    },
  ),
  subject(
    'multiHeadAttention with dropout',
    dtype => nn.multiHeadAttention(2, { heads: 2, rate: 0.3, bias: false, dtype }),
    batch(3, 2),
    { draws: true },
  ),
  subject('lstm', dtype => nn.lstm(2, 3, { dtype }), batch(3, 2)),
  subject('lstm, the last output', dtype => nn.lstm(2, 2, { last: true, reverse: true, dtype }), batch(2, 2), {
    order: 2,
  }),
  subject('gru', dtype => nn.gru(2, 3, { dtype, reverse: true }), batch(3, 2)),
  subject('gru from a state', dtype => nn.gru(2, 2, { dtype, initial: full([2], 0.5, { dtype }) }), batch(2, 2)),
  subject('rnn', dtype => nn.rnn(2, 2, { dtype }), batch(3, 2)),
]
