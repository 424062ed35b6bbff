import type { Args } from '../../protocol/args.js';
import { encodeWords } from '../../protocol/request-encoder.js';
import type { Script } from '../../scripting/script-cache.js';
import type { Scripts } from '../../scripting/scripts.js';
import type { CommandEntry } from '../command-table.js';
import type { Connection } from '../connection.js';
import type { OnReply, RemoteSession } from './remote-session.js';

/** The argument that is the script, or its SHA1. */
const SCRIPT = 1;
const BY_SHA: ReadonlySet<string> = new Set(['evalsha', 'evalsha_ro']);
/** A bulk string begins so. */
const DOLLAR = 0x24;
const NO_SCRIPT = '-NOSCRIPT ';

interface ScriptCall {
  readonly entry: CommandEntry | undefined;
  readonly args: Args;
}

export interface ScriptBodiesOptions {
  readonly scripts: Pick<Scripts, 'learn' | 'cache'>;
  /** The command that a request calls, if it calls one properly. */
  readonly entryOf: (args: Args) => CommandEntry | undefined;
}

/**
 * What a client has had this node run by EVAL, it may call by EVALSHA, whoever acts for the keys of either. So this node knows what it sends on, as if it had run here, and a member that is called by SHA1 is
 * given the script in front of that, by SCRIPT LOAD: it may never have had it, or have lost it in a restart. Once for each session, which breaks when the member restarts.
 */
export class ScriptBodies {
  private readonly options: ScriptBodiesOptions;
  /** What members were given, and have. After SCRIPT FLUSH, a script that comes again is another `Script`. */
  private readonly given = new WeakMap<RemoteSession, WeakSet<Script>>();

  constructor(options: ScriptBodiesOptions) {
    this.options = options;
  }

  /**
   * A request of a client, or all that it has queued if that is EXEC, is about to be sent on over a session: sends what scripts it needs. Returns what is
   * to be called with the reply, in the place of `then`.
   */
  sendAhead({ transaction }: Connection, session: RemoteSession, args: Args, then: OnReply): OnReply {
    const { scripts, entryOf } = this.options;
    const requests = transaction?.queued ?? [{ entry: entryOf(args), args }];
    const calls = requests.filter(({ entry }) => entry?.isScript === true);
    if (calls.length === 0) return then;
    const isBySha = ({ entry }: ScriptCall): boolean => entry !== undefined && BY_SHA.has(entry.name);
    // First what is known before: what a transaction brings itself, those in front of that do not find.
    for (const call of calls) if (isBySha(call)) this.give(session, call.args);
    for (const call of calls) {
      const { buffer, start, end } = call.args;
      if (!isBySha(call)) scripts.learn(buffer, start[SCRIPT], end[SCRIPT]);
    }
    return (reply) => {
      // Scripts were flushed there, and not here: all of them.
      if (reply?.includes(NO_SCRIPT) === true) this.given.delete(session);
      then(reply);
    };
  }

  /** Gives a member the script that a request calls, if this node has it, and that one may not. */
  private give(session: RemoteSession, { buffer, start, end }: Args): void {
    const script = this.options.scripts.cache.findSha(buffer, start[SCRIPT], end[SCRIPT]);
    const given = this.given.get(session) ?? new WeakSet();
    if (script === undefined || given.has(script)) return;
    this.given.set(session, given.add(script));
    session.ask(loadRequest(script), (reply) => {
      if (reply?.[0] !== DOLLAR) given.delete(script);
    });
  }
}

function loadRequest({ source }: Script): Buffer {
  return encodeWords(['SCRIPT', 'LOAD', source.toString('latin1')]);
}
