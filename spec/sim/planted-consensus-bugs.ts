/** Bugs of consensus about keys for the simulator to find: something else stands in the place of a disk or of links, so nothing of it is in lib/. */

import { PayloadBuffer } from '../../lib/cluster/bus/payload-buffer.js';
import { PayloadReader } from '../../lib/cluster/bus/payload-reader.js';
import { BytesPayload } from '../../lib/cluster/bus/payload.js';
import type { AcceptorLog } from '../../lib/cluster/consensus/acceptor-log.js';
import { NO_BALLOT, compareBallots } from '../../lib/cluster/consensus/ballot.js';
import type { Ballot } from '../../lib/cluster/consensus/ballot.js';
import type { Accept } from '../../lib/cluster/consensus/messages.js';
import {
  readAccept,
  readPrepare,
  readPromised,
  writeAccept,
  writeAccepted,
} from '../../lib/cluster/consensus/messages.js';
import { VERSIONED_HEAD_BYTES as HEAD_BYTES } from '../../lib/cluster/coordination/versioned-links.js';
import { MessageKind } from '../../lib/cluster/message-kind.js';
import { Acknowledgement, ERA_STAMP, readAcknowledgement } from '../../lib/cluster/replication/acknowledgement.js';
import type { Node } from '../../lib/server/node.js';
import type { OneKeyScripts } from '../../lib/server/ring/one-key-scripts.js';
import type { RingMember } from '../../lib/server/ring/ring-member.js';
import type { RingMembership } from '../../lib/server/ring/ring-membership.js';
import type { RingPart } from '../../lib/server/ring/ring-part.js';
import { Handlers, bytesOf, membershipWith } from './planted-ring-bugs.js';

/** What is promised and accepted is on no disk: no state is ever written. */
export function forgetPromises(node: Node): void {
  Object.defineProperty(acceptorLogOf(node), 'add', { value: () => undefined });
}

/** Scripts with one key run as plain commands do, at who acts for the key. */
export function runScriptsPlainly(node: Node): void {
  const { coordinator } = Reflect.get(node, 'ring') as RingPart;
  const scripts = Reflect.get(coordinator, 'scripts') as OneKeyScripts;
  scripts.isOne = () => false;
}

/** What was decided about keys is not decided anew before their acceptors are others. */
export function forgetToRewrite(node: Node): void {
  const { consensus } = Reflect.get(node, 'ring') as RingPart;
  Object.defineProperty(consensus, 'hasMoved', { value: true });
  Object.defineProperty(consensus, 'rewrite', { value: () => undefined });
}

/** Decisions about deleted keys are forgotten before the ballots that were promised are refused: a proposer goes on with what it has known of such a key. */
export function forgetTooEarly(node: Node): void {
  const { consensus } = Reflect.get(node, 'ring') as RingPart;
  const log = acceptorLogOf(node);
  const forget = consensus.forget.bind(consensus);
  log.raiseFloor = () => undefined;
  consensus.forget = (key, accepted, floor) => {
    const floorOf = log.floorOf.bind(log);
    log.floorOf = () => floor;
    const isForgotten = forget(key, accepted, floor);
    log.floorOf = floorOf;
    return isForgotten;
  };
}

/** What a proposer leaves as it was is taken for decided: nobody is asked to accept it. */
export function acceptNothingUnchanged(member: RingMember): RingMembership {
  const { links } = member;
  const handlers = new Handlers(links);
  const keys = new Map<number, string>();
  const known = new Map<string, { ballot: Ballot; entry: Buffer }>();
  const learn = (key: string | undefined, ballot: Ballot, entry: Buffer): void => {
    if (key === undefined || compareBallots(ballot, known.get(key)?.ballot ?? NO_BALLOT) < 0) return;
    known.set(key, { ballot, entry: Buffer.from(entry) });
  };
  return membershipWith(member, {
    serve: (kind, handler) => {
      handlers.serve(kind, (message) => {
        if (kind === MessageKind.PROMISED) {
          const reader = new PayloadReader(message.buffer, message.start + HEAD_BYTES, message.end);
          while (!reader.isAtEnd) {
            const read = readPromised(reader);
            if (read?.answer.isPromised === true) learn(keys.get(read.id), read.answer.accepted, read.answer.entry);
          }
        }
        handler(message);
      });
    },
    send: (to, kind, payload) => {
      if (kind !== MessageKind.PREPARE && kind !== MessageKind.ACCEPT) return links.send(to, kind, payload);
      const bytes = bytesOf(payload);
      const reader = new PayloadReader(bytes, HEAD_BYTES, bytes.length);
      if (kind === MessageKind.PREPARE) {
        while (!reader.isAtEnd) {
          const prepare = readPrepare(reader);
          if (prepare !== undefined) keys.set(prepare.id, prepare.key.toString('latin1'));
        }
        return links.send(to, kind, payload);
      }
      const sent: Accept[] = [];
      const pretended = new PayloadBuffer();
      while (!reader.isAtEnd) {
        const accept = readAccept(reader);
        if (accept === undefined) break;
        const key = accept.key.toString('latin1');
        if (known.get(key)?.entry.equals(accept.entry) === true) writeAccepted(pretended, accept.id, undefined);
        else {
          sent.push(accept);
          // To all of them.
          queueMicrotask(() => {
            learn(key, accept.ballot, accept.entry);
          });
        }
      }
      const head = bytes.subarray(0, HEAD_BYTES);
      if (!pretended.isEmpty) {
        const answer = Buffer.concat([head, bytesOf(pretended)]);
        queueMicrotask(() => {
          handlers.pretend(to, MessageKind.ACCEPTED, answer);
        });
      }
      if (sent.length === 0) return true;
      const rest = new PayloadBuffer();
      for (const accept of sent) writeAccept(rest, accept);
      return links.send(to, kind, new BytesPayload(Buffer.concat([head, bytesOf(rest)])));
    },
  });
}

/** One member acknowledges plain writes of keys that it has promised something about, as if it had taken them. */
export function acknowledgeOldEra(member: RingMember): RingMembership {
  const { links } = member;
  return membershipWith(member, {
    send: (to, kind, payload) => {
      if (kind !== MessageKind.REPLICATED || member.ring.member(member.self).ordinal !== 1) {
        return links.send(to, kind, payload);
      }
      const bytes = bytesOf(payload);
      const { after, sequence, newer } =
        readAcknowledgement(bytes, HEAD_BYTES, bytes.length) ?? new Acknowledgement(0, 0, []);
      const taken = newer.filter(({ stamp }) => stamp !== ERA_STAMP);
      const rest = bytesOf(new Acknowledgement(after, sequence, taken));
      return links.send(to, kind, new BytesPayload(Buffer.concat([bytes.subarray(0, HEAD_BYTES), rest])));
    },
  });
}

function acceptorLogOf(node: Node): AcceptorLog {
  const { consensus } = Reflect.get(node, 'ring') as RingPart;
  return Reflect.get(consensus, 'log') as AcceptorLog;
}
