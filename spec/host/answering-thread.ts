/** A module for the spec of NodeThreads: it does what the message says. */

import { AssertionError } from '../../lib/base/assert.js';
import { CorruptionError, DiskError } from '../../lib/base/errors.js';
import type { ThreadHost } from '../../lib/host/ports.js';

export type Order =
  | { readonly do: 'echo'; readonly value: unknown }
  | { readonly do: 'throw'; readonly what: 'disk' | 'corruption' | 'assertion' | 'other' | 'text' }
  | { readonly do: 'list'; readonly directory: string }
  | { readonly do: 'wait'; readonly words: Int32Array }
  | { readonly do: 'time' }
  | { readonly do: 'exit' };

export function serve(host: ThreadHost): (message: unknown) => unknown {
  return (message) => run(host, message as Order);
}

function run(host: ThreadHost, order: Order): unknown {
  switch (order.do) {
    case 'echo':
      return order.value;
    case 'throw':
      throw errorOf(order.what);
    case 'list':
      return host.disk.list(order.directory);
    case 'wait':
      Atomics.store(order.words, 0, 1);
      Atomics.notify(order.words, 0);
      host.wait(order.words, 1, 0, 60_000);
      return Atomics.load(order.words, 1);
    case 'time':
      return host.clock.wallMs();
    default:
      process.exit(3);
  }
}

function errorOf(what: string): unknown {
  if (what === 'disk') return new DiskError('ENOSPC', '/there', 'append failed: full: really');
  if (what === 'corruption') return new CorruptionError('/there', 17, 'at offset 3: no');
  if (what === 'assertion') return new AssertionError('a bug');
  return what === 'text' ? 'just a text' : new RangeError('too far');
}
