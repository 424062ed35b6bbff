/** Nodes that know nothing of each other, with `appendfsync always`: what they have acknowledged, they keep through everything. */

import { Activity } from '../activity.js';
import { Chaos } from '../chaos.js';
import type { DiskFault } from '../fault-plan.js';
import { describePlan, drawFaultPlan } from '../fault-plan.js';
import type { Operation } from '../history.js';
import { History } from '../history.js';
import { Machine } from '../machine.js';
import { RegisterClients } from '../register-clients.js';
import { checkRegister } from '../register-checker.js';
import type { Scenario } from '../scenario.js';
import { SimClient } from '../sim-client.js';
import type { NodeChanges } from '../simulated-node.js';
import { CLIENT_PORT, bootNode } from '../simulated-node.js';
import type { World } from '../world.js';

const CLIENTS = 3;
const KEYS = 8;
const CLOCK_ERROR_MS_MAX = 500;
const DISK_FAULTS: readonly DiskFault[] = ['full', 'failing'];
/** Who reads at the end, when all is well. */
const LAST = 'last';
const TIMEOUT_MS = 2000;
/** When all is well again, everything is answered after this. */
const CONVERGE_MS = 60_000;

/** A node and who uses it. */
class Island {
  readonly machine: Machine;
  readonly history = new History();
  private readonly clientMachine: Machine;
  private readonly activity: Activity;
  private readonly registers: RegisterClients;

  constructor(world: World, number: number, clientMachine: Machine, activity: Activity) {
    this.machine = new Machine(world, `node${number}`, `10.0.0.${number}`);
    this.clientMachine = clientMachine;
    this.activity = activity;
    const keys = Array.from({ length: KEYS }, (_, index) => `node${number}:k${index}`);
    this.registers = new RegisterClients(world, this.history, {
      keys,
      thinkMs: 50,
      writeShare: 0.5,
      valueBytesMax: 5000,
    });
  }

  /** Resolves when the clients have stopped. */
  async use(): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, (_, i) => this.registers.run(`c${i}`, () => this.client())));
  }

  stop(): void {
    this.registers.stop();
  }

  async readAll(): Promise<void> {
    const client = this.client();
    await this.registers.readAll(LAST, client);
    client.close();
  }

  /**
   * While the log takes nothing more, writes are refused and reads go on: they may show a write that was never acknowledged, and that a
   * crash takes back. So with bad disks only reads at the end count.
   */
  problems(hadBadDisk: boolean): string[] {
    const counts = ({ kind, client }: Operation): boolean => kind === 'write' || client === LAST || !hadBadDisk;
    return [...this.history.byKey().values()].flatMap((operations) => checkRegister(operations.filter(counts)));
  }

  private client(): SimClient {
    const { process } = this.clientMachine;
    if (process === undefined) throw new Error('the clients have no process');
    const { machine, activity } = this;
    return new SimClient(process, {
      host: machine.host,
      port: CLIENT_PORT,
      timeoutMs: TIMEOUT_MS,
      onAsk: (command) => activity.noteCommand('asked', command, machine),
      onReply: (command) => activity.noteCommand('answered', command, machine),
    });
  }
}

/** `changes`: a bug to be found. */
export function singleNodes(changes: NodeChanges = {}): Scenario {
  return {
    name: 'single-nodes',
    about: 'nodes on their own, appendfsync always: nothing acknowledged is lost',
    nodesDefault: 1,
    run: async (world, { nodes }) => {
      const clients = new Machine(world, 'clients', '10.0.1.1');
      clients.boot();
      const activity = new Activity();
      const islands = Array.from({ length: nodes }, (_, index) => new Island(world, index + 1, clients, activity));
      const plan = drawFaultPlan(world.fork(), { nodes, clockErrorMsMax: CLOCK_ERROR_MS_MAX, diskFaults: DISK_FAULTS });
      world.headline = describePlan(plan);
      const chaos = new Chaos(world, plan, {
        machines: islands.map(({ machine }) => machine),
        clients: [clients],
        boot: (machine) => bootNode(machine, 'appendfsync always\n', changes),
        clockErrorMsMax: CLOCK_ERROR_MS_MAX,
        activity,
      });
      await Promise.all(islands.map(({ machine }) => chaos.boot(machine)));
      const used = islands.map((island) => island.use());
      await chaos.run();
      for (const island of islands) island.stop();
      const settled = Promise.all(used).then(() => Promise.all(islands.map((island) => island.readAll())));
      await world.within(CONVERGE_MS, 'every key is read again', settled);
      const operations = islands.flatMap(({ history }) => history.operations);
      return {
        operations: operations.filter(({ outcome }) => outcome === 'ok').length,
        problems: islands.flatMap((island) => island.problems(plan.disks !== undefined)),
      };
    },
  };
}
