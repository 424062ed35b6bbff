/** What is said to a fuzzed server, and what its answer must be like. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseStream } from '../../spec/protocol/dumb-request-parser.js';
import { decodeAll, type RespValue } from '../../spec/protocol/resp-decoder.js';
import { encodeCommand } from '../tools/resp-client.js';
import type { RawConnection } from '../tools/raw-connection.js';
import type { Command } from './command-arbitrary.js';
import type { FuzzTarget } from './fuzz-target.js';
import { writesOf, type RawInput } from './raw-bytes.js';

/** An answer that takes longer is a hang. */
const ANSWER_MS_MAX = 10_000;
const BULK_BYTES_MAX = 1024 * 1024;

/**
 * Sends commands in one go and returns their replies. Rejects if there is not exactly one well-formed reply for each, or
 * if a request after them is not answered.
 */
export async function converse(target: FuzzTarget, commands: readonly Command[]): Promise<RespValue[]> {
  const connection = await target.connect();
  try {
    const last = randomBytes(20).toString('hex');
    void connection.write(Buffer.concat([...commands, ['ECHO', last]].map(encodeCommand)));
    const answer = await inTime(connection.readUntil(`$${last.length}\r\n${last}\r\n`));
    const replies = decodeAll(answer);
    replies.pop();
    if (replies.length === commands.length) return replies;
    throw new Error(`expected ${commands.length} replies, found ${replies.length}`);
  } finally {
    connection.destroy();
  }
}

/**
 * Sends bytes, says that no more will come, and waits for the end of the connection. Rejects if the answer is not made of
 * well-formed replies, one for each request that the bytes hold.
 */
export async function send(target: FuzzTarget, input: RawInput): Promise<void> {
  const connection = await target.connect();
  try {
    for (const write of writesOf(input)) await inTime(connection.write(write));
    connection.end();
    const answer = await inTime(connection.readAll());
    checkAnswer(input.bytes, decodeAll(answer), connection);
  } finally {
    connection.destroy();
  }
}

function checkAnswer(bytes: Buffer, replies: readonly RespValue[], connection: RawConnection): void {
  const expected = expectedReplies(bytes);
  if (expected === undefined || replies.length === expected) return;
  // A connection that is reset while input is on its way may lose the last replies.
  if (connection.error !== undefined && replies.length < expected) return;
  throw new Error(`expected ${expected} replies, found ${replies.length}: ${JSON.stringify(replies.slice(-3))}`);
}

/** How many replies bytes must get; undefined if the connection is one that the server drops without a word. */
function expectedReplies(bytes: Buffer): number | undefined {
  const permission = { authenticated: true, bulkBytesMax: BULK_BYTES_MAX };
  const { requests, error } = parseStream(bytes.toString('latin1'), permission);
  const names = requests.map(([name]) => name.toLowerCase());
  const quit = names.indexOf('quit');
  const ran = quit === -1 ? names : names.slice(0, quit + 1);
  if (ran.some((name) => name === 'post' || name === 'host:')) return undefined;
  return ran.length + (quit === -1 && error !== undefined ? 1 : 0);
}

/** Rejects if what is waited for takes too long. */
export async function inTime<T>(promise: Promise<T>): Promise<T> {
  const late = sleep(ANSWER_MS_MAX, undefined, { ref: false }).then(() => {
    throw new Error(`no answer within ${ANSWER_MS_MAX} ms`);
  });
  return Promise.race([promise, late]);
}
