import { expect } from 'chai';
import fc from 'fast-check';

import { RespError } from '../protocol/resp-decoder.js';
import { NodeBench } from '../server/node-bench.js';

/** A node that scripts are sent to. */
class ScriptBench {
  readonly bench: NodeBench;
  private readonly client;

  private constructor(bench: NodeBench) {
    this.bench = bench;
    this.client = bench.connect();
  }

  static async start(...config: string[]): Promise<ScriptBench> {
    return new ScriptBench(await NodeBench.start(...config));
  }

  async ask(...words: (string | number | Buffer)[]): Promise<unknown> {
    return plain(await this.bench.ask(this.client, ...words));
  }

  /** What a script without keys answers. */
  run(script: string, ...words: (string | number | Buffer)[]): Promise<unknown> {
    return this.ask('EVAL', script, 0, ...words);
  }
}

/** Replies without Buffers; errors without the SHA1 of the script. */
function plain(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(plain);
  const text = reply instanceof RespError ? `-${reply.text}` : reply;
  if (Buffer.isBuffer(text)) return text.toString('latin1');
  return typeof text === 'string' ? text.replace(/ script: [\da-f]{40}/, '') : text;
}

describe('Scripts', () => {
  let scripts: ScriptBench;

  before(async () => {
    scripts = await ScriptBench.start('lua-time-limit 5');
  });

  it('answer values of Lua as Redis does', async () => {
    expect(await scripts.run("return {1, -3.99, 'x', true, false, {2, nil, 3}}")).to.deep.equal([
      1,
      -3,
      'x',
      1,
      null,
      [2],
    ]);
    expect(await scripts.run("return {ok='fine'}")).to.equal('fine');
    expect(await scripts.run("return {err='MY error'}")).to.equal('-MY error');
    expect(await scripts.run('return')).to.equal(null);
  });

  it('have KEYS and ARGV, and call commands with them', async () => {
    expect(await scripts.ask('EVAL', 'return {KEYS[1], ARGV[1], #KEYS, #ARGV}', 1, 'k', 'a', 'b')).to.deep.equal([
      'k',
      'a',
      1,
      2,
    ]);
    expect(await scripts.ask('EVAL', "return redis.call('SET', KEYS[1], ARGV[1])", 1, 'k', 12)).to.equal('OK');
    expect(await scripts.ask('EVAL', "return redis.call('INCRBY', KEYS[1], 3) + 1", 1, 'k')).to.equal(16);
    expect(await scripts.run("return redis.call('GET', 'k')")).to.equal('15');
  });

  it('carry any bytes both ways', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 9000 }), async (bytes) => {
        const value = Buffer.from(bytes);
        const script = "redis.call('SET', 'b', ARGV[1]) return {redis.call('GET', 'b'), #ARGV[1]}";
        expect(await scripts.run(script, value)).to.deep.equal([value.toString('latin1'), value.length]);
      }),
      { numRuns: 50 },
    );
  });

  it('say where an error was raised', async () => {
    expect(await scripts.run("\nerror('no')")).to.equal('-ERR user_script:2: no, on @user_script:2.');
    expect(await scripts.run("redis.call('SET', 'k', 'x')\nreturn redis.call('INCR', 'k')")).to.equal(
      '-ERR value is not an integer or out of range, on @user_script:2.',
    );
    expect(await scripts.run("return select(2, pcall(redis.call, 'INCR', 'k'))")).to.equal(
      'ERR value is not an integer or out of range',
    );
    expect(await scripts.run("return redis.call('nosuch')")).to.equal(
      '-ERR Unknown Redis command called from script, on @user_script:1.',
    );
  });

  for (const change of ['x = 1', 'redis.call = 1', 'string.len = 1', "getmetatable('').__index.len = 1"]) {
    it(`cannot change what others see: ${change}`, async () => {
      expect(await scripts.run(change)).to.match(/Attempt to modify a readonly table/);
    });
  }

  for (const change of ["rawset(_G, 'x', 1)", 'setmetatable(_G, {})', 'table.insert(redis, 1)']) {
    it(`cannot go round that: ${change}`, async () => {
      expect(await scripts.run(change)).to.match(/^-ERR Attempt to modify a readonly table/);
    });
  }

  it('cannot reach the system', async () => {
    for (const name of ['os', 'io', 'require', 'dofile', 'loadfile', 'print', 'getfenv', 'debug']) {
      expect(await scripts.run(`return ${name}`)).to.contain(`nonexistent global variable '${name}'`);
    }
    expect(await scripts.run('return {loadstring(string.dump(function() end))}')).to.deep.equal([]);
  });

  it('do not write in EVAL_RO, nor with the flag no-writes', async () => {
    const refused = '-ERR Write commands are not allowed from read-only scripts., on @user_script:';
    expect(await scripts.ask('EVAL_RO', "return redis.call('SET', 'k', 1)", 0)).to.equal(`${refused}1.`);
    expect(await scripts.run("#!lua flags=no-writes\nreturn redis.call('SET', 'k', 1)")).to.equal(`${refused}2.`);
  });

  for (const call of ["'PUBLISH', 'c', 'm'", "'SPUBLISH', 'c', 'm'", "'PFCOUNT', 'k'"]) {
    it(`do not tell others anything in EVAL_RO either: ${call}`, async () => {
      const refused = '-ERR Write commands are not allowed from read-only scripts.';
      expect(await scripts.ask('EVAL_RO', `return redis.pcall(${call})`, 0)).to.equal(refused);
    });
  }

  it('may have any number of keys that fits 64 bits, but not so many arguments', async () => {
    const few = "-ERR Number of keys can't be greater than number of args";
    const negative = "-ERR Number of keys can't be negative";
    expect(await scripts.ask('EVAL', 'return', '9223372036854775807')).to.equal(few);
    expect(await scripts.ask('EVAL', 'return', '-9223372036854775808')).to.equal(negative);
    expect(await scripts.ask('EVAL', 'return', '9223372036854775808')).to.match(/^-ERR value is not an integer/);
  });

  it('are unknown by what is no SHA1, whatever follows', async () => {
    const unknown = '-NOSCRIPT No matching script. Please use EVAL.';
    expect(await scripts.ask('EVALSHA', '', 'x')).to.equal(unknown);
    expect(await scripts.ask('EVALSHA_RO', 'f', -1)).to.equal(unknown);
    expect(await scripts.ask('EVALSHA', 'f'.repeat(40), -1)).to.equal("-ERR Number of keys can't be negative");
  });

  it('answer statuses with spaces for line breaks, at the end too', async () => {
    expect(await scripts.run("return {ok = 'a\\nb\\r\\n'}")).to.equal('a b  ');
  });

  it('answer errors and statuses in full, however long (errors were cut at 4 KB)', async () => {
    const long = 'x'.repeat(9000);
    expect(await scripts.run('return redis.error_reply(ARGV[1])', long)).to.equal(`-ERR ${long}`);
    expect(await scripts.run('return redis.status_reply(ARGV[1])', long)).to.equal(long);
    const [, problem] = (await scripts.run('return {pcall(cjson.encode_invalid_numbers, ARGV[1])}', long)) as string[];
    expect(problem).to.include(`'${long}'`);
  });

  it('keep the sign of what is not a number (NaN was nan as a double, and -nan as an argument)', async () => {
    expect(await scripts.run('return {{double=0/0}, {double=-(0/0)}}')).to.deep.equal(['-nan', 'nan']);
    expect(await scripts.run("return {redis.call('ECHO', 0/0), redis.call('ECHO', -(0/0))}")).to.deep.equal([
      '-nan',
      'nan',
    ]);
  });

  it('show the null of JSON as C shows a pointer to nothing, and cannot change how', async () => {
    const script = 'return {tostring(cjson.null), tostring(getmetatable(cjson.null)), type(cjson.null)}';
    expect(await scripts.run(script)).to.deep.equal(['userdata: (nil)', 'false', 'userdata']);
  });

  it('answer errors and statuses up to their first zero byte', async () => {
    expect(await scripts.run("return {ok = 'a\\0b'}")).to.equal('a');
    expect(await scripts.run("return {err = 'MY a\\0b'}")).to.equal('-MY a');
    expect(await scripts.run("error({err = 'MY a\\0b'})")).to.equal('-MY a, on @user_script:1.');
    expect(await scripts.run("return 'a\\0b'")).to.equal('a\0b');
  });

  for (const [value, text] of [
    ['nil', 'ERR nil'],
    ['', 'ERR nil'],
    ['true', 'ERR true'],
    ['false', 'ERR false'],
    ['1.5', 'ERR user_script:1: 1.5'],
    ['{err = 1}', '1'],
    ['{}', 'ERR unknown error'],
  ]) {
    it(`say what was raised, if it is no text: error(${value})`, async () => {
      expect(await scripts.run(`error(${value})`)).to.equal(`-${text}, on @user_script:1.`);
    });
  }

  it('are found by their SHA1, until they are flushed', async () => {
    const sha = await scripts.ask('SCRIPT', 'LOAD', 'return 7');
    expect(await scripts.ask('EVALSHA', String(sha).toUpperCase(), 0)).to.equal(7);
    expect(await scripts.ask('SCRIPT', 'FLUSH')).to.equal('OK');
    expect(await scripts.ask('EVALSHA', String(sha), 0)).to.equal('-NOSCRIPT No matching script. Please use EVAL.');
  });

  it('leave the client its database', async () => {
    expect(await scripts.run("redis.call('SELECT', 3) redis.call('SET', 'three', 3)")).to.equal(null);
    expect(await scripts.ask('EXISTS', 'three')).to.equal(0);
  });

  it('end with an error when they need too much memory; the next one runs', async () => {
    expect(await scripts.run("return #string.rep('x', 1024 * 1024 * 1024)")).to.match(/^-ERR .*not enough memory/);
    expect(await scripts.run('return 1')).to.equal(1);
  });

  it('end with an error when a reply is longer than their memory; what comes behind them runs', async () => {
    await scripts.ask('SADD', 's', 'x'.repeat(10_000));
    const large = "return redis.pcall('SRANDMEMBER', 's', -50000)";
    expect(await scripts.run(large)).to.match(/^-ERR .*not enough memory/);
    expect(await scripts.run("return #redis.call('SRANDMEMBER', 's', -50)")).to.equal(50);
  });

  it('end with an error when they recurse without an end; the next one runs', async () => {
    expect(await scripts.run('local function f() return pcall(f) end return {f()}')).to.be.an('array');
    expect(await scripts.run('local function f() return 1 + f() end f()')).to.match(/stack overflow/);
    expect(await scripts.run('return 1')).to.equal(1);
  });

  it('write JSON and MessagePack that they read again', async () => {
    const script = `local value = cjson.decode(ARGV[1])
      return {cjson.encode(cmsgpack.unpack(cmsgpack.pack(value))), cjson.encode(value)}`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.string(), fc.integer(), fc.boolean())), async (values) => {
        const answer = (await scripts.run(script, JSON.stringify(values))) as string[];
        const expected = values.length === 0 ? {} : values;
        for (const text of answer) {
          expect(JSON.parse(Buffer.from(text, 'latin1').toString())).to.deep.equal(expected);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('Scripts that are slow', () => {
  const FOREVER = [
    'while true do end',
    'pcall(function() while true do end end)',
    'table.sort({3, 2, 1}, function() while true do end end)',
    "string.gsub('abc', '.', function() while true do end end)",
    'coroutine.wrap(function() pcall(function() while true do end end) end)()',
  ];

  for (const script of FOREVER) {
    it(`can be killed, and others are told that the server is busy: ${script}`, async () => {
      const { bench } = await ScriptBench.start('lua-time-limit 1');
      const slow = bench.connect();
      const other = bench.connect();
      bench.clock.lookUs = 1000;
      slow.send('EVAL', script, 0);
      bench.endTurn();
      expect(plain(await bench.ask(other, 'GET', 'x'))).to.match(/^-BUSY /);
      expect(plain(await bench.ask(other, 'SCRIPT', 'KILL'))).to.equal('OK');
      await bench.settle();
      expect(plain(slow.replies()[0])).to.match(/^-ERR Script killed by user/);
      expect(plain(await bench.ask(other, 'GET', 'x'))).to.equal(null);
    });
  }

  it('cannot be killed when they have written', async () => {
    const { bench } = await ScriptBench.start('lua-time-limit 1');
    const slow = bench.connect();
    const other = bench.connect();
    bench.clock.lookUs = 1000;
    slow.send('EVAL', "redis.call('SET', 'x', 1) while true do end", 0);
    bench.endTurn();
    expect(plain(await bench.ask(other, 'SCRIPT', 'KILL'))).to.match(/^-UNKILLABLE /);
  });
});
