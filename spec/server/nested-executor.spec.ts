import { expect } from 'chai';

import type { Call } from '../../lib/commands/call.js';
import type { Client } from '../../lib/commands/ports.js';
import { WRONG_TYPE } from '../../lib/data/wrong-type.js';
import { Args } from '../../lib/protocol/args.js';
import { BufferPool } from '../../lib/protocol/buffer-pool.js';
import { ReplyWriter } from '../../lib/protocol/reply-writer.js';
import { RequestLimits } from '../../lib/protocol/request-limits.js';
import { RequestParser } from '../../lib/protocol/request-parser.js';
import { CommandEntry } from '../../lib/server/command-table.js';
import { RespError, decodeAll } from '../protocol/resp-decoder.js';
import { ColdNode } from './cold-node.js';
import { requestOf } from './node-bench.js';

type Word = string | number;

/** Runs commands as a script would: with a reply writer and arguments of its own. */
class Outer {
  readonly node: ColdNode;
  readonly reply = new ReplyWriter(new BufferPool());

  constructor(node: ColdNode) {
    this.node = node;
  }

  run(...words: Word[]): unknown {
    const { nested } = this.node.bench.node.server;
    const args = argsOf(...words);
    const entry = nested.find(args);
    if (entry === undefined) throw new Error('no such command');
    nested.run(this.callOf(args), entry);
    return this.taken();
  }

  runEntry(entry: CommandEntry, ...words: Word[]): unknown {
    this.node.bench.node.server.nested.run(this.callOf(argsOf(...words)), entry);
    return this.taken();
  }

  private callOf(args: Args): Call {
    const { node } = this.node.bench;
    const client = { address: 'lua', name: 'n', databaseNumber: 0, noTouch: false } as Client;
    const { keyspace, server } = node;
    return { args, reply: this.reply, keyspace, db: keyspace.database(0), client, server, listing: undefined };
  }

  private taken(): unknown {
    const [reply] = decodeAll(Buffer.from(this.reply.buffer.subarray(0, this.reply.length)));
    this.reply.truncate(0);
    if (reply instanceof RespError) return `-${reply.text}`;
    return Buffer.isBuffer(reply) ? reply.toString('latin1') : reply;
  }
}

function argsOf(...words: Word[]): Args {
  const parser = new RequestParser(new RequestLimits());
  parser.authenticated = true;
  const bytes = requestOf(...words);
  parser.feed(bytes, 0, bytes.length);
  parser.next();
  return parser.args;
}

async function line(node: ColdNode, section: string, name: string): Promise<string | undefined> {
  const info = String(await node.ask('INFO', section));
  return new RegExp(`^${name}:(.*)\r$`, 'm').exec(info)?.[1];
}

describe('NestedExecutor', () => {
  it('runs a command at once, and adds its reply', async () => {
    const outer = new Outer(await ColdNode.start());
    expect(outer.run('SET', 'a', '5')).to.equal('OK');
    expect(outer.run('INCR', 'a')).to.equal(6);
    expect(outer.run('CLIENT', 'GETNAME')).to.equal('n');
    expect(outer.run('SET', 'b', 'x')).to.equal('OK');
    expect(outer.run('INCR', 'b')).to.equal('-ERR value is not an integer or out of range');
  });

  it('finds commands and subcommands, and nothing else', async () => {
    const node = await ColdNode.start();
    const { nested } = node.bench.node.server;
    expect(nested.find(argsOf('get'))?.name).to.equal('get');
    expect(nested.find(argsOf('CLIENT', 'ID'))?.name).to.equal('client|id');
    expect(nested.find(argsOf('CLIENT', 'NO'))).to.equal(undefined);
    expect(nested.find(argsOf('NO'))).to.equal(undefined);
  });

  it('reads what is on disk alone at once', async () => {
    const node = await ColdNode.start();
    for (const key of ['a', 'b', 'c']) await node.ask('SET', key, `value of ${key}`);
    await node.forget();
    const outer = new Outer(node);
    expect(outer.run('SET', 'x', 'y')).to.equal('OK');
    expect(outer.run('GET', 'a')).to.equal('value of a');
    expect(outer.run('EXISTS', 'a', 'b', 'c', 'd', 'x')).to.equal(4);
    expect(outer.run('DEL', 'b', 'c', 'd')).to.equal(2);
    expect(outer.run('RENAME', 'a', 'd')).to.equal('OK');
    expect(node.pendingCount).to.equal(0);
    expect(await node.ask('GET', 'd')).to.equal('value of a');
    expect(await node.ask('EXISTS', 'a', 'b', 'c')).to.equal(0);
    expect(await line(node, 'stats', 'keyspace_hits')).to.equal('6');
  });

  it('lists keys only if it sees all of them', async () => {
    const node = await ColdNode.start();
    await node.ask('SET', 'a', 1);
    await node.ask('SAVE');
    const outer = new Outer(node);
    expect(outer.run('KEYS', '*')).to.be.an('array').with.lengthOf(1);
    await node.forget();
    expect(outer.run('KEYS', '*')).to.equal('-ERR keys that are on disk alone cannot be listed by a script');
    await node.ask('FLUSHALL');
    expect(outer.run('KEYS', '*')).to.deep.equal([]);
  });

  it('leaves it to SCAN to say what is wrong with it, whatever is on disk alone', async () => {
    const node = await ColdNode.start();
    await node.ask('SET', 'a', 1);
    await node.forget();
    const outer = new Outer(node);
    expect(outer.run('SCAN', 'x')).to.equal('-ERR invalid cursor');
    expect(outer.run('SCAN', 0, 'COUNT')).to.equal('-ERR syntax error');
    expect(outer.run('SCAN', 0, 'COUNT', 'x')).to.equal('-ERR value is not an integer or out of range');
    expect(outer.run('SCAN', -1)).to.have.lengthOf(2);
    expect(outer.run('SCAN', 0)).to.equal('-ERR keys that are on disk alone cannot be listed by a script');
  });

  it('goes on when a read of the same key off the thread ends later', async () => {
    const node = await ColdNode.start();
    await node.ask('SET', 'a', 'old');
    await node.forget();
    node.client.send('GET', 'a');
    await node.settle();
    expect(node.pendingCount).to.equal(1);
    const outer = new Outer(node);
    expect(outer.run('APPEND', 'a', '!')).to.equal(4);
    expect(outer.run('DEL', 'a')).to.equal(1);
    await node.run();
    expect(node.client.replies()).to.deep.equal([null]);
  });

  it('answers with an error when the disk fails, before anything is changed', async () => {
    const node = await ColdNode.start();
    for (const key of ['a', 'b']) await node.ask('SET', key, key);
    await node.forget();
    const outer = new Outer(node);
    node.onRead = () => ({ kind: 'error', code: 'EIO' });
    expect(outer.run('GET', 'a')).to.match(/^-ERR .*injected/);
    expect(outer.run('DEL', 'x', 'b')).to.match(/^-ERR .*injected/);
    node.onRead = undefined;
    expect(outer.run('MGET', 'a', 'b'))
      .to.be.an('array')
      .with.lengthOf(2);
    expect(outer.run('GET', 'b')).to.equal('b');
  });

  it('takes back what was answered when a key is of another type', async () => {
    const node = await ColdNode.start();
    const outer = new Outer(node);
    const row = {
      name: 'odd',
      arity: 1,
      flags: [],
      keys: { first: 0, last: 0, step: 0 },
      run: (call: Call): void => {
        call.reply.array(2);
        throw WRONG_TYPE;
      },
    };
    const wrong = 'WRONGTYPE Operation against a key holding the wrong kind of value';
    expect(outer.runEntry(new CommandEntry(row, 'odd'), 'odd')).to.equal(`-${wrong}`);
    expect(await line(node, 'errorstats', 'errorstat_WRONGTYPE')).to.equal('count=1');
  });

  it('times one in sixteen of short commands, and counts the others with the same time', async () => {
    const node = await ColdNode.start();
    const outer = new Outer(node);
    node.bench.clock.lookUs = 3;
    const beganUs = node.bench.clock.us;
    for (let i = 0; i < 32; i++) outer.run('GET', 'a');
    expect(node.bench.clock.us - beganUs).to.equal(4 * 3);
    node.bench.clock.lookUs = 0;
    expect(await line(node, 'commandstats', 'cmdstat_get')).to.match(/^calls=32,usec=96,/);
  });

  it('counts calls and errors, and shows calls to monitors and in the slow log', async () => {
    const node = await ColdNode.start('slowlog-log-slower-than 0');
    const monitor = node.bench.connect();
    monitor.send('MONITOR');
    await node.settle();
    monitor.wire();
    const outer = new Outer(node);
    outer.run('SET', 'a', 'x');
    outer.run('INCR', 'a');
    await node.settle();
    expect(monitor.wire()).to.contain('lua] "SET" "a" "x"').and.to.contain('lua] "INCR" "a"');
    expect(await line(node, 'commandstats', 'cmdstat_incr')).to.match(/^calls=1,.*rejected_calls=0,failed_calls=1$/);
    expect(await line(node, 'errorstats', 'errorstat_ERR')).to.equal('count=1');
    const entries = (await node.ask('SLOWLOG', 'GET', 10)) as unknown[][];
    expect(entries.map((entry) => (entry[3] as string[])[0])).to.include.members(['SET', 'INCR']);
  });
});
