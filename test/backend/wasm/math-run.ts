/**
 * Runs the code of one scalar function over arrays, as vectors or one value at a time.
 */
import type { Code, Local, ValueType } from '../../../src/backend/wasm/assembler.ts'
import { moduleBuilder } from '../../../src/backend/wasm/assembler.ts'
import { scalarFunction, shiftByConstant, vectorFunction } from '../../../src/backend/wasm/math.ts'
import { wasmApi } from '../../../src/backend/wasm/platform.ts'
import { allocate, type Dtype, type TypedArray } from '../../../src/core/dtype.ts'
import type { BinaryFn, ScalarFn, UnaryFn } from '../../../src/core/kernel.ts'

export const UNARY: readonly UnaryFn[] = [
  ...([
    'neg',
    'abs',
    'sign',
    'floor',
    'ceil',
    'round',
    'trunc',
    'sqrt',
    'cbrt',
    'exp',
    'expm1',
    'log',
    'log1p',
  ] as const),
  ...([
    'log2',
    'sin',
    'cos',
    'tan',
    'asin',
    'acos',
    'atan',
    'sinh',
    'cosh',
    'tanh',
    'asinh',
    'acosh',
    'atanh',
  ] as const),
  ...(['erf', 'erfc', 'erfInv', 'not', 'bitNot'] as const),
]
export const BINARY: readonly BinaryFn[] = [
  ...(['add', 'sub', 'mul', 'div', 'floorDiv', 'mod', 'rem', 'pow', 'max', 'min', 'atan2', 'eq', 'ne', 'lt'] as const),
  ...(['le', 'gt', 'ge', 'and', 'or', 'xor', 'bitAnd', 'bitOr', 'bitXor'] as const),
  ...(['shiftLeft', 'shiftRight', 'shiftRightLogical'] as const),
]
/** Functions of the bits of integers, which floats do not have. */
export const ofBits: ReadonlySet<ScalarFn> = new Set([
  ...(['bitNot', 'bitAnd', 'bitOr', 'bitXor', 'shiftLeft', 'shiftRight', 'shiftRightLogical'] as const),
])
const logical: ReadonlySet<ScalarFn> = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'and', 'or', 'xor', 'not'])

export type Form = 'vector' | 'scalar'
/** A function over arrays of one length; the second is left out for functions of one argument. */
export type Applied = (...operands: readonly TypedArray[]) => TypedArray

/** The dtype that a scalar function gives. */
export const dtypeOf = (fn: ScalarFn, dtype: Dtype): Dtype => (logical.has(fn) ? 'bool' : dtype)

const valueTypes: { readonly [d in Dtype]: ValueType } = { float32: 'f32', float64: 'f64', int32: 'i32', bool: 'i32' }

/** What is in memory: bools as int32, since masks are four bytes wide. */
const stored = (dtype: Dtype): Dtype => (dtype === 'bool' ? 'int32' : dtype)

type Apply = (code: Code, args: readonly Local[]) => void

/** A loop over `bytes` bytes of the first operand; addresses are parameters, operands first and the output last. */
const writeLoop = (
  code: Code,
  form: Form,
  dtype: Dtype,
  result: Dtype,
  params: readonly Local[],
  apply: Apply,
): void => {
  const [bytes = 0, ...addresses] = params
  const type: ValueType = form === 'vector' ? 'v128' : valueTypes[dtype]
  const at = code.local('i32')
  const inputStep = form === 'vector' ? 16 : dtype === 'float64' ? 8 : 4
  const args = addresses.slice(0, -1).map(() => code.local(type))
  const address = (base: Local): void => {
    code.get(base)
    code.get(at)
    code.op('i32.add')
  }
  code.loop(again => {
    args.forEach((arg, i) => {
      address(addresses[i] ?? 0)
      code.memory(`${type}.load`)
      code.set(arg)
    })
    address(addresses[addresses.length - 1] ?? 0)
    apply(code, args)
    code.memory(form === 'vector' ? 'v128.store' : `${valueTypes[result]}.store`)
    code.get(at)
    code.i32(inputStep)
    code.op('i32.add')
    code.tee(at)
    code.get(bytes)
    code.op('i32.lt_u')
    code.brIf(again)
  })
}

const memoryFor = (bytes: number) => {
  const pages = Math.ceil(bytes / 65536) + 1
  return new wasmApi.Memory({ initial: pages, maximum: pages, shared: false })
}

/** Compiles the loop for arrays of up to `capacity` elements. */
const compiled = (
  form: Form,
  dtype: Dtype,
  result: Dtype,
  arity: number,
  capacity: number,
  make: (m: ReturnType<typeof moduleBuilder>) => Apply,
): Applied => {
  const module = moduleBuilder()
  const apply = make(module)
  module.define(
    'run',
    Array.from({ length: arity + 2 }, () => 'i32' as const),
    [],
    (code, ...params) => writeLoop(code, form, dtype, result, params, apply),
  )
  const { bytes, data } = module.finish(false)
  const stride = Math.ceil((capacity * 8) / 16) * 16 + 16
  const start = Math.ceil(data.length / 16) * 16 + 16
  const memory = memoryFor(start + (arity + 1) * stride)
  new Uint8Array(memory.buffer).set(data, 16)
  const env = { memory, data: new wasmApi.Global({ value: 'i32' }, 16) }
  const instance = new wasmApi.Instance(new wasmApi.Module(bytes), { env, math: Math as never })
  const run = instance.exports.run as unknown as (...args: readonly number[]) => void
  const mask = form === 'vector' ? -1 : 1
  return (...operands) => {
    const length = operands[0]?.length ?? 0
    const addresses = Array.from({ length: arity + 1 }, (_, i) => start + i * stride)
    const view = (of: Dtype, at: number): TypedArray => {
      const made = allocate(stored(of), 0)
      return new (made.constructor as new (b: ArrayBufferLike, o: number, n: number) => TypedArray)(
        memory.buffer,
        at,
        length,
      )
    }
    operands.forEach((operand, i) => {
      const to = view(dtype, addresses[i] ?? 0)
      if (dtype === 'bool') to.set(Int32Array.from(operand, x => (x === 0 ? 0 : mask)))
      else to.set(operand)
    })
    const width = dtype === 'float64' ? 8 : 4
    run(form === 'vector' ? Math.ceil(length / 4) * 16 : length * width, ...addresses)
    const at = addresses[arity] ?? 0
    if (result !== 'bool') return view(result, at).slice()
    return Int32Array.from(
      operands[0] ?? [],
      (_, i) => mask * (new Int32Array(memory.buffer)[(at + i * width) / 4] ?? 0),
    )
  }
}

/** A scalar function over arrays of up to `capacity` elements. Bool results are int32 that should be 0 or 1. */
export const applied = (form: Form, fn: ScalarFn, dtype: Dtype, capacity: number): Applied => {
  const arity = (BINARY as readonly ScalarFn[]).includes(fn) ? 2 : 1
  const write = form === 'vector' ? vectorFunction : scalarFunction
  return compiled(
    form,
    dtype,
    dtypeOf(fn, dtype),
    arity,
    capacity,
    module => (code, args) => write(module, code, fn, dtype, args),
  )
}

/** `shiftByConstant` over arrays. */
export const shifted = (fn: 'shiftLeft' | 'shiftRight' | 'shiftRightLogical', by: number, capacity: number): Applied =>
  compiled(
    'vector',
    'int32',
    'int32',
    1,
    capacity,
    () =>
      (code, [x = 0]) =>
        shiftByConstant(code, fn, x, by),
  )
