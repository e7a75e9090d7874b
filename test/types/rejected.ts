/**
 * Wrong calls, each under what the compiler says of it. Read by rejected.test.ts; no other program may contain it.
 */
import { pipe } from 'fp-ts/lib/function.js'
import {
  add,
  argmax,
  assertShape,
  at,
  avgPool2d,
  broadcastTo,
  cholesky,
  clip,
  concat,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  cumsum,
  type Dim,
  det,
  diag,
  diagonal,
  diff,
  dot,
  dynamicSlice,
  dynamicUpdateSlice,
  eigh,
  einsum,
  ellipsis,
  expandDims,
  flip,
  grad,
  interp,
  inv,
  item,
  logsumexp,
  lstsq,
  matmul,
  matrixPower,
  matrixTrace,
  matrixTranspose,
  maxPool1d,
  maxPool2d,
  mean,
  moveAxis,
  mul,
  norm,
  pad,
  qr,
  quantile,
  reduceWindow,
  repeat,
  reshape,
  roll,
  rot90,
  searchsorted,
  segmentSum,
  slice,
  slogdet,
  softmax,
  solve,
  sort,
  split,
  square,
  squeeze,
  stack,
  sub,
  sum,
  svd,
  swapAxes,
  type Tensor,
  take,
  takeAlongAxis,
  tensor,
  topK,
  transpose,
  triangularSolve,
  tril,
  valueAndGrad,
  vander,
  vjp,
  vmap,
  where,
  zeros,
} from '../../src/index.ts'
import { accuracy } from '../../src/metrics/index.ts'
import { activation, dense, mse, serial, softmaxCrossEntropy } from '../../src/nn/index.ts'
import { key } from '../../src/random/index.ts'

declare const batch: Tensor<readonly [Dim<'batch'>, 3]>
declare const time: Tensor<readonly [Dim<'time'>, 3]>
declare const rows: Tensor<readonly [number, 3]>
declare const seven: Tensor<readonly [1, 1, 1, 1, 1, 1, 7]>
const x = zeros([2, 3])
const v = zeros([3])
const cube = zeros([2, 3, 4])
const images = zeros([4, 28, 28, 1])
const labels = zeros([5], { dtype: 'int32' })

// ---- construction

// tensor: ragged nested array: every row needs the same length
tensor([[1, 2], [3]])
// assertShape: the tensor is [2,3], not [number,784]
assertShape([null, 784])(x)

// ---- broadcasting

// broadcast: [2,3] with [2,4]: axis 1 is 3 vs 4
add(x, zeros([2, 4]))
// broadcast: [2,3] with [2]: axis 1 is 3 vs 2
mul(x, zeros([2]))
// broadcast: [2,3,4] with [5,1,4]: axis 0 is 2 vs 5
sub(cube, zeros([5, 1, 4]))
// broadcast: [number,3] with [4]: axis 1 is 3 vs 4
add(rows, zeros([4]))
// broadcast: [batch,3] with [time,3]: axis 0 is batch vs time
add(batch, time)
// broadcast: [1,1,1,1,1,1,7] with [8]: axis 6 is 7 vs 8
add(seven, zeros([8]))
// broadcast: [2,3] with [4]: axis 1 is 3 vs 4
where(x, zeros([4]), 0)
// broadcast: [2,3] with [4]: axis 1 is 3 vs 4
where(true, x, zeros([4]))
// broadcast: [2,3] with [2]: axis 1 is 3 vs 2
clip({ min: zeros([2]) })(x)
// broadcast: [2,3] with [2]: axis 1 is 3 vs 2
clip({ max: zeros([2]) })(x)
// broadcastTo: cannot broadcast [2,3] to [2,4]
broadcastTo([2, 4])(x)
// broadcastTo: cannot broadcast [2,3] to [1,3]
broadcastTo([1, 3])(x)

// ---- reductions

// sum: axis 2 is out of range for [2,3]
sum({ axis: 2 })(x)
// mean: axis -3 is out of range for [2,3]
mean({ axis: [0, -3], keepDims: true })(x)
// logsumexp: axis 0 is out of range: a scalar has no axes
logsumexp({ axis: 0 })(1)
// argmax: axis 1 is out of range for [3]
argmax({ axis: 1 })(v)
// softmax: axis 2 is out of range for [2,3]
softmax({ axis: 2 })(x)
// sort: axis -2 is out of range for [3]
sort({ axis: -2 })(v)
// cumsum: axis 2 is out of range for [2,3]
cumsum({ axis: 2 })(x)
// norm: axis 1 is out of range for [3]
norm({ axis: 1 })(v)
// quantile: axis 1 is out of range for [3]
quantile({ q: 0.5, axis: 1 })(v)
// flip: axis 4 is out of range for [2,3]
flip({ axis: [0, 4] })(x)
// sum: axis 2 is out of range for [2,3]
pipe(x, sum({ axis: 2 }))

// sum: axis 0 is named twice
sum({ axis: [0, -2] })(x)
// softmax: axis -1 is out of range: a scalar has no axes
softmax(zeros([]))

// ---- products

// matmul: inner dimensions differ: [2,3] @ [5,4]
matmul(x, zeros([5, 4]))
// matmul: inner dimensions differ: [number,3] @ [2,3]
matmul(rows, x)
// matmul: inner dimensions differ: [2,3] @ [2]
matmul(x, zeros([2]))
// matmul: leading axes do not broadcast: [2,3,4] @ [5,4,6]
matmul(cube, zeros([5, 4, 6]))
// matmul: needs at least one axis on each side: [2,3] @ []
matmul(x, 2)
// dot: summed sizes differ: [2,3] · [2]
dot(x, zeros([2]))
// einsum: 'ij,jk->ik': axis j is 3 vs 2 in [2,3], [2,3]
einsum('ij,jk->ik', x, x)
// einsum: 'ij->ik' has 'k' in the result, which no operand has
einsum('ij->ik', x)
// einsum: 'ij->ii' repeats 'i' in the result
einsum('ij->ii', x)
// einsum: 'ijk->i' does not fit [2,3]
einsum('ijk->i', x)
// einsum: 'ij,jk->ik' does not fit [2,3]
einsum('ij,jk->ik', x)

// ---- linear systems

// solve: needs square matrices, got [2,3]
solve(x, zeros([2]))
// solve: sizes differ: [3,3] with right-hand sides [4]
solve(zeros([3, 3]), zeros([4]))
// solve: sizes differ: [3,3] with right-hand sides [2,3]
solve(zeros([3, 3]), x)
// solve: right-hand sides need at least one axis, got []
solve(zeros([3, 3]), 1)
// solve: leading axes do not broadcast: [2,3,3] with right-hand sides [5,3,1]
solve(zeros([2, 3, 3]), zeros([5, 3, 1]))
// triangularSolve: needs square matrices, got [3]
triangularSolve(v, v)
// triangularSolve: sizes differ: [2,2] with right-hand sides [3,2]
triangularSolve({ lower: true })(zeros([2, 2]), zeros([3, 2]))
// triangularSolve: sizes differ: [2,2] with right-hand sides [2,3]
triangularSolve({ leftSide: false })(zeros([2, 2]), x)
// inv: needs square matrices, got [2,3]
inv(x)
// matrixPower: needs square matrices, got [2,3]
matrixPower(2)(x)
// det: needs square matrices, got [2,3,4]
det(cube)
// slogdet: needs square matrices, got [3]
slogdet(v)
// cholesky: needs square matrices, got [2,3]
cholesky(x)
// cholesky: needs square matrices, got [2,3]
cholesky({ upper: true })(x)
// qr: needs matrices, got [3]
qr(v)
// lstsq: sizes differ: [2,3] with right-hand sides [3]
lstsq(x, v)
// lstsq: needs matrices, got [3]
lstsq(v, v)
// eigh: needs square matrices, got [2,3]
eigh(x)
// svd: needs matrices, got [3]
svd(v)

// ---- movement

// reshape: [2,3] to [2,4]: the sizes must multiply to the same number
reshape([2, 4])(x)
// reshape: [2,3] to [2]: the sizes must multiply to the same number
reshape([2])(x)
// reshape: [0,3] to [2]: the sizes must multiply to the same number
reshape([2])(zeros([0, 3]))
// reshape: [-1,-1] has more than one -1: only one size can be left open
reshape([-1, -1])(x)
// reshape: [2,3] to [4,3]: the sizes must multiply to the same number
pipe(x, reshape([4, 3]), sum)
// transpose: [0,0] is no permutation of the axes of [2,3]
transpose([0, 0])(x)
// transpose: [0,1] is no permutation of the axes of [2,3,4]
transpose([0, 1])(cube)
// matrixTranspose: needs at least two axes, got [3]
matrixTranspose(v)
// tril: needs at least two axes, got [3]
tril(v)
// diag: takes a vector or a matrix, got [2,3,4]
diag(cube)
// diagonal: axis 1 is out of range for [3]
diagonal(v)
// matrixTrace: axis 2 is out of range for [2,3]
matrixTrace({ axis: [0, 2] })(x)
// vander: x must have one axis, got [2,3]
vander(x)
// roll: axis 2 is out of range for [2,3]
roll({ shift: 1, axis: 2 })(x)
// repeat: axis 1 is out of range for [3]
repeat({ repeats: 2, axis: 1 })(v)
// rot90: axis 1 is out of range for [3]
rot90(v)
// swapAxes: axis 2 is out of range for [2,3]
swapAxes(0, 2)(x)
// diff: axis 1 is out of range for [3]
diff({ axis: 1 })(v)
// moveAxis: axis 2 is out of range for [2,3]
moveAxis(0, 2)(x)
// expandDims: axis 3 is out of range for the result of [2,3]
expandDims({ axis: 3 })(x)
// squeeze: axis 1 of [2,3] has size 3, not 1
squeeze({ axis: 1 })(x)
// squeeze: axis 2 is out of range for [2,3]
squeeze({ axis: 2 })(x)

// ---- joining and cutting

// concat: [2,3] with [2,4]: all sizes but that of axis 0 must agree
concat([x, zeros([2, 4])])
// concat: [2,3] with [3,3]: all sizes but that of axis 1 must agree
concat({ axis: 1 })([x, zeros([3, 3])])
// concat: [2,3] with [3]: all sizes but that of axis 0 must agree
concat([x, v])
// concat: axis 2 is out of range for [2,3]
concat({ axis: 2 })([x, x])
// stack: [2,3] with [2,4]: all shapes must be the same
stack([x, x, zeros([2, 4])])
// stack: needs at least one tensor
stack([])
// stack: axis 3 is out of range for the result of [2,3]
stack({ axis: 3 })([x, x])
// slice: 3 slices for the 2 axes of [2,3]
slice([null, null, [1]])(x)
// pad: 1 widths for the 2 axes of [2,3]
pad({ widths: [[1, 1]] })(x)
// split: axis 2 is out of range for [2,3]
split({ into: 2, axis: 2 })(x)

// ---- indexing

// take: axis 2 is out of range for [2,3]
take({ axis: 2 })(x, labels)
// topK: axis 1 is out of range for [3]
topK({ k: 2, axis: 1 })(v)
// searchsorted: what is sorted must have one axis, got [2,3]
searchsorted(x, v)
// interp: xp must have one axis, got [2,3]
interp(0, x, v)
// takeAlongAxis: indices [5] and x [2,3] must agree on all axes but -1
takeAlongAxis(x, labels)
// segmentSum: ids [5] do not fit data [2,3]
segmentSum({ segments: 4 })(x, labels)
// dynamicSlice: a slice of [2] does not fit into [2,3]
dynamicSlice({ sizes: [2] })(x, [0, 0])
// dynamicUpdateSlice: a slice of [3] does not fit into [2,3]
dynamicUpdateSlice(x, v, [0, 0])
// at: more indices than the 2 axes of [2,3]
at(0, null, 0).get(x)
// at: more indices than the 2 axes of [2,3]
at(0, ellipsis, 0, [0, 1]).set(0)(x)
// at: an index has one ellipsis at most
at(ellipsis, 0, ellipsis).get(x)
// at: more indices than the 1 axes of [3]
pipe(v, at(0, 0).get)

// ---- images

// conv2d: channels differ: [4,28,28,1] with kernel [3,3,2,8]
conv2d({ padding: 'same' })(images, zeros([3, 3, 2, 8]))
// conv2d: channels differ: [4,28,28,1] with kernel [8,1,3,3]
conv2d({ layout: 'NCHW' })(images, zeros([8, 1, 3, 3]))
// conv2d: needs four axes on both sides, got [2,3] with kernel [3,3,1,8]
conv2d()(x, zeros([3, 3, 1, 8]))
// maxPool2d: needs four axes (NHWC), got [2,3]
maxPool2d({ window: 2 })(x)
// avgPool2d: needs four axes (NCHW), got [2,3,4]
avgPool2d({ window: 2, layout: 'NCHW' })(cube)
// conv1d: channels differ: [2,3,4] with kernel [3,3,8]
conv1d()(cube, zeros([3, 3, 8]))
// conv1d: needs three axes on both sides, got [4,28,28,1] with kernel [3,1,8]
conv1d()(images, zeros([3, 1, 8]))
// conv3d: needs five axes on both sides, got [1,2,2,2,3] with kernel [3]
conv3d()(zeros([1, 2, 2, 2, 3]), v)
// convTranspose2d: channels differ: [4,28,28,1] with kernel [3,3,1,8]
convTranspose2d()(images, zeros([3, 3, 1, 8]))
// convTranspose1d: channels differ: [2,3,4] with kernel [4,3,2]
convTranspose1d({ layout: 'NCW' })(cube, zeros([4, 3, 2]))
// maxPool1d: needs three axes (NWC), got [2,3]
maxPool1d({ window: 2 })(x)
// reduceWindow: a window of 1 sizes for the 2 axes of [2,3]
reduceWindow({ monoid: 'max', window: [2] })(x)

// ---- transformations

// grad: the function must return a scalar, got [3]
grad((a: Tensor<readonly [3]>) => square(a))
// grad: the function must return a scalar, got [3]
valueAndGrad((a: Tensor<readonly [3]>) => [square(a), 'aux'] as const, { aux: true })
// grad: to return [scalar, aux], give the option aux: true
grad((a: Tensor) => [sum(a), 'aux'] as const)
// grad: the function must return a scalar tensor
grad((a: Tensor) => item(a))
// Type '4' is not assignable to type '3'.
grad((a: Tensor<readonly [3]>) => sum(a))(zeros([4]))
// vjp: the cotangent is [2], not [3]
vjp((a: Tensor<readonly [2, 3]>) => sum({ axis: 0 })(a))(x)[1](zeros([2]))
// vmap: batch axes differ in size: one is 2
vmap((a: Tensor<readonly [3]>, b: Tensor<readonly [3]>) => mul(a, b))(x, zeros([5, 3]))
// Type '4' is not assignable to type '3'.
vmap((a: Tensor<readonly [3]>) => a)(zeros([2, 4]))
// item: needs exactly one element, got [3]
item(v)

// item: needs exactly one element, got [1,1,4]
item(zeros([1, 1, 4]))

// ---- layers

// serial: this layer takes [..., 400], the one before it gives [..., 500]
serial(dense(784, 500), dense(400, 10))
// serial: this layer takes [..., 400], the one before it gives [..., 500]
serial(dense(784, 500), activation(square), dense(400, 10), dense(10, 3))
// serial: this layer takes [..., 400], the one before it gives [..., 500]
serial(serial(dense(784, 500), activation(square)), dense(400, 10))
const weights = dense(784, 10).init(key(0))
// dense: takes [..., 784], got [64,783]
dense(784, 10).apply(weights.params, weights.state, zeros([64, 783]))
// softmaxCrossEntropy: logits [4,10] and labels [5] do not fit
softmaxCrossEntropy(zeros([4, 10]), labels)
// softmaxCrossEntropy: logits [4,10] and labels [5] do not fit
softmaxCrossEntropy({ reduction: 'none' })(zeros([4, 10]), labels)
// mse: the target is [4,1], not [4]
mse(zeros([4]), zeros([4, 1]))
// accuracy: logits [4,10] and labels [5] do not fit
accuracy(zeros([4, 10]), labels)
