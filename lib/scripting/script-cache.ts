import { createHash } from 'node:crypto';

import type { ScriptFlags } from './shebang.js';

/** Scripts that EVAL has left behind and nobody has asked to keep: the oldest go when there are more. */
const UNLOADED_MAX = 10_000;
const SHA_LENGTH = 40;
/** Bytes that are looked at to tell scripts apart at first: spread over all of it. */
const SAMPLES = 16;
/** From this length on, a call to the engine compares faster than a loop. */
const LOOP_BYTES_MAX = 128;

/** A script that is known. */
export class Script {
  /** 40 hexadecimal digits, lower case. */
  readonly sha: string;
  readonly source: Buffer;
  readonly flags: ScriptFlags;
  /** Where its code begins in `source`. */
  readonly codeAt: number;
  /** SCRIPT LOAD asked for it. */
  isLoaded = false;
  /** Its function, in the interpreter of that generation. */
  ref = 0;
  generation = 0;

  constructor(sha: string, source: Buffer, flags: ScriptFlags, codeAt: number) {
    this.sha = sha;
    this.source = source;
    this.flags = flags;
    this.codeAt = codeAt;
  }
}

/**
 * Scripts by the SHA1 of their text. EVAL brings the text each time: it is found by its bytes, without a digest.
 */
export class ScriptCache {
  /** Bytes of the texts. */
  sourceBytes = 0;

  private readonly bySha = new Map<string, Script>();
  private readonly bySample = new Map<number, Script[]>();
  private unloaded = 0;
  /** The script found last: most callers call one again and again. */
  private latest: Script | undefined;

  get count(): number {
    return this.bySha.size;
  }

  all(): Iterable<Script> {
    return this.bySha.values();
  }

  /** The script with the text `bytes[start, end)`. */
  findSource(bytes: Buffer, start: number, end: number): Script | undefined {
    const { latest } = this;
    if (latest !== undefined && isSource(latest, bytes, start, end)) return latest;
    const candidates = this.bySample.get(sampleOf(bytes, start, end));
    const found = candidates?.find((script) => isSource(script, bytes, start, end));
    if (found !== undefined) this.latest = found;
    return found;
  }

  /** The script with the SHA1 `bytes[start, end)`, letter case apart. */
  findSha(bytes: Buffer, start: number, end: number): Script | undefined {
    const { latest } = this;
    if (latest !== undefined && isSha(latest.sha, bytes, start, end)) return latest;
    if (end - start !== SHA_LENGTH) return undefined;
    const found = this.bySha.get(bytes.toString('latin1', start, end).toLowerCase());
    if (found !== undefined) this.latest = found;
    return found;
  }

  /** Adds a script. Returns those that had to go for it. REQUIRES: it is not there yet. */
  add(script: Script): Script[] {
    this.bySha.set(script.sha, script);
    const sample = sampleOf(script.source, 0, script.source.length);
    const others = this.bySample.get(sample);
    if (others === undefined) this.bySample.set(sample, [script]);
    else others.push(script);
    this.sourceBytes += script.source.length;
    this.latest = script;
    this.unloaded++;
    return this.unloaded > UNLOADED_MAX ? this.dropOldest() : [];
  }

  /** Keeps a script until all are flushed. */
  keep(script: Script): void {
    if (!script.isLoaded) this.unloaded--;
    script.isLoaded = true;
  }

  clear(): void {
    this.bySha.clear();
    this.bySample.clear();
    this.sourceBytes = this.unloaded = 0;
    this.latest = undefined;
  }

  private dropOldest(): Script[] {
    for (const script of this.bySha.values()) {
      if (script.isLoaded) continue;
      this.remove(script);
      return [script];
    }
    return [];
  }

  private remove(script: Script): void {
    const { source, sha } = script;
    const sample = sampleOf(source, 0, source.length);
    const left = this.bySample.get(sample)?.filter((other) => other !== script) ?? [];
    if (left.length === 0) this.bySample.delete(sample);
    else this.bySample.set(sample, left);
    this.bySha.delete(sha);
    this.sourceBytes -= source.length;
    this.unloaded--;
  }
}

/** The SHA1 of bytes, 40 hexadecimal digits in lower case. */
export function sha1(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}

function sampleOf(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  const step = Math.max(1, Math.floor(length / SAMPLES));
  let sample = length;
  for (let i = start; i < end; i += step) sample = (Math.imul(sample, 31) + bytes[i]) | 0;
  return sample;
}

function isSource(script: Script, bytes: Buffer, start: number, end: number): boolean {
  const { source } = script;
  const { length } = source;
  if (length !== end - start) return false;
  if (length > LOOP_BYTES_MAX) return source.compare(bytes, start, end) === 0;
  for (let i = 0; i < length; i++) if (source[i] !== bytes[start + i]) return false;
  return true;
}

function isSha(sha: string, bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== SHA_LENGTH) return false;
  for (let i = 0; i < SHA_LENGTH; i++) {
    let byte = bytes[start + i];
    if (byte >= 0x41 && byte <= 0x46) byte += 0x20;
    if (byte !== sha.charCodeAt(i)) return false;
  }
  return true;
}
