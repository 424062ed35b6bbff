import type { Clock, Timer, Timers } from '../../host/ports.js';

/** How exact deadlines are; they are never early. */
const TICK_MS = 10;
const SLOTS = 1024;
const NO_TICK = Infinity;

/** Something that is due at some time. It is in one list at most; `onDeadline` is called once each time it was set. */
export abstract class Deadline {
  /** Of the tick that it is due in, while it is set: that and the links are the list's. */
  tick = 0;
  previous: Deadline | undefined;
  next: Deadline | undefined;

  get isSet(): boolean {
    return this.next !== undefined;
  }

  abstract onDeadline(): void;
}

/** The beginning of a slot's ring of deadlines. */
class Slot extends Deadline {
  constructor() {
    super();
    this.previous = this.next = this;
  }

  override onDeadline(): void {
    // Never set.
  }
}

/**
 * Deadlines of all peers, on one timer: a wheel of slots (Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987), so that setting and
 * clearing one costs next to nothing, and most are cleared before they are due.
 *
 * What is due is called at the end of a turn: after the process has slept, an answer that has arrived meanwhile is read first.
 */
export class Deadlines {
  private readonly clock: Clock;
  private readonly timers: Timers;
  private readonly slots = Array.from({ length: SLOTS }, () => new Slot());
  private count = 0;
  /** All that was due up to this tick has been called. */
  private tick: number;
  /** When the timer fires. */
  private armedTick = NO_TICK;
  private timer: Timer | undefined;
  private isStopped = false;
  private readonly onTimer: () => void;
  private readonly onEndOfTurn: () => void;

  constructor(clock: Clock, timers: Timers) {
    this.clock = clock;
    this.timers = timers;
    this.tick = this.now();
    this.onTimer = () => {
      this.timers.endOfTurn(this.onEndOfTurn);
    };
    this.onEndOfTurn = () => {
      this.advance();
    };
  }

  /** Sets a deadline, or sets it anew. */
  set(deadline: Deadline, afterMs: number): void {
    this.clear(deadline);
    if (this.count === 0) this.tick = Math.max(this.tick, this.now());
    // One more: the tick that is under way may be about to end.
    deadline.tick = Math.max(this.now() + Math.ceil(afterMs / TICK_MS) + 1, this.tick + 1);
    insertBefore(this.slots[deadline.tick % SLOTS], deadline);
    this.count++;
    if (deadline.tick < this.armedTick) this.arm(deadline.tick);
  }

  /** It is no longer due. Does nothing if it was not. */
  clear(deadline: Deadline): void {
    if (!deadline.isSet) return;
    unlink(deadline);
    this.count--;
  }

  /** Nothing is called any more. */
  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private now(): number {
    return Math.floor(this.clock.monotonicUs() / (TICK_MS * 1000));
  }

  private arm(tick: number): void {
    if (this.isStopped) return;
    this.timer?.cancel();
    this.armedTick = tick;
    const delayMs = Math.max(0, tick * TICK_MS - this.clock.monotonicUs() / 1000);
    this.timer = this.timers.after(Math.ceil(delayMs), this.onTimer);
  }

  private advance(): void {
    if (this.isStopped) return;
    this.armedTick = NO_TICK;
    const now = this.now();
    const first = Math.max(this.tick + 1, now - SLOTS + 1);
    for (let tick = first; tick <= now && this.count > 0; tick++) this.callDue(this.slots[tick % SLOTS], now);
    this.tick = now;
    this.armForNext();
  }

  private callDue(slot: Deadline, now: number): void {
    // What is due is taken out first, and what is set meanwhile is due in a later tick: the walk ends.
    const due: Deadline[] = [];
    for (let entry = slot.next; entry !== slot && entry !== undefined; entry = entry.next) {
      if (entry.tick <= now) due.push(entry);
    }
    for (const deadline of due) {
      // One that was called before it may have cleared it, or set it anew.
      if (!deadline.isSet || deadline.tick > now) continue;
      this.clear(deadline);
      deadline.onDeadline();
    }
  }

  /** Arms the timer for the next slot in which there is anything, though it may be for a later round. */
  private armForNext(): void {
    if (this.count === 0) return;
    for (let tick = this.tick + 1; tick <= this.tick + SLOTS; tick++) {
      const slot = this.slots[tick % SLOTS];
      if (slot.next === slot) continue;
      if (tick < this.armedTick) this.arm(tick);
      return;
    }
  }
}

function insertBefore(place: Deadline, deadline: Deadline): void {
  const { previous } = place;
  deadline.previous = previous;
  deadline.next = place;
  if (previous !== undefined) previous.next = deadline;
  place.previous = deadline;
}

function unlink(deadline: Deadline): void {
  const { previous, next } = deadline;
  if (previous !== undefined) previous.next = next;
  if (next !== undefined) next.previous = previous;
  deadline.previous = deadline.next = undefined;
}
