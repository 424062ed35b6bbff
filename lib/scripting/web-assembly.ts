/** What is used here of the engine's WebAssembly (https://webassembly.github.io/spec/js-api/), which the types of Node 20 do not have. */

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export type WasmFunction = (...args: number[]) => number;

export interface WasmTable {
  readonly length: number;
  get(index: number): WasmFunction;
  set(index: number, value: WasmFunction): void;
  grow(count: number): number;
}

/** A compiled binary. */
export type WasmModule = object;

export type WasmImports = Record<string, Record<string, unknown>>;

interface WebAssemblyApi {
  readonly Module: {
    new (binary: Uint8Array): WasmModule;
    imports(module: WasmModule): { readonly module: string; readonly name: string }[];
  };
  readonly Instance: new (module: WasmModule, imports: WasmImports) => { readonly exports: object };
  /** A trap: access out of bounds, a call that the types forbid. */
  readonly RuntimeError: new () => Error;
}

export const { WebAssembly: webAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };

export const WASM_PAGE_BYTES = 65536;
