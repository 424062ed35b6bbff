/**
 * Stacks with the places in the sources: what runs is compiled, and put together in few files (scripts/bundle.mjs), with a source map beside each.
 *
 * Node can do it too (--enable-source-maps), but reads all maps at the start then; here they are read when something ends the process.
 */

import { readFileSync, statSync } from 'node:fs';
import type { SourceMapPayload } from 'node:module';
import { SourceMap } from 'node:module';

/** `file:///dist/bin/ringkv.js:30312:11` */
const PLACE = /(file:\/\/[^\s()]+\.js):(\d+):(\d+)/g;
/** What was written later is of another build than what runs. */
const loadedMs = Date.now();

/** From now on, what ends the process is shown with a stack of the sources. */
export function showSourcesOfFatalErrors(): void {
  process.on('uncaughtExceptionMonitor', (error) => {
    if (error instanceof Error && error.stack !== undefined) error.stack = stackInSources(error.stack);
  });
}

/** Places in files that have no source map stay, and those in files that were built anew since. */
export function stackInSources(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>();
  return stack.replaceAll(PLACE, (place, url: string, line: string, column: string) => {
    if (!maps.has(url)) maps.set(url, readMap(url));
    const origin = maps.get(url)?.findOrigin(Number(line), Number(column));
    if (origin === undefined || !('fileName' in origin)) return place;
    return `${new URL(origin.fileName, url).href}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}

function readMap(url: string): SourceMap | undefined {
  const file = new URL(`${url}.map`);
  try {
    if (statSync(file).mtimeMs > loadedMs) return undefined;
    return new SourceMap(JSON.parse(readFileSync(file, 'utf8')) as SourceMapPayload);
  } catch {
    return undefined;
  }
}
