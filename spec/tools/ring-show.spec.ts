import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { expect } from 'chai';
import { encodeWords } from '../../lib/protocol/request-encoder.js';
import { runTool } from '../../lib/tools/run-tool.js';
import { pictureOf } from '../../lib/tools/ring-picture.js';
import type { ShownMember } from '../../lib/tools/ring-picture.js';
import { FakeRing } from '../commands/fake-ring.js';
import { FakeServer } from '../commands/fake-server.js';
import { MemoryDisk } from '../sim/memory-disk.js';
import { toolPorts } from './tool-node.js';

/** A node on a socket, which answers what the tool asks, in two parts. */
function serveNode(node: FakeServer, requests: string[][]): Promise<Server> {
  const server = createServer((socket) => {
    socket.once('data', (bytes) => {
      const client = node.connect();
      const known = requests.filter((words) => bytes.includes(encodeWords(words)));
      void Promise.all(known.map((words) => client.askRaw(...words))).then((replies) => {
        const all = Buffer.concat(replies);
        socket.write(all.subarray(0, 100), () => socket.write(all.subarray(100)));
      });
    });
    socket.on('error', () => undefined);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describe('ringkv ring', () => {
  const ASKED = [
    ['RING', 'STATUS'],
    ['RING', 'MEMBERS'],
    ['CLUSTER', 'SLOTS'],
  ];
  let server: Server | undefined;
  afterEach((done) => {
    if (server === undefined) done();
    else server.close(done);
    server = undefined;
  });

  async function show(ring: FakeRing | undefined, options: Record<string, string> = {}): Promise<string[]> {
    const node = new FakeServer(options);
    node.ring = ring;
    server = await serveNode(node, ASKED);
    const ports = toolPorts(new MemoryDisk());
    await runTool('ring', [`127.0.0.1:${(server.address() as AddressInfo).port}`], ports);
    return [...ports.lines, ...ports.complaints.map((line) => `! ${line}`)];
  }

  it('shows the ring as the node sees it', async () => {
    const ring = new FakeRing();
    ring.up[2] = false;
    const lines = await show(ring);
    expect(lines[0]).to.equal(
      'ring cccccccc, epoch 7 of generation 1: 2 of 3 members up, 3 replicas; all slots have a majority of their replicas',
    );
    const [first, second, third] = lines.slice(-3);
    expect(first).to.match(/^A> 127\.0\.0\.1:7000 .* 66\.7 % +100\.0 % +up voter +- /);
    expect(second).to.match(/^B {2}127\.0\.0\.1:7001 .* 33\.3 % +100\.0 % +up voter +0\.15 ms /);
    expect(third).to.match(/^C {2}127\.0\.0\.1:7002 .* 0\.0 % +100\.0 % +dead /);
    const circle = lines.slice(2, 17).join('');
    expect(circle).to.match(/^[AB ]+$/);
  });

  it('shows what the change of the ring waits for that is under way', async () => {
    const ring = new FakeRing();
    ring.changeWaitsFor.push('a, to join', 'b, to give');
    const lines = await show(ring);
    expect(lines.slice(-4)).to.deep.equal(['', 'the change of the ring waits for:', 'a, to join', 'b, to give']);
  });

  it('shows whose place the next node takes', async () => {
    const ring = new FakeRing();
    ring.toBeReplaced = ring.members()[1].id;
    const lines = await show(ring);
    expect(lines.slice(-2)).to.deep.equal(['', 'the next node that joins takes the place of 127.0.0.1:7001']);
  });

  it('says what is wrong: a single node, nobody there, arguments that make no sense', async () => {
    expect(await show(undefined)).to.deep.equal(['! ERR This instance has cluster support disabled']);
    const ports = toolPorts(new MemoryDisk());
    expect(await runTool('ring', ['127.0.0.1:1'], ports)).to.equal(1);
    expect(ports.complaints.join()).to.match(/^127\.0\.0\.1:1: .*ECONNREFUSED/);
    expect(await runTool('ring', ['7000'], ports)).to.equal(2);
    expect(await runTool('ring', ['a:1', 'b:2'], ports)).to.equal(2);
  });
});

describe('tools/ring-picture', () => {
  const member: ShownMember = {
    address: '10.0.0.1:7000',
    isAsked: false,
    isUp: true,
    liveness: 'alive',
    state: 'up',
    isVoter: false,
    zone: 'z',
    heldSlots: 16384,
    ledSlots: 8192,
    roundTripUs: 1234,
    queuedBytes: 5,
    filledPercent: 100,
  };

  it('pictureOf shows with bars who is being filled', () => {
    const members = [member, { ...member, state: 'joining', filledPercent: 43 }];
    const lines = pictureOf({ title: 'title', members, waitsFor: [], toBeReplaced: -1, ranges: [] }, false);
    expect(lines.at(-1)).to.equal(`B  ${'█'.repeat(21)}${'░'.repeat(29)}  43 %`);
    expect(
      pictureOf({ title: 'title', members: [member], waitsFor: [], toBeReplaced: -1, ranges: [] }, false).join(),
    ).to.not.contain('take over');
  });

  it('pictureOf begins at the top with slot 0, and goes clockwise', () => {
    const ranges = [
      { start: 0, end: 8191, leader: 0 },
      { start: 8192, end: 16383, leader: 1 },
    ];
    const lines = pictureOf(
      { title: 'title', members: [member, member], waitsFor: [], toBeReplaced: -1, ranges },
      false,
    );
    const middle = lines[2 + 7];
    expect([middle[0], middle.at(-1)]).to.deep.equal(['B', 'A']);
    expect(lines.at(-1)).to.contain('██████████░░░░░░░░░░  50.0 %');
    expect(lines.at(-1)).to.match(/1\.23 ms +5 B +z$/);
  });

  it('pictureOf marks slots that nobody acts for, and what is wrong with a member', () => {
    const members = [
      { ...member, isUp: false },
      { ...member, state: 'leaving' },
    ];
    const lines = pictureOf(
      { title: 'title', members, waitsFor: [], toBeReplaced: -1, ranges: [{ start: 0, end: 99, leader: 1 }] },
      false,
    );
    expect(lines.slice(2, 17).join('')).to.match(/^[?B ]+$/);
    expect(lines.at(-2)).to.contain(' no link ');
    expect(lines.at(-1)).to.contain(' leaving ');
    expect(pictureOf({ title: '', members, waitsFor: [], toBeReplaced: -1, ranges: [] }, true).join('')).to.contain(
      '\x1b[31m?\x1b[0m',
    );
  });
});
