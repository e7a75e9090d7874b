/**
 * `cotangent/ops`: what one needs to declare ops, and the kernel language they are written in. No logic.
 */
export {
  type Affine,
  along,
  apply,
  constant,
  convert,
  type Expr,
  fixed,
  iota,
  type Kernel,
  like,
  load,
  mapNest,
  select,
} from '../core/kernel.ts'
export { bind1 } from '../core/trace.ts'
export { type Domain, type Draw, interval, type Op, type Params, type Sample } from '../core/types.ts'
export { type CustomDeclaration, customOp } from './custom.ts'
export {
  composite,
  type Declaration,
  type Differentiation,
  first,
  registeredSubject,
  type Subject,
  typed,
} from './define.ts'
export { binary, unary } from './elementwise.ts'
