/** The process that main.ts sends to. Gets the port of its peer as its argument, and says its own in a message. */

import { BytesPayload, EMPTY_PAYLOAD } from '../../lib/cluster/bus/payload.js';
import { ACK, CPU, FRAME, HOST, RECEIVER, SENDER, TURN, makeBus, usedCpuUs } from './peer.js';

const peerPort = Number(process.argv[2]);
const bus = makeBus(RECEIVER, () => peerPort);

bus.serve(FRAME, 'members', () => undefined);
bus.serve(TURN, 'members', ({ from }) => bus.send(from, ACK, EMPTY_PAYLOAD));
bus.serve(CPU, 'members', ({ answer }) => {
  answer?.send(new BytesPayload(Buffer.from(String(usedCpuUs()))));
});
const port = await bus.listen({ host: HOST, port: 0, backlog: 16 });
bus.setMembers([SENDER]);
process.send?.(port);
process.on('disconnect', () => {
  bus.close();
});
