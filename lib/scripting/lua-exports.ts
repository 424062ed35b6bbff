/**
 * What the Lua binary exports: its C API (https://www.lua.org/manual/5.1/manual.html#3), pointers as numbers. Doubles are numbers, too; `int`
 * results that mean yes or no are 0 or not. Functions that may raise an error throw what only the binary's own frames catch.
 */

import type { WasmMemory, WasmTable } from './web-assembly.js';

/** A pointer into the memory of the binary. */
export type Pointer = number;
/** A `lua_State*`: a thread of Lua. */
export type State = Pointer;

export interface LuaExports {
  readonly memory: WasmMemory;
  readonly __indirect_function_table: WasmTable;
  readonly __wasm_call_ctors: () => void;
  readonly emscripten_stack_init: () => void;
  readonly emscripten_stack_get_base: () => Pointer;
  readonly stackSave: () => Pointer;
  readonly stackRestore: (pointer: Pointer) => void;
  readonly setThrew: (threw: number, value: number) => void;
  readonly malloc: (bytes: number) => Pointer;
  readonly free: (pointer: Pointer) => void;

  readonly luaL_newstate: () => State;
  readonly luaL_openlibs: (state: State) => void;
  readonly luaL_loadbuffer: (state: State, code: Pointer, bytes: number, name: Pointer) => number;
  readonly luaL_ref: (state: State, table: number) => number;
  readonly luaL_unref: (state: State, table: number, ref: number) => void;
  readonly luaL_where: (state: State, level: number) => void;
  readonly luaL_argerror: (state: State, argument: number, message: Pointer) => number;
  readonly luaL_typerror: (state: State, argument: number, type: Pointer) => number;
  readonly luaL_checknumber: (state: State, argument: number) => number;
  readonly luaL_checklstring: (state: State, argument: number, length: Pointer) => Pointer;
  readonly luaL_checktype: (state: State, argument: number, type: number) => void;
  readonly luaL_checkany: (state: State, argument: number) => void;
  readonly luaL_checkstack: (state: State, slots: number, message: Pointer) => void;

  readonly lua_newthread: (state: State) => State;
  readonly lua_atpanic: (state: State, run: Pointer) => Pointer;
  readonly lua_gettop: (state: State) => number;
  readonly lua_settop: (state: State, index: number) => void;
  readonly lua_pushvalue: (state: State, index: number) => void;
  readonly lua_remove: (state: State, index: number) => void;
  readonly lua_insert: (state: State, index: number) => void;
  readonly lua_replace: (state: State, index: number) => void;
  readonly lua_checkstack: (state: State, slots: number) => number;
  readonly lua_xmove: (from: State, to: State, count: number) => void;
  readonly lua_type: (state: State, index: number) => number;
  readonly lua_typename: (state: State, type: number) => Pointer;
  readonly lua_tonumber: (state: State, index: number) => number;
  readonly lua_toboolean: (state: State, index: number) => number;
  readonly lua_tolstring: (state: State, index: number, length: Pointer) => Pointer;
  readonly lua_objlen: (state: State, index: number) => number;
  readonly lua_topointer: (state: State, index: number) => Pointer;
  readonly lua_tocfunction: (state: State, index: number) => Pointer;
  readonly lua_touserdata: (state: State, index: number) => Pointer;
  readonly lua_pushnil: (state: State) => void;
  readonly lua_pushnumber: (state: State, value: number) => void;
  readonly lua_pushboolean: (state: State, value: number) => void;
  readonly lua_pushlstring: (state: State, bytes: Pointer, length: number) => void;
  readonly lua_pushstring: (state: State, text: Pointer) => void;
  readonly lua_pushlightuserdata: (state: State, pointer: Pointer) => void;
  readonly lua_pushcclosure: (state: State, run: Pointer, upvalues: number) => void;
  readonly lua_createtable: (state: State, items: number, fields: number) => void;
  readonly lua_gettable: (state: State, index: number) => void;
  readonly lua_getfield: (state: State, index: number, name: Pointer) => void;
  readonly lua_setfield: (state: State, index: number, name: Pointer) => void;
  readonly lua_rawget: (state: State, index: number) => void;
  readonly lua_rawset: (state: State, index: number) => void;
  readonly lua_rawgeti: (state: State, index: number, i: number) => void;
  readonly lua_rawseti: (state: State, index: number, i: number) => void;
  readonly lua_getmetatable: (state: State, index: number) => number;
  readonly lua_setmetatable: (state: State, index: number) => number;
  readonly lua_next: (state: State, index: number) => number;
  readonly lua_concat: (state: State, count: number) => void;
  readonly lua_call: (state: State, args: number, results: number) => void;
  readonly lua_pcall: (state: State, args: number, results: number, handler: number) => number;
  readonly lua_resume: (state: State, args: number) => number;
  readonly lua_yield: (state: State, results: number) => number;
  readonly lua_error: (state: State) => number;
  readonly lua_gc: (state: State, what: number, data: number) => number;
  readonly lua_sethook: (state: State, hook: Pointer, mask: number, count: number) => number;
  readonly lua_getstack: (state: State, level: number, record: Pointer) => number;
  readonly lua_getinfo: (state: State, what: Pointer, record: Pointer) => number;
}

export const REGISTRY = -10000;
export const GLOBALS = -10002;

export const TYPE_NONE = -1;
export const TYPE_NIL = 0;
export const TYPE_BOOLEAN = 1;
export const TYPE_LIGHT_USERDATA = 2;
export const TYPE_NUMBER = 3;
export const TYPE_STRING = 4;
export const TYPE_TABLE = 5;

/** What `lua_resume`, `lua_pcall` and `luaL_loadbuffer` answer. */
export const STATUS_OK = 0;
export const STATUS_YIELD = 1;
export const STATUS_SYNTAX_ERROR = 3;
export const STATUS_NO_MEMORY = 4;

export const GC_COLLECT = 2;
export const GC_COUNT_KIB = 3;
export const GC_STEP = 5;

export const HOOK_COUNT_MASK = 8;
