/** The server's own log: lines as Redis writes them, so that tools that read its log read ours. */

export type LogLevel = 'debug' | 'verbose' | 'notice' | 'warning';

const LEVELS: readonly LogLevel[] = ['debug', 'verbose', 'notice', 'warning'];
const MARKS: Readonly<Record<LogLevel, string>> = { debug: '.', verbose: '-', notice: '*', warning: '#' };
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** What the log needs: where lines go, what time it is, who writes. */
export interface LogSink {
  write(line: string): void;
  localTime(): { year: number; month: number; day: number; hour: number; minute: number; second: number; ms: number };
  readonly processId: number;
}

export class Log {
  level: LogLevel = 'notice';
  private readonly sink: LogSink;

  constructor(sink: LogSink) {
    this.sink = sink;
  }

  debug(message: string): void {
    this.line('debug', message);
  }

  verbose(message: string): void {
    this.line('verbose', message);
  }

  notice(message: string): void {
    this.line('notice', message);
  }

  warning(message: string): void {
    this.line('warning', message);
  }

  private line(level: LogLevel, message: string): void {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(this.level)) return;
    const t = this.sink.localTime();
    const two = (n: number): string => String(n).padStart(2, '0');
    const time = `${two(t.day)} ${MONTHS[t.month - 1]} ${t.year} ${two(t.hour)}:${two(t.minute)}:${two(t.second)}.${String(t.ms).padStart(3, '0')}`;
    this.sink.write(`${this.sink.processId}:M ${time} ${MARKS[level]} ${message}\n`);
  }
}
