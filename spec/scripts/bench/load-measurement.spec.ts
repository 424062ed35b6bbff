import { expect } from 'chai';
import { requestsFor } from '../../../scripts/bench/load-measurement.js';

describe('requestsFor', () => {
  it('gives the server that needs less CPU enough to do', () => {
    const paces = [
      { cpuUsPerOp: 2, opsPerSecond: 300_000 },
      { cpuUsPerOp: 4, opsPerSecond: 300_000 },
    ];
    expect(requestsFor(paces)).to.equal(600_000);
  });

  it('does not let a slow server take more than some seconds', () => {
    const paces = [
      { cpuUsPerOp: 15, opsPerSecond: 50_000 },
      { cpuUsPerOp: 15, opsPerSecond: 2000 },
    ];
    expect(requestsFor(paces)).to.equal(24_000);
  });

  it('never asks for too few to mean anything', () => {
    expect(requestsFor([{ cpuUsPerOp: 15, opsPerSecond: 1 }])).to.equal(10_000);
  });
});
