/**
 * The same commands said to two servers, one connection to each, and their answers compared, and what they tell of their keys.
 *
 * Commands go out in pieces, each in one write. Some are no commands of a server but steps that the dialogue takes itself:
 *
 *     !EXCHANGE source destination   what DUMP gives of a key here is restored there, and the other way round
 *     !COOL                          our data leaves the memory
 *     !RESTART signal                our server ends and comes back
 *     SPOP key [count]               what ours takes out is taken out of theirs
 *
 * In a transaction none of them is taken.
 */
import { randomBytes } from 'node:crypto';
import { decodeAll, type RespValue } from '../../spec/protocol/resp-decoder.js';
import type { RawConnection } from '../tools/raw-connection.js';
import { encodeCommand } from '../tools/resp-client.js';
import type { Command } from './command-arbitrary.js';
import { commandText } from './command-text.js';
import { areAlike, replyText } from './comparison.js';
import { inTime } from './conversation.js';
import { Ear } from './ear.js';
import type { FuzzTarget } from './fuzz-target.js';
import { drawnWrongly, listingOf } from './random-reads.js';

/** Two servers answer a command differently, or hold other data after all of them. */
export class Difference extends Error {
  /** Which command it is, or how many there are. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

interface Sent {
  readonly command: Command;
  /** Its place among all commands. */
  readonly at: number;
  /** Lists what the command before it drew from: nobody asked for it. */
  readonly isProbe: boolean;
}

export class Dialogue {
  readonly #ours: FuzzTarget;
  readonly #theirs: FuzzTarget;
  #our: RawConnection | undefined;
  #their: RawConnection | undefined;
  #ears: readonly Ear[] = [];
  #piece: Sent[] = [];
  /** The commands of a transaction as far as it was queued; undefined outside of one. */
  #queued: Command[] | undefined;

  constructor(ours: FuzzTarget, theirs: FuzzTarget) {
    this.#ours = ours;
    this.#theirs = theirs;
  }

  /** Says all commands, as far as the answers are alike. Rejects with the first Difference. */
  async run(commands: readonly Command[]): Promise<void> {
    let isInTransaction = false;
    await this.#connect();
    try {
      for (const [at, command] of commands.entries()) {
        const step = this.#stepOf(command);
        if (step === undefined) {
          this.#say(command, at, isInTransaction);
          isInTransaction = transactionAfter(command, isInTransaction);
        } else if (!isInTransaction) {
          await this.#flush();
          await step(command, at);
          // Such a step is not the same everywhere.
          await Promise.all(this.#ears.map((ear) => ear.take()));
        }
      }
      if (isInTransaction) this.#say([Buffer.from('DISCARD')], commands.length, true);
      await this.#flush();
    } finally {
      this.#disconnect();
    }
  }

  #stepOf(command: Command): ((command: Command, at: number) => Promise<void>) | undefined {
    switch (nameOf(command)) {
      case '!exchange':
        return (...args) => this.#exchange(...args);
      case '!cool':
        return () => this.#ours.cool();
      case '!restart':
        return (restart) => this.#restart(restart);
      case 'spop':
        return (...args) => this.#pop(...args);
      default:
        return undefined;
    }
  }

  async #connect(): Promise<void> {
    const targets = [this.#ours, this.#theirs];
    [this.#our, this.#their] = await Promise.all(targets.map((target) => target.connect()));
    this.#ears = await Promise.all(targets.map((target) => Ear.open(target)));
  }

  #disconnect(): void {
    this.#our?.destroy();
    this.#their?.destroy();
    for (const ear of this.#ears) ear.close();
    this.#ears = [];
  }

  #say(command: Command, at: number, isInTransaction: boolean): void {
    this.#piece.push({ command, at, isProbe: false });
    const listing = isInTransaction ? undefined : listingOf(command);
    if (listing !== undefined) this.#piece.push({ command: listing, at, isProbe: true });
  }

  /** Sends what was said, and compares the answers. REQUIRES: no transaction is open behind it. */
  async #flush(): Promise<void> {
    const piece = this.#piece;
    if (piece.length === 0) return;
    this.#piece = [];
    const commands = piece.map(({ command }) => command);
    const [ours, theirs] = await Promise.all([exchange(this.#our, commands), exchange(this.#their, commands)]);
    piece.forEach(({ command, at, isProbe }, i) => {
      if (!this.#agrees(command, ours[i], theirs[i])) throw this.#difference(command, at, ours[i], theirs[i]);
      const wrong = isProbe ? drawnWrongly(piece[i - 1].command, ours[i - 1], ours[i]) : undefined;
      if (wrong !== undefined) throw new Difference(`${commandText(piece[i - 1].command.slice(0, 1))}: ${wrong}`, at);
    });
    await this.#compareEvents(piece[piece.length - 1].at);
  }

  /** Compares what the servers have told of their keys since the last look. */
  async #compareEvents(at: number): Promise<void> {
    const [ours, theirs] = await Promise.all(this.#ears.map((ear) => ear.take()));
    const i = ours.findIndex((event, index) => event !== theirs[index]);
    if (i === -1 && ours.length === theirs.length) return;
    const first = i === -1 ? ours.length : i;
    const told = [ours[first] ?? 'nothing', theirs[first] ?? 'nothing'];
    throw new Difference(
      `the servers tell of other events\n  ${this.#ours.kind}: ${told[0]}\n  ${this.#theirs.kind}: ${told[1]}`,
      at,
    );
  }

  /** Compares, and keeps track of transactions. */
  #agrees(command: Command, ours: RespValue, theirs: RespValue): boolean {
    if (this.#queued === undefined) {
      if (transactionAfter(command, false)) this.#queued = [];
      return areAlike(command, ours, theirs);
    }
    if (ours === 'QUEUED') this.#queued.push(command);
    else if (!transactionAfter(command, true)) {
      const queued = this.#queued;
      this.#queued = undefined;
      if (Array.isArray(ours) && Array.isArray(theirs)) return areResultsAlike(queued, ours, theirs);
    }
    return areAlike(command, ours, theirs);
  }

  #difference(command: Command, at: number, ours: RespValue, theirs: RespValue): Difference {
    const name = commandText(command.slice(0, 1));
    const replies = `  ${this.#ours.kind}: ${replyText(ours)}\n  ${this.#theirs.kind}: ${replyText(theirs)}`;
    return new Difference(`the servers differ at ${name}\n${replies}`, at);
  }

  /** Each server restores what the other one has dumped. */
  async #exchange([, source, destination]: Command, at: number): Promise<void> {
    const dump: Command = [Buffer.from('DUMP'), source];
    const [[our], [their]] = await Promise.all([exchange(this.#our, [dump]), exchange(this.#their, [dump])]);
    if (!areAlike(dump, our, their)) throw this.#difference(dump, at, our, their);
    if (!Buffer.isBuffer(our) || !Buffer.isBuffer(their)) return;
    const restore = (payload: Buffer): Command => [
      ...[Buffer.from('RESTORE'), destination, Buffer.from('0'), payload, Buffer.from('REPLACE')],
    ];
    const [[ours], [theirs]] = await Promise.all([
      exchange(this.#our, [restore(their)]),
      exchange(this.#their, [restore(our)]),
    ]);
    if (!areAlike(dump, ours, theirs)) throw this.#difference(restore(Buffer.alloc(0)), at, ours, theirs);
  }

  async #restart([, signal]: Command): Promise<void> {
    this.#disconnect();
    await this.#ours.restart(signal.toString() === 'SIGTERM' ? 'SIGTERM' : 'SIGKILL');
    await this.#connect();
  }

  /** Random members go: theirs must have those that ours has taken, as many as there should be, and loses them too. */
  async #pop(command: Command, at: number): Promise<void> {
    const [, key, count] = command;
    const [ours] = await exchange(this.#our, [command]);
    const members = membersOf(ours);
    if (members.length === 0) {
      const [theirs] = await exchange(this.#their, [command]);
      if (!areAlike(command, ours, theirs)) throw this.#difference(command, at, ours, theirs);
      return;
    }
    const [size, removed] = await exchange(this.#their, [
      [Buffer.from('SCARD'), key],
      [Buffer.from('SREM'), key, ...members],
    ]);
    const expected = count === undefined ? 1 : Math.min(Number(count.toString()), Number(size));
    if (members.length === expected && removed === expected) return;
    throw new Difference(
      `SPOP has taken ${replyText(ours)}: ${expected} members were to go, ${replyText(removed)} were there`,
      at,
    );
  }
}

/** Whether a transaction is open behind a command. EXEC ends it though it has arguments, which is an error. */
function transactionAfter(command: Command, isInTransaction: boolean): boolean {
  const name = nameOf(command);
  if (isInTransaction) return name !== 'exec' && (name !== 'discard' || command.length > 1);
  return name === 'multi' && command.length === 1;
}

function areResultsAlike(
  queued: readonly Command[],
  ours: readonly RespValue[],
  theirs: readonly RespValue[],
): boolean {
  return (
    ours.length === queued.length &&
    theirs.length === queued.length &&
    queued.every((command, i) => areAlike(command, ours[i], theirs[i]))
  );
}

/** What SPOP has taken. */
function membersOf(reply: RespValue): Buffer[] {
  if (Buffer.isBuffer(reply)) return [reply];
  const items = reply instanceof Set ? [...reply] : Array.isArray(reply) ? reply : [];
  return items.flatMap((item) => {
    if (typeof item === 'string') return [Buffer.from(item, 'latin1')];
    return Buffer.isBuffer(item) ? [item] : [];
  });
}

/** Sends commands in one go and returns their replies. */
async function exchange(connection: RawConnection | undefined, commands: readonly Command[]): Promise<RespValue[]> {
  if (connection === undefined) throw new Error('the dialogue is over');
  const last = randomBytes(20).toString('hex');
  void connection.write(Buffer.concat([...commands, ['ECHO', last]].map(encodeCommand)));
  const replies = decodeAll(await inTime(connection.readUntil(`$${last.length}\r\n${last}\r\n`)));
  if (replies.length === commands.length + 1) return replies.slice(0, -1);
  throw new Error(`expected ${commands.length} replies, found ${replies.length - 1}`);
}

function nameOf(command: Command): string {
  return command[0].toString('latin1').toLowerCase();
}
