/**
 * What the engine uses of the WebAssembly JavaScript interface, typed: the project compiles without a browser's declarations.
 *
 * Layer: backend. Source: WebAssembly JavaScript Interface, W3C 2.0.
 */

/** A WebAssembly.Memory. */
export interface WasmMemory {
  readonly buffer: ArrayBufferLike
  grow(pages: number): number
}

/** Functions of an instance by name. */
export type WasmExports = { readonly [name: string]: unknown }

type Api = {
  readonly Memory: new (options: {
    readonly initial: number
    readonly maximum: number
    readonly shared: boolean
  }) => WasmMemory
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: WasmExports }
  readonly Global: new (type: { readonly value: 'i32' }, value: number) => object
  readonly validate: (bytes: Uint8Array<ArrayBuffer>) => boolean
}

/** The global WebAssembly. */
export const wasmApi = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly
