/**
 * Dense linear algebra, for every backend that runs on the host: in float64, rounded to the tensor's dtype on store.
 *
 * Layer: backend. Each routine has a file in routine/ and sees one matrix at a time, row-major, a copy it may overwrite.
 */
import { allocate, type TypedArray } from '../core/dtype.ts'
import { matrixSizes, type Routine, resultSizes } from '../core/routine.ts'
import { dim, type Shape, sizeOf } from '../core/shape.ts'
import { adjugate } from './routine/adjugate.ts'
import { cholesky } from './routine/cholesky.ts'
import { eigh } from './routine/eigh.ts'
import { determinant, factorize, logDeterminant, solveFactored } from './routine/lu.ts'
import { qr } from './routine/qr.ts'
import { svd } from './routine/svd.ts'
import { solveTriangular } from './routine/triangular.ts'

/** A routine that is through with the first matrix: from the second, if there is one, to the results. */
type Prepared = (second: Float64Array) => readonly ArrayLike<number>[]

const prepare = ({ task, operands }: Routine, first: Float64Array): Prepared => {
  const [m, n] = matrixSizes(operands[0])
  switch (task.name) {
    case 'cholesky':
      return () => [cholesky(first, n, task.upper)]
    case 'triangularSolve': {
      const [rows, columns] = matrixSizes(operands[1])
      return b => [solveTriangular(first, n, b, task.leftSide ? columns : rows, task)]
    }
    case 'solve': {
      const factors = factorize(first, n)
      return b => [solveFactored(factors, b, matrixSizes(operands[1])[1])]
    }
    case 'det':
      return () => [[determinant(factorize(first, n))]]
    case 'slogdet':
      return () => logDeterminant(factorize(first, n)).map(x => [x])
    case 'adjugate':
      return () => [adjugate(first, n)]
    case 'qr':
      return () => qr(first, m, n)
    case 'eigh':
      return () => eigh(first, n)
    case 'svd':
      return () => svd(first, m, n)
  }
}

/** Which of an operand's matrices belongs to a point of the batch, which is given as its number. */
const matrixNumber = (lead: Shape, batch: Shape): ((point: number) => number) => {
  const offset = batch.length - lead.length
  return point => {
    let [rest, at, stride] = [point, 0, 1]
    for (let axis = batch.length - 1; axis >= offset; axis--) {
      const [n, size] = [dim(batch, axis), dim(lead, axis - offset)]
      if (size !== 1) at += (rest % n) * stride
      rest = Math.floor(rest / n)
      stride *= size
    }
    return at
  }
}

/** The matrices of an operand, copied one by one. */
const matricesOf = (shape: Shape = [], batch: Shape, source: TypedArray = new Float64Array()) => {
  const size = sizeOf(matrixSizes(shape))
  const numberAt = matrixNumber(shape.slice(0, -2), batch)
  const copy = (number: number): Float64Array => new Float64Array(source.subarray(number * size, (number + 1) * size))
  return { numberAt, copy }
}

/** Runs a routine. A matrix that is broadcast to several points is factorised once. */
export const runRoutine = (kernel: Routine, inputs: readonly TypedArray[]): readonly TypedArray[] => {
  const { batch, dtype, operands } = kernel
  const sizes = resultSizes(kernel).map(sizeOf)
  const outs = sizes.map(size => allocate(dtype, sizeOf(batch) * size))
  const first = matricesOf(operands[0], batch, inputs[0])
  const second = operands.length > 1 ? matricesOf(operands[1], batch, inputs[1]) : null
  const ready = new Map<number, Prepared>()
  for (let point = 0; point < sizeOf(batch); point++) {
    const number = first.numberAt(point)
    const run = ready.get(number) ?? prepare(kernel, first.copy(number))
    if (second !== null) ready.set(number, run)
    const results = run(second?.copy(second.numberAt(point)) ?? new Float64Array())
    results.forEach((result, i) => {
      outs[i]?.set(result, point * (sizes[i] ?? 0))
    })
  }
  return outs
}
