import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { requireProgram } from './programs.js';

describe('requireProgram', () => {
  let ciBefore: string | undefined;

  beforeEach(() => {
    ciBefore = process.env['CI'];
  });

  afterEach(() => {
    if (ciBefore === undefined) delete process.env['CI'];
    else process.env['CI'] = ciBefore;
  });

  it('returns the path of a program that is there', function () {
    expect(requireProgram(this, 'sh')).to.satisfy(existsSync);
  });

  it('skips the test where the program is missing, and says why', function () {
    delete process.env['CI'];
    const skip = new Error('skip');
    const context = {
      test: this.test,
      skip: () => {
        throw skip;
      },
    } as unknown as Mocha.Context;
    const lines: unknown[] = [];
    const log = console.log;
    console.log = (line: unknown) => lines.push(line);
    try {
      expect(() => requireProgram(context, 'no-such-program')).to.throw(skip);
    } finally {
      console.log = log;
    }
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include('no-such-program is not installed').and.include('skips the test');
  });

  it('fails where the program is missing and CI=true', function () {
    process.env['CI'] = 'true';
    expect(() => requireProgram(this, 'no-such-program')).to.throw('no-such-program is not installed');
  });
});
