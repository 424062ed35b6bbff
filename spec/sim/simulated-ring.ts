/** Nodes that are a ring, the clients that use it, and what is found in it at the end. */

import { slotOf } from '../../lib/base/position.js';
import { Loader } from '../../lib/data/loader.js';
import { holdsValue } from '../../lib/record/entry.js';
import { digestedMark, withoutMarks } from '../../lib/record/marks.js';
import { aboveStamp } from '../../lib/record/pair.js';
import type { Disk } from '../../lib/host/ports.js';
import type { Ring } from '../../lib/cluster/ring/ring.js';
import type { RepairFigures } from '../../lib/commands/ring-ports.js';
import type { RespValue } from '../protocol/resp-decoder.js';
import { Activity } from './activity.js';
import type { FaultPlan } from './fault-plan.js';
import type { HandOffFigures } from './hand-off.js';
import { HandOff } from './hand-off.js';
import { History } from './history.js';
import { Machine } from './machine.js';
import { RegisterClients, outcomeOf } from './register-clients.js';
import { compareMembers, isWhole } from './ring-members.js';
import { RingWorkload } from './ring-workload.js';
import type { SeededRandom } from './seeded-random.js';
import { SimClient } from './sim-client.js';
import type { NodeChanges, SimulatedMember } from './simulated-node.js';
import { CLIENT_PORT, bootMember } from './simulated-node.js';
import { tellingSyncs } from './synced-logs.js';
import type { World } from './world.js';

const CLIENTS = 6;
/** Of these, those that do something else than reading and writing registers. */
const OTHER_CLIENTS = 3;
const REGISTERS = ['r1', 'r2', 'r3', 'r4', 'r5'];
const CAREFUL_KEYS = ['r2', 'r4', 'r5'];
const THINK_MS = 100;
/** Keys are only read for a while, so that what is there is not overwritten before it is looked at from all sides. */
const SEASONS_MS = [300, 2000, 10_000];
const TIMEOUT_MS = 4000;
/** From one round of anti-entropy to the next. */
const REPAIR_SECONDS = 5;
const LAST = 'last';

export interface SimulatedRingOptions {
  readonly nodes: number;
  /** The first so many are the seeds, and make the ring; default: all. */
  readonly founders?: number;
  readonly appendfsync: 'always' | 'everysec';
  readonly plan: FaultPlan;
  /** All clients use registers, so many of them; default: half of the clients, and all that there are. */
  readonly hotKeys?: number | undefined;
  /** A bug to be found. */
  readonly changes: NodeChanges;
  /** A node has taken a ring, as its first or in place of an older one. */
  readonly onRing?: (machine: Machine, ring: Ring) => void;
}

export class SimulatedRing {
  /** Of nodes. */
  machines: Machine[];
  readonly history = new History();
  readonly activity = new Activity();
  readonly workload: RingWorkload;
  readonly handOff: HandOff;
  protected readonly world: World;
  protected readonly random: SeededRandom;
  protected readonly members = new Map<Machine, SimulatedMember>();
  private readonly clientMachine: Machine;
  private readonly registers: RegisterClients;
  private readonly options: SimulatedRingOptions;
  private readonly seeds: string;
  /** While there are faults; 0: then there is no anti-entropy. */
  private readonly repairSeconds: number;

  constructor(world: World, options: SimulatedRingOptions) {
    this.world = world;
    this.random = world.fork();
    this.options = options;
    this.handOff = new HandOff(options.plan);
    // As good as drawn.
    this.repairSeconds = options.plan.chaosMs % 2 === 0 ? 0 : REPAIR_SECONDS;
    this.clientMachine = new Machine(world, 'clients', '10.0.1.1');
    this.clientMachine.boot();
    this.machines = Array.from(
      { length: options.nodes },
      (_, i) => new Machine(world, `node${i + 1}`, `10.0.0.${i + 1}`),
    );
    const founders = this.machines.slice(0, options.founders ?? options.nodes);
    this.seeds = founders.map(({ host }) => `${host}:${CLIENT_PORT}`).join(',');
    this.workload = new RingWorkload(world, THINK_MS);
    this.registers = new RegisterClients(world, this.history, {
      keys: REGISTERS.slice(0, options.hotKeys),
      thinkMs: THINK_MS,
      writeShare: 0.5,
      severalShare: 0.3,
      valueBytesMax: 2000,
      seasonMs: SEASONS_MS[this.random.below(SEASONS_MS.length)],
      carefulKeys: CAREFUL_KEYS,
      insistShare: 0.5,
      moveShare: 0.1,
    });
  }

  get clients(): Machine[] {
    return [this.clientMachine];
  }

  /** `seeds`: others than the founders. */
  boot(machine: Machine, moreConfig = '', onStopped?: (code: number) => void, seeds = this.seeds): Promise<void> {
    for (const figures of this.figuresOf(machine)) this.handOff.ended(figures);
    const { appendfsync, changes, onRing } = this.options;
    const config =
      `cluster-enabled yes\ncluster-tokens 8\ncluster-seeds ${seeds}\ncluster-secret open\ncluster-announce-ip ${machine.host}\n` +
      `appendfsync ${appendfsync}\nrepair-interval ${this.repairSeconds}\n${moreConfig}`;
    const disk = (own: Disk): Disk =>
      tellingSyncs(changes.disk?.(own) ?? own, () => this.activity.note('logged', machine));
    const onBegin = (simulated: SimulatedMember): void => {
      this.members.set(machine, simulated);
      simulated.member.onRing((ring) => onRing?.(machine, ring));
    };
    return bootMember(machine, config, { ...changes, disk }, onBegin, onStopped);
  }

  /** Resolves when the clients have stopped. */
  async use(): Promise<void> {
    const next = (): SimClient => this.client(this.machines[this.random.below(this.machines.length)]);
    const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
    const others = this.options.hotKeys === undefined ? OTHER_CLIENTS : 0;
    await Promise.all([
      ...numbers(CLIENTS - others).map((i) => this.registers.run(`c${i}`, next)),
      ...numbers(others).map(() => this.workload.run(next)),
    ]);
  }

  stop(): void {
    this.registers.stop();
    this.workload.stop();
  }

  /** Nothing that clients have sent is on its way any more: what a cut had held up is executed, though nobody waits for it. */
  async silence(): Promise<void> {
    await this.clientMachine.silence();
  }

  /** Everybody is a member of the same ring, and takes all others for alive. */
  async agree(machines = this.machines): Promise<void> {
    while (!this.isWhole(machines)) await this.world.sleep(100);
  }

  /** Whether a ring that some node has names the one on a machine. */
  isMember(machine: Machine): boolean {
    const id = this.members.get(machine)?.member.self;
    const isNamed = ({ node, member }: SimulatedMember): boolean =>
      node !== undefined && member.ring.members.some((one) => one.id === id);
    return [...this.members.values()].some(isNamed);
  }

  protected isWhole(machines: readonly Machine[] = this.machines): boolean {
    return isWhole(machines, this.members);
  }

  /** Every key that may be there. */
  protected get keys(): string[] {
    return [...REGISTERS, ...this.workload.keys];
  }

  /** All hints are delivered. */
  async handOver(): Promise<void> {
    while (!this.handOff.isOver(this.machines.flatMap((machine) => this.figuresOf(machine)))) {
      await this.world.sleep(100);
    }
  }

  /** Of the process that runs there, or has run there last. */
  private figuresOf(machine: Machine): HandOffFigures[] {
    const ring = this.members.get(machine)?.node?.server.ring;
    return ring === undefined ? [] : [ring.figures];
  }

  /** Keys that were deleted, and of which nothing is left in the tables of the processes that run. */
  get deletesDropped(): number {
    return this.machines.reduce((sum, machine) => sum + (this.repairOf(machine)?.deletesDropped ?? 0), 0);
  }

  protected repairOf(machine: Machine): RepairFigures | undefined {
    return this.members.get(machine)?.node?.server.ring?.figures.repair;
  }

  rings(): string[] {
    const rings = this.machines.map((machine) => JSON.stringify(this.members.get(machine)?.member.ring.document));
    return new Set(rings).size === 1 ? [] : [`members have different rings: ${rings.join(' and ')}`];
  }

  /** All replicas are equal, though nobody has read a key: anti-entropy sees to that, whatever was lost; and nobody has anything else. Returns what is not so after so long. */
  async repair(withinMs: number): Promise<string[]> {
    for (const machine of this.machines) {
      const operator = this.client(machine);
      await this.ask(operator, 'CONFIG', 'SET', 'repair-interval', String(REPAIR_SECONDS));
      operator.close();
    }
    const endUs = this.world.nowUs + withinMs * 1000;
    for (;;) {
      const problems = [...this.compare(), ...this.strays()];
      if (problems.length === 0 || this.world.nowUs > endUs) return problems;
      await this.world.sleep(500);
    }
  }

  /** Reads everything, from all replicas, which repairs them. Returns what is wrong. */
  async readAll(isExact: boolean): Promise<string[]> {
    for (const machine of this.machines) {
      const operator = this.client(machine);
      await this.ask(operator, 'CONFIG', 'SET', 'read-consistency', 'all');
      operator.close();
    }
    const client = this.client(this.machines[0]);
    await this.registers.readAll(LAST, client);
    const read = (key: string): Promise<RespValue> =>
      key === 'queue' ? this.ask(client, 'LRANGE', key, '0', '-1') : this.ask(client, 'GET', key);
    const problems = await this.workload.check(read, isExact);
    client.close();
    return problems;
  }

  /** Whether all replicas of each key hold the same. */
  compare(): string[] {
    return compareMembers(this.machines, this.members, (machine) => this.dump(machine));
  }

  /** The same, but for keys that consensus decides about: hints do not bring these. */
  compareHandedOver(): string[] {
    const { decidedKeys } = this.workload;
    return compareMembers(this.machines, this.members, (machine) => {
      const dump = this.dump(machine);
      for (const key of decidedKeys) dump.delete(key);
      return dump;
    });
  }

  /** What members have of slots that are not theirs, or that was never dropped since they were. */
  private strays(): string[] {
    return this.machines.flatMap((machine) => {
      const { member, node } = this.members.get(machine) ?? {};
      if (member === undefined || node === undefined) return [];
      const index = member.ring.indexOf(member.self) ?? -1;
      const holds = (key: string): boolean =>
        member.ring.replicas(slotOf(Buffer.from(key), 0, key.length)).includes(index);
      const keys = [...this.dump(machine).keys()].filter((key) => !holds(key));
      const left = node.server.ring?.figures.givenUpSlots ?? 0;
      if (keys.length + left === 0) return [];
      return [`${machine.name} has ${keys.join(' ')} of slots that it does not hold, and is to drop ${left} slots`];
    });
  }

  private dump(machine: Machine): Map<string, string> {
    const result = new Map<string, string>();
    const node = this.members.get(machine)?.node;
    if (node === undefined) return result;
    const { keyspace } = node;
    const db = keyspace.database(0);
    const loader = new Loader(keyspace, keyspace.cold);
    for (const key of this.keys) {
      const bytes = Buffer.from(key);
      if (keyspace.isCold(db, bytes, 0, bytes.length)) loader.loadNow(db, bytes);
      const place = db.table.find(bytes, 0, bytes.length);
      // What is left of a record that the disk was to complete says nothing once the disk has all of it.
      if (place === 0 || keyspace.heap.isPartial(place)) continue;
      // What may go everywhere may be gone here, or not.
      const settledUpTo = this.settledUpTo(slotOf(bytes, 0, bytes.length));
      const { deletedUpTo: pair, expiry, cells } = withoutMarks(keyspace.entryOf(place), settledUpTo);
      const deletedUpTo = aboveStamp(pair, settledUpTo);
      // A key that was looked for in vain.
      if (cells.size === 0 && deletedUpTo.stamp === 0 && expiry.pair.stamp === 0) continue;
      const shown = [...cells].map(([field, cell]) => {
        const value = holdsValue(cell) ? cell.value : cell.value && digestedMark(cell.type, cell.value, settledUpTo);
        return [field, cell.pair, value && Buffer.from(value).toString('latin1')];
      });
      result.set(key, JSON.stringify([shown.map((cell) => JSON.stringify(cell)).sort(), deletedUpTo, expiry]));
    }
    return result;
  }

  /** Where one member knows that a slot is settled, that is so, though others may not have heard of it. */
  private settledUpTo(slot: number): number {
    const bounds = this.machines.map((machine) => this.members.get(machine)?.node?.keyspace.deadUpTo?.of(slot) ?? 0);
    return Math.max(0, ...bounds);
  }

  protected client(machine: Machine): SimClient {
    const { process } = this.clientMachine;
    if (process === undefined) throw new Error('the clients have no process');
    return new SimClient(process, {
      host: machine.host,
      port: CLIENT_PORT,
      timeoutMs: TIMEOUT_MS,
      onAsk: (command) => this.activity.noteCommand('asked', command, machine),
      onReply: (command) => this.activity.noteCommand('answered', command, machine),
    });
  }

  /** Asks until it is answered. */
  protected async ask(client: SimClient, ...words: string[]): Promise<RespValue> {
    for (;;) {
      const answer = await client.call(...words);
      if (answer.kind === 'reply' && outcomeOf(answer) === 'ok') return answer.value;
      this.world.note(LAST, () => `${words.join(' ')}: ${JSON.stringify(answer)}`);
      await this.world.sleep(100);
    }
  }
}
