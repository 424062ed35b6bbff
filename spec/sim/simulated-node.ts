/** A ringkv node on a Machine. */

import { Config } from '../../lib/config/config.js';
import { parseConfigText } from '../../lib/config/parse.js';
import type { Disk, ProcessProbe } from '../../lib/host/ports.js';
import { Log } from '../../lib/server/log.js';
import { Node } from '../../lib/server/node.js';
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

export interface NodeChanges {
  /** Puts something else in the place of the disk: a bug to be found. */
  readonly disk?: (disk: Disk) => Disk;
}

/** Boots a node, which starts to read its data. Resolves when it takes connections, if it lives so long. */
export async function bootNode(machine: Machine, configText = '', changes: NodeChanges = {}): Promise<void> {
  const process = machine.boot();
  const disk = changes.disk?.(process.disk) ?? process.disk;
  const node = new Node({
    config: new Config(probe, parseConfigText(BASE_CONFIG + configText, 'sim.conf', filesOf({}))),
    configFile: '',
    version: '0.0.0',
    clock: process.clock,
    timers: process.timers,
    random: process.random,
    disk,
    network: process.network,
    process: probe,
    log: new Log({
      write: (line) => machine.world.note(machine.name, () => line.trimEnd()),
      localTime: () => ({ year: 2023, month: 11, day: 14, hour: 0, minute: 0, second: 0, ms: 0 }),
      processId: 1,
    }),
    jobs: () => new InlineJobs(disk),
    rewriteConfig: () => undefined,
    onStopped: (code) => {
      throw new Error(`the node has ended with ${code}`);
    },
  });
  await node.start();
}
