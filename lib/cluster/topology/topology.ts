/**
 * The ring as this node knows it, and its part in deciding the next one.
 *
 *  1. Epoch e+1 is decided by Paxos among the voters of e; epoch 1 among the seeds (seeds.ts). A node takes a ring only when it was decided.
 *  2. A ring is durable before the node acts on it, and gives way to a newer one only.
 *  3. A vote is durable before it is answered.
 *  4. Who is asked with an older ring answers with the newer one.
 *  5. Nodes act on a ring at about the same moment, when all have it (ring-start.ts).
 */

import { AssertionError } from '../../base/assert.js';
import { ShapeError } from '../../base/json-shape.js';
import type { Member, MemberId } from '../ring/member.js';
import type { RingDocument } from '../ring/ring-document.js';
import { encodeRing } from '../ring/ring-document.js';
import type { RingVersion } from '../ring/ring-version.js';
import { compareRingVersions, ringVersionText } from '../ring/ring-version.js';
import type { AdditionHost } from './addition.js';
import { Addition, WRITE_PAUSE_MS } from './addition.js';
import { FirstBoot } from './first-boot.js';
import { NextEpoch } from './next-epoch.js';
import type { TopologyAnswer, TopologyRequest } from './messages.js';
import { decodeAnswer, decodeRequest, encodeMessage } from './messages.js';
import type { Candidate } from './new-ring.js';
import { whyNotChange, whyNotLeave, whyOvertaken } from './ring-change.js';
import { RingPursuit } from './ring-pursuit.js';
import { RingStart } from './ring-start.js';
import { nextVersion } from './ring-store.js';
import { digestOfSeeds, normalizeSeeds } from './seeds.js';
import { checkSuccessor } from './successor.js';
import { Succession } from './succession.js';
import type { TopologyOptions } from './topology-options.js';

const FETCH_TIMEOUT_MS = 2000;

export class Topology {
  private readonly options: TopologyOptions;
  private readonly host: AdditionHost & { readonly seeds: readonly string[] };
  private readonly onRing: (ring: RingDocument) => void;
  private readonly succession: Succession;
  private boot: FirstBoot | undefined;
  private addition: Addition | undefined;
  private nextEpoch: NextEpoch | undefined;
  private readonly pursuit: RingPursuit;
  private readonly ringStart: RingStart;
  /** Of the newest ring, and of the one that was known before: who is gone has to hear of it. */
  private members: readonly Member[] = [];
  private membersBefore: readonly Member[] = [];
  private isStopped = false;
  private onChanged: (reason: string | undefined) => void = () => undefined;

  /** `onRing` is told each ring that the node is to act by, when it is durable: at `start` the one that is on its disk. One that gives way to a newer one before that it is not told. */
  constructor(options: TopologyOptions, onRing: (ring: RingDocument) => void) {
    this.options = options;
    this.onRing = onRing;
    this.succession = new Succession({ ...options, self: options.store.nodeId });
    this.host = {
      ...options,
      seeds: normalizeSeeds(options.seeds),
      seedDigest: digestOfSeeds(options.seeds),
      learn: (ring) => {
        void this.learn(ring);
      },
      takeDecided: (ring) => {
        const hasNewcomer = this.hasNewcomer(ring);
        const isSpread = this.spread(ring);
        void Promise.all([this.learn(ring), isSpread]).then(() => {
          if (!hasNewcomer) this.ringStart.due(ring);
        });
      },
    };
    this.ringStart = new RingStart({ timers: options.timers, act: onRing });
    this.pursuit = new RingPursuit({
      timers: options.timers,
      self: options.store.nodeId,
      ring: () => this.ring,
      fetch: (member) => this.fetch(member),
    });
  }

  /** The newest ring that this node knows; undefined before it is in one. */
  get ring(): RingDocument | undefined {
    return this.options.store.ring;
  }

  /** Why there is no ring, in words. */
  get waitsFor(): string {
    return this.boot?.reason ?? 'it is being opened';
  }

  /** Goes on with the ring that is on the disk, or finds one by the seeds. */
  start(): void {
    const { messenger } = this.options;
    messenger.serve((message, answer) => this.handle(message, answer));
    const { ring } = this;
    if (ring === undefined) {
      this.boot = new FirstBoot(this.host);
      this.boot.start();
      return;
    }
    this.members = ring.members;
    this.onRing(ring);
    // The cluster may have gone on without us.
    for (const { id } of ring.members) if (id !== this.options.store.nodeId) this.fetch(id);
  }

  stop(): void {
    this.isStopped = true;
    this.boot?.stop();
    this.addition?.stop();
    this.nextEpoch?.stop();
    this.pursuit.stop();
    this.ringStart.stop();
  }

  /**
   * Has the voters decide about `next`, which is to follow `ring`. `onEnd` is called once, later or at once, with the reason if it was not decided, or if that is not known.
   */
  change(ring: RingDocument, next: RingDocument, onEnd: (reason: string | undefined) => void): void {
    const known = this.ring;
    const underWay = this.changeUnderWay;
    if (this.isStopped || known === undefined || compareRingVersions(ring, known) !== 0) {
      onEnd(known === undefined ? 'this node is in no ring' : whyOvertaken(known));
    } else if (underWay !== undefined) {
      onEnd(underWay);
    } else {
      this.onChanged = onEnd;
      this.nextEpoch = new NextEpoch(this.host, ring, next, (reason) => this.endChange(reason));
      this.nextEpoch.start();
    }
  }

  /** Has the next node that joins take the place of a member. `onEnd` is called once, with the reason if that is not so. */
  replace(member: MemberId, onEnd: (reason: string | undefined) => void): void {
    const { ring } = this;
    const reason = ring === undefined ? 'this node is in no ring' : whyNotLeave(ring, member);
    if (ring === undefined || reason !== undefined) onEnd(reason);
    else this.succession.announce(ring, member, onEnd);
  }

  /** Whose place the next node takes that joins, as far as this one has heard. */
  get toBeReplaced(): MemberId | undefined {
    return this.ring && this.succession.placeIn(this.ring);
  }

  /** Has the next node that joins take nobody's place. `onEnd` is called once, with the reason if that is not so, or not known of all. */
  replaceNobody(onEnd: (reason: string | undefined) => void): void {
    const { ring } = this;
    if (ring === undefined) onEnd('this node is in no ring');
    else this.succession.takeBack(ring, onEnd);
  }

  /** Asks a member for the newest ring. */
  refresh(member: MemberId): void {
    this.fetch(member);
  }

  /** A member is known to act by a ring of this version: this node gets it, if it is newer, and acts by it, too. */
  heardOf(version: RingVersion, member: MemberId): void {
    if (this.isStopped) return;
    this.ringStart.due(version);
    this.pursuit.heardOf(version, member);
  }

  /**
   * Takes a ring that has been decided, if it is newer than the one that is known, and of the same cluster. A node that is in no ring takes
   * one that has it. What the disk does not take is asked for again later. Resolves when it is durable, or nothing comes of it.
   */
  async learn(ring: RingDocument): Promise<void> {
    if (this.isStopped || !this.isNews(ring)) return;
    const { store, report } = this.options;
    let isTaken: boolean;
    try {
      isTaken = await store.saveRing(ring);
    } catch (error) {
      if (!(error instanceof Error) || error instanceof AssertionError) throw error;
      if (this.isStopped) return;
      report(`${ringVersionText(ring)} of the ring could not be kept: ${error.message}`);
      this.pursuit.missed(ring);
      return;
    }
    if (isTaken && !this.isStopped) this.take(ring);
  }

  /** The ring is durable, and the newest. */
  private take(ring: RingDocument): void {
    const isFirst = this.members.length === 0;
    const hasNewcomer = this.hasNewcomer(ring);
    this.membersBefore = this.members;
    this.members = ring.members;
    this.boot?.stop();
    this.boot = undefined;
    this.addition?.stop(ring);
    this.endChange(this.nextEpoch?.whyNot(ring));
    // Nobody waits for who was in no ring.
    if (isFirst) this.onRing(ring);
    else this.ringStart.kept(ring, hasNewcomer);
  }

  /** Whether somebody joins by this ring, the next one. */
  private hasNewcomer(ring: RingDocument): boolean {
    return ring.members.some(({ id, state }) => state === 'joining' && !this.members.some((known) => known.id === id));
  }

  /** What this node is having decided, in words; undefined if that is nothing. */
  private get changeUnderWay(): string | undefined {
    const { addition, nextEpoch } = this;
    if (nextEpoch !== undefined) return whyNotChange(nextEpoch.next);
    return addition && `the ring is being changed, ${addition.candidate.id} joins: try again`;
  }

  private endChange(reason: string | undefined): void {
    if (this.nextEpoch === undefined) return;
    this.nextEpoch.stop();
    this.nextEpoch = undefined;
    this.onChanged(reason);
  }

  private isNews(ring: RingDocument): boolean {
    const { store, report } = this.options;
    const known = store.ring;
    if (known === undefined) return ring.members.some(({ id }) => id === store.nodeId);
    if (known.clusterId !== ring.clusterId) {
      report(`refused a ring of another cluster, ${ring.clusterId}: this node is in ${known.clusterId}`);
      return false;
    }
    const order = compareRingVersions(ring, known);
    if (order === 0 && !encodeRing(ring).equals(encodeRing(known))) {
      report(
        `there are two rings of ${ringVersionText(ring)}: 'ringkv ring recover' was run for more than one list of survivors`,
      );
    }
    return order > 0;
  }

  private handle(message: Buffer, answer: (message: Buffer) => void): void {
    const request = decodeRequest(message);
    const reply = (said: TopologyAnswer): void => {
      if (!this.isStopped) answer(encodeMessage(said));
    };
    if (request === undefined) reply({ kind: 'refused', reason: 'this is no message about the ring' });
    else if (request.kind === 'join') this.add(request.candidate, reply);
    else if (request.kind === 'paxos') void this.vote(request).then(reply);
    else if (request.kind === 'ring')
      void this.learn(request.ring).then(() => reply({ kind: 'ring', ...this.known() }));
    else reply(this.answerTo(request));
  }

  private answerTo(request: Exclude<TopologyRequest, { kind: 'join' | 'paxos' | 'ring' }>): TopologyAnswer {
    switch (request.kind) {
      case 'hello':
        return { kind: 'hello', candidate: this.host.candidate, seedDigest: this.host.seedDigest, ...this.known() };
      case 'fetch':
        return { kind: 'ring', ...this.known() };
      case 'replace':
        this.succession.note(request.member);
        return { kind: 'ring', ...this.known() };
      case 'replace-nobody':
        this.succession.forget();
        return { kind: 'ring', ...this.known() };
      case 'holds-data':
        return { kind: 'data', holdsData: this.holdsData(request.pauseWrites) };
    }
  }

  private holdsData(pauseWrites: boolean): boolean {
    const { options } = this;
    const holdsData = options.holdsData();
    if (pauseWrites && !holdsData) options.pauseWrites(WRITE_PAUSE_MS);
    return holdsData;
  }

  private known(): { ring?: RingDocument } {
    return this.ring === undefined ? {} : { ring: this.ring };
  }

  private async vote(asked: TopologyRequest & { kind: 'paxos' }): Promise<TopologyAnswer> {
    const { ring } = this;
    const order = compareRingVersions(asked.version, nextVersion(ring));
    if (order < 0 && ring !== undefined) return { kind: 'ring', ring };
    if (order > 0) return { kind: 'behind' };
    const reason = this.whyNotVote(asked);
    if (reason !== undefined) return { kind: 'refused', reason };
    try {
      const answer = await this.options.store.vote(asked.version, asked.request);
      // A newer ring may have come to be durable meanwhile.
      return answer === undefined ? await this.vote(asked) : { kind: 'paxos', answer };
    } catch (error) {
      if (!(error instanceof Error) || error instanceof AssertionError) throw error;
      return { kind: 'refused', reason: `the disk failed: ${error.message}` };
    }
  }

  private whyNotVote({ voter, seedDigest, request }: TopologyRequest & { kind: 'paxos' }): string | undefined {
    const { ring } = this;
    const { nodeId } = this.options.store;
    if (voter !== nodeId) return `this is ${nodeId}, not ${voter}`;
    if (ring === undefined && seedDigest !== this.host.seedDigest) return 'this node has other seeds';
    if (ring?.voters.includes(nodeId) === false) return 'this node does not vote';
    if (request.kind === 'prepare') return undefined;
    try {
      checkSuccessor(ring, Buffer.from(request.value, 'utf8'));
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      return error.message;
    }
    return undefined;
  }

  private add(candidate: Candidate, reply: (answer: TopologyAnswer) => void): void {
    const { ring } = this;
    if (ring === undefined) {
      reply({ kind: 'refused', reason: 'this node has no ring itself' });
    } else if (ring.members.some(({ id }) => id === candidate.id)) {
      reply({ kind: 'ring', ring });
    } else if (this.changeUnderWay !== undefined) {
      reply({ kind: 'refused', reason: this.changeUnderWay });
    } else {
      const replaces = candidate.replaces ?? this.succession.placeIn(ring);
      this.addition = new Addition(this.host, ring, { ...candidate, replaces }, (result) => {
        this.addition = undefined;
        reply('ring' in result ? { kind: 'ring', ring: result.ring } : { kind: 'refused', reason: result.reason });
      });
      this.addition.start();
    }
  }

  /** Tells the members of a ring, and those of the ones before. Resolves when they have it, or have not answered in time. */
  private async spread(ring: RingDocument): Promise<void> {
    const message = encodeMessage({ kind: 'ring', ring });
    const ids = new Set([...ring.members, ...this.members, ...this.membersBefore].map(({ id }) => id));
    ids.delete(this.options.store.nodeId);
    await Promise.all(Array.from(ids, (id) => this.ask(id, message)));
  }

  private fetch(member: MemberId): void {
    void this.ask(member, encodeMessage({ kind: 'fetch' }));
  }

  /** Resolves when the member has answered, or has not in time. */
  private ask(member: MemberId, message: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.options.messenger.ask({ member }, message, FETCH_TIMEOUT_MS, (bytes) => {
        const answer = bytes && decodeAnswer(bytes);
        if (answer?.kind === 'ring' && answer.ring !== undefined) void this.learn(answer.ring);
        resolve();
      });
    });
  }
}
