import { expect } from 'chai';
import { findRandomGroups } from '../../../scripts/specs/random-specs.js';
import { SmallSpecs } from './small-specs.js';

describe('findRandomGroups', () => {
  let specs: SmallSpecs;
  let drawing: string[];

  beforeEach(() => {
    specs = new SmallSpecs();
    drawing = [
      specs.write('data/deep/one.spec.js', "import { x } from 'x';\nimport fc from 'fast-check';\n"),
      specs.write('data/two.spec.js', "import { specSeed } from '../tools/spec-seed.js';\n"),
      specs.write('wire/three.spec.js', "import fc, { sample } from 'fast-check';\n"),
    ];
    specs.write('data/four.spec.js', "const text = `\n  import fc from 'fast-check';`;\n");
    specs.write('data/model.js', "import fc from 'fast-check';\n");
    specs.write('host/five.spec.js', "import { x } from 'x';\n");
  });

  afterEach(() => {
    specs.remove();
  });

  it('finds the specs that import fast-check or the seed', () => {
    expect(findRandomGroups(specs.folder, [])).to.deep.equal([
      { name: 'data', files: drawing.slice(0, 2) },
      { name: 'wire', files: drawing.slice(2) },
    ]);
  });

  it('finds those of the groups that are named', () => {
    expect(findRandomGroups(specs.folder, ['wire']).map(({ name }) => name)).to.deep.equal(['wire']);
    expect(() => findRandomGroups(specs.folder, ['host'])).to.throw(
      "no specs that draw at random in 'host', but in data, wire",
    );
  });
});
