/**
 * Commands on one key whose outcome is decided by consensus (cluster/consensus/consensus.ts), at the member that proposes about the key (decided-keys.ts):
 *
 *     request ─▶ held ─▶ a round learns the entry ─▶ the command runs on a draft of it (data/draft.ts) ─▶ what it leaves is decided ─▶ the reply leaves
 *
 *  1. Nothing of a command is seen by anybody before it is decided: neither what it changes, nor its reply.
 *  2. A command may run several times, on different entries; what counts is the run whose outcome is decided.
 *  3. Events of a key (notify-keyspace-events) are told, messages (PUBLISH) sent, and lines (`redis.log`, MONITOR) written, when the run that they are of is decided, here.
 *  4. A transaction whose keys are watched is given up instead of running again: whatever came between has changed them. What has left memory for the disk meanwhile is loaded first: it
 *     was not changed.
 */

import { ENTRY_BYTES_MAX } from '../../cluster/consensus/entry-bytes.js';
import type { Consensus } from '../../cluster/consensus/consensus.js';
import type { Proposed } from '../../cluster/consensus/proposal.js';
import type { Draft } from '../../data/draft.js';
import type { EntryDigests } from '../../data/entry-digests.js';
import type { KeyEvent, KeyEvents } from '../../data/key-events.js';
import type { Database } from '../../data/keyspace.js';
import type { Args } from '../../protocol/args.js';
import { EMPTY } from '../../protocol/empty-buffer.js';
import type { Effect, KeptEffects } from '../kept-effects.js';
import { ReplyText } from '../reply-text.js';
import type { Connection } from '../connection.js';
import type { Transaction } from '../transaction.js';
import { batchOf, beginEraEntry, withBatch } from './era-entry.js';

const TIMEOUT = 'TIMEOUT no majority of the replicas has answered in time: nothing was done';
const UNKNOWN = 'TIMEOUT not decided in time: the outcome is unknown';
const TOO_LARGE = `ERR a key that is changed by compare and set, or WITH LINEARIZABLE, has at most ${ENTRY_BYTES_MAX} bytes`;

/** Before a key is watched, what is decided about it is looked at so often at most: somebody may change it all the time. */
const LOOKS_MAX = 3;

/** What would come of a request. */
export interface Trial {
  /** Whether consensus can decide about it: it uses no other key, and what it makes of its own is not too large. */
  readonly isFit: boolean;
  readonly hasChanged: boolean;
  readonly reply: Buffer;
  /** It happens as it was tried: what it has caused beside its reply is told. */
  readonly tell: () => void;
}

const UNFIT: Trial = { isFit: false, hasChanged: false, reply: EMPTY, tell: () => undefined };

/** How a request has ended: what it is answered. */
export type Ending = { readonly reply: Buffer } | { readonly error: string };

export interface LinearizerOptions {
  readonly consensus: Pick<Consensus, 'submit' | 'isEraOne' | 'whenDurable'>;
  readonly draft: Draft;
  readonly digests: EntryDigests;
  readonly database: Database;
  readonly events: KeyEvents;
  readonly effects: KeptEffects;
  /** About how many bytes plain writes have made of a key, as far as it is in memory. */
  readonly sizeOf: (key: Buffer) => number;
  /** What plain writes have made of it; undefined: it has to be loaded first. */
  readonly plainEntry: (key: Buffer) => Buffer | undefined;
  /** Brings what the disk has of a key into memory. Rejects with CorruptionError and DiskError. */
  readonly load: (key: Buffer) => Promise<void>;
  /** Work of the loop's turn begins. */
  readonly onTurn: () => void;
  /** Runs a request on a database, and returns what it answers. */
  readonly runAside: (connection: Connection, args: Args, db: Database) => Buffer;
  /** Executes a request as if it had just arrived. */
  readonly execute: (connection: Connection, args: Args) => void;
  /** Answers a request with an error. */
  readonly fail: (connection: Connection, args: Args, error: string) => void;
}

export class Linearizer {
  private readonly options: LinearizerOptions;

  constructor(options: LinearizerOptions) {
    this.options = options;
  }

  /** Has a request decided. It is answered when it is. Returns whether that has begun: others behind it may begin, too. */
  propose(connection: Connection, borrowed: Args, key: Buffer, slot: number): boolean {
    const args = borrowed.clone();
    const { transaction } = connection;
    const begin = (): void => {
      this.options.onTurn();
      this.begin(connection, args, key, slot, (ending) => {
        if (!connection.isClosed) this.answer(connection, args, transaction, ending);
        connection.release();
      });
    };
    connection.hold();
    const mustLoad = transaction !== undefined && connection.watched.size > 0 && this.isCold(key);
    // If that fails, the transaction is given up.
    if (mustLoad) this.options.load(key).then(begin, begin);
    else begin();
    return !mustLoad;
  }

  /** Has a request decided, perhaps ahead of its turn. `onEnd` is called once. */
  begin(connection: Connection, args: Args, key: Buffer, slot: number, onEnd: (ending: Ending) => void): void {
    const { options } = this;
    if (this.isTooLarge(key) && !options.consensus.isEraOne(key)) {
      onEnd({ error: TOO_LARGE });
      return;
    }
    const request = new ProposedRequest(connection, args, key, slot, options);
    options.consensus.submit(key, {
      // Who watches a key, and EXEC, come here in any case: if others had the key meanwhile, each would begin anew.
      askedBy: connection.transaction === undefined ? connection.ring.via : undefined,
      run: (entry) => request.run(entry),
      end: (outcome: 'decided' | 'timeout' | 'unknown', reply: Buffer = EMPTY) => {
        if (outcome === 'decided') request.tell();
        onEnd(outcome === 'decided' ? { reply } : { error: outcome === 'timeout' ? TIMEOUT : UNKNOWN });
      },
    });
  }

  /** Whether plain writes have made more of a key than consensus could decide about, as far as it is in memory. */
  isTooLarge(key: Buffer): boolean {
    return this.options.sizeOf(key) > ENTRY_BYTES_MAX;
  }

  /** Runs a request on what this node has of a plain key, without anything coming of it; undefined if that has to be loaded first. REQUIRES: it is no transaction. */
  tryOut(connection: Connection, args: Args, key: Buffer, slot: number): Trial | undefined {
    if (this.isTooLarge(key)) return UNFIT;
    const plain = this.options.plainEntry(key);
    if (plain === undefined) return undefined;
    const request = new ProposedRequest(connection, args, key, slot, this.options);
    const before = beginEraEntry(plain);
    const { entry, reply } = request.run(before);
    const tell = (): void => {
      request.tell();
    };
    return { isFit: !request.hasOutgrown && !connection.ring.hasStrayed, hasChanged: entry !== before, reply, tell };
  }

  /** Has something removed from an entry, without a client. `then` is called in any case. */
  remove(key: Buffer, remove: (db: Database) => void, then: () => void): void {
    const { consensus, draft, events, database } = this.options;
    let caused: readonly KeyEvent[] = [];
    consensus.submit(key, {
      run: (entry) => {
        const after = draft.run(key, batchOf(entry), remove);
        caused = draft.events;
        return { entry: withBatch(entry, after), reply: EMPTY };
      },
      end: (outcome) => {
        if (outcome === 'decided') events.tellCollected(caused, database);
        then();
      },
    });
  }

  /** Runs a request when this node shows what is decided about a key: WATCH. */
  runBehind(connection: Connection, borrowed: Args, key: Buffer): void {
    const { options } = this;
    const args = borrowed.clone();
    connection.hold();
    this.look(key, LOOKS_MAX, (isDecided) => {
      if (!connection.isClosed) {
        if (!isDecided) options.fail(connection, args, TIMEOUT);
        else {
          connection.ring.isCleared = true;
          options.execute(connection, args);
          connection.ring.isCleared = false;
        }
      }
      connection.release();
    });
  }

  /** Has it decided what is there, and again if this node does not show that: others may have it before this node's disk has. */
  private look(key: Buffer, looksMax: number, then: (isDecided: boolean) => void): void {
    const { consensus, draft, load, onTurn } = this.options;
    let learnt: Buffer = EMPTY;
    consensus.submit(key, {
      run: (entry) => {
        learnt = batchOf(entry);
        return { entry, reply: EMPTY };
      },
      end: (outcome) => {
        if (outcome !== 'decided' || draft.isShown(key, learnt)) then(outcome === 'decided');
        else {
          const loaded = this.isCold(key) ? load(key) : undefined;
          Promise.all([consensus.whenDurable(), loaded]).then(
            () => {
              onTurn();
              if (looksMax === 1 || draft.isShown(key, learnt)) then(true);
              else this.look(key, looksMax - 1, then);
            },
            () => {
              then(false);
            },
          );
        }
      },
    });
  }

  /** Whether a key has to be loaded first. */
  private isCold(key: Buffer): boolean {
    const { digests, database } = this.options;
    return digests.of(database, key, 0, key.length) === undefined;
  }

  private answer(connection: Connection, args: Args, transaction: Transaction | undefined, ending: Ending): void {
    if ('reply' in ending) connection.answer(ending.reply);
    else if (transaction === undefined || ending.error !== UNKNOWN) this.options.fail(connection, args, ending.error);
    else {
      // Not as other errors: EXEC would say that nothing was done.
      connection.endTransaction();
      connection.answer(ReplyText.error(UNKNOWN));
    }
  }
}

/** A request on its way. */
class ProposedRequest {
  private readonly connection: Connection;
  private readonly args: Args;
  private readonly key: Buffer;
  private readonly slot: number;
  private readonly options: LinearizerOptions;
  /** What EXEC runs. */
  private readonly transaction: Transaction | undefined;
  private readonly isWatching: boolean;
  private runCount = 0;
  /** What the last run has caused, if that comes to pass. */
  private events: readonly KeyEvent[] = [];
  private effects: readonly Effect[] = [];
  /** The last run has made more of the key than an entry may be. */
  hasOutgrown = false;

  constructor(connection: Connection, args: Args, key: Buffer, slot: number, options: LinearizerOptions) {
    this.connection = connection;
    this.args = args;
    this.key = key;
    this.slot = slot;
    this.options = options;
    this.transaction = connection.transaction;
    this.isWatching = this.transaction !== undefined && (connection.watched.size > 0 || connection.wasTouched);
  }

  run(entry: Buffer): Proposed {
    const { connection, args, key, slot, options, transaction } = this;
    this.runCount++;
    this.events = [];
    this.effects = [];
    this.hasOutgrown = false;
    if (connection.isClosed) return { entry, reply: EMPTY };
    if (this.isWatching && this.runCount > 1) return { entry, reply: ReplyText.nullArray(connection.reply.resp) };
    const { ring } = connection;
    let reply: Buffer = EMPTY;
    let effects: readonly Effect[] = [];
    connection.transaction = transaction;
    ring.slot = slot;
    const before = batchOf(entry);
    const after = options.draft.run(key, before, (db) => {
      if (this.isWatching && !this.isAsWatched(db)) connection.wasTouched = true;
      ring.beginDraft(key);
      effects = options.effects.keepBack(() => {
        reply = options.runAside(connection, args, db);
      });
      ring.endDraft();
    });
    if (ring.draftError !== undefined) return { entry, reply: ReplyText.error(ring.draftError) };
    if (after.length > ENTRY_BYTES_MAX && after.length > before.length) {
      this.hasOutgrown = true;
      return { entry, reply: ReplyText.error(TOO_LARGE) };
    }
    this.events = options.draft.events;
    this.effects = effects;
    if (after === before) return { entry, reply };
    return { entry: withBatch(entry, after), reply };
  }

  /** What the last run has made of the key is decided. */
  tell(): void {
    const { events, database } = this.options;
    events.tellCollected(this.events, database);
    for (const effect of this.effects) effect();
  }

  /** Whether the entry that was learnt is what this node has shown to who watches it. */
  private isAsWatched(db: Database): boolean {
    const { key, options } = this;
    const learnt = options.digests.of(db, key, 0, key.length);
    const shown = options.digests.of(options.database, key, 0, key.length);
    return learnt?.low === shown?.low && learnt?.high === shown?.high;
  }
}
