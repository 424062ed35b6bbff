import { expect } from 'chai';
import { ImportantLines } from '../../../scripts/cluster/important-lines.js';

describe('ImportantLines', () => {
  it('picks warnings, what is said of the ring, and what is no line of a log, however it is cut', () => {
    const text = [
      '1:M 30 Nov 2026 20:30:39.487 * The ring is at epoch 1: 3 members',
      '1:M 30 Nov 2026 20:30:39.488 * Data opened: 0 keys, 0 tables, 0.102 seconds',
      '1:M 30 Nov 2026 20:30:39.489 # The disk is full',
      'ringkv: port 7001 is in use',
      '',
    ].join('\n');
    const wanted = ['The ring is at epoch 1: 3 members', 'The disk is full', 'ringkv: port 7001 is in use'];
    for (const step of [1, 7, 1000]) {
      const shown: string[] = [];
      const lines = new ImportantLines((line) => shown.push(line));
      for (let at = 0; at < text.length; at += step) lines.take(text.slice(at, at + step));
      expect(shown).to.deep.equal(wanted);
    }
  });
});
