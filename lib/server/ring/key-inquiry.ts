import { AssertionError } from '../../base/assert.js';
import { slotOf } from '../../base/position.js';
import type { Answers, Inquiries, InquiryStore, KeySummary } from '../../cluster/coordination/inquiries.js';
import type { RingView } from '../../cluster/coordination/ring-view.js';

/** What the replicas of a key know of it, as far as they answer, by their index in the ring; `undefined`: they cannot read it. */
export async function inquireAll(
  key: Buffer,
  view: RingView,
  inquiries: Inquiries,
  store: InquiryStore,
): Promise<ReadonlyMap<number, KeySummary | undefined>> {
  const replicas = [...view.ring.replicas(slotOf(key, 0, key.length))];
  const others = replicas.filter((index) => index !== view.self && view.isUp(index));
  const ids = others.map((index) => view.idOf(index));
  const told = new Promise<Answers>((resolve) => {
    inquiries.begin(key, ids, resolve);
  });
  const known = new Map<number, KeySummary | undefined>();
  if (replicas.includes(view.self)) known.set(view.self, await summaryOf(key, store));
  const answers = await told;
  for (const [i, id] of ids.entries()) if (answers.has(id)) known.set(others[i], answers.get(id));
  return known;
}

/** What this node knows of a key. */
async function summaryOf(key: Buffer, store: InquiryStore): Promise<KeySummary | undefined> {
  try {
    if (store.summary(key) === undefined) await store.load(key);
    return store.summary(key);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof AssertionError) throw error;
    return undefined;
  }
}
