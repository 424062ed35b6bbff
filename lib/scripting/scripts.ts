import type { Call } from '../commands/call.js';
import type { ScriptFigures } from '../commands/ports.js';
import type { ErrorPlace, Outcome } from './interpreter.js';
import { Lua } from './lua.js';
import { LuaPanic } from './lua-machine.js';
import { NestedCall } from './nested-call.js';
import type { ScriptState } from './redis-library.js';
import { Script, ScriptCache, sha1 } from './script-cache.js';
import type { ScriptHost, Suspension } from './script-host.js';
import { parseShebang } from './shebang.js';
import type { WasmModule } from './web-assembly.js';
import { webAssembly } from './web-assembly.js';

/** So much memory scripts may use, all together. */
const BYTES_MAX = 256 * 1024 * 1024;
/** An interpreter that has become larger than this is made anew: it never gives back what it has had once. */
const BYTES_KEPT_MAX = 64 * 1024 * 1024;
/** How long a slow script runs at a time. */
const SLICE_US = 5000;

const OOM = "OOM command not allowed when used memory > 'maxmemory'.";
const OOM_DECLARED = "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'";
const NOT_BUSY = 'NOTBUSY No scripts in execution right now.';
const UNKILLABLE =
  'UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.';
const KILLED = 'ERR Script killed by user with SCRIPT KILL.';
const WARNING = 3;
const NO_MEMORY = 'ERR not enough memory';
const STACK_OVERFLOW = 'ERR stack overflow';

/** What EVAL was called with: `firstKey` <= index of a key < `firstArgument` <= index of an argument. */
export interface Evaluation {
  readonly firstKey: number;
  readonly firstArgument: number;
  /** By EVAL_RO. */
  readonly isReadOnly: boolean;
}

/**
 * Scripts: those that are known, and the one that runs.
 *
 * A script runs at once and to its end, as a command does. One that has run for `busy-reply-threshold` is suspended every few milliseconds from
 * then on, so that others can be told that the server is busy, and it can be killed.
 */
export class Scripts implements ScriptFigures {
  readonly cache = new ScriptCache();

  private readonly host: ScriptHost;
  private readonly nestedCall = new NestedCall(BYTES_MAX);
  private readonly state: ScriptState = { readOnly: false, oomError: undefined, hasWritten: false };
  private module: WasmModule | undefined;
  private lua: Lua | undefined;
  /** How many interpreters there were: references into others mean nothing. */
  private generation = 0;

  /** The script that runs, and who has called it with what database selected. */
  private script: Script | undefined;
  private call: Call | undefined;
  private databaseNumber = 0;
  private suspension: Suspension | undefined;
  private canPause = false;
  /** When it is to pause; 0 before its first look at the clock. */
  private pauseAtUs = 0;
  private thresholdUs = Infinity;

  constructor(host: ScriptHost) {
    this.host = host;
  }

  /** Whether a script runs that was suspended. */
  get isBusy(): boolean {
    return this.suspension !== undefined;
  }

  get cachedCount(): number {
    return this.cache.count;
  }

  get sourceBytes(): number {
    return this.cache.sourceBytes;
  }

  /** Bytes that Lua has in use. */
  get memoryBytes(): number {
    return this.lua?.interpreter.memoryBytes ?? 0;
  }

  /** Whether a script, by its text, says that it does not write. */
  isReadOnly(source: Buffer): boolean {
    const parsed = parseShebang(source);
    return typeof parsed !== 'string' && parsed.flags.noWrites;
  }

  /** The same by its SHA1: true of those that are known. */
  isShaReadOnly(sha: Buffer): boolean {
    return this.cache.findSha(sha, 0, sha.length)?.flags.noWrites ?? false;
  }

  /** The script with the text `bytes[start, end)`, compiled; undefined after an error reply. */
  load(call: Call, bytes: Buffer, start: number, end: number): Script | undefined {
    const script = this.learn(bytes, start, end);
    if (typeof script !== 'string') return script;
    call.reply.error(script);
    return undefined;
  }

  /** The script with the text `bytes[start, end)`, compiled, and known from now on; or why it is none. */
  learn(bytes: Buffer, start: number, end: number): Script | string {
    const known = this.cache.findSource(bytes, start, end);
    if (known !== undefined) return known;
    const source = Buffer.from(bytes.subarray(start, end));
    const parsed = parseShebang(source);
    if (typeof parsed === 'string') return parsed;
    const script = new Script(sha1(source), source, parsed.flags, parsed.codeAt);
    const problem = this.compile(script);
    if (problem !== undefined) return problem;
    for (const dropped of this.cache.add(script)) this.release(dropped);
    return script;
  }

  /** Forgets all scripts, and what they have left behind. */
  flush(): void {
    this.cache.clear();
    this.lua = undefined;
  }

  /** Ends the script that runs. Undefined, or the error reply to who wants that. */
  kill(): string | undefined {
    const { call } = this;
    if (!this.isBusy || this.lua === undefined || call === undefined) return NOT_BUSY;
    if (this.state.hasWritten) return UNKILLABLE;
    this.stop(call, KILLED);
    return undefined;
  }

  /** Runs a script, and answers what it answers: now, or later if it is slow. */
  run(call: Call, script: Script, evaluation: Evaluation): void {
    const hasRoom = script.flags.allowOom || this.host.hasRoom();
    const refusal = this.refusal(script, evaluation, hasRoom);
    if (refusal !== undefined) {
      call.reply.error(refusal);
      return;
    }
    if (script.generation !== this.generation || this.lua === undefined) {
      const problem = this.compile(script);
      if (problem !== undefined) {
        call.reply.error(problem);
        return;
      }
    }
    this.begin(call, script, evaluation.isReadOnly, hasRoom);
    const start = call.reply.length;
    try {
      this.advance(call, this.startScript(call, script, evaluation));
    } catch (error) {
      this.panic(call, start, error);
    }
  }

  private begin(call: Call, script: Script, isReadOnly: boolean, hasRoom: boolean): void {
    const { state, nestedCall } = this;
    state.readOnly = isReadOnly || script.flags.noWrites;
    state.oomError = hasRoom ? undefined : OOM;
    state.hasWritten = false;
    nestedCall.belongTo(call);
    nestedCall.reply.resp = 2;
    this.script = script;
    this.call = call;
    this.databaseNumber = call.client.databaseNumber;
    this.canPause = true;
    this.pauseAtUs = 0;
    const { busyReplyThresholdMs } = call.server.config;
    this.thresholdUs = busyReplyThresholdMs > 0 ? busyReplyThresholdMs * 1000 : Infinity;
  }

  private startScript({ args }: Call, { ref }: Script, { firstKey, firstArgument }: Evaluation): Outcome {
    const { interpreter } = this.needLua();
    interpreter.setKeys(args.buffer, args.start, args.end, firstKey, firstArgument);
    interpreter.setArguments(args.buffer, args.start, args.end, firstArgument, args.count);
    return interpreter.run(ref);
  }

  /** Goes on with a script that was suspended. */
  private slice(call: Call): void {
    // It was killed.
    if (this.call !== call || this.lua === undefined) return;
    this.pauseAtUs = this.host.clock.monotonicUs() + SLICE_US;
    const start = call.reply.length;
    try {
      this.advance(call, this.lua.interpreter.resume());
    } catch (error) {
      this.panic(call, start, error);
    }
  }

  /** Does what follows from how the script has ended, or paused. */
  private advance(call: Call, first: Outcome): void {
    const { interpreter, toReply } = this.needLua();
    let outcome = first;
    while (outcome === 'paused') {
      const error = this.host.abandonDraft(call);
      if (error !== undefined) {
        this.stop(call, error);
        return;
      }
      if (this.suspend(call)) return;
      outcome = interpreter.resume();
    }
    if (outcome === 'done') {
      toReply.write(interpreter.pushResult(), call.reply, this.nestedCall.reply.resp);
      interpreter.finish();
      if (toReply.hasCountedError) this.noteCountedError(call);
    } else {
      this.fail(call);
    }
    this.end(call);
  }

  /** Ends a script that is paused. */
  private stop(call: Call, error: string): void {
    const { interpreter } = this.needLua();
    const place = interpreter.place();
    interpreter.abandon();
    this.answerError(call, error, place);
    this.end(call);
  }

  private suspend(call: Call): boolean {
    this.suspension ??= this.beginSuspension(call);
    this.suspension?.later(() => {
      this.slice(call);
    });
    this.canPause = this.suspension !== undefined;
    return this.canPause;
  }

  private beginSuspension(call: Call): Suspension | undefined {
    const sha = this.script?.sha ?? '';
    this.host.log(
      WARNING,
      `Slow script detected: still in execution after ${this.thresholdUs / 1000} milliseconds. You can try killing the script using the SCRIPT KILL command. Script name is: ${sha}.`,
    );
    return this.host.suspend(call);
  }

  /** Answers the error that the script has ended with. */
  private fail(call: Call): void {
    const { interpreter } = this.needLua();
    const place = interpreter.place();
    const isCounted = interpreter.hasCountedError();
    const text = interpreter.errorText();
    interpreter.abandon();
    if (isCounted) this.noteCountedError(call);
    this.answerError(call, text, place);
  }

  private answerError(call: Call, text: string, place: ErrorPlace | undefined): void {
    const where = place === undefined ? '' : `, on ${place.source}:${place.line}.`;
    call.reply.error(`${text} script: ${this.script?.sha ?? ''}${where}`);
  }

  /** The error that is answered is one of a command, and was counted as that. Nobody counts those of suspended scripts. */
  private noteCountedError(call: Call): void {
    if (!this.isBusy) call.server.nested.errorIsCounted();
  }

  private end(call: Call): void {
    const { suspension, lua } = this;
    this.call = this.script = this.suspension = undefined;
    if (call.client.databaseNumber !== this.databaseNumber) call.client.select(this.databaseNumber);
    if (lua !== undefined && lua.machine.byteLength > BYTES_KEPT_MAX) this.lua = undefined;
    suspension?.end(this.state.hasWritten);
  }

  /** Lua has come to an end of its own, for want of memory: there will be another one. Other errors are ours. */
  private panic(call: Call, start: number, error: unknown): void {
    const isLua = error instanceof LuaPanic || error instanceof webAssembly.RuntimeError || typeof error === 'number';
    if (!isLua && !(error instanceof RangeError)) throw error;
    call.reply.truncate(start);
    this.answerError(call, isLua ? NO_MEMORY : STACK_OVERFLOW, undefined);
    this.lua = undefined;
    this.end(call);
  }

  /** Why a script may not run. */
  private refusal({ flags }: Script, { isReadOnly }: Evaluation, hasRoom: boolean): string | undefined {
    if (!flags.isDeclared) return undefined;
    if (!flags.noWrites) {
      const refusal = this.host.writeRefusal();
      if (refusal !== undefined) return refusal;
      if (isReadOnly) return 'ERR Can not execute a script with write flag using *_ro command.';
    }
    return hasRoom ? undefined : OOM_DECLARED;
  }

  /** Compiles a script for the interpreter that there is. Returns why it cannot be; undefined: it is. */
  private compile(script: Script): string | undefined {
    const { interpreter } = this.needLua();
    const compiled = interpreter.compile(script.source.subarray(script.codeAt));
    if (typeof compiled === 'string') return `ERR Error compiling script (new function): ${compiled}`;
    script.ref = compiled;
    script.generation = this.generation;
    return undefined;
  }

  private release(script: Script): void {
    if (script.generation === this.generation) this.lua?.interpreter.release(script.ref);
  }

  private needLua(): Lua {
    this.lua ??= this.makeLua();
    return this.lua;
  }

  private makeLua(): Lua {
    this.module ??= new webAssembly.Module(this.host.readBinary());
    this.generation++;
    const lua = new Lua({
      module: this.module,
      bytesMax: BYTES_MAX,
      call: this.nestedCall,
      script: this.state,
      random: this.host.random,
      log: (level, message) => this.host.log(level, message),
    });
    lua.interpreter.wantsPause = () => this.wantsPause();
    return lua;
  }

  private wantsPause(): boolean {
    const nowUs = this.host.clock.monotonicUs();
    if (this.pauseAtUs === 0) this.pauseAtUs = nowUs + this.thresholdUs;
    return this.canPause && nowUs >= this.pauseAtUs;
  }
}
