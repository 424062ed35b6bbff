import { expect } from 'chai';
import fc from 'fast-check';
import { RequestLimits } from '../../lib/protocol/request-limits.js';
import { FAILED, NEED_MORE, PARSED, RequestParser } from '../../lib/protocol/request-parser.js';
import { parseStream, type Stream } from './dumb-request-parser.js';

const CHUNK_BYTES = 64 * 1024;

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** A request as an array of bulk strings; each character one byte. */
function encode(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

/** The arguments that the parser holds. */
function argsOf(parser: RequestParser): string[] {
  return Array.from({ length: parser.args.count }, (_, i) => parser.args.text(i));
}

/** What surrounds a read in the caller's buffer, and what the buffer is overwritten with. */
const GARBAGE = bytes('*1\r\n$4\r\nEVIL\r\n\r\n0123456789');

/**
 * Gives `text` to the parser as a connection does, cut at `cuts`. The buffer is overwritten after each `retain`. `pauses` are
 * numbers of requests (taken in turn) after which the connection waits, so that `retain` comes before all is parsed.
 */
function parseInPieces(
  parser: RequestParser,
  text: string,
  cuts: readonly number[],
  pauses: readonly number[],
): Stream {
  const requests: string[][] = [];
  const edges = [0, ...cuts.toSorted((a, b) => a - b), text.length];
  let turn = 0;
  for (let i = 1; i < edges.length; i++) {
    const piece = bytes(text.slice(edges[i - 1], edges[i]));
    const buffer = Buffer.concat([GARBAGE, piece, GARBAGE]);
    parser.feed(buffer, GARBAGE.length, GARBAGE.length + piece.length);
    let untilPause = pauses.length === 0 ? Infinity : pauses[turn++ % pauses.length];
    let status;
    while ((status = untilPause-- === 0 ? undefined : parser.next()) === PARSED) requests.push(argsOf(parser));
    parser.retain();
    buffer.fill(GARBAGE);
    if (status === FAILED) return { requests, error: parser.error };
  }
  let status;
  while ((status = parser.next()) === PARSED) requests.push(argsOf(parser));
  return { requests, error: status === FAILED ? parser.error : undefined };
}

/** All bytes at once. */
function parse(text: string, parser = new RequestParser()): Stream {
  return parseInPieces(parser, text, [], []);
}

/** Every byte by itself. */
function parseByteByByte(text: string, parser = new RequestParser()): Stream {
  const cuts = Array.from(text, (_, i) => i);
  return parseInPieces(parser, text, cuts, []);
}

const binary = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1'));
const awkward = fc.stringMatching(/^[\r\n*$ "'\\x0-9-]{0,12}$/);
const array = fc.array(fc.oneof(binary, awkward, fc.constant('x'.repeat(1500))), { maxLength: 12 }).map(encode);
const inline = fc.stringMatching(/^[a-cx0-2 "'\\\t\v\f\r]{0,16}\r?\n$/);
const nothing = fc.constantFrom('\r\n', '\n', '*0\r\n', '*-1\r\n', '*-7\r\n');
const malformed = fc.constantFrom(
  '*x\r\n',
  '*1\r\n$-1\r\n',
  '*1\r\n+\r\n',
  '*01\r\n',
  '*1\r\n$1x\r\n',
  '*1\r\n$65536\r\n',
);
const stream = fc
  .array(fc.oneof({ weight: 6, arbitrary: array }, inline, nothing, { weight: 1, arbitrary: malformed }), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));
/** A stream in which some bytes were changed, dropped or doubled. */
const damaged = fc.tuple(stream, fc.array(fc.tuple(fc.nat(), awkward), { maxLength: 3 })).map(([text, patches]) =>
  patches.reduce((whole, [at, patch]) => {
    const place = at % (whole.length + 1);
    return whole.slice(0, place) + patch + whole.slice(place + (at % 3));
  }, text),
);

describe('RequestParser', () => {
  it('parses any stream, cut and paused anywhere, as its dumb twin does at once', () => {
    const places = fc.array(fc.nat(), { maxLength: 20 });
    const pauses = fc.oneof(fc.constant([]), fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }));
    fc.assert(
      fc.property(fc.oneof(stream, damaged), places, pauses, fc.boolean(), (text, cuts, waits, authenticated) => {
        const limits = new RequestLimits();
        limits.protoMaxBulkLength = 20_000;
        const parser = new RequestParser(limits);
        parser.authenticated = authenticated;
        const inside = cuts.map((cut) => cut % (text.length + 1));
        const expected = parseStream(text, { authenticated, bulkBytesMax: limits.protoMaxBulkLength });
        expect(parseInPieces(parser, text, inside, waits)).to.deep.equal(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('parses any stream byte by byte as its dumb twin does at once', () => {
    fc.assert(
      fc.property(fc.oneof(stream, damaged), (text) => {
        const expected = parseStream(text, { authenticated: true, bulkBytesMax: 512 * 1024 * 1024 });
        expect(parseByteByByte(text)).to.deep.equal(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('parses a pipeline that is cut in two at every byte', () => {
    const requests = [['SET', 'key', 'a\r\nb'], ['GET', 'key'], ['PING'], ['ECHO', '']];
    const text = requests.map(encode).join('') + 'PING "a b"\r\n';
    for (let cut = 0; cut <= text.length; cut++) {
      const whole = parseInPieces(new RequestParser(), text, [cut], []);
      expect(whole, `cut at ${cut}`).to.deep.equal({ requests: [...requests, ['PING', 'a b']], error: undefined });
    }
  });
});

describe('RequestParser next', () => {
  it('says NEED_MORE before anything was read', () => {
    expect(new RequestParser().next()).to.equal(NEED_MORE);
  });

  it('leaves arguments where they were read', () => {
    const parser = new RequestParser();
    const buffer = bytes(`....${encode(['GET', 'key'])}....`);
    parser.feed(buffer, 4, buffer.length - 4);
    expect(parser.next()).to.equal(PARSED);
    expect(parser.args.buffer).to.equal(buffer);
    expect([parser.args.start[1], parser.args.end[1]]).to.deep.equal([21, 24]);
  });

  it('goes back to parsing in place after a request that two reads brought', () => {
    const parser = new RequestParser();
    const pipeline = encode(['GET', 'a']) + encode(['GET', 'b']);
    parser.feed(bytes(pipeline), 0, 10);
    expect(parser.next()).to.equal(NEED_MORE);
    parser.retain();
    const second = bytes(pipeline.slice(10));
    parser.feed(second, 0, second.length);
    expect(parser.next()).to.equal(PARSED);
    expect(argsOf(parser)).to.deep.equal(['GET', 'a']);
    expect(parser.args.buffer).to.not.equal(second);
    expect(parser.next()).to.equal(PARSED);
    expect(argsOf(parser)).to.deep.equal(['GET', 'b']);
    expect(parser.args.buffer).to.equal(second);
  });

  // What redis-server 7.0.15 answers.
  const skipped = ['*0\r\n', '*-1\r\n', '*-5\r\n', '*-9223372036854775808\r\n', '\r\n', '\n', '  \r\n', '\t\v\f\r\r\n'];
  for (const text of skipped) {
    it(`skips ${JSON.stringify(text)}`, () => {
      expect(parse(text + encode(['PING']))).to.deep.equal({ requests: [['PING']], error: undefined });
    });
  }

  const accepted: [string, string[]][] = [
    ['*1\rX$4\rYPINGab', ['PING']],
    ['*1\r\n$0\r\n\r\n', ['']],
    ['PING\n', ['PING']],
    ['PING\r\r\n', ['PING']],
    ['*2\r\n$4\r\nPING\r\n$12\r\n\r\n*1\r\n$4\r\nXY\r\n', ['PING', '\r\n*1\r\n$4\r\nXY']],
  ];
  for (const [text, args] of accepted) {
    it(`takes ${JSON.stringify(text)} as Redis does`, () => {
      expect(parse(text)).to.deep.equal({ requests: [args], error: undefined });
      expect(parseByteByByte(text)).to.deep.equal({ requests: [args], error: undefined });
    });
  }

  const waiting = [
    '*1',
    '*1\r',
    '*2147483647\r\n',
    '*1\r\nfoo',
    '*1\r\nfoo\r',
    '*1\r\n$536870912\r\n',
    '*1\n$4\nPING\n',
    'PING',
  ];
  for (const text of waiting) {
    it(`waits for more after ${JSON.stringify(text)}`, () => {
      expect(parse(text)).to.deep.equal({ requests: [], error: undefined });
      expect(parseByteByByte(text)).to.deep.equal({ requests: [], error: undefined });
    });
  }
});

describe('RequestParser error', () => {
  const wrong: [string, string][] = [
    ['*\r\n', 'invalid multibulk length'],
    ['*x\r\n', 'invalid multibulk length'],
    ['*01\r\n', 'invalid multibulk length'],
    ['*+1\r\n', 'invalid multibulk length'],
    ['*-0\r\n', 'invalid multibulk length'],
    ['*1\n$4\nPING\r\n', 'invalid multibulk length'],
    ['*2147483648\r\n', 'invalid multibulk length'],
    ['*-9223372036854775809\r\n', 'invalid multibulk length'],
    ['*99999999999999999999\r\n', 'invalid multibulk length'],
    ['*1\r\n$-1\r\n', 'invalid bulk length'],
    ['*1\r\n$\r\n', 'invalid bulk length'],
    ['*1\r\n$00\r\n\r\n', 'invalid bulk length'],
    ['*1\r\n$ 4\r\nPING\r\n', 'invalid bulk length'],
    ['*1\r\n$536870913\r\n', 'invalid bulk length'],
    ['*1\r\nfoo\r\n', "expected '$', got 'f'"],
    ['*1\r\n\xfffoo\r\n', "expected '$', got '\xff'"],
    ['*1\r\n\r\n', "expected '$', got '\r'"],
    ['*2\r\n$1\r\na\r\n:1\r\n', "expected '$', got ':'"],
    ['echo "a"b\r\n', 'unbalanced quotes in request'],
    ['echo "a\r\n', 'unbalanced quotes in request'],
    ["echo 'a\r\n", 'unbalanced quotes in request'],
    ['a'.repeat(65537), 'too big inline request'],
    ['a'.repeat(65536) + '\r\n', 'too big inline request'],
    ['*' + '1'.repeat(65536), 'too big mbulk count string'],
    ['*1\r\n$' + '1'.repeat(65536), 'too big bulk count string'],
  ];
  for (const [text, words] of wrong) {
    it(`is '${words.replace('\r', '\\r')}' for ${JSON.stringify(text.slice(0, 30))} (${text.length} bytes)`, () => {
      const expected = { requests: [['PING']], error: `Protocol error: ${words}` };
      expect(parse(encode(['PING']) + text)).to.deep.equal(expected);
      expect(parseByteByByte(encode(['PING']) + text)).to.deep.equal(expected);
    });
  }

  const longEnough: [string, string][] = [
    ['a', 'a'.repeat(65535)],
    ['*', '1'.repeat(65535)],
    ['*1\r\n$', '1'.repeat(65535)],
  ];
  for (const [head, tail] of longEnough) {
    it(`is not there yet for a line of 64 KiB after ${JSON.stringify(head)}`, () => {
      expect(parse(head + tail)).to.deep.equal({ requests: [], error: undefined });
    });
  }

  it('stays, and nothing more is parsed', () => {
    const parser = new RequestParser();
    expect(parse('*x\r\n' + encode(['PING']), parser).requests).to.deep.equal([]);
    expect(parse(encode(['PING']), parser)).to.deep.equal({
      requests: [],
      error: 'Protocol error: invalid multibulk length',
    });
    expect(parser.bufferedBytes).to.equal(0);
  });
});

describe('RequestParser authenticated', () => {
  const guest = (): RequestParser => {
    const parser = new RequestParser();
    parser.authenticated = false;
    return parser;
  };

  it('lets a guest send 10 arguments of 16 KiB', () => {
    const args = Array.from({ length: 10 }, () => 'x'.repeat(16384));
    expect(parse(encode(args), guest())).to.deep.equal({ requests: [args], error: undefined });
  });

  it('refuses an eleventh', () => {
    expect(parse('*11\r\n', guest()).error).to.equal('Protocol error: unauthenticated multibulk length');
  });

  it('refuses a longer one', () => {
    expect(parse('*1\r\n$16385\r\n', guest()).error).to.equal('Protocol error: unauthenticated bulk length');
  });

  it('counts from the request that follows', () => {
    const parser = guest();
    const text = bytes(encode(['AUTH', 'secret']) + '*11\r\n');
    parser.feed(text, 0, text.length);
    expect(parser.next()).to.equal(PARSED);
    parser.authenticated = true;
    expect(parser.next()).to.equal(NEED_MORE);
  });
});

describe('RequestParser limits', () => {
  it('bound an argument, and can be changed while connections are open', () => {
    const limits = new RequestLimits();
    const parser = new RequestParser(limits);
    expect(parse(encode(['x'.repeat(2000)]), parser).requests).to.have.lengthOf(1);
    limits.protoMaxBulkLength = 1999;
    expect(parse(encode(['x'.repeat(1999)]), parser).requests).to.have.lengthOf(1);
    expect(parse('*1\r\n$2000\r\n', parser).error).to.equal('Protocol error: invalid bulk length');
  });

  it('allow an argument beyond 32 bits to be announced', () => {
    const limits = new RequestLimits();
    limits.protoMaxBulkLength = 2 ** 40;
    expect(parse('*1\r\n$5000000000\r\n', new RequestParser(limits)).error).to.equal(undefined);
    expect(parse('*1\r\n$1099511627777\r\n', new RequestParser(limits)).error).to.equal(
      'Protocol error: invalid bulk length',
    );
  });

  it('bound what a connection may leave unparsed, and fail without a reply', () => {
    const limits = new RequestLimits();
    limits.clientQueryBufferLimit = 100;
    const request = encode(['x'.repeat(200)]);
    expect(parse(request.slice(0, 100), new RequestParser(limits)).error).to.equal(undefined);
    expect(parse(request.slice(0, 101), new RequestParser(limits)).error).to.equal('');
    const parser = new RequestParser(limits);
    expect(parseByteByByte(request, parser).error).to.equal('');
    expect(parser.capacityBytes).to.be.below(4097);
  });

  it('let a pipeline pass that is longer than one connection may leave unparsed', () => {
    const limits = new RequestLimits();
    limits.clientQueryBufferLimit = 100;
    const text = encode(['PING']).repeat(100);
    expect(parse(text, new RequestParser(limits)).requests).to.have.lengthOf(100);
  });
});

describe('RequestParser retain', () => {
  it('keeps the requests of a connection that waits', () => {
    const parser = new RequestParser();
    const buffer = bytes(encode(['A']) + encode(['B']) + encode(['C']).slice(0, 6));
    parser.feed(buffer, 0, buffer.length);
    expect(parser.next()).to.equal(PARSED);
    parser.retain();
    buffer.fill(0);
    expect(parser.hasBuffered).to.equal(true);
    expect(parser.next()).to.equal(PARSED);
    expect(argsOf(parser)).to.deep.equal(['B']);
    parser.retain();
    expect(parser.next()).to.equal(NEED_MORE);
    const rest = bytes(encode(['C']).slice(6) + encode(['D']));
    parser.feed(rest, 0, rest.length);
    expect(parser.next()).to.equal(PARSED);
    expect(argsOf(parser)).to.deep.equal(['C']);
    expect(parser.next()).to.equal(PARSED);
    expect(argsOf(parser)).to.deep.equal(['D']);
    expect(parser.hasBuffered).to.equal(false);
  });

  it('lets go of the read buffer', () => {
    const parser = new RequestParser();
    const buffer = bytes(encode(['PING']));
    parser.feed(buffer, 0, buffer.length);
    expect(parser.next()).to.equal(PARSED);
    parser.retain();
    expect(parser.args.buffer).to.not.equal(buffer);
    expect(parser.args.count).to.equal(0);
  });

  it('is needed before the next feed', () => {
    const parser = new RequestParser();
    parser.feed(bytes('*1\r\n'), 0, 4);
    expect(parser.next()).to.equal(NEED_MORE);
    expect(() => parser.feed(bytes('$4\r\n'), 0, 4)).to.throw('the last read was retained');
  });
});

describe('RequestParser bufferedBytes', () => {
  it('counts what belongs to no request yet, wherever it lies', () => {
    const parser = new RequestParser();
    const first = bytes(encode(['PING']) + '*1\r\n$9\r\n');
    parser.feed(first, 0, first.length);
    expect(parser.bufferedBytes).to.equal(first.length);
    expect(parser.next()).to.equal(PARSED);
    expect(parser.bufferedBytes).to.equal(8);
    parser.retain();
    expect(parser.bufferedBytes).to.equal(8);
    parser.feed(bytes('abc'), 0, 3);
    expect(parser.bufferedBytes).to.equal(11);
    expect(parser.next()).to.equal(NEED_MORE);
    expect(parser.bufferedBytes).to.equal(11);
  });
});

describe('RequestParser capacityBytes', () => {
  it('grows with the bytes that arrive, not with the length that is announced, and is given back', () => {
    const parser = new RequestParser();
    const bulkBytes = 40 * 1024 * 1024;
    const head = bytes(`*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$${bulkBytes}\r\n`);
    const tail = bytes(`\r\n$2\r\nEX\r\n$2\r\n10\r\n${encode(['PING'])}`);
    const read = Buffer.alloc(CHUNK_BYTES, 'x');
    const capacities = new Set<number>();
    let received = 0;
    const feed = (piece: Buffer): number => {
      received += piece.length;
      parser.feed(piece, 0, piece.length);
      const status = parser.next();
      return status;
    };
    const retain = (): void => {
      parser.retain();
      capacities.add(parser.capacityBytes);
      expect(parser.capacityBytes).to.be.at.most(Math.max(2 * received, 256));
    };
    expect(feed(head)).to.equal(NEED_MORE);
    retain();
    while (received < head.length + bulkBytes) {
      expect(feed(read)).to.equal(NEED_MORE);
      retain();
    }
    expect(parser.capacityBytes).to.be.at.most(head.length + bulkBytes + CHUNK_BYTES);
    expect(capacities.size, 'times that the bytes were moved').to.be.at.most(20);
    expect(feed(tail)).to.equal(PARSED);
    expect(capacities).to.include(parser.args.buffer.length, 'the last arguments found room');
    expect([parser.args.lengthOf(2), parser.args.text(3), parser.args.text(4)]).to.deep.equal([bulkBytes, 'EX', '10']);
    expect(parser.args.view(2).every((byte) => byte === 0x78)).to.equal(true);
    expect(parser.next()).to.equal(PARSED);
    expect(argsOf(parser)).to.deep.equal(['PING']);
    parser.retain();
    expect(parser.capacityBytes).to.be.at.most(4096);
  });

  it('stays small when every read ends inside a request', () => {
    const parser = new RequestParser();
    const request = encode(['SET', 'key', 'x'.repeat(500)]);
    const text = bytes(request.repeat(1000));
    let requests = 0;
    for (let at = 0; at < text.length; at += 700) {
      const piece = text.subarray(at, at + 700);
      parser.feed(piece, 0, piece.length);
      while (parser.next() === PARSED) requests++;
      parser.retain();
      expect(parser.capacityBytes).to.be.at.most(4096);
    }
    expect(requests).to.equal(1000);
  });

  it('stays small when some requests always wait', () => {
    const parser = new RequestParser();
    const pair = bytes(encode(['SET', 'key', 'x'.repeat(200)]).repeat(2));
    for (let i = 0; i < 1000; i++) {
      parser.feed(pair, 0, pair.length);
      if (i > 1) expect([parser.next(), parser.next()]).to.deep.equal([PARSED, PARSED]);
      parser.retain();
      expect(parser.capacityBytes).to.be.at.most(4096);
    }
  });

  it('falls, and the room for offsets too, after a request with many arguments', () => {
    const parser = new RequestParser();
    const args = Array.from({ length: 100_000 }, (_, i) => String(i));
    expect(parse(encode(args), parser).requests).to.deep.equal([args]);
    parser.retain();
    expect(parser.capacityBytes).to.be.at.most(4096);
    expect(parser.args.start.length).to.be.at.most(1024);
  });
});

describe('RequestParser takes time in proportion to the bytes', () => {
  /** Feeds one byte at a time out of one buffer: 4 MiB take about a second, or half an hour if each byte costs a look back. */
  function feedBytes(parser: RequestParser, text: Buffer): number {
    let requests = 0;
    for (let i = 0; i < text.length; i++) {
      parser.feed(text, i, i + 1);
      while (parser.next() === PARSED) requests++;
      parser.retain();
    }
    return requests;
  }

  it('for a long argument', () => {
    expect(feedBytes(new RequestParser(), bytes(encode(['SET', 'k', 'x'.repeat(4 << 20)])))).to.equal(1);
  });

  it('for many arguments', () => {
    expect(feedBytes(new RequestParser(), bytes(encode(Array.from({ length: 200_000 }, () => 'x'))))).to.equal(1);
  });

  it('for long lines', () => {
    const line = bytes(`PING ${'x'.repeat(65_000)}\r\n`);
    expect(feedBytes(new RequestParser(), Buffer.concat(Array.from({ length: 60 }, () => line)))).to.equal(60);
    const parser = new RequestParser();
    expect(feedBytes(parser, bytes('*'.padEnd(65_537, '1')))).to.equal(0);
    expect(parser.error).to.equal('Protocol error: too big mbulk count string');
  });
});
