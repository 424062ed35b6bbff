/**
 * A ring of nodes on this machine with one command, until Ctrl-C:
 *
 *     npm run cluster -- [--nodes 5] [--port 7001] [--dir <directory>] [-- <option of ringkv> ...]
 *
 * Without a directory the data is in fresh ones, and gone at the end. Ports are the first one and those behind it.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRing, stopRing } from '../tools/ring-processes.js';
import type { ServerProcess } from '../tools/server-process.js';
import { ImportantLines } from './important-lines.js';

const USAGE = 'npm run cluster -- [--nodes <count>] [--port <first>] [--dir <directory>] [-- <option of ringkv> ...]';
const NODES_MAX = 50;
const EXIT_ON_SIGNAL = 130;

interface Request {
  readonly ports: readonly number[];
  readonly dir: string | undefined;
  readonly args: readonly string[];
}

function parseCommandLine(): Request | undefined {
  const options = {
    nodes: { type: 'string', default: '5' },
    port: { type: 'string', default: '7001' },
    dir: { type: 'string' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const count = Number(values.nodes);
    const first = Number(values.port);
    if (!Number.isInteger(count) || count < 1 || count > NODES_MAX || !Number.isInteger(first)) return undefined;
    return { ports: Array.from({ length: count }, (_, i) => first + i), dir: values.dir, args: positionals };
  } catch {
    return undefined;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function greet(nodes: readonly ServerProcess[]): void {
  const [{ port }] = nodes;
  say('');
  say(`${nodes.length} nodes are one ring. Each takes any command:`);
  say('');
  for (const node of nodes) say(`  redis-cli -p ${node.port}      # process ${node.pid}, data in ${node.dir}`);
  say('');
  say(`  redis-cli -c -p ${port}   # goes straight to who has the key`);
  say(`  node dist/bin/ringkv.js ring 127.0.0.1:${port}   # draws the ring`);
  say('');
  say("  import { Cluster } from 'ioredis';");
  say(`  const store = new Cluster([{ host: '127.0.0.1', port: ${port} }]);`);
  say('');
  say('Kill one (kill -9 <process>) and see: everything goes on. Ctrl-C stops all of them.');
  say('');
}

/** A directory that is removed when this process ends. */
function freshDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'ringkv-cluster-'));
  process.on('exit', () => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

/** Serves until a signal comes; resolves to the exit code. */
async function serve({ ports, dir, args }: Request): Promise<number> {
  let stop: () => void = () => process.exit(EXIT_ON_SIGNAL);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop());
  const root = dir ?? freshDirectory();
  const dirs = ports.map((port) => join(root, String(port)));
  for (const path of dirs) mkdirSync(path, { recursive: true });
  const logs = ports.map((port) => new ImportantLines((line) => say(`[${port}] ${line}`)));
  say(`Starting ${ports.length} nodes on ports ${ports[0]} to ${ports.at(-1)} ...`);
  const nodes = await startRing({
    ports,
    args,
    dirs,
    onOutput: (node, text) => logs[node]?.take(text),
  });
  let isStopping = false;
  for (const node of nodes) {
    void node.exited.then(({ code, signal }) => {
      if (isStopping) return;
      const again = `--port ${node.port} --dir ${node.dir} --cluster yes`;
      say(`[${node.port}] has ended (${signal ?? `code ${code}`}). To have it back: node dist/bin/ringkv.js ${again}`);
    });
  }
  greet(nodes);
  await new Promise<void>((resolve) => (stop = resolve));
  isStopping = true;
  say('Stopping ...');
  await stopRing(nodes);
  say(dir === undefined ? 'All have stopped; their data is gone.' : `All have stopped; their data is in ${dir}.`);
  return 0;
}

const request = parseCommandLine();
if (request === undefined) {
  process.stderr.write(`Usage: ${USAGE}\n`);
  process.exitCode = 2;
} else {
  serve(request).then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
}
