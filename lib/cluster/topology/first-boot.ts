/**
 * A node that is in no ring yet: asks its seeds, again and again, until there is one that has it.
 *
 *     ask all seeds ─▶ somebody knows a ring that has us ──────────▶ adopt it
 *          ▲       ├─▶ somebody knows a ring that does not ────────▶ ask to be added
 *          │       ├─▶ a majority of the seeds is there, and we are one ─▶ after a while: propose epoch 1
 *          └───────┴── wait, and say why
 */

import type { Timer } from '../../host/ports.js';
import { decodeRing, encodeRing } from '../ring/ring-document.js';
import type { RingDocument } from '../ring/ring-document.js';
import { decodeAnswer, encodeMessage } from './messages.js';
import { firstRing } from './new-ring.js';
import { Proposal } from './proposal.js';
import { nextVersion } from './ring-store.js';
import type { BootStep, Founder, Hello } from './seeds.js';
import { judgeSeeds } from './seeds.js';
import type { TopologyOptions } from './topology-options.js';

export interface FirstBootHost extends TopologyOptions {
  /** The seeds, normalized. */
  readonly seeds: readonly string[];
  readonly seedDigest: string;
  /** A ring that has been decided. */
  readonly learn: (ring: RingDocument) => void;
  /** Has all members of a new ring told. */
  readonly takeDecided: (ring: RingDocument) => void;
}

const ASK_INTERVAL_MS = 500;
const ANSWER_TIMEOUT_MS = 1000;
/** To be added takes a decision. */
const JOIN_TIMEOUT_MS = 15_000;
/** So long a majority waits for the other seeds, so that all are founders. */
const GRACE_MS = 3000;
/** So much later than the one before each founder proposes, so that they do not duel. */
const RANK_DELAY_MS = 2000;

export class FirstBoot {
  private readonly host: FirstBootHost;
  private timer: Timer | undefined;
  private proposal: Proposal | undefined;
  private isOver = false;
  /** Since when a majority of the seeds is there; undefined while it is not. */
  private foundableSinceUs: number | undefined;
  private said = '';
  private waitsFor = 'no seed has answered yet';
  /** Somebody was asked to add this node. */
  private hasAsked = false;

  constructor(host: FirstBootHost) {
    this.host = host;
  }

  start(): void {
    const { messenger, seeds } = this.host;
    const hellos = new Array<Hello | undefined>(seeds.length).fill(undefined);
    let waitingFor = seeds.length;
    seeds.forEach((seed, index) => {
      messenger.ask({ seed }, encodeMessage({ kind: 'hello' }), ANSWER_TIMEOUT_MS, (bytes) => {
        const answer = bytes && decodeAnswer(bytes);
        if (answer?.kind === 'hello') hellos[index] = answer;
        if (--waitingFor === 0 && !this.isOver) this.take(hellos);
      });
    });
  }

  /** What it waits for, in words. */
  get reason(): string {
    return this.waitsFor;
  }

  stop(): void {
    this.isOver = true;
    this.timer?.cancel();
    this.proposal?.stop();
  }

  private take(hellos: readonly (Hello | undefined)[]): void {
    const { store, seeds, seedDigest } = this.host;
    const step = judgeSeeds(store.nodeId, seeds, seedDigest, hellos);
    if (step.kind !== 'found') this.foundableSinceUs = undefined;
    switch (step.kind) {
      case 'adopt':
        this.host.learn(step.ring);
        break;
      case 'join':
        this.join(step.seed);
        return;
      case 'found':
        this.waitsFor = `${step.founders.length} of ${seeds.length} seeds are there and make a ring`;
        if (this.isTimeToFound(step)) {
          this.found(step.founders);
          return;
        }
        break;
      case 'wait':
        this.say(step.reason);
    }
    this.askLater();
  }

  private isTimeToFound({ isComplete, rank }: BootStep & { kind: 'found' }): boolean {
    const nowUs = this.host.clock.monotonicUs();
    this.foundableSinceUs ??= nowUs;
    const graceMs = isComplete ? 0 : GRACE_MS;
    return nowUs - this.foundableSinceUs >= (graceMs + rank * RANK_DELAY_MS) * 1000;
  }

  private found(founders: readonly Founder[]): void {
    const { store, random, seeds, seedDigest, replicaCount } = this.host;
    const candidates = founders.map(({ candidate }) => candidate);
    const ring = firstRing(candidates, seedDigest, replicaCount, random);
    this.proposal = new Proposal({
      ...this.host,
      store,
      version: nextVersion(undefined),
      voters: founders.map(({ seed, candidate }) => ({ id: candidate.id, target: { seed } })),
      voterCount: seeds.length,
      value: encodeRing(ring).toString('utf8'),
      isInTime: () => true,
      onDecided: (value) => {
        this.host.takeDecided(decodeRing(Buffer.from(value, 'utf8')));
        this.askLater();
      },
      onNewer: (newer) => {
        this.host.learn(newer);
        this.askLater();
      },
      onFailed: (reason) => {
        this.say(`no ring yet: ${reason}`);
        this.askLater();
      },
    });
    this.proposal.start();
  }

  private join(seed: string): void {
    const { messenger, candidate, learn } = this.host;
    if (!this.hasAsked) this.say(`asking ${seed} to be added to its ring`);
    this.hasAsked = true;
    messenger.ask({ seed }, encodeMessage({ kind: 'join', candidate }), JOIN_TIMEOUT_MS, (bytes) => {
      if (this.isOver) return;
      const answer = bytes && decodeAnswer(bytes);
      if (answer?.kind === 'ring' && answer.ring !== undefined) learn(answer.ring);
      else if (answer?.kind === 'refused') this.say(`${seed} has not added this node to its ring: ${answer.reason}`);
      this.askLater();
    });
  }

  private askLater(): void {
    if (this.isOver) return;
    const { timers, random } = this.host;
    this.timer = timers.after(ASK_INTERVAL_MS + (random.uint32() % ASK_INTERVAL_MS), () => this.start());
  }

  /** Says what the node waits for, once. */
  private say(text: string): void {
    this.waitsFor = text;
    if (text === this.said) return;
    this.said = text;
    this.host.report(text);
  }
}
