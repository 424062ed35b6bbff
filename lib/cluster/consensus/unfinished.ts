/** What was accepted is proposed again after this if it is not known to be decided: by who acts for the key, and by others. */
const FINISH_MS = 2000;
const FINISH_FOR_OTHERS_MS = 10_000;
/** So many are looked at, of both kinds, at a time. */
const STEP = 32;

/** Keys with something accepted that is not known to be decided. */
export class Unfinished {
  /** Since when, oldest first: those that nobody has looked at yet, and those that somebody else acts for. */
  private readonly fresh = new Map<string, number>();
  private readonly ofOthers = new Map<string, number>();

  /** Something was accepted for a key. */
  add(name: string, nowMs: number): void {
    this.delete(name);
    this.fresh.set(name, nowMs);
  }

  /** It is decided; whether that was not known. */
  delete(name: string): boolean {
    return this.fresh.delete(name) || this.ofOthers.delete(name);
  }

  has(name: string): boolean {
    return this.fresh.has(name) || this.ofOthers.has(name);
  }

  /** Those that this node should finish now: each is due again after a while. */
  due(nowMs: number, actsFor: (name: string) => boolean): string[] {
    const due = take(this.ofOthers, nowMs - FINISH_FOR_OTHERS_MS);
    for (const name of take(this.fresh, nowMs - FINISH_MS)) {
      if (actsFor(name)) due.push(name);
      else this.ofOthers.set(name, nowMs);
    }
    for (const name of due) this.fresh.set(name, nowMs);
    return due;
  }
}

/** Takes out some that are older than that. */
function take(from: Map<string, number>, beforeMs: number): string[] {
  const taken: string[] = [];
  for (const [name, sinceMs] of from) {
    if (sinceMs > beforeMs || taken.length >= STEP) break;
    taken.push(name);
  }
  for (const name of taken) from.delete(name);
  return taken;
}
