import { join } from 'node:path';
import { repositoryRoot } from './repository-root.js';

/** What users run: `bin` in package.json. */
export const EXECUTABLE = join(repositoryRoot(), 'dist', 'bin', 'ringkv.js');
