import type { Random } from '../host/ports.js';
import { bitLibrary } from './bit-library.js';
import { Interpreter } from './interpreter.js';
import { jsonLibrary } from './json-library.js';
import { LuaMachine } from './lua-machine.js';
import { LuaToReply } from './lua-to-reply.js';
import { messagePackLibrary } from './message-pack-library.js';
import type { NestedCall } from './nested-call.js';
import { Protection } from './protection.js';
import type { LogLevel, ScriptState } from './redis-library.js';
import { RedisLibrary } from './redis-library.js';
import { structLibrary } from './struct-library.js';
import type { WasmModule } from './web-assembly.js';

export interface LuaOptions {
  /** The compiled binary. */
  readonly module: WasmModule;
  /** So much memory may it use. */
  readonly bytesMax: number;
  /** What redis.call calls with. */
  readonly call: NestedCall;
  readonly script: ScriptState;
  readonly random: Random;
  readonly log: (level: LogLevel, message: string) => void;
}

/** A Lua with the libraries that scripts have. */
export class Lua {
  readonly machine: LuaMachine;
  readonly interpreter: Interpreter;
  readonly toReply: LuaToReply;

  constructor({ module, bytesMax, call, script, random, log }: LuaOptions) {
    const machine = new LuaMachine(module, bytesMax);
    const redis = new RedisLibrary(machine, call, script, log);
    this.machine = machine;
    this.interpreter = new Interpreter(machine, new Protection(machine), {
      redis: redis.table(),
      bit: bitLibrary(machine),
      cjson: jsonLibrary(machine),
      cmsgpack: messagePackLibrary(machine),
      struct: structLibrary(machine),
    });
    this.interpreter.seed(random.uint32());
    this.toReply = new LuaToReply(machine, this.interpreter.thread);
  }
}
