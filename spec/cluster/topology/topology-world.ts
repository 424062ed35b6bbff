/**
 * Nodes with nothing but their topology, on virtual time, with a network that delays, loses and repeats messages, parts and heals, and
 * disks that lose power. Everything follows from a seed.
 *
 * Holds at every moment: no two rings of one version differ, and there is one cluster.
 */

import { expect } from 'chai';
import type { Clock, Timer, Timers } from '../../../lib/host/ports.js';
import type { RingDocument } from '../../../lib/cluster/ring/ring-document.js';
import { encodeRing } from '../../../lib/cluster/ring/ring-document.js';
import { ringVersionText } from '../../../lib/cluster/ring/ring-version.js';
import type { Messenger, Target } from '../../../lib/cluster/topology/ports.js';
import { finished, isChanging } from '../../../lib/cluster/topology/ring-change.js';
import { RingStore } from '../../../lib/cluster/topology/ring-store.js';
import { Topology } from '../../../lib/cluster/topology/topology.js';
import { keepRandomly } from '../../sim/crash-fate.js';
import { MemoryDisk, PowerFailure } from '../../sim/memory-disk.js';
import { SeededRandom } from '../../sim/seeded-random.js';

interface Event {
  readonly atMs: number;
  readonly number: number;
  readonly run: () => void;
}

export interface Faults {
  /** Of 100 messages so many are lost, and so many come twice. */
  lost: number;
  repeated: number;
}

const DIRECTORY = '/data';

export class TopologyWorld {
  readonly random: SeededRandom;
  readonly faults: Faults = { lost: 0, repeated: 0 };
  readonly nodes: WorldNode[] = [];
  /** Parted pairs, as `from>to`. */
  readonly cuts = new Set<string>();
  nowMs = 0;
  private readonly events: Event[] = [];
  private eventCount = 0;
  /** The bytes of the ring of each version, as the first node took it. */
  private readonly rings = new Map<string, string>();
  private clusterId: string | undefined;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  /** A node that is off; its seed is `nodeN:17000`. */
  addNode(seeds: readonly string[], zone = ''): WorldNode {
    const node = new WorldNode(this, this.nodes.length, seeds, zone);
    this.nodes.push(node);
    return node;
  }

  /** Nodes that have each other as seeds. */
  addSeeds(count: number): WorldNode[] {
    const seeds = Array.from({ length: count }, (_, index) => `node${this.nodes.length + index}:17000`);
    return seeds.map(() => this.addNode(seeds));
  }

  after(delayMs: number, run: () => void): Event {
    const event = { atMs: this.nowMs + delayMs, number: this.eventCount++, run };
    let at = this.events.length;
    while (at > 0 && this.events[at - 1].atMs <= event.atMs) at--;
    this.events.splice(at, 0, event);
    return event;
  }

  /** From now on each node tells one of the others now and then which ring it knows, and has changes ended that are under way. */
  gossip(): void {
    const [from, to] = [
      this.nodes[this.random.below(this.nodes.length)],
      this.nodes[this.random.below(this.nodes.length)],
    ];
    const { ring, id } = from;
    if (ring !== undefined) this.carry(from, to, () => to.hear(ring, id));
    if (ring !== undefined && isChanging(ring)) from.end(ring);
    this.after(100, () => this.gossip());
  }

  cancel(event: Event): void {
    const at = this.events.indexOf(event);
    if (at >= 0) this.events.splice(at, 1);
  }

  /** Disks make durable what they are to within the moment in which it begins. */
  async runFor(durationMs: number): Promise<void> {
    const endMs = this.nowMs + durationMs;
    for (;;) {
      await settled();
      const event = this.events.at(-1);
      if (event === undefined || event.atMs > endMs) break;
      this.events.pop();
      this.nowMs = event.atMs;
      event.run();
    }
    this.nowMs = endMs;
  }

  /** Nobody in `group` reaches anybody outside, nor the other way. */
  part(group: readonly WorldNode[]): void {
    for (const inside of group) {
      for (const outside of this.nodes.filter((node) => !group.includes(node))) {
        this.cuts.add(`${inside.index}>${outside.index}`).add(`${outside.index}>${inside.index}`);
      }
    }
  }

  heal(): void {
    this.cuts.clear();
    this.faults.lost = 0;
    this.faults.repeated = 0;
    for (const node of this.nodes) node.isFailing = false;
  }

  /** Carries something from one node to another, or not. */
  carry(from: WorldNode, to: WorldNode, arrive: () => void): void {
    const isLost = this.cuts.has(`${from.index}>${to.index}`) || this.random.below(100) < this.faults.lost;
    if (isLost && from !== to) return;
    const copies = this.random.below(100) < this.faults.repeated ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) this.after(1 + this.random.below(80), arrive);
  }

  /** A node has taken a ring. */
  observe(ring: RingDocument): void {
    const version = ringVersionText(ring);
    const bytes = encodeRing(ring).toString();
    if (!this.rings.has(version)) this.rings.set(version, bytes);
    expect(bytes, `the rings of ${version}`).to.equal(this.rings.get(version));
    this.clusterId ??= ring.clusterId;
    expect(ring.clusterId, 'the cluster').to.equal(this.clusterId);
  }

  get ringCount(): number {
    return this.rings.size;
  }

  /** The one ring that all nodes that are on have. */
  get commonRing(): RingDocument {
    const on = this.nodes.filter((node) => node.isOn);
    const rings = on.map((node) => node.ring && encodeRing(node.ring).toString());
    expect(new Set(rings).size, `one ring for all; ${on.map((node) => node.lines.at(-1)).join(' | ')}`).to.equal(1);
    const [ring] = on.map((node) => node.ring);
    if (ring === undefined) throw new Error(`no ring: ${on.map((node) => node.lines.at(-1)).join(' | ')}`);
    return ring;
  }
}

export class WorldNode {
  readonly index: number;
  readonly seed: string;
  readonly lines: string[] = [];
  holdsData = false;
  /** It takes no writes before. */
  pausedUntilMs = 0;
  /** The ring that it acts by. */
  actsBy: RingDocument | undefined;
  /** The power fails at a step of the disk that is to come. */
  isFailing = false;
  /** Nothing more can be made on the disk. */
  isFull = false;
  disk: MemoryDisk;
  topology: Topology | undefined;
  store: RingStore | undefined;
  handler: ((message: Buffer, answer: (message: Buffer) => void) => void) | undefined;
  private readonly world: TopologyWorld;
  private readonly seeds: readonly string[];
  private readonly zone: string;
  /** Which start of the node this is; what belongs to an earlier one does nothing. */
  private life = 0;

  constructor(world: TopologyWorld, index: number, seeds: readonly string[], zone: string) {
    this.world = world;
    this.index = index;
    this.seed = `node${index}:17000`;
    this.seeds = seeds;
    this.zone = zone;
    this.disk = new MemoryDisk({
      plan: ({ name }) => (this.isFull && name === 'create' ? { kind: 'error', code: 'ENOSPC' } : undefined),
    });
    this.disk.makeDirectory(DIRECTORY);
    this.disk.syncDirectory('/');
  }

  get isOn(): boolean {
    return this.topology !== undefined;
  }

  get ring(): RingDocument | undefined {
    return this.topology?.ring;
  }

  get id(): string {
    return this.store?.nodeId ?? '';
  }

  start(): void {
    const { world, index, zone, seeds, seed } = this;
    const life = ++this.life;
    void this.disk.died.then(() => {
      if (life === this.life) this.crash();
    });
    this.guard(life, () => {
      const store = RingStore.open(this.disk, world.random, DIRECTORY);
      this.store = store;
      const [host] = seed.split(':');
      const timers = this.timersOf(life);
      this.topology = new Topology(
        {
          messenger: this.messengerOf(life),
          clock: this.clock(),
          timers,
          random: new SeededRandom(world.random.uint32()),
          store,
          seeds,
          candidate: {
            id: store.nodeId,
            zone,
            tokenCount: 4,
            address: { host, port: 7000 + index, tlsPort: 0, busPort: 17000 },
          },
          replicaCount: 3,
          holdsData: () => this.holdsData,
          pauseWrites: (durationMs) => (this.pausedUntilMs = world.nowMs + durationMs),
          report: (line) => this.lines.push(line),
        },
        (ring) => {
          this.pausedUntilMs = 0;
          this.actsBy = ring;
          world.observe(ring);
        },
      );
      this.topology.start();
    });
  }

  /** The power fails at that step (from 1) of the disk from now on, unless the world heals before. REQUIRES: the node is off. */
  failAt(step: number): void {
    this.isFailing = true;
    this.disk = this.disk.kill({
      plan: ({ number }) => (this.isFailing && number === step ? { kind: 'power' } : undefined),
    });
  }

  /** The power fails. */
  crash(): void {
    this.topology?.stop();
    this.topology = undefined;
    this.handler = undefined;
    this.life++;
    this.disk = this.disk.crash(keepRandomly(this.world.random));
  }

  /** Runs something of this start of the node, in which the power may fail. */
  guard(life: number, run: () => void): void {
    if (life !== this.life) return;
    try {
      run();
    } catch (error) {
      if (!(error instanceof PowerFailure)) throw error;
      this.crash();
    }
  }

  /** Gossip has come. */
  hear({ generation, epoch }: RingDocument, from: string): void {
    this.guard(this.life, () => this.topology?.heardOf({ generation, epoch }, from));
  }

  /** Has a change of the ring ended. */
  end(ring: RingDocument): void {
    this.guard(this.life, () => this.topology?.change(ring, finished(ring), () => undefined));
  }

  /** A client wants to write something; returns whether it was taken. */
  write(): boolean {
    if (this.ring === undefined || this.world.nowMs < this.pausedUntilMs) return false;
    this.holdsData = true;
    return true;
  }

  private clock(): Clock {
    const { world } = this;
    const us = (): number => world.nowMs * 1000;
    return { wallMs: () => world.nowMs, wallUs: us, monotonicUs: us, threadCpuUs: us };
  }

  private timersOf(life: number): Timers {
    const { world } = this;
    const after = (delayMs: number, run: () => void): Timer => {
      const event = world.after(delayMs, () => this.guard(life, run));
      return { cancel: () => world.cancel(event) };
    };
    const refuse = (): never => {
      throw new Error('the topology needs only `after`');
    };
    return { after, every: refuse, endOfTurn: refuse };
  }

  private messengerOf(life: number): Messenger {
    const { world } = this;
    return {
      serve: (handler) => (this.handler = handler),
      ask: (target, message, timeoutMs, onAnswer) => {
        let isOpen = true;
        const end = (answer: Buffer | undefined): void => {
          if (!isOpen) return;
          isOpen = false;
          world.cancel(timeout);
          this.guard(life, () => onAnswer(answer));
        };
        const timeout = world.after(timeoutMs, () => end(undefined));
        const other = this.find(target);
        if (other === undefined) return;
        world.carry(this, other, () => other.receive(message, (answer) => world.carry(other, this, () => end(answer))));
      },
    };
  }

  private receive(message: Buffer, answer: (message: Buffer) => void): void {
    const { life } = this;
    this.guard(life, () => this.handler?.(message, (said) => life === this.life && answer(said)));
  }

  private find(target: Target): WorldNode | undefined {
    return this.world.nodes.find((node) =>
      'seed' in target ? node.seed === target.seed : node.isOn && node.id === target.member,
    );
  }
}

/** Resolves when nothing is under way any more. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
