/**
 * Where the binary keeps things: the structures of Lua 5.1 with pointers of 32 bits (lstate.h, lobject.h). Reading them is a load, and allocates
 * nothing; asking the binary is a call. `checkLayout` of interpreter.ts proves at each start that they are so.
 *
 *   lua_State   8 top, 12 base, 52 nCcalls u16, 54 baseCcalls u16
 *   TValue      0 value (8 bytes), 8 type; 16 bytes
 *   TString     12 length, 16 bytes
 *   Table       7 log2 of the number of nodes u8, 12 array (TValues: items 1, 2 ...), 16 nodes, 28 length of the array
 *   Node        0 value (TValue), 16 key (its TValue, but for the last 4 bytes); 32 bytes; free if the value is nil
 *   Closure     16 the Proto of a function in Lua
 *   Proto       16 inner Protos (pointers), 20 line of each instruction, 48 how many lines, 52 how many inner ones
 */

export const STATE_TOP = 8;
export const STATE_BASE = 12;
export const STATE_CALLS = 52;
export const VALUE_BYTES = 16;
export const VALUE_TYPE = 8;
export const STRING_LENGTH = 12;
export const STRING_BYTES = 16;
export const TABLE_LOG_NODES = 7;
export const TABLE_ARRAY = 12;
export const TABLE_NODES = 16;
export const TABLE_ARRAY_LENGTH = 28;
export const NODE_KEY = 16;
export const NODE_BYTES = 32;
export const CLOSURE_PROTO = 16;
export const PROTO_INNER = 16;
export const PROTO_LINES = 20;
export const PROTO_LINE_COUNT = 48;
export const PROTO_INNER_COUNT = 52;

/** lua_Debug: 100 bytes; the answers to `S` and `l`. */
export const RECORD_BYTES = 104;
export const RECORD_WHAT = 12;
export const RECORD_SOURCE = 16;
export const RECORD_LINE = 20;
export const RECORD_LINE_DEFINED = 28;
