/**
 * A node's part in a change of the ring (cluster/topology/ring-change.ts): gives slots away, is filled, says how far it is, and has the change brought to its end.
 *
 *     ring of e+1 ─▶ Filler, TransferSource ─▶ FILLED, to all, again and again ─▶ ChangeProgress ─▶ ChangeEnd: e+2
 */

import { PayloadBuffer } from '../../cluster/bus/payload-buffer.js';
import type { PayloadReader } from '../../cluster/bus/payload-reader.js';
import type { MemberLinks } from '../../cluster/coordination/ports.js';
import { MessageKind } from '../../cluster/message-kind.js';
import type { MemberId } from '../../cluster/ring/member.js';
import type { Move } from '../../cluster/ring/moves.js';
import { isOfOwn, movesUnderWay } from '../../cluster/ring/moves.js';
import type { Ring } from '../../cluster/ring/ring.js';
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
import type { ChangeEndOptions } from './change-end.js';
import { ChangeEnd } from './change-end.js';
import type { Retirement } from './retirement.js';

/** How often everybody says how far it is, and asks whether there is a newer ring: who is a member no longer hears of it by nobody else. */
const TELL_EVERY_MS = 300;
const REFRESH_EVERY_MS = 2000;
/** What FILLED says. */
const FILLED = 1;
const REWRITTEN = 2;
const RETIRING = 4;
const RETIRED = 8;
const SEEN_ALL = 16;

export interface RingResizeOptions extends ChangeEndOptions {
  readonly self: MemberId;
  readonly links: MemberLinks;
  readonly data: TransferData;
  readonly disk: Disk;
  readonly timers: Timers;
  readonly random: Random;
  readonly settings: Pick<Settings, 'dir' | 'transferRateBytes' | 'joinTimeoutSeconds'>;
  readonly onWork: () => void;
  /** Whether nothing is left from before of what this node takes over. */
  readonly isReady: () => boolean;
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
  readonly end: ChangeEnd;
}

export class RingResize {
  readonly source: TransferSource;
  private readonly options: RingResizeOptions;
  private readonly notes: FillNotes;
  private change: Change | undefined;
  private toldMs = -Infinity;
  private refreshedMs: number;

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

  /** What the change that is under way waits for, in words; empty if there is none. */
  get waitsFor(): string[] {
    return this.change?.end.waitsFor ?? [];
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
    change.end.tick();
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
        hasSeenAll: (flags & SEEN_ALL) !== 0,
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
    const bounds = new TakenBounds(
      { ...this.options, isUp },
      own.filter((move) => !isOfOwn(move)),
    );
    const end = new ChangeEnd(this.options, progress);
    this.change = { progress, filler: this.fillerFor(ring, own, isUp), bounds, end };
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
    progress.note(self, { isFilled, isRewritten, parts, isRetired, hasSeenAll: false });
    const payload = new PayloadBuffer();
    payload.byte(
      (isFilled ? FILLED : 0) |
        (isRewritten ? REWRITTEN : 0) |
        (retirement.state === 'serves' ? 0 : RETIRING) |
        (isRetired ? RETIRED : 0) |
        (progress.hasSeenAll ? SEEN_ALL : 0),
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
}
