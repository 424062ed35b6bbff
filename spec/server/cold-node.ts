/**
 * A node whose disk is slow: reads and syncs end when the spec says so, and are counted. What was saved and forgotten is on disk alone.
 *
 *     const node = await ColdNode.start();
 *     await node.ask('SET', 'k', 'v');
 *     await node.forget();              // k is cold
 *     node.client.send('GET', 'k');     // waits for the disk
 *     await node.run();                 // all that is under way ends
 */

import { MemoryDisk } from '../sim/memory-disk.js';
import type { Fault, Step } from '../sim/memory-disk.js';
import type { BenchClient } from './node-bench.js';
import { NodeBench } from './node-bench.js';

const ROUNDS_MAX = 20_000;

export class ColdNode {
  readonly bench: NodeBench;
  readonly disk: MemoryDisk;
  readonly client: BenchClient;
  /** Reads of tables off the main thread since `forget`. */
  readonly reads: string[];
  private readonly faults: {
    onRead?: (path: string, offset: number) => Fault | undefined;
    onStep?: (step: Step) => Fault | undefined;
    isSlow?: (path: string) => boolean;
    /** Reads that do not end. */
    slow: (() => void)[];
  };
  private readonly pending: (() => void)[];

  private constructor(
    bench: NodeBench,
    disk: MemoryDisk,
    pending: (() => void)[],
    reads: string[],
    faults: ColdNode['faults'],
  ) {
    this.bench = bench;
    this.disk = disk;
    this.pending = pending;
    this.reads = reads;
    this.faults = faults;
    this.client = bench.connect();
  }

  static async start(configText = ''): Promise<ColdNode> {
    const pending: (() => void)[] = [];
    const reads: string[] = [];
    const faults: ColdNode['faults'] = { slow: [] };
    let read: string | undefined;
    const disk = new MemoryDisk({
      plan: (step) => faults.onStep?.(step),
      later: (run) => {
        (read !== undefined && faults.isSlow?.(read) === true ? faults.slow : pending).push(run);
        read = undefined;
      },
      onRead: (path, offset) => {
        if (path.endsWith('.sst')) reads.push(`${path.slice(path.lastIndexOf('/') + 1)}@${offset}`);
        read = path;
        return faults.onRead?.(path, offset);
      },
    });
    const starting = NodeBench.start(configText, { disk });
    let bench: NodeBench | undefined;
    void starting.then((started) => (bench = started));
    for (let i = 0; i < ROUNDS_MAX && bench === undefined; i++) {
      await microtasks();
      for (const run of pending.splice(0)) run();
    }
    return new ColdNode(await starting, disk, pending, reads, faults);
  }

  /** From now on reads of some files do not end, while all else does, until `goOnReading`. */
  stopReading(isSlow: (path: string) => boolean = () => true): void {
    this.faults.isSlow = isSlow;
  }

  goOnReading(): void {
    this.pending.push(...this.faults.slow.splice(0));
    delete this.faults.isSlow;
  }

  /** Asked at each read. */
  set onRead(onRead: ((path: string, offset: number) => Fault | undefined) | undefined) {
    if (onRead === undefined) delete this.faults.onRead;
    else this.faults.onRead = onRead;
  }

  /** Asked at each step of the disk. */
  set onStep(onStep: (step: Step) => Fault | undefined) {
    this.faults.onStep = onStep;
  }

  /** Reads and syncs under way. */
  get pendingCount(): number {
    return this.pending.length;
  }

  /** Lets turns end, but nothing of the disk. */
  async settle(): Promise<void> {
    do {
      await this.bench.settle();
      await microtasks();
    } while (this.bench.timers.hasTurnEnd);
  }

  /** One round of the disk: what is under way now ends. */
  async endReads(): Promise<void> {
    for (const run of this.pending.splice(0)) run();
    await this.settle();
  }

  /** Lets everything come to its end that needs no time to pass. */
  async run(): Promise<void> {
    for (let i = 0; i < ROUNDS_MAX; i++) {
      await this.settle();
      if (!this.bench.timers.fire() && this.pending.length === 0) return;
      await this.endReads();
    }
    throw new Error('the disk is never done');
  }

  /** The same, and lets time pass. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      this.bench.clock.us += Math.min(100, left) * 1000;
      this.bench.timers.fire();
      await this.run();
    }
  }

  /** Sends a command and gives its reply. */
  async ask(...words: readonly (string | number | Buffer)[]): Promise<unknown> {
    return this.askAs(this.client, ...words);
  }

  async askAs(client: BenchClient, ...words: readonly (string | number | Buffer)[]): Promise<unknown> {
    client.send(...words);
    await this.run();
    const replies = client.replies();
    if (replies.length !== 1) throw new Error(`${words.join(' ')}: ${replies.length} replies`);
    return replies[0];
  }

  /** Saves everything and forgets what is in memory. */
  async forget(): Promise<void> {
    const reply = await this.ask('DEBUG', 'RELOAD');
    if (reply !== 'OK') throw new Error(String(reply));
    if (this.recordCount > 0) throw new Error('something is still in memory');
    this.reads.length = 0;
  }

  /** Whether DBSIZE is not exact any more. */
  get isEstimate(): boolean {
    const { keyspace } = this.bench.node;
    return Array.from({ length: keyspace.databaseCount }, (_, i) => keyspace.database(i)).some((db) => db.isEstimate);
  }

  get recordCount(): number {
    return this.bench.node.keyspace.recordCount;
  }
}

/** All microtasks run, however many follow each other. */
function microtasks(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
