/** A directory on a MemoryDisk: its entries, and which changes of them a power failure may undo. */

import type { CrashFate } from './crash-fate.js';
import type { MemoryFile } from './memory-file.js';

export type MemoryNode = MemoryFile | MemoryDirectory;

/** A change of the entries: `node` gets the name `to`, and `from` (if not empty) goes. Without a node: `from` goes. */
interface Change {
  readonly from: string;
  readonly to: string;
  readonly node: MemoryNode | undefined;
}

export class MemoryDirectory {
  readonly entries = new Map<string, MemoryNode>();

  private durable = new Map<string, MemoryNode>();
  private unsynced: Change[] = [];

  add(name: string, node: MemoryNode): void {
    this.change({ from: '', to: name, node });
  }

  remove(name: string): void {
    this.change({ from: name, to: '', node: undefined });
  }

  rename(from: string, to: string): void {
    this.change({ from, to, node: this.entries.get(from) });
  }

  /** What a sync that is begun now will have made durable when it is done: call the result then. */
  beginSync(): () => void {
    const { length } = this.unsynced;
    const durable = new Map(this.entries);
    const last = this.unsynced.at(length - 1);
    return () => {
      const index = last === undefined ? -1 : this.unsynced.indexOf(last);
      if (index === -1) return; // a sync that began later was done before
      this.durable = durable;
      this.unsynced = this.unsynced.slice(index + 1);
    };
  }

  /** The directory as the next boot finds it. `survivors`: what became of the nodes so far; a file may have several names. */
  crash(path: string, fate: CrashFate, survivors: Map<MemoryNode, MemoryNode>): MemoryDirectory {
    const kept = new Map(this.durable);
    for (const change of this.unsynced) {
      if (fate.keepsEntry(`${path}/${change.node === undefined ? change.from : change.to}`)) apply(change, kept);
    }
    const result = new MemoryDirectory();
    for (const [name, node] of kept) {
      const survivor = survivors.get(node) ?? node.crash(`${path}/${name}`, fate, survivors);
      survivors.set(node, survivor);
      result.entries.set(name, survivor);
      result.durable.set(name, survivor);
    }
    return result;
  }

  private change(change: Change): void {
    apply(change, this.entries);
    this.unsynced.push(change);
  }
}

function apply({ from, to, node }: Change, entries: Map<string, MemoryNode>): void {
  if (from !== '') entries.delete(from);
  if (node !== undefined) entries.set(to, node);
}
