/**
 * The ring as a client of Redis Cluster knows it: each slot belongs to the member that acts for it, and every member is a master, without
 * replicas of its own. Formats are those of Redis 7.0.
 */

import { SLOT_COUNT, SLOT_SPAN, slotOf } from '../base/position.js';
import { portFor } from '../base/client-port.js';
import type { ListingOptions } from '../data/listing.js';
import { Listing } from '../data/listing.js';
import type { Call } from './call.js';
import type { Command, CommandFlag, ListingPlan, SyncCommand, WaitingCommand } from './command.js';
import { NO_KEYS } from './command.js';
import type { HelpEntry } from './help.js';
import { replyHelp } from './help.js';
import { integerArgument } from './integer-argument.js';
import type { RingInfo, RingMember } from './ring-ports.js';

export const NO_RING = 'ERR This instance has cluster support disabled';

const STALE: readonly CommandFlag[] = ['stale'];
const ADMIN: readonly CommandFlag[] = ['admin', 'stale'];
const CHANGE: readonly CommandFlag[] = ['admin', 'stale', 'no_async_loading'];

/** Runs what needs a ring; on a single node, an error is answered. */
export function inRing(run: (call: Call, ring: RingInfo) => void): (call: Call) => void {
  return (call) => {
    const { ring } = call.server;
    if (ring === undefined) call.reply.error(NO_RING);
    else run(call, ring);
  };
}

/** CLUSTER INFO. A slot is `ok` when a majority of its replicas can be reached, `pfail` when some can. */
function info({ reply }: Call, ring: RingInfo): void {
  const { ok, degraded, lost } = ring.health();
  const members = ring.members();
  const sum = (key: 'messagesIn' | 'messagesOut'): number => members.reduce((all, { link }) => all + link[key], 0);
  const fields: readonly (readonly [string, string | number])[] = [
    ['cluster_state', degraded + lost === 0 ? 'ok' : 'fail'],
    ['cluster_slots_assigned', SLOT_COUNT],
    ['cluster_slots_ok', ok],
    ['cluster_slots_pfail', degraded],
    ['cluster_slots_fail', lost],
    ['cluster_known_nodes', members.length],
    ['cluster_size', members.filter(({ ledSlots }) => ledSlots > 0).length],
    ['cluster_current_epoch', ring.epoch],
    ['cluster_my_epoch', ring.epoch],
    ['cluster_stats_messages_sent', sum('messagesOut')],
    ['cluster_stats_messages_received', sum('messagesIn')],
    ['total_cluster_links_buffer_limit_exceeded', 0],
  ];
  reply.verbatim('txt', fields.map(([name, value]) => `${name}:${value}\r\n`).join(''));
}

/** CLUSTER NODES: id, address, flags, master, ping sent, pong received, epoch, link, slots. */
function nodes({ server, client, reply }: Call, ring: RingInfo): void {
  const ranges = ring.ranges();
  const nowMs = server.wallMs();
  const lines = ring.members().map((member, index) => {
    const { id, host, busPort, isSelf, isUp } = member;
    const slots = ranges
      .filter(({ leader }) => leader === index)
      .map(({ start, end }) => (start === end ? ` ${start}` : ` ${start}-${end}`));
    const link = isSelf || member.link.isConnected ? 'connected' : 'disconnected';
    const address = `${host}:${portFor(member, client.usesTls)}@${busPort}`;
    return `${id} ${address} ${flagsOf(member)} - 0 ${isUp ? nowMs : 0} ${ring.epoch} ${link}${slots.join('')}\n`;
  });
  reply.verbatim('txt', lines.join(''));
}

function flagsOf({ isSelf, isUp, liveness }: RingMember): string {
  if (isSelf) return 'myself,master';
  if (liveness === 'dead' || liveness === 'left') return 'master,fail';
  return isUp ? 'master' : 'master,fail?';
}

/** CLUSTER SLOTS */
function slots({ client, reply }: Call, ring: RingInfo): void {
  const members = ring.members();
  const ranges = ring.ranges().filter(({ leader }) => leader >= 0);
  reply.array(ranges.length);
  for (const { start, end, leader } of ranges) {
    const { host, id } = members[leader];
    reply.array(3);
    reply.integer(start);
    reply.integer(end);
    reply.array(4);
    reply.bulkText(host);
    reply.integer(portFor(members[leader], client.usesTls));
    reply.bulkText(id);
    reply.array(0);
  }
}

/** CLUSTER SHARDS: each member is one. */
function shards({ reply }: Call, ring: RingInfo): void {
  const ranges = ring.ranges();
  const members = ring.members();
  reply.array(members.length);
  members.forEach((member, index) => {
    const own = ranges.filter(({ leader }) => leader === index);
    reply.map(2);
    reply.bulkText('slots');
    reply.array(own.length * 2);
    for (const { start, end } of own) {
      reply.integer(start);
      reply.integer(end);
    }
    reply.bulkText('nodes');
    reply.array(1);
    replyShardNode(reply, member);
  });
}

function replyShardNode(reply: Call['reply'], { id, port, tlsPort, host, isUp }: RingMember): void {
  reply.map(6 + Number(port !== 0) + Number(tlsPort !== 0));
  reply.bulkText('id');
  reply.bulkText(id);
  if (port !== 0) {
    reply.bulkText('port');
    reply.integer(port);
  }
  if (tlsPort !== 0) {
    reply.bulkText('tls-port');
    reply.integer(tlsPort);
  }
  reply.bulkText('ip');
  reply.bulkText(host);
  reply.bulkText('endpoint');
  reply.bulkText(host);
  reply.bulkText('role');
  reply.bulkText('master');
  reply.bulkText('replication-offset');
  reply.integer(0);
  reply.bulkText('health');
  reply.bulkText(isUp ? 'online' : 'fail');
}

/** CLUSTER LINKS: two to each member that is connected, one a direction. */
function links({ reply }: Call, ring: RingInfo): void {
  const connected = ring.members().filter(({ isSelf, link }) => !isSelf && link.isConnected);
  reply.array(connected.length * 2);
  for (const { id, link } of connected) {
    for (const direction of ['to', 'from']) {
      const queuedBytes = direction === 'to' ? link.queuedBytes : 0;
      reply.map(6);
      reply.bulkText('direction');
      reply.bulkText(direction);
      reply.bulkText('node');
      reply.bulkText(id);
      reply.bulkText('create-time');
      reply.integer(link.connectedSinceMs);
      reply.bulkText('events');
      reply.bulkText(queuedBytes > 0 ? 'rw' : 'r');
      reply.bulkText('send-buffer-allocated');
      reply.integer(queuedBytes);
      reply.bulkText('send-buffer-used');
      reply.integer(queuedBytes);
    }
  }
}

/** CLUSTER MYID */
function myid({ reply }: Call, ring: RingInfo): void {
  reply.bulkText(ring.self);
}

/** CLUSTER KEYSLOT key */
function keyslot({ args, reply }: Call): void {
  reply.integer(slotOf(args.buffer, args.start[2], args.end[2]));
}

/** CLUSTER COUNTKEYSINSLOT slot: the keys that this node has. */
function countkeysinslot(call: Call): void {
  const slot = slotArgument(call);
  if (slot !== undefined) call.reply.integer(keysInSlot(call, slot).length);
}

/** CLUSTER GETKEYSINSLOT slot count */
function getkeysinslot(call: Call): void {
  const slot = integerArgument(call, 2);
  if (Number.isNaN(slot)) return;
  const count = integerArgument(call, 3);
  if (Number.isNaN(count)) return;
  if (!isSlot(slot) || count < 0) {
    call.reply.error('ERR Invalid slot or number of keys');
    return;
  }
  const keys = keysInSlot(call, slot).slice(0, count);
  call.reply.array(keys.length);
  for (const key of keys) call.reply.bulkBuffer(key);
}

/** The slot in argument 2; undefined after an error reply. */
function slotArgument(call: Call): number | undefined {
  const slot = integerArgument(call, 2);
  if (Number.isNaN(slot)) return undefined;
  if (isSlot(slot)) return slot;
  call.reply.error('ERR Invalid slot');
  return undefined;
}

function isSlot(slot: number): boolean {
  return slot >= 0 && slot < SLOT_COUNT;
}

/** The keys of a slot that this node has, in memory and, as far as they were listed, on disk. */
function keysInSlot({ db, keyspace, listing }: Call, slot: number): Buffer[] {
  const end = (slot + 1) * SLOT_SPAN;
  const keys: Buffer[] = [];
  for (let cursor = slot * SLOT_SPAN; cursor < end;) {
    cursor = db.table.walk(cursor, KEYS_A_STEP, (ref, position) => {
      if (position < end && keyspace.isThere(ref, listing)) keys.push(Buffer.from(keyspace.heap.key(ref)));
    });
  }
  for (const listed of listing?.keys ?? []) if (keyspace.isThereOnDisk(db, listed)) keys.push(listed.key);
  return keys;
}

const KEYS_A_STEP = 64;

/** Lists what the disk has of the slot. */
function gatherSlot({ args, db, keyspace, server }: Call): ListingPlan | undefined {
  const slot = Number(args.text(2));
  if (server.ring === undefined || !Number.isInteger(slot) || !isSlot(slot)) return undefined;
  if (keyspace.cold.isEmpty(db.id)) return undefined;
  const end = (slot + 1) * SLOT_SPAN;
  const options: ListingOptions = {
    cold: keyspace.cold,
    db,
    position: slot * SLOT_SPAN,
    before: end,
    wanted: ({ position }) => position < end,
    rest: () => new Promise((resolve) => void server.timers.after(0, resolve)),
  };
  return () => Listing.ofNext(Infinity, options);
}

/** CLUSTER COUNT-FAILURE-REPORTS id: 1 if gossip says that it does not answer. */
function countFailureReports(call: Call, ring: RingInfo): void {
  const member = memberArgument(call, ring);
  if (member !== undefined) call.reply.integer(member.liveness === 'alive' ? 0 : 1);
}

/** CLUSTER REPLICAS id: none, since every member is a master. */
function replicas(call: Call, ring: RingInfo): void {
  if (memberArgument(call, ring) !== undefined) call.reply.array(0);
}

/** CLUSTER MEET ip port [bus-port]: nothing is left to do for a member; who is none has to ask himself. */
function meet({ args, reply }: Call, ring: RingInfo): void {
  const [host, port] = [args.text(2), args.text(3)];
  if (!/^\d{1,5}$/.test(port)) reply.error(`ERR Invalid TCP base port specified: ${port}`);
  else if (
    ring.members().some((member) => member.host === host && [member.port, member.tlsPort].includes(Number(port)))
  )
    reply.ok();
  else reply.error(`ERR ${host}:${port} is no member: start it with cluster-seeds that name members, and it is added`);
}

/** Why a member is not taken out that is alive, as far as this node knows: it should know of it, or whoever asks should have said that he does. */
export function whyNotRemove(ring: RingInfo, id: string): string | undefined {
  const member = ring.members().find((one) => one.id === id);
  if (member?.state !== 'up') return undefined;
  const { isUp, liveness, link } = member;
  if (!isUp && !(liveness === 'alive' && link.isConnected)) return undefined;
  return `${id} is alive: RING LEAVE at it takes it out, or, from here, RING REMOVE ${id} FORCE`;
}

/** CLUSTER FORGET id: RING REMOVE. Its voters decide it for all, and its slots go to others first. */
async function forget(call: Call): Promise<void> {
  const { reply, server } = call;
  const member = server.ring === undefined ? undefined : memberArgument(call, server.ring);
  if (server.ring === undefined) reply.error(NO_RING);
  if (server.ring === undefined || member === undefined) return;
  if (member.isSelf) {
    reply.error("ERR I tried hard but I can't forget myself...");
    return;
  }
  const reason = whyNotRemove(server.ring, member.id) ?? (await server.ring.takeOut(member.id));
  if (reason === undefined) reply.ok();
  else reply.error(`ERR ${reason}`);
}

/** The member in argument 2; undefined after an error reply. */
function memberArgument({ args, reply }: Call, ring: RingInfo): RingMember | undefined {
  const id = args.text(2);
  const member = ring.members().find((one) => one.id === id);
  if (member === undefined) reply.error(`ERR Unknown node ${id.slice(0, 128)}`);
  return member;
}

const HELP: readonly HelpEntry[] = [
  ['COUNT-FAILURE-REPORTS <node-id>', 'Return number of failure reports for <node-id>.'],
  ['COUNTKEYSINSLOT <slot>', 'Return the number of keys in <slot>.'],
  ['FORGET <node-id>', 'Remove a dead node from the cluster: RING REMOVE.'],
  ['GETKEYSINSLOT <slot> <count>', 'Return key names stored by current node in a slot.'],
  ['INFO', 'Return information about the cluster.'],
  ['KEYSLOT <key>', 'Return the hash slot for <key>.'],
  ['MEET <ip> <port> [<bus-port>]', 'Do nothing for a member; an error for others, which join by their seeds.'],
  ['MYID', 'Return the node id.'],
  [
    'NODES',
    'Return cluster configuration seen by node. Output format:',
    '<id> <ip:port> <flags> <master> <pings> <pongs> <epoch> <link> <slot> ...',
  ],
  ['REPLICAS <node-id>', 'Return <node-id> replicas: none, since every node is a master.'],
  ['SLOTS', 'Return information about slots range mappings. Each range is made of:', 'start, end, and the node to ask'],
  ['SHARDS', 'Return information about slot range mappings and the nodes associated with them.'],
  [
    'LINKS',
    'Return information about all network links between this node and its peers.',
    'Output format is an array where each array element is a map containing attributes of a link',
  ],
];

function row(
  name: string,
  arity: number,
  flags: readonly CommandFlag[],
  run: (call: Call, ring: RingInfo) => void,
): SyncCommand {
  return { name, arity, flags, keys: NO_KEYS, run: inRing(run) };
}

const SUBCOMMANDS: readonly (SyncCommand | WaitingCommand)[] = [
  row('count-failure-reports', 3, ADMIN, countFailureReports),
  { ...row('countkeysinslot', 3, STALE, countkeysinslot), gather: gatherSlot },
  { name: 'forget', arity: 3, flags: CHANGE, keys: NO_KEYS, wait: forget },
  { ...row('getkeysinslot', 4, STALE, getkeysinslot), gather: gatherSlot },
  row('help', 2, ['loading', 'stale'], (call) => {
    replyHelp(call, 'cluster', HELP);
  }),
  row('info', 2, STALE, info),
  row('keyslot', 3, STALE, keyslot),
  row('links', 2, STALE, links),
  row('meet', -4, CHANGE, meet),
  row('myid', 2, STALE, myid),
  row('nodes', 2, STALE, nodes),
  row('replicas', 3, ADMIN, replicas),
  row('shards', 2, STALE, shards),
  row('slaves', 3, ADMIN, replicas),
  row('slots', 2, STALE, slots),
];

/** READONLY, READWRITE and ASKING say where a client may read; here it may anywhere. */
function allow({ reply }: Call): void {
  reply.ok();
}

export const clusterCommands: readonly Command[] = [
  { name: 'cluster', arity: -2, flags: [], keys: NO_KEYS, subcommands: SUBCOMMANDS },
  row('readonly', 1, ['loading', 'stale', 'fast'], allow),
  row('readwrite', 1, ['loading', 'stale', 'fast'], allow),
  row('asking', 1, ['fast'], allow),
];
