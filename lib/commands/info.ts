/** INFO: the sections of info-sections.ts, as text. */

import type { Call } from './call.js';
import type { Command } from './command.js';
import { NO_KEYS } from './command.js';
import type { InfoSection } from './info-sections.js';
import { INFO_SECTIONS } from './info-sections.js';

/** INFO [section ...]: `default`, `all` and `everything` are many; a name that is none is passed over. */
function info(call: Call): void {
  const { args, reply } = call;
  const wanted = new Set<InfoSection>();
  if (args.count === 1) addSections(wanted, 'default');
  for (let i = 1; i < args.count; i++) addSections(wanted, args.text(i).toLowerCase());
  const texts = INFO_SECTIONS.filter((section) => wanted.has(section)).map((section) => sectionText(section, call));
  reply.verbatim('txt', texts.join('\r\n'));
}

function addSections(wanted: Set<InfoSection>, name: string): void {
  for (const section of INFO_SECTIONS) {
    const isMeant =
      section.title.toLowerCase() === name ||
      name === 'all' ||
      name === 'everything' ||
      (name === 'default' && section.isDefault);
    if (isMeant) wanted.add(section);
  }
}

/**
 *     # Title
 *     field:value
 */
function sectionText(section: InfoSection, call: Call): string {
  let text = `# ${section.title}\r\n`;
  for (const [field, value] of section.fields(call)) text += `${field}:${value}\r\n`;
  return text;
}

export const infoCommands: readonly Command[] = [
  { name: 'info', arity: -1, flags: ['loading', 'stale'], keys: NO_KEYS, run: info },
];
