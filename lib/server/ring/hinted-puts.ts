import type { BlindPut } from '../../commands/blind-puts.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';
import type { HintKeeper } from '../../cluster/replication/ports.js';
import type { MemberId } from '../../cluster/ring/member.js';

/** Keeps puts for each replica of their keys, and says later, once, whether there is a durable hint for one replica of each key. */
export function keepPuts(
  hints: HintKeeper,
  view: RingView,
  puts: readonly BlindPut[],
  settle: (isKept: boolean) => void,
): void {
  let waiting = puts.length;
  let isLost = false;
  const settleOne = (isKept: boolean): void => {
    isLost ||= !isKept;
    if (--waiting === 0) settle(!isLost);
  };
  for (const { slot, batch } of puts) {
    const { members: replicas } = view.ring.groups[view.ring.groupOf(slot)];
    // This node may be one, and serve no longer: it hands nothing over to itself.
    const others = replicas.filter((member) => member !== view.self);
    const members = Array.from(others, (member) => view.idOf(member));
    keepForOne(hints, members, batch, settleOne);
  }
}

/** Keeps a batch for all of these members, and says later, once, whether there is a durable hint for one of them. */
function keepForOne(
  hints: HintKeeper,
  members: readonly MemberId[],
  batch: Buffer,
  settle: (isKept: boolean) => void,
): void {
  let waiting = 0;
  let isSettled = false;
  for (const member of members) {
    const isKept = hints.keep(member, batch, (isDurable) => {
      waiting--;
      if (isSettled || (!isDurable && waiting > 0)) return;
      isSettled = true;
      settle(isDurable);
    });
    if (isKept) waiting++;
  }
  if (waiting === 0) settle(false);
}
