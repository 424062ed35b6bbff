import { expect } from 'chai';
import {
  parseSchedstatUs,
  parseStatusBytes,
  processCpuUs,
  processPeakRssBytes,
  processRssBytes,
} from '../../../scripts/tools/process-usage.js';

describe('parseSchedstatUs', () => {
  it('reads the first number as nanoseconds', () => expect(parseSchedstatUs('2500 1 2\n')).to.equal(2.5));
  it('refuses anything else', () => expect(() => parseSchedstatUs('x')).to.throw("found 'x'"));
});

describe('parseStatusBytes', () => {
  const status = 'VmHWM:\t  19 kB\nVmRSS:\t  12 kB\nVmData:\t 1 kB\n';
  it('reads a line in kibibytes', () => {
    expect(parseStatusBytes(status, 'VmRSS')).to.equal(12_288);
    expect(parseStatusBytes(status, 'VmHWM')).to.equal(19_456);
  });
  it('refuses a status without it', () => {
    expect(() => parseStatusBytes('Name:\tx\n', 'VmRSS')).to.throw('a line VmRSS');
  });
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

  it('processPeakRssBytes is no less', () => {
    expect(processPeakRssBytes(process.pid)).to.be.at.least(processRssBytes(process.pid) * 0.99);
  });

  it('both throw for a process that does not exist', () => {
    expect(() => processCpuUs(2 ** 30)).to.throw('ENOENT');
    expect(() => processRssBytes(2 ** 30)).to.throw('ENOENT');
  });
});
