import type { State } from './lua-exports.js';
import { GLOBALS, REGISTRY, TYPE_STRING, TYPE_TABLE } from './lua-exports.js';
import type { HostFunction, LuaMachine } from './lua-machine.js';
import { STATE_BASE, STATE_TOP, VALUE_TYPE } from './lua-structures.js';

const READ_ONLY = 'Attempt to modify a readonly table';

type Functions = Record<string, HostFunction>;

/**
 * Tables that scripts must not change. Each is an empty table in front of the real one (prelude.ts); the functions of Lua that do not ask a table's
 * metatable ask here first. They look into the real one where they read, and refuse to write.
 *
 * A table never moves, and the protected ones are never collected: an address tells them.
 */
export class Protection {
  private readonly machine: LuaMachine;
  /** By the address of the table in front: a reference to the real one. */
  private readonly fronts = new Map<number, number>();

  constructor(machine: LuaMachine) {
    this.machine = machine;
  }

  /** Functions that the prelude uses. */
  forPrelude(main: State): Functions {
    const { machine } = this;
    const { lua } = machine;
    return {
      protect: (state) => {
        lua.lua_settop(state, 2);
        this.fronts.set(lua.lua_topointer(state, 1), lua.luaL_ref(state, REGISTRY));
        return 0;
      },
      refuse: (state) => machine.raise(state, READ_ONLY, 1),
      missing: (state) => {
        const name = lua.lua_type(state, 2) === TYPE_STRING ? machine.textAt(state, 2) : 'not a string';
        return machine.raise(state, `Script attempted to access nonexistent global variable '${name}'`, 1);
      },
      insert: this.refusing(this.native(main, 'table', 'insert')),
    };
  }

  /** Globals that stand in for Lua's own. */
  globals(main: State): Functions {
    const { lua } = this.machine;
    return {
      rawset: this.refusing(this.native(main, '_G', 'rawset')),
      setmetatable: this.refusing(this.native(main, '_G', 'setmetatable')),
      rawget: this.seeingThrough(this.native(main, '_G', 'rawget')),
      next: this.seeingThrough(this.native(main, '_G', 'next')),
      pairs: this.pairs(main, lua),
    };
  }

  private refusing(native: HostFunction): HostFunction {
    return (state) => {
      if (this.refOfFirst(state) !== undefined) this.machine.raise(state, READ_ONLY);
      return native(state);
    };
  }

  private seeingThrough(native: HostFunction): HostFunction {
    const { lua } = this.machine;
    return (state) => {
      const ref = this.refOfFirst(state);
      if (ref !== undefined) {
        lua.lua_rawgeti(state, REGISTRY, ref);
        lua.lua_replace(state, 1);
      }
      return native(state);
    };
  }

  /** pairs: the `next` of a protected table must not be handed the real one, which could be changed then. */
  private pairs(main: State, lua: LuaMachine['lua']): HostFunction {
    lua.lua_getfield(main, GLOBALS, this.machine.cText('next'));
    const nextRef = lua.luaL_ref(main, REGISTRY);
    lua.lua_pushcclosure(main, this.machine.addFunction(this.seeingThrough(this.native(main, '_G', 'next'))), 0);
    const throughRef = lua.luaL_ref(main, REGISTRY);
    return (state) => {
      lua.luaL_checktype(state, 1, TYPE_TABLE);
      lua.lua_rawgeti(state, REGISTRY, this.refOfFirst(state) === undefined ? nextRef : throughRef);
      lua.lua_pushvalue(state, 1);
      lua.lua_pushnil(state);
      return 3;
    };
  }

  /** The reference to the real table of which the first argument is the front; undefined for other values. */
  private refOfFirst(state: State): number | undefined {
    const { uint32 } = this.machine;
    const base = uint32[(state + STATE_BASE) >> 2];
    if (base === uint32[(state + STATE_TOP) >> 2]) return undefined;
    const type = uint32[(base + VALUE_TYPE) >> 2];
    return type === TYPE_TABLE ? this.fronts.get(uint32[base >> 2]) : undefined;
  }

  /** A function of Lua's own, which can be called in place of ours. */
  private native(state: State, table: string, name: string): HostFunction {
    const { machine } = this;
    const { lua } = machine;
    lua.lua_getfield(state, GLOBALS, machine.cText(table));
    lua.lua_getfield(state, -1, machine.cText(name));
    const index = lua.lua_tocfunction(state, -1);
    lua.lua_settop(state, -3);
    return lua.__indirect_function_table.get(index);
  }
}
