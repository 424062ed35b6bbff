/** The table `cmsgpack` of scripts: lua-cmsgpack 0.4 (https://github.com/antirez/lua-cmsgpack). */

import type { Library } from './interpreter.js';
import type { State } from './lua-exports.js';
import { TYPE_NIL } from './lua-exports.js';
import type { LuaMachine } from './lua-machine.js';
import { LuaValues } from './lua-values.js';
import { MessagePackDecoder } from './message-pack-decoder.js';
import { MessagePackEncoder } from './message-pack-encoder.js';

export function messagePackLibrary(machine: LuaMachine): Library {
  const { lua } = machine;
  const values = new LuaValues(machine);
  const encoder = new MessagePackEncoder(machine);
  const decoder = new MessagePackDecoder(machine);
  const stackMessage = machine.constant('too many values');

  const integer = (state: State, i: number): number => Math.trunc(lua.luaL_checknumber(state, i));
  const optional = (state: State, i: number): number => (lua.lua_type(state, i) <= TYPE_NIL ? 0 : integer(state, i));

  /** Pushes up to `limit` values of argument 1 from `offset` on; before them where the next one begins, -1 at the end. */
  const unpack = (state: State, limit: number, offset: number): number => {
    const start = lua.luaL_checklstring(state, 1, machine.lengthAt);
    const length = machine.uint32[machine.lengthAt >> 2];
    if (offset < 0 || limit < 0) {
      machine.raise(state, `Invalid request to unpack with offset of ${offset} and limit of ${length}.`, 1);
    }
    if (offset > length) machine.raise(state, `Start offset ${offset} greater than input length ${length}.`, 1);
    const takesAll = limit === 0 && offset === 0;
    lua.lua_settop(state, 1);
    decoder.begin(start + offset, start + length);
    let count = 0;
    for (; decoder.at < start + length && (takesAll || count < limit); count++) {
      lua.luaL_checkstack(state, 2, stackMessage);
      const problem = decoder.decode(state);
      if (problem !== undefined) machine.raise(state, problem, 1);
    }
    if (takesAll) return count;
    lua.lua_pushnumber(state, decoder.at === start + length ? -1 : decoder.at - start);
    lua.lua_insert(state, 2);
    return count + 1;
  };

  return {
    pack: (state) => {
      const count = lua.lua_gettop(state);
      if (count === 0) lua.luaL_argerror(state, 0, machine.cText('MessagePack pack needs input.'));
      encoder.output.clear();
      for (let i = 1; i <= count; i++) encoder.encode(values.argument(state, i));
      machine.pushBytes(state, encoder.output.buffer, 0, encoder.output.length);
      return 1;
    },
    unpack: (state) => unpack(state, 0, 0),
    unpack_one: (state) => unpack(state, 1, optional(state, 2)),
    unpack_limit: (state) => unpack(state, integer(state, 2), optional(state, 3)),
    _NAME: 'cmsgpack',
    _VERSION: 'lua-cmsgpack 0.4.0',
    _COPYRIGHT: 'Copyright (C) 2012, Salvatore Sanfilippo',
    _DESCRIPTION: 'MessagePack C implementation for Lua',
  };
}
