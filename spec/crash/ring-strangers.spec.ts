import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { RingProcesses } from '../../scripts/ring-faults/ring-processes.js';

const NODES = 3;
const BUS_DISTANCE = 10_000;
const NOISE_MS = 2000;
const CHUNK_BYTES_MAX = 3000;
const STRANGER_MS = 4000;

describe('A ring of processes among strangers', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ringkv-strangers-'));
  let ring: RingProcesses;

  before(async function () {
    this.timeout(60_000);
    ring = await RingProcesses.start({ count: NODES, dir });
  });

  after(async function () {
    this.timeout(60_000);
    await ring.stop();
    rmSync(dir, { recursive: true });
  });

  /** Lines of all logs that say so. */
  function lines(pattern: RegExp): string[] {
    return ring.addresses.flatMap((_, node) =>
      ring
        .logText(node)
        .split('\n')
        .filter((line) => pattern.test(line)),
    );
  }

  async function expectService(value: string): Promise<void> {
    for (let node = 0; node < NODES; node++) {
      const client = await ring.node(node).connect();
      expect(await client.call('SET', `k${node}`, value)).to.equal('OK');
      expect(await client.call('GET', `k${node}`)).to.equal(value);
      client.close();
    }
  }

  it('serves on while anything comes to its ports for other nodes, and says so once', async function () {
    this.timeout(60_000);
    const before = lines(/./).length;
    const endMs = performance.now() + NOISE_MS;
    const socket = createSocket('udp4');
    while (performance.now() < endMs) {
      for (const { host, port } of ring.addresses) {
        const bytes = randomBytes(1 + Math.floor(Math.random() * CHUNK_BYTES_MAX));
        // Some begin as what is right does.
        if (Math.random() < 0.5) bytes[0] = Math.floor(Math.random() * 4);
        socket.send(bytes, port + BUS_DISTANCE, host);
        const stream = connect({ host, port: port + BUS_DISTANCE });
        stream.on('error', () => undefined);
        stream.write(bytes);
        setTimeout(() => stream.destroy(), 100);
      }
      await sleep(5);
    }
    socket.close();
    await expectService('noise');
    // Each node may say one line of each kind of nonsense.
    expect(lines(/./).length - before).to.be.at.most(NODES * 8);
    expect(lines(/taken for dead|does not answer/)).to.deep.equal([]);
  });

  it('refuses who has another secret, and says so at most once a minute', async function () {
    this.timeout(60_000);
    const stranger = await ring.startStranger(['--cluster-secret', 'another'], STRANGER_MS);
    expect(stranger).to.match(/was not ready in time/);
    const said = lines(/another secret/);
    expect(said.length).to.be.within(1, NODES);
    await expectService('secret');
    expect(lines(/taken for dead/)).to.deep.equal([]);
  });
});
