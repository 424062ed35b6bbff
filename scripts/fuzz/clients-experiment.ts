import fc, { type Arbitrary } from 'fast-check';
import type { RawConnection } from '../tools/raw-connection.js';
import { encodeCommand } from '../tools/resp-client.js';
import { commandOf, type Command, type CommandRow } from './command-arbitrary.js';
import { commandText } from './command-text.js';
import { experiment, type Experiment } from './experiment.js';
import type { FuzzTarget } from './fuzz-target.js';

/** Something that one of several clients does. */
interface Step {
  readonly client: number;
  readonly act: Act;
}

type Act =
  | { readonly kind: 'send'; readonly command: Command }
  | { readonly kind: 'leave' | 'end' | 'stop reading' | 'go on reading' | 'wait for the server' };

const CLIENTS = 4;
const STEPS_MAX = 40;

/** What changes how the server treats clients, and what it takes to be sure that it does so in the middle of something. */
const DISTURBANCES = [
  ...['CLIENT PAUSE 20 ALL', 'CLIENT PAUSE 20 WRITE', 'CLIENT UNPAUSE', 'CLIENT REPLY OFF', 'CLIENT REPLY SKIP'],
  ...['CLIENT REPLY ON', 'CLIENT KILL TYPE normal', 'CLIENT KILL TYPE normal SKIPME no', 'CLIENT NO-EVICT ON'],
  ...['MONITOR', 'RESET', 'QUIT', 'HELLO 3', 'HELLO 2', 'PING', 'CLIENT LIST', 'INFO all'],
  ...[
    'BGREWRITEAOF',
    'BGSAVE',
    'SAVE',
    'DEBUG LOADAOF',
    'DEBUG RELOAD',
    'DEBUG SLEEP 0.01',
    'WAIT 1 10',
    'WAITAOF 1 0 10',
  ],
  ...['DEBUG SET-ACTIVE-EXPIRE 0', 'DEBUG SET-ACTIVE-EXPIRE 1', 'DEBUG POPULATE 2000', 'DEBUG DIGEST'],
  ...['CONFIG SET appendfsync always', 'CONFIG SET appendfsync everysec', 'CONFIG SET appendfsync no'],
  ...['CONFIG SET appendonly no', 'CONFIG SET appendonly yes', 'CONFIG SET maxmemory 1', 'CONFIG SET maxmemory 0'],
  ...['CONFIG SET maxmemory-policy allkeys-lru', 'CONFIG SET maxmemory-policy noeviction'],
  ...['CONFIG SET maxmemory-policy allkeys-lfu', 'CONFIG SET maxmemory-policy volatile-ttl'],
  ...['CONFIG SET timeout 1', 'CONFIG SET client-output-buffer-limit "normal 2mb 1mb 1"', 'CONFIG SET hz 500'],
  ...['CONFIG SET aof-segment-size 64kb', 'CONFIG SET compaction-rate-limit 1mb', 'COMPACT', 'CONFIG SET maxclients 3'],
  ...['CONFIG SET latency-monitor-threshold 1', 'CONFIG SET slowlog-log-slower-than 0', 'CONFIG RESETSTAT'],
  ...[
    'FLUSHALL ASYNC',
    'FLUSHALL SYNC',
    'SWAPDB 0 1',
    'GET large',
    'SETRANGE large 900000 x',
    'APPEND large yz',
    'KEYS *',
  ],
].map((line) => (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => Buffer.from(word.replaceAll('"', ''))));

/**
 * Several clients at a time, which disturb each other, leave in the middle of things, and do not read. Nothing is expected
 * of the answers; the server must go on, and serve the next client.
 */
export async function clientsExperiment(target: FuzzTarget): Promise<Experiment> {
  const rows = (await target.commands()).filter(({ name }) => ['set', 'get', 'del', 'mget', 'expire'].includes(name));
  return experiment({
    name: 'clients',
    arbitrary: fc.array(stepOf(rows), { minLength: 1, maxLength: STEPS_MAX, size: 'max' }),
    test: async (steps) => {
      await target.revive();
      const clients: (RawConnection | undefined)[] = [];
      try {
        for (const step of steps) await take(step, clients, target);
      } catch {
        // Nobody is let in any more: why, the check says.
      }
      for (const client of clients) client?.destroy();
      await target.recover();
      await target.check();
    },
    describe: (steps) => steps.map(({ client, act }) => `client ${client}: ${actText(act)}`),
    sizeOf: (steps) => steps.length,
  });
}

function stepOf(rows: readonly CommandRow[]): Arbitrary<Step> {
  const send = (command: Command): Act => ({ kind: 'send', command });
  const act = fc.oneof<Arbitrary<Act>[]>(
    fc.constantFrom(...DISTURBANCES).map(send),
    fc.constantFrom(...DISTURBANCES).map(send),
    commandOf(rows).map(send),
    fc.constantFrom<Act>(
      { kind: 'leave' },
      { kind: 'end' },
      { kind: 'stop reading' },
      { kind: 'go on reading' },
      { kind: 'wait for the server' },
    ),
  );
  return fc.record({ client: fc.nat(CLIENTS - 1), act });
}

/** Does one step; a client that is not there, or was closed, comes first. */
async function take(
  { client: number, act }: Step,
  clients: (RawConnection | undefined)[],
  target: FuzzTarget,
): Promise<void> {
  let client = clients[number];
  if (client === undefined || client.isEnded) {
    client?.destroy();
    client = clients[number] = await target.connect();
  }
  switch (act.kind) {
    case 'send':
      void client.write(encodeCommand(act.command));
      break;
    case 'leave':
      client.destroy();
      clients[number] = undefined;
      break;
    case 'end':
      client.end();
      break;
    case 'stop reading':
      client.pause();
      break;
    case 'go on reading':
      client.resume();
      break;
    case 'wait for the server':
      await target.touch();
  }
  client.takeAll();
}

function actText(act: Act): string {
  return act.kind === 'send' ? commandText(act.command) : `(${act.kind})`;
}
