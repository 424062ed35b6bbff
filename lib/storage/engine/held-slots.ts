/**
 * Which slots the data of a store is of, and what is dead of those that were given up (levels/slot-floors.ts). Where other nodes have other slots, the disk may be behind what is
 * here, but never so that it matters:
 *
 *  1. What is in the log alone says of itself which slots it is of. So a slot that comes to be held is noted with the tables that hold something of it.
 *  2. That a slot was given up counts from the moment that it was here, and not before it is durable for who takes it over again (`Store.giveUp`). A crash in between leaves the slot
 *     held, and it is given up again.
 */

import { SLOT_COUNT } from '../../base/position.js';
import { SlotSet } from '../../base/slot-set.js';
import type { SlotRange } from '../../base/slot-set.js';
import { SlotFloors } from '../levels/slot-floors.js';
import type { DatabaseFacts, SlotNotes } from '../levels/version-edit.js';
import type { Version } from '../levels/version.js';
import type { TableMeta } from '../sstable/table-meta.js';

const ALL_SLOTS: readonly SlotRange[] = [{ first: 0, last: SLOT_COUNT - 1 }];

export class HeldSlots {
  floors: SlotFloors;
  /** See SlotNotes. */
  cleanFor: string;
  private readonly held: SlotSet;
  /** Of the keys that were counted when something was noted last, about this part is left. */
  private leftPart = 1;
  private heldRanges: readonly SlotRange[] | undefined;

  /** As a version says. One from before this was noted may hold anything. */
  constructor(version: Version) {
    const { slots, tableCount } = version;
    this.floors = new SlotFloors(slots?.floors ?? []);
    this.held = SlotSet.of(slots?.held ?? (tableCount > 0 ? ALL_SLOTS : []));
    this.cleanFor = slots?.cleanFor ?? '';
  }

  has(slot: number): boolean {
    return this.held.has(slot);
  }

  get size(): number {
    return this.held.size;
  }

  /** There may be something of the slot from now on. */
  hold(slot: number): void {
    if (this.held.has(slot)) return;
    this.held.add(slot);
    this.heldRanges = undefined;
  }

  /** The same of all these. */
  holdAll(slots: SlotSet): void {
    const before = this.held.size;
    for (const range of slots.ranges()) this.held.addRange(range);
    if (this.held.size !== before) this.heldRanges = undefined;
  }

  /** Those of which there may be something, and that are not in `others`. */
  without(others: SlotSet): SlotSet {
    return this.held.without(others);
  }

  /** What there is of these slots in tables with lower numbers, and in the log up to a segment, is dead. Returns about which part of all keys is left. */
  giveUp(slots: SlotSet, tables: number, segment: number): number {
    const ranges = slots.ranges();
    const before = this.held.size;
    this.floors = this.floors.raised(ranges, tables, segment);
    for (const { first, last } of ranges) for (let slot = first; slot <= last; slot++) this.held.delete(slot);
    this.heldRanges = undefined;
    const left = before === 0 ? 1 : this.held.size / before;
    this.leftPart *= left;
    return left;
  }

  /** About how much of a table is dead, 0 to 1. */
  deadPart(table: TableMeta): number {
    return this.floors.isEmpty ? 0 : this.floors.deadPart(table, this.ranges);
  }

  /** What is left of counts that were noted before. Asked once for each time that something was given up. */
  scaled(databases: readonly DatabaseFacts[]): DatabaseFacts[] {
    const { leftPart } = this;
    this.leftPart = 1;
    return leftPart === 1 ? [] : databases.map((facts) => scaledFacts(facts, leftPart));
  }

  /** All that there is to note. Floors that lie above nothing any more are forgotten. */
  notes(version: Version, cleanFor: string): SlotNotes {
    this.floors = this.floors.needed(version.tables(), version.flushed?.number ?? 0);
    return { held: this.ranges, floors: this.floors.list, cleanFor };
  }

  /** What has to be noted with tables that may hold something of any slot; undefined if nothing has. What was given up may not be durable yet: it counts as held. */
  notesForTables({ slots }: Version): SlotNotes | undefined {
    const known = SlotSet.of(slots?.held ?? []);
    const before = known.size;
    if (slots === undefined && this.held.size === 0) return undefined;
    for (const range of this.ranges) known.addRange(range);
    if (slots !== undefined && known.size === before) return undefined;
    return { held: known.ranges(), floors: slots?.floors ?? [], cleanFor: slots?.cleanFor ?? '' };
  }

  private get ranges(): readonly SlotRange[] {
    return (this.heldRanges ??= this.held.ranges());
  }
}

/** The facts of a database of which about the part `left` of the keys is left. */
export function scaledFacts(facts: DatabaseFacts, left: number): DatabaseFacts {
  const part = (count: number): number => Math.round(count * left);
  return { ...facts, keyCount: part(facts.keyCount), expiringCount: part(facts.expiringCount), isEstimate: true };
}
