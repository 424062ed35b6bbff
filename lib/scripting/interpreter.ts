import { assert } from '../base/assert.js';
import type { LuaExports, Pointer, State } from './lua-exports.js';
import {
  GC_COUNT_KIB,
  GLOBALS,
  HOOK_COUNT_MASK,
  REGISTRY,
  STATUS_OK,
  STATUS_YIELD,
  TYPE_BOOLEAN,
  TYPE_NIL,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from './lua-exports.js';
import type { HostFunction, LuaMachine } from './lua-machine.js';
import {
  CLOSURE_PROTO,
  PROTO_INNER,
  PROTO_INNER_COUNT,
  PROTO_LINES,
  PROTO_LINE_COUNT,
  RECORD_BYTES,
  RECORD_LINE,
  RECORD_LINE_DEFINED,
  RECORD_SOURCE,
  RECORD_WHAT,
  STATE_CALLS,
} from './lua-structures.js';
import { LuaValues } from './lua-values.js';
import { PRELUDE } from './prelude.js';
import type { Protection } from './protection.js';

/** The functions of a library, and its constants; tables are made of both alike. */
export type Library = Readonly<Record<string, HostFunction | number | string | NullValue>>;

/** A light userdata that is 0: cjson.null. */
export const NULL_VALUE = Symbol('null');
export type NullValue = typeof NULL_VALUE;

/** Instructions between two looks at the clock. */
const HOOK_INSTRUCTIONS = 50_000;
/** Calls of `pcall` inside of one another. */
const CALLS_MAX = 150;
/** More of the C stack than this is used by nothing that is in order. */
const STACK_BYTES_MAX = 1024 * 1024;

const UNKNOWN_ERROR = 'ERR unknown error';
const PRELUDE_NAME = '=ringkv';
const ESCAPE = 27;

/** Slots at the bottom of the script's stack: the globals, `KEYS` and `ARGV`. */
const GLOBALS_SLOT = 1;
const KEYS_SLOT = 2;
const ARGV_SLOT = 3;
const FIRST_RESULT = 4;

/** How a script came to its end, or where it stands. */
export type Outcome = 'done' | 'failed' | 'paused';

/** Where an error was raised: a line of a script. */
export interface ErrorPlace {
  /** As Lua names it: `@user_script`. */
  readonly source: string;
  readonly line: number;
}

/**
 * A Lua state set up for scripts: compiles them, and runs one at a time, in slices if it is slow.
 *
 * A script runs in a coroutine, `thread`, that serves all scripts that come to their end.
 * The hook looks whether it has had its time whenever it has executed some thousand instructions, and then leaves the coroutine.
 */
export class Interpreter {
  readonly machine: LuaMachine;
  /** The script's coroutine. Another one after an error. */
  thread: State = 0;
  /** Whether the script should pause now. Called every now and then while one runs. */
  wantsPause: () => boolean = () => false;

  private readonly lua: LuaExports;
  private readonly values: LuaValues;
  private readonly main: State;
  private readonly hook: Pointer;
  private readonly record: Pointer;
  private readonly whatToTell: Pointer;
  private readonly chunkName: Pointer;
  private globalsRef = 0;
  private threadRef = 0;
  private isPaused = false;
  private callDepth = 0;

  /** `libraries`: by the names of their tables. */
  constructor(machine: LuaMachine, protection: Protection, libraries: Readonly<Record<string, Library>>) {
    this.machine = machine;
    const { lua } = machine;
    this.lua = lua;
    this.values = new LuaValues(machine);
    this.main = lua.luaL_newstate();
    this.hook = machine.addHook((state) => {
      this.onHook(state);
    });
    this.record = lua.malloc(RECORD_BYTES);
    this.whatToTell = machine.constant('Sl');
    this.chunkName = machine.constant('@user_script');
    lua.luaL_openlibs(this.main);
    this.checkLayout();
    this.runPrelude(protection, libraries);
    this.makeThread();
  }

  get memoryBytes(): number {
    return this.lua.lua_gc(this.main, GC_COUNT_KIB, 0) * 1024;
  }

  /** Compiles `source`: a reference to the function, or what is wrong with it. */
  compile(source: Uint8Array): number | string {
    const { lua, machine, main } = this;
    // Code that is compiled already begins with this character, and is not safe: behind a space, it is no code at all.
    const isBinary = source.length > 0 && source[0] === ESCAPE;
    const text = isBinary ? Buffer.concat([Buffer.from(' '), source]) : source;
    const code = machine.allocate(text, 0, text.length);
    if (code === 0) return 'not enough memory';
    const status = lua.luaL_loadbuffer(main, code, text.length, this.chunkName);
    lua.free(code);
    if (status === STATUS_OK) return lua.luaL_ref(main, REGISTRY);
    const problem = machine.textAt(main, -1);
    lua.lua_settop(main, 0);
    return problem;
  }

  /** Forgets a function that was compiled. */
  release(ref: number): void {
    this.lua.luaL_unref(this.main, REGISTRY, ref);
  }

  /** Sets KEYS to the strings [start[i], end[i]) of `bytes`, `first` <= i < `last`. */
  setKeys(bytes: Uint8Array, start: Int32Array, end: Int32Array, first: number, last: number): void {
    this.setList(KEYS_SLOT, bytes, start, end, first, last);
  }

  /** Sets ARGV likewise. */
  setArguments(bytes: Uint8Array, start: Int32Array, end: Int32Array, first: number, last: number): void {
    this.setList(ARGV_SLOT, bytes, start, end, first, last);
  }

  /** Runs a function that was compiled. */
  run(ref: number): Outcome {
    this.callDepth = 0;
    this.lua.lua_rawgeti(this.thread, REGISTRY, ref);
    return this.resume();
  }

  /** Runs the script on that has paused. */
  resume(): Outcome {
    this.isPaused = false;
    const status = this.lua.lua_resume(this.thread, 0);
    if (status === STATUS_OK) return 'done';
    if (status !== STATUS_YIELD) return 'failed';
    if (this.isPaused) return 'paused';
    // A yield where there is nobody to yield to: Lua would have said so, had a coroutine not stood in for it.
    this.machine.pushText(this.thread, 'attempt to yield across metamethod/C-call boundary');
    return 'failed';
  }

  /** Pushes the first of what the script has returned, and returns where. REQUIRES: it is done. */
  pushResult(): State {
    const { lua, thread } = this;
    const count = this.values.argumentCount(thread);
    if (count < FIRST_RESULT) lua.lua_pushnil(thread);
    else if (count > FIRST_RESULT) lua.lua_pushvalue(thread, FIRST_RESULT);
    return thread;
  }

  /** Clears what the script has left on the stack. */
  finish(): void {
    this.lua.lua_settop(this.thread, FIRST_RESULT - 1);
  }

  /** Drops the coroutine of a script that has failed, or is not to go on. */
  abandon(): void {
    this.lua.luaL_unref(this.main, REGISTRY, this.threadRef);
    this.makeThread();
  }

  /** The error that the script has failed with: of a table, its `err`. */
  errorText(): string {
    const { lua, thread } = this;
    const type = lua.lua_type(thread, -1);
    if (type === TYPE_STRING || type === TYPE_NUMBER) return `ERR ${this.textOnTop()}`;
    if (type === TYPE_NIL) return 'ERR nil';
    if (type === TYPE_BOOLEAN) return `ERR ${lua.lua_toboolean(thread, -1) !== 0 ? 'true' : 'false'}`;
    if (type !== TYPE_TABLE) return UNKNOWN_ERROR;
    this.pushField('err');
    const errType = lua.lua_type(thread, -1);
    return errType === TYPE_STRING || errType === TYPE_NUMBER ? this.textOnTop() : UNKNOWN_ERROR;
  }

  /** The string or number on the top of the stack, up to its first zero byte. */
  private textOnTop(): string {
    const { lua, machine, thread } = this;
    return machine.cTextAt(lua.lua_tolstring(thread, -1, 0));
  }

  /** Whether that error is one of a command, which was counted already. */
  hasCountedError(): boolean {
    const { lua, thread } = this;
    if (lua.lua_type(thread, -1) !== TYPE_TABLE) return false;
    this.pushField('ignore_error_stats_update');
    const is = lua.lua_toboolean(thread, -1) !== 0;
    lua.lua_settop(thread, -2);
    return is;
  }

  /** Where the script was when it failed or paused; undefined if nothing of it was running. */
  place(): ErrorPlace | undefined {
    const { lua, machine, record } = this;
    for (let level = 0; lua.lua_getstack(this.thread, level, record) !== 0; level++) {
      lua.lua_getinfo(this.thread, this.whatToTell, record);
      const what = machine.cTextAt(machine.uint32[(record + RECORD_WHAT) >> 2]);
      const source = machine.cTextAt(machine.uint32[(record + RECORD_SOURCE) >> 2]);
      // One that has paused before its first instruction is at no line yet.
      const at = machine.int32[(record + RECORD_LINE) >> 2];
      const line = at > 0 ? at : Math.max(1, machine.int32[(record + RECORD_LINE_DEFINED) >> 2]);
      if (what !== 'C' && what !== 'tail' && source !== PRELUDE_NAME) return { source, line };
    }
    return undefined;
  }

  /** Sets the seed of math.random. */
  seed(value: number): void {
    const { lua, machine, thread } = this;
    lua.lua_getfield(thread, GLOBALS, machine.cText('math'));
    lua.lua_getfield(thread, -1, machine.cText('randomseed'));
    lua.lua_pushnumber(thread, value);
    lua.lua_call(thread, 1, 0);
    lua.lua_settop(thread, -2);
  }

  private pushField(name: string): void {
    const { lua, machine, thread } = this;
    machine.pushText(thread, name);
    lua.lua_rawget(thread, -2);
  }

  private setList(
    slot: number,
    bytes: Uint8Array,
    start: Int32Array,
    end: Int32Array,
    first: number,
    last: number,
  ): void {
    const { lua, machine, thread } = this;
    lua.lua_pushvalue(thread, slot);
    lua.lua_createtable(thread, last - first, 0);
    for (let i = first; i < last; i++) {
      machine.pushBytes(thread, bytes, start[i], end[i]);
      lua.lua_rawseti(thread, -2, i - first + 1);
    }
    lua.lua_rawset(thread, GLOBALS_SLOT);
  }

  private makeThread(): void {
    const { lua, main, machine } = this;
    const thread = lua.lua_newthread(main);
    this.threadRef = lua.luaL_ref(main, REGISTRY);
    this.thread = thread;
    lua.lua_sethook(thread, this.hook, HOOK_COUNT_MASK, HOOK_INSTRUCTIONS);
    lua.lua_rawgeti(thread, REGISTRY, this.globalsRef);
    machine.pushText(thread, 'KEYS');
    machine.pushText(thread, 'ARGV');
  }

  /** The hook of all coroutines. */
  private onHook(state: State): void {
    if (this.isPaused || !this.canYield(state) || !this.wantsPause()) return;
    this.isPaused = true;
    this.lua.lua_yield(state, 0);
  }

  /** Whether no function in C is under way that would have to be left. */
  private canYield(state: State): boolean {
    const calls = this.machine.uint32[(state + STATE_CALLS) >> 2];
    return (calls & 0xffff) <= calls >>> 16;
  }

  private runPrelude(protection: Protection, libraries: Readonly<Record<string, Library>>): void {
    const { lua, machine, main } = this;
    const code = Buffer.from(PRELUDE, 'latin1');
    const status = lua.luaL_loadbuffer(
      main,
      machine.allocate(code, 0, code.length),
      code.length,
      machine.constant(PRELUDE_NAME),
    );
    assert(status === STATUS_OK, 'the prelude is in order');
    this.hideLines(machine.uint32[(lua.lua_topointer(main, -1) + CLOSURE_PROTO) >> 2]);
    this.pushHost(protection);
    lua.lua_createtable(main, 0, 0);
    for (const [name, library] of Object.entries(libraries)) {
      this.pushLibrary(library);
      lua.lua_setfield(main, -2, machine.cText(name));
    }
    const ran = lua.lua_pcall(main, 2, 2, 0);
    assert(ran === STATUS_OK, 'the prelude runs');
    // All that is loaded from now on sees the protected globals, and so do the coroutines made from now on.
    lua.lua_replace(main, GLOBALS);
    this.globalsRef = lua.luaL_ref(main, REGISTRY);
    lua.lua_settop(main, 0);
  }

  /** Positions in the prelude are nobody's business: errors are shown as if its functions were in C. */
  private hideLines(proto: Pointer): void {
    const { uint32 } = this.machine;
    uint32[(proto + PROTO_LINES) >> 2] = uint32[(proto + PROTO_LINE_COUNT) >> 2] = 0;
    const inner = uint32[(proto + PROTO_INNER) >> 2];
    const count = uint32[(proto + PROTO_INNER_COUNT) >> 2];
    for (let i = 0; i < count; i++) this.hideLines(uint32[(inner >> 2) + i]);
  }

  /** Pushes the prelude's `host`. */
  private pushHost(protection: Protection): void {
    const { lua, machine, main } = this;
    this.pushLibrary({
      ...protection.forPrelude(main),
      paused: (state) => {
        lua.lua_pushboolean(state, this.isPaused ? 1 : 0);
        this.isPaused = false;
        return 1;
      },
      pause: (state) => {
        if (this.isPaused || !this.canYield(state)) return 0;
        this.isPaused = true;
        return lua.lua_yield(state, 0);
      },
      enter: (state) => {
        if (this.callDepth >= CALLS_MAX || machine.stackBytes > STACK_BYTES_MAX) machine.raise(state, 'stack overflow');
        this.callDepth++;
        return 0;
      },
      leave: (state) => {
        if (this.callDepth > 0) this.callDepth--;
        return lua.lua_gettop(state);
      },
      loadstring: this.loadString(),
    });
    this.pushLibrary(protection.globals(main));
    lua.lua_setfield(main, -2, machine.cText('globals'));
  }

  /** loadstring, which takes text alone. */
  private loadString(): HostFunction {
    const { lua, machine, main } = this;
    const native = this.nativeFunction(main, 'loadstring');
    return (state) => {
      const code = lua.luaL_checklstring(state, 1, machine.lengthAt);
      if (machine.uint32[machine.lengthAt >> 2] === 0 || machine.bytes[code] !== ESCAPE) return native(state);
      lua.lua_settop(state, 2);
      // Without a name, the code is the name.
      if (lua.lua_toboolean(state, 2) === 0) {
        lua.lua_pushvalue(state, 1);
        lua.lua_replace(state, 2);
      }
      machine.pushText(state, ' ');
      lua.lua_pushvalue(state, 1);
      lua.lua_concat(state, 2);
      lua.lua_replace(state, 1);
      return native(state);
    };
  }

  private nativeFunction(state: State, name: string): HostFunction {
    const { lua, machine } = this;
    lua.lua_getfield(state, GLOBALS, machine.cText(name));
    const index = lua.lua_tocfunction(state, -1);
    lua.lua_settop(state, -2);
    return lua.__indirect_function_table.get(index);
  }

  /** Pushes the table of a library. */
  private pushLibrary(library: Library): void {
    const { lua, machine, main } = this;
    lua.lua_createtable(main, 0, 0);
    for (const [name, value] of Object.entries(library)) {
      if (typeof value === 'function') lua.lua_pushcclosure(main, machine.addFunction(value), 0);
      else if (typeof value === 'number') lua.lua_pushnumber(main, value);
      else if (typeof value === 'string') machine.pushText(main, value);
      else lua.lua_pushlightuserdata(main, 0);
      lua.lua_setfield(main, -2, machine.cText(name));
    }
  }

  /** Proves that the structures of the binary are where lua-structures.ts says. */
  private checkLayout(): void {
    const { lua, machine, main, values } = this;
    lua.lua_settop(main, 0);
    lua.lua_pushnumber(main, 1.5);
    lua.lua_createtable(main, 1, 1);
    lua.lua_pushnumber(main, 2);
    lua.lua_rawseti(main, -2, 1);
    lua.lua_pushnumber(main, 3);
    lua.lua_setfield(main, -2, machine.cText('field'));
    machine.pushText(main, 'layout');
    const table = values.pointer(values.argument(main, 2));
    const node = values.node(table, 0);
    const isSo =
      values.argumentCount(main) === 3 &&
      values.number(values.argument(main, 1)) === 1.5 &&
      values.type(values.top(main)) === TYPE_STRING &&
      values.text(values.top(main)) === 'layout' &&
      values.arraySlots(table) === 1 &&
      values.number(values.arraySlot(table, 0)) === 2 &&
      values.nodeSlots(table) === 1 &&
      values.number(node) === 3 &&
      values.text(values.keyOf(node)) === 'field';
    assert(isSo, 'the Lua binary is laid out as it was when this was written');
    lua.lua_settop(main, 0);
  }
}
