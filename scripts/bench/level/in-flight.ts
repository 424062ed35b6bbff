/** Calls `run` with 0 to `count - 1`, so that `width` promises are under way at any time. Rejects with the first that does. */
export async function inFlight(count: number, width: number, run: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, work));
}
