import type { Storage } from '../commands/ports.js';
import type { Loader } from '../data/loader.js';
import type { Store } from '../storage/engine/store.js';
import type { StorageFigures } from '../storage/engine/figures.js';
import { storageFigures } from '../storage/engine/figures.js';
import type { Gate } from './gate.js';
import type { WriteThrottle } from './write-throttle.js';

/** What INFO storage sees of the parts that keep data on disk. */
export class StoragePort implements Storage {
  private readonly store: Store;
  private readonly loader: Loader;
  private readonly throttle: WriteThrottle;
  private readonly gate: Gate;

  constructor(store: Store, loader: Loader, throttle: WriteThrottle, gate: Gate) {
    this.store = store;
    this.loader = loader;
    this.throttle = throttle;
    this.gate = gate;
  }

  figures(): StorageFigures | undefined {
    const { inside } = this.store;
    return inside && storageFigures(inside);
  }

  get loadedCount(): number {
    return this.loader.loadedCount;
  }

  get loadingCount(): number {
    return this.loader.loadingCount;
  }

  get dirtyBytes(): number {
    return this.store.isLogging ? this.store.logBytes : 0;
  }

  get dirtyBytesMax(): number {
    return this.store.dirtyBytesMax;
  }

  get writePressure(): number {
    return this.store.pressure;
  }

  get writeDelayMs(): number {
    return this.throttle.delayedMs;
  }

  get writeDelayTurns(): number {
    return this.throttle.delayedTurns;
  }

  get writeStalls(): number {
    return this.gate.roomWaitCount;
  }

  get isBackingUp(): boolean {
    return this.store.isBackingUp;
  }
}
