import { expect } from 'chai';
import fc from 'fast-check';

import { KEYSPACE_EVENT, keyspaceEvents } from '../../lib/config/keyspace-events.js';

const kind = keyspaceEvents();

function textOf(letters: string): string {
  const parsed = kind.parse([letters], undefined);
  return typeof parsed === 'string' ? parsed : parsed.text;
}

describe('keyspaceEvents', () => {
  it('writes letters in the order of Redis', () => {
    const cases = [
      ['KEA', 'AKE'],
      ['g$l', 'g$l'],
      ['KExe', 'xeKE'],
      ['mKA', 'AKm'],
      ['KEAm', 'AKEm'],
      ['Kd', 'dK'],
      ['Kn', 'nK'],
      ['EKg$lshzxetdm', 'AKEm'],
      ['KK', 'K'],
      ['', ''],
    ];
    for (const [letters, text] of cases) expect(textOf(letters), letters).equal(text);
  });

  it('refuses other letters', () => {
    for (const letters of ['q', 'KEa', 'K E']) {
      expect(textOf(letters)).equal("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    }
  });

  it('gives each letter its bit, and A all but m, n and the channels', () => {
    expect(kind.parse(['xK'], undefined)).include({ value: KEYSPACE_EVENT.expired | KEYSPACE_EVENT.keyspaceChannel });
    const all = kind.parse(['A'], undefined);
    expect(kind.parse(['g$lshzxetd'], undefined)).deep.equal(all);
  });

  it('reads what it writes', () => {
    const letters = fc.string({ unit: fc.constantFrom(...Array.from('Ag$lshzxeKEtmdn')) });
    fc.assert(
      fc.property(letters, (given) => {
        const parsed = kind.parse([given], undefined);
        expect(kind.parse([textOf(given)], undefined)).deep.equal(parsed);
      }),
    );
  });
});
