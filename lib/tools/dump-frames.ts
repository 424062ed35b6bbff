import { CorruptionError } from '../base/errors.js';
import { ChangeKind } from '../record/batch-format.js';
import { BatchReader } from '../record/batch-reader.js';
import type { FileHeader, FileId } from '../storage/log/aof-frame.js';
import { FrameKind } from '../storage/log/aof-frame.js';
import type { FrameEnding } from '../storage/log/aof-reader.js';
import { FileFrames } from '../storage/log/file-frames.js';
import { decodeEdit } from '../storage/levels/version-edit.js';
import { changeText, shown } from './change-text.js';
import { editLines } from './edit-text.js';
import type { ToolPorts } from './tool.js';

const ENDINGS: Readonly<Record<FrameEnding, string>> = {
  complete: 'every byte was read',
  cut: 'the file ends inside a frame',
  header: 'what is there is not the beginning of a frame',
  payload: 'the frame there does not hold what was written',
};

/** Prints a segment of the log, or hints, a frame after the other; false if it does not end with a whole one. Throws CorruptionError and DiskError. */
export function dumpBatches(path: string, type: 'segment' | 'hints', ports: ToolPorts): boolean {
  const reader = new BatchReader();
  return dumpFrames(path, type, ports, (payload) => {
    printBatch(payload, reader, ports);
  });
}

/** The same for a manifest. */
export function dumpManifest(path: string, ports: ToolPorts): boolean {
  return dumpFrames(path, 'manifest', ports, (payload, offset) => {
    for (const line of editLines(decodeEdit(payload, path, offset), ports.formatTime)) ports.print(`    ${line}`);
  });
}

function dumpFrames(
  path: string,
  type: FileHeader['type'],
  { disk, print }: ToolPorts,
  printPayload: (payload: Buffer, offset: number) => void,
): boolean {
  const frames = FileFrames.open(disk, path, type);
  try {
    const { header, sizeBytes } = frames;
    if (header === undefined) {
      print(`${type} without a header: a crash came before it was written; ${sizeBytes} bytes`);
      return sizeBytes === 0;
    }
    const chain =
      type === 'segment' ? `, next ${idText(header.nextFileId)}, the one before had ${header.previousBytes} bytes` : '';
    print(`${type} ${header.number}, id ${idText(header.fileId)}${chain}`);
    while (frames.next()) {
      const { payload, offset } = frames;
      const durable = `${frames.synced} bytes were durable`;
      if (frames.kind === FrameKind.seal) print(`${offset}: seal, ${durable}`);
      else {
        print(`${offset}: ${payload.length} bytes, ${durable}`);
        printPayload(payload, offset);
      }
    }
    print(`Ends at offset ${frames.end} of ${sizeBytes}: ${ENDINGS[frames.ending]}.`);
    return frames.ending === 'complete';
  } finally {
    frames.close();
  }
}

/** A line for each change. */
function printBatch(payload: Buffer, reader: BatchReader, { print, formatTime }: ToolPorts): void {
  try {
    reader.open(payload, 0, payload.length, 'the batch');
    while (reader.next()) {
      const isOfKey = reader.kind !== ChangeKind.FLUSH && reader.kind !== ChangeKind.DATABASES;
      const key = isOfKey ? `db ${reader.db} ${shown(reader.bytes, reader.keyStart, reader.keyEnd)}: ` : '';
      print(`    ${key}${changeText(reader, formatTime)}`);
    }
  } catch (error) {
    if (!(error instanceof CorruptionError)) throw error;
    print(`    cannot be read on: ${error.message}`);
  }
}

function idText({ high, low }: FileId): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}
