import { join } from 'node:path';
import { repositoryRoot } from './repository-root.js';

const dist = join(repositoryRoot(), 'dist');

/** `bin` in package.json. */
export const BUNDLE = join(dist, 'bin', 'ringkv.js');

/** What users run. Where coverage is looked at (c8), what that is made of: of a bundle, c8 takes most lines that never ran for covered. */
export const EXECUTABLE = process.env['NODE_V8_COVERAGE'] === undefined ? BUNDLE : join(dist, 'lib', 'main.js');
