import { expect } from 'chai';
import { durationText, ProgressBar, progressLine, remainingMs } from '../../../scripts/tools/progress-bar.js';

describe('durationText', () => {
  for (const [ms, text] of [
    [0, '0 s'],
    [59_000, '59 s'],
    [59_001, '1 min 00 s'],
    [185_000, '3 min 05 s'],
    [3_720_000, '1 h 02 min'],
  ] as const) {
    it(`says ${text} for ${ms} ms`, () => expect(durationText(ms)).to.equal(text));
  }
});

describe('remainingMs', () => {
  it('takes the rest to go like the part so far', () => expect(remainingMs(25, 100, 1000)).to.equal(3000));
  it('knows nothing before anything is done', () => expect(remainingMs(0, 100, 1000)).to.equal(undefined));
  it('is never negative', () => expect(remainingMs(101, 100, 1000)).to.equal(0));
});

describe('progressLine', () => {
  it('shows the share, the time left and the label', () => {
    const line = progressLine(1, 2, 5000, 'half');
    expect(line).to.equal('[############............]  50 %  5 s left  half');
  });
});

describe('ProgressBar', () => {
  function barOn(isTTY: boolean): { bar: ProgressBar; written: string[]; passMs: (ms: number) => void } {
    const written: string[] = [];
    let nowMs = 0;
    const stream = { isTTY, columns: 30, write: (text: string) => written.push(text) };
    return { bar: new ProgressBar(10, stream, () => nowMs), written, passMs: (ms) => (nowMs += ms) };
  }

  it('draws one line over and over on a terminal, never wider than it', () => {
    const { bar, written, passMs } = barOn(true);
    bar.advance(5);
    bar.advance();
    passMs(100);
    bar.advance();
    bar.finish();
    expect(written).to.have.length(3);
    for (const text of written) expect(text).to.match(/^\r\x1b\[K[^\n]{0,29}$/);
  });

  it('writes plain lines seldom when there is no terminal', () => {
    const { bar, written, passMs } = barOn(false);
    for (let step = 0; step < 10; step++) {
      bar.advance();
      passMs(1500);
    }
    bar.finish();
    expect(written).to.have.length(3);
    expect(written[2]).to.equal('done after 15 s\n');
  });

  it('draws nothing after it was finished', () => {
    const { bar, written } = barOn(true);
    bar.finish();
    bar.finish();
    bar.advance();
    expect(written).to.have.length(1);
  });
});
