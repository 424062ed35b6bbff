/** `1234:M 30 Nov 2026 20:30:39.487 * text`: a mark of `#` is a warning. */
const LINE = /^\d+:\w \d+ \w+ \d+ [\d:.]+ ([.*#-]) (.*)$/;
/** What one wants to see of a node among others. */
const WANTED = /\b(ring|node|seeds?|members?|ready|damage)/i;

/** Picks the lines of a node's log that say something of the ring, or warn of something. */
export class ImportantLines {
  private readonly show: (line: string) => void;
  private rest = '';

  constructor(show: (line: string) => void) {
    this.show = show;
  }

  /** What the node has written, as it comes. */
  take(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, mark, message] = LINE.exec(line) ?? ['', '#', line];
      if (message !== '' && (mark === '#' || WANTED.test(message))) this.show(message);
    }
  }
}
