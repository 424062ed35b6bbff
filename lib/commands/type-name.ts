import { CellType } from '../record/entry.js';

const NAMES: Readonly<Partial<Record<CellType, string>>> = {
  [CellType.STRING]: 'string',
  [CellType.LIST]: 'list',
  [CellType.SET]: 'set',
  [CellType.SORTED_SET]: 'zset',
  [CellType.HASH]: 'hash',
  [CellType.STREAM]: 'stream',
};

/** What TYPE answers for a key of this type. */
export function typeName(type: CellType): string {
  return NAMES[type] ?? 'string';
}
