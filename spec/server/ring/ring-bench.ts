/**
 * Several nodes of one ring in one process, without gossip or bus: messages go from node to node when the spec lets them.
 *
 *     const ring = await RingBench.start(3);
 *     const client = ring.nodes[0].connect();
 *     expect(await ring.ask(client, 'SET', 'k', 'v')).to.equal('OK');
 */

import { expect } from 'chai';
import { slotOf } from '../../../lib/base/position.js';
import { MessageKind } from '../../../lib/cluster/message-kind.js';
import type { ClockReading } from '../../../lib/cluster/bus/clock-reading.js';
import { majorityOf } from '../../../lib/cluster/coordination/consistency.js';
import type { Payload } from '../../../lib/cluster/bus/payload.js';
import type { Member } from '../../../lib/cluster/ring/member.js';
import type { RingDocument } from '../../../lib/cluster/ring/ring-document.js';
import type { RingVersion } from '../../../lib/cluster/ring/ring-version.js';
import { compareRingVersions } from '../../../lib/cluster/ring/ring-version.js';
import { Ring } from '../../../lib/cluster/ring/ring.js';
import { withJoining } from '../../../lib/cluster/topology/ring-change.js';
import type { ByteStream, StreamHandler } from '../../../lib/host/ports.js';
import { openLoop } from '../../../lib/server/ring/loop-stream.js';
import type { RingMessage } from '../../../lib/cluster/coordination/versioned-links.js';
import type { LinkWatcher, RingLinks } from '../../../lib/server/ring/ring-links.js';
import type { RingData, RingMembership } from '../../../lib/server/ring/ring-membership.js';
import type { CrashFate } from '../../sim/crash-fate.js';
import type { Fault, Step } from '../../sim/memory-disk.js';
import type { BenchClient } from '../node-bench.js';
import { NodeBench } from '../node-bench.js';

const TOKENS = 16;
const ROUNDS_MAX = 200;

interface Sent {
  readonly to: number;
  readonly kind: number;
  readonly message: RingMessage;
}

/** A member's links: what it sends waits in `sent`. */
class BenchLinks implements RingLinks {
  readonly handlers = new Map<number, (message: RingMessage) => void>();
  readonly watchers: LinkWatcher[] = [];
  acceptChannel: ((stream: ByteStream, from: string) => StreamHandler) | undefined;
  private readonly ring: RingBench;
  private readonly index: number;

  constructor(ring: RingBench, index: number) {
    this.ring = ring;
    this.index = index;
  }

  send(member: string, kind: number, payload: Payload): boolean {
    const to = this.ring.ids.indexOf(member);
    if (!this.ring.isOpen(this.index, to)) return false;
    const buffer = Buffer.alloc(payload.byteLength);
    payload.writeTo(buffer, 0);
    this.ring.sent.push({
      to,
      kind,
      message: { from: this.ring.ids[this.index], buffer, start: 0, end: buffer.length },
    });
    return true;
  }

  serve(kind: number, handler: (message: RingMessage) => void): void {
    this.handlers.set(kind, handler);
  }

  openChannel(member: string, _metadata: string, handler: StreamHandler): ByteStream {
    const to = this.ring.ids.indexOf(member);
    const { acceptChannel } = this.ring.links[to];
    if (acceptChannel === undefined) throw new Error('the other side takes no channels');
    const self = this.ring.ids[this.index];
    return openLoop(this.ring.nodes[to].timers, (stream) => acceptChannel(stream, self), handler);
  }

  serveChannels(accept: (stream: ByteStream, from: string) => StreamHandler): void {
    this.acceptChannel = accept;
  }

  isUp(member: string): boolean {
    return this.ring.isOpen(this.index, this.ring.ids.indexOf(member));
  }

  /** The clock of another node, if that can be reached and has said something lately. */
  clockOf(member: string): ClockReading | undefined {
    const { nodes } = this.ring;
    const [own, other] = [nodes.at(this.index), nodes.at(this.ring.ids.indexOf(member))];
    if (own === undefined || other === undefined || !this.isUp(member)) return undefined;
    const nowMs = own.clock.us / 1000;
    return { aheadMs: other.clock.wallMs() - nowMs, errorMs: 1, readAtMs: nowMs };
  }

  watch(watcher: LinkWatcher): void {
    this.watchers.push(watcher);
  }

  flush(): void {
    // The spec delivers.
  }
}

export class RingBench {
  readonly ids: string[];
  readonly links: BenchLinks[] = [];
  readonly nodes: NodeBench[] = [];
  /** The newest one. */
  ring: Ring;
  sent: Sent[] = [];
  /** What each node acts by. */
  private readonly rings: Ring[] = [];
  /** What goes wrong when a node appends to its log, as it was first started. */
  readonly logFaults = new Map<number, Fault>();
  /** The same of what it promises and accepts. */
  readonly acceptorFaults = new Map<number, Fault>();
  /** Who has heard of which newer ring. */
  readonly heard: (readonly [node: number, version: RingVersion])[] = [];
  /** What nodes that reach a majority have proposed to come next. */
  readonly proposed: RingDocument[] = [];
  /** What nodes say of their data, and what they have said before they had read it. */
  readonly data: RingData[] = [];
  readonly heldBefore: boolean[] = [];
  private readonly goneListeners: (() => void)[] = [];
  private readonly ringListeners: ((ring: Ring) => void)[] = [];
  private readonly configText: string;
  /** Pairs of nodes that cannot reach each other. */
  private readonly cut = new Set<string>();

  private constructor(count: number, configText: string, replicaCount: number) {
    this.configText = configText;
    this.ids = Array.from({ length: count }, (_, i) => String(i).padStart(40, '0'));
    const members: Member[] = this.ids.map((id, i) => ({
      id,
      ordinal: i + 1,
      zone: '',
      tokens: Array.from({ length: TOKENS }, (_, token) =>
        Math.floor(((token * count + i) * 16384) / (TOKENS * count)),
      ),
      state: 'up',
      address: { host: '127.0.0.1', port: 7000 + i, tlsPort: 0, busPort: 17_000 + i },
    }));
    this.ring = new Ring({
      clusterId: 'c'.repeat(40),
      generation: 1,
      epoch: 1,
      replicaCount,
      positionKey: '0123456789abcdef',
      nextOrdinal: count + 1,
      members,
      voters: this.ids.slice(0, 7),
    });
  }

  static async start(count: number, configText = '', replicaCount = 3): Promise<RingBench> {
    const bench = new RingBench(count, `repair-interval 0\n${configText}`, replicaCount);
    for (let i = 0; i < count; i++) bench.links.push(new BenchLinks(bench, i));
    for (let i = 0; i < count; i++) {
      const plan = ({ name, path }: Step): Fault | undefined => {
        if (name !== 'append') return undefined;
        if (path.includes('/aof/')) return bench.logFaults.get(i);
        return path.includes('/consensus/') ? bench.acceptorFaults.get(i) : undefined;
      };
      bench.rings.push(bench.ring);
      bench.nodes.push(await NodeBench.start(configText, { membership: bench.membershipOf(i), plan }));
    }
    await bench.settle();
    return bench;
  }

  /** One node more is joining, by a ring that it alone acts by yet; in the place of another one, if that is named. Returns its number. */
  async join(replaces?: number): Promise<number> {
    const index = this.nodes.length;
    const id = String(index).padStart(40, '0');
    const address = { host: '127.0.0.1', port: 7000 + index, tlsPort: 0, busPort: 17_000 + index };
    const replaced = replaces === undefined ? undefined : this.ids[replaces];
    this.ring = new Ring(withJoining(this.ring.document, { id, zone: '', tokenCount: TOKENS, address }, replaced));
    this.ids.push(id);
    this.rings.push(this.ring);
    this.links.push(new BenchLinks(this, index));
    const atUs = this.nodes[0].clock.us;
    this.nodes.push(await NodeBench.start(this.configText, { membership: this.membershipOf(index), atUs }));
    for (const { watchers } of this.links)
      for (const watcher of watchers) for (const other of this.ids) watcher.onUp(other);
    return index;
  }

  /** Some nodes, or all, learn of the newest ring: of `document`, if that is newer. */
  adopt(nodes: readonly number[] = this.nodes.map((_, i) => i), document: RingDocument = this.ring.document): void {
    if (compareRingVersions(document, this.ring.document) > 0) this.ring = new Ring(document);
    for (const node of nodes) {
      if (compareRingVersions(this.rings[node].document, this.ring.document) >= 0) continue;
      this.rings[node] = this.ring;
      if (this.ring.indexOf(this.ids[node]) === undefined) this.goneListeners[node]();
      else this.ringListeners[node](this.ring);
    }
  }

  isOpen(a: number, b: number): boolean {
    return !this.cut.has(`${a} ${b}`);
  }

  /** Two nodes cannot reach each other any more; what was under way is lost. */
  disconnect(a: number, b: number): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ]) {
      this.cut.add(`${from} ${to}`);
      this.sent = this.sent.filter(({ to: receiver, message }) => receiver !== to || message.from !== this.ids[from]);
      for (const watcher of this.links[from].watchers) watcher.onDown(this.ids[to]);
    }
  }

  /** A node notices that another one does not answer, or does again. */
  silence(node: number, other: number, isSilent = true): void {
    for (const watcher of this.links[node].watchers) watcher.onSilence(this.ids[other], isSilent);
  }

  /**
   * The power of a node that is isolated fails, and it starts again with what its disk has kept; with its wall clock set ahead. Its clients are gone.
   */
  async restart(index: number, fate: CrashFate, wallOffsetMs = 0): Promise<void> {
    const before = this.nodes[index];
    this.links[index].watchers.length = 0;
    this.sent = this.sent.filter(({ to, message }) => to !== index && message.from !== this.ids[index]);
    const syncs: (() => void)[] = [];
    const disk = before.disk.crash(fate, { later: (run) => syncs.push(run) });
    const membership = this.membershipOf(index);
    const atUs = before.clock.us;
    const node = await NodeBench.start(this.configText, { disk, syncs, membership, atUs, wallOffsetMs });
    this.nodes[index] = node;
    // It may have waited.
    for (const { clock } of this.nodes) clock.us = Math.max(clock.us, node.clock.us);
  }

  /** A node learns of the next epoch, whose members are the same. */
  nextEpoch(node: number): void {
    const { document } = this.ring;
    this.rings[node] = new Ring({ ...document, epoch: document.epoch + 1 });
    this.ringListeners[node](this.rings[node]);
  }

  /** All that is clean leaves the memory of a node, as it does when that is short. */
  spill(node: number): void {
    const { keyspace } = this.nodes[node].node;
    const db = keyspace.database(0);
    const refs: number[] = [];
    db.table.forEach((ref) => {
      if (keyspace.isClean(ref)) refs.push(ref);
    });
    for (const ref of refs) keyspace.spill(db, ref);
  }

  /** A node reaches nobody, and nobody reaches it. */
  isolate(node: number): void {
    for (let i = 0; i < this.nodes.length; i++) if (i !== node) this.disconnect(node, i);
  }

  connectAgain(): void {
    this.cut.clear();
    for (const links of this.links) {
      for (const watcher of links.watchers) for (const id of this.ids) watcher.onUp(id);
    }
    this.introduce();
  }

  /** All tell each other that they have their data. */
  introduce(): void {
    for (let round = 0; round < 2; round++) this.deliver(({ kind }) => kind === MessageKind.PRESENT);
  }

  /** Delivers what was sent so far. `filter` says what arrives; the rest waits. */
  deliver(filter: (sent: Sent) => boolean = () => true): void {
    const due = this.sent.filter(filter);
    this.sent = this.sent.filter((one) => !due.includes(one));
    for (const { to, kind, message } of due) {
      const handler = this.links[to].handlers.get(kind);
      expect(handler, `messages of kind ${kind} are served`).to.not.equal(undefined);
      handler?.(message);
      message.buffer.fill(0xee);
    }
  }

  /** Lets turns end and messages arrive until nothing is left to be done. Returns how often messages had to arrive. */
  async settle(filter: (sent: Sent) => boolean = () => true): Promise<number> {
    for (let i = 0; i < ROUNDS_MAX; i++) {
      for (const node of this.nodes) {
        await node.settle();
        await node.finishSyncs();
      }
      if (!this.sent.some(filter) && !this.nodes.some(({ timers }) => timers.hasTurnEnd)) return i;
      this.deliver(filter);
    }
    throw new Error('messages follow each other without end');
  }

  async advance(ms: number, filter: (sent: Sent) => boolean = () => true): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      for (const node of this.nodes) {
        node.clock.us += Math.min(100, left) * 1000;
        node.timers.fire();
      }
      await this.settle(filter);
    }
  }

  /** The replicas of a key, in their order. */
  replicasOf(key: string): number[] {
    return [...this.ring.replicas(slotOf(Buffer.from(key), 0, key.length))];
  }

  /** A key that a node has not. */
  keyWithout(node: number): string {
    return this.keyWhere((slot) => !this.ring.replicas(slot).includes(node));
  }

  /** A key of such a slot. */
  keyWhere(fits: (slot: number) => boolean): string {
    for (let i = 0; ; i++) {
      const key = `key:${i}`;
      if (fits(slotOf(Buffer.from(key), 0, key.length))) return key;
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

  private membershipOf(i: number): RingMembership {
    return {
      self: this.ids[i],
      ring: this.rings[i],
      links: this.links[i],
      addressOf: (member) => this.rings[i].member(member).address,
      peer: (member) => ({
        liveness: 'alive',
        link: {
          isConnected: this.isOpen(i, this.ids.indexOf(member)),
          connectedSinceMs: 0,
          bytesIn: 0,
          bytesOut: 0,
          messagesIn: 0,
          messagesOut: 0,
          queuedBytes: 0,
          roundTripUs: 100,
        },
      }),
      enter: () => undefined,
      attach: (data) => {
        this.data[i] = data;
        this.heldBefore[i] = data.holdsData();
      },
      leave: () => Promise.resolve(),
      renewTls: () => undefined,
      stop: () => undefined,
      heardOf: (version) => {
        this.heard.push([i, version]);
      },
      onRing: (listener) => {
        this.ringListeners[i] = listener;
      },
      onGone: (listener) => {
        this.goneListeners[i] = listener;
      },
      change: (_ring, next, onEnd) => {
        const reached = this.nodes.filter((_, other) => other === i || this.isOpen(i, other)).length;
        const isMajority = reached >= majorityOf(this.nodes.length);
        if (isMajority) this.proposed.push(next);
        onEnd(isMajority ? undefined : 'no majority of the voters has agreed');
      },
      replace: (_member, onEnd) => {
        onEnd(undefined);
      },
      toBeReplaced: undefined,
      replaceNobody: (onEnd) => {
        onEnd(undefined);
      },
      refresh: () => undefined,
    };
  }
}
