import { expect } from 'chai';

import { Rejections } from '../../../lib/cluster/bus/rejections.js';
import { VirtualTime } from './virtual-time.js';

describe('Rejections', () => {
  it('counts by reason, and logs each at most once a minute, with how many came in between', () => {
    const time = new VirtualTime();
    const lines: string[] = [];
    const words = { noise: 'noise', version: 'another version' };
    const rejections = new Rejections<'noise' | 'version'>(time, words, (line) => lines.push(line));
    for (let i = 0; i < 3; i++) rejections.add('noise', '1.2.3.4:5');
    rejections.add('version', '1.2.3.4:6');
    time.pass(59_999);
    rejections.add('noise', '1.2.3.4:5');
    time.pass(1);
    rejections.add('noise', '1.2.3.4:7');
    expect(rejections.count('noise')).to.equal(5);
    expect(lines).to.deep.equal([
      'noise from 1.2.3.4:5',
      'another version from 1.2.3.4:6',
      'noise from 1.2.3.4:7 (and 3 more since the last line of this kind)',
    ]);
  });
});
