/**
 * Members of a cluster that gossip in one process, in virtual time, over a network that delays, loses, and is cut: the same seed, the same run.
 *
 * What a member that is paused should do happens when it goes on, late timers once, and first of all: as after SIGSTOP.
 */

import { Gossip, firstIncarnation, type GossipPorts } from '../../../lib/cluster/gossip/gossip.js';
import type { GossipMember } from '../../../lib/cluster/gossip/member-list.js';
import { NO_RING, type Liveness, type Profile } from '../../../lib/cluster/gossip/member.js';
import { LAN_PARAMETERS, type GossipParameters } from '../../../lib/cluster/gossip/parameters.js';
import type { Endpoint } from '../../../lib/cluster/gossip/ports.js';
import type { MemberId } from '../../../lib/cluster/ring/member.js';
import type { Timer, Timers } from '../../../lib/host/ports.js';
import { SeededRandom } from '../../sim/seeded-random.js';
import { VirtualTime } from './virtual-time.js';

/** When the virtual world begins, in wall time. */
const WALL_MS = 1_800_000_000_000;
const EXCHANGE_TIMEOUT_MS = 3_000;
const PORT = 17_000;

export interface NetworkOptions {
  readonly seed: number;
  /** The share of datagrams that are lost. */
  readonly loss?: number;
  /** Whether streams answer pings. */
  readonly hasStreams?: boolean;
  readonly latencyMs?: number;
  readonly parameters?: GossipParameters;
}

/** Something that a member was told of another. */
export interface Told {
  readonly atMs: number;
  readonly what: Liveness | 'update' | 'ring';
  readonly member: MemberId;
}

export class GossipNetwork {
  readonly time = new VirtualTime();
  readonly members: VirtualMember[] = [];
  readonly random: SeededRandom;
  readonly parameters: GossipParameters;
  readonly hasStreams: boolean;
  loss: number;
  /** Bytes of states that were exchanged. */
  exchangedBytes = 0;
  private readonly latencyMs: number;
  private readonly cuts = new Set<string>();

  constructor(options: NetworkOptions) {
    this.random = new SeededRandom(options.seed);
    this.loss = options.loss ?? 0;
    this.hasStreams = options.hasStreams ?? false;
    this.latencyMs = options.latencyMs ?? 0.3;
    this.parameters = options.parameters ?? LAN_PARAMETERS;
  }

  /** A member that is started, with these members (by number) as seeds. */
  add(seeds: readonly number[]): VirtualMember {
    const member = new VirtualMember(this, this.members.length);
    this.members.push(member);
    member.start(seeds);
    return member;
  }

  /** So many members, started within a second, with the first three as seeds. They have not met yet. */
  addAll(count: number): void {
    for (let i = 0; i < count; i++) {
      this.add([0, 1, 2].slice(0, count));
      this.run(this.random.below(1000 / count));
    }
  }

  run(spanMs: number): void {
    this.time.run(spanMs);
  }

  /** Runs until that is so, looking every 50 ms; returns how long it took. Throws if it took longer than `withinMs`. */
  runUntil(isSo: () => boolean, withinMs: number, what: string): number {
    const startMs = this.time.nowMs;
    while (!isSo()) {
      if (this.time.nowMs - startMs >= withinMs)
        throw new Error(`not within ${withinMs} ms: ${what}\n${this.picture()}`);
      this.run(50);
    }
    return this.time.nowMs - startMs;
  }

  /** Whether each of `viewers` sees each of `seen` in that state. */
  agrees(state: Liveness, seen: readonly VirtualMember[], viewers: readonly VirtualMember[] = this.members): boolean {
    return viewers.every((viewer) =>
      seen.every((member) => member === viewer || viewer.gossip.member(member.id)?.state === state),
    );
  }

  /** Nothing gets from one to the other. */
  cut(from: VirtualMember, to: VirtualMember): void {
    this.cuts.add(`${from.number}>${to.number}`);
  }

  /** Nothing gets from one side to the other, nor back. */
  part(one: readonly VirtualMember[], other: readonly VirtualMember[]): void {
    for (const a of one) {
      for (const b of other) {
        this.cut(a, b);
        this.cut(b, a);
      }
    }
  }

  heal(): void {
    this.cuts.clear();
  }

  isCut(from: VirtualMember, to: VirtualMember): boolean {
    return this.cuts.has(`${from.number}>${to.number}`);
  }

  /** The member that listens there. */
  at(endpoint: Endpoint): VirtualMember | undefined {
    return this.members.find((member) => member.isRunning && member.host === endpoint.host && endpoint.port === PORT);
  }

  delayMs(): number {
    return this.latencyMs * (0.5 + this.random.uint32() / 2 ** 32);
  }

  isLost(): boolean {
    return this.random.uint32() / 2 ** 32 < this.loss;
  }

  /** Who sees whom in which state, a line a member. */
  private picture(): string {
    const sees = (viewer: VirtualMember) =>
      this.members.map(({ id }) => viewer.gossip.member(id)?.state ?? 'unknown').join(' ');
    return this.members.map((viewer) => `${viewer.number}: ${sees(viewer)}`).join('\n');
  }
}

export class VirtualMember {
  readonly number: number;
  readonly id: MemberId;
  readonly told: Told[] = [];
  readonly warnings: string[] = [];
  /** How far its wall clock is off, since it was started. */
  clockErrorMs = 0;
  host: string;
  gossip!: Gossip;
  isRunning = false;
  private readonly network: GossipNetwork;
  /** Counts the runs of this member: timers of earlier ones are void. */
  private life = 0;
  private late: (() => void)[] | undefined;

  constructor(network: GossipNetwork, number: number) {
    this.network = network;
    this.number = number;
    this.id = number.toString(16).padStart(40, '0');
    this.host = `10.0.0.${number}`;
  }

  start(seeds: readonly number[]): void {
    this.life++;
    this.isRunning = true;
    this.late = undefined;
    const tell = (what: Told['what']) => (member: GossipMember) => {
      this.told.push({ atMs: this.network.time.nowMs, what, member: member.id });
    };
    this.gossip = new Gossip(
      {
        self: this.id,
        incarnation: firstIncarnation(undefined, this.wallMs()),
        profile: this.profile(),
        clusterId: 'a cluster',
        secret: 'a secret',
        seeds: seeds.map((number) => ({ host: `10.0.0.${number}`, port: PORT })),
        parameters: this.network.parameters,
      },
      this.ports(),
      {
        onAlive: tell('alive'),
        onSuspect: tell('suspect'),
        onDead: tell('dead'),
        onLeft: tell('left'),
        onUpdate: tell('update'),
        onRingNews: (_, member) => tell('ring')(member),
      },
    );
    this.gossip.start();
  }

  kill(): void {
    this.life++;
    this.isRunning = false;
    this.gossip.stop();
  }

  pause(spanMs: number): void {
    this.late = [];
    const { life } = this;
    this.network.time.after(spanMs, () => {
      if (life === this.life) this.goOn();
    });
  }

  get isPaused(): boolean {
    return this.late !== undefined;
  }

  /** What it was told of others since. */
  heard(what: Told['what'], sinceMs = 0): Told[] {
    return this.told.filter((told) => told.what === what && told.atMs >= sinceMs);
  }

  private goOn(): void {
    const { late = [] } = this;
    this.late = undefined;
    for (const run of late) run();
  }

  private profile(): Profile {
    return {
      address: { host: this.host, port: 7000, tlsPort: 0, busPort: PORT },
      zone: '',
      load: { keyCount: 0, memoryBytes: 0, commandsPerSecond: 0 },
      ring: NO_RING,
    };
  }

  private wallMs(): number {
    return WALL_MS + Math.floor(this.network.time.nowMs) + this.clockErrorMs;
  }

  /** Runs it now, or when the member goes on, unless it has ended by then. */
  private happen(life: number, run: () => void): void {
    if (life !== this.life) return;
    if (this.late === undefined) run();
    else this.late.push(() => this.happen(life, run));
  }

  private ports(): GossipPorts {
    const { network, life } = this;
    const monotonicUs = () => network.time.nowMs * 1000;
    return {
      clock: { wallMs: () => this.wallMs(), wallUs: () => this.wallMs() * 1000, monotonicUs, threadCpuUs: monotonicUs },
      timers: this.timers(),
      random: network.random,
      datagrams: {
        send: (buffer, start, end, host, port) => this.send(Buffer.from(buffer.subarray(start, end)), { host, port }),
      },
      exchange: {
        exchange: (target, state, onAnswer) =>
          this.exchange(target, state, (answer) => this.happen(life, () => onAnswer(answer))),
      },
      streamPing: {
        ping: (id, onAnswer) => {
          if (!network.hasStreams) return;
          const find = () => network.members.find((member) => member.isRunning && member.id === id);
          this.overStream(find, (member) => (member.isPaused ? undefined : this.happen(life, onAnswer)));
        },
      },
      warn: (message) => this.warnings.push(message),
    };
  }

  private timers(): Timers {
    const { network, life } = this;
    const every = (intervalMs: number, run: () => void): Timer => {
      let isOn = true;
      const next = () => {
        network.time.after(intervalMs, () => {
          this.happen(life, () => {
            if (!isOn) return;
            run();
            next();
          });
        });
      };
      next();
      return { cancel: () => (isOn = false) };
    };
    const unused = () => {
      throw new Error('gossip has one timer');
    };
    return { every, after: unused, endOfTurn: unused };
  }

  private send(datagram: Buffer, target: Endpoint): void {
    const { network, host } = this;
    network.time.after(network.delayMs(), () => {
      const receiver = network.at(target);
      if (receiver === undefined || network.isCut(this, receiver) || network.isLost()) return;
      receiver.happen(receiver.life, () => receiver.gossip.receive(datagram, datagram.length, host, PORT));
    });
  }

  /** Reaches a member by a stream, if both ways are open. */
  private overStream(find: () => VirtualMember | undefined, run: (member: VirtualMember) => void): void {
    const { network } = this;
    network.time.after(2 * network.delayMs(), () => {
      const member = find();
      if (member !== undefined && !network.isCut(this, member) && !network.isCut(member, this)) run(member);
    });
  }

  private exchange(target: Endpoint, state: Buffer, onAnswer: (answer: Buffer | undefined) => void): void {
    const { network } = this;
    let isOver = false;
    const finish = (answer: Buffer | undefined) => {
      if (!isOver) onAnswer(answer);
      isOver = true;
    };
    network.time.after(EXCHANGE_TIMEOUT_MS, () => finish(undefined));
    this.overStream(
      () => network.at(target),
      (member) => {
        member.happen(member.life, () => {
          const answer = member.gossip.answerExchange(state);
          network.exchangedBytes += state.length + (answer?.length ?? 0);
          network.time.after(network.delayMs(), () => finish(answer));
        });
      },
    );
  }
}
