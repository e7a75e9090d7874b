/**
 * `cotangent/io`: trees of tensors as files. No logic.
 */
export { encodeTree, loadTree, type ParseTreeOptions, parseTree, saveTree } from './checkpoint.ts'
export { anything } from './compare.ts'
