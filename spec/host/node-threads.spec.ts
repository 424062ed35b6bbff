import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { AssertionError } from '../../lib/base/assert.js';
import { CorruptionError, DiskError } from '../../lib/base/errors.js';
import { NodeThreads } from '../../lib/host/node-threads.js';
import type { JobThread } from '../../lib/host/ports.js';
import { ThreadDiedError } from '../../lib/host/thread-error.js';
import type { Order } from './answering-thread.js';

const MODULE = new URL('./answering-thread.js', import.meta.url).href;

function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it was to be rejected'),
    (error: unknown) => error,
  );
}

/** Waits, without stopping the loop, until `words[0]` is not 0. */
async function changed(words: Int32Array): Promise<void> {
  const { waitAsync } = Atomics as unknown as { waitAsync: (...args: unknown[]) => { value: unknown } };
  await waitAsync(words, 0, 0).value;
}

describe('NodeThreads', () => {
  let thread: JobThread;
  const ask = (order: Order): Promise<unknown> => thread.request(order);

  beforeEach(() => (thread = new NodeThreads().start(MODULE, 'spec')));
  afterEach(() => thread.stop());

  it('answers requests in order, with copies of what the module returns', async () => {
    const value = { bytes: Uint8Array.of(1, 2), list: [1, { two: 2 }] };
    const answers = await Promise.all([ask({ do: 'echo', value }), ask({ do: 'echo', value: 2 })]);
    expect(answers).to.deep.equal([value, 2]);
  });

  it('gives the module the disk and the clock', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ringkv-threads-'));
    try {
      writeFileSync(join(directory, 'a'), '');
      expect(await ask({ do: 'list', directory })).to.deep.equal(['a']);
    } finally {
      rmSync(directory, { recursive: true });
    }
    expect(await ask({ do: 'time' })).to.be.closeTo(Date.now(), 60_000);
  });

  it('runs beside the caller, who can end its waits through shared memory', async () => {
    const words = new Int32Array(new SharedArrayBuffer(8));
    const answer = ask({ do: 'wait', words });
    await changed(words);
    expect(Atomics.load(words, 0)).to.equal(1);
    Atomics.store(words, 1, 5);
    Atomics.notify(words, 1);
    expect(await answer).to.equal(5);
  });

  it('rejects with the error that the module threw', async () => {
    const disk = await failure(ask({ do: 'throw', what: 'disk' }));
    expect(disk).to.be.instanceOf(DiskError);
    expect(disk).to.include({ code: 'ENOSPC', path: '/there', message: '/there: append failed: full: really' });
    const corruption = await failure(ask({ do: 'throw', what: 'corruption' }));
    expect(corruption).to.be.instanceOf(CorruptionError);
    expect(corruption).to.include({ path: '/there', offset: 17, message: '/there: at offset 17: at offset 3: no' });
    const assertion = await failure(ask({ do: 'throw', what: 'assertion' }));
    expect(assertion).to.be.instanceOf(AssertionError);
    expect((assertion as Error).stack).to.include('answering-thread');
    expect(await failure(ask({ do: 'throw', what: 'other' }))).to.include({ message: 'RangeError: too far' });
    expect(await failure(ask({ do: 'throw', what: 'text' }))).to.include({ message: 'just a text' });
  });

  it('rejects a message that cannot be sent, and goes on', async () => {
    expect(await failure(thread.request(() => 1))).to.be.instanceOf(Error);
    expect(await ask({ do: 'echo', value: 1 })).to.equal(1);
  });

  it('rejects what a thread that ended owed, and starts a new one for the next request', async () => {
    const owed = [failure(ask({ do: 'exit' })), failure(ask({ do: 'echo', value: 1 }))];
    for (const error of await Promise.all(owed)) expect(error).to.be.instanceOf(ThreadDiedError);
    expect(await ask({ do: 'echo', value: 2 })).to.equal(2);
  });

  it('rejects when the module cannot be loaded, and says why', async () => {
    const other = new NodeThreads().start(new URL('./no-such-module.js', import.meta.url).href, 'nothing');
    const error = await failure(other.request(1));
    expect(error).to.be.instanceOf(ThreadDiedError);
    expect((error as Error).message).to.match(/^the thread 'nothing' is gone: .*no-such-module/);
    await other.stop();
  });

  it('stops in the middle of a request', async () => {
    const words = new Int32Array(new SharedArrayBuffer(8));
    const answer = failure(ask({ do: 'wait', words }));
    await thread.stop();
    expect(await answer).to.be.instanceOf(ThreadDiedError);
    expect(() => ask({ do: 'time' })).to.throw(AssertionError);
  });

  it('stops before it was asked anything', async () => {
    await thread.stop();
  });
});
