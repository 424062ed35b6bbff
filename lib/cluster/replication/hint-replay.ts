/**
 * Sends a member what it has missed, in order, when it is back.
 *
 *     [ acknowledged, and removed ][ in flight ][ yet to be read ]......[ appended meanwhile ]
 *                                   ▲ a broken link begins here again
 *
 * 1. What was sent and not acknowledged is sent again after a while, or when the link was broken: at least once.
 * 2. A file goes when everything in it, and before it, was acknowledged. So a restart sends again what was acknowledged of one file, at most.
 * 3. So little is in flight that merging it holds up nobody at the member for long.
 */

import Denque from 'denque';

import { CorruptionError, DiskError } from '../../base/errors.js';
import type { Disk } from '../../host/ports.js';
import { MessageKind } from '../message-kind.js';
import type { ByteRate } from './byte-rate.js';
import type { HintFile } from './hint-file.js';
import { HintReader } from './hint-file.js';
import type { HintLog } from './hint-log.js';
import { HintPayload } from './hint-messages.js';
import type { ReplicaLinks } from './ports.js';

/** Bytes in flight. Each hint counts as some more than it has: many small ones cost time too. */
const WINDOW_BYTES = 32 * 1024;
const HINT_COST_BYTES = 512;
/** What was not acknowledged for so long is sent again: a member that has just started may have taken nothing yet. */
const STALL_MS = 2000;
/** After the disk could not be read; and so often in a row, before a file is given up. */
const REST_MS = 10_000;
const FAILURES_MAX = 6;

export interface HintReplayOptions {
  readonly disk: Disk;
  readonly links: ReplicaLinks;
  /** Of all that is replayed. */
  readonly rate: ByteRate;
  readonly nowMs: () => number;
}

interface Flight {
  readonly id: number;
  readonly file: HintFile;
  readonly start: number;
  readonly cost: number;
  isAcknowledged: boolean;
}

export class HintReplay {
  /** Hints that were acknowledged. */
  replayedCount = 0;
  private readonly log: HintLog;
  private readonly options: HintReplayOptions;
  private readonly payload = new HintPayload();
  private readonly flights = new Denque<Flight>();
  private flightBytes = 0;
  /** When something was acknowledged last, or nothing was in flight. */
  private progressMs = 0;
  private nextId = 0;
  /** Files with higher numbers are yet to be read; of the first of them, perhaps only what stands behind `from`. */
  private readUpTo = 0;
  private from: { readonly file: HintFile; readonly start: number } | undefined;
  private reading: { readonly file: HintFile; readonly reader: HintReader } | undefined;
  /** The disk has failed: until then nothing is read. */
  private restUntilMs = 0;
  private failures = 0;

  constructor(log: HintLog, options: HintReplayOptions) {
    this.log = log;
    this.options = options;
  }

  /** Sends as much as may be sent now. REQUIRES: the member can be reached. */
  pump(): void {
    const { options, flights } = this;
    const nowMs = options.nowMs();
    if (this.log.isEmpty || nowMs < this.restUntilMs) return;
    if (nowMs - this.progressMs > STALL_MS) this.rewind();
    if (flights.isEmpty()) this.progressMs = nowMs;
    try {
      while (this.flightBytes < WINDOW_BYTES && options.rate.isOpen(nowMs)) {
        const { reading } = this;
        if (reading === undefined) {
          if (!this.openNext()) return;
        } else if (!reading.reader.next()) this.finishFile(reading.file);
        else if (!this.send(reading.file, reading.reader)) return;
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      this.rest(error, nowMs);
    }
  }

  /** The member has a hint in its log. */
  acknowledged(id: number): void {
    const { flights } = this;
    const first = flights.peekFront();
    if (first === undefined) return;
    const flight = flights.peekAt((id - first.id) >>> 0);
    if (flight === undefined) return; // of an earlier attempt
    flight.isAcknowledged = true;
    this.progressMs = this.options.nowMs();
    for (let front = flights.peekFront(); front?.isAcknowledged === true; front = flights.peekFront()) {
      flights.shift();
      this.flightBytes -= front.cost;
      front.file.hintCount--;
      this.replayedCount++;
    }
    this.removeFinished();
  }

  /** What is in flight may never arrive: it is sent again when `pump` is called next. Closes what is open. */
  rewind(): void {
    const { flights, reading } = this;
    const first = flights.peekFront();
    if (first !== undefined) this.from = { file: first.file, start: first.start };
    else if (reading !== undefined) this.from = { file: reading.file, start: reading.reader.end };
    if (this.from !== undefined) this.readUpTo = this.from.file.number - 1;
    flights.clear();
    this.flightBytes = 0;
    reading?.reader.close();
    this.reading = undefined;
  }

  /** The disk has failed: it is tried again in a while, but not for ever, for what stands behind waits. */
  private rest(error: DiskError, nowMs: number): void {
    const file = this.reading?.file ?? this.log.fileAfter(this.readUpTo);
    this.rewind();
    this.restUntilMs = nowMs + REST_MS;
    this.failures++;
    if (this.failures < FAILURES_MAX || file === undefined) return;
    this.failures = 0;
    this.log.setAside(error, file);
  }

  private send(file: HintFile, reader: HintReader): boolean {
    const { links, rate } = this.options;
    const id = this.nextId;
    const cost = HINT_COST_BYTES + reader.batch.length;
    this.nextId = (id + 1) >>> 0;
    this.flights.push({ id, file, start: reader.start, cost, isAcknowledged: false });
    this.flightBytes += cost;
    this.payload.set(id, reader.batch);
    if (links.send(this.log.member, MessageKind.HINT, this.payload)) {
      rate.spend(cost);
      this.failures = 0;
      return true;
    }
    this.rewind();
    return false;
  }

  /** Opens the next file; false if there is none. Nothing is appended to it from now on. */
  private openNext(): boolean {
    const { log, from } = this;
    const file = log.fileAfter(this.readUpTo);
    if (file === undefined) return false;
    log.closeFile(file);
    try {
      const reader = HintReader.open(this.options.disk, file.path, from?.file === file ? from.start : undefined);
      if (reader === undefined) this.readUpTo = file.number;
      else this.reading = { file, reader };
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      this.readUpTo = file.number;
      log.setAside(error, file);
    }
    this.from = undefined;
    return true;
  }

  private finishFile(file: HintFile): void {
    const { reading, log } = this;
    if (reading === undefined) return;
    log.noteDamage(file, reading.reader);
    reading.reader.close();
    this.reading = undefined;
    this.readUpTo = file.number;
    this.removeFinished();
  }

  /** Removes the files of which all was acknowledged. */
  private removeFinished(): void {
    const { log, readUpTo } = this;
    const inFlight = this.flights.peekFront()?.file.number ?? Infinity;
    for (
      let { first } = log;
      first !== undefined && first.number <= readUpTo && first.number < inFlight;
      { first } = log
    ) {
      log.removeFile(first);
    }
  }
}
