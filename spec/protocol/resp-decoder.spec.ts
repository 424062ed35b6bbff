import { expect } from 'chai';
import { decode, decodeAll, RespAttributed, RespDouble, RespError, RespPush, RespVerbatim } from './resp-decoder.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('resp-decoder decode', () => {
  const replies: [string, unknown][] = [
    ['+OK\r\n', 'OK'],
    ['-ERR no such key\r\n', new RespError('ERR no such key')],
    [':-12\r\n', -12],
    [':9223372036854775807\r\n', 9223372036854775807n],
    ['$3\r\na\r\n\r\n', bytes('a\r\n')],
    ['$-1\r\n', null],
    ['*-1\r\n', null],
    ['_\r\n', null],
    ['*2\r\n:1\r\n*1\r\n+a\r\n', [1, ['a']]],
    ['#t\r\n', true],
    ['#f\r\n', false],
    [',1.5\r\n', new RespDouble('1.5')],
    ['(123456789012345678901234567890\r\n', 123456789012345678901234567890n],
    ['=7\r\ntxt:abc\r\n', new RespVerbatim('txt', 'abc')],
    ['%1\r\n$1\r\nk\r\n:1\r\n', new Map([['k', 1]])],
    ['~2\r\n:1\r\n$1\r\na\r\n', new Set([1, 'a'])],
    ['>1\r\n+message\r\n', new RespPush(['message'])],
    ['|1\r\n+a\r\n:1\r\n:2\r\n', new RespAttributed(new Map([['a', 1]]), 2)],
  ];
  for (const [text, value] of replies) {
    it(`reads ${JSON.stringify(text)} and nothing behind it`, () => {
      expect(decode(bytes(text + '+rest\r\n'))).to.deep.equal({ value, consumed: text.length });
    });
  }

  it('reads infinities and nan', () => {
    expect(decode(bytes(',-inf\r\n')).value).to.have.property('value', -Infinity);
    expect(decode(bytes(',nan\r\n')).value).to.have.property('value').that.is.NaN;
  });

  it('refuses what is cut short', () => {
    for (const [text] of replies) {
      for (let end = 0; end < text.length; end++) expect(() => decode(bytes(text.slice(0, end))), text).to.throw();
    }
  });

  const malformed = [
    ...['?\r\n', 'OK\r\n', '+a\nb\r\n', ':1.5\r\n', ':\r\n', ':+1\r\n', ':01\r\n', '$1\r\nab\r\n', '$-2\r\n', '$a\r\n'],
    ...['*-2\r\n', '_x\r\n', '#x\r\n', ',1.\r\n', ',x\r\n', '(x\r\n', '=3\r\nabc\r\n'],
    ...['%1\r\n:1\r\n', '%2\r\n:1\r\n:1\r\n:1\r\n:1\r\n', '~2\r\n:1\r\n:1\r\n'],
  ];
  for (const text of malformed) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => decode(bytes(text))).to.throw();
    });
  }
});

describe('resp-decoder decodeAll', () => {
  it('reads every reply', () => {
    expect(decodeAll(bytes(':1\r\n:2\r\n'))).to.deep.equal([1, 2]);
  });

  it('refuses what is left over', () => {
    expect(() => decodeAll(bytes(':1\r\n:'))).to.throw();
  });
});
