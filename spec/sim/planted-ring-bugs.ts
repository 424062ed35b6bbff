/** Bugs of replication for the simulator to find: what a member sends and is sent is changed on its way, so nothing of it is in lib/. */

import { STAMPS_PER_MS } from '../../lib/base/stamp.js';
import { BytesPayload } from '../../lib/cluster/bus/payload.js';
import type { Payload } from '../../lib/cluster/bus/payload.js';
import { VERSIONED_HEAD_BYTES as HEAD_BYTES } from '../../lib/cluster/coordination/versioned-links.js';
import type { RingMessage } from '../../lib/cluster/coordination/versioned-links.js';
import { MessageKind } from '../../lib/cluster/message-kind.js';
import { Acknowledgement } from '../../lib/cluster/replication/acknowledgement.js';
import { HINT_HEAD_BYTES } from '../../lib/cluster/replication/hint-messages.js';
import type { Node } from '../../lib/server/node.js';
import type { Pipeline, PipelineOptions } from '../../lib/server/ring/pipeline.js';
import type { RingMember } from '../../lib/server/ring/ring-member.js';
import type { RingLinks } from '../../lib/server/ring/ring-links.js';
import type { RingMembership } from '../../lib/server/ring/ring-membership.js';
import type { RingPart } from '../../lib/server/ring/ring-part.js';

/** Of a head, behind which the sender's clock is. */
const VERSION_BYTES = 8;
const ACKNOWLEDGEMENT_BYTES = 16;
/** Of SETTLE (repair-messages.ts): what stands before the runs, and a run. */
const SETTLE_HEAD_BYTES = 9;
const RUN_BYTES = 16;
const AHEAD_MS = 5000;

/** Batches are acknowledged when they come, not when the log has them. */
export function acknowledgeBeforeLog(member: RingMember): RingMembership {
  const { links } = member;
  return membershipWith(member, {
    serve: (kind, handler) => {
      links.serve(kind, (message) => {
        if (kind === MessageKind.REPLICATE) {
          const sequence = message.buffer.readDoubleLE(message.start + HEAD_BYTES);
          links.send(message.from, MessageKind.REPLICATED, acknowledgementOf(member, sequence));
          links.flush();
        }
        handler(message);
      });
    },
  });
}

/** A read sends no replica what it lacks: it is as if it had. */
export function repairNobody(member: RingMember): RingMembership {
  const { links } = member;
  const handlers = new Handlers(links);
  return membershipWith(member, {
    serve: handlers.serve,
    send: (to, kind, payload) => {
      if (kind !== MessageKind.REPAIR) return links.send(to, kind, payload);
      const answer = bytesOf(payload).subarray(0, HEAD_BYTES + 4);
      queueMicrotask(() => {
        handlers.pretend(to, MessageKind.REPAIRED, answer);
      });
      return true;
    },
  });
}

/** A replica that holds something newer than what was put says nothing of it. */
export function acknowledgeWhatIsOld(member: RingMember): RingMembership {
  const { links } = member;
  return membershipWith(member, {
    send: (to, kind, payload) => {
      if (kind !== MessageKind.REPLICATED) return links.send(to, kind, payload);
      return links.send(to, kind, new BytesPayload(bytesOf(payload).subarray(0, HEAD_BYTES + ACKNOWLEDGEMENT_BYTES)));
    },
  });
}

/** What is kept for a member that cannot be reached counts as if that had it. */
export function countHints(member: RingMember): RingMembership {
  const { links } = member;
  const handlers = new Handlers(links);
  const newest = new Map<string, number>();
  const pretend = (to: string): void => {
    const sequence = newest.get(to);
    if (sequence !== undefined) {
      handlers.pretend(to, MessageKind.REPLICATED, bytesOf(acknowledgementOf(member, sequence)));
    }
  };
  return membershipWith(member, {
    serve: handlers.serve,
    send: (to, kind, payload) => {
      const isSent = links.send(to, kind, payload);
      if (kind !== MessageKind.REPLICATE) return isSent;
      newest.set(to, bytesOf(payload).readDoubleLE(HEAD_BYTES));
      if (!isSent) pretend(to);
      return true;
    },
    watch: (watcher) => {
      const onDown = (id: string): void => {
        pretend(id);
        watcher.onDown(id);
      };
      links.watch(Object.assign(Object.create(watcher) as typeof watcher, { onDown }));
    },
  });
}

/** What a member has missed is acknowledged when it is handed over, and not taken. */
export function forgetHints(member: RingMember): RingMembership {
  const { links } = member;
  return membershipWith(member, {
    serve: (kind, handler) => {
      links.serve(kind, (message) => {
        if (kind !== MessageKind.HINT) {
          handler(message);
          return;
        }
        const { from, buffer, start } = message;
        links.send(
          from,
          MessageKind.HINTED,
          new BytesPayload(buffer.subarray(start, start + HEAD_BYTES + HINT_HEAD_BYTES)),
        );
      });
    },
  });
}

/** The same, and whoever wants to compare what replicas hold is not answered. */
export function forgetHintsAndCompareNothing(member: RingMember): RingMembership {
  const forgetful = forgetHints(member);
  const { links } = forgetful;
  return Object.create(forgetful, {
    links: {
      value: {
        ...links,
        serve: (kind, handler) => {
          links.serve(kind, kind === MessageKind.COMPARE_ROOTS ? () => undefined : handler);
        },
      } satisfies RingLinks,
    },
  }) as RingMembership;
}

/** A message for another ring is taken, as if it were for the own one: a change by an older ring, and its acknowledgement by a newer one. */
export function takeStaleMessages(member: RingMember): RingMembership {
  const { links } = member;
  return membershipWith(member, {
    serve: (kind, handler) => {
      links.serve(kind, (message) => {
        const { from, buffer, start, end } = message;
        if (end - start < HEAD_BYTES || buffer.readUInt32LE(start + 4) === member.ring.document.epoch) {
          handler(message);
          return;
        }
        const copy = Buffer.from(buffer.subarray(start, end));
        headOf(member).copy(copy, 0, 0, VERSION_BYTES);
        handler({ from, buffer: copy, start: 0, end: copy.length });
      });
    },
  });
}

/** Slots are settled up to a stamp that is yet to come: writes up to there are under way, and are dropped. */
export function settleTooMuch(member: RingMember): RingMembership {
  const { links } = member;
  return membershipWith(member, {
    send: (to, kind, payload) => {
      if (kind !== MessageKind.SETTLE) return links.send(to, kind, payload);
      const bytes = bytesOf(payload);
      for (let at = HEAD_BYTES + SETTLE_HEAD_BYTES; at < bytes.length; at += RUN_BYTES) {
        const stamp = bytes.readUInt32LE(at + 8) * 2 ** 32 + bytes.readUInt32LE(at + 12) + AHEAD_MS * STAMPS_PER_MS;
        bytes.writeUInt32LE(Math.floor(stamp / 2 ** 32), at + 8);
        bytes.writeUInt32LE(stamp % 2 ** 32, at + 12);
      }
      return links.send(to, kind, new BytesPayload(bytes));
    },
  });
}

/** Slots are settled though this node keeps hints that are older. */
export function settleOverHints(node: Node): void {
  const { hints } = Reflect.get(node, 'ring') as RingPart;
  Object.defineProperty(hints, 'obstacle', { value: undefined });
}

/** What is served, so that messages can be made up. */
export class Handlers {
  readonly serve: RingLinks['serve'];
  private readonly handlers = new Map<number, (message: RingMessage) => void>();

  constructor(links: RingLinks) {
    this.serve = (kind, handler) => {
      this.handlers.set(kind, handler);
      links.serve(kind, handler);
    };
  }

  /** It is as if `from` had sent this. */
  pretend(from: string, kind: number, bytes: Buffer): void {
    this.handlers.get(kind)?.({ from, buffer: bytes, start: 0, end: bytes.length });
  }
}

/** The member, with other links. */
export function membershipWith(member: RingMembership, changes: Partial<RingLinks>): RingMembership {
  return Object.create(member, {
    links: { value: { ...member.links, ...changes } },
    attach: { value: member.attach.bind(member) },
    enter: { value: member.enter.bind(member) },
  }) as RingMembership;
}

function headOf({ ring: { document } }: RingMember): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(document.generation, 0);
  head.writeUInt32LE(document.epoch, 4);
  return head;
}

function acknowledgementOf(member: RingMember, sequence: number): Payload {
  return new BytesPayload(Buffer.concat([headOf(member), bytesOf(new Acknowledgement(0, sequence, []))]));
}

export function bytesOf(payload: Payload): Buffer {
  const bytes = Buffer.alloc(payload.byteLength);
  payload.writeTo(bytes, 0);
  return bytes;
}

/** What a client has put at one replica is not waited for when another member runs what it asks next. */
export function forgetOwnWrites(node: Node): void {
  const { coordinator } = Reflect.get(node, 'ring') as RingPart;
  const { own } = Reflect.get(Reflect.get(coordinator, 'pipeline') as Pipeline, 'options') as PipelineOptions;
  own.hold = () => false;
  own.mustWait = () => false;
}
