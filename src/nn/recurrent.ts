/**
 * Recurrent layers: a cell that takes its own state back, from one time to the next.
 *
 * Layer: nn. Cells are functions of their own; layers are scans over them, with the products that do not depend on the state taken out
 * of the scan.
 */
import { requireOptions, requireRecord } from '../core/options.ts'
import { dim } from '../core/shape.ts'
import { requireTensor } from '../core/tensor.ts'
import type { Tensor } from '../core/types.ts'
import { sigmoid } from '../ops/activations.ts'
import { sub } from '../ops/arithmetic.ts'
import { split as cut } from '../ops/arrange.ts'
import { zeros } from '../ops/creation.ts'
import { add, mul } from '../ops/elementwise.ts'
import { tanh } from '../ops/math.ts'
import { broadcastTo, moveAxis } from '../ops/movement.ts'
import { type Key, split } from '../random/index.ts'
import { scan } from '../transform/scan.ts'
import { checkFeatures, checkInits, checkInput, checkSizes } from './checks.ts'
import { orthogonal } from './constants.ts'
import { type DenseOptions, type LinearParams, linear, linearParams } from './dense.ts'
import type { Initializer } from './initializers.ts'
import { type Layer, layer, type Stateless } from './layer.ts'

/**
 * What the input and the state before are multiplied by and moved by: w [inputs, gates · hidden] and [hidden, gates · hidden], b
 * [gates · hidden] both. Two biases, as in PyTorch and cuDNN, whose weights are these transposed.
 */
export type RecurrentParams = { readonly input: LinearParams; readonly hidden: LinearParams }

/** The state of an LSTM: what it puts out and what it keeps, [..., hidden] both. */
export type LstmState = { readonly h: Tensor; readonly c: Tensor }

/** From the input's share of the gates and the parameters of the state's share, the next state. */
type Step<St> = (projected: Tensor, hidden: LinearParams, state: St) => St

const gatesOf = (n: number, x: Tensor): readonly Tensor[] => cut({ into: n, axis: -1 })(x) as readonly Tensor[]

const lstmStep: Step<LstmState> = (projected, hidden, { h, c }) => {
  const [i, f, g, o] = gatesOf(4, add(projected, linear(hidden, h))) as readonly [Tensor, Tensor, Tensor, Tensor]
  const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)))
  return { h: mul(sigmoid(o), tanh(next)), c: next }
}

const gruStep: Step<Tensor> = (projected, hidden, h) => {
  const [r, z, n] = gatesOf(3, projected) as readonly [Tensor, Tensor, Tensor]
  const [hr, hz, hn] = gatesOf(3, linear(hidden, h)) as readonly [Tensor, Tensor, Tensor]
  const [reset, update] = [sigmoid(add(r, hr)), sigmoid(add(z, hz))]
  const fresh = tanh(add(n, mul(reset, hn)))
  return add(mul(sub(1, update), fresh), mul(update, h))
}

const rnnStep: Step<Tensor> = (projected, hidden, h) => tanh(add(projected, linear(hidden, h)))

/** A cell refuses inputs and states that its parameters do not take. */
const checkCell = (name: string, params: RecurrentParams, x: Tensor, states: readonly Tensor[]): void => {
  const takes = 'the parameters of a recurrent layer, { input, hidden }'
  const { input, hidden } = requireRecord(name, takes, params, ['input', 'hidden'])
  for (const tensor of [x, ...states]) requireTensor(name, tensor)
  checkFeatures(name, dim(input.w.shape, 0), x)
  for (const h of states)
    checkInput(name, h.shape.at(-1) === dim(hidden.w.shape, 0), `a state [..., ${dim(hidden.w.shape, 0)}]`, h)
}

/**
 * One step of an LSTM: i = σ(x Wi + h Ui + b), f and o alike, g = tanh(x Wg + h Ug + b), c' = f c + i g, h' = o tanh(c'); the gates
 * stand in the weights as i, f, g, o. x [..., inputs], h and c [..., hidden]. Hochreiter and Schmidhuber (1997), with the forget gate of
 * Gers, Schmidhuber and Cummins (2000).
 * @throws ShapeError for other sizes
 * @example
 * const { params } = lstm(3, 5).init(key(0))
 * const start = { h: zeros([4, 5]), c: zeros([4, 5]) }
 * lstmCell(params[0], start, inputs).h // [4,5]
 */
export const lstmCell = (params: RecurrentParams, state: LstmState, x: Tensor): LstmState => {
  const { h, c } = requireRecord('lstmCell', 'a state { h, c }', state, ['h', 'c'])
  checkCell('lstmCell', params, x, [h, c])
  return lstmStep(linear(params.input, x), params.hidden, state)
}

/**
 * One step of a GRU: r = σ(x Wr + h Ur + b), z alike, n = tanh(x Wn + b + r (h Un + b)), h' = (1 - z) n + z h; the gates stand in the
 * weights as r, z, n. x [..., inputs], h [..., hidden]. Cho et al. (2014), with the reset gate after the product, as in cuDNN and PyTorch.
 * @throws ShapeError for other sizes
 * @example
 * const { params } = gru(3, 5).init(key(0))
 * gruCell(params[0], zeros([4, 5]), inputs) // [4,5]
 */
export const gruCell = (params: RecurrentParams, h: Tensor, x: Tensor): Tensor => {
  checkCell('gruCell', params, x, [h])
  return gruStep(linear(params.input, x), params.hidden, h)
}

/**
 * One step of a simple recurrent network: h' = tanh(x W + b + h U + b). x [..., inputs], h [..., hidden]. Elman (1990).
 * @throws ShapeError for other sizes
 * @example
 * const { params } = rnn(3, 5).init(key(0))
 * rnnCell(params[0], zeros([4, 5]), inputs) // [4,5]
 */
export const rnnCell = (params: RecurrentParams, h: Tensor, x: Tensor): Tensor => {
  checkCell('rnnCell', params, x, [h])
  return rnnStep(linear(params.input, x), params.hidden, h)
}

/** The options of recurrent layers with a state St. */
export type RecurrentOptions<St> = DenseOptions & {
  /** Initialiser of the weights of the state: `orthogonal()` by default, as in Keras. */
  readonly hiddenInit?: Initializer
  /** Whether only the output of the last step is returned, [batch, hidden]: false by default. */
  readonly last?: boolean
  /** Whether to go from the last time to the first; each output stays at its time. */
  readonly reverse?: boolean
  /** The state before the first step, [hidden] or [batch, hidden]: zeros by default. */
  readonly initial?: St
}

/** What kinds of recurrent layers do not share. */
type Kind<St> = {
  readonly name: string
  readonly gates: number
  readonly step: Step<St>
  /** The first state: `make` gives a part [batch, hidden] of it, from what was given if anything was. */
  readonly from: (make: (given: Tensor | undefined) => Tensor, given: St | undefined) => St
  readonly output: (state: St) => Tensor
}

const paramsOf =
  (gates: number, [inputs, hidden]: readonly [number, number], options: RecurrentOptions<never>) =>
  (key: Key): RecurrentParams => {
    const { hiddenInit = orthogonal(), ...rest } = options
    const [forInput, forHidden] = split(key)
    return {
      input: linearParams(inputs, gates * hidden, rest)(forInput),
      hidden: linearParams(hidden, gates * hidden, { ...rest, init: hiddenInit })(forHidden),
    }
  }

const recurrent = <St>(
  { name, gates, step, from, output }: Kind<St>,
  [inputs, hidden]: readonly [number, number],
  options: RecurrentOptions<St>,
): Layer<readonly [RecurrentParams], readonly [Stateless]> => {
  checkSizes(name, [inputs, hidden])
  checkInits(name, options)
  const { last = false, reverse = false, initial } = options
  return layer<RecurrentParams>({
    name,
    init: paramsOf(gates, [inputs, hidden], options as RecurrentOptions<never>),
    apply: (params, x) => {
      checkInput(name, x.shape.length === 3 && x.shape.at(-1) === inputs, `[batch, time, ${inputs}]`, x)
      const { dtype } = params.hidden.w
      const shape = [dim(x.shape, 0), hidden]
      const start = from(given => (given === undefined ? zeros(shape, { dtype }) : broadcastTo(shape)(given)), initial)
      const projected = moveAxis(1, 0)(linear(params.input, x))
      const over = scan(
        (state: unknown, now: Tensor) => {
          const next = step(now, params.hidden, state as St)
          return [next, output(next)] as const
        },
        { reverse },
      )
      const [end, outputs] = over(start as never, projected) as unknown as readonly [St, Tensor]
      return last ? output(end) : moveAxis(0, 1)(outputs)
    },
  })
}

const single = (name: string, gates: number, step: Step<Tensor>): Kind<Tensor> => ({
  name,
  gates,
  step,
  from: (make, given) => make(given),
  output: h => h,
})

/**
 * `lstmCell` over time: [batch, time, inputs] -> [batch, time, hidden], from a state of zeros or a given one.
 *
 * Weights begin Glorot-uniform, those of the state orthogonal, biases 0, as in Keras but for its forget bias of 1. PyTorch begins with
 * everything uniform within ±1 / √hidden: `uniformInit` for `init`, `hiddenInit` and `biasInit`.
 * @throws ValueError for sizes below 1; on application, ShapeError for other axes or features
 * @example
 * const network = serial(lstm(3, 16, { last: true }), dense(16, 10))
 * const { params, state } = network.init(key(0))
 * network.apply(params, state, ones([4, 20, 3]))[0] // [4,10]
 */
export const lstm = (
  inputs: number,
  hidden: number,
  options: RecurrentOptions<LstmState> = {},
): Layer<readonly [RecurrentParams], readonly [Stateless]> => {
  requireOptions('lstm', options, ['init', 'biasInit', 'bias', 'dtype', 'hiddenInit', 'last', 'reverse', 'initial'])
  return recurrent(
    {
      name: 'lstm',
      gates: 4,
      step: lstmStep,
      from: (make, given) => ({ h: make(given?.h), c: make(given?.c) }),
      output: ({ h }) => h,
    },
    [inputs, hidden],
    options,
  )
}

/**
 * `gruCell` over time: [batch, time, inputs] -> [batch, time, hidden]; see `lstm`.
 * @throws as `lstm`
 * @example
 * const encoder = gru(3, 16, { reverse: true })
 * const { params, state } = encoder.init(key(0))
 * encoder.apply(params, state, ones([4, 20, 3]))[0] // [4,20,16]
 */
export const gru = (
  inputs: number,
  hidden: number,
  options: RecurrentOptions<Tensor> = {},
): Layer<readonly [RecurrentParams], readonly [Stateless]> => {
  requireOptions('gru', options, ['init', 'biasInit', 'bias', 'dtype', 'hiddenInit', 'last', 'reverse', 'initial'])
  return recurrent(single('gru', 3, gruStep), [inputs, hidden], options)
}

/**
 * `rnnCell` over time: [batch, time, inputs] -> [batch, time, hidden]; see `lstm`.
 * @throws as `lstm`
 * @example
 * const counter = rnn(3, 16, { hiddenInit: identityInit() })
 * const { params, state } = counter.init(key(0))
 * counter.apply(params, state, ones([4, 20, 3]))[0] // [4,20,16]
 */
export const rnn = (
  inputs: number,
  hidden: number,
  options: RecurrentOptions<Tensor> = {},
): Layer<readonly [RecurrentParams], readonly [Stateless]> => {
  requireOptions('rnn', options, ['init', 'biasInit', 'bias', 'dtype', 'hiddenInit', 'last', 'reverse', 'initial'])
  return recurrent(single('rnn', 1, rnnStep), [inputs, hidden], options)
}
