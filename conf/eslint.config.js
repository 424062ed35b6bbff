import js from '@eslint/js';
import { join } from 'node:path';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import ringkv from './eslint-ringkv.js';

/** The files that implement the ports or hand them in. */
const outermost = ['lib/host/node-*.ts', 'lib/main.ts', 'lib/server/node.ts'];

const portMessage = 'use a port of lib/host/ports.ts';

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'data/', '.cache/', 'bench-out/']),
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    rules: {
      eqeqeq: 'error',
      // Protocols and terminals are made of control characters.
      'no-control-regex': 'off',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: join(import.meta.dirname, '..') } },
    rules: {
      // Numbers and booleans read as they are; only objects and undefined are mistakes in a text.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `() => stream.end()` as a callback is plain, and nobody mistakes it for a value; `return done()` likewise.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // An index into an array reads as never undefined here (typed arrays are everywhere, so noUncheckedIndexedAccess
      // is off), and a field that another callback changes reads as constant: the rule would call real checks unneeded.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Typed arrays are walked by index: the iterator of for-of is slower, and offsets are what the code is about.
      '@typescript-eslint/prefer-for-of': 'off',
    },
  },
  {
    files: ['lib/**/*.ts'],
    plugins: { ringkv },
    rules: { 'ringkv/layers': 'error' },
  },
  {
    files: ['lib/**/*.ts'],
    ignores: outermost,
    plugins: { ringkv },
    rules: {
      'ringkv/ports': 'error',
      'no-restricted-globals': [
        'error',
        {
          checkGlobalObject: true,
          globals: ['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate'].map((name) => ({
            name,
            message: portMessage,
          })),
        },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: portMessage },
        { object: 'process', property: 'hrtime', message: portMessage },
        { object: 'crypto', property: 'getRandomValues', message: portMessage },
        { object: 'crypto', property: 'randomUUID', message: portMessage },
      ],
    },
  },
  {
    files: ['spec/**/*.ts'],
    rules: {
      // `expect(x).to.be.true` is an expression.
      '@typescript-eslint/no-unused-expressions': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[object.name=/^(describe|context|suite|it|specify|test)$/][property.name="only"]',
          message: '.only leaves every other test out.',
        },
      ],
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        ['clearTimeout', 'console', 'performance', 'process', 'setTimeout'].map((name) => [name, 'readonly']),
      ),
    },
  },
);
