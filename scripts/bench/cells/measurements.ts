/** What is measured of a large hash that changes a little, and of a queue through which many elements go. */
import { loadFields } from '../../tools/collection-loader.js';
import { diskUsageBytes } from '../../tools/disk-usage.js';
import type { ProgressBar } from '../../tools/progress-bar.js';
import type { Reply, RespClient } from '../../tools/resp-client.js';
import type { ServerProcess } from '../../tools/server-process.js';
import { storageFigures } from '../cold/storage-figures.js';

/** Fields of a hash that are changed lie so far from each other, modulo their number: they are in many parts of it. */
const STRIDE = 7919;
/** Elements that are pushed before as many are popped. */
const ROUND = 1000;
/** Elements that stay in the queue. */
const BACKLOG = 10;
const QUEUE = 'queue';

export interface ChangeFigures {
  /** Bytes that were appended to the log for the changes. */
  readonly loggedBytes: number;
  /** Bytes of tables that their flush wrote. */
  readonly flushedBytes: number;
}

/** Makes a hash of so many fields, all of it in tables, and changes some fields of it, one HSET each. */
export async function changeFields(
  server: ServerProcess,
  fields: number,
  changes: number,
  bar: ProgressBar,
): Promise<ChangeFigures> {
  const client = await server.connect();
  try {
    await loadFields({ port: server.port, count: fields, onProgress: (done) => bar.advance(done) });
    await client.call('SAVE');
    await client.call('COMPACT');
    const before = await storageFigures(client);
    const calls = Array.from({ length: changes }, (_, i) => {
      const field = `field:${String((i * STRIDE) % fields).padStart(12, '0')}`;
      return client.call('HSET', 'hash', field, `changed ${i}`);
    });
    if ((await Promise.all(calls)).some((reply) => reply !== 0)) throw new Error('a field to change was not there');
    const logged = await storageFigures(client);
    await client.call('SAVE');
    const flushed = await storageFigures(client);
    const found = await client.call('HLEN', 'hash');
    if (found !== fields) throw new Error(`expected ${fields} fields in the hash, found ${String(found)}`);
    return {
      loggedBytes: logged.appendedBytes - before.appendedBytes,
      flushedBytes: flushed.flushWrittenBytes - before.flushWrittenBytes,
    };
  } finally {
    client.close();
  }
}

/** Lets `elements` go through a queue, each by a RPUSH and a LPOP of its own, and compacts; resolves to the bytes of disk that the directory takes then. */
export async function passThroughQueue(server: ServerProcess, elements: number, bar: ProgressBar): Promise<number> {
  const client = await server.connect();
  try {
    await push(client, 0, BACKLOG);
    for (let first = 0; first < elements; first += ROUND) {
      const count = Math.min(ROUND, elements - first);
      const pushed = push(client, first + BACKLOG, count);
      const popped = Promise.all(Array.from({ length: count }, () => client.call('LPOP', QUEUE)));
      await pushed;
      expectElements(await popped, first);
      bar.advance(count);
    }
    await client.call('SAVE');
    await client.call('COMPACT');
    return diskUsageBytes(server.dir);
  } finally {
    client.close();
  }
}

/** Reads what is left in a queue through which `elements` went; resolves to the bytes that were read from tables for it. */
export async function loadQueue(server: ServerProcess, elements: number): Promise<number> {
  const client = await server.connect();
  try {
    const before = await storageFigures(client);
    const left = await client.call('LRANGE', QUEUE, 0, -1);
    if (!Array.isArray(left) || left.length !== BACKLOG) throw new Error(`expected ${BACKLOG} elements in the queue`);
    expectElements(left, elements);
    const after = await storageFigures(client);
    if (after.lookups === before.lookups) throw new Error('the queue was in memory');
    return after.blockReadBytes - before.blockReadBytes;
  } finally {
    client.close();
  }
}

function push(client: RespClient, first: number, count: number): Promise<Reply[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => client.call('RPUSH', QUEUE, element(first + i))));
}

function expectElements(found: readonly Reply[], first: number): void {
  found.forEach((text, i) => {
    if (text !== element(first + i)) throw new Error(`expected '${element(first + i)}', found '${String(text)}'`);
  });
}

/** 100 bytes, as a job of a queue may have. */
function element(number: number): string {
  return `element ${number} `.padEnd(100, 'x');
}
