/**
 * The first line of a script may say what it is:
 *
 *   shebang = "#!lua" *(" " option) LF
 *   option  = "flags=" [flag *("," flag)]
 */

/** What a script says that it does and needs. */
export interface ScriptFlags {
  /** It has a first line that says so. Without one, Redis looks at its commands alone. */
  readonly isDeclared: boolean;
  readonly noWrites: boolean;
  readonly allowOom: boolean;
}

const FLAGS: ReadonlySet<string> = new Set([
  'no-writes',
  'allow-oom',
  'allow-stale',
  'no-cluster',
  'allow-cross-slot-keys',
]);

const UNDECLARED: ScriptFlags = { isDeclared: false, noWrites: false, allowOom: false };

export interface ParsedScript {
  readonly flags: ScriptFlags;
  /** Where the code begins: at the end of the first line, so that lines are counted as the user does. */
  readonly codeAt: number;
}

/** The flags of a script, or the error reply to one whose first line is wrong. */
export function parseShebang(source: Buffer): ParsedScript | string {
  if (source.length < 2 || source[0] !== 0x23 || source[1] !== 0x21) return { flags: UNDECLARED, codeAt: 0 };
  const codeAt = source.indexOf(0x0a);
  if (codeAt === -1) return 'ERR Invalid script shebang';
  const [engine, ...options] = source.toString('latin1', 0, codeAt).split(/\s+/).filter(Boolean);
  if (engine !== '#!lua') return `ERR Unexpected engine in script shebang: ${engine}`;
  const flags = new Set<string>();
  for (const option of options) {
    if (!option.startsWith('flags=')) return `ERR Unknown lua shebang option: ${option}`;
    for (const flag of option.slice('flags='.length).split(',').filter(Boolean)) {
      if (!FLAGS.has(flag)) return `ERR Unexpected flag in script shebang: ${flag}`;
      flags.add(flag);
    }
  }
  const noWrites = flags.has('no-writes');
  return { flags: { isDeclared: true, noWrites, allowOom: noWrites || flags.has('allow-oom') }, codeAt };
}
