/**
 * Up to where the deletes of each slot are settled among its replicas (rule 4 of the design; closer.ts raises it):
 *
 *     closed     whatever was stamped up to there has arrived where it was sent, and no more is
 *     dead       and every replica has had, durably, whatever any of them has, up to there. So deletes up to there may go: nothing that they hide comes any more. What comes with
 *                such a stamp is known here, or was deleted, and is dropped
 *
 *     <dir>/cluster/bounds        a checked file (topology/checked-file.ts), whose line is JSON: the ring's generation, and runs of both
 *
 *  1. Both only rise, as long as this node holds the slot and the ring is of one generation; dead is never above closed. A rise is durable before it takes effect.
 *  2. `dead` is taken over from another replica only as far as this node has closed the slot: then it was one of those who had everything. Who takes a slot over is given both
 *     with its data (ring-change.ts): it has then what they have.
 *  3. In a ring that was recovered with a new generation, members may hold slots without having been given their data: there, all begins anew.
 *  4. A file that is damaged stops the start.
 */

import { join } from 'node:path';

import { CorruptionError } from '../../base/errors.js';
import { ShapeError, integer, list, object } from '../../base/json-shape.js';
import type { Disk } from '../../host/ports.js';
import { SlotStamps } from '../../record/slot-stamps.js';
import { readCheckedFile, writeCheckedFile } from '../topology/checked-file.js';

/** Bounds as runs of SlotStamps. */
export interface BoundRuns {
  readonly closed: Float64Array;
  readonly dead: Float64Array;
}

interface State {
  readonly generation: number;
  readonly closed: readonly number[];
  readonly dead: readonly number[];
}

const TITLE = 'bounds';
const ADVICE = 'restore it from a copy, or empty the data directory, so that the node joins as a new one';
const whole = integer(0, Number.MAX_SAFE_INTEGER);
const checkState = object<State>({ generation: whole, closed: list(whole), dead: list(whole) });

export class SlotBounds {
  readonly closed = new SlotStamps();
  readonly dead = new SlotStamps();
  /** Slots of which something was told, up to where they are closed, since somebody has emptied this. */
  readonly stirred = new Set<number>();
  private readonly disk: Disk;
  private readonly path: string;
  private readonly generation: number;

  /** Reads what the data directory has for a ring of this generation. Throws CorruptionError and DiskError. */
  constructor(disk: Disk, directory: string, generation: number) {
    this.disk = disk;
    this.path = SlotBounds.pathIn(directory);
    this.generation = generation;
    const state = readState(disk, this.path);
    if (state?.generation !== generation) return;
    forEachSlot(Float64Array.from(state.closed), (slot, stamp) => this.closed.raise(slot, stamp));
    forEachSlot(Float64Array.from(state.dead), (slot, stamp) => this.dead.raise(slot, stamp));
  }

  static pathIn(directory: string): string {
    return join(directory, 'cluster', TITLE);
  }

  get runs(): BoundRuns {
    return { closed: this.closed.runs(), dead: this.dead.runs() };
  }

  /** Closes those slots of `runs` that are held here. Throws DiskError. */
  close(runs: Float64Array, isHeld: (slot: number) => boolean): void {
    this.raise(runs, NO_RUNS, (slot) => isHeld(slot));
  }

  /** Whether all of `runs` that is held here is closed. */
  areClosed(runs: Float64Array, isHeld: (slot: number) => boolean): boolean {
    let areClosed = true;
    forEachSlot(runs, (slot, stamp) => {
      if (isHeld(slot) && this.closed.of(slot) < stamp) areClosed = false;
    });
    return areClosed;
  }

  /** Takes over what another replica of some slots has settled, as far as they were closed here. Throws DiskError. */
  adopt(dead: Float64Array, isCommon: (slot: number) => boolean): void {
    this.raise(NO_RUNS, dead, (slot, stamp) => isCommon(slot) && stamp <= this.closed.of(slot));
  }

  /** Takes over the bounds of slots whose data was taken over. Throws DiskError. */
  takeOver({ closed, dead }: BoundRuns, isTaken: (slot: number) => boolean): void {
    this.raise(closed, dead, (slot) => isTaken(slot));
  }

  /** Forgets what is not held here any more. Throws DiskError. */
  retain(isHeld: (slot: number) => boolean): void {
    this.dead.retain(isHeld);
    if (this.closed.retain(isHeld)) this.write(this.closed, this.dead);
  }

  private raise(closed: Float64Array, dead: Float64Array, mayRise: (slot: number, stamp: number) => boolean): void {
    const higherClosed: [number, number][] = [];
    const higherDead: [number, number][] = [];
    forEachSlot(closed, (slot, stamp) => {
      if (stamp > this.closed.of(slot) && mayRise(slot, stamp)) higherClosed.push([slot, stamp]);
    });
    forEachSlot(dead, (slot, stamp) => {
      if (stamp > this.dead.of(slot) && mayRise(slot, stamp)) higherDead.push([slot, stamp]);
    });
    if (higherClosed.length + higherDead.length === 0) return;
    const nextClosed = SlotStamps.ofRuns(this.closed.runs());
    const nextDead = SlotStamps.ofRuns(this.dead.runs());
    nextClosed.raiseAll(higherClosed);
    nextDead.raiseAll(higherDead);
    this.write(nextClosed, nextDead);
    this.closed.raiseAll(higherClosed);
    if (higherDead.length > 0) this.dead.raiseAll(higherDead);
  }

  private write(closed: SlotStamps, dead: SlotStamps): void {
    const state: State = { generation: this.generation, closed: [...closed.runs()], dead: [...dead.runs()] };
    writeCheckedFile(this.disk, this.path, TITLE, JSON.stringify(state));
  }
}

const NO_RUNS = new Float64Array(0);

function readState(disk: Disk, path: string): State | undefined {
  const line = readCheckedFile(disk, path, TITLE, ADVICE);
  if (line === undefined) return undefined;
  try {
    const state = checkState(JSON.parse(line), TITLE);
    for (const runs of [state.closed, state.dead]) {
      if (!SlotStamps.areRuns(Float64Array.from(runs))) throw new ShapeError(TITLE, 'runs of slots', runs);
    }
    return state;
  } catch (error) {
    if (!(error instanceof ShapeError) && !(error instanceof SyntaxError)) throw error;
    throw new CorruptionError(path, 0, `${error.message}; ${ADVICE}`);
  }
}

function forEachSlot(runs: Float64Array, then: (slot: number, stamp: number) => void): void {
  for (let at = 0; at < runs.length; at += 3) {
    for (let slot = runs[at]; slot < runs[at + 1]; slot++) then(slot, runs[at + 2]);
  }
}
