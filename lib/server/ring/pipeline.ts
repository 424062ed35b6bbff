import { Level } from '../../cluster/coordination/consistency.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { NOBODY } from '../../cluster/coordination/ring-view.js';
import type { Replicator } from '../../cluster/replication/replicator.js';
import { RING_CHANGED } from '../../commands/error-texts.js';
import type { Args } from '../../protocol/args.js';
import { encodeArgs } from '../../protocol/request-encoder.js';
import type { Connection } from '../connection.js';
import type { Advances } from './advances.js';
import { Advance } from './advances.js';
import type { Forwards } from './forwards.js';
import type { Linearizer } from './linearizer.js';
import type { OwnWrites } from './own-writes.js';
import type { PartedRequests } from './parted-requests.js';
import type { Step } from './pipeline-order.js';
import { HERE, LATER, PipelineOrder, Start } from './pipeline-order.js';
import type { ReadNeeds } from './read-needs.js';
import type { RemoteSession } from './remote-session.js';
import type { PlannedRequest, RequestRoles } from './request-roles.js';
import { mayLookAhead } from './request-roles.js';
import { RING_CHANGED_REPLY } from './ring-changed.js';
import { splitRequest } from './split-request.js';

export interface PipelineOptions {
  readonly view: () => RingView;
  readonly roles: RequestRoles;
  readonly advances: Advances;
  readonly forwards: Forwards;
  readonly parts: PartedRequests;
  readonly own: OwnWrites;
  readonly needs: ReadNeeds;
  readonly linearizer: Linearizer;
  readonly replicator: Pick<Replicator, 'sequence'>;
  /** The error that sends a client to a member for a slot; undefined: it is served from here. */
  readonly redirectTo: (slot: number, member: number, usesTls: boolean) => string | undefined;
  /** The session of a client at a member, this node itself included. */
  readonly sessionAt: (connection: Connection, member: number) => RemoteSession;
}

/**
 * Has requests begun that stand behind one that waits, as far as their order allows that (pipeline-order.ts): what is read here has its keys refreshed; what others
 * run is sent there, in parts if there are several; and what consensus decides about from here is proposed. Each is answered in its turn.
 */
export class Pipeline {
  private readonly options: PipelineOptions;

  constructor(options: PipelineOptions) {
    this.options = options;
  }

  /** Whether a request waits for what its client has put before (own-writes.ts): others begin behind it. */
  holdBack(connection: Connection, args: Args, step: Step): boolean {
    if (!this.options.own.hold(connection, args, step)) return false;
    this.beginAhead(connection, { ...step, members: step.members.map(() => LATER) });
    return true;
  }

  /** A request has begun, and waits: others begin behind it. */
  beginAhead(connection: Connection, first: Step): void {
    if (!mayLookAhead(connection)) return;
    const { advances, roles, own, view } = this.options;
    const order = new PipelineOrder(first);
    let isOver = false;
    connection.lookAhead((args) => {
      if (isOver) return false;
      const begun = advances.get(args);
      if (begun !== undefined) {
        order.note(begun.stepBy(view().ring));
        return true;
      }
      const plan = roles.plan(connection, args);
      const request = plan && this.follow(order, plan);
      const start =
        request !== undefined && this.mayBegin(connection, request)
          ? order.admit(request, own.mustWait(connection, request))
          : Start.ALONE;
      if (request === undefined || start === Start.ALONE) isOver = true;
      else if (this.isReady(connection, request)) return true;
      else if (start === Start.NOW) this.begin(connection, args, request);
      return start === Start.NOW;
    });
  }

  /** What is to be read here is read where others of its slot are, which it need not wait for then. */
  private follow(order: PipelineOrder, request: PlannedRequest): PlannedRequest {
    const { role, members, slots, isDecided } = request;
    if (members.length > 1 || members[0] !== HERE || role !== 'read' || isDecided) return request;
    const member = order.memberFor(slots[0]);
    return member === undefined || member === this.options.view().self ? request : { ...request, members: [member] };
  }

  /** Whether nothing is to be done before a request's turn. */
  private isReady({ ring }: Connection, { role, members: [member], slots, isDecided }: PlannedRequest): boolean {
    const { needs } = this.options;
    if (isDecided || member !== HERE) return false;
    return role === 'put' || slots.every((slot) => needs.isRefreshed(slot, ring.consistency.read));
  }

  private begin(connection: Connection, args: Args, request: PlannedRequest): void {
    const { slots, key, members, role, keys, isDecided } = request;
    const { advances, linearizer, needs, replicator, view } = this.options;
    const advance = new Advance(request, role === 'read', view().ring, replicator.sequence);
    advances.add(args, advance);
    const [member] = members;
    if (member !== HERE) {
      if (members.every((other) => other === member)) this.send(connection, args, advance, member, role === 'read');
      else this.sendParts(connection, args, advance, request);
    } else if (isDecided) {
      linearizer.begin(connection, args, key, slots[0], (ending) => {
        advance.end(ending);
      });
    } else {
      const names = keys.map((i) => args.copy(i));
      advance.run = needs.begin(names, connection.ring.consistency.read, (error) => {
        advance.end({ error });
      });
    }
  }

  private send(connection: Connection, args: Args, advance: Advance, member: number, isRead: boolean): void {
    const { view, forwards, sessionAt } = this.options;
    const session = sessionAt(connection, member);
    advance.sessions = [session];
    session.adopt(connection.ring.sessionState(connection.reply.resp));
    forwards.ask(session, view().idOf(member), encodeArgs(args), isRead, (reply) => {
      advance.end({ reply: reply && Buffer.from(reply) });
    });
  }

  private sendParts(connection: Connection, args: Args, advance: Advance, request: PlannedRequest): void {
    const { name, keys, slots, members, role } = request;
    const isRead = role === 'read';
    const split = splitRequest(name, args, keys, (slot) => members[slots.indexOf(slot)]);
    advance.sessions = this.options.parts.begin(connection, split, isRead, (replies) => {
      const reply = replies && split.merge(replies);
      // One member has done nothing, but others may have.
      const isInPart = !isRead && reply?.equals(RING_CHANGED_REPLY) === true;
      advance.end(isInPart ? { error: RING_CHANGED } : { reply });
    });
  }

  /** Whether a request may be begun ahead, as far as members go. */
  private mayBegin({ ring, usesTls }: Connection, { slots, members, role, isDecided }: PlannedRequest): boolean {
    const { view, redirectTo } = this.options;
    const [member] = members;
    if (member === HERE) {
      if (!isDecided && role === 'put') return true;
      const level = isDecided ? Level.QUORUM : ring.consistency.read;
      return slots.every((slot) => view().reaches(slot, level));
    }
    if (ring.isForwarded || members.includes(NOBODY)) return false;
    return members.some((other) => other !== member) || redirectTo(slots[0], member, usesTls) === undefined;
  }
}
