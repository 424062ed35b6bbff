/** The table `cjson` of scripts: Lua CJSON 2.1 (https://www.kyne.au/~mark/software/lua-cjson-manual.html). */

import type { Library } from './interpreter.js';
import { NULL_VALUE } from './interpreter.js';
import { JsonDecoder } from './json-decoder.js';
import { JsonEncoder, JsonError } from './json-encoder.js';
import { defaultJsonSettings } from './json-settings.js';
import type { State } from './lua-exports.js';
import { TYPE_BOOLEAN, TYPE_NIL } from './lua-exports.js';
import type { LuaMachine } from './lua-machine.js';
import { LuaValues } from './lua-values.js';

const INT_MAX = 2 ** 31 - 1;
/** More digits than these are noise, says cjson. */
const PRECISION_MAX = 14;

export function jsonLibrary(machine: LuaMachine): Library {
  const { lua } = machine;
  const settings = defaultJsonSettings();
  const values = new LuaValues(machine);
  const encoder = new JsonEncoder(machine, settings);
  const decoder = new JsonDecoder(machine, settings);

  const onlyOne = (state: State): void => {
    if (lua.lua_gettop(state) !== 1) lua.luaL_argerror(state, 1, machine.cText('expected 1 argument'));
  };
  /** Runs what may throw JsonError, and raises that as an error of Lua. */
  const guarded = (state: State, run: () => void): void => {
    let problem: string;
    try {
      return run();
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      problem = error.message;
    }
    machine.raise(state, problem, 1);
  };
  /** Option `i` of at most `count`, as a whole number in [min, max]: the one before if it is not given. */
  const integer = (state: State, i: number, value: number, min: number, max: number): number => {
    if (lua.lua_type(state, i) <= TYPE_NIL) return value;
    const wanted = Math.trunc(lua.luaL_checknumber(state, i));
    if (wanted >= min && wanted <= max) return wanted;
    lua.luaL_argerror(state, i, machine.cText(`expected integer between ${min} and ${max}`));
    return value;
  };
  /** Option `i` as one of `words`; a boolean stands for the first two. */
  const word = <W extends string>(state: State, i: number, value: W, words: readonly W[]): W => {
    const type = lua.lua_type(state, i);
    if (type <= TYPE_NIL) return value;
    if (type === TYPE_BOOLEAN) return words[lua.lua_toboolean(state, i)];
    lua.luaL_checklstring(state, i, machine.lengthAt);
    const text = machine.textAt(state, i);
    const found = words.find((each) => each === text);
    if (found !== undefined) return found;
    machine.pushText(state, `invalid option '${text}'`);
    lua.luaL_argerror(state, i, lua.lua_tolstring(state, -1, 0));
    return value;
  };
  const atMost = (state: State, count: number): void => {
    if (lua.lua_gettop(state) > count) {
      lua.luaL_argerror(state, count + 1, machine.cText('found too many arguments'));
    }
  };
  const pushWord = (state: State, text: string): void => {
    if (text === 'off' || text === 'on') lua.lua_pushboolean(state, text === 'on' ? 1 : 0);
    else machine.pushText(state, text);
  };
  const integerOption =
    (name: 'encodeDepthMax' | 'decodeDepthMax' | 'numberPrecision', max: number) =>
    (state: State): number => {
      atMost(state, 1);
      settings[name] = integer(state, 1, settings[name], 1, max);
      lua.lua_pushnumber(state, settings[name]);
      return 1;
    };
  const onOff = (value: boolean): 'off' | 'on' => (value ? 'on' : 'off');

  const functions: Library = {
    encode: (state) => {
      onlyOne(state);
      guarded(state, () => encoder.encode(state, values.argument(state, 1)));
      machine.pushBytes(state, encoder.output.buffer, 0, encoder.output.length);
      return 1;
    },
    decode: (state) => {
      onlyOne(state);
      const start = lua.luaL_checklstring(state, 1, machine.lengthAt);
      const end = start + machine.uint32[machine.lengthAt >> 2];
      guarded(state, () => decoder.decode(state, start, end));
      return 1;
    },
    encode_sparse_array: (state) => {
      atMost(state, 3);
      settings.sparseConvert = word(state, 1, onOff(settings.sparseConvert), ['off', 'on']) === 'on';
      settings.sparseRatio = integer(state, 2, settings.sparseRatio, 0, INT_MAX);
      settings.sparseSafe = integer(state, 3, settings.sparseSafe, 0, INT_MAX);
      lua.lua_pushboolean(state, settings.sparseConvert ? 1 : 0);
      lua.lua_pushnumber(state, settings.sparseRatio);
      lua.lua_pushnumber(state, settings.sparseSafe);
      return 3;
    },
    encode_max_depth: integerOption('encodeDepthMax', INT_MAX),
    decode_max_depth: integerOption('decodeDepthMax', INT_MAX),
    encode_number_precision: integerOption('numberPrecision', PRECISION_MAX),
    encode_keep_buffer: (state) => {
      atMost(state, 1);
      settings.keepBuffer = word(state, 1, onOff(settings.keepBuffer), ['off', 'on']) === 'on';
      lua.lua_pushboolean(state, settings.keepBuffer ? 1 : 0);
      return 1;
    },
    encode_invalid_numbers: (state) => {
      atMost(state, 1);
      settings.encodeInvalidNumbers = word(state, 1, settings.encodeInvalidNumbers, ['off', 'on', 'null']);
      pushWord(state, settings.encodeInvalidNumbers);
      return 1;
    },
    decode_invalid_numbers: (state) => {
      atMost(state, 1);
      settings.decodeInvalidNumbers = word(state, 1, settings.decodeInvalidNumbers, ['off', 'on']);
      pushWord(state, settings.decodeInvalidNumbers);
      return 1;
    },
    null: NULL_VALUE,
    _NAME: 'cjson',
    _VERSION: '2.1.0',
  };
  return functions;
}
