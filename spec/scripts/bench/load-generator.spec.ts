import { expect } from 'chai';
import { parseCsv } from '../../../scripts/bench/load-generator.js';

describe('parseCsv', () => {
  const titles =
    '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"';

  it('finds figures by their titles, whatever the test is called', () => {
    const csv = `${titles}\n"hset a, b c","105263.16","7.241","0.576","6.247","14.071","16.623","17.215"\n`;
    expect(parseCsv(csv)).to.deep.equal({ opsPerSecond: 105_263.16, latencyP50Ms: 6.247, latencyP99Ms: 16.623 });
  });

  it('refuses output without figures', () => {
    expect(() => parseCsv(titles)).to.throw("a figure 'rps'");
    expect(() => parseCsv('')).to.throw("a figure 'rps'");
  });
});
