/**
 * A node's part in a change of the ring (cluster/topology/ring-change.ts): gives slots away, is filled, says how far it is, and has the change brought to its end.
 *
 *     ring of e+1 ─▶ Filler, TransferSource ─▶ FILLED, to all, again and again ─▶ ChangeProgress ─▶ the first live member proposes e+2
 *                                                                            └─▶ one that it waits for is away for join-timeout: it proposes that nothing comes of it
 */

import { PayloadBuffer } from '../../cluster/bus/payload-buffer.js';
import type { PayloadReader } from '../../cluster/bus/payload-reader.js';
import type { MemberLinks } from '../../cluster/coordination/ports.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import { MessageKind } from '../../cluster/message-kind.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { Move } from '../../cluster/ring/moves.js';
import { movesUnderWay } from '../../cluster/ring/moves.js';
import type { RingDocument } from '../../cluster/ring/ring-document.js';
import type { Ring } from '../../cluster/ring/ring.js';
import { aborted, finished } from '../../cluster/topology/ring-change.js';
import { ChangeProgress } from '../../cluster/transfer/change-progress.js';
import { FillNotes } from '../../cluster/transfer/fill-notes.js';
import { FillPlan } from '../../cluster/transfer/fill-plan.js';
import { Filler } from '../../cluster/transfer/filler.js';
import type { TransferData } from '../../cluster/transfer/ports.js';
import type { TakenBoundsOptions } from '../../cluster/transfer/taken-bounds.js';
import { TakenBounds } from '../../cluster/transfer/taken-bounds.js';
import { TransferSource } from '../../cluster/transfer/source.js';
import { FILLED_PARTS, readPull } from '../../cluster/transfer/transfer-messages.js';
import type { Settings } from '../../config/settings.js';
import type { Disk, Random, Timers } from '../../host/ports.js';
import type { Retirement } from './retirement.js';

/** How often everybody says how far it is, and asks whether there is a newer ring: who is a member no longer hears of it by nobody else. */
const TELL_EVERY_MS = 300;
const REFRESH_EVERY_MS = 2000;
/** What FILLED says. */
const FILLED = 1;
const REWRITTEN = 2;
const RETIRING = 4;
const RETIRED = 8;
/** After a proposal that came to nothing. */
const REST_MS = 1000;

export interface RingResizeOptions {
  readonly self: MemberId;
  readonly view: () => RingView;
  readonly links: MemberLinks;
  readonly data: TransferData;
  readonly disk: Disk;
  readonly timers: Timers;
  readonly random: Random;
  readonly settings: Pick<Settings, 'dir' | 'transferRateBytes' | 'joinTimeoutSeconds'>;
  /** Milliseconds since an arbitrary start. */
  readonly nowMs: () => number;
  readonly warn: (line: string) => void;
  readonly onWork: () => void;
  /** Whether nothing is left from before of what this node takes over. */
  readonly isReady: () => boolean;
  /** Has the voters decide about the next ring. */
  readonly change: (ring: RingDocument, next: RingDocument, onEnd: (reason: string | undefined) => void) => void;
  /** Whether the keys that consensus decides about, as far as this node knows of them, were decided anew by both sets of replicas. */
  readonly hasMovedEra: () => boolean;
  /** Of this node, if it leaves. */
  readonly retirement: Retirement;
  /** A member runs no requests any more. */
  readonly onRetiring: (member: MemberId) => void;
  readonly takeBounds: TakenBoundsOptions['takeBounds'];
  /** Asks a member for the newest ring. */
  readonly refresh: (member: MemberId) => void;
}

/** What goes on while the ring is being changed. */
interface Change {
  readonly progress: ChangeProgress;
  readonly filler: Filler;
  readonly bounds: TakenBounds;
}

export class RingResize {
  readonly source: TransferSource;
  private readonly options: RingResizeOptions;
  private readonly notes: FillNotes;
  private change: Change | undefined;
  /** Members that the change waits for and that cannot be reached: since when. */
  private readonly awaySinceMs = new Map<MemberId, number>();
  private toldMs = -Infinity;
  private refreshedMs: number;
  private restUntilMs = 0;

  constructor(options: RingResizeOptions) {
    const { settings, disk } = options;
    this.options = options;
    this.notes = new FillNotes(disk, settings.dir);
    this.refreshedMs = options.nowMs();
    this.source = new TransferSource({ ...options, bytesPerSecond: () => settings.transferRateBytes });
    this.useRing();
  }

  /** What a member takes over, and has of it, 0 to 1; undefined if that is nothing. */
  progressOf(member: MemberId): number | undefined {
    return this.change?.progress.progressOf(member);
  }

  /** Bytes that were given to others, and that this node was given for the change that is under way. */
  get sentBytes(): number {
    return this.source.sentBytes;
  }

  get takenBytes(): number {
    return this.change?.filler.takenBytes ?? 0;
  }

  /** The node acts by another ring. */
  useRing(): void {
    this.source.useRing();
    this.change?.filler.stop();
    this.change = undefined;
    this.awaySinceMs.clear();
    this.options.retirement.cancel();
    const { ring } = this.options.view();
    if (ring.isChanging) this.begin(ring);
  }

  lost(member: MemberId): void {
    this.source.lost(member);
    this.change?.filler.lost(member);
  }

  /** Called some times a second. */
  tick(): void {
    const { change } = this;
    if (change === undefined) return;
    if (this.options.isReady()) change.filler.tick();
    if (change.filler.isFilled) change.bounds.take();
    this.retire(change);
    this.tell(change);
    this.refresh();
    this.drive(change);
  }

  /** A message for the ring that this node acts by. */
  onMessage(kind: number, from: MemberId, reader: PayloadReader): void {
    const { change } = this;
    if (kind === MessageKind.PULL) {
      const pull = readPull(reader);
      if (pull !== undefined) this.source.onPull(from, pull);
    } else if (kind === MessageKind.TAKEN) this.source.onTaken(from, reader.word(), reader.word());
    else if (change === undefined) return;
    else if (kind === MessageKind.CHUNK) change.filler.onChunk(from, reader);
    else if (kind === MessageKind.UNABLE) change.filler.onUnable(from, reader);
    else if (kind === MessageKind.FILLED) {
      const flags = reader.byte();
      change.progress.note(from, {
        isFilled: (flags & FILLED) !== 0,
        isRewritten: (flags & REWRITTEN) !== 0,
        parts: reader.word(),
        isRetired: (flags & RETIRED) !== 0,
      });
      if ((flags & RETIRING) !== 0) this.options.onRetiring(from);
    }
  }

  private begin(ring: Ring): void {
    const { self } = this.options;
    const all = movesUnderWay(ring);
    const progress = new ChangeProgress(ring, all);
    const own = all.filter(({ to }) => to === self);
    const isUp = (id: MemberId): boolean => this.isUp(id);
    const bounds = new TakenBounds({ ...this.options, isUp }, own);
    this.change = { progress, filler: this.fillerFor(ring, own, isUp), bounds };
    this.toldMs = -Infinity;
  }

  private fillerFor({ document }: Ring, own: readonly Move[], isUp: (id: MemberId) => boolean): Filler {
    const { options, notes } = this;
    const plan = new FillPlan(own, own.length === 0 ? [] : notes.read(document));
    return new Filler({ ...options, isUp, save: (given) => notes.write(document, given) }, plan);
  }

  private isUp(id: MemberId): boolean {
    const view = this.options.view();
    const index = view.ring.indexOf(id);
    return index !== undefined && view.isUp(index);
  }

  /** If this node leaves, and all that it has is where it belongs, it is time that its clients go elsewhere. */
  private retire({ progress }: Change): void {
    const { self, view, retirement, onRetiring } = this.options;
    if (retirement.state !== 'serves' || !progress.isComplete) return;
    if (view().ring.member(self).state !== 'leaving') return;
    retirement.begin();
    onRetiring(self);
    this.toldMs = -Infinity;
  }

  private tell({ progress, filler, bounds }: Change): void {
    const { nowMs, self, links, view, retirement } = this.options;
    if (nowMs() - this.toldMs < TELL_EVERY_MS) return;
    this.toldMs = nowMs();
    const isRewritten = this.options.hasMovedEra();
    const { plan } = filler;
    const isFilled = filler.isFilled && bounds.areTaken;
    const isRetired = retirement.state === 'retired';
    const parts = Math.floor(plan.progress * FILLED_PARTS);
    progress.note(self, { isFilled, isRewritten, parts, isRetired });
    const payload = new PayloadBuffer();
    payload.byte(
      (isFilled ? FILLED : 0) |
        (isRewritten ? REWRITTEN : 0) |
        (retirement.state === 'serves' ? 0 : RETIRING) |
        (isRetired ? RETIRED : 0),
    );
    payload.word(parts);
    for (const { id } of view().ring.members) if (id !== self) links.send(id, MessageKind.FILLED, payload);
  }

  private refresh(): void {
    const { nowMs, random, view, refresh } = this.options;
    if (nowMs() - this.refreshedMs < REFRESH_EVERY_MS) return;
    this.refreshedMs = nowMs();
    const { ring, self } = view();
    const others = ring.members.filter((_, index) => index !== self);
    if (others.length > 0) refresh(others[random.uint32() % others.length].id);
  }

  /** The first member that can be reached has the change ended, when it may. */
  private drive({ progress }: Change): void {
    const { nowMs, view, change } = this.options;
    const { ring, self } = view();
    const isGivenUp = this.isGivenUp(progress);
    const first = ring.members.findIndex(({ state }, index) => state !== 'leaving' && view().isUp(index));
    if (first !== self || nowMs() < this.restUntilMs) return;
    const mayFinish = progress.isComplete && this.areRetired(progress);
    if (!mayFinish && !isGivenUp) return;
    this.restUntilMs = nowMs() + REST_MS;
    const { document } = ring;
    change(document, mayFinish ? finished(document) : aborted(document), (reason) => {
      if (reason !== undefined) this.options.warn(`The ring stays at epoch ${document.epoch} for now: ${reason}`);
    });
  }

  /** Whether those that leave, and can be reached, have no clients any more. */
  private areRetired(progress: ChangeProgress): boolean {
    const view = this.options.view();
    return view.ring.members.every(
      ({ id, state }, index) => state !== 'leaving' || !view.isUp(index) || progress.isRetired(id),
    );
  }

  /** Whether a member is away for too long that is joining, or has something to take over: nobody could take the place of one that is dead before the change is at its end. */
  private isGivenUp(progress: ChangeProgress): boolean {
    const { nowMs, view, settings } = this.options;
    let isGivenUp = false;
    view().ring.members.forEach(({ id, state }, index) => {
      const isWaitedFor = state === 'joining' || progress.waitsFor(id);
      if (!isWaitedFor || view().isUp(index)) this.awaySinceMs.delete(id);
      else {
        const sinceMs = this.awaySinceMs.get(id) ?? nowMs();
        this.awaySinceMs.set(id, sinceMs);
        isGivenUp ||= nowMs() - sinceMs > settings.joinTimeoutSeconds * 1000;
      }
    });
    return isGivenUp;
  }
}
