import { CorruptionError, DiskError } from '../base/errors.js';
import { ADVICE } from '../storage/log/aof-frame.js';

/** Something that is wrong with a file. */
export interface Damage {
  /** The file's path in the data directory. */
  readonly name: string;
  readonly message: string;
}

/**
 * What a check finds, a line for each file:
 *
 *     ok       tables/0000000007.sst   level 1 of database 0: 1000 records ...
 *     note     tables/0000000009.sst   in no version: a crash left it
 *     DAMAGED  tables/0000000008.sst   at offset 8192: a data block does not fit its checksum
 */
export class Findings {
  readonly damages: Damage[] = [];
  fileCount = 0;
  noteCount = 0;

  private readonly directory: string;
  private readonly print: (line: string) => void;

  /** `directory` is left out of the names. */
  constructor(directory: string, print: (line: string) => void) {
    this.directory = directory;
    this.print = print;
  }

  ok(name: string, message: string): void {
    this.fileCount++;
    this.line('ok', name, message);
  }

  /** Nothing is lost, but somebody may want to know. */
  note(name: string, message: string): void {
    this.noteCount++;
    this.line('note', name, message);
  }

  damage(name: string, message: string): void {
    this.fileCount++;
    this.damages.push({ name, message });
    this.line('DAMAGED', name, message);
  }

  /** Runs `check`; what it throws of damage, and of files that cannot be read, is found. `name` is for errors that name no file. */
  attempt<T>(name: string, check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof CorruptionError) && !(error instanceof DiskError)) throw error;
      const path = this.nameOf(error.path);
      this.damage(path === '' ? name : path, this.messageOf(error));
      return undefined;
    }
  }

  private messageOf({ message, path }: CorruptionError | DiskError): string {
    const start = message.startsWith(`${path}: `) ? path.length + 2 : 0;
    return message.slice(start).replace(` ${ADVICE}`, '');
  }

  private nameOf(path: string): string {
    return path.startsWith(`${this.directory}/`) ? path.slice(this.directory.length + 1) : path;
  }

  private line(verdict: string, name: string, message: string): void {
    this.print(`${verdict.padEnd(8)} ${name.padEnd(22)}  ${message}`);
  }
}
