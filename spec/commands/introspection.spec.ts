import { expect } from 'chai';
import type { FakeClient, Plain } from './fake-server.js';
import { FakeServer } from './fake-server.js';
import { REDIS_COMMANDS } from './redis-commands.js';

/** A reply of COMMAND INFO in RESP3 as a row of redis-commands.ts. */
function rowOf(info: Plain): string {
  const [name, arity, flags, first, last, step, categories, tips, specifications] = info as Plain[];
  const sorted = (words: Plain, skip = 0): string =>
    [...(words as Set<string>)]
      .map((word) => word.slice(skip))
      .sort()
      .join(' ');
  const keys = [...(specifications as Set<Map<string, Plain>>)].map((specification) => {
    const numbers = (part: string): number[] => [
      ...((specification.get(part) as Map<string, Plain>).get('spec') as Map<string, number>).values(),
    ];
    const [index = '?'] = numbers('begin_search');
    const [lastKey = '?', keyStep = '?'] = numbers('find_keys');
    return `${sorted(specification.get('flags') ?? '')} ${index} ${lastKey} ${keyStep}`;
  });
  const cells = [
    name as string,
    `${arity as number}`,
    sorted(flags),
    ([first, last, step] as number[]).join(' '),
    sorted(categories, 1),
    sorted(tips),
    keys.join(', '),
  ];
  return cells.join(' | ').replaceAll('|  |', '| |').trim();
}

async function resp3(): Promise<FakeClient> {
  const client = new FakeServer().connect();
  await client.ask('hello', 3);
  return client;
}

describe('commands/introspection', () => {
  const rows = REDIS_COMMANDS.trim().split('\n');
  for (const row of rows) {
    const [name] = row.split(' | ');
    it(`COMMAND INFO ${name} says what Redis says`, async () => {
      const [info] = (await (await resp3()).ask('command', 'info', name)) as Plain[];
      expect(rowOf(info)).to.equal(row);
    });
  }

  it('COMMAND describes every command, with its subcommands inside', async () => {
    const client = new FakeServer().connect();
    const infos = (await client.ask('command')) as Plain[][];
    expect(infos).to.have.length((await client.ask('command', 'count')) as number);
    expect(infos).to.deep.equal(await client.ask('command', 'info'));
    const config = infos.find(([name]) => name === 'config');
    const names = (config?.[9] as Plain[][]).map(([name]) => name);
    expect(names).to.have.members(['config|get', 'config|set', 'config|help', 'config|resetstat', 'config|rewrite']);
  });

  it('COMMAND INFO answers null for what there is not', async () => {
    const client = new FakeServer().connect();
    expect(await client.ask('command', 'info', 'nosuch', 'get|key', 'config|get|key', 'config|nosuch')).to.deep.equal([
      null,
      null,
      null,
      null,
    ]);
    const [info] = (await client.ask('command', 'info', 'Config|GET')) as Plain[][];
    expect(info[0]).to.equal('config|get');
  });

  it('COMMAND DOCS documents commands, as a map, each once', async () => {
    const client = await resp3();
    const docs = (await client.ask('command', 'docs', 'get', 'nosuch', 'getset', 'slowlog', 'GET')) as Map<
      string,
      Map<string, Plain>
    >;
    expect([...docs.keys()]).to.deep.equal(['get', 'getset', 'slowlog']);
    expect([...(docs.get('get')?.keys() ?? [])]).to.deep.equal(['summary', 'since', 'group', 'complexity']);
    expect(docs.get('get')?.get('group')).to.equal('string');
    expect(docs.get('getset')?.get('doc_flags')).to.deep.equal(new Set(['deprecated']));
    expect(docs.get('getset')?.get('deprecated_since')).to.equal('6.2.0');
    const subcommands = docs.get('slowlog')?.get('subcommands') as Map<string, Map<string, Plain>>;
    expect(subcommands.get('slowlog|len')?.get('group')).to.equal('server');
  });

  it('COMMAND DOCS has a document for every command', async () => {
    const client = await resp3();
    const docs = (await client.ask('command', 'docs')) as Map<string, Plain>;
    expect(docs.size).to.equal(await client.ask('command', 'count'));
  });

  it('COMMAND LIST names commands and subcommands, all or filtered', async () => {
    const client = new FakeServer().connect();
    const list = async (...words: string[]): Promise<string[]> =>
      (await client.ask('command', 'list', ...words)) as string[];
    expect(await list()).to.include.members(['set', 'client', 'client|list']);
    expect(await list('filterby', 'pattern', 'g?T')).to.deep.equal(['get']);
    expect(await list('FILTERBY', 'PATTERN', 'config|*re*')).to.have.members(['config|resetstat', 'config|rewrite']);
    expect(await list('filterby', 'pattern', 'cli*help')).to.deep.equal(['client|help']);
    expect(await list('filterby', 'pattern', 'nosuch*')).to.deep.equal([]);
    expect(await list('filterby', 'aclcat', 'Bitmap'))
      .to.include('setbit')
      .and.not.include('get');
    expect(await list('filterby', 'aclcat', 'nosuch')).to.deep.equal([]);
    expect(await list('filterby', 'module', 'nosuch')).to.deep.equal([]);
    for (const words of [['foo'], ['filterby', 'foo'], ['filterby', 'foo', 'bar'], ['filterby', 'pattern', 'a', 'b']]) {
      expect(await list(...words), words.join(' ')).to.equal('-ERR syntax error');
    }
  });

  const keys: [string, string[]][] = [
    ['get key', ['key']],
    ['MSET k1 v1 k2 v2', ['k1', 'k2']],
    ['del a b c', ['a', 'b', 'c']],
    ['memory usage key', ['key']],
    ['object freq key', ['key']],
    ['lcs key1 key2', ['key1', 'key2']],
    ['bitop and d a b', ['d', 'a', 'b']],
  ];
  for (const [request, found] of keys) {
    it(`COMMAND GETKEYS ${request}`, async () => {
      expect(await new FakeServer().connect().ask('command', 'getkeys', ...request.split(' '))).to.deep.equal(found);
    });
  }

  const keysAndFlags: [string, [string, string][]][] = [
    ['set k1 v1', [['k1', 'OW update']]],
    ['set k1 v1 EX 10 GET', [['k1', 'RW access update']]],
    ['set k1 get', [['k1', 'OW update']]],
    ['bitfield k get u8 0', [['k', 'RO access']]],
    ['bitfield k get u8 0 incrby u8 0 1', [['k', 'RW access update']]],
    [
      'copy a b',
      [
        ['a', 'RO access'],
        ['b', 'OW update'],
      ],
    ],
    [
      'rename a b',
      [
        ['a', 'RW access delete'],
        ['b', 'OW update'],
      ],
    ],
    [
      'bitop or d a b',
      [
        ['d', 'OW update'],
        ['a', 'RO access'],
        ['b', 'RO access'],
      ],
    ],
    ['memory usage k', [['k', 'RO']]],
    [
      'unlink a b',
      [
        ['a', 'RM delete'],
        ['b', 'RM delete'],
      ],
    ],
  ];
  for (const [request, found] of keysAndFlags) {
    it(`COMMAND GETKEYSANDFLAGS ${request}`, async () => {
      const reply = await new FakeServer().connect().ask('command', 'getkeysandflags', ...request.split(' '));
      expect(reply).to.deep.equal(found.map(([key, flags]) => [key, flags.split(' ')]));
    });
  }

  const errors: [string, string][] = [
    ['nosuch key', 'ERR Invalid command specified'],
    ['client nosuch', 'ERR Invalid command specified'],
    ['client list', 'ERR The command has no key arguments'],
    ['get a b', 'ERR Invalid number of arguments specified for command'],
    ['get', "ERR wrong number of arguments for 'command|getkeys' command"],
  ];
  for (const [request, error] of errors) {
    it(`COMMAND GETKEYS ${request} is refused`, async () => {
      expect(await new FakeServer().connect().ask('command', 'getkeys', ...request.split(' '))).to.equal(`-${error}`);
    });
  }
});
