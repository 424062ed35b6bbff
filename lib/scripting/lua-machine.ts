import { assert } from '../base/assert.js';
import type { LuaExports, Pointer, State } from './lua-exports.js';
import type { WasmFunction, WasmImports, WasmModule } from './web-assembly.js';
import { WASM_PAGE_BYTES, webAssembly } from './web-assembly.js';

/** A function of ours that Lua calls: its arguments are on the stack, and it returns how many results it has pushed. */
export type HostFunction = (state: State) => number;

/**
 * A module that takes a function from us and gives it back as one of its own, since only such can stand in the table of functions.
 *
 *   magic version
 *   type section      0: (i32) -> i32   or   (i32 i32) -> ()
 *   import section    "h" "f" (func 0)
 *   export section    "f" (func 0)
 */
function adapterBinary(type: readonly number[]): Uint8Array {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const types = [0x01, type.length + 2, 0x01, 0x60, ...type];
  const imports = [0x02, 0x07, 0x01, 0x01, 0x68, 0x01, 0x66, 0x00, 0x00];
  const exports = [0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00];
  return Uint8Array.from([...header, ...types, ...imports, ...exports]);
}

const I32 = 0x7f;
const HOST_FUNCTION_TYPE = [0x01, I32, 0x01, I32];
const HOOK_TYPE = [0x02, I32, I32, 0x00];

/** What longjmp throws: any number is one of the binary's own. */
const LONG_JUMP = Infinity;

/** Bytes of the area for texts that the binary is shown. */
const SCRATCH_BYTES = 4096;

/** Lua has ended in a way that it cannot go on from: the machine is of no use any more. */
export class LuaPanic extends Error {
  override readonly name = 'LuaPanic';
}

/**
 * A Lua 5.1 as WebAssembly: an instance of the binary of wasmoon-lua5.1 with a memory of its own, at most so large.
 *
 * Lua's errors are a longjmp, which throws a number through every frame above the `lua_pcall` or `lua_resume` that catches it, ours included:
 * nothing of ours may catch it, or have to clean up after it.
 *
 * The binary asks the world for nothing: no file, no clock, no environment.
 */
export class LuaMachine {
  readonly lua: LuaExports;
  /** All memory. Others whenever it has grown: read them anew after each call that may allocate. */
  bytes: Buffer;
  int32: Int32Array;
  uint32: Uint32Array;
  float64: Float64Array;
  /** Where calls leave a length. */
  readonly lengthAt: Pointer;
  /** Called when the memory has grown: views of it are spent. */
  onGrown: () => void = () => undefined;

  private readonly scratch: Pointer;
  private readonly bytesMax: number;
  private readonly functions: WasmFunction[] = [];

  /** REQUIRES: `module` is the binary of wasmoon-lua5.1. */
  constructor(module: WasmModule, bytesMax: number) {
    this.bytesMax = bytesMax;
    this.lua = new webAssembly.Instance(module, this.imports(module)).exports as LuaExports;
    const { buffer } = this.lua.memory;
    this.bytes = Buffer.from(buffer);
    this.int32 = new Int32Array(buffer);
    this.uint32 = new Uint32Array(buffer);
    this.float64 = new Float64Array(buffer);
    this.lua.__wasm_call_ctors();
    this.lua.emscripten_stack_init();
    this.lengthAt = this.lua.malloc(8);
    this.scratch = this.lua.malloc(SCRATCH_BYTES);
  }

  get byteLength(): number {
    return this.bytes.length;
  }

  /** How many bytes of the C stack are in use. */
  get stackBytes(): number {
    return this.lua.emscripten_stack_get_base() - this.lua.stackSave();
  }

  /** Makes a function known to Lua, for `lua_pushcclosure`. */
  addFunction(run: HostFunction): Pointer {
    return this.addToTable(HOST_FUNCTION_TYPE, run);
  }

  addHook(run: (state: State, record: Pointer) => void): Pointer {
    return this.addToTable(HOOK_TYPE, run);
  }

  /** Bytes of one's own; 0 if there is no room. */
  allocate(bytes: Uint8Array, start: number, end: number): Pointer {
    const pointer = this.lua.malloc(end - start + 1);
    if (pointer === 0) return 0;
    this.bytes.set(bytes.subarray(start, end), pointer);
    this.bytes[pointer + end - start] = 0;
    return pointer;
  }

  /** A text for good, as C has them: for names. REQUIRES: Latin-1. */
  constant(text: string): Pointer {
    const bytes = Buffer.from(text, 'latin1');
    const pointer = this.allocate(bytes, 0, bytes.length);
    assert(pointer !== 0, 'there is room for what the machine itself needs');
    return pointer;
  }

  /** A text as C has them, valid until the next call; Latin-1, cut to what there is room for. */
  cText(text: string): Pointer {
    const length = this.bytes.write(text, this.scratch, SCRATCH_BYTES - 1, 'latin1');
    this.bytes[this.scratch + length] = 0;
    return this.scratch;
  }

  /** Pushes a text, in Latin-1. May raise an error for want of memory, if it is a long one. */
  pushText(state: State, text: string): void {
    if (text.length > SCRATCH_BYTES) {
      this.pushBytes(state, Buffer.from(text, 'latin1'), 0, text.length);
      return;
    }
    const length = this.bytes.write(text, this.scratch, SCRATCH_BYTES, 'latin1');
    this.lua.lua_pushlstring(state, this.scratch, length);
  }

  /** Pushes bytes that are not Lua's. May raise an error for want of memory. */
  pushBytes(state: State, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length <= SCRATCH_BYTES) {
      for (let i = 0; i < length; i++) this.bytes[this.scratch + i] = bytes[start + i];
      this.lua.lua_pushlstring(state, this.scratch, length);
      return;
    }
    const pointer = this.allocate(bytes, start, end);
    if (pointer === 0) this.raise(state, 'not enough memory');
    // An error for want of memory would leave the copy behind: then the machine is full, and is soon made anew.
    this.lua.lua_pushlstring(state, pointer, length);
    this.lua.free(pointer);
  }

  /** Raises an error with a text, which is shown with the position of the caller at `level`; 0 for none. Does not return. */
  raise(state: State, text: string, level = 0): never {
    if (level > 0) this.lua.luaL_where(state, level);
    this.pushText(state, text);
    if (level > 0) this.lua.lua_concat(state, 2);
    return this.throwError(state);
  }

  /** Raises an error: the value on the top of the stack. */
  throwError(state: State): never {
    this.lua.lua_error(state);
    throw new LuaPanic('an error of Lua was not thrown');
  }

  /** A value as text in Latin-1, empty if it is neither a string nor a number. */
  textAt(state: State, index: number): string {
    const pointer = this.lua.lua_tolstring(state, index, this.lengthAt);
    if (pointer === 0) return '';
    return this.bytes.toString('latin1', pointer, pointer + this.uint32[this.lengthAt >> 2]);
  }

  /** A text as C has them. */
  cTextAt(pointer: Pointer): string {
    return this.bytes.toString('latin1', pointer, this.bytes.indexOf(0, pointer));
  }

  private addToTable(type: readonly number[], run: (a: number, b: number) => unknown): Pointer {
    const adapter = new webAssembly.Module(adapterBinary(type));
    const { exports } = new webAssembly.Instance(adapter, { h: { f: run } });
    const table = this.lua.__indirect_function_table;
    const index = table.grow(1);
    table.set(index, (exports as { readonly f: WasmFunction }).f);
    return index;
  }

  /** Grows the memory as the binary asks for; 0 if it may not be so large. */
  private resize(bytes: number): number {
    const { memory } = this.lua;
    const wanted = bytes >>> 0;
    if (wanted > this.bytesMax) return 0;
    // A little more than asked for: each time, all views are made anew.
    const target = Math.min(this.bytesMax, Math.max(wanted, Math.ceil(this.bytes.length * 1.25)));
    memory.grow(Math.floor((target - memory.buffer.byteLength) / WASM_PAGE_BYTES));
    this.view();
    this.onGrown();
    return 1;
  }

  private view(): void {
    const { buffer } = this.lua.memory;
    this.bytes = Buffer.from(buffer);
    this.int32 = new Int32Array(buffer);
    this.uint32 = new Uint32Array(buffer);
    this.float64 = new Float64Array(buffer);
  }

  /** Everything that the binary wants to call. What is not here are system calls, which no script can reach. */
  private imports(module: WasmModule): WasmImports {
    const imports: WasmImports = {};
    for (const { module: from, name } of webAssembly.Module.imports(module)) {
      (imports[from] ??= {})[name] = () => {
        throw new LuaPanic(`Lua has called ${name}`);
      };
    }
    const own = {
      invoke_vii: (run: number, a: number, b: number) => {
        this.invoke(run, a, b);
      },
      _emscripten_throw_longjmp: () => {
        throw LONG_JUMP; // eslint-disable-line @typescript-eslint/only-throw-error
      },
      emscripten_memcpy_js: (target: Pointer, source: Pointer, length: number) => {
        this.bytes.copyWithin(target >>> 0, source >>> 0, (source >>> 0) + (length >>> 0));
      },
      emscripten_resize_heap: (bytes: number) => this.resize(bytes),
      emscripten_date_now: () => 0,
      _emscripten_get_now_is_monotonic: () => 1,
      environ_sizes_get: (count: Pointer, bytes: Pointer) => this.answerNothing(count, bytes),
      environ_get: () => 0,
    };
    for (const functions of Object.values(imports)) {
      for (const [name, run] of Object.entries(own)) if (name in functions) functions[name] = run;
    }
    return imports;
  }

  /** The environment is empty. Called while the machine is being made. */
  private answerNothing(count: Pointer, bytes: Pointer): number {
    const uint32 = new Uint32Array(this.lua.memory.buffer);
    uint32[count >> 2] = uint32[bytes >> 2] = 0;
    return 0;
  }

  /** setjmp: calls a function of the binary, and notes whether it was left by a longjmp. */
  private invoke(run: number, a: number, b: number): void {
    const { lua, functions } = this;
    const stack = lua.stackSave();
    try {
      (functions[run] ??= lua.__indirect_function_table.get(run))(a, b);
    } catch (thrown) {
      lua.stackRestore(stack);
      if (typeof thrown !== 'number') throw thrown;
      lua.setThrew(1, 0);
    }
  }
}
