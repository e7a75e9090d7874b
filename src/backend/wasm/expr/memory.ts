/**
 * Elements in memory and in registers: loads and stores of one, or of up to four.
 *
 * Layer: backend. In a vector, float32 and int32 are four lanes and bool is four masks (0 or -1); as a scalar, bool is an i32 that is
 * 0 or 1. In memory a bool is one byte. Nothing here touches bytes beside the elements asked for. Read next: expr.ts.
 */
import { bytesOf, type Dtype } from '../../../core/dtype.ts'
import type { Code, Local, ModuleBuilder, ValueType } from '../assembler.ts'
import type { LaneMemoryOp } from '../opcodes.ts'

/** The type of a scalar of some dtype. */
export const scalarType = (dtype: Dtype): ValueType =>
  dtype === 'float32' ? 'f32' : dtype === 'float64' ? 'f64' : 'i32'

/**
 * Where an element is: the address in a local plus some bytes, of which a positive number costs nothing, unless the address in the
 * local may be `outside` of the buffer.
 */
export type Place = { readonly address: Local; readonly offset: number; readonly outside?: boolean }

/** Pushes the address of a place; the bytes left to add, as an immediate. */
const pushPlace = (code: Code, { address, offset, outside = false }: Place): number => {
  code.get(address)
  if (offset === 0 || (offset > 0 && !outside)) return offset
  code.i32(offset)
  code.op('i32.add')
  return 0
}

/** The place some bytes further. */
export const moved = (place: Place, bytes: number): Place => ({ ...place, offset: place.offset + bytes })

/** Pushes one element as a scalar. */
export const loadScalar = (code: Code, dtype: Dtype, at: Place): void => {
  const offset = pushPlace(code, at)
  if (dtype === 'bool') code.memory('i32.load8_u', offset)
  else code.memory(dtype === 'float32' ? 'f32.load' : dtype === 'float64' ? 'f64.load' : 'i32.load', offset)
}

/** Stores a scalar. */
export const storeScalar = (code: Code, dtype: Dtype, at: Place, value: Local): void => {
  const offset = pushPlace(code, at)
  code.get(value)
  if (dtype === 'bool') code.memory('i32.store8', offset)
  else code.memory(dtype === 'float32' ? 'f32.store' : dtype === 'float64' ? 'f64.store' : 'i32.store', offset)
}

/** Pushes a constant of some dtype as a scalar. */
export const pushScalar = (code: Code, dtype: Dtype, value: number): void => {
  if (dtype === 'float32') code.f32(value)
  else if (dtype === 'float64') code.f64(value)
  else code.i32(dtype === 'bool' ? Number(value !== 0) : value)
}

/** Pushes four lanes of one constant. */
export const pushSplat = (module: ModuleBuilder, code: Code, dtype: Dtype, value: number): void => {
  const at =
    dtype === 'float32'
      ? module.splat('f32', value)
      : module.splat('i32', dtype === 'bool' ? -Number(value !== 0) : value)
  code.constant(at)
}

/** Four bytes, 0 or 1, in the first lane, made masks. */
const widen = (code: Code): void => {
  code.op('i16x8.extend_low_i8x16_u')
  code.op('i32x4.extend_low_i16x8_u')
  code.op('i32x4.neg')
}

/** Pushes one element in all lanes. */
export const loadSplat = (code: Code, dtype: Dtype, at: Place): void => {
  const offset = pushPlace(code, at)
  if (dtype === 'bool') {
    code.memory('i32.load8_u', offset)
    code.op('i32x4.splat')
    code.op('i32x4.neg')
  } else code.memory('v128.load32_splat', offset)
}

/** Pushes elements that are `stride` bytes apart, lane by lane; lanes from `count` on are 0. */
export const loadLanes = (code: Code, dtype: Dtype, at: Place, stride: number, count: number): void => {
  const vector = code.local('v128')
  const first = pushPlace(code, at)
  if (dtype === 'bool') {
    code.memory('i32.load8_u', first)
    code.op('i32x4.splat')
  } else code.memory('v128.load32_zero', first)
  for (let lane = 1; lane < count; lane++) {
    code.set(vector)
    const next = moved(at, lane * stride)
    if (dtype === 'bool') {
      code.get(vector)
      code.memory('i32.load8_u', pushPlace(code, next))
      code.lane('i32x4.replace_lane', lane)
    } else {
      const offset = pushPlace(code, next)
      code.get(vector)
      code.laneMemory('v128.load32_lane', offset, lane)
    }
  }
  if (dtype === 'bool') code.op('i32x4.neg')
}

/** Pushes `count` elements, one beside the other, as lanes; the other lanes hold anything. */
export const loadVector = (code: Code, dtype: Dtype, at: Place, count: number): void => {
  const wide = dtype !== 'bool'
  if (count === 4) {
    code.memory(wide ? 'v128.load' : 'v128.load32_zero', pushPlace(code, at))
    if (!wide) widen(code)
  } else if (wide && count === 2) code.memory('v128.load64_zero', pushPlace(code, at))
  else if (wide && count === 3) {
    const offset = pushPlace(code, moved(at, 8))
    code.memory('v128.load64_zero', pushPlace(code, at))
    code.laneMemory('v128.load32_lane', offset, 2)
  } else loadLanes(code, dtype, at, bytesOf(dtype), count)
}

/** Stores the first `count` lanes of a vector, one beside the other. */
export const storeVector = (
  module: ModuleBuilder,
  code: Code,
  dtype: Dtype,
  at: Place,
  value: Local,
  count: number,
): void => {
  if (dtype === 'bool') storeMasks(module, code, at, value, count)
  else if (count === 4) {
    const offset = pushPlace(code, at)
    code.get(value)
    code.memory('v128.store', offset)
  } else {
    if (count >= 2) storeLane(code, 'v128.store64_lane', at, value, 0)
    if (count !== 2) storeLane(code, 'v128.store32_lane', moved(at, 4 * (count - 1)), value, count - 1)
  }
}

const storeLane = (code: Code, name: LaneMemoryOp, at: Place, value: Local, lane: number): void => {
  const offset = pushPlace(code, at)
  code.get(value)
  code.laneMemory(name, offset, lane)
}

const storeMasks = (module: ModuleBuilder, code: Code, at: Place, value: Local, count: number): void => {
  const bytes = code.local('v128')
  code.get(value)
  code.get(value)
  code.op('i16x8.narrow_i32x4_s')
  code.get(value)
  code.op('i8x16.narrow_i16x8_s')
  pushSplat(module, code, 'int32', 0x01010101)
  code.op('v128.and')
  code.set(bytes)
  if (count === 4) storeLane(code, 'v128.store32_lane', at, bytes, 0)
  else for (let lane = 0; lane < count; lane++) storeLane(code, 'v128.store8_lane', moved(at, lane), bytes, lane)
}
