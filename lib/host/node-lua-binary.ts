import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The WebAssembly binary of Lua 5.1 that the package wasmoon-lua5.1 holds. */
export function readLuaBinary(): Uint8Array {
  const main = createRequire(import.meta.url).resolve('wasmoon-lua5.1');
  return readFileSync(join(dirname(main), 'liblua5.1.wasm'));
}
