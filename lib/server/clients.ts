import type { Subscriptions } from '../commands/ports.js';
import type { OutputBufferLimits } from '../config/list-option.js';
import type { Connection } from './connection.js';

/** The open connections, and what they have in common. */
export class Clients {
  received = 0;
  rejected = 0;
  inputBytes = 0;
  outputBytes = 0;
  private readonly byId = new Map<number, Connection>();
  private lastId = 0;

  get count(): number {
    return this.byId.size;
  }

  nextId(): number {
    return ++this.lastId;
  }

  add(connection: Connection): void {
    this.received++;
    this.byId.set(connection.id, connection);
  }

  remove(connection: Connection): void {
    this.byId.delete(connection.id);
  }

  get(id: number): Connection | undefined {
    return this.byId.get(id);
  }

  all(): IterableIterator<Connection> {
    return this.byId.values();
  }

  /** Bytes of requests and replies that wait in memory. */
  bufferBytes(): number {
    let bytes = 0;
    for (const connection of this.all()) bytes += connection.inputBytes + connection.outputBytes;
    return bytes;
  }

  /** Closes those that have been silent for longer than `timeoutSeconds`; 0 is for ever. Who waits, watches or listens may be silent. */
  closeIdle(nowMs: number, timeoutSeconds: number): void {
    if (timeoutSeconds === 0) return;
    for (const connection of [...this.all()]) {
      const idleMs = nowMs - connection.lastUsedMs;
      if (idleMs <= timeoutSeconds * 1000 || connection.isBlocked || connection.isMonitor) continue;
      if (connection.subscriptions === undefined) connection.kill();
    }
  }

  /** Closes those that have been over their soft limit for too long, also if nothing is sent to them any more. */
  closeSlow(nowMs: number, limits: OutputBufferLimits): void {
    for (const connection of [...this.all()]) {
      if (connection.softLimitSinceMs !== 0 && isOverLimit(connection, connection.outputBytes, limits, nowMs)) {
        connection.kill();
      }
    }
  }

  resetFigures(): void {
    this.received = this.rejected = this.inputBytes = this.outputBytes = 0;
  }
}

/** Whether `bytes` of pending replies are more than the limits let a connection have; notes how long the soft one is passed. */
export function isOverLimit(
  connection: { softLimitSinceMs: number; readonly subscriptions: Subscriptions | undefined },
  bytes: number,
  limits: OutputBufferLimits,
  nowMs: number,
): boolean {
  const { hardBytes, softBytes, softSeconds } = connection.subscriptions === undefined ? limits.normal : limits.pubsub;
  if (hardBytes !== 0 && bytes > hardBytes) return true;
  if (softBytes === 0 || bytes <= softBytes) {
    connection.softLimitSinceMs = 0;
    return false;
  }
  if (connection.softLimitSinceMs === 0) connection.softLimitSinceMs = nowMs;
  return nowMs - connection.softLimitSinceMs > softSeconds * 1000;
}
