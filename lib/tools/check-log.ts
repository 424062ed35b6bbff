import { CorruptionError } from '../base/errors.js';
import type { Disk } from '../host/ports.js';
import { BatchReader } from '../record/batch-reader.js';
import { aofDirectory, parseListing, segmentPath } from '../storage/log/aof-directory.js';
import type { LogSurvey, SurveyedSegment } from '../storage/log/aof-survey.js';
import { surveyLog } from '../storage/log/aof-survey.js';
import type { Version } from '../storage/levels/version.js';
import type { Findings } from './findings.js';

/** What is in the log and not in tables. */
export interface CheckedLog {
  readonly segmentCount: number;
  readonly batchCount: number;
  readonly changeCount: number;
}

const NO_LOG: CheckedLog = { segmentCount: 0, batchCount: 0, changeCount: 0 };

/** Checks the segments of the log as the start would read them, and that every batch in them can be read. */
export function checkLog(disk: Disk, directory: string, version: Version, findings: Findings): CheckedLog {
  if (version.logging === false) {
    noteUnused(disk, directory, findings);
    return NO_LOG;
  }
  return new LogCheck(disk, directory, findings).run(version);
}

/** Without a log, segments are what was left of beginning one, or of one that was ended: the next start removes them. */
function noteUnused(disk: Disk, directory: string, findings: Findings): void {
  for (const name of disk.list(aofDirectory(directory))) {
    findings.note(`aof/${name}`, 'not read: there is no log now (appendonly no)');
  }
}

class LogCheck {
  private readonly disk: Disk;
  private readonly folder: string;
  private readonly findings: Findings;
  private readonly reader = new BatchReader();
  private batchCount = 0;
  private changeCount = 0;
  /** By path: the first batch that cannot be read. */
  private readonly unreadable = new Map<string, string>();

  constructor(disk: Disk, directory: string, findings: Findings) {
    this.disk = disk;
    this.folder = aofDirectory(directory);
    this.findings = findings;
  }

  run({ flushed, logging }: Version): CheckedLog {
    const { disk, folder: directory, findings } = this;
    const survey = findings.attempt('aof', () =>
      surveyLog({
        disk,
        directory,
        flushed,
        mustExist: logging === true,
        replay: (payload, source) => {
          this.read(payload, source);
        },
      }),
    );
    if (survey === undefined) this.noteUnjudged();
    else this.report(survey);
    return {
      segmentCount: survey?.segments.length ?? 0,
      batchCount: this.batchCount,
      changeCount: this.changeCount,
    };
  }

  private read(payload: Buffer, source: string): void {
    const { reader } = this;
    this.batchCount++;
    try {
      reader.open(payload, 0, payload.length, source);
      while (reader.next()) this.changeCount++;
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      if (!this.unreadable.has(source)) this.unreadable.set(source, error.message.slice(source.length + 2));
    }
  }

  private report({ segments, tail, leftovers, foreign }: LogSurvey): void {
    const { findings } = this;
    for (const number of leftovers) {
      findings.note(this.nameOf(number), 'left over: what it holds is in tables, the next start removes it');
    }
    for (const segment of segments) this.reportSegment(segment);
    if (tail !== undefined) {
      const cut = `${tail.lostBytes} bytes that a crash left incomplete: the next start cuts them off`;
      findings.note(this.nameOf(tail.number), `ends at offset ${tail.offset}, before ${cut}`);
      for (const number of tail.later) {
        findings.note(this.nameOf(number), 'written after what a crash has lost: the next start removes it');
      }
    }
    for (const name of foreign) findings.note(`aof/${name}`, 'not a file of the log');
  }

  private reportSegment({ header, sizeBytes, payloadCount, provenBytes }: SurveyedSegment): void {
    const name = this.nameOf(header.number);
    const unreadable = this.unreadable.get(segmentPath(this.folder, header.number));
    if (unreadable !== undefined) this.findings.damage(name, `a batch in it cannot be read: ${unreadable}`);
    else
      this.findings.ok(
        name,
        `${payloadCount} batches, ${sizeBytes} bytes, durable up to offset ${provenBytes} at least`,
      );
  }

  private noteUnjudged(): void {
    const damaged = new Set(this.findings.damages.map(({ name }) => name));
    for (const number of parseListing(this.disk.list(this.folder)).segments) {
      const name = this.nameOf(number);
      if (!damaged.has(name)) this.findings.note(name, 'not judged: the log is damaged elsewhere');
    }
  }

  private nameOf(number: number): string {
    return segmentPath('aof', number);
  }
}
