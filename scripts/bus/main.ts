/**
 * `npm run bench:bus`: what a message between two members costs: two processes on loopback, the first of which sends messages as a
 * coordinator sends writes (so many a turn of the loop, flushed at its end; acknowledged a turn by a small message the other way).
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BytesPayload, EMPTY_PAYLOAD } from '../../lib/cluster/bus/payload.js';
import type { Bus } from '../../lib/cluster/bus/bus.js';
import { runScript } from '../tools/run-script.js';
import { count, readOptions, type ValuesOf } from '../tools/script-options.js';
import { right, textTable } from '../tools/text-table.js';
import { ACK, CPU, FRAME, HOST, RECEIVER, SENDER, TURN, makeBus, usedCpuUs } from './peer.js';

const USAGE = `npm run bench:bus -- [options]

Measures the CPU time of both sides for messages of several sizes.

  --seconds N  for each size (3)
  --help       this text
`;

const OPTIONS = { seconds: count(3) };
/** Turns that are sent before the first of them is acknowledged. */
const TURNS_AHEAD = 4;
const REQUEST_MS = 5000;

const LOADS = [
  { bytes: 100, perTurn: 1 },
  { bytes: 100, perTurn: 64 },
  { bytes: 1024, perTurn: 64 },
  { bytes: 64 * 1024, perTurn: 16 },
  { bytes: 1024 * 1024, perTurn: 2 },
];

/** This side: sends, and hears what was acknowledged. */
class Sender {
  readonly #bus: Bus;
  #acknowledged: () => void = () => undefined;

  constructor(bus: Bus) {
    this.#bus = bus;
    bus.serve(ACK, 'members', () => {
      this.#acknowledged();
    });
  }

  /** Sends for so long; resolves to how many turns went. */
  send(bytes: number, perTurn: number, forMs: number): Promise<number> {
    const payload = new BytesPayload(Buffer.alloc(bytes, 7));
    const endMs = performance.now() + forMs;
    let turns = 0;
    let ahead = 0;
    return new Promise((resolve) => {
      const sendTurn = (): void => {
        for (let i = 0; i < perTurn; i++) this.#bus.send(RECEIVER, FRAME, payload);
        this.#bus.send(RECEIVER, TURN, EMPTY_PAYLOAD);
        this.#bus.flush();
        turns++;
        ahead++;
      };
      this.#acknowledged = () => {
        ahead--;
        if (performance.now() < endMs) sendTurn();
        else if (ahead === 0) resolve(turns);
      };
      for (let i = 0; i < TURNS_AHEAD; i++) sendTurn();
    });
  }

  peerCpuUs(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#bus.request(RECEIVER, CPU, EMPTY_PAYLOAD, REQUEST_MS, {
        onAnswer: (buffer, start, end) => {
          resolve(Number(buffer.toString('latin1', start, end)));
        },
        onFailure: reject,
      });
    });
  }
}

async function main({ seconds }: ValuesOf<typeof OPTIONS>): Promise<boolean> {
  let peerPort = 0;
  const bus = makeBus(SENDER, () => peerPort);
  const sender = new Sender(bus);
  const port = await bus.listen({ host: HOST, port: 0, backlog: 16 });
  const child = fork(fileURLToPath(new URL('receiver.js', import.meta.url)), [String(port)]);
  const [message] = (await once(child, 'message')) as unknown[];
  peerPort = Number(message);
  const rows: string[][] = [];
  for (const load of LOADS) rows.push(await measure(sender, load, seconds * 1000));
  const columns = ['bytes', 'a turn', 'messages/s', 'MB/s', 'us of the sender', 'us of the receiver'];
  process.stdout.write(textTable(columns.map(right), rows));
  child.disconnect();
  bus.close();
  return true;
}

async function measure(sender: Sender, { bytes, perTurn }: (typeof LOADS)[number], forMs: number): Promise<string[]> {
  const before = [usedCpuUs(), await sender.peerCpuUs()];
  const startMs = performance.now();
  const frames = (await sender.send(bytes, perTurn, forMs)) * perTurn;
  const elapsedMs = performance.now() - startMs;
  const used = [usedCpuUs() - before[0], (await sender.peerCpuUs()) - before[1]];
  return [
    String(bytes),
    String(perTurn),
    Math.round((frames / elapsedMs) * 1000).toString(),
    Math.round(((frames / elapsedMs) * bytes) / 1000).toString(),
    ...used.map((us) => (us / frames).toFixed(2)),
  ];
}

await runScript({ name: 'bench:bus', usage: USAGE, parse: (args) => readOptions(args, OPTIONS), run: main });
