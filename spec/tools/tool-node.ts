/** What the specs of tools share: a node on a memory disk that fills a data directory, and what tools print of it. */

import { NodeNetwork } from '../../lib/host/node-network.js';
import { NodeTimers } from '../../lib/host/node-timers.js';
import type { ToolPorts } from '../../lib/tools/tool.js';
import { checkDirectory } from '../../lib/tools/check.js';
import type { BenchClient } from '../server/node-bench.js';
import { NodeBench } from '../server/node-bench.js';
import type { MemoryDiskOptions } from '../sim/memory-disk.js';
import { MemoryDisk } from '../sim/memory-disk.js';
import { SeededRandom } from '../sim/seeded-random.js';

export const DIRECTORY = '/data';
const ROUNDS_MAX = 1000;

/** A node whose disk is as quick as it asks. */
export class ToolNode {
  readonly disk: MemoryDisk;
  private readonly bench: NodeBench;
  private readonly client: BenchClient;

  private constructor(bench: NodeBench, disk: MemoryDisk) {
    this.bench = bench;
    this.disk = disk;
    this.client = bench.connect();
  }

  static async start(disk: MemoryDisk, directory = DIRECTORY, configText = ''): Promise<ToolNode> {
    return new ToolNode(await NodeBench.start(`dir ${directory}\n${configText}`, { disk }), disk);
  }

  /** The same node, for another client. */
  beside(): ToolNode {
    return new ToolNode(this.bench, this.disk);
  }

  /** Sends a command, and waits for its reply. */
  async ask(...words: readonly (string | number)[]): Promise<unknown> {
    const { client, bench } = this;
    client.send(...words);
    for (let round = 0; round < ROUNDS_MAX && !client.hasReplies; round++) {
      await bench.settle();
      bench.timers.fire();
    }
    return client.replies()[0];
  }

  /** Every key of database 0 with its value and time to live, and errors in place of what cannot be read. */
  async contents(): Promise<Map<string, unknown>> {
    const keys = (await this.ask('KEYS', '*')) as string[];
    const contents = new Map<string, unknown>();
    for (const key of keys.sort()) contents.set(key, [await this.ask('GET', key), await this.ask('PTTL', key)]);
    return contents;
  }

  /** A line of the server's log that holds this text. */
  logged(text: string): string | undefined {
    return this.bench.lines.find((line) => line.includes(text));
  }

  /** Lets time pass. */
  async advance(ms: number): Promise<void> {
    await this.bench.advance(ms);
  }

  /** Ends in order; returns the disk for the next process. */
  async stop(): Promise<MemoryDisk> {
    let isStopped = false;
    void this.bench.node.stop().then(() => (isStopped = true));
    for (let round = 0; round < ROUNDS_MAX && !isStopped; round++) await this.bench.settle();
    return this.disk.kill();
  }
}

/** Fills a data directory with tables of several levels and kinds of records, and a log behind them; nobody has it. */
export async function filledDisk(): Promise<MemoryDisk> {
  const node = await ToolNode.start(new MemoryDisk());
  for (let i = 0; i < 60; i++) await node.ask('SET', `key${i}`, 'x'.repeat(i * 7));
  for (let i = 0; i < 60; i += 6) await node.ask('PEXPIRE', `key${i}`, 1_000_000 + i);
  await node.ask('SELECT', 3);
  await node.ask('SET', 'elsewhere', 'y'.repeat(20_000));
  await node.ask('SELECT', 0);
  await node.ask('COMPACT');
  for (let i = 0; i < 30; i++) await node.ask('APPEND', `key${i}`, '.');
  for (let i = 20; i < 40; i++) await node.ask('DEL', `key${i}`);
  await node.ask('PERSIST', 'key6');
  await node.ask('SAVE');
  for (let i = 50; i < 70; i++) await node.ask('SET', `key${i}`, `late ${i}`);
  await node.ask('DEL', 'key55');
  return node.stop();
}

/** Every file of a data directory that lasts, by its path in it. */
export function filesOf(disk: MemoryDisk, directory = DIRECTORY): string[] {
  const below = (folder: string): string[] => disk.list(`${directory}/${folder}`).map((name) => `${folder}/${name}`);
  const top = disk.list(directory).filter((name) => name !== 'aof' && name !== 'tables' && name !== 'lock');
  return [...top, ...below('aof'), ...below('tables')];
}

/** A disk with the same data directory, durable. */
export function copyOf(disk: MemoryDisk, options: MemoryDiskOptions = {}): MemoryDisk {
  const copy = new MemoryDisk();
  for (const folder of ['aof', 'tables']) copy.makeDirectory(`${DIRECTORY}/${folder}`);
  for (const name of filesOf(disk)) copy.plant(`${DIRECTORY}/${name}`, disk.contentOf(`${DIRECTORY}/${name}`));
  for (const folder of ['/', DIRECTORY]) copy.syncDirectory(folder);
  return copy.kill(options);
}

/** The same, in which a file is another one; `undefined`: gone. */
export function changed(disk: MemoryDisk, name: string, change: (content: Buffer) => Buffer | undefined): MemoryDisk {
  const copy = copyOf(disk);
  const path = `${DIRECTORY}/${name}`;
  const content = change(Buffer.from(copy.contentOf(path)));
  if (content === undefined) copy.remove(path);
  else copy.plant(path, content);
  return copy;
}

/** What a check prints; its last line is the summary. */
export function check(disk: MemoryDisk, directory = DIRECTORY): { lines: string[]; damaged: string[] } {
  const lines: string[] = [];
  const { damages } = checkDirectory(disk, directory, (line) => lines.push(line));
  return { lines, damaged: damages.map(({ name }) => name) };
}

export interface RecordedPorts extends ToolPorts {
  readonly lines: string[];
  readonly complaints: string[];
}

export function toolPorts(disk: MemoryDisk): RecordedPorts {
  const lines: string[] = [];
  const complaints: string[] = [];
  return {
    disk,
    random: new SeededRandom(99),
    network: new NodeNetwork(),
    timers: new NodeTimers(),
    hasColour: false,
    formatTime: (unixMs) => new Date(unixMs).toISOString(),
    print: (line) => lines.push(line),
    complain: (line) => complaints.push(line),
    lines,
    complaints,
  };
}
