import type { DigestedData, RepairStore } from './ports.js';

/** Others that compare with this node soon after one another see the same. */
const FRESH_MS = 10_000;

/**
 * The sums of what this node holds, made when somebody wants to compare them, and again only if something has changed since. Who asks while they are being made gets
 * these.
 */
export class DigestTrees {
  builtCount = 0;
  /** How often nothing had changed. */
  reusedCount = 0;
  readBytes = 0;
  keyCount = 0;
  private readonly store: RepairStore;
  private readonly nowMs: () => number;
  private building: Promise<DigestedData> | undefined;
  /** What was begun before `renew`. */
  private outdated: Promise<unknown> = Promise.resolve();
  private last: { readonly data: DigestedData; readonly mark: string; readonly beganMs: number } | undefined;

  constructor(store: RepairStore, nowMs: () => number) {
    this.store = store;
    this.nowMs = nowMs;
  }

  /** The last sums that were made. */
  get current(): DigestedData | undefined {
    return this.last?.data;
  }

  get isBuilding(): boolean {
    return this.building !== undefined;
  }

  /** The sums; with `fresh`, of all that was there when they were asked for, unless they are being made. Rejects as RepairStore.digestAll does. */
  get(fresh: boolean): Promise<DigestedData> {
    const { building, last, store } = this;
    if (building !== undefined) return building;
    const isFresh = last !== undefined && !fresh && this.nowMs() - last.beganMs < FRESH_MS;
    if (last !== undefined && (isFresh || last.mark === store.mark)) {
      this.reusedCount++;
      return Promise.resolve(last.data);
    }
    const built = this.build();
    this.building = built;
    const end = (): void => {
      if (this.building === built) this.building = undefined;
    };
    built.then(end, end);
    return built;
  }

  /** What is being summed up just now does not serve who asks from now on. */
  renew(): void {
    if (this.building === undefined) return;
    this.outdated = this.building.catch(() => undefined);
    this.building = undefined;
  }

  private async build(): Promise<DigestedData> {
    await this.outdated;
    const beganMs = this.nowMs();
    const { mark } = this.store;
    const data = await this.store.digestAll();
    this.last = { data, mark, beganMs };
    this.builtCount++;
    this.readBytes += data.readBytes;
    this.keyCount = data.keyCount;
    return data;
  }
}
