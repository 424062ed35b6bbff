import { expect } from 'chai';
import fc from 'fast-check';
import RedisParser from 'redis-parser';
import { formatDouble } from '../../lib/base/double.js';
import { BLOCK_BYTES, BufferPool } from '../../lib/protocol/buffer-pool.js';
import { ReplyWriter } from '../../lib/protocol/reply-writer.js';
import {
  decodeAll,
  RespAttributed,
  RespDouble,
  RespError,
  RespPush,
  RespVerbatim,
  type RespValue,
} from './resp-decoder.js';

type Version = 2 | 3;

/** Something to be written, and what a client must read, in either protocol. */
interface Reply {
  write(writer: ReplyWriter): void;
  expected(resp: Version): RespValue;
}

function writerFor(resp: Version): ReplyWriter {
  const writer = new ReplyWriter(new BufferPool());
  writer.resp = resp;
  return writer;
}

/** What was written, as Latin-1 text. */
function textOf(writer: ReplyWriter): string {
  return writer.buffer.toString('latin1', 0, writer.length);
}

/** What `write` writes. */
function written(resp: Version, write: (writer: ReplyWriter) => void): string {
  const writer = writerFor(resp);
  write(writer);
  return textOf(writer);
}

/** A reply that reads alike in both protocols. */
function same(write: (writer: ReplyWriter) => void, value: RespValue): Reply {
  return { write, expected: () => value };
}

/** A reply that does not. */
function differing(write: (writer: ReplyWriter) => void, resp2: RespValue, resp3: RespValue): Reply {
  return { write, expected: (resp) => (resp === 2 ? resp2 : resp3) };
}

const line = fc.stringMatching(/^[ -~\xa0-\xff]{0,40}$/);
const unicode = fc.string({ unit: 'binary', maxLength: 100 });
/** Some outgrow a block of the pool. */
const binary: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 20, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  fc.integer({ min: 15_000, max: 20_000 }).map((length) => Buffer.alloc(length, 'x')),
);
const integer = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -20, max: 120 }));

const scalar: fc.Arbitrary<Reply> = fc.oneof(
  fc.constant(same((writer) => writer.ok(), 'OK')),
  fc.constant(same((writer) => writer.nullBulk(), null)),
  fc.constant(same((writer) => writer.nullArray(), null)),
  line.map((text) => same((writer) => writer.simple(text), text)),
  line.map((text) => same((writer) => writer.error(`ERR ${text}`), new RespError(`ERR ${text}`))),
  integer.map((value) => same((writer) => writer.integer(value), value)),
  integer.map((value) => same((writer) => writer.bulkInteger(value), Buffer.from(String(value)))),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }).map((value) => same((writer) => writer.bigInteger(value), value)),
  fc
    .tuple(binary, fc.nat(50))
    .map(([bytes, start]) =>
      same(
        (writer) => writer.bulk(bytes, Math.min(start, bytes.length), bytes.length),
        Buffer.from(bytes.subarray(start)),
      ),
    ),
  fc.tuple(binary, fc.nat(3)).map(([bytes, from]) =>
    same((writer) => {
      // The rest of the last word is no part of it.
      const words = new Int32Array(from + Math.ceil(bytes.length / 4)).fill(-1);
      Buffer.from(words.buffer).set(bytes, from * 4);
      writer.bulkWords(words, from, bytes.length);
    }, Buffer.from(bytes)),
  ),
  fc.tuple(binary, fc.nat(5), fc.nat(2)).map(([bytes, before, behind]) =>
    same((writer) => {
      const source = Buffer.alloc(before + bytes.length + behind, 0xff);
      source.set(bytes, before);
      const view = new DataView(source.buffer, source.byteOffset, source.length);
      writer.bulkView(view, before, before + bytes.length);
    }, Buffer.from(bytes)),
  ),
  binary.map((bytes) => same((writer) => writer.bulkBuffer(bytes), Buffer.from(bytes))),
  unicode.map((text) => same((writer) => writer.bulkText(text), Buffer.from(text))),
  line.map((text) => same((writer) => writer.bulkLatin1(text), Buffer.from(text, 'latin1'))),
  binary.map((bytes) => {
    const encoded = Buffer.concat([Buffer.from(`..$${bytes.length}\r\n`), bytes, Buffer.from('\r\n..')]);
    return same((writer) => writer.raw(encoded, 2, encoded.length - 2), Buffer.from(bytes));
  }),
  fc.double().map((value) => {
    const digits = formatDouble(value);
    return differing((writer) => writer.double(value), Buffer.from(digits), new RespDouble(digits));
  }),
  fc.boolean().map((value) => differing((writer) => writer.boolean(value), Number(value), value)),
  unicode.map((text) => {
    const bytes = Buffer.from(text);
    return differing((writer) => writer.verbatim('txt', text), bytes, new RespVerbatim('txt', bytes.toString()));
  }),
  fc.bigInt().map((value) => differing((writer) => writer.bigNumber(String(value)), Buffer.from(String(value)), value)),
);

function writeAll(writer: ReplyWriter, replies: readonly Reply[]): void {
  for (const reply of replies) reply.write(writer);
}

/** An aggregate of `items` under the header that `begin` writes; an array in RESP2. */
function aggregate(
  items: readonly Reply[],
  begin: (writer: ReplyWriter) => void,
  resp3: (values: RespValue[]) => RespValue,
): Reply {
  return {
    write: (writer) => {
      begin(writer);
      writeAll(writer, items);
    },
    expected: (resp) => {
      const values = items.map((item) => item.expected(resp));
      return resp === 2 ? values : resp3(values);
    },
  };
}

/** Keys of a map, members of a set: each once. */
const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{0,8}$/), { maxLength: 5 });
const nameReply = (name: string): Reply => same((writer) => writer.bulkText(name), Buffer.from(name));

const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 3, arbitrary: scalar },
    fc.array(tie('reply'), { maxLength: 5 }).map((items) =>
      aggregate(
        items,
        (writer) => writer.array(items.length),
        (values) => values,
      ),
    ),
    fc.array(tie('reply'), { maxLength: 5 }).map((items) =>
      aggregate(
        items,
        (writer) => writer.push(items.length),
        (values) => new RespPush(values),
      ),
    ),
    names.map((members) =>
      aggregate(
        members.map(nameReply),
        (writer) => writer.set(members.length),
        () => new Set(members),
      ),
    ),
    fc.tuple(names, fc.array(tie('reply'), { minLength: 5, maxLength: 5 })).map(([keys, values]) =>
      aggregate(
        keys.flatMap((key, i) => [nameReply(key), values[i]]),
        (writer) => writer.map(keys.length),
        () => new Map(keys.map((key, i) => [key, values[i].expected(3)])),
      ),
    ),
  ),
}));
const replies = fc.array(reply, { maxLength: 20 });

describe('ReplyWriter', () => {
  for (const resp of [2, 3] as const) {
    it(`writes in RESP${resp} what a decoder reads back`, () => {
      fc.assert(
        fc.property(replies, (list) => {
          const writer = writerFor(resp);
          writeAll(writer, list);
          const values = decodeAll(writer.buffer.subarray(0, writer.length));
          expect(values).to.deep.equal(list.map((item) => item.expected(resp)));
        }),
        { numRuns: 200 },
      );
    });
  }

  it('writes in RESP2 what redis-parser reads back', () => {
    fc.assert(
      fc.property(replies, (list) => {
        const writer = writerFor(2);
        writeAll(writer, list);
        const values: unknown[] = [];
        const parser = new RedisParser({
          returnReply: (value: unknown) => void values.push(value),
          returnError: (error: Error) => void values.push(error),
          returnFatalError: (error: Error) => {
            throw error;
          },
          returnBuffers: true,
          stringNumbers: true,
        });
        parser.execute(Buffer.from(writer.buffer.subarray(0, writer.length)));
        expect(values.map(plain)).to.deep.equal(list.map((item) => plain(item.expected(2))));
      }),
      { numRuns: 200 },
    );
  });

  /** What both parsers agree on: redis-parser gives simple strings as Buffers, integers as strings, errors in UTF-8. */
  function plain(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(plain);
    if (value instanceof RespError) return { error: Buffer.from(value.text, 'latin1').toString() };
    if (value instanceof Error) return { error: value.message };
    if (Buffer.isBuffer(value)) return value.toString('latin1');
    return typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  }
});

describe('ReplyWriter in the bytes of redis-server 7.0.15', () => {
  const bytes: [string, (writer: ReplyWriter) => void, string, string][] = [
    ['ok', (writer) => writer.ok(), '+OK\r\n', '+OK\r\n'],
    ['nullBulk', (writer) => writer.nullBulk(), '$-1\r\n', '_\r\n'],
    ['nullArray', (writer) => writer.nullArray(), '*-1\r\n', '_\r\n'],
    ['array', (writer) => writer.array(3), '*3\r\n', '*3\r\n'],
    ['map', (writer) => writer.map(3), '*6\r\n', '%3\r\n'],
    ['set', (writer) => writer.set(3), '*3\r\n', '~3\r\n'],
    ['push', (writer) => writer.push(12), '*12\r\n', '>12\r\n'],
    ['boolean true', (writer) => writer.boolean(true), ':1\r\n', '#t\r\n'],
    ['boolean false', (writer) => writer.boolean(false), ':0\r\n', '#f\r\n'],
    ['double', (writer) => writer.double(3.141), '$5\r\n3.141\r\n', ',3.141\r\n'],
    [
      'double with 17 digits',
      (writer) => writer.double(0.1),
      '$19\r\n0.10000000000000001\r\n',
      ',0.10000000000000001\r\n',
    ],
    ['double inf', (writer) => writer.double(Infinity), '$3\r\ninf\r\n', ',inf\r\n'],
    ['double -inf', (writer) => writer.double(-Infinity), '$4\r\n-inf\r\n', ',-inf\r\n'],
    ['double whole', (writer) => writer.double(2 ** 53), '$16\r\n9007199254740992\r\n', ',9007199254740992\r\n'],
    ['verbatim', (writer) => writer.verbatim('txt', 'a\nb'), '$3\r\na\nb\r\n', '=7\r\ntxt:a\nb\r\n'],
    [
      'bigNumber',
      (writer) => writer.bigNumber('12345678901234567890'),
      '$20\r\n12345678901234567890\r\n',
      '(12345678901234567890\r\n',
    ],
    ['bulkInteger', (writer) => writer.bulkInteger(-42), '$3\r\n-42\r\n', '$3\r\n-42\r\n'],
    ['bulk', (writer) => writer.bulkBuffer(Buffer.from('abc')), '$3\r\nabc\r\n', '$3\r\nabc\r\n'],
    ['bulkText', (writer) => writer.bulkText('abc'), '$3\r\nabc\r\n', '$3\r\nabc\r\n'],
    ['bulkLatin1', (writer) => writer.bulkLatin1('a\xff'), '$2\r\na\xff\r\n', '$2\r\na\xff\r\n'],
    [
      'a long integer',
      (writer) => writer.integer(-9007199254740991),
      ':-9007199254740991\r\n',
      ':-9007199254740991\r\n',
    ],
    [
      'long text',
      (writer) => writer.bulkLatin1('y'.repeat(30)),
      `$30\r\n${'y'.repeat(30)}\r\n`,
      `$30\r\n${'y'.repeat(30)}\r\n`,
    ],
    ['error', (writer) => writer.error('ERR x'), '-ERR x\r\n', '-ERR x\r\n'],
    ['an empty bulk', (writer) => writer.bulkText(''), '$0\r\n\r\n', '$0\r\n\r\n'],
  ];
  for (const [name, write, resp2, resp3] of bytes) {
    it(`writes ${name}`, () => {
      expect(written(2, write)).to.equal(resp2);
      expect(written(3, write)).to.equal(resp3);
    });
  }

  it('writes each of them at the end of a block as anywhere', () => {
    for (const [name, write, resp2] of bytes) {
      for (let left = 0; left <= 40; left++) {
        const writer = writerFor(2);
        writer.raw(Buffer.alloc(BLOCK_BYTES - left), 0, BLOCK_BYTES - left);
        write(writer);
        expect(textOf(writer).slice(BLOCK_BYTES - left), `${name}, ${left} bytes before the end`).to.equal(resp2);
      }
    }
  });
});

describe('ReplyWriter bulkText', () => {
  for (const text of ['\x7f', '\x80', 'é', '€', '😀', '\ud800', `${'x'.repeat(63)}é`, 'é'.repeat(100)]) {
    it(`writes ${JSON.stringify(text)} in UTF-8`, () => {
      const expected = Buffer.from(text);
      expect(
        decodeAll(
          Buffer.from(
            written(2, (writer) => writer.bulkText(text)),
            'latin1',
          ),
        ),
      ).to.deep.equal([expected]);
    });
  }
});

describe('ReplyWriter attribute', () => {
  it('stands before a reply', () => {
    const writer = writerFor(3);
    writer.attribute(1);
    writer.bulkText('ttl');
    writer.integer(1);
    writer.ok();
    expect(decodeAll(writer.buffer.subarray(0, writer.length))).to.deep.equal([
      new RespAttributed(new Map([['ttl', 1]]), 'OK'),
    ]);
  });

  it('is our mistake in RESP2', () => {
    expect(() => writerFor(2).attribute(1)).to.throw('RESP2 has no attributes');
  });
});

describe('ReplyWriter integer', () => {
  it('writes each number of digits', () => {
    for (let digits = 1; digits <= 15; digits++) {
      for (const value of [10 ** (digits - 1), 10 ** digits - 1, -(10 ** digits - 1)]) {
        expect(written(2, (writer) => writer.integer(value))).to.equal(`:${value}\r\n`);
      }
    }
  });

  it('writes zero without a sign', () => {
    expect(written(2, (writer) => writer.integer(-0))).to.equal(':0\r\n');
  });

  for (const value of [0.5, 1.5, NaN, Infinity, 2 ** 53]) {
    it(`refuses ${value}: our mistake`, () => {
      expect(() => writerFor(2).integer(value)).to.throw('safe integer');
    });
  }
});

describe('ReplyWriter error', () => {
  it('counts errors and keeps the last code', () => {
    const writer = writerFor(2);
    writer.error('WRONGTYPE Operation against a key');
    writer.error('ERR syntax error');
    expect(writer.errors).to.equal(2);
    expect(writer.lastErrorCode).to.equal('ERR');
  });

  it('takes a text without a code in its first 31 characters for an ERR, as Redis counts it', () => {
    const codes: [string, string][] = [
      ['NOSPACE', 'ERR'],
      [`${'A'.repeat(30)} x`, 'A'.repeat(30)],
      [`${'A'.repeat(31)} x`, 'ERR'],
    ];
    for (const [text, code] of codes) {
      const writer = writerFor(2);
      writer.error(text);
      expect(writer.lastErrorCode).to.equal(code);
    }
  });

  it('stays one line', () => {
    expect(written(2, (writer) => writer.error("ERR unknown command 'a\r\nb'\r\n"))).to.equal(
      "-ERR unknown command 'a  b'\r\n",
    );
    expect(written(2, (writer) => writer.simple('a\nb\n'))).to.equal('+a b\r\n');
  });

  it('gives bytes back as Args.text has read them', () => {
    expect(written(2, (writer) => writer.error('ERR \xff\x80'))).to.equal('-ERR \xff\x80\r\n');
  });

  it('does not turn other characters into bytes that mean something', () => {
    expect(written(2, (writer) => writer.error('ERR \u010d\u010a\u20ac'))).to.equal('-ERR ???\r\n');
  });
});

describe('ReplyWriter insert', () => {
  it('puts bytes in front of what was written after a place, however long', () => {
    for (const length of [0, 1, 10, BLOCK_BYTES]) {
      const writer = writerFor(2);
      writer.simple('one');
      const at = writer.length;
      writer.simple('two');
      const bytes = Buffer.from(`--${'x'.repeat(length)}--`);
      writer.insert(at, bytes, 2, bytes.length - 2);
      expect(textOf(writer)).to.equal(`+one\r\n${'x'.repeat(length)}+two\r\n`);
      writer.insert(writer.length, bytes, 0, 1);
      expect(textOf(writer)).to.match(/-$/);
    }
  });

  it('refuses a place that is not there', () => {
    expect(() => writerFor(2).insert(1, Buffer.from('x'), 0, 1)).to.throw('nothing is inserted behind the end');
  });
});

describe('ReplyWriter truncate', () => {
  it('takes replies back, after the buffer has grown too', () => {
    const writer = writerFor(2);
    writer.ok();
    const mark = writer.length;
    writer.array(2);
    writer.bulkBuffer(Buffer.alloc(100_000));
    writer.truncate(mark);
    writer.error('ERR no');
    expect(textOf(writer)).to.equal('+OK\r\n-ERR no\r\n');
  });

  it('cannot bring back what was not written', () => {
    expect(() => writerFor(2).truncate(1)).to.throw('only what was written');
  });
});

describe('ReplyWriter detach', () => {
  it('hands over the buffer, and the writer starts again in another', () => {
    const pool = new BufferPool();
    const writer = new ReplyWriter(pool);
    writer.integer(1);
    const first = writer.detach();
    expect(writer.length).to.equal(0);
    writer.integer(2);
    const second = writer.detach();
    expect(first.buffer.toString('latin1', 0, first.length)).to.equal(':1\r\n');
    expect(second.buffer.toString('latin1', 0, second.length)).to.equal(':2\r\n');
    pool.give(first.buffer);
    writer.integer(3);
    expect(writer.buffer).to.equal(first.buffer);
  });

  it('leaves a writer that has nothing to say without a buffer', () => {
    const writer = writerFor(2);
    expect(writer.buffer).to.have.lengthOf(0);
    writer.ok();
    writer.detach();
    expect(writer.buffer).to.have.lengthOf(0);
  });

  it('gives the block back to the pool when the replies outgrow it', () => {
    const pool = new BufferPool();
    const writer = new ReplyWriter(pool);
    writer.ok();
    const block = writer.buffer;
    writer.bulkBuffer(Buffer.alloc(BLOCK_BYTES));
    expect(writer.buffer).to.not.equal(block);
    expect(pool.take()).to.equal(block);
    expect(textOf(writer).startsWith('+OK\r\n$16384\r\n')).to.equal(true);
  });

  it('has copied a long value once, and what follows it does not move it', () => {
    const writer = writerFor(2);
    const value = Buffer.alloc(32 * 1024 * 1024, 'x');
    writer.array(2);
    writer.bulkBuffer(value);
    const buffer = writer.buffer;
    expect(buffer.length).to.be.below(value.length + 2 * BLOCK_BYTES);
    writer.bulkText('y'.repeat(1000));
    expect(writer.buffer).to.equal(buffer);
  });

  it('comes after a number of moves that is logarithmic in the bytes', () => {
    const writer = writerFor(2);
    const buffers = new Set<Buffer>();
    for (let i = 0; i < 100_000; i++) {
      writer.bulkText('0123456789');
      buffers.add(writer.buffer);
    }
    expect(buffers.size).to.be.below(10);
    expect(writer.buffer.length).to.be.below(2 * writer.length + BLOCK_BYTES);
  });
});

describe('ReplyWriter of too long replies', () => {
  function lost(): ReplyWriter {
    const writer = writerFor(3);
    writer.bytesMax = 100_000;
    writer.ok();
    for (let i = 0; i < 14; i++) writer.bulkText('x'.repeat(10_000));
    return writer;
  }

  it('drops them, and takes what else is written to no effect, in bounded memory', () => {
    const writer = lost();
    expect(writer.isLost).to.equal(true);
    for (let i = 0; i < 1000; i++) {
      writer.array(i);
      writer.bulkText('x'.repeat(i));
      writer.error('ERR no');
      writer.insert(4, Buffer.from('+PUSH\r\n'), 0, 7);
    }
    writer.bulkText('x'.repeat(300_000));
    writer.double(1.5);
    expect(writer.isLost).to.equal(true);
    expect(writer.buffer.length).to.be.below(2 ** 20);
    expect(() => writer.detach()).to.throw('what is lost');
  });

  it('is as new when all of them are taken back, not when some are', () => {
    const writer = lost();
    writer.truncate(50_000);
    expect(writer.isLost).to.equal(true);
    writer.truncate(0);
    expect(writer.isLost).to.equal(false);
    writer.ok();
    expect(textOf(writer)).to.equal('+OK\r\n');
  });

  it('takes all up to the limit', () => {
    const writer = writerFor(2);
    writer.bytesMax = 100_000;
    writer.bulkText('x'.repeat(99_000));
    expect([writer.isLost, writer.length]).to.deep.equal([false, 99_010]);
  });
});

describe('ReplyWriter attach', () => {
  it('writes into the buffer that it is given, and gives its own back', () => {
    const pool = new BufferPool();
    const writer = new ReplyWriter(pool);
    writer.ok();
    const own = writer.buffer;
    writer.truncate(0);
    const given = Buffer.alloc(100);
    writer.attach(given);
    writer.ok();
    expect(given.toString('latin1', 0, writer.length)).to.equal('+OK\r\n');
    expect(pool.take()).to.equal(own);
    writer.bulkText('x'.repeat(200));
    expect(textOf(writer)).to.equal(`+OK\r\n$200\r\n${'x'.repeat(200)}\r\n`);
  });

  it('loses nothing that was written', () => {
    const writer = writerFor(2);
    writer.ok();
    expect(() => writer.attach(Buffer.alloc(10))).to.throw('detached first');
  });
});
