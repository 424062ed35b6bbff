/**
 * Runs commands without a server: a call over a real keyspace, on a clock that the spec sets.
 *
 * The request's bytes and offsets are overwritten after each command, so that a view that was kept shows.
 */

import { BATCH_FORMAT } from '../../lib/record/batch-format.js';
import { BatchReader } from '../../lib/record/batch-reader.js';
import type { SlotStamps } from '../../lib/record/slot-stamps.js';
import { WriteBatch } from '../../lib/record/write-batch.js';
import { HybridClock } from '../../lib/base/stamp.js';
import { PositionHasher } from '../../lib/base/position.js';
import type { Call } from '../../lib/commands/call.js';
import type { Command } from '../../lib/commands/command.js';
import { dataCommands } from '../../lib/commands/data-commands.js';
import type { Client, Server } from '../../lib/commands/ports.js';
import { Config } from '../../lib/config/config.js';
import { AccessPolicy } from '../../lib/data/access.js';
import type { ColdData } from '../../lib/data/cold-data.js';
import { NO_COLD_DATA } from '../../lib/data/cold-data.js';
import { EntryDigests } from '../../lib/data/entry-digests.js';
import { Keyspace } from '../../lib/data/keyspace.js';
import { WRONG_TYPE, WRONG_TYPE_ERROR } from '../../lib/data/wrong-type.js';
import { Args } from '../../lib/protocol/args.js';
import { BufferPool } from '../../lib/protocol/buffer-pool.js';
import { ReplyWriter } from '../../lib/protocol/reply-writer.js';
import { RespError, decodeAll } from '../protocol/resp-decoder.js';
import type { RespValue } from '../protocol/resp-decoder.js';

/** A reply in plain form: bulk strings and statuses are strings, each byte one character (latin1). */
export type Plain = string | number | bigint | boolean | null | Plain[];
/** Strings are latin1, each character one byte. */
export type Argument = string | number | bigint | Uint8Array;

/** When the harness's clock begins: 2023-11-14T22:13:20Z. */
export const START_MS = 1700000000000;

export interface HarnessOptions {
  readonly cold?: ColdData;
  readonly isReplicated?: boolean;
  readonly deadUpTo?: SlotStamps;
  /** Room in front of the batch. */
  readonly headroom?: number;
  readonly nowMs?: number;
}

export class Harness {
  nowMs: number;
  noTouch = false;
  databaseNumber = 0;
  valueBytesMax = 512 * 1024 * 1024;
  readonly config = new Config({ totalMemoryBytes: 8 * 1024 ** 3 });
  readonly batch: WriteBatch;
  readonly access: AccessPolicy;
  readonly keyspace: Keyspace;
  readonly reply = new ReplyWriter(new BufferPool());

  private readonly clock = new HybridClock(() => this.nowMs);
  private readonly args = new Args();
  private readonly call: Call;
  private readonly commands: ReadonlyMap<string, Command>;
  private randomState = 0x2545f491;

  /** `origin`: the ordinal of the node. */
  constructor(commands: readonly Command[] = dataCommands, origin = 1, options: HarnessOptions = {}) {
    this.nowMs = options.nowMs ?? START_MS;
    this.batch = new WriteBatch(origin, options.headroom);
    this.randomState += origin - 1;
    const uint32 = (): number => this.nextRandom();
    const fill = (target: Uint8Array): void => {
      for (let i = 0; i < target.length; i++) target[i] = uint32();
    };
    const random = { uint32, fill };
    this.access = new AccessPolicy(random);
    this.keyspace = new Keyspace({
      databaseCount: 16,
      clock: this.clock,
      hasher: new PositionHasher(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
      random,
      batch: this.batch,
      access: this.access,
      cold: options.cold ?? NO_COLD_DATA,
      origin,
      isReplicated: options.isReplicated ?? false,
      ...(options.deadUpTo && { deadUpTo: options.deadUpTo }),
    });
    this.commands = new Map(commands.map((command) => [command.name, command]));
    this.call = this.makeCall();
    this.tick();
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.nowMs += ms;
    this.tick();
  }

  /** Runs a command. Throws its error, if it answers with one. */
  run(name: string, ...args: Argument[]): Plain {
    const reply = this.decoded(name, args);
    if (reply instanceof RespError) throw new Error(reply.text);
    return plain(reply);
  }

  /** Runs a command that has to fail; returns the text of its error. */
  error(name: string, ...args: Argument[]): string {
    const reply = this.decoded(name, args);
    if (reply instanceof RespError) return reply.text;
    throw new Error(`${name} was to fail, and answered ${JSON.stringify(plain(reply))}`);
  }

  /** Runs a command; returns its reply as the bytes on the wire (RESP2), in latin1. */
  wire(name: string, ...args: Argument[]): string {
    this.execute(name, args);
    const bytes = this.reply.buffer.toString('latin1', 0, this.reply.length);
    this.reply.truncate(0);
    return bytes;
  }

  /** Whether the commands since the last look changed anything: what the log would hear of. */
  takeWrites(): boolean {
    const wrote = !this.batch.isEmpty;
    this.batch.reset();
    return wrote;
  }

  /** The bytes of what the commands since the last look have changed; undefined if nothing was. */
  takeBatch(): Buffer | undefined {
    if (this.batch.isEmpty) return undefined;
    const bytes = Buffer.from(this.batch.buffer.subarray(this.batch.start, this.batch.end));
    this.batch.reset();
    return bytes;
  }

  /** Merges what another node has changed. */
  merge(batch: Buffer): void {
    const reader = new BatchReader();
    reader.open(batch, 0, batch.length, 'another node');
    while (reader.next()) this.keyspace.apply(reader);
  }

  /** A second keyspace, made from the batch of this one since its last reset: what a restart would bring. */
  replayed(): Harness {
    const copy = new Harness([...this.commands.values()]);
    copy.nowMs = this.nowMs;
    copy.tick();
    if (this.batch.isEmpty) return copy;
    const reader = new BatchReader();
    reader.open(this.batch.buffer, this.batch.start, this.batch.end, `batch format ${BATCH_FORMAT}`);
    while (reader.next()) copy.keyspace.apply(reader);
    copy.call.client.select(0);
    return copy;
  }

  private tick(): void {
    this.clock.tick();
    this.access.tick(this.nowMs);
  }

  private decoded(name: string, args: readonly Argument[]): RespValue {
    const replies = decodeAll(Buffer.from(this.wire(name, ...args), 'latin1'));
    if (replies.length !== 1) throw new Error(`${name} gave ${replies.length} replies`);
    return replies[0];
  }

  private execute(name: string, args: readonly Argument[]): void {
    const command = this.prepare([name, ...args]);
    if (command === undefined) return;
    if (!('run' in command)) throw new Error(`${name} cannot be run`);
    const { length } = this.reply;
    try {
      command.run(this.call);
    } catch (error) {
      if (error !== WRONG_TYPE) throw error;
      this.reply.truncate(length);
      this.reply.error(WRONG_TYPE_ERROR);
    }
    this.args.buffer.fill(0xee);
    this.args.start.fill(0x7fffffff);
    this.args.end.fill(0);
  }

  /** Fills the arguments and finds the command, as the executor does; undefined after an error reply. */
  private prepare(words: readonly Argument[]): Command | undefined {
    const { args } = this;
    const bytes = words.map((word) =>
      word instanceof Uint8Array ? Buffer.from(word) : Buffer.from(String(word), 'latin1'),
    );
    args.clear();
    args.buffer = Buffer.concat(bytes.flatMap((word) => [Buffer.from('\r\n$'), word]));
    let at = 0;
    for (const word of bytes) {
      args.push(at + 3, at + 3 + word.length);
      at += 3 + word.length;
    }
    const name = args.text(0).toLowerCase();
    let command = this.commands.get(name);
    if (command === undefined) throw new Error(`no command '${name}'`);
    let fullName = name;
    if ('subcommands' in command && args.count > 1) {
      command = command.subcommands.find((sub) => args.is(1, sub.name));
      fullName = `${name}|${args.text(1).toLowerCase()}`;
      if (command === undefined) throw new Error(`no command '${fullName}'`);
    }
    const { arity } = command;
    if (arity >= 0 ? args.count === arity : args.count >= -arity) return command;
    this.reply.error(`ERR wrong number of arguments for '${fullName}' command`);
    return undefined;
  }

  private makeCall(): Call {
    const client: Pick<Client, 'id' | 'databaseNumber' | 'noTouch' | 'select'> = {
      id: 1,
      databaseNumber: 0,
      noTouch: false,
      select: (number) => {
        this.databaseNumber = number;
        call.db = this.keyspace.database(number);
      },
    };
    const server: Pick<Server, 'config' | 'valueBytesMax' | 'clients'> = {
      config: this.config,
      valueBytesMax: 0,
      clients: () => [client as Client],
    };
    Object.defineProperties(client, {
      databaseNumber: { get: () => this.databaseNumber },
      noTouch: { get: () => this.noTouch },
    });
    Object.defineProperty(server, 'valueBytesMax', { get: () => this.valueBytesMax });
    const call = {
      args: this.args,
      db: this.keyspace.database(0),
      reply: this.reply,
      keyspace: this.keyspace,
      client: client as Client,
      server: server as Server,
      listing: undefined,
    };
    return call;
  }

  /** xorshift32. */
  private nextRandom(): number {
    let x = this.randomState;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.randomState = x;
    return x >>> 0;
  }
}

/** Each takes over what the others have changed. */
export function exchange(...sides: Harness[]): void {
  const batches = sides.map((side) => side.takeBatch());
  for (const [i, batch] of batches.entries()) {
    for (const [j, side] of sides.entries()) if (i !== j && batch !== undefined) side.merge(batch);
  }
}

/** What copies compare of a key. */
export function digestOf({ keyspace }: Harness, key: Buffer): unknown {
  return new EntryDigests(keyspace).of(keyspace.database(0), key, 0, key.length);
}

function plain(value: RespValue): Plain {
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  throw new Error('a reply that RESP2 has not');
}
