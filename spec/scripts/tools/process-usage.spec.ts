import { expect } from 'chai';
import {
  parseRssBytes,
  parseSchedstatUs,
  processCpuUs,
  processRssBytes,
} from '../../../scripts/tools/process-usage.js';

describe('parseSchedstatUs', () => {
  it('reads the first number as nanoseconds', () => expect(parseSchedstatUs('2500 1 2\n')).to.equal(2.5));
  it('refuses anything else', () => expect(() => parseSchedstatUs('x')).to.throw("found 'x'"));
});

describe('parseRssBytes', () => {
  it('reads VmRSS in kibibytes', () => {
    expect(parseRssBytes('VmHWM:\t  9 kB\nVmRSS:\t  12 kB\nVmData:\t 1 kB\n')).to.equal(12_288);
  });
  it('refuses a status without it', () => expect(() => parseRssBytes('Name:\tx\n')).to.throw('found none'));
});

describe('process usage of this process', function () {
  before(function () {
    if (process.platform !== 'linux') this.skip();
  });

  it('processCpuUs rises by about what process.cpuUsage says', () => {
    const before = processCpuUs(process.pid);
    const usageBefore = process.cpuUsage();
    for (const end = performance.now() + 60; performance.now() < end;);
    const usage = process.cpuUsage(usageBefore);
    expect(processCpuUs(process.pid) - before).to.be.closeTo(usage.user + usage.system, 25_000);
  });

  it('processRssBytes is what process.memoryUsage says', () => {
    const rss = process.memoryUsage.rss();
    expect(processRssBytes(process.pid)).to.be.closeTo(rss, rss / 4);
  });

  it('both throw for a process that does not exist', () => {
    expect(() => processCpuUs(2 ** 30)).to.throw('ENOENT');
    expect(() => processRssBytes(2 ** 30)).to.throw('ENOENT');
  });
});
