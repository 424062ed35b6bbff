/** The two stores that are compared, behind one interface: as thin as can be, for what it costs is measured too. */
import { ClassicLevel } from 'classic-level';
import type { Put } from './embedded-store.js';
import { EmbeddedStore } from './embedded-store.js';

export type EngineName = 'level' | 'ringkv';
export const ENGINE_NAMES: readonly EngineName[] = ['level', 'ringkv'];

/** LevelDB wants to be told the kind of each operation. ringkv takes the same objects, and does not look. */
export interface PutOperation extends Put {
  readonly type: 'put';
}

export interface Engine {
  readonly directory: string;
  /** The promise API. Neither syncs the disk. */
  put(key: Buffer, value: Buffer): Promise<void>;
  get(key: Buffer): Promise<Buffer | undefined>;
  /** All or nothing. */
  batch(puts: readonly PutOperation[]): Promise<void>;
  /** ringkv: REQUIRES: the key is in memory. */
  getSync(key: Buffer): Buffer | undefined;
  /** Everything to tables, and each key in one of them. */
  compact(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a store on an empty directory; both have `memoryBytes` for what they keep in memory. */
export function openEngine(name: EngineName, directory: string, memoryBytes: number): Promise<Engine> {
  return name === 'level' ? openLevel(directory, memoryBytes) : EmbeddedStore.open({ directory, memoryBytes });
}

/** Of the memory, a log segment's share is for what is written, as in ringkv; LevelDB has two such buffers at times. */
const WRITE_PART = 1 / 8;
const KEY_MIN = Buffer.alloc(0);
const KEY_MAX = Buffer.alloc(32, 0xff);

async function openLevel(directory: string, memoryBytes: number): Promise<Engine> {
  const db = new ClassicLevel<Buffer, Buffer>(directory, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    // ringkv's default; values of random bytes do not shrink anyway.
    compression: false,
    writeBufferSize: memoryBytes * WRITE_PART,
    cacheSize: memoryBytes * (1 - 2 * WRITE_PART),
  });
  await db.open();
  return {
    directory,
    put: (key, value) => db.put(key, value),
    get: (key) => db.get(key),
    batch: (puts) => db.batch(puts as PutOperation[]),
    getSync: (key) => db.getSync(key),
    compact: () => db.compactRange(KEY_MIN, KEY_MAX),
    close: () => db.close(),
  };
}
