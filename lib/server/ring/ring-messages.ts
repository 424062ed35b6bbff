/**
 * Which messages of other members about data are taken, and by which part of a node.
 *
 *  1. Nothing is taken while the data is not there: it would be in no log, and not in what is read.
 *  2. Nothing is taken of who acts by an older ring, and he is told; nor of who is further ahead than clocks may differ.
 *  3. What is sent by a newer ring waits until this node acts by it (coordination/early-messages.ts), and until nothing is left here of slots that it gains by it, from before (ring-slots.ts): of
 *     that it would tell, and merge it with what comes.
 *  4. A node that is no replica for now takes nothing of data. Of members that were away for too long, and by them, nothing is taken but what rebuilds them (absent-members.ts).
 */

import { Rejections } from '../../cluster/bus/rejections.js';
import { PayloadReader } from '../../cluster/bus/payload-reader.js';
import type { Consensus } from '../../cluster/consensus/consensus.js';
import { EarlyMessages } from '../../cluster/coordination/early-messages.js';
import type { Inquiries } from '../../cluster/coordination/inquiries.js';
import type { Refresher } from '../../cluster/coordination/refresher.js';
import type { Responder } from '../../cluster/coordination/responder.js';
import type { RingMessage, VersionedLinks } from '../../cluster/coordination/versioned-links.js';
import { MessageKind } from '../../cluster/message-kind.js';
import type { AntiEntropy } from '../../cluster/repair/anti-entropy.js';
import { readAcknowledgement } from '../../cluster/replication/acknowledgement.js';
import type { Hints } from '../../cluster/replication/hints.js';
import type { Replicator } from '../../cluster/replication/replicator.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { RingVersion } from '../../cluster/ring/ring-version.js';
import type { Clock } from '../../host/ports.js';
import type { Intake } from './intake.js';
import type { RefusedPuts } from './refused-puts.js';
import type { MessageRelay } from './message-relay.js';
import type { RingInForce } from './ring-in-force.js';
import type { RingLinks } from './ring-links.js';
import type { RingResize } from './ring-resize.js';
import type { RingSlots } from './ring-slots.js';

const REPAIR_KINDS = [
  MessageKind.COMPARE_ROOTS,
  MessageKind.COMPARE_SLOTS,
  MessageKind.COMPARE_LEAVES,
  MessageKind.COMPARE_KEYS,
  MessageKind.TAKE_ENTRIES,
  MessageKind.COMPARED,
  MessageKind.SETTLE,
  MessageKind.BOUNDS,
  MessageKind.FORGET,
];

const TRANSFER_KINDS = [MessageKind.PULL, MessageKind.CHUNK, MessageKind.TAKEN, MessageKind.UNABLE, MessageKind.FILLED];

/** What changes data, or tells of it: nothing for a node that is no replica. */
const OF_DATA: ReadonlySet<number> = new Set<number>([
  MessageKind.REPLICATE,
  MessageKind.ASK,
  MessageKind.TELL,
  MessageKind.REPAIR,
  MessageKind.HINT,
  ...REPAIR_KINDS,
]);

const REFUSAL_WORDS = {
  ahead: 'Clock: refused a message that is further ahead of our clock than max-clock-drift,',
};

/** The parts of a node that take messages, and what decides whether they do. */
export interface RingMessagesParts {
  readonly links: Pick<RingLinks, 'serve'>;
  readonly versioned: VersionedLinks;
  readonly inForce: RingInForce;
  readonly intake: Intake;
  readonly replicator: Replicator;
  readonly hints: Hints;
  readonly relay: MessageRelay;
  readonly responder: Responder;
  readonly refresher: Refresher;
  readonly consensus: Consensus;
  readonly refusedPuts: RefusedPuts;
  readonly inquiries: Inquiries;
  readonly antiEntropy: AntiEntropy;
  readonly resize: RingResize;
  readonly slots: Pick<RingSlots, 'isReady'>;
  readonly clock: Clock;
  readonly warn: (line: string) => void;
  /** Whether there is a log, and the data is what it and the tables say. */
  readonly isOpen: () => boolean;
  /** Whether this node is a replica. */
  readonly isServing: () => boolean;
  /** Whether a message of a kind is taken from a member, as far as absences matter; and whether this node is being rebuilt. */
  readonly isTakenDespiteAbsence: (from: MemberId, kind: number) => boolean;
  readonly isAbsent: () => boolean;
  /** A member acts by a ring of this version, which is newer. */
  readonly heardOf: (version: RingVersion, member: MemberId) => void;
  /** A message has arrived: called before it is looked at. */
  readonly onMessage: () => void;
}

/** A handler; the payload of the message begins at `start`. */
type OnMessage = (message: RingMessage, start: number) => void;
type OnPayload = (from: MemberId, reader: PayloadReader) => void;

export class RingMessages {
  private readonly parts: RingMessagesParts;
  private readonly refusals: Rejections<'ahead'>;
  private readonly early = new EarlyMessages();

  constructor(parts: RingMessagesParts) {
    this.parts = parts;
    this.refusals = new Rejections(parts.clock, REFUSAL_WORDS, parts.warn);
  }

  /** Takes messages from now on. */
  serve(): void {
    this.serveWrites();
    this.serveReads();
    this.serveConsensus();
    this.serveTransfer();
    const { relay, antiEntropy } = this.parts;
    this.onPayload(MessageKind.PUBLISH, (_from, reader) => {
      relay.onPublish(reader);
    });
    for (const kind of REPAIR_KINDS) {
      this.onPayload(kind, (from, reader) => {
        antiEntropy.receive(kind, from, reader);
      });
    }
  }

  /** This node acts by another ring, or it does so fully: takes what has come for it. */
  release(): void {
    this.parts.onMessage();
    this.early.release();
  }

  private serveWrites(): void {
    const { intake, replicator, hints } = this.parts;
    this.on(MessageKind.REPLICATE, (message, start) => {
      intake.onReplicate(message, start);
    });
    this.on(MessageKind.REPLICATED, ({ from, buffer, end }, start) => {
      const acknowledgement = readAcknowledgement(buffer, start, end);
      if (acknowledgement !== undefined) replicator.acknowledged(from, acknowledgement);
    });
    this.on(MessageKind.MISSED, ({ from }) => {
      replicator.missed(from);
      hints.lost(from);
    });
    this.on(MessageKind.HINT, (message, start) => {
      intake.onHint(message, start);
    });
    this.onPayload(MessageKind.HINTED, (from, reader) => {
      while (!reader.isAtEnd) {
        const id = reader.word();
        if (!reader.failed) hints.acknowledged(from, id);
      }
      hints.replay(from);
    });
  }

  private serveReads(): void {
    const { responder, refresher, inquiries } = this.parts;
    this.onPayload(MessageKind.ASK, (from, reader) => {
      responder.onAsk(from, reader);
    });
    this.onPayload(MessageKind.TELL, (from, reader) => {
      refresher.onTell(from, reader);
    });
    this.onPayload(MessageKind.REPAIR, (from, reader) => {
      responder.onRepair(from, reader);
    });
    this.onPayload(MessageKind.REPAIRED, (from, reader) => {
      refresher.onRepaired(from, reader);
    });
    this.onPayload(MessageKind.INQUIRE, (from, reader) => {
      inquiries.onInquire(from, reader);
    });
    this.onPayload(MessageKind.INFORM, (from, reader) => {
      inquiries.onInform(from, reader);
    });
  }

  private serveConsensus(): void {
    const { consensus, refusedPuts } = this.parts;
    this.onPayload(MessageKind.PREPARE, (from, reader) => {
      consensus.onPrepare(from, reader);
    });
    this.onPayload(MessageKind.PROMISED, (from, reader) => {
      consensus.onPromised(from, reader);
    });
    this.onPayload(MessageKind.ACCEPT, (from, reader) => {
      consensus.onAccept(from, reader);
    });
    this.onPayload(MessageKind.ACCEPTED, (from, reader) => {
      consensus.onAccepted(from, reader);
    });
    this.onPayload(MessageKind.DECIDED, (_from, reader) => {
      consensus.onDecided(reader);
    });
    this.onPayload(MessageKind.DECIDE_PUT, (from, reader) => {
      refusedPuts.onDecidePut(from, reader);
    });
    this.onPayload(MessageKind.PUT_DECIDED, (_from, reader) => {
      refusedPuts.onPutDecided(reader);
    });
  }

  private serveTransfer(): void {
    const { resize } = this.parts;
    for (const kind of TRANSFER_KINDS) {
      this.on(kind, (message, start) => {
        resize.onMessage(kind, message.from, new PayloadReader(message.buffer, start, message.end));
      });
    }
  }

  private onPayload(kind: number, handle: OnPayload): void {
    this.on(kind, ({ from, buffer, end }, start) => {
      handle(from, new PayloadReader(buffer, start, end));
    });
  }

  private on(kind: number, handle: OnMessage): void {
    const { links, versioned, isServing, isAbsent, isTakenDespiteAbsence, onMessage } = this.parts;
    const take = (message: RingMessage): void => {
      if (!this.isTaken(message, take) || !isTakenDespiteAbsence(message.from, kind)) return;
      if (!isServing() && !isAbsent() && OF_DATA.has(kind)) return;
      handle(message, versioned.payloadStart(message));
    };
    links.serve(kind, (message) => {
      onMessage();
      take(message);
    });
  }

  /** Whether a message is for our ring. Of an older one, its sender is told that there is a newer one. Of a newer one, it is given to `take` later. */
  private isTaken(message: RingMessage, take: (message: RingMessage) => void): boolean {
    const { versioned, inForce, slots, intake, isOpen, heardOf } = this.parts;
    if (!isOpen()) return false;
    const order = versioned.receive(message);
    if (order === 'ahead') this.refusals.add(order, `node ${message.from}`);
    if (typeof order !== 'number') return false;
    if (order < 0) {
      intake.refuse(message.from);
      return false;
    }
    if (order > 0) {
      const version = versioned.versionOf(message);
      inForce.heardOf(version);
      heardOf(version, message.from);
    }
    const isEarly = order > 0 || !slots.isReady || this.early.has(message.from);
    if (isEarly) this.early.keep(message, take);
    return !isEarly;
  }
}
