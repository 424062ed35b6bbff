/** Bugs of a ring that is resized, for the simulator to find: what a member is made of, the ring that it sees, or what it sends and is sent is another one, so nothing of it is in lib/. */

import { PayloadReader } from '../../lib/cluster/bus/payload-reader.js';
import { BytesPayload } from '../../lib/cluster/bus/payload.js';
import { VERSIONED_HEAD_BYTES as HEAD_BYTES } from '../../lib/cluster/coordination/versioned-links.js';
import type { RingMessage } from '../../lib/cluster/coordination/versioned-links.js';
import { MessageKind } from '../../lib/cluster/message-kind.js';
import { movesUnderWay } from '../../lib/cluster/ring/moves.js';
import type { Ring } from '../../lib/cluster/ring/ring.js';
import { finished } from '../../lib/cluster/topology/ring-change.js';
import { RingStore } from '../../lib/cluster/topology/ring-store.js';
import { writeChunk } from '../../lib/cluster/transfer/transfer-messages.js';
import type { RingLinks } from '../../lib/server/ring/ring-links.js';
import type { RingMember, RingMemberOptions } from '../../lib/server/ring/ring-member.js';
import type { RingMembership } from '../../lib/server/ring/ring-membership.js';
import { inheriting } from './inheriting.js';
import { Handlers, bytesOf, membershipWith } from './planted-ring-bugs.js';

/** Of FILLED (transfer-messages.ts): flags, and parts. */
const FILLED_BYTES = 5;
const FILLED = 1;
const REWRITTEN = 2;
/** Of CHUNK, as it is sent: its batch begins there. */
const BATCH_AT = HEAD_BYTES + 33;
/** One of so many chunks with anything in them is damaged. */
const DAMAGED_OF = 2;
/** Among so many, the last ones of a chunk, is the byte. */
const LAST_BYTES = 20;

/** While members join or leave, who will hold a slot is asked for it, and not who holds it: a joining member answers reads. */
export function readFromJoining(member: RingMember): RingMembership {
  const early = (ring: Ring): Ring => inheriting(ring, { replicas: (slot) => ring.nextReplicas(slot) });
  return Object.create(membershipWith(member, {}), {
    ring: { get: () => early(member.ring) },
    onRing: {
      value: (listener: (ring: Ring) => void) => {
        member.onRing((ring) => {
          listener(early(ring));
        });
      },
    },
  }) as RingMembership;
}

/**
 * Nobody waits until a majority of those who hold what moves refuses what is sent for the ring before, and has had decided anew what it had accepted in consensus: it is as if all that hold it, and take over nothing, said so at
 * once. What is written plainly is safe even so, where each slot has as many replicas as before: who is displaced has given what it had, and refuses what is older since (topology/ring-change.ts, 3), so whatever a majority
 * acknowledges later is with a majority that holds it on; or so many others have given it that no majority is left that does not refuse. What an acceptor has accepted is given to nobody.
 */
export function fenceNobody(member: RingMember): RingMembership {
  const handlers = new Handlers(member.links);
  const pretend = (ring: Ring): void => {
    const taking = new Set(movesUnderWay(ring).map(({ to }) => to));
    const { generation, epoch } = ring.document;
    const message = Buffer.alloc(HEAD_BYTES + FILLED_BYTES);
    message.writeUInt32LE(generation, 0);
    message.writeUInt32LE(epoch, 4);
    message[HEAD_BYTES] = FILLED | REWRITTEN;
    for (const { id } of ring.members) if (!taking.has(id)) handlers.pretend(id, MessageKind.FILLED, message);
  };
  const serve: RingLinks['serve'] = (kind, handler) => {
    handlers.serve(kind, (message) => {
      if (kind === MessageKind.FILLED) message.buffer[message.start + HEAD_BYTES] |= REWRITTEN;
      handler(message);
    });
  };
  return Object.create(membershipWith(member, { serve }), {
    onRing: {
      value: (listener: (ring: Ring) => void) => {
        member.onRing((ring) => {
          listener(ring);
          if (ring.isChanging) pretend(ring);
        });
      },
    },
  }) as RingMembership;
}

/** Who takes the place of a member whose disk is lost takes its id, too. */
export function reuseId(options: RingMemberOptions): RingMemberOptions {
  const { config, disk, random } = options;
  if (config.clusterReplaces === '' || disk.exists(RingStore.pathIn(config.dir))) return options;
  let isDrawn = false;
  const fill = (target: Uint8Array): void => {
    if (isDrawn) random.fill(target);
    else target.set(Buffer.from(config.clusterReplaces, 'hex'));
    isDrawn = true;
  };
  return { ...options, random: inheriting(random, { fill }) };
}

/** No bug: memory that damages what is given away, now and then. */
export function damageChunks(member: RingMember): RingMembership {
  const { links } = member;
  let count = 0;
  return membershipWith(member, {
    send: (to, kind, payload) => {
      const batchBytes = payload.byteLength - BATCH_AT;
      if (kind !== MessageKind.CHUNK || batchBytes <= 0 || ++count % DAMAGED_OF !== 0) {
        return links.send(to, kind, payload);
      }
      const bytes = bytesOf(payload);
      // Of the last record, as a rule in what was put.
      bytes[bytes.length - 1 - (count % Math.min(batchBytes, LAST_BYTES))] ^= 1;
      return links.send(to, kind, new BytesPayload(bytes));
    },
  });
}

/** The same, and nobody looks at checksums: it is as if each chunk had the right one. */
export function takeDamagedChunks(member: RingMember): RingMembership {
  const { links } = member;
  const damaging = damageChunks(member);
  return membershipWith(damaging, {
    serve: (kind, handler) => {
      links.serve(kind, (message) => {
        if (kind === MessageKind.CHUNK) handler(withRightChecksum(message));
        else handler(message);
      });
    },
  });
}

function withRightChecksum({ from, buffer, start, end }: RingMessage): RingMessage {
  const reader = new PayloadReader(buffer, start + HEAD_BYTES, end);
  const [id, number, first, to, isLast] = [
    reader.word(),
    reader.word(),
    reader.double(),
    reader.double(),
    reader.byte(),
  ];
  reader.word();
  const chunk = writeChunk({ id, number, from: first, to, isLast: isLast === 1, batch: reader.bytes() });
  const bytes = Buffer.concat([buffer.subarray(start, start + HEAD_BYTES), bytesOf(chunk)]);
  return { from, buffer: bytes, start: 0, end: bytes.length };
}

/** Who was away for too long is up again as soon as it asks to be rebuilt: with what it had, which is merged with what the others have. */
export function mergeWhatIsOld(member: RingMember): RingMembership {
  const onRing = (listener: (ring: Ring) => void): void => {
    member.onRing((ring) => {
      const isReturning = ring.member(member.self).absence === 'returning';
      if (isReturning) member.change(ring.document, finished(ring.document), () => undefined);
      else listener(ring);
    });
  };
  return Object.create(membershipWith(member, {}), { onRing: { value: onRing } }) as RingMembership;
}
