import { expect } from 'chai';
import { keepEverything } from '../sim/crash-fate.js';
import { NodeBench } from './node-bench.js';

/** Lets slices, syncs and turns go on until a rewrite has come to its end. */
async function finishRewrite(bench: NodeBench): Promise<void> {
  for (let i = 0; i < 5000 && bench.node.server.durability.isSaving; i++) {
    await bench.advance(100);
    await bench.finishSyncs();
  }
}

/** What a node that is started on the disk of a crashed one answers. */
async function afterCrash(bench: NodeBench, ...words: string[]): Promise<unknown> {
  const next = await NodeBench.start('', { disk: bench.disk.crash(keepEverything) });
  return next.ask(next.connect(), ...words);
}

/** A node with `saved` in its log and `unsaved` in memory only, whose log was just turned on again. */
async function turningOn(): Promise<NodeBench> {
  const bench = await NodeBench.start();
  const client = bench.connect();
  await bench.ask(client, 'SET', 'saved', '1');
  await bench.ask(client, 'CONFIG', 'SET', 'appendonly', 'no');
  await bench.ask(client, 'DEL', 'saved');
  await bench.ask(client, 'SET', 'unsaved', '1');
  await bench.ask(client, 'CONFIG', 'SET', 'appendonly', 'yes');
  await bench.ask(client, 'SET', 'meanwhile', '1');
  return bench;
}

/** A node without a log that has saved `first`, and is saving again, without it, while `second` is written. */
async function savingAgain(): Promise<NodeBench> {
  const bench = await NodeBench.start('appendonly no');
  const client = bench.connect();
  await bench.ask(client, 'SET', 'first', '1');
  await bench.ask(client, 'BGSAVE');
  await finishRewrite(bench);
  await bench.ask(client, 'DEL', 'first');
  await bench.ask(client, 'DEBUG', 'POPULATE', 20_000); // so that copying takes more than one slice
  bench.clock.lookUs = 500;
  await bench.ask(client, 'BGSAVE');
  await bench.ask(client, 'SET', 'second', '1');
  return bench;
}

describe('Persistence', () => {
  // Fault: what had emptied databases was logged in one batch, whose stamps must not fall: the log could not be read again.
  it('begins a log after databases were emptied and exchanged without one', async () => {
    const bench = await NodeBench.start('appendonly no');
    const client = bench.connect();
    for (const db of [0, 1, 2]) {
      await bench.ask(client, 'SELECT', db);
      await bench.ask(client, 'SET', 'gone', '1');
    }
    await bench.ask(client, 'BGSAVE');
    await finishRewrite(bench);
    await bench.ask(client, 'SWAPDB', 0, 1);
    for (const db of [2, 1, 0]) {
      await bench.ask(client, 'SELECT', db);
      await bench.ask(client, 'FLUSHDB');
      await bench.ask(client, 'SET', 'stays', db);
    }
    await bench.ask(client, 'CONFIG', 'SET', 'appendonly', 'yes');
    await finishRewrite(bench);
    const next = await NodeBench.start('', { disk: bench.disk.crash(keepEverything) });
    const other = next.connect();
    for (const db of [0, 1, 2]) {
      await next.ask(other, 'SELECT', db);
      expect(await next.ask(other, 'MGET', 'gone', 'stays')).to.deep.equal([null, String(db)]);
    }
  });

  it('leaves what was on disk until the copy is complete that the log begins with, never a mixture', async () => {
    const bench = await turningOn();
    expect(await afterCrash(bench, 'MGET', 'saved', 'unsaved', 'meanwhile')).to.deep.equal(['1', null, null]);
  });

  it('has everything once that copy is complete, and logs on behind it', async () => {
    const bench = await turningOn();
    await finishRewrite(bench);
    await bench.ask(bench.connect(), 'SET', 'later', '1');
    const values = await afterCrash(bench, 'MGET', 'saved', 'unsaved', 'meanwhile', 'later');
    expect(values).to.deep.equal([null, '1', '1', '1']);
  });

  it('keeps the last save through a crash during the next one', async () => {
    const bench = await savingAgain();
    expect(await afterCrash(bench, 'MGET', 'first', 'second')).to.deep.equal(['1', null]);
  });

  it('saves the data as it is when the save ends', async () => {
    const bench = await savingAgain();
    await finishRewrite(bench);
    await bench.ask(bench.connect(), 'SET', 'unsaved', '1');
    expect(await afterCrash(bench, 'MGET', 'first', 'second', 'unsaved')).to.deep.equal([null, '1', null]);
  });

  it('refuses to start when there is nothing to listen on', async () => {
    const failure = await NodeBench.start('port 0').then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(String(failure)).to.contain('nothing to listen on');
  });
});
