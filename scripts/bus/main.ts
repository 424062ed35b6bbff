/**
 * `npm run bench:bus`: what a message between two members costs: two processes on loopback, the first of which sends messages as a
 * coordinator sends writes (so many a turn of the loop, flushed at its end; acknowledged a turn by a small message the other way).
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BytesPayload, EMPTY_PAYLOAD } from '../../lib/cluster/bus/payload.js';
import { positiveInteger } from '../tools/arguments.js';
import { right, textTable } from '../tools/text-table.js';
import { ACK, CPU, FRAME, HOST, RECEIVER, SENDER, TURN, makeBus, usedCpuUs } from './peer.js';

const USAGE = `npm run bench:bus -- [options]

Measures the CPU time of both sides for messages of several sizes.

  --seconds N  for each size (3)
  --help       this text
`;

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

const { values } = parseArgs({ options: { seconds: { type: 'string' }, help: { type: 'boolean' } } });
if (values.help === true) {
  console.log(USAGE);
  process.exit();
}
const seconds = positiveInteger('--seconds', values.seconds ?? '3');

let peerPort = 0;
const bus = makeBus(SENDER, () => peerPort);
let acknowledged: () => void = () => undefined;
bus.serve(ACK, 'members', () => {
  acknowledged();
});
const port = await bus.listen({ host: HOST, port: 0, backlog: 16 });
const child = fork(fileURLToPath(new URL('receiver.js', import.meta.url)), [String(port)]);
const [message] = (await once(child, 'message')) as unknown[];
peerPort = Number(message);

/** Sends for so long; resolves to how many turns went. */
function send(bytes: number, perTurn: number): Promise<number> {
  const payload = new BytesPayload(Buffer.alloc(bytes, 7));
  const endMs = performance.now() + seconds * 1000;
  let turns = 0;
  let ahead = 0;
  return new Promise((resolve) => {
    const sendTurn = (): void => {
      for (let i = 0; i < perTurn; i++) bus.send(RECEIVER, FRAME, payload);
      bus.send(RECEIVER, TURN, EMPTY_PAYLOAD);
      bus.flush();
      turns++;
      ahead++;
    };
    acknowledged = () => {
      ahead--;
      if (performance.now() < endMs) sendTurn();
      else if (ahead === 0) resolve(turns);
    };
    for (let i = 0; i < TURNS_AHEAD; i++) sendTurn();
  });
}

function peerCpuUs(): Promise<number> {
  return new Promise((resolve, reject) => {
    bus.request(RECEIVER, CPU, EMPTY_PAYLOAD, REQUEST_MS, {
      onAnswer: (buffer, start, end) => {
        resolve(Number(buffer.toString('latin1', start, end)));
      },
      onFailure: reject,
    });
  });
}

const rows: string[][] = [];
for (const { bytes, perTurn } of LOADS) {
  const before = [usedCpuUs(), await peerCpuUs()];
  const startMs = performance.now();
  const frames = (await send(bytes, perTurn)) * perTurn;
  const elapsedMs = performance.now() - startMs;
  const used = [usedCpuUs() - before[0], (await peerCpuUs()) - before[1]];
  rows.push([
    String(bytes),
    String(perTurn),
    Math.round((frames / elapsedMs) * 1000).toString(),
    Math.round(((frames / elapsedMs) * bytes) / 1000).toString(),
    ...used.map((us) => (us / frames).toFixed(2)),
  ]);
}
const columns = ['bytes', 'a turn', 'messages/s', 'MB/s', 'us of the sender', 'us of the receiver'];
console.log(textTable(columns.map(right), rows));
child.disconnect();
bus.close();
