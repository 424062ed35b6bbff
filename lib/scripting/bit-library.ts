/** The table `bit` of scripts: LuaBitOp (https://bitop.luajit.org/api.html). Numbers are taken modulo 2^32 and answered as signed ones. */

import type { Library } from './interpreter.js';
import type { State } from './lua-exports.js';
import type { LuaMachine } from './lua-machine.js';

/** Added to a double, it leaves the whole number, rounded to even, in the low 32 bits of its mantissa. */
const ROUNDING = 2 ** 52 + 2 ** 51;
const HEX_DIGITS_MAX = 8;

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

export function bitLibrary(machine: LuaMachine): Library {
  const { lua } = machine;
  const argument = (state: State, i: number): number => toBits(lua.luaL_checknumber(state, i));
  const answer = (state: State, value: number): number => {
    lua.lua_pushnumber(state, value | 0);
    return 1;
  };
  const unary =
    (compute: (a: number) => number) =>
    (state: State): number =>
      answer(state, compute(argument(state, 1)));
  const fold =
    (compute: (a: number, b: number) => number) =>
    (state: State): number => {
      let value = argument(state, 1);
      for (let i = lua.lua_gettop(state); i > 1; i--) value = compute(value, argument(state, i));
      return answer(state, value);
    };
  const shift =
    (compute: (a: number, count: number) => number) =>
    (state: State): number => {
      const value = argument(state, 1);
      return answer(state, compute(value, argument(state, 2) & 31));
    };
  return {
    tobit: unary((a) => a),
    bnot: unary((a) => ~a),
    bswap: unary((a) => (a << 24) | ((a & 0xff00) << 8) | ((a >>> 8) & 0xff00) | (a >>> 24)),
    band: fold((a, b) => a & b),
    bor: fold((a, b) => a | b),
    bxor: fold((a, b) => a ^ b),
    lshift: shift((a, count) => a << count),
    rshift: shift((a, count) => a >>> count),
    arshift: shift((a, count) => a >> count),
    rol: shift((a, count) => (a << count) | (a >>> (32 - count))),
    ror: shift((a, count) => (a >>> count) | (a << (32 - count))),
    tohex: (state) => {
      const value = argument(state, 1);
      const digits = lua.lua_type(state, 2) <= 0 ? HEX_DIGITS_MAX : argument(state, 2);
      machine.pushText(state, hexadecimal(value, digits));
      return 1;
    },
  };
}

function toBits(value: number): number {
  double[0] = value + ROUNDING;
  return halves[0];
}

/** The last digits of `value`; upper case if `digits` is negative. */
function hexadecimal(value: number, digits: number): string {
  // The lowest integer has no positive one: C leaves it as it is, and then there are too many digits.
  const count = Math.min(HEX_DIGITS_MAX, Math.abs(digits));
  const text = (value >>> 0)
    .toString(16)
    .padStart(HEX_DIGITS_MAX, '0')
    .slice(HEX_DIGITS_MAX - count);
  return digits < 0 ? text.toUpperCase() : text;
}
