/** A ring of nodes, each a child process of its own on this machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isPortFree } from './free-port.js';
import { ServerProcess } from './server-process.js';

/** The bus is so far above a node's port. */
const BUS_DISTANCE = 10_000;
/** Where ports are looked for: their buses are below the range that the system takes for outgoing connections, too. */
const LOWEST = 20_000;
const COUNT = 2700;
const ATTEMPTS = 200;
const PROBE_EVERY_MS = 20;
const FORM_TIMEOUT_MS = 30_000;

export interface RingOptions {
  readonly ports: readonly number[];
  /** Flags of every node. */
  readonly args?: readonly string[];
  /** Flags of one. */
  readonly argsOf?: (node: number) => readonly string[];
  /** The data directory of each; default: fresh ones, removed at the end. */
  readonly dirs?: readonly string[];
  /** What a node writes, as it comes. */
  readonly onOutput?: (node: number, text: string) => void;
}

/** So many ports of 127.0.0.1 on which, and on whose buses, nothing listened a moment ago. */
export async function freeRingPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS && ports.size < count; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if ((await isPortFree(port)) && (await isPortFree(port + BUS_DISTANCE))) ports.add(port);
  }
  if (ports.size < count) throw new Error(`no ${count} free ports found`);
  return [...ports];
}

/** Starts a node for each port, and waits until they are one ring and each reaches all others. Rejects, and ends all, if one does not come up. */
export async function startRing({
  ports,
  args = [],
  argsOf = () => [],
  dirs,
  onOutput,
}: RingOptions): Promise<ServerProcess[]> {
  const seeds = ports.map((port) => `127.0.0.1:${port}`).join(',');
  const starts = await Promise.allSettled(
    ports.map((port, i) =>
      ServerProcess.start({
        kind: 'ringkv',
        port,
        args: ['--cluster-enabled', 'yes', '--cluster-seeds', seeds, ...args, ...argsOf(i)],
        ...(dirs && { dir: dirs[i] }),
        ...(onOutput && { onOutput: (text: string) => onOutput(i, text) }),
      }),
    ),
  );
  const nodes = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  try {
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
    const deadlineMs = performance.now() + FORM_TIMEOUT_MS;
    for (const node of nodes) await untilConnected(node, nodes.length, deadlineMs);
  } catch (error) {
    await stopRing(nodes);
    throw error;
  }
  return nodes;
}

export async function stopRing(nodes: readonly ServerProcess[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop()));
}

/** Resolves when a node reaches `count` members, itself included. */
async function untilConnected(node: ServerProcess, count: number, deadlineMs: number): Promise<void> {
  const client = await node.connect();
  try {
    for (;;) {
      const text = String(await client.call('CLUSTER', 'NODES'));
      const reached = text.split('\n').filter((line) => / (myself,)?master - .* connected /.test(line));
      if (reached.length === count) return;
      if (performance.now() > deadlineMs) throw new Error(`port ${node.port} does not reach all members:\n${text}`);
      await sleep(PROBE_EVERY_MS);
    }
  } finally {
    client.close();
  }
}
