/**
 * What members have missed: kept for each while it is away, and handed over when it is back (hinted handoff, as in Dynamo).
 *
 *     Replicator ─▶ keep ─▶ HintLog of the member ─(it is up)─▶ HintReplay ─▶ HINT ─▶ HINTED ─▶ removed
 *
 * What is kept for a member when it is none any more goes to those who hold the keys now (`passOn`): somebody may have been told that the hint is all there is (level ANY).
 *
 * For whom nothing is to be kept (`whyNotKeep`), what was kept is dropped.
 *
 * A hint is not a replica: it says what is to be done, and counts only where a client has asked for that (level ANY, sloppy-quorum). What there is no room
 * for, or what is too old, is dropped and counted: repair has to find it.
 */

import { DiskError } from '../../base/errors.js';
import type { HintFigures } from '../../commands/ring-ports.js';
import type { Clock, Disk, Random } from '../../host/ports.js';
import type { MemberId } from '../ring/member.js';
import type { Payload } from '../bus/payload.js';
import { ByteRate } from './byte-rate.js';
import type { HintFile } from './hint-file.js';
import { HintLog } from './hint-log.js';
import { HINT_HEAD_BYTES } from './hint-messages.js';
import { HintReplay } from './hint-replay.js';
import type { HintKeeper, ReplicaLinks } from './ports.js';

/** Clients of the member, and of this node, have the rest. */
const REPLAY_BYTES_PER_SECOND = 8 * 1024 * 1024;
const REPLAY_BURST_BYTES = 1024 * 1024;
const SYNC_EVERY_MS = 1000;
/** So many files hold the hints of a whole window, at least: each is dropped as one. */
const FILES_PER_WINDOW = 16;
const COMPLAIN_EVERY_MS = 60_000;

export interface HintsOptions {
  readonly disk: Disk;
  readonly random: Random;
  readonly clock: Clock;
  readonly links: ReplicaLinks & { isUp(member: MemberId): boolean };
  /** The data directory. */
  readonly directory: string;
  /** Bytes that may be kept for all members. */
  readonly bytesMax: () => number;
  /** Gives what is kept for a member that is gone to whom it concerns now; `settle` is called later, with whether that has it durably. */
  readonly passOn: (batch: Buffer, settle: (isKept: boolean) => void) => void;
  /** Why nothing is to be kept for a member, if that is so. */
  readonly whyNotKeep: (member: MemberId) => string | undefined;
  /** How long hints are kept for a member that is away. */
  readonly windowSeconds: () => number;
  readonly warn: (line: string) => void;
  /** Called before anything happens that the disk has answered to. */
  readonly onWork: () => void;
}

/** Where the hints of a data directory are: each member has a directory in it, by its id. */
export function hintsDirectory(directory: string): string {
  return `${directory}/hints`;
}

interface Backlog {
  readonly log: HintLog;
  readonly replay: HintReplay;
}

export class Hints implements HintKeeper {
  private readonly options: HintsOptions;
  private readonly path: string;
  private readonly rate: ByteRate;
  private readonly backlogs = new Map<MemberId, Backlog>();
  /** Those that are no members any more. */
  private readonly gone = new Set<MemberId>();
  /** What is left of some of them and may come back, and whether it is being removed. */
  private readonly rests = new Map<HintLog, boolean>();
  private keptCount = 0;
  private droppedCount = 0;
  /** Of members that are gone. */
  private replayedBefore = 0;
  private lostBefore = 0;
  private unreadableBefore = 0;
  private syncedMs: number;
  private complainedMs = -Infinity;

  /** Opens what earlier processes have left. What cannot be read is reported, and set aside. */
  constructor(options: HintsOptions) {
    const { disk, directory } = options;
    this.options = options;
    this.path = hintsDirectory(directory);
    this.syncedMs = this.nowMs();
    this.rate = new ByteRate(REPLAY_BYTES_PER_SECOND, REPLAY_BURST_BYTES, this.nowMs());
    for (const member of disk.list(this.path)) this.backlogOf(member);
  }

  get figures(): HintFigures {
    let count = 0;
    let oldest = Infinity;
    let { replayedBefore: replayedCount, lostBefore: lostBytes, unreadableBefore: unreadableFiles } = this;
    for (const { log, replay } of this.backlogs.values()) {
      count += log.hintCount;
      oldest = Math.min(oldest, log.first?.number ?? Infinity);
      replayedCount += replay.replayedCount;
      lostBytes += log.lostBytes;
      unreadableFiles += log.unreadableFiles;
    }
    return {
      bytes: this.byteLength,
      count,
      oldestAgeSeconds: oldest === Infinity ? 0 : Math.max(0, this.second() - oldest),
      keptCount: this.keptCount,
      replayedCount,
      droppedCount: this.droppedCount,
      lostBytes,
      unreadableFiles,
    };
  }

  /** What is kept for somebody, or may come back of what was, after a power failure for instance; undefined: nothing. */
  get obstacle(): string | undefined {
    for (const { log } of this.backlogs.values()) if (log.obstacle !== undefined) return log.obstacle;
    for (const { member } of this.rests.keys()) return `hints for node ${member}, which has left, are not removed yet`;
    return undefined;
  }

  /** How many are kept for a member. */
  countFor(member: MemberId): number {
    return this.backlogs.get(member)?.log.hintCount ?? 0;
  }

  keep(member: MemberId, batch: Buffer, then?: (isDurable: boolean) => void): boolean {
    if (this.options.whyNotKeep(member) !== undefined) return false;
    const { log } = this.backlogOf(member);
    if (this.byteLength + log.bytesFor(batch) > this.options.bytesMax()) return this.drop('hint-size-max is reached');
    const spanSeconds = Math.floor(this.options.windowSeconds() / FILES_PER_WINDOW);
    try {
      log.append(batch, this.second(), spanSeconds);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return this.drop(error.message);
    }
    this.keptCount++;
    if (then !== undefined) log.whenDurable(then);
    return true;
  }

  /** HINTED. */
  acknowledged(member: MemberId, id: number): void {
    this.backlogs.get(member)?.replay.acknowledged(id);
  }

  /** Goes on with what a member is to be sent, if it can be reached. */
  replay(member: MemberId): void {
    if (this.options.links.isUp(member)) this.backlogs.get(member)?.replay.pump();
  }

  /** The connection to a member is gone. */
  lost(member: MemberId): void {
    this.backlogs.get(member)?.replay.rewind();
  }

  /** These are the members: what is kept for others goes to them. Who was to join, and was dropped before it knew, may be one again. */
  retain(members: readonly MemberId[]): void {
    for (const member of members) if (this.gone.delete(member)) this.backlogs.get(member)?.replay.rewind();
    for (const [member, { replay }] of this.backlogs) {
      if (members.includes(member)) continue;
      this.gone.add(member);
      replay.rewind();
    }
  }

  /** Drops what is to be kept no more. */
  dropNeedless(): void {
    for (const [member, { log, replay }] of this.backlogs) {
      const reason = this.options.whyNotKeep(member);
      if (reason === undefined || log.isEmpty) continue;
      replay.rewind();
      for (let { first } = log; first !== undefined; { first } = log) this.dropFile(log, first, reason);
    }
  }

  /** Called a few times a second. */
  tick(): void {
    const nowMs = this.nowMs();
    const isDue = nowMs - this.syncedMs >= SYNC_EVERY_MS;
    if (isDue) this.syncedMs = nowMs;
    for (const [member, { log, replay }] of this.backlogs) {
      if (isDue) {
        log.removeAgain();
        log.sync();
      }
      const isGone = this.gone.has(member);
      if (isGone || this.options.links.isUp(member)) replay.pump();
      else if (isDue) this.expire(log);
      if (isGone && log.isEmpty && log.areRemovalsDurable) this.forget(member);
    }
    if (!isDue) return;
    for (const [log, isBeingRemoved] of this.rests) if (!isBeingRemoved) this.removeRest(log);
  }

  /** Makes what was kept durable, as far as the disk can. Nothing may be kept after this. */
  async close(): Promise<void> {
    const logs = [...this.backlogs.values()].map(({ log }) => log);
    await Promise.all(
      logs.map(
        (log) =>
          new Promise<void>((resolve) => {
            log.whenDurable(() => {
              resolve();
            });
          }),
      ),
    );
    for (const { log, replay } of this.backlogs.values()) {
      replay.rewind();
      log.close();
    }
  }

  private send(member: MemberId, kind: number, payload: Payload): boolean {
    const { links, passOn } = this.options;
    if (!this.gone.has(member)) return links.send(member, kind, payload);
    const hint = Buffer.allocUnsafeSlow(payload.byteLength);
    payload.writeTo(hint, 0);
    passOn(hint.subarray(HINT_HEAD_BYTES), (isKept) => {
      const replay = this.backlogs.get(member)?.replay;
      if (!isKept || replay === undefined) return;
      replay.acknowledged(hint.readUInt32LE(0));
      replay.pump();
    });
    return true;
  }

  /** Nothing is left of what was kept for a member that is gone. */
  private forget(member: MemberId): void {
    const { log, replay } = this.backlogOf(member);
    this.replayedBefore += replay.replayedCount;
    this.lostBefore += log.lostBytes;
    this.unreadableBefore += log.unreadableFiles;
    this.backlogs.delete(member);
    this.gone.delete(member);
    this.removeRest(log);
  }

  private removeRest(log: HintLog): void {
    this.rests.set(log, true);
    void log.removeAll().then((isRemoved) => {
      this.options.onWork();
      if (isRemoved) this.rests.delete(log);
      else this.rests.set(log, false);
    });
  }

  /** Drops what is too old. */
  private expire(log: HintLog): void {
    const before = this.second() - this.options.windowSeconds();
    for (let { first } = log; first !== undefined && first.number < before; { first } = log) {
      this.dropFile(log, first, `node ${log.member} is away for longer than hint-window`);
    }
  }

  private dropFile(log: HintLog, file: HintFile, reason: string): void {
    this.droppedCount += file.hintCount;
    this.complain(reason);
    log.removeFile(file);
  }

  private drop(reason: string): false {
    this.droppedCount++;
    this.complain(reason);
    return false;
  }

  /** Says once a minute that hints are dropped. */
  private complain(reason: string): void {
    const nowMs = this.nowMs();
    if (nowMs - this.complainedMs < COMPLAIN_EVERY_MS) return;
    this.complainedMs = nowMs;
    this.options.warn(`Hints are dropped, and repair has to bring what was in them: ${reason}`);
  }

  private backlogOf(member: MemberId): Backlog {
    const known = this.backlogs.get(member);
    if (known !== undefined) return known;
    const { options, path, rate } = this;
    const log = HintLog.open({ ...options, parent: options.directory, directory: path }, member);
    const links: ReplicaLinks = { send: (to, kind, payload) => this.send(to, kind, payload) };
    const replay = new HintReplay(log, { ...options, links, rate, nowMs: () => this.nowMs() });
    const backlog = { log, replay };
    this.backlogs.set(member, backlog);
    return backlog;
  }

  private get byteLength(): number {
    let bytes = 0;
    for (const { log } of this.backlogs.values()) bytes += log.byteLength;
    return bytes;
  }

  private nowMs(): number {
    return this.options.clock.monotonicUs() / 1000;
  }

  private second(): number {
    return Math.floor(this.options.clock.wallMs() / 1000);
  }
}
