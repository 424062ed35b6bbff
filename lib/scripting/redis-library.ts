import { writeInteger } from '../base/integer.js';
import type { NestedCommand } from '../commands/ports.js';
import { REDIS_VERSION } from '../commands/redis-version.js';
import type { Library } from './interpreter.js';
import type { Pointer, State } from './lua-exports.js';
import { TYPE_NUMBER, TYPE_STRING } from './lua-exports.js';
import type { LuaMachine } from './lua-machine.js';
import { STATE_BASE, STATE_TOP, STRING_BYTES, STRING_LENGTH, VALUE_BYTES, VALUE_TYPE } from './lua-structures.js';
import { LuaValues } from './lua-values.js';
import type { NestedCall } from './nested-call.js';
import { ReplyToLua } from './reply-to-lua.js';
import { sha1 } from './script-cache.js';

/** What a script may do, and has done. */
export interface ScriptState {
  /** Commands that write are refused. */
  readOnly: boolean;
  /** Why commands that need memory are refused; undefined if they are not. */
  oomError: string | undefined;
  /** It has called a command that writes: it can no longer be killed. */
  hasWritten: boolean;
}

const LEVELS = ['DEBUG', 'VERBOSE', 'NOTICE', 'WARNING'] as const;
export type LogLevel = 0 | 1 | 2 | 3;

const MINUS = 0x2d;
/** Replies up to this size are written where Lua can take them. */
const REGION_BYTES = 64 * 1024;
/** Room for a number as text. */
const NUMBER_BYTES = 32;
const NUMBERS_MIN = 128;

const NO_ARGUMENTS = 'ERR Please specify at least one argument for this redis lib call';
const BAD_ARGUMENT = 'ERR Lua redis lib command arguments must be strings or integers';
const UNKNOWN_COMMAND = 'ERR Unknown Redis command called from script';
const REPL_FLAGS = 3;

/**
 * The table `redis` of scripts.
 *
 * A command finds its arguments where they are in Lua's memory, and writes its reply there, too: of short ones, nothing is copied but what
 * Lua copies itself.
 */
export class RedisLibrary {
  private readonly machine: LuaMachine;
  private readonly call: NestedCall;
  private readonly script: ScriptState;
  private readonly log: (level: LogLevel, message: string) => void;
  private readonly values: LuaValues;
  private readonly toLua: ReplyToLua;
  private readonly region: Pointer;
  private regionView: Buffer;
  private numbers: Pointer;
  private numberCount = NUMBERS_MIN;
  private readonly errName: Pointer;
  private readonly okName: Pointer;
  private readonly countedName: Pointer;

  constructor(
    machine: LuaMachine,
    call: NestedCall,
    script: ScriptState,
    log: (level: LogLevel, message: string) => void,
  ) {
    this.machine = machine;
    this.call = call;
    this.script = script;
    this.log = log;
    this.values = new LuaValues(machine);
    this.toLua = new ReplyToLua(machine);
    this.region = machine.lua.malloc(REGION_BYTES);
    this.numbers = machine.lua.malloc(NUMBERS_MIN * NUMBER_BYTES);
    this.errName = machine.constant('err');
    this.okName = machine.constant('ok');
    this.countedName = machine.constant('ignore_error_stats_update');
    this.regionView = this.viewRegion();
    machine.onGrown = () => {
      this.regionView = this.viewRegion();
      this.toLua.moveTo(this.regionView);
    };
  }

  /** As the prelude gets it. */
  table(): Library {
    const [major, minor, patch] = REDIS_VERSION.split('.').map(Number);
    return {
      call: (state) => this.command(state, true),
      pcall: (state) => this.command(state, false),
      sha1hex: (state) => this.sha1hex(state),
      error_reply: (state) => this.errorReply(state),
      status_reply: (state) => this.statusReply(state),
      log: (state) => this.writeLog(state),
      setresp: (state) => this.setResp(state),
      set_repl: (state) => this.setRepl(state),
      replicate_commands: (state) => this.answer(state, true),
      breakpoint: (state) => this.answer(state, false),
      debug: () => 0,
      acl_check_cmd: (state) => this.aclCheck(state),
      ...Object.fromEntries(LEVELS.map((name, level) => [`LOG_${name}`, level])),
      REPL_NONE: 0,
      REPL_AOF: 1,
      REPL_SLAVE: 2,
      REPL_REPLICA: 2,
      REPL_ALL: REPL_FLAGS,
      REDIS_VERSION,
      REDIS_VERSION_NUM: (major << 16) | (minor << 8) | patch,
    };
  }

  private viewRegion(): Buffer {
    return Buffer.from(this.machine.lua.memory.buffer, this.region, REGION_BYTES);
  }

  private command(state: State, raises: boolean): number {
    const problem = this.takeArguments(state);
    if (problem !== undefined) return this.answerError(state, problem, raises, false);
    const { call } = this;
    const { nested } = call.server;
    const command = nested.find(call.args);
    const refusal = this.refusal(command);
    if (refusal !== undefined || command === undefined) {
      const text = refusal ?? UNKNOWN_COMMAND;
      nested.countRefusal(command, text.slice(0, text.indexOf(' ')));
      return this.answerError(state, text, raises, true);
    }
    const { reply } = call;
    reply.truncate(0);
    if (reply.buffer !== this.regionView) reply.attach(this.regionView);
    if (command.isWrite) this.script.hasWritten = true;
    nested.run(call, command);
    if (reply.isLost) this.machine.raise(state, 'not enough memory');
    const { buffer } = reply;
    const isError = buffer[0] === MINUS;
    this.toLua.push(state, buffer, buffer === this.regionView ? this.region : -1);
    if (!isError) return 1;
    this.markCounted(state);
    return raises ? this.machine.throwError(state) : 1;
  }

  /** Takes the arguments from the stack; an error if they cannot be taken. They are valid until the function returns to Lua. */
  private takeArguments(state: State): string | undefined {
    const { machine } = this;
    const { args } = this.call;
    let { uint32 } = machine;
    const base = uint32[(state + STATE_BASE) >> 2];
    const count = (uint32[(state + STATE_TOP) >> 2] - base) / VALUE_BYTES;
    if (count === 0) return NO_ARGUMENTS;
    args.reserve(count);
    args.count = count;
    if (count > this.numberCount) this.makeRoomForNumbers(count);
    uint32 = machine.uint32;
    args.buffer = machine.bytes;
    for (let i = 0, value = base; i < count; i++, value += VALUE_BYTES) {
      const type = uint32[(value + VALUE_TYPE) >> 2];
      if (type === TYPE_STRING) {
        const text = uint32[value >> 2] + STRING_BYTES;
        args.start[i] = text;
        args.end[i] = text + uint32[(text - STRING_BYTES + STRING_LENGTH) >> 2];
      } else if (type === TYPE_NUMBER) {
        const at = this.numbers + i * NUMBER_BYTES;
        args.start[i] = at;
        args.end[i] = this.writeNumber(value, at);
      } else {
        return BAD_ARGUMENT;
      }
    }
    return undefined;
  }

  /** Writes the number that lies at `value` as text. Returns the offset behind it. */
  private writeNumber(value: Pointer, at: number): number {
    const { bytes, float64 } = this.machine;
    const number = float64[value >> 3];
    if (Number.isSafeInteger(number) && !Object.is(number, -0)) return writeInteger(number, bytes, at);
    return at + bytes.write(this.values.numberText(value), at, 'latin1');
  }

  private makeRoomForNumbers(count: number): void {
    const { lua } = this.machine;
    lua.free(this.numbers);
    this.numberCount = count * 2;
    this.numbers = lua.malloc(this.numberCount * NUMBER_BYTES);
  }

  /** Why the script may not call the command that its arguments name. */
  private refusal(command: NestedCommand | undefined): string | undefined {
    const { script } = this;
    if (command === undefined) return UNKNOWN_COMMAND;
    if (!command.takes(this.call.args.count)) return 'ERR Wrong number of args calling Redis command from script';
    const isDenied = command.staysOutOfScripts && !this.call.server.allowsAllInScripts;
    if (isDenied || command.runNested === undefined) {
      return 'ERR This Redis command is not allowed from script';
    }
    if (script.readOnly && command.mayReplicate) return 'ERR Write commands are not allowed from read-only scripts.';
    if (command.needsMemory && !script.hasWritten) return script.oomError;
    return undefined;
  }

  /** Pushes an error as a table, and raises it if `raises`. `isCounted`: it is in the statistics of errors already. */
  private answerError(state: State, text: string, raises: boolean, isCounted: boolean): number {
    const { machine } = this;
    const { lua } = machine;
    lua.lua_createtable(state, 0, 2);
    machine.pushText(state, text);
    lua.lua_setfield(state, -2, this.errName);
    if (isCounted) this.markCounted(state);
    return raises ? machine.throwError(state) : 1;
  }

  private markCounted(state: State): void {
    const { lua } = this.machine;
    lua.lua_pushboolean(state, 1);
    lua.lua_setfield(state, -2, this.countedName);
  }

  private fail(state: State, text: string): number {
    return this.answerError(state, `ERR ${text}`, true, false);
  }

  private answer(state: State, value: boolean): number {
    this.machine.lua.lua_pushboolean(state, value ? 1 : 0);
    return 1;
  }

  private sha1hex(state: State): number {
    const { machine } = this;
    const { lua } = machine;
    if (lua.lua_gettop(state) !== 1) return this.fail(state, 'wrong number of arguments');
    const pointer = lua.lua_tolstring(state, 1, machine.lengthAt);
    const length = pointer === 0 ? 0 : machine.uint32[machine.lengthAt >> 2];
    machine.pushText(state, sha1(machine.bytes.subarray(pointer, pointer + length)));
    return 1;
  }

  /** `-CODE text` and `CODE text` stay as they are; one word gets the code ERR. */
  private errorReply(state: State): number {
    const text = this.onlyText(state);
    if (text === undefined) return this.answerError(state, 'ERR wrong number or type of arguments', false, false);
    const words = withoutLineBreaksAtEnd(text.startsWith('-') ? text.slice(1) : text);
    return this.answerError(state, words.includes(' ') ? words : `ERR ${words}`, false, false);
  }

  private statusReply(state: State): number {
    const { lua } = this.machine;
    if (this.onlyText(state) === undefined) {
      return this.answerError(state, 'ERR wrong number or type of arguments', false, false);
    }
    lua.lua_createtable(state, 0, 1);
    lua.lua_pushvalue(state, 1);
    lua.lua_setfield(state, -2, this.okName);
    return 1;
  }

  /** The argument, if it is one string and nothing else. */
  private onlyText(state: State): string | undefined {
    const { machine } = this;
    const { lua } = machine;
    const isOne = lua.lua_gettop(state) === 1 && lua.lua_type(state, 1) === TYPE_STRING;
    return isOne ? machine.textAt(state, 1) : undefined;
  }

  private writeLog(state: State): number {
    const { machine } = this;
    const { lua } = machine;
    const count = lua.lua_gettop(state);
    if (count < 2) return this.fail(state, 'redis.log() requires two arguments or more.');
    if (lua.lua_type(state, 1) !== TYPE_NUMBER) {
      return this.fail(state, 'First argument must be a number (log level).');
    }
    const level = Math.trunc(lua.lua_tonumber(state, 1));
    if (level !== 0 && level !== 1 && level !== 2 && level !== 3) return this.fail(state, 'Invalid debug level.');
    const words: string[] = [];
    for (let i = 2; i <= count; i++) words.push(machine.textAt(state, i));
    this.log(level, words.join(' '));
    return 0;
  }

  private setResp(state: State): number {
    const { lua } = this.machine;
    if (lua.lua_gettop(state) !== 1) return this.fail(state, 'redis.setresp() requires one argument.');
    const version = Math.trunc(lua.lua_tonumber(state, 1));
    if (version !== 2 && version !== 3) return this.fail(state, 'RESP version must be 2 or 3.');
    this.call.reply.resp = version;
    return 0;
  }

  /** Nothing is replicated by commands: it does nothing. */
  private setRepl(state: State): number {
    const { lua } = this.machine;
    if (lua.lua_gettop(state) !== 1) return this.fail(state, 'redis.set_repl() requires two arguments.');
    const flags = Math.trunc(lua.lua_tonumber(state, -1));
    if ((flags & ~REPL_FLAGS) === 0) return 0;
    return this.fail(state, 'Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.');
  }

  /** There are no users with fewer rights than all. */
  private aclCheck(state: State): number {
    const problem = this.takeArguments(state);
    if (problem !== undefined) return this.answerError(state, problem, true, false);
    const command = this.call.server.nested.find(this.call.args);
    if (command === undefined) return this.fail(state, 'Invalid command passed to redis.acl_check_cmd()');
    return this.answer(state, true);
  }
}

function withoutLineBreaksAtEnd(text: string): string {
  return text.replace(/[\r\n]+$/, '');
}
