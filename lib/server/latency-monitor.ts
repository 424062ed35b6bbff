import Denque from 'denque';

import type { LatencyMonitor, LatencySample } from '../commands/ports.js';

/** Samples that an event keeps. */
const SAMPLES_MAX = 160;

class LatencyEvent {
  readonly samples = new Denque<LatencySample>();
  maxMs = 0;

  /** Of several samples in one second, the worst is kept. */
  add(atSeconds: number, latencyMs: number): void {
    this.maxMs = Math.max(this.maxMs, latencyMs);
    const last = this.samples.peekBack();
    if (last?.atSeconds === atSeconds) {
      if (last.latencyMs >= latencyMs) return;
      this.samples.pop();
    }
    this.samples.push({ atSeconds, latencyMs });
    if (this.samples.length > SAMPLES_MAX) this.samples.shift();
  }
}

/** LATENCY: what took longer than latency-monitor-threshold, by kinds of event. */
export class LatencyEvents implements LatencyMonitor {
  private readonly byName = new Map<string, LatencyEvent>();

  add(event: string, nowMs: number, latencyMs: number): void {
    let found = this.byName.get(event);
    if (found === undefined) this.byName.set(event, (found = new LatencyEvent()));
    found.add(Math.floor(nowMs / 1000), latencyMs);
  }

  events(): readonly string[] {
    return [...this.byName.keys()];
  }

  history(event: string): readonly LatencySample[] {
    return this.byName.get(event)?.samples.toArray() ?? [];
  }

  maxMs(event: string): number {
    return this.byName.get(event)?.maxMs ?? 0;
  }

  reset(events: readonly string[]): number {
    const names = events.length === 0 ? this.events() : events;
    return names.filter((name) => this.byName.delete(name)).length;
  }
}
