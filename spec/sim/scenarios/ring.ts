/**
 * A ring of nodes, three replicas of everything, at QUORUM: what was acknowledged is kept and seen, and after all is well again, all replicas are equal: when hints
 * are delivered, as far as that is promised (hand-off.ts); after anti-entropy, whatever was lost; and when every key was read from all of them.
 *
 * With `appendfsync everysec` a power failure takes back what was acknowledged a moment before, on that node: then a read may miss it, and what is put later
 * may have an older stamp. What remains is that it is there in the end, if no other power fails before the logs of the others are on their disks.
 */

import type { SeededRandom } from '../seeded-random.js';
import { slotOf } from '../../../lib/base/position.js';
import { Loader } from '../../../lib/data/loader.js';
import type { RespValue } from '../../protocol/resp-decoder.js';
import { Chaos } from '../chaos.js';
import type { DiskFault, FaultPlan } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import type { HandOffFigures } from '../hand-off.js';
import { HandOff } from '../hand-off.js';
import { History } from '../history.js';
import { GOOD_LINK } from '../link.js';
import { Machine } from '../machine.js';
import { RegisterClients, outcomeOf } from '../register-clients.js';
import { checkRegister } from '../register-checker.js';
import { compareReplicas } from '../replica-checker.js';
import { RingWorkload } from '../ring-workload.js';
import type { Scenario } from '../scenario.js';
import { SimClient } from '../sim-client.js';
import type { NodeChanges, SimulatedMember } from '../simulated-node.js';
import { CLIENT_PORT, bootMember } from '../simulated-node.js';
import type { World } from '../world.js';

const REGISTER_CLIENTS = 3;
const OTHER_CLIENTS = 3;
const REGISTERS = ['r1', 'r2', 'r3', 'r4', 'r5'];
const THINK_MS = 100;
/** What `max-clock-drift` is, between two clocks. */
const CLOCK_ERROR_MS_MAX = 250;
const DISK_FAULTS: readonly DiskFault[] = ['full', 'failing'];
const TIMEOUT_MS = 4000;
/** When all is well again, every node is a member, and takes all others for alive, after this. */
const MEMBERS_MS = 120_000;
const CONVERGE_MS = 120_000;
/** From one round of anti-entropy to the next. */
const REPAIR_SECONDS = 5;
/** With `everysec`: from one power failure to the next, everything that was acknowledged is on a disk. */
const POWER_APART_MS = 15_000;
const LAST = 'last';

/** Whether a log is synced before an answer leaves, and what follows. */
interface Durability {
  readonly appendfsync: 'always' | 'everysec';
  /** A crash may take back what was acknowledged. */
  readonly mayForget: boolean;
}

class SimulatedRing {
  readonly machines: Machine[];
  readonly history = new History();
  readonly workload: RingWorkload;
  readonly handOff: HandOff;
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly clientMachine: Machine;
  private readonly registers: RegisterClients;
  private readonly members = new Map<Machine, SimulatedMember>();
  private readonly changes: NodeChanges;
  private readonly appendfsync: string;
  /** While there are faults; 0: then there is no anti-entropy. */
  private readonly repairSeconds: number;

  constructor(world: World, nodes: number, appendfsync: string, plan: FaultPlan, changes: NodeChanges) {
    this.handOff = new HandOff(plan);
    this.world = world;
    this.random = world.fork();
    this.changes = changes;
    this.appendfsync = appendfsync;
    // As good as drawn.
    this.repairSeconds = plan.chaosMs % 2 === 0 ? 0 : REPAIR_SECONDS;
    this.clientMachine = new Machine(world, 'clients', '10.0.1.1');
    this.clientMachine.boot();
    this.machines = Array.from({ length: nodes }, (_, i) => new Machine(world, `node${i + 1}`, `10.0.0.${i + 1}`));
    this.workload = new RingWorkload(world, THINK_MS);
    this.registers = new RegisterClients(world, this.history, {
      keys: REGISTERS,
      thinkMs: THINK_MS,
      writeShare: 0.5,
      severalShare: 0.3,
      valueBytesMax: 2000,
    });
  }

  get clients(): Machine[] {
    return [this.clientMachine];
  }

  boot(machine: Machine): Promise<void> {
    for (const figures of this.figuresOf(machine)) this.handOff.ended(figures);
    const seeds = this.machines.map(({ host }) => `${host}:${CLIENT_PORT}`).join(',');
    const config =
      `cluster-enabled yes\ncluster-tokens 8\ncluster-seeds ${seeds}\ncluster-secret open\ncluster-announce-ip ${machine.host}\n` +
      `appendfsync ${this.appendfsync}\nrepair-interval ${this.repairSeconds}\n`;
    return bootMember(machine, config, this.changes, (member) => this.members.set(machine, member));
  }

  /** Resolves when the clients have stopped. */
  async use(): Promise<void> {
    const next = (): SimClient => this.client(this.machines[this.random.below(this.machines.length)]);
    const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
    await Promise.all([
      ...numbers(REGISTER_CLIENTS).map((i) => this.registers.run(`c${i}`, next)),
      ...numbers(OTHER_CLIENTS).map(() => this.workload.run(next)),
    ]);
  }

  stop(): void {
    this.registers.stop();
    this.workload.stop();
  }

  /** Everybody is a member of the same ring, and takes all others for alive. */
  async agree(): Promise<void> {
    while (!this.isWhole()) await this.world.sleep(100);
  }

  private isWhole(): boolean {
    const members = this.machines.map((machine) => this.members.get(machine));
    const ids = members.map((each) => each?.member.self);
    return members.every((one) => {
      if (one?.node === undefined) return false;
      const { ring, links } = one.member;
      return ring.members.length === ids.length && ids.every((id) => id !== undefined && links.isUp(id));
    });
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

  rings(): string[] {
    const rings = this.machines.map((machine) => JSON.stringify(this.members.get(machine)?.member.ring.document));
    return new Set(rings).size === 1 ? [] : [`members have different rings: ${rings.join(' and ')}`];
  }

  /** All replicas are equal, though nobody has read a key: anti-entropy sees to that, whatever was lost. */
  async repair(): Promise<void> {
    for (const machine of this.machines) {
      const operator = this.client(machine);
      await this.ask(operator, 'CONFIG', 'SET', 'repair-interval', String(REPAIR_SECONDS));
      operator.close();
    }
    while (this.compare().length > 0) await this.world.sleep(500);
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
    const dumps = new Map(this.machines.map((machine) => [machine.name, this.dump(machine)]));
    const ring = this.members.get(this.machines[0])?.member.ring;
    return compareReplicas(dumps, (key) => {
      const bytes = Buffer.from(key);
      const ids = Array.from(ring?.replicas(slotOf(bytes, 0, bytes.length)) ?? [], (i) => ring?.members[i].id);
      return this.machines
        .filter((machine) => ids.includes(this.members.get(machine)?.member.self))
        .map(({ name }) => name);
    });
  }

  private dump(machine: Machine): Map<string, string> {
    const result = new Map<string, string>();
    const node = this.members.get(machine)?.node;
    if (node === undefined) return result;
    const { keyspace } = node;
    const db = keyspace.database(0);
    const loader = new Loader(keyspace, keyspace.cold);
    for (const key of [...REGISTERS, ...this.workload.keys]) {
      const bytes = Buffer.from(key);
      if (keyspace.isCold(db, bytes, 0, bytes.length)) loader.loadNow(db, bytes);
      const place = db.table.find(bytes, 0, bytes.length);
      if (place === 0) continue;
      const { deletedUpTo, expiry, cells } = keyspace.entryOf(place);
      const shown = [...cells].map(([field, { pair, value }]) => [field, pair, value && Buffer.from(value).toString()]);
      result.set(key, JSON.stringify([shown.map((cell) => JSON.stringify(cell)).sort(), deletedUpTo, expiry]));
    }
    return result;
  }

  private client({ host }: Machine): SimClient {
    const { process } = this.clientMachine;
    if (process === undefined) throw new Error('the clients have no process');
    return new SimClient(process, { host, port: CLIENT_PORT, timeoutMs: TIMEOUT_MS });
  }

  /** Asks until it is answered. */
  private async ask(client: SimClient, ...words: string[]): Promise<RespValue> {
    for (;;) {
      const answer = await client.call(...words);
      if (answer.kind === 'reply' && outcomeOf(answer) === 'ok') return answer.value;
      this.world.note(LAST, () => `${words.join(' ')}: ${JSON.stringify(answer)}`);
      await this.world.sleep(100);
    }
  }
}

/** Changes a plan so that what is promised can be kept. */
function planFor(world: World, nodes: number, faults: Partial<FaultPlan>): { plan: FaultPlan; durability: Durability } {
  const random = world.fork();
  const limits = { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: DISK_FAULTS };
  const drawn = { ...drawFaultPlan(random, limits), ...faults };
  const appendfsync = random.below(2) === 0 ? 'always' : 'everysec';
  const losesPower = drawn.crashes !== undefined && drawn.crashes.how !== 'kill';
  const mayForget = appendfsync === 'everysec' && (losesPower || drawn.disks?.how === 'failing');
  if (!mayForget) return { plan: drawn, durability: { appendfsync, mayForget } };
  const crashes = drawn.crashes && { ...drawn.crashes, apartMs: POWER_APART_MS };
  // Who is stopped syncs nothing.
  return {
    plan: { ...drawn, crashes, stops: undefined, disks: undefined, downMax: 1 },
    durability: { appendfsync, mayForget: losesPower },
  };
}

/** Nobody is ever taken for dead. */
function isCalm({ crashes, stops, partitions, disks, link }: FaultPlan): boolean {
  const events = [crashes, stops, partitions, disks];
  return events.every((each) => each === undefined) && link === GOOD_LINK;
}

/** `changes`: a bug to be found. `faults`: those to be found it by, in place of what the seed draws. */
export function ring(changes: NodeChanges = {}, faults: Partial<FaultPlan> = {}): Scenario {
  return {
    name: 'ring',
    about:
      'a ring of nodes, three replicas, QUORUM: nothing acknowledged is lost, reads do not go back, replicas become equal',
    nodesDefault: 5,
    run: async (world, { nodes }) => {
      const { plan, durability } = planFor(world, nodes, faults);
      const { appendfsync, mayForget } = durability;
      world.headline = `appendfsync ${appendfsync}; ${describePlan(plan)}`;
      const simulated = new SimulatedRing(world, nodes, appendfsync, plan, changes);
      const { machines, clients, history, workload } = simulated;
      const chaos = new Chaos(world, plan, {
        machines,
        clients,
        boot: (machine) => simulated.boot(machine),
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
      });
      await world.within(MEMBERS_MS, 'there is a ring', Promise.all(machines.map((machine) => chaos.boot(machine))));
      await world.within(MEMBERS_MS, 'all know each other', simulated.agree());
      const used = simulated.use();
      await chaos.run();
      await world.within(MEMBERS_MS, 'all know each other again', simulated.agree());
      simulated.stop();
      await world.within(CONVERGE_MS, 'every client is answered', used);
      await world.within(CONVERGE_MS, 'all hints are delivered', simulated.handOver());
      const problems = simulated.rings();
      if (simulated.handOff.promisesAll) problems.push(...simulated.compare());
      await world.within(CONVERGE_MS, 'all replicas are equal', simulated.repair());
      const lost = await world.within(CONVERGE_MS, 'every key is read again', simulated.readAll(isCalm(plan)));
      problems.push(...lost, ...simulated.compare());
      if (!mayForget) problems.push(...[...history.byKey().values()].flatMap((each) => checkRegister(each)));
      const answered = history.operations.filter(({ outcome }) => outcome === 'ok').length;
      return { operations: answered + workload.operations, problems };
    },
  };
}
