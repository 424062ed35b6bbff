/**
 * A whole node without sockets, disk or time of its own: the spec lets turns end, time pass, syncs be done and clients read.
 *
 *     const bench = new NodeBench('appendfsync always');
 *     const client = bench.connect();
 *     client.send('SET', 'k', 'v');      // bytes arrive; the command runs
 *     bench.endTurn();                   // the check phase: logged, and answered
 *
 * As strict as the ports say: the read buffer is overwritten after each `onData`, a buffer that a stream has not taken yet must stay as it
 * was, and nothing is written behind it.
 */

import { Config } from '../../lib/config/config.js';
import { parseConfigText } from '../../lib/config/parse.js';
import type { ByteStream, Clock, Network, ProcessProbe, StreamHandler, Timer, Timers } from '../../lib/host/ports.js';
import { takeDirectory } from '../../lib/server/data-directory.js';
import { Log } from '../../lib/server/log.js';
import { Node } from '../../lib/server/node.js';
import type { RingMembership } from '../../lib/server/ring/ring-membership.js';
import { InlineJobs } from '../../lib/storage/jobs/job-runner.js';
import { filesOf } from '../config/files.js';
import { RespError, decodeAll } from '../protocol/resp-decoder.js';
import type { Fault, Step } from '../sim/memory-disk.js';
import { MemoryDisk } from '../sim/memory-disk.js';
import { SeededRandom } from '../sim/seeded-random.js';

export const START_MS = 1_700_000_000_000;
const READ_BUFFER_BYTES = 64 * 1024;
const GARBAGE = 0xee;
const START_STEPS_MAX = 1000;
/** A node that has not started after so many steps waits for time to pass. */
const TIMELESS_STEPS = 100;

/** Time that passes when the spec says so; each look at the monotonic clock takes `lookUs`. */
export class BenchClock implements Clock {
  us = 0;
  lookUs = 1;
  /** By how much the wall clock was set ahead. */
  wallOffsetMs = 0;
  /** Time in which others had the processor. */
  private othersUs = 0;

  /** Others have the processor for a while. */
  preempt(us: number): void {
    this.us += us;
    this.othersUs += us;
  }

  wallMs(): number {
    return START_MS + this.wallOffsetMs + Math.floor(this.us / 1000);
  }

  wallUs(): number {
    return (START_MS + this.wallOffsetMs) * 1000 + Math.floor(this.us);
  }

  monotonicUs(): number {
    this.us += this.lookUs;
    return this.us;
  }

  threadCpuUs(): number {
    return this.us - this.othersUs;
  }
}

interface Alarm extends Timer {
  atUs: number;
  readonly everyMs: number;
  readonly run: () => void;
}

export class BenchTimers implements Timers {
  private readonly clock: BenchClock;
  private readonly alarms = new Set<Alarm>();
  private turnEnds: (() => void)[] = [];

  constructor(clock: BenchClock) {
    this.clock = clock;
  }

  get hasTurnEnd(): boolean {
    return this.turnEnds.length > 0;
  }

  after(delayMs: number, run: () => void): Timer {
    return this.start(delayMs, 0, run);
  }

  every(intervalMs: number, run: () => void): Timer {
    return this.start(intervalMs, intervalMs, run);
  }

  endOfTurn(run: () => void): void {
    this.turnEnds.push(run);
  }

  /** The check phase: what is asked for meanwhile belongs to the next one. */
  endTurn(): void {
    for (const run of this.turnEnds.splice(0)) run();
  }

  /** Runs the alarms that are due; whether there were any. */
  fire(): boolean {
    let fired = false;
    for (const alarm of [...this.alarms]) {
      if (alarm.atUs > this.clock.us || !this.alarms.has(alarm)) continue;
      if (alarm.everyMs === 0) this.alarms.delete(alarm);
      else alarm.atUs = this.clock.us + alarm.everyMs * 1000;
      alarm.run();
      fired = true;
    }
    return fired;
  }

  private start(delayMs: number, everyMs: number, run: () => void): Timer {
    const alarm: Alarm = {
      atUs: this.clock.us + delayMs * 1000,
      everyMs,
      run,
      cancel: () => {
        this.alarms.delete(alarm);
      },
    };
    this.alarms.add(alarm);
    return alarm;
  }
}

/** The client's end of a connection, and the stream that the server has of it. */
export class BenchClient implements ByteStream {
  readonly remoteAddress: string;
  readonly localAddress = '127.0.0.1:6379';
  /** Whether the system takes what the server writes. */
  takes = true;
  /** Whether the server has closed: everything sent first, or at once. */
  closed: 'no' | 'ended' | 'destroyed' = 'no';
  isPaused = false;
  /** Set by the network. */
  handler: StreamHandler | undefined;
  private readonly received: Buffer[] = [];
  private readonly arriving: Buffer[] = [];
  private waiting: { buffer: Buffer; start: number; end: number; copy: Buffer } | undefined;
  private readonly readBuffer: Buffer;

  constructor(address: string, readBuffer: Buffer) {
    this.remoteAddress = address;
    this.readBuffer = readBuffer;
  }

  // What the client does.

  /** Sends a command. */
  send(...words: readonly (string | number | Buffer)[]): void {
    this.sendBytes(requestOf(...words));
  }

  /** Sends bytes; they arrive at once, in parts of what the read buffer holds, unless the server does not read. */
  sendBytes(bytes: Buffer): void {
    this.arriving.push(bytes);
    this.arrive();
  }

  /** Closes its sending side. */
  endSending(): void {
    this.handler?.onEnd();
  }

  /** Goes away. */
  disconnect(): void {
    this.closed = 'destroyed';
    this.handler?.onClose(undefined);
  }

  /** Reads all that was written, and lets the server go on. */
  drain(): void {
    const { waiting } = this;
    if (waiting === undefined) return;
    if (!waiting.buffer.subarray(waiting.start, waiting.end).equals(waiting.copy)) {
      throw new Error('a buffer was changed before the stream had taken it');
    }
    this.received.push(waiting.copy);
    this.waiting = undefined;
    this.handler?.onDrain();
  }

  /** What was received since the last look, as bytes in latin1. */
  wire(): string {
    return Buffer.concat(this.received.splice(0)).toString('latin1');
  }

  /** The same as replies, errors with a dash. */
  replies(): unknown[] {
    return decodeAll(Buffer.from(this.wire(), 'latin1')).map(plain);
  }

  get hasReplies(): boolean {
    return this.received.length > 0;
  }

  /** Bytes sent that the server has not read. */
  get unreadBytes(): number {
    return this.arriving.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  // What the server does.

  write(buffer: Buffer, start: number, end: number): boolean {
    if (this.waiting !== undefined) throw new Error('a write behind one that is not taken yet');
    if (this.closed !== 'no') return true;
    const copy = Buffer.from(buffer.subarray(start, end));
    if (!this.takes) {
      this.waiting = { buffer, start, end, copy };
      return false;
    }
    this.received.push(copy);
    return true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    // Not from within: a real stream goes on in a later phase.
    queueMicrotask(() => {
      this.arrive();
    });
  }

  setKeepAlive(): void {
    // There is no wire to keep alive.
  }

  end(): void {
    this.closed = 'ended';
  }

  destroy(): void {
    this.closed = 'destroyed';
  }

  /** Delivers what was sent as long as the server reads. */
  arrive(): void {
    while (this.arriving.length > 0 && !this.isPaused && this.closed === 'no') {
      const bytes = this.arriving[0];
      const length = bytes.copy(this.readBuffer);
      if (length === bytes.length) this.arriving.shift();
      else this.arriving[0] = bytes.subarray(length);
      this.handler?.onData(this.readBuffer, length);
      this.readBuffer.fill(GARBAGE);
    }
  }
}

class BenchNetwork implements Network {
  private readonly readBuffer = Buffer.alloc(READ_BUFFER_BYTES);
  private accept: ((stream: ByteStream) => StreamHandler) | undefined;
  private count = 0;

  listen(_address: unknown, accept: (stream: ByteStream) => StreamHandler): ReturnType<Network['listen']> {
    this.accept = accept;
    return Promise.resolve({
      port: 6379,
      close: () => {
        this.accept = undefined;
      },
    });
  }

  connect(): ByteStream {
    throw new Error('a single node connects to nobody');
  }

  bind(): ReturnType<Network['bind']> {
    return Promise.reject(new Error('a single node sends no datagrams'));
  }

  connectClient(): BenchClient {
    const client = new BenchClient(`127.0.0.1:${50_000 + ++this.count}`, this.readBuffer);
    if (this.accept === undefined) throw new Error('the node does not listen');
    client.handler = this.accept(client);
    return client;
  }
}

const probe: ProcessProbe = {
  processId: 1,
  totalMemoryBytes: 8 * 1024 ** 3,
  osName: 'bench',
  residentBytes: () => 1,
  heapBytes: () => 1,
  cpu: () => ({ user: 0, system: 0 }),
  mainThreadCpu: () => ({ user: 0, system: 0 }),
  filesMax: 1024,
};

export class NodeBench {
  readonly clock = new BenchClock();
  readonly timers = new BenchTimers(this.clock);
  readonly disk: MemoryDisk;
  readonly node: Node;
  readonly lines: string[] = [];
  /** Syncs of the disk that are under way: the spec ends them. */
  readonly syncs: (() => void)[];
  private readonly network = new BenchNetwork();

  private constructor(
    configText: string,
    disk: MemoryDisk | undefined,
    syncs: (() => void)[],
    plan: ((step: Step) => Fault | undefined) | undefined,
    membership: RingMembership | undefined,
  ) {
    const text = `hz 10\nsave ""\nenable-debug-command yes\n${configText}`;
    const config = new Config(probe, parseConfigText(text, 'bench.conf', filesOf({})));
    this.syncs = syncs;
    this.disk = disk ?? new MemoryDisk({ later: (run) => this.syncs.push(run), ...(plan && { plan }) });
    if (membership !== undefined) takeDirectory(this.disk, config.dir);
    this.node = new Node({
      config,
      configFile: '',
      version: '0.0.0',
      clock: this.clock,
      timers: this.timers,
      random: new SeededRandom(1),
      disk: this.disk,
      network: this.network,
      process: probe,
      log: new Log({
        write: (line) => this.lines.push(line),
        localTime: () => ({ year: 2023, month: 11, day: 14, hour: 0, minute: 0, second: 0, ms: 0 }),
        processId: 1,
      }),
      jobs: () => new InlineJobs(this.disk),
      rewriteConfig: () => undefined,
      onStopped: () => undefined,
      membership,
    });
  }

  /** A node that listens. */
  static async start(
    configText = '',
    options: {
      disk?: MemoryDisk;
      /** What the disk has put off. */
      syncs?: (() => void)[];
      plan?: (step: Step) => Fault | undefined;
      membership?: RingMembership;
      /** When it starts, and how wrong its wall clock is. */
      atUs?: number;
      wallOffsetMs?: number;
    } = {},
  ): Promise<NodeBench> {
    const bench = new NodeBench(configText, options.disk, options.syncs ?? [], options.plan, options.membership);
    bench.clock.us = options.atUs ?? 0;
    bench.clock.wallOffsetMs = options.wallOffsetMs ?? 0;
    let isStarted = false;
    const started = bench.node.start().finally(() => (isStarted = true));
    for (let i = 0; i < START_STEPS_MAX && !isStarted; i++) {
      await flushMicrotasks();
      await bench.finishSyncs();
      if (i < TIMELESS_STEPS) continue;
      bench.clock.us += 100_000;
      bench.timers.fire();
    }
    await started;
    return bench;
  }

  connect(): BenchClient {
    return this.network.connectClient();
  }

  endTurn(): void {
    this.timers.endTurn();
  }

  /** Lets turns end until nothing is left to be done. */
  async settle(): Promise<void> {
    for (let i = 0; i < 10_000; i++) {
      await flushMicrotasks();
      if (!this.timers.hasTurnEnd) return;
      this.endTurn();
    }
    throw new Error('turn follows turn without end');
  }

  /** Lets time pass in steps of a tick, and everything happen that is due. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      this.clock.us += Math.min(100, left) * 1000;
      this.timers.fire();
      await this.settle();
    }
  }

  /** The syncs under way are done. */
  async finishSyncs(): Promise<void> {
    while (this.syncs.length > 0) {
      for (const run of this.syncs.splice(0)) run();
      await flushMicrotasks();
    }
  }

  /** Sends a command of a client that has all its replies, and gives its reply. */
  async ask(client: BenchClient, ...words: readonly (string | number | Buffer)[]): Promise<unknown> {
    client.send(...words);
    await this.settle();
    const replies = client.replies();
    if (replies.length !== 1) throw new Error(`${words.join(' ')}: ${replies.length} replies`);
    return replies[0];
  }
}

/** A request in RESP. */
export function requestOf(...words: readonly (string | number | Buffer)[]): Buffer {
  const parts = words.map((word) => (Buffer.isBuffer(word) ? word : Buffer.from(String(word), 'latin1')));
  const lines = parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(`*${parts.length}\r\n`), ...lines]);
}

async function flushMicrotasks(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function plain(value: unknown): unknown {
  if (value instanceof RespError) return `-${value.text}`;
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  return Array.isArray(value) ? value.map(plain) : value;
}
