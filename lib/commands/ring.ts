/** RING: the ring of nodes seen from the inside: its members, who has a key, and what this node knows of it. */

import { SLOT_COUNT, slotOf } from '../base/position.js';
import type { ReplyWriter } from '../protocol/reply-writer.js';
import { portFor } from '../base/client-port.js';
import { stampMs } from '../base/stamp.js';
import type { Call } from './call.js';
import { NO_RING, inRing, whyNotRemove } from './cluster.js';
import type { Command, CommandFlag, SyncCommand } from './command.js';
import { NO_KEYS } from './command.js';
import type { HelpEntry } from './help.js';
import { replyHelp } from './help.js';
import type { ReplicaKnowledge, RingInfo, RingMember } from './ring-ports.js';
import { explainRead } from './read-explanation.js';

/** What a field holds: maps and lists nest. */
type Value = string | number | boolean | readonly Value[] | Fields;
type Fields = ReadonlyMap<string, Value>;

function fields(pairs: Readonly<Record<string, Value>>): Fields {
  return new Map(Object.entries(pairs));
}

function write(reply: ReplyWriter, value: Value): void {
  if (typeof value === 'string') reply.bulkText(value);
  else if (typeof value === 'number') reply.integer(value);
  else if (typeof value === 'boolean') reply.boolean(value);
  else if (isList(value)) {
    reply.array(value.length);
    for (const item of value) write(reply, item);
  } else {
    reply.map(value.size);
    for (const [name, item] of value) {
      reply.bulkText(name);
      write(reply, item);
    }
  }
}

function isList(value: readonly Value[] | Fields): value is readonly Value[] {
  return Array.isArray(value);
}

/** RING STATUS */
function status({ reply, client }: Call, ring: RingInfo): void {
  const { ok, degraded, lost } = ring.health();
  const members = ring.members();
  const { figures } = ring;
  write(
    reply,
    fields({
      cluster: ring.clusterId,
      generation: ring.generation,
      epoch: ring.epoch,
      node: ring.self,
      members: members.length,
      'members-up': members.filter(({ isUp }) => isUp).length,
      voters: members.filter(({ isVoter }) => isVoter).length,
      'voters-up': members.filter(({ isVoter, isUp }) => isVoter && isUp).length,
      replicas: ring.replicaCount,
      slots: SLOT_COUNT,
      'slots-with-majority': ok,
      'slots-without-majority': degraded,
      'slots-lost': lost,
      consistency: client.consistency,
      'requests-forwarded': figures.forwardedRequests,
      'requests-refused': figures.refusedRequests,
      'keys-refreshed': figures.refreshedKeys,
      'keys-differing': figures.differingKeys,
      'late-repairs': figures.lateRepairs,
      'read-timeouts': figures.readTimeouts,
      'write-timeouts': figures.writeTimeouts,
      'writes-restamped': figures.restampedWrites,
      'unacknowledged-bytes': figures.unacknowledgedBytes,
      hints: figures.hints.count,
      'hint-bytes': figures.hints.bytes,
      'hint-oldest-age-sec': figures.hints.oldestAgeSeconds,
      'hints-replayed': figures.hints.replayedCount,
      'hints-dropped': figures.hints.droppedCount,
      repair: figures.repair.state,
      'repair-rounds': figures.repair.rounds,
      'repair-last-round-ago-sec': figures.repair.lastRoundAgoSeconds,
      'repair-last-divergence': figures.repair.lastDivergence,
      'repair-keys-differing': figures.repair.keysDiffering,
      'repair-keys-received': figures.repair.keysReceived,
      'repair-keys-sent': figures.repair.keysSent,
      'repair-failures': figures.repair.failures,
      'repair-settled-slots': figures.repair.settledSlots,
      'repair-settled-up-to-ms': figures.repair.settledUpToMs,
      'repair-deletes-dropped': figures.repair.deletesDropped,
      'repair-marks-dropped': figures.repair.marksDropped,
      'tables-damaged': figures.repair.damagedTables,
      'tables-restored': figures.repair.restoredTables,
      'restore-waits-for': figures.repair.restoreWaitsFor,
      joining: members.filter(({ state }) => state === 'joining').length,
      leaving: members.filter(({ state }) => state === 'leaving').length,
      away: members.filter(({ state }) => state === 'away').length,
      returning: members.filter(({ state }) => state === 'returning').length,
      'change-waits-for': ring.changeWaitsFor,
      'to-be-replaced': ring.toBeReplaced ?? '',
      'transferred-out-bytes': figures.transferredOutBytes,
      'transferred-in-bytes': figures.transferredInBytes,
      'given-up-slots-in-memory': figures.givenUpSlots,
      'given-up-bytes-on-disk': figures.givenUpBytes,
    }),
  );
}

/** RING MEMBERS */
function members({ reply }: Call, ring: RingInfo): void {
  write(
    reply,
    ring.members().map((member) =>
      fields({
        id: member.id,
        ordinal: member.ordinal,
        host: member.host,
        port: member.port,
        'tls-port': member.tlsPort,
        'bus-port': member.busPort,
        zone: member.zone,
        myself: member.isSelf,
        state: member.state,
        liveness: member.liveness,
        up: member.isUp,
        voter: member.isVoter,
        tokens: member.tokenCount,
        'slots-held': member.heldSlots,
        'slots-led': member.ledSlots,
        'filled-percent': percentOf(member),
        'round-trip-us': Math.round(member.link.roundTripUs),
        'queued-bytes': member.link.queuedBytes,
        'bytes-in': member.link.bytesIn,
        'bytes-out': member.link.bytesOut,
      }),
    ),
  );
}

/** How much a member has of what it takes over: 100 if that is nothing, or all of it. */
function percentOf({ filled = 1 }: RingMember): number {
  return Math.floor(filled * 100);
}

/** RING LEAVE: this node gives its slots to others, and is no member any more then. */
function leave(call: Call): Promise<void> {
  return change(call, (ring) => ring.takeOut(ring.self));
}

/** RING REMOVE id [FORCE]: the same for a member that is dead, as far as this node knows; with FORCE, for any. */
async function remove(call: Call): Promise<void> {
  const { args, reply } = call;
  const id = args.text(2);
  const isForced = args.count === 4 && args.is(3, 'force');
  if (args.count > 3 && !isForced) {
    reply.error('ERR syntax error, RING REMOVE <node-id> [FORCE]');
    return;
  }
  await change(call, async (ring) => (isForced ? undefined : whyNotRemove(ring, id)) ?? (await ring.takeOut(id)));
}

/** RING REPLACE id: the next node that joins takes the place of this member. */
function replace(call: Call): Promise<void> {
  const id = call.args.text(2);
  return change(call, (ring) => ring.replace(id));
}

/** RING ABORT: ends the change of the ring that is under way, or takes back RING REPLACE. */
function abort(call: Call): Promise<void> {
  return change(call, (ring) => ring.abortChange());
}

/** Answers OK when that is decided. */
async function change({ server, reply }: Call, begin: (ring: RingInfo) => Promise<string | undefined>): Promise<void> {
  if (server.ring === undefined) {
    reply.error(NO_RING);
    return;
  }
  const reason = await begin(server.ring);
  if (reason === undefined) reply.ok();
  else reply.error(`ERR ${reason}`);
}

/** RING OWNERS key: the replicas in their order. */
function owners({ args, reply }: Call, ring: RingInfo): void {
  write(reply, ownersOf(ring, slotOf(args.buffer, args.start[2], args.end[2])));
}

function ownersOf(ring: RingInfo, slot: number): Fields[] {
  const all = ring.members();
  const leader = ring.leader(slot);
  return ring.replicas(slot).map((index) => {
    const { id, host, port, zone, liveness, isUp, isSelf }: RingMember = all[index];
    return fields({
      id,
      address: `${host}:${port}`,
      zone,
      liveness,
      up: isUp,
      myself: isSelf,
      acts: index === leader,
    });
  });
}

/** RING EXPLAIN key: what its replicas know of a key, and what would become of a request for it. */
async function explain({ args, reply, client, server }: Call): Promise<void> {
  const { ring } = server;
  if (ring === undefined) {
    reply.error(NO_RING);
    return;
  }
  const key = args.copy(2);
  const slot = slotOf(key, 0, key.length);
  const { consistency } = client;
  const known = await ring.inquire(key);
  const all = ring.members();
  const replicas = ring.replicas(slot);
  const leader = ring.leader(slot);
  const own = replicas.find((index) => all[index].isSelf);
  const serves = own !== undefined && all[own].isUp;
  write(
    reply,
    fields({
      slot,
      replicas: ownersOf(ring, slot).map((owner, i) => new Map([...owner, ...knowledgeOf(all, known, replicas[i])])),
      'replicas-up': replicas.filter((index) => all[index].isUp).length,
      'held-here': own !== undefined,
      digest: ring.digest(key) ?? 'on disk alone',
      consistency,
      reads: placeOf(all, leader, serves),
      writes: placeOf(all, leader, serves),
      changes: placeOf(all, leader, leader >= 0 && all[leader].isSelf),
      'last-repair-ago-sec': ring.figures.repair.lastRoundAgoSeconds,
      'settled-up-to-ms': ring.settledUpToMs(slot),
      'a-read': explainRead({
        level: ring.readAt(consistency),
        live: replicas.filter((index) => all[index].isUp),
        reader: serves ? own : leader,
        known,
        nameOf: (index) => addressOf(all[index]),
      }),
    }),
  );
}

/** What a replica has answered of the key. */
function knowledgeOf(
  all: readonly RingMember[],
  known: ReadonlyMap<number, ReplicaKnowledge | undefined>,
  index: number,
): Fields {
  const knowledge = known.get(index);
  const hints = { 'hints-here': all[index].hintCount };
  if (knowledge === undefined) return fields({ knows: known.has(index) ? 'cannot be read' : 'no answer', ...hints });
  const { digest, stamp, origin, siblings, era } = knowledge;
  const writer = all.find(({ ordinal }) => ordinal === origin);
  return fields({
    knows: digest,
    stamp,
    'written-at-ms': stamp === 0 ? 0 : stampMs(stamp),
    'written-by': stamp === 0 ? 'nobody' : writer === undefined ? `node ${origin}, which is gone` : addressOf(writer),
    siblings,
    era,
    ...hints,
  });
}

/** Where a request runs. */
function placeOf(all: readonly RingMember[], leader: number, isHere: boolean): string {
  if (isHere) return 'here';
  return leader < 0 ? 'nowhere: no replica can be reached' : `at ${addressOf(all[leader])}`;
}

function addressOf(member: RingMember): string {
  return `${member.host}:${portFor(member, false)}`;
}

/** RING REPAIR: begins; RING STATUS shows how it goes. */
function repair({ reply }: Call, ring: RingInfo): void {
  ring.repair();
  reply.ok();
}

const HELP: readonly HelpEntry[] = [
  [
    'ABORT',
    'Ends a change of the ring that is under way: who is joining is dropped, who is leaving stays. If there is none,',
    'takes back REPLACE.',
  ],
  [
    'EXPLAIN <key>',
    'What the replicas of a key know of it, where requests for it run (writes are SET and the like,',
    'changes look at what is there before), and why a read would answer what it answers.',
  ],
  ['LEAVE', 'Gives the slots of this node to others under load; then it is no member any more, and stops.'],
  ['MEMBERS', 'The members: where they are, how they are, and what they hold.'],
  ['OWNERS <key>', 'The replicas of a key, in the order in which they act for it.'],
  ['REMOVE <node-id> [FORCE]', 'The same for a dead member; with FORCE, for one that is alive, too.'],
  ['REPAIR', 'Compares all that this node holds with the other replicas, and brings to both what differs.'],
  [
    'REPLACE <node-id>',
    'The next node that joins, within 10 minutes, gets the slots of this member, dead or alive, which is none then.',
  ],
  ['STATUS', 'The ring as this node sees it.'],
];

const FLAGS: readonly CommandFlag[] = ['loading', 'stale'];
const CHANGE: readonly CommandFlag[] = ['admin', 'noscript', 'no_async_loading', 'no_multi'];

function row(name: string, arity: number, run: (call: Call, ring: RingInfo) => void): SyncCommand {
  return { name, arity, flags: FLAGS, keys: NO_KEYS, run: inRing(run) };
}

export const ringCommands: readonly Command[] = [
  {
    name: 'ring',
    arity: -2,
    flags: [],
    keys: NO_KEYS,
    subcommands: [
      { name: 'abort', arity: 2, flags: CHANGE, keys: NO_KEYS, wait: abort },
      { name: 'explain', arity: 3, flags: FLAGS, keys: NO_KEYS, wait: explain },
      row('help', 2, (call) => {
        replyHelp(call, 'ring', HELP);
      }),
      { name: 'leave', arity: 2, flags: CHANGE, keys: NO_KEYS, wait: leave },
      row('members', 2, members),
      row('owners', 3, owners),
      { name: 'remove', arity: -3, flags: CHANGE, keys: NO_KEYS, wait: remove },
      row('repair', 2, repair),
      { name: 'replace', arity: 3, flags: CHANGE, keys: NO_KEYS, wait: replace },
      row('status', 2, status),
    ],
  },
];
