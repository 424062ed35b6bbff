/** A ringkv node on a Machine. */

import { Config } from '../../lib/config/config.js';
import { parseConfigText } from '../../lib/config/parse.js';
import type { Disk, ProcessProbe } from '../../lib/host/ports.js';
import { Log } from '../../lib/server/log.js';
import { Node } from '../../lib/server/node.js';
import type { RingMemberOptions } from '../../lib/server/ring/ring-member.js';
import { RingMember } from '../../lib/server/ring/ring-member.js';
import type { RingMembership } from '../../lib/server/ring/ring-membership.js';
import { InlineJobs } from '../../lib/storage/jobs/job-runner.js';
import { filesOf } from '../config/files.js';
import type { Machine } from './machine.js';

export const CLIENT_PORT = 6379;

/** For all: nothing that depends on the machine that the simulation runs on. */
const BASE_CONFIG = `port ${CLIENT_PORT}\nbind 0.0.0.0\nprotected-mode no\nhz 10\nsave ""\nenable-debug-command yes\nmaxmemory 64mb\n`;

const probe: ProcessProbe = {
  processId: 1,
  totalMemoryBytes: 8 * 1024 ** 3,
  osName: 'simulated',
  residentBytes: () => 1,
  heapBytes: () => 1,
  cpu: () => ({ user: 0, system: 0 }),
  mainThreadCpu: () => ({ user: 0, system: 0 }),
  filesMax: 65_536,
};

/** What is put in the place of something else: a bug to be found. */
export interface NodeChanges {
  readonly disk?: (disk: Disk) => Disk;
  /** What a node in a ring is made of. */
  readonly member?: (options: RingMemberOptions) => RingMemberOptions;
  /** Of a node in a ring. */
  readonly membership?: (member: RingMember) => RingMembership;
  /** Of a node in a ring, before it reads its data. */
  readonly node?: (node: Node) => void;
}

/** A node in a ring, as far as it has come. */
export interface SimulatedMember {
  readonly member: RingMember;
  node: Node | undefined;
}

/** Boots a node, which starts to read its data. Resolves when it takes connections, if it lives so long. */
export async function bootNode(machine: Machine, configText = '', changes: NodeChanges = {}): Promise<void> {
  const world = worldOf(machine, configText, changes);
  await nodeOf(world, undefined).start();
}

/**
 * The same for a node in a ring, which becomes a member of it first. `onBegin` is told of it when there is nothing to wait for yet.
 */
export async function bootMember(
  machine: Machine,
  configText: string,
  changes: NodeChanges,
  onBegin: (member: SimulatedMember) => void,
  onStopped: (code: number) => void = refuseToStop,
): Promise<void> {
  const world = worldOf(machine, configText, changes);
  const member = new RingMember(changes.member?.(world) ?? world);
  const simulated: SimulatedMember = { member, node: undefined };
  onBegin(simulated);
  await member.start();
  const node = nodeOf(world, changes.membership?.(member) ?? member, onStopped);
  changes.node?.(node);
  await node.start();
  simulated.node = node;
}

/** What a machine and its new process give. */
function worldOf(machine: Machine, configText: string, changes: NodeChanges): RingMemberOptions {
  const process = machine.boot();
  return {
    config: new Config(probe, parseConfigText(BASE_CONFIG + configText, 'sim.conf', filesOf({}))),
    clock: process.clock,
    timers: process.timers,
    random: process.random,
    disk: changes.disk?.(process.disk) ?? process.disk,
    network: process.network,
    log: new Log({
      write: (line) => machine.world.note(machine.name, () => line.trimEnd()),
      localTime: () => ({ year: 2023, month: 11, day: 14, hour: 0, minute: 0, second: 0, ms: 0 }),
      processId: 1,
    }),
  };
}

function refuseToStop(code: number): void {
  throw new Error(`the node has ended with ${code}`);
}

function nodeOf(
  world: RingMemberOptions,
  membership: RingMembership | undefined,
  onStopped: (code: number) => void = refuseToStop,
): Node {
  return new Node({
    ...world,
    membership,
    configFile: '',
    version: '0.0.0',
    process: probe,
    jobs: () => new InlineJobs(world.disk),
    rewriteConfig: () => undefined,
    onStopped,
  });
}
