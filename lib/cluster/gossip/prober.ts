/**
 * The failure detector (SWIM, section 4; Lifeguard's nacks): one member after the other is pinged, in an order that is shuffled
 * each round, so that each is probed within two rounds by everybody (SWIM, section 4.3).
 *
 *     start ──ping──▶ target                 ack: it lives
 *       │ timeout (some round trips)
 *       ├──ping-request──▶ up to 3 others ──ping──▶ target      ack through them: it lives
 *       ├──ping over a stream──▶ target                         answer: it lives
 *       │ end
 *       └── nobody has heard of it: failed
 *
 * A state machine: it is told of time and answers, and acts through `ProbeSteps`. One probe is under way at a time.
 */

import type { Random } from '../../host/ports.js';
import type { MemberId } from '../ring/member.js';
import { failedProbePoints, type Awareness } from './awareness.js';
import type { GossipMember, MemberList } from './member-list.js';
import type { GossipParameters } from './parameters.js';
import { RoundTrips } from './round-trips.js';

/** What a probe has done. */
export interface ProbeSteps {
  ping(target: GossipMember, sequence: number): void;
  /** Ask `relay` to ping the target. */
  pingThrough(relay: GossipMember, target: GossipMember, sequence: number): void;
  pingOverStream(target: GossipMember, sequence: number): void;
  /** Nobody has had an answer of this member. */
  failed(target: GossipMember): void;
}

interface Probe {
  readonly target: MemberId;
  readonly sequence: number;
  readonly sentUs: number;
  readonly timeoutAtMs: number;
  readonly endAtMs: number;
  /** Those that were asked; undefined before the timeout. */
  relays: Set<MemberId> | undefined;
  readonly nacks: Set<MemberId>;
}

export class Prober {
  readonly roundTrips: RoundTrips;
  private readonly self: MemberId;
  private readonly list: MemberList;
  private readonly parameters: GossipParameters;
  private readonly awareness: Awareness;
  private readonly random: Random;
  private readonly steps: ProbeSteps;

  private round: MemberId[] = [];
  private readonly urgent: MemberId[] = [];
  private sequence = 0;
  private nextAtMs: number;
  private probe: Probe | undefined;

  constructor(
    self: MemberId,
    list: MemberList,
    parameters: GossipParameters,
    awareness: Awareness,
    random: Random,
    steps: ProbeSteps,
  ) {
    this.self = self;
    this.list = list;
    this.parameters = parameters;
    this.awareness = awareness;
    this.random = random;
    this.steps = steps;
    this.roundTrips = new RoundTrips(parameters);
    this.nextAtMs = random.uint32() % parameters.probeIntervalMs;
  }

  /** Looks at the deadlines. */
  tick(nowMs: number, monotonicUs: number): void {
    if (this.probe !== undefined) this.goOn(this.probe, nowMs);
    if (this.probe === undefined && nowMs >= this.nextAtMs) this.begin(nowMs, monotonicUs);
  }

  /** This member is probed next, without waiting for the next interval: something else says that it is gone. */
  hurry(id: MemberId): void {
    if (this.urgent.includes(id)) return;
    this.urgent.push(id);
    this.nextAtMs = 0;
  }

  /** A number for a ping of somebody else (a relay's). */
  nextSequence(): number {
    return this.sequence++;
  }

  /** `from` says that the target of ping `sequence` has answered. `isPrompt`: this process was awake all the while. */
  onAck(from: MemberId, sequence: number, monotonicUs: number, isPrompt: boolean): void {
    const { probe } = this;
    if (probe?.sequence !== sequence) return;
    if (from === probe.target) {
      if (isPrompt) this.roundTrips.add(from, (monotonicUs - probe.sentUs) / 1000);
    } else if (probe.relays?.has(from) !== true) return;
    this.succeed();
  }

  /** `from` was asked, and has no answer of the target yet. */
  onNack(from: MemberId, sequence: number): void {
    const { probe } = this;
    if (probe?.sequence === sequence && probe.relays?.has(from) === true) probe.nacks.add(from);
  }

  /** The target of ping `sequence` has answered over a stream. False: nobody waits for that any more. */
  onStreamAnswer(sequence: number): boolean {
    if (this.probe?.sequence !== sequence) return false;
    this.succeed();
    return true;
  }

  private succeed(): void {
    this.probe = undefined;
    this.awareness.apply(-1);
  }

  private begin(nowMs: number, monotonicUs: number): void {
    const target = this.nextTarget();
    const { parameters, awareness } = this;
    this.nextAtMs = nowMs + awareness.scale(parameters.probeIntervalMs);
    if (target === undefined) return;
    const timeoutMs = this.roundTrips.timeoutMs(target.id);
    this.probe = {
      target: target.id,
      sequence: this.nextSequence(),
      sentUs: monotonicUs,
      timeoutAtMs: nowMs + awareness.scale(timeoutMs),
      endAtMs: nowMs + awareness.scale(Math.max(parameters.probeIntervalMs, timeoutMs * parameters.probeEndTimeouts)),
      relays: undefined,
      nacks: new Set(),
    };
    this.steps.ping(target, this.probe.sequence);
  }

  private goOn(probe: Probe, nowMs: number): void {
    const target = this.list.get(probe.target);
    if (target?.isPresent !== true) this.probe = undefined;
    else if (nowMs >= probe.endAtMs) this.fail(probe, target);
    else if (nowMs >= probe.timeoutAtMs && probe.relays === undefined) this.askOthers(probe, target);
  }

  private askOthers(probe: Probe, target: GossipMember): void {
    const canRelay = ({ id, state }: GossipMember) => state === 'alive' && id !== this.self && id !== target.id;
    const relays = this.list.draw(this.parameters.relayCount, this.random, canRelay);
    probe.relays = new Set(relays.map(({ id }) => id));
    for (const relay of relays) this.steps.pingThrough(relay, target, probe.sequence);
    this.steps.pingOverStream(target, probe.sequence);
  }

  private fail(probe: Probe, target: GossipMember): void {
    this.probe = undefined;
    this.awareness.apply(failedProbePoints(probe.relays?.size ?? 0, probe.nacks.size));
    this.steps.failed(target);
  }

  private nextTarget(): GossipMember | undefined {
    for (let id = this.urgent.shift(); id !== undefined; id = this.urgent.shift()) {
      const member = this.list.get(id);
      if (member?.isPresent === true) return member;
    }
    return this.nextOfRound() ?? this.newRound();
  }

  private nextOfRound(): GossipMember | undefined {
    for (let id = this.round.pop(); id !== undefined; id = this.round.pop()) {
      const member = this.list.get(id);
      if (member?.isPresent === true) return member;
    }
    return undefined;
  }

  private newRound(): GossipMember | undefined {
    const isOther = (member: GossipMember) => member.isPresent && member.id !== this.self;
    this.round = this.list.draw(this.list.size, this.random, isOther).map(({ id }) => id);
    return this.nextOfRound();
  }
}
