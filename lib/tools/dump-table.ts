import { BatchReader } from '../record/batch-reader.js';
import type { Block } from '../storage/sstable/block.js';
import { RecordFlags } from '../storage/sstable/record-flags.js';
import { TableReader } from '../storage/sstable/table-reader.js';
import { changeText, shown } from './change-text.js';
import { positionText, tableText } from './edit-text.js';
import type { ToolPorts } from './tool.js';

/** Prints an SSTable, a block after the other. Throws CorruptionError and DiskError. */
export function dumpTable(path: string, ports: ToolPorts): void {
  const { disk, print, formatTime } = ports;
  const file = disk.openForReading(path);
  try {
    const table = new TableReader(file);
    const { footer, index } = table;
    print(tableText(table.meta, formatTime));
    print(`origin ${footer.origin}, ${index.blockCount} blocks`);
    const reader = new BatchReader();
    for (const scanner = table.scan(); scanner.next();) {
      const { block, blockNumber } = scanner;
      print(`${block.offset}: block ${blockNumber}, ${block.count} records, ${index.lengthOf(blockNumber)} bytes`);
      printBlock(block, footer.origin, reader, ports);
    }
    const { words, probes, byteLength } = table.filter();
    print(`${footer.filterOffset}: filter, ${byteLength} bytes, ${words.length / 16} lines, ${probes} probes a key`);
    print(`${footer.indexOffset}: index, ${index.byteLength} bytes`);
    print(`${footer.footerOffset}: footer`);
    print(`Ends at offset ${file.sizeBytes} of ${file.sizeBytes}: every byte was read.`);
  } finally {
    file.close();
  }
}

/** A line for each record. */
function printBlock(block: Block, origin: number, reader: BatchReader, { print, formatTime }: ToolPorts): void {
  for (let index = 0; index < block.count; index++) {
    const changes: string[] = [];
    reader.openRecords(block.bytes, block.recordStart(index), block.recordEnd(index), origin, 'the record');
    while (reader.next()) changes.push(changeText(reader, formatTime));
    const key = shown(reader.bytes, reader.keyStart, reader.keyEnd);
    print(`    ${positionText(block.position(index))}${flagsText(block.flags(index))} ${key}: ${changes.join('; ')}`);
  }
}

function flagsText(flags: number): string {
  const names = Object.entries(RecordFlags).flatMap(([name, flag]) =>
    (flags & flag) === 0 ? [] : [name.toLowerCase()],
  );
  return names.length === 0 ? '' : ` [${names.join(' ')}]`;
}
