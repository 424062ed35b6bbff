import { expect } from 'chai';
import { ReplyError, readReplies } from '../../lib/protocol/reply-value.js';

function read(text: string): ReturnType<typeof readReplies> {
  return readReplies(Buffer.from(text, 'latin1'));
}

describe('protocol/reply-value', () => {
  it('readReplies reads every kind of RESP2', () => {
    const found = read('+OK\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n*2\r\n*1\r\n$0\r\n\r\n-ERR no\r\n');
    expect(found?.values.slice(0, 5)).to.deep.equal(['OK', -7, 'a\r\n', null, null]);
    const [[inner], error] = found?.values[5] as [string[], unknown];
    expect(inner).to.equal('');
    expect(error).to.be.instanceOf(ReplyError).with.property('message', 'ERR no');
  });

  it('readReplies leaves what is not complete, wherever it ends', () => {
    const text = '*2\r\n$1\r\na\r\n:1\r\n';
    for (let length = 0; length < text.length; length++) {
      expect(read(`+OK\r\n${text.slice(0, length)}`)).to.deep.equal({ values: ['OK'], end: 5 });
    }
    expect(read(`+OK\r\n${text}`)?.end).to.equal(5 + text.length);
  });

  it('readReplies says no to what is none, and to RESP3', () => {
    expect(read('HTTP/1.1 200 OK\r\n')).to.equal(undefined);
    expect(read('%1\r\n+a\r\n+b\r\n')).to.equal(undefined);
    expect(read('*1\r\n#t\r\n')).to.equal(undefined);
  });
});
