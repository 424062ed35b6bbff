import { globMatches } from '../base/glob.js';
import { MemberList } from '../data/member-list.js';
import type { FieldReader } from '../data/field-reader.js';
import type { Call } from './call.js';
import { parseCursor, parseScan } from './scan.js';

/**
 * HSCAN, SSCAN, ZSCAN key cursor [MATCH pattern] [COUNT count]: answers with where to go on and what was visited on the way. `open` looks at the key in
 * argument 1; `take` adds the element that the cells stand on to `found`, whose scores are the command's to use; `reply` answers with `found` then.
 */
export function scanElements<T extends FieldReader>(
  call: Call,
  open: (call: Call, i: number) => T,
  take: (found: MemberList, cells: T) => void,
  reply: (call: Call, found: MemberList) => void,
): void {
  const cursor = parseCursor(call, 2);
  if (cursor === undefined) return;
  const cells = open(call, 1);
  const found = new MemberList();
  let next = 0;
  if (cells.count > 0) {
    const options = parseScan(call, 3);
    if (options === undefined) return;
    const { matchArg, count } = options;
    next = cells.walk(cursor, count, () => {
      if (matchArg === 0 || matches(call, cells, matchArg)) take(found, cells);
    });
  }
  call.reply.array(2);
  call.reply.bulkInteger(next);
  reply(call, found);
}

/** Whether the field that the cells stand on matches the pattern in argument i. */
function matches({ args }: Call, { bytes, fieldStart, fieldEnd }: FieldReader, i: number): boolean {
  return globMatches(args.buffer, args.start[i], args.end[i], bytes, fieldStart, fieldEnd);
}
