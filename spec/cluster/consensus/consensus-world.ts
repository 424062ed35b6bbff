/**
 * Nodes with nothing but their part in consensus about keys, on virtual time, with a network that delays, loses, repeats and swaps messages, and disks that lose
 * power. Entries are texts `stamp:value`, of which the higher merges over the lower. Everything follows from a seed.
 */

import type { Payload } from '../../../lib/cluster/bus/payload.js';
import { PayloadReader } from '../../../lib/cluster/bus/payload-reader.js';
import type { AcceptorLogOptions } from '../../../lib/cluster/consensus/acceptor-log.js';
import { AcceptorLog } from '../../../lib/cluster/consensus/acceptor-log.js';
import type { EraStore } from '../../../lib/cluster/consensus/consensus.js';
import { Consensus } from '../../../lib/cluster/consensus/consensus.js';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import { keepRandomly } from '../../sim/crash-fate.js';
import { MemoryDisk, PowerFailure } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';

const DIRECTORY = '/consensus';
const TICK_MS = 100;
const TIMEOUT_MS = 1500;

interface Event {
  readonly atMs: number;
  readonly number: number;
  readonly run: () => void;
}

export interface WorldOptions {
  readonly nodes: number;
  /** Of 100 messages so many are lost, and so many come twice. */
  readonly lost: number;
  readonly repeated: number;
  /** A node that hears nothing of consensus yet. */
  readonly isDeaf?: (index: number, nowMs: number) => boolean;
  /** How long a sync takes at most; usually 20. */
  readonly syncMs?: number;
  /** A bug. */
  readonly log?: (options: AcceptorLogOptions, world: ConsensusWorld) => AcceptorLog;
  /** A bug: what is forgotten is built on as if nobody had written it plainly since. */
  readonly ignoresPlain?: boolean;
  /** A bug: an acceptor whose plain writes go on in era 1. */
  readonly ignoresEra?: (index: number) => boolean;
}

export class ConsensusWorld {
  readonly random: SeededRandom;
  readonly nodes: WorldNode[];
  readonly options: WorldOptions;
  nowMs = 0;
  isHealed = false;
  /** The acceptors, as indexes: all nodes, if undefined. */
  sets: number[][] | undefined;
  private readonly events: Event[] = [];
  private count = 0;

  constructor(seed: number, options: WorldOptions) {
    this.random = new SeededRandom(seed);
    this.options = options;
    this.nodes = Array.from({ length: options.nodes }, (_, i) => new WorldNode(this, i));
  }

  after(delayMs: number, run: () => void): void {
    const event = { atMs: this.nowMs + delayMs, number: this.count++, run };
    let at = this.events.length;
    while (at > 0 && this.events[at - 1].atMs <= event.atMs) at--;
    this.events.splice(at, 0, event);
  }

  /** Lets that time pass. Promises go on between two events. */
  async runFor(durationMs: number): Promise<void> {
    const endMs = this.nowMs + durationMs;
    for (;;) {
      const event = this.events.at(-1);
      if (event === undefined || event.atMs > endMs) break;
      this.events.pop();
      this.nowMs = event.atMs;
      event.run();
      for (let i = 0; i < 4; i++) await Promise.resolve();
    }
    this.nowMs = endMs;
  }

  /** The acceptors are others from now on, or about to be. */
  useSets(sets: number[][]): void {
    this.sets = sets;
    for (const node of this.nodes) node.turn((consensus) => consensus.restart());
  }

  carry(arrive: () => void): void {
    const { lost, repeated } = this.options;
    if (!this.isHealed && this.random.below(100) < lost) return;
    const copies = !this.isHealed && this.random.below(100) < repeated ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) this.after(1 + this.random.below(30), arrive);
  }
}

export class WorldNode {
  readonly id: string;
  consensus: Consensus | undefined;
  /** What plain writes and consensus have made of each key, and what is to be seen of the latter. */
  readonly plain = new Map<string, string>();
  readonly shown = new Map<string, string>();
  private readonly world: ConsensusWorld;
  readonly index: number;
  private disk: MemoryDisk;
  private life = 0;
  /** The stamp up to which no plain write is taken. */
  settled = 0;

  constructor(world: ConsensusWorld, index: number) {
    this.world = world;
    this.index = index;
    this.id = `node${index}`;
    this.disk = new MemoryDisk(this.diskOptions());
    this.start();
  }

  start(): void {
    const { world, index, id } = this;
    const life = ++this.life;
    const options: AcceptorLogOptions = {
      disk: this.disk,
      random: world.random,
      directory: DIRECTORY,
      mark: `${DIRECTORY}.mark`,
      onFailed: (error) => {
        throw error;
      },
      onSynced: () => {
        world.after(0, () => this.guard(life, () => this.consensus?.flush()));
      },
    };
    const log = world.options.log?.(options, world) ?? new AcceptorLog(options);
    this.guard(life, () => {
      const consensus = new Consensus({
        self: id,
        ordinal: index + 1,
        links: { send: (to, kind, payload) => this.send(to, kind, payload) },
        log,
        store: this.store(),
        random: new SeededRandom(world.random.uint32()),
        nowMs: () => world.nowMs,
        timeoutMs: () => TIMEOUT_MS,
        acceptorsOf: () =>
          (world.sets ?? [world.nodes.map(({ index: i }) => i)]).map((set) => set.map((i) => `node${i}`)),
        isMoving: () => (world.sets?.length ?? 1) > 1,
        isUp: () => true,
        actsFor: () => index === 0,
        standstillMs: () => Infinity,
        isReady: () => true,
        isBusy: () => false,
        leavesKeys: () => true,
        onWork: () => undefined,
        onEra: () => undefined,
      });
      consensus.open();
      this.consensus = consensus;
    });
    this.tick(life);
  }

  /** The power fails. */
  crash(): void {
    this.life++;
    this.consensus = undefined;
    this.disk = this.disk.crash(keepRandomly(this.world.random), this.diskOptions());
  }

  /** Whether a plain write of a key is refused. */
  refuses(consensus: Consensus, key: Buffer): boolean {
    return consensus.isEraOne(key) && this.world.options.ignoresEra?.(this.index) !== true;
  }

  /** Something happens at the node, and its turn ends. */
  turn(run: (consensus: Consensus) => void): void {
    this.guard(this.life, () => {
      if (this.consensus === undefined) return;
      run(this.consensus);
      this.consensus.flush();
    });
  }

  store(): EraStore {
    return {
      plainEntry: (key) => Buffer.from(this.plain.get(key.toString()) ?? ''),
      load: () => Promise.resolve(),
      merge: (_key, entries) => Buffer.from(maxOf(entries)),
      mergeInto: (_key, entry, entries) =>
        stampIfDeleted(String(entry)) === undefined || this.world.options.ignoresPlain === true
          ? entry
          : Buffer.from(maxOf([entry, ...entries])),
      deletedAt: (entry) => stampIfDeleted(String(entry)),
      isGone: (key) => {
        const stamp = stampIfDeleted(this.plain.get(key.toString()) ?? '');
        return stamp !== undefined && stamp <= this.settled;
      },
      settledUpTo: () => this.settled,
      left: (_key, entry) => entry,
      flushedUpTo: 0,
      show: (key, entry) => {
        this.shown.set(key.toString(), entry.toString());
        this.put(entry.toString(), key.toString());
      },
    };
  }

  put(entry: string, key = 'key'): void {
    if (entry > (this.plain.get(key) ?? '')) this.plain.set(key, entry);
  }

  private diskOptions(): ConstructorParameters<typeof MemoryDisk>[0] {
    const { world } = this;
    const { life } = this;
    return {
      later: (run) =>
        world.after(1 + world.random.below(world.options.syncMs ?? 20), () => (life <= this.life ? run() : undefined)),
    };
  }

  private tick(life: number): void {
    this.world.after(TICK_MS, () => {
      if (life !== this.life) return;
      this.turn((consensus) => consensus.tick());
      this.tick(life);
    });
  }

  private send(to: string, kind: number, payload: Payload): boolean {
    const { world } = this;
    const bytes = Buffer.alloc(payload.byteLength);
    payload.writeTo(bytes, 0);
    const receiver = world.nodes.find((node) => node.id === to);
    if (receiver !== undefined && world.options.isDeaf?.(receiver.index, world.nowMs) === true) return false;
    world.carry(() => receiver?.turn((consensus) => receive(consensus, this.id, kind, bytes)));
    return true;
  }

  private guard(life: number, run: () => void): void {
    if (life !== this.life) return;
    try {
      run();
    } catch (error) {
      if (!(error instanceof PowerFailure)) throw error;
    }
  }
}

function maxOf(entries: readonly Buffer[]): string {
  return entries.map(String).sort().at(-1) ?? '';
}

/** The stamp of an entry that has no value. */
export function stampIfDeleted(entry: string): number | undefined {
  return entry === '' || entry.endsWith(':') ? Number(entry.split(':')[0]) : undefined;
}

function receive(consensus: Consensus, from: string, kind: number, bytes: Buffer): void {
  const reader = new PayloadReader(bytes, 0, bytes.length);
  if (kind === MessageKind.PREPARE) consensus.onPrepare(from, reader);
  else if (kind === MessageKind.PROMISED) consensus.onPromised(from, reader);
  else if (kind === MessageKind.ACCEPT) consensus.onAccept(from, reader);
  else if (kind === MessageKind.ACCEPTED) consensus.onAccepted(from, reader);
  else consensus.onDecided(reader);
}
