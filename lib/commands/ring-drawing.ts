import type { Random } from '../host/ports.js';

/** Places that a node has on the ring. */
const TOKENS_A_NODE = 4;
/** A character is about twice as high as it is wide. */
const WIDTH_TO_HEIGHT = 2;
const TWO_32 = 4294967296;

interface Token {
  /** In turns, from 0 to 1, clockwise from the top. */
  readonly at: number;
  readonly letter: string;
}

/** A ring of characters: each place has the letter of the node whose token is the next one clockwise. */
export function drawRing(radius: number, nodes: number, random: Random): string {
  const tokens = drawTokens(nodes, random);
  return drawCircle(radius, (turn) => ownerAt(turn, tokens))
    .map((line) => `${line}\n`)
    .join('');
}

/** A circle as lines. `letterAt` gives what stands at a place, in turns from 0 to 1, clockwise from the top. */
export function drawCircle(radius: number, letterAt: (turn: number) => string): string[] {
  const lines: string[] = [];
  for (let y = -radius; y <= radius; y++) {
    let line = '';
    for (let x = -radius * WIDTH_TO_HEIGHT; x <= radius * WIDTH_TO_HEIGHT; x++) {
      line += isOnRing(x / WIDTH_TO_HEIGHT, y, radius) ? letterAt(turnOf(x / WIDTH_TO_HEIGHT, y)) : ' ';
    }
    lines.push(line.trimEnd());
  }
  return lines;
}

function drawTokens(nodes: number, random: Random): Token[] {
  const tokens: Token[] = [];
  for (let node = 0; node < nodes; node++) {
    const letter = String.fromCharCode('A'.charCodeAt(0) + node);
    for (let i = 0; i < TOKENS_A_NODE; i++) tokens.push({ at: random.uint32() / TWO_32, letter });
  }
  return tokens.sort((a, b) => a.at - b.at);
}

function isOnRing(x: number, y: number, radius: number): boolean {
  return Math.abs(Math.hypot(x, y) - radius) < 0.5;
}

function turnOf(x: number, y: number): number {
  const turn = Math.atan2(x, -y) / (2 * Math.PI);
  return turn < 0 ? turn + 1 : turn;
}

function ownerAt(turn: number, tokens: readonly Token[]): string {
  return (tokens.find(({ at }) => at >= turn) ?? tokens[0]).letter;
}
