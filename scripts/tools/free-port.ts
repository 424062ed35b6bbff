/**
 * Free TCP ports of the loopback interface.
 *
 * They lie below the range that the system takes for outgoing connections, so that a server which is stopped and
 * started again on its port does not find a client's socket there.
 */
import { createServer } from 'node:net';

const LOWEST = 20_000;
const COUNT = 12_000;
const ATTEMPTS = 100;

/** Whether nothing listens on `port` of 127.0.0.1. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** A port of 127.0.0.1 on which nothing listened a moment ago. Rejects if a hundred random ones are all taken. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${LOWEST + COUNT - 1}`);
}
