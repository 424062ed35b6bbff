import { expect } from 'chai';
import type { SilentAttempt } from '../../../lib/cluster/bus/tls-troubles.js';
import { TlsTroubles, tlsTroubleOf } from '../../../lib/cluster/bus/tls-troubles.js';
import { VirtualTime } from './virtual-time.js';

const HERE: SilentAttempt = { usesTls: true, isConnected: false, error: undefined };
const errorOf = (code: string): Error => Object.assign(new Error(`what ${code} says`), { code });

describe('tlsTroubleOf', () => {
  it('says what is likely wrong with who has closed a connection without a word, and nothing of who is not there', () => {
    const cases: [Partial<SilentAttempt>, RegExp | undefined][] = [
      [{}, /it seems to be without TLS/],
      [{ error: errorOf('EPROTO') }, /it seems to be without TLS/],
      [{ isConnected: true }, /not to believe the certificate of this node/],
      [{ isConnected: true, error: errorOf('ECONNRESET') }, /not to believe the certificate of this node/],
      [{ error: errorOf('SELF_SIGNED_CERT_IN_CHAIN') }, /is not believed here .* what SELF_SIGNED_CERT_IN_CHAIN says/],
      [{ error: errorOf('UNABLE_TO_GET_ISSUER_CERT_LOCALLY') }, /is not believed here/],
      [{ usesTls: false, isConnected: true }, /it seems to have TLS/],
      [{ usesTls: false }, undefined],
      [{ error: errorOf('ECONNREFUSED') }, undefined],
      [{ usesTls: false, isConnected: true, error: errorOf('ETIMEDOUT') }, undefined],
      [{ isConnected: true, error: errorOf('ETIMEDOUT') }, undefined],
    ];
    for (const [attempt, expected] of cases) {
      const trouble = tlsTroubleOf({ ...HERE, ...attempt });
      if (expected === undefined) expect(trouble).to.equal(undefined);
      else expect(trouble).to.match(expected);
    }
  });
});

describe('TlsTroubles', () => {
  it('names each peer when it has failed some times in a row, and then every five minutes', () => {
    const time = new VirtualTime();
    const lines: string[] = [];
    const troubles = new TlsTroubles(time, (line) => lines.push(line));
    const fail = (address: string, count: number): number => {
      for (let i = 0; i < count; i++) troubles.failed(address, HERE);
      return lines.length;
    };
    expect(fail('a:1', 2)).to.equal(0);
    troubles.opened('a:1');
    expect(fail('a:1', 2)).to.equal(0);
    troubles.failed('a:1', { ...HERE, error: errorOf('ECONNREFUSED') });
    expect(fail('a:1', 2)).to.equal(0);
    expect(fail('a:1', 9)).to.equal(1);
    expect(fail('b:1', 9)).to.equal(2);
    expect(lines[0]).to.match(/^Bus: there is no connection with a:1: it seems to be without TLS/);
    time.pass(299_999);
    expect(fail('a:1', 9)).to.equal(2);
    time.pass(1);
    expect(fail('a:1', 9)).to.equal(3);
  });
});
