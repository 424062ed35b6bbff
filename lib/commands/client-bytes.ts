import type { Client } from './ports.js';

/** What connections hold: requests that are not complete, and replies that are not sent. */
export function clientBytes(clients: Iterable<Client>): number {
  let bytes = 0;
  for (const client of clients) bytes += client.inputBytes + client.outputBytes;
  return bytes;
}
