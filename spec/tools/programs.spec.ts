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

  it('skips the test where the program is missing', function () {
    delete process.env['CI'];
    const skipped = new Error('skipped');
    const context = {
      ...this,
      skip: () => {
        throw skipped;
      },
    } as unknown as Mocha.Context;
    expect(() => requireProgram(context, 'no-such-program')).to.throw(skipped);
  });

  it('fails where the program is missing and CI=true', function () {
    process.env['CI'] = 'true';
    expect(() => requireProgram(this, 'no-such-program')).to.throw('no-such-program is not installed');
  });
});
