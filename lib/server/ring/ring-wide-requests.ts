import { SLOT_COUNT, SLOT_SPAN, slotOf } from '../../base/position.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { NOBODY } from '../../cluster/coordination/ring-view.js';
import type { Random } from '../../host/ports.js';
import type { Args } from '../../protocol/args.js';
import { encodeArgs, encodeWords } from '../../protocol/request-encoder.js';
import type { Connection } from '../connection.js';
import type { Merge } from './merged-replies.js';
import { textOf } from './merged-replies.js';
import type { PartedRequests } from './parted-requests.js';
import type { Refusals } from './refusals.js';
import { NOBODY_LIVES } from './refusals.js';
import { continued, mergeOf, parseCursor } from './ring-wide-replies.js';
import type { StartUp } from './start-up.js';

/** What concerns all members, and changes nothing. */
const READS_OF_ALL: ReadonlySet<string> = new Set(['dbsize', 'keys', 'randomkey']);
/** A reply of nothing is no longer than this, in RESP2 and RESP3. */
const NIL_BYTES = 5;

export interface RingWideRequestsOptions {
  readonly view: () => RingView;
  readonly random: Random;
  readonly startUp: StartUp;
  readonly refusals: Refusals;
  readonly parts: PartedRequests;
}

/** Requests that concern all members, or all keys: they run at each that has keys of its own, and what these answer is put together. */
export class RingWideRequests {
  private readonly options: RingWideRequestsOptions;

  constructor(options: RingWideRequestsOptions) {
    this.options = options;
  }

  /** Runs a request that concerns all members. */
  route(connection: Connection, name: string, args: Args): boolean {
    const { random, startUp, refusals, parts } = this.options;
    const view = this.options.view();
    if (name === 'scan') return this.scan(connection, args);
    if (!startUp.isOver) return startUp.hold(connection, args);
    const isRead = READS_OF_ALL.has(name);
    const live = isRead ? view.liveHolders() : view.live();
    if (live.length === 0) return refusals.lack(connection, args, NOBODY_LIVES);
    const request = encodeArgs(args);
    const targets = name === 'randomkey' ? [live[random.uint32() % live.length]] : live;
    const requests = targets.map((target) => ({ target, request }));
    const holds = (i: number, key: Buffer): boolean => view.ring.holds(targets[i], slotOf(key, 0, key.length));
    const isStray = ([reply]: readonly Buffer[]): boolean => {
      return name === 'randomkey' && reply.length > NIL_BYTES && !holds(0, Buffer.from(textOf(reply), 'latin1'));
    };
    const merge = mergeOf(name, view.replicaCount, holds);
    parts.ask(connection, args, { parts: requests, merge }, [], isRead, isStray);
    return false;
  }

  /** SCAN: a cursor is a position, so it says who has the keys behind it; he lists them up to where somebody else has them. */
  private scan(connection: Connection, args: Args): boolean {
    const cursor = args.count < 2 ? undefined : parseCursor(args.text(1));
    if (cursor === undefined) return true; // the command says what is wrong
    const view = this.options.view();
    const slot = Math.floor(cursor / SLOT_SPAN);
    const target = view.firstLive(slot);
    if (target === NOBODY) return this.options.refusals.lack(connection, args, NOBODY_LIVES);
    let end = slot + 1;
    while (end < SLOT_COUNT && view.firstLive(end) === target) end++;
    const limit = end * SLOT_SPAN;
    const words = Array.from({ length: args.count }, (_, i) => args.text(i));
    const parts = [{ target, request: encodeWords([...words, 'BEFORE', String(limit)]) }];
    const merge: Merge = ([reply]) => continued(reply, end === SLOT_COUNT ? 0 : limit);
    this.options.parts.ask(connection, args, { parts, merge }, [], true);
    return false;
  }
}
