/** Kinds of option whose values are lists of words. Error texts are Redis 7.0's. */

import { INT_MAX, memoryWord, parseMemory, wordList } from './option.js';
import type { Kind } from './option.js';

const BIND_ADDRESSES_MAX = 16;

/** Addresses to listen on. `*` is every address; one that begins with `-` may be missing on this machine. */
export function addresses(): Kind<readonly string[]> {
  return wordList(`up to ${BIND_ADDRESSES_MAX} addresses`, (words) => {
    if (words.length > BIND_ADDRESSES_MAX) return 'Too many bind addresses specified.';
    // Two spaces in a row make an empty word.
    const value = words.filter((word) => word !== '');
    return { value, text: value.join(' ') };
  });
}

/** Percentiles, rounded to six digits after the point. */
export function percentiles(): Kind<readonly number[]> {
  return wordList('percentiles from 0 to 100', (words) => {
    const value: number[] = [];
    for (const word of words) {
      const number = /^[-+.0-9e]+$/i.test(word) ? Number(word) : NaN;
      if (Number.isNaN(number)) return 'Invalid latency-tracking-info-percentiles parameters';
      const percentile = Math.round(number * 1e6) / 1e6;
      if (!(percentile >= 0 && percentile <= 100)) {
        return 'latency-tracking-info-percentiles parameters should sit between [0.0,100.0]';
      }
      value.push(percentile);
    }
    return { value, text: value.join(' ') };
  });
}

/** When a client that does not take its output is closed; 0 is no limit. */
export interface OutputBufferLimit {
  /** Closed at once with more than this waiting. */
  readonly hardBytes: number;
  /** Closed when more than this has been waiting for `softSeconds`. */
  readonly softBytes: number;
  readonly softSeconds: number;
}

/** A limit for each class of client. */
export interface OutputBufferLimits {
  readonly normal: OutputBufferLimit;
  readonly replica: OutputBufferLimit;
  readonly pubsub: OutputBufferLimit;
}

const UNLIMITED: OutputBufferLimit = { hardBytes: 0, softBytes: 0, softSeconds: 0 };
const NO_LIMITS: OutputBufferLimits = { normal: UNLIMITED, replica: UNLIMITED, pubsub: UNLIMITED };

/** `class hard soft seconds`, for some of the classes; those that are not named keep their limits. */
export function outputBufferLimits(): Kind<OutputBufferLimits> {
  return {
    expects: 'normal, replica or pubsub with a hard limit, a soft limit (sizes) and seconds',
    manyWords: true,
    accumulates: false,
    parse(words, current) {
      if (words.length % 4 !== 0) return 'Wrong number of arguments in buffer limit configuration.';
      const value = { ...(current?.value ?? NO_LIMITS) };
      for (let i = 0; i < words.length; i += 4) {
        const name = clientClass(words[i]);
        if (name === undefined) return 'Invalid client class specified in buffer limit configuration.';
        const limit = outputBufferLimit(words[i + 1], words[i + 2], words[i + 3]);
        if (limit === undefined) return 'Error in hard, soft or soft_seconds setting in buffer limit configuration.';
        value[name] = limit;
      }
      return { value, text: limitsText(value) };
    },
    lines: ({ value }) =>
      CLIENT_CLASSES.map((name) => {
        const { hardBytes, softBytes, softSeconds } = value[name];
        return [name, memoryWord(String(hardBytes)), memoryWord(String(softBytes)), String(softSeconds)];
      }),
  };
}

const CLIENT_CLASSES = ['normal', 'replica', 'pubsub'] as const;

function clientClass(word: string): (typeof CLIENT_CLASSES)[number] | undefined {
  const name = word.toLowerCase();
  return name === 'slave' ? 'replica' : CLIENT_CLASSES.find((known) => known === name);
}

function outputBufferLimit(hard: string, soft: string, seconds: string): OutputBufferLimit | undefined {
  const hardBytes = parseMemory(hard);
  const softBytes = parseMemory(soft);
  const softSeconds = /^[0-9]{1,10}$/.test(seconds) ? Number(seconds) : Infinity;
  if (hardBytes === undefined || softBytes === undefined || softSeconds > INT_MAX) return undefined;
  if (hardBytes > Number.MAX_SAFE_INTEGER || softBytes > Number.MAX_SAFE_INTEGER) return undefined;
  return { hardBytes: Number(hardBytes), softBytes: Number(softBytes), softSeconds };
}

/** As CONFIG GET shows it: Redis still calls replicas slaves there. */
function limitsText(limits: OutputBufferLimits): string {
  return CLIENT_CLASSES.map((name) => {
    const { hardBytes, softBytes, softSeconds } = limits[name];
    return `${name === 'replica' ? 'slave' : name} ${hardBytes} ${softBytes} ${softSeconds}`;
  }).join(' ');
}

/** RDB save points, `seconds changes` each. Its value is its text: nothing here saves by them. */
export function savePoints(): Kind<string> {
  return {
    expects: 'pairs of seconds (from 1) and changes (from 0)',
    manyWords: true,
    accumulates: true,
    parse(words) {
      const wrong = (word: string, i: number) => !(i % 2 === 0 ? /^[1-9][0-9]{0,8}$/ : /^[0-9]{1,9}$/).test(word);
      if (words.length % 2 !== 0 || words.some(wrong)) return 'Invalid save parameters';
      const text = words.map(Number).join(' ');
      return { value: text, text };
    },
    lines({ text }) {
      const words = text.split(' ');
      const lines: string[][] = [];
      for (let i = 0; i < words.length; i += 2) lines.push(words.slice(i, i + 2));
      return lines;
    },
  };
}

/** Three scores from -2000 to 2000. Its value is its text: nothing here uses them. */
export function oomScores(): Kind<string> {
  return wordList('three whole numbers from -2000 to 2000', (words) => {
    if (words.length !== 3) return 'wrong number of arguments';
    const inside = (word: string) => /^-?[0-9]{1,4}$/.test(word) && Math.abs(Number(word)) <= 2000;
    if (!words.every(inside)) return 'Invalid oom-score-adj-values, elements must be between -2000 and 2000.';
    const text = words.map(Number).join(' ');
    return { value: text, text };
  });
}

/** How Redis shuts down on a signal. Its value is its text: nothing here uses it. */
export function shutdownFlags(): Kind<string> {
  const names = ['default', 'save', 'nosave', 'now', 'force'];
  return wordList(`one or more of ${names.join(', ')}`, (words) => {
    const given = words.map((word) => word.toLowerCase());
    if (given.length === 0 || given.some((word) => !names.includes(word))) {
      return `argument(s) must be one of the following: ${names.join(', ')}`;
    }
    if (given.includes('save') && given.includes('nosave')) {
      return "shutdown options SAVE and NOSAVE can't be used simultaneously";
    }
    // `default` is the absence of the others.
    const text = names.filter((name) => name !== 'default' && given.includes(name)).join(' ') || 'default';
    return { value: text, text };
  });
}

/** A host and a port, or `no one`. Its value is its text: nothing here uses it. */
export function hostAndPort(): Kind<string> {
  return wordList("a host and a port, or 'no one'", (words) => {
    const none = words.length === 0 || words.join(' ').toLowerCase() === 'no one';
    if (none) return { value: '', text: '' };
    if (words.length !== 2) return 'wrong number of arguments';
    const [host, port] = words;
    if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65535) return 'Invalid master port';
    const text = `${host} ${Number(port)}`;
    return { value: text, text };
  });
}
