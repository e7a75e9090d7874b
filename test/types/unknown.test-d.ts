/**
 * What is not known never gets in the way: sizes that are `number`, shapes that are any, names, type parameters.
 */
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expectTypeOf, it } from 'vitest'
import {
  type Axes,
  add,
  assertShape,
  concat,
  conv2d,
  convTranspose3d,
  type Dim,
  div,
  einsum,
  exp,
  expandDims,
  grad,
  matmul,
  maxPool2d,
  mean,
  mul,
  type ReduceOptions,
  reduceWindow,
  relu,
  reshape,
  type Shape,
  sigmoid,
  slice,
  softmax,
  squeeze,
  stack,
  sub,
  sum,
  type Tensor,
  tensor,
  transpose,
  treeMap,
  treeZip,
  vjp,
  vmap,
  zeros,
} from '../../src/index.ts'
import { activation, dense, type Layer, serial, softmaxCrossEntropy } from '../../src/nn/index.ts'
import { key } from '../../src/random/index.ts'

declare const plain: Tensor
declare const n: number
declare const rows: Tensor<readonly [number, 784]>
declare const named: Tensor<readonly [Dim<'batch'>, 784]>
const x = zeros([2, 3])

describe('a shape that is not known', () => {
  it('goes anywhere, and comes out unknown', () => {
    expectTypeOf(add(plain, x)).toEqualTypeOf<Tensor>()
    expectTypeOf(matmul(plain, x)).toEqualTypeOf<Tensor>()
    expectTypeOf(sum({ axis: 0 })(plain)).toEqualTypeOf<Tensor>()
    expectTypeOf(transpose([1, 0])(plain)).toEqualTypeOf<Tensor>()
    expectTypeOf(concat([plain, x])).toEqualTypeOf<Tensor>()
    expectTypeOf(stack([plain, plain])).toEqualTypeOf<Tensor>()
    expectTypeOf(slice([[0, 1]])(plain)).toEqualTypeOf<Tensor>()
    expectTypeOf(squeeze(plain)).toEqualTypeOf<Tensor>()
    expectTypeOf(softmax({ axis: 1 })(plain)).toEqualTypeOf<Tensor>()
    expectTypeOf(einsum('ij,jk->ik', plain, x)).toEqualTypeOf<Tensor>()
    expectTypeOf(maxPool2d({ window: 2 })(plain)).toEqualTypeOf<Tensor>()
    expectTypeOf(conv2d()(plain, zeros([3, 3, 1, 8]))).toEqualTypeOf<Tensor>()
    expectTypeOf(convTranspose3d()(plain, zeros([1, 1, 1, 2, 3]))).toEqualTypeOf<Tensor>()
    expectTypeOf(reduceWindow({ monoid: 'sum', window: [2] })(plain)).toEqualTypeOf<Tensor>()
    expectTypeOf(vmap((a: Tensor) => relu(a))(x)).toEqualTypeOf<Tensor>()
    const { params, state } = dense(3, 4).init(key(0))
    expectTypeOf(dense(3, 4).apply(params, state, plain)[0]).toEqualTypeOf<Tensor>()
  })

  it('comes out known where the result does not depend on it', () => {
    expectTypeOf(sum(plain)).toEqualTypeOf<Tensor<readonly []>>()
    expectTypeOf(reshape([n, 3])(plain)).toEqualTypeOf<Tensor<readonly [number, 3]>>()
    expectTypeOf(reshape([-1, 3])(plain)).toEqualTypeOf<Tensor<readonly [number, 3]>>()
    expectTypeOf(softmaxCrossEntropy(plain, plain)).toEqualTypeOf<Tensor<readonly []>>()
    expectTypeOf(softmaxCrossEntropy({ reduction: 'none' })(plain, plain)).toEqualTypeOf<Tensor>()
    expectTypeOf(assertShape([null, 784])(plain)).toEqualTypeOf<Tensor<readonly [number, 784]>>()
    expectTypeOf(assertShape(['batch', 784])(plain)).toEqualTypeOf<Tensor<readonly [Dim<'batch'>, 784]>>()
  })

  it('is what every tensor is', () => {
    const shapes = (...all: readonly Tensor[]): readonly Shape[] => all.map(a => a.shape)
    expectTypeOf(shapes(x, rows, named, plain, tensor(1))).toEqualTypeOf<readonly Shape[]>()
    expectTypeOf<Tensor<readonly [2, 3]>>().toExtend<Tensor>()
  })

  it('is what options make that may be one or another', () => {
    const axis = n > 1 ? 0 : 1
    expectTypeOf(sum({ axis })(x)).toEqualTypeOf<Tensor>()
    expectTypeOf(expandDims({ axis })(x)).toEqualTypeOf<Tensor>()
    expectTypeOf(add(zeros([n > 1 ? 1 : 3]), zeros([5]))).toEqualTypeOf<Tensor<readonly [number]>>()
    expectTypeOf(squeeze(zeros([n > 1 ? 1 : 3, 2]))).toEqualTypeOf<Tensor>()
  })

  it('is what several shapes make', () => {
    const either = n > 1 ? x : zeros([5])
    expectTypeOf(sum(either)).toEqualTypeOf<Tensor<readonly []>>()
    const wider: Tensor = mul(either, plain)
    expectTypeOf(wider).toEqualTypeOf<Tensor>()
  })
})

describe('options that are not known', () => {
  it('give an unknown shape', () => {
    const options: ReduceOptions = { axis: n }
    const axis: Axes = [0]
    const keepDims: boolean = n > 1
    expectTypeOf(sum(options)(x)).toEqualTypeOf<Tensor>()
    expectTypeOf(sum({ axis })(x)).toEqualTypeOf<Tensor>()
    expectTypeOf(sum({ axis: n })(x)).toEqualTypeOf<Tensor>()
    expectTypeOf(mean({ axis: 0, keepDims })(x)).toEqualTypeOf<Tensor>()
    const order: readonly number[] = [1, 0]
    expectTypeOf(transpose(order)(x)).toEqualTypeOf<Tensor>()
    expectTypeOf(reshape(order)(x)).toEqualTypeOf<Tensor>()
    const spec: string = 'ij->ji'
    expectTypeOf(einsum(spec, x)).toEqualTypeOf<Tensor>()
  })
})

describe('a size that is a number', () => {
  it('takes any', () => {
    const network = (images: Tensor<readonly [number, 784]>) => matmul(images, zeros([784, 10]))
    expectTypeOf(network(zeros([64, 784]))).toEqualTypeOf<Tensor<readonly [number, 10]>>()
    expectTypeOf(network(named)).toEqualTypeOf<Tensor<readonly [number, 10]>>()
  })
  it('becomes the literal beside it', () => {
    expectTypeOf(add(rows, zeros([64, 784]))).toEqualTypeOf<Tensor<readonly [64, 784]>>()
    expectTypeOf(add(rows, zeros([1, 784]))).toEqualTypeOf<Tensor<readonly [number, 784]>>()
    expectTypeOf(sub(rows, rows)).toEqualTypeOf<Tensor<readonly [number, 784]>>()
  })
  it('lets a batch grow and shrink', () => {
    let batch = zeros([n, 3])
    batch = add(batch, zeros([3]))
    batch = slice([[0, 10]])(batch)
    expectTypeOf(batch).toEqualTypeOf<Tensor<readonly [number, 3]>>()
  })
})

describe('a size with a name', () => {
  type Named = Tensor<readonly [Dim<'batch'>, 10]>
  it('agrees with itself, and stays', () => {
    const logits = matmul(named, zeros([784, 10]))
    expectTypeOf(logits).toEqualTypeOf<Named>()
    expectTypeOf(softmax({ axis: -1 })(logits)).toEqualTypeOf<Named>()
    expectTypeOf(sub(logits, logits)).toEqualTypeOf<Named>()
    expectTypeOf(sub(logits, zeros([10]))).toEqualTypeOf<Named>()
    expectTypeOf(zeros([named.shape[0], 10])).toEqualTypeOf<Named>()
  })
  it('is a number to whoever wants one, and numbers are taken for it', () => {
    const apply = (images: Tensor<readonly [Dim<'batch'>, 784]>) => images
    expectTypeOf(apply(zeros([64, 784]))).toEqualTypeOf<Tensor<readonly [Dim<'batch'>, 784]>>()
    expectTypeOf(apply).toBeCallableWith(rows)
    // @ts-expect-error another name
    apply(zeros([n as Dim<'time'>, 784]))
  })
})

describe('type parameters', () => {
  it('of shapes pass through ops', () => {
    const normalise = <S extends Shape>(a: Tensor<S>) => div(exp(a), sum(exp(a)))
    const residual = <S extends Shape>(a: Tensor<S>) => add(a, relu(mul(a, 0.5)))
    const twice = <S extends Shape>(a: Tensor<S>): Tensor<S> => relu(mul(2, a))
    expectTypeOf(normalise(x)).toEqualTypeOf<Tensor<readonly [2, 3]>>()
    expectTypeOf(residual(x)).toEqualTypeOf<Tensor<readonly [2, 3]>>()
    expectTypeOf(twice(x)).toEqualTypeOf<Tensor<readonly [2, 3]>>()
  })
  it('of sizes flow, and can be declared', () => {
    const layer = <B extends number>(a: Tensor<readonly [B, 3]>): Tensor<readonly [B, 4]> => matmul(a, zeros([3, 4]))
    const rowSums = <B extends number>(a: Tensor<readonly [B, 3]>): Tensor<readonly [B]> => sum({ axis: 1 })(a)
    const norms = <B extends number>(a: Tensor<readonly [B, 3]>) =>
      vmap((row: Tensor<readonly [3]>) => sum(mul(row, row)))(a)
    expectTypeOf(layer(x)).toEqualTypeOf<Tensor<readonly [2, 4]>>()
    expectTypeOf(rowSums(x)).toEqualTypeOf<Tensor<readonly [2]>>()
    expectTypeOf(norms(x)).toEqualTypeOf<Tensor<readonly [2]>>()
  })
  it('of trees train', () => {
    const train = <P>(loss: (p: P) => Tensor, p: P, q: P): P => {
      grad(loss)(p)
      return treeZip(p, q, (a, b) => sub(a, b))
    }
    expectTypeOf(train((p: { readonly x: Tensor }) => sum(p.x), { x }, { x }).x).toEqualTypeOf<
      Tensor<readonly [2, 3]>
    >()
  })
  it('of sizes make a batch that agrees with itself', () => {
    const loss = <B extends number>(logits: Tensor<readonly [B, 10]>, labels: Tensor<readonly [NoInfer<B>]>) =>
      softmaxCrossEntropy(logits, labels)
    expectTypeOf(loss(zeros([4, 10]), zeros([4]))).toEqualTypeOf<Tensor<readonly []>>()
    // @ts-expect-error 4 rows, 5 labels
    loss(zeros([4, 10]), zeros([5]))
  })
})

describe('transformations', () => {
  it('of gradients keep shapes, through trees', () => {
    type Params = { readonly w: Tensor<readonly [784, 10]>; readonly b: readonly [Tensor<readonly [10]>] }
    const loss = (p: Params, images: Tensor) => mean(add(matmul(images, p.w), p.b[0]))
    const params: Params = { w: zeros([784, 10]), b: [zeros([10])] }
    const gradient = grad(loss)(params, rows)
    expectTypeOf(gradient).toEqualTypeOf<Params>()
    expectTypeOf(treeZip(params, gradient, (p, g) => sub(p, mul(0.1, g)))).toEqualTypeOf<Params>()
    expectTypeOf(treeMap(params, p => sum(p)).b).toEqualTypeOf<readonly [Tensor<readonly []>]>()
  })
  it('take unknown shapes where they know them', () => {
    const [, pullback] = vjp((a: Tensor<readonly [2, 3]>) => sum({ axis: 0 })(a))(x)
    expectTypeOf(pullback).toBeCallableWith(plain)
    expectTypeOf(treeZip({ x }, { x: plain }, (a, b) => add(a, b)).x).toEqualTypeOf<Tensor<readonly [2, 3]>>()
  })
  it('nest', () => {
    const f = (a: Tensor<readonly [3]>) => sum(mul(a, a))
    expectTypeOf(vmap(grad(f))(zeros([5, 3]))).toEqualTypeOf<Tensor<readonly [5, 3]>>()
    expectTypeOf(grad((a: Tensor<readonly [5, 3]>) => sum(vmap(f)(a)))(zeros([5, 3]))).toEqualTypeOf<
      Tensor<readonly [5, 3]>
    >()
  })
})

describe('pipe', () => {
  it('infers through functions that have had their options', () => {
    expectTypeOf(pipe(zeros([6]), reshape([2, 3]), sum({ axis: 0 }))).toEqualTypeOf<Tensor<readonly [3]>>()
    expectTypeOf(pipe(x, transpose([1, 0]), softmax({ axis: -1 }), relu)).toEqualTypeOf<Tensor<readonly [3, 2]>>()
  })
})

describe('layers', () => {
  it('know what goes in and what comes out', () => {
    const network = serial(dense(784, 100), activation(relu), dense(100, 10))
    const { params, state } = network.init(key(0))
    expectTypeOf(params[0].w).toEqualTypeOf<Tensor<readonly [784, 100]>>()
    expectTypeOf(network.apply(params, state, rows)[0]).toEqualTypeOf<Tensor<readonly [number, 10]>>()
    expectTypeOf(network.apply(params, state, zeros([5, 64, 784]))[0]).toEqualTypeOf<Tensor<readonly [5, 64, 10]>>()
  })
  it('of unknown sizes, and of functions that may change shapes, fit anywhere', () => {
    const network = serial(
      dense(784, n),
      dense(n, 10),
      activation(a => mul(a, sigmoid(a))),
      dense(7, 3),
    )
    const { params, state } = network.init(key(0))
    expectTypeOf(network.apply(params, state, rows)[0]).toEqualTypeOf<Tensor>()
    const list: readonly Layer<readonly unknown[]>[] = [dense(3, 4), activation(relu), dense(4, 5)]
    expectTypeOf(serial(...list)).toExtend<Layer<readonly unknown[]>>()
  })
})
