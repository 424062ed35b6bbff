import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { RespClient } from '../../scripts/tools/resp-client.js';
import { freeRingPorts } from '../../scripts/tools/ring-processes.js';
import { ServerProcess } from '../../scripts/tools/server-process.js';
import { PortForwarder } from './port-forwarder.js';
import { ringkvOnly } from './wire-server.js';

const BUS_DISTANCE = 10_000;
const PROBE_EVERY_MS = 20;

describe('A node behind a port forwarder', function () {
  this.timeout(30_000);
  const nodes: ServerProcess[] = [];
  const forwarders: PortForwarder[] = [];

  before(function () {
    ringkvOnly(this);
  });
  after(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    for (const forwarder of forwarders) forwarder.close();
  });

  it('is reached by the address that it announces, by clients and by other nodes', async () => {
    const [founderPort, hiddenPort, outerPort] = await freeRingPorts(3);
    const forward = async (from: number, to: number): Promise<PortForwarder> => {
      const forwarder = await PortForwarder.start(from, to);
      forwarders.push(forwarder);
      return forwarder;
    };
    await forward(outerPort, hiddenPort);
    const bus = await forward(outerPort + BUS_DISTANCE, hiddenPort + BUS_DISTANCE);
    const start = async (port: number, ...args: string[]): Promise<ServerProcess> => {
      const seeds = ['--cluster-enabled', 'yes', '--cluster-seeds', `127.0.0.1:${founderPort}`];
      const node = await ServerProcess.start({ kind: 'ringkv', port, args: [...seeds, ...args] });
      nodes.push(node);
      return node;
    };
    const founder = await (await start(founderPort)).connect();
    const announced = ['--cluster-announce-port', outerPort, '--cluster-announce-bus-port', outerPort + BUS_DISTANCE];
    await start(hiddenPort, '--cluster-announce-ip', '127.0.0.1', ...announced.map(String));

    const known = new RegExp(` 127\\.0\\.0\\.1:${outerPort}@${outerPort + BUS_DISTANCE} master - .* connected `);
    let text = '';
    while (!known.test(text)) {
      await sleep(PROBE_EVERY_MS);
      text = String(await founder.call('CLUSTER', 'NODES'));
    }
    expect(text).to.not.contain(`:${hiddenPort}@`);
    expect(await founder.call('SET', 'greeting', 'hello')).to.equal('OK');
    const outside = await RespClient.connect(outerPort);
    expect(await outside.call('GET', 'greeting')).to.equal('hello');
    expect(await outside.call('APPEND', 'greeting', '!')).to.equal(6);
    while (bus.datagramCount < 3) await sleep(PROBE_EVERY_MS);
    expect(bus.streamCount).to.be.greaterThan(0);
    outside.close();
    founder.close();
  });
});
