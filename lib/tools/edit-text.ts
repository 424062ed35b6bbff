import { SLOT_SPAN } from '../base/position.js';
import type { SlotRange } from '../base/slot-set.js';
import type { DatabaseFacts, SlotNotes, VersionEdit } from '../storage/levels/version-edit.js';
import type { TableMeta } from '../storage/sstable/table-meta.js';
import type { FormatTime } from './change-text.js';
import { pairText, stampText } from './change-text.js';

/** What a version edit does, a line for each thing. */
export function editLines(edit: VersionEdit, formatTime: FormatTime): string[] {
  const lines: string[] = [];
  const { flushed, logging, nextTableId, databasesMap, slots } = edit;
  if (flushed !== undefined) lines.push(`segments up to ${flushed.number} are in tables`);
  if (logging !== undefined) lines.push(logging ? 'there is a log' : 'there is no log');
  for (const id of edit.removed ?? []) lines.push(`- table ${id}`);
  for (const { level, table } of edit.added ?? []) lines.push(`+ level ${level}: ${tableText(table, formatTime)}`);
  for (const { id, reason } of edit.quarantined ?? []) lines.push(`table ${id} is quarantined: ${reason}`);
  for (const facts of edit.databases ?? []) lines.push(factsText(facts, formatTime));
  if (databasesMap !== undefined) {
    const { stamp, origin, physical } = databasesMap;
    lines.push(`databases are now ${physical.join(' ')} at ${pairText(stamp, origin, formatTime)}`);
  }
  if (slots !== undefined) lines.push(...slotLines(slots));
  if (nextTableId !== undefined) lines.push(`tables from ${nextTableId} on are free`);
  return lines;
}

function slotLines({ held, floors, cleanFor }: SlotNotes): string[] {
  const rangeText = ({ first, last }: SlotRange): string => (first === last ? `${first}` : `${first}-${last}`);
  return [
    `the data is of slots ${held.map(rangeText).join(' ') || 'none'}${cleanFor === '' ? '' : `, those taken over by ${cleanFor} from then on alone`}`,
    ...floors.map(
      (floor) =>
        `slots ${rangeText(floor)} were given up: dead in tables below ${floor.tables}, and in segments up to ${floor.segment}`,
    ),
  ];
}

/** What is known of a table. */
export function tableText(table: TableMeta, formatTime: FormatTime): string {
  const { id, db, recordCount, emptyCount, expiringCount, fileBytes, minStamp, maxStamp, expiresByMs } = table;
  const counts = `${recordCount} records (${emptyCount} deletes, ${expiringCount} expire), ${fileBytes} bytes`;
  const range = `positions ${positionText(table.smallest)} to ${positionText(table.largest)}`;
  const stamps = `stamps ${stampText(minStamp, formatTime)} to ${stampText(maxStamp, formatTime)}`;
  const end = expiresByMs === 0 ? '' : `, all expired by ${formatTime(expiresByMs)}`;
  return `table ${id} of database ${db}: ${counts}, ${range}, ${stamps}${end}${table.foreign ? ', foreign' : ''}`;
}

/** `slot:rest`, which rises as the position does. */
export function positionText(position: number): string {
  return `${Math.floor(position / SLOT_SPAN)}:${(position % SLOT_SPAN).toString(16).padStart(10, '0')}`;
}

function factsText({ db, floor, keyCount, expiringCount, isEstimate }: DatabaseFacts, formatTime: FormatTime): string {
  const keys = `${isEstimate ? 'about ' : ''}${keyCount} keys, ${expiringCount} with an expiry`;
  return `database ${db}: ${keys}${floor === 0 ? '' : `; emptied up to ${stampText(floor, formatTime)}`}`;
}
