/**
 * How a command's arguments are written down for the fuzzer:
 *
 *   alternatives = sequence *("|" sequence)
 *   sequence     = *item
 *   item         = (word / "(" alternatives ")" / "[" alternatives "]") ["..."]
 *
 * A word of capitals stands for itself, any other for a kind of argument (arguments.ts). Brackets are optional,
 * dots are once or more; `[x]...` is any number of x.
 *
 *   SET: key value [NX|XX] [GET] [EX seconds|PX milliseconds|KEEPTTL]
 */

export type Syntax =
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'sequence'; readonly items: readonly Syntax[] }
  | { readonly kind: 'choice'; readonly options: readonly Syntax[] }
  | { readonly kind: 'optional'; readonly item: Syntax }
  | { readonly kind: 'repeated'; readonly item: Syntax };

const TOKEN = /\s*(\.\.\.|[[\]()|]|[^\s[\]()|.]+)/y;

/** Reads a syntax. Throws at the first thing that does not belong there. */
export function parseSyntax(text: string): Syntax {
  const reader = new TokenReader(text);
  const syntax = readAlternatives(reader);
  if (reader.token !== undefined) throw new Error(`unexpected '${reader.token}' in the syntax '${text}'`);
  return syntax;
}

/** All words of a syntax, in order. */
export function wordsOf(syntax: Syntax): string[] {
  switch (syntax.kind) {
    case 'word':
      return [syntax.word];
    case 'sequence':
      return syntax.items.flatMap(wordsOf);
    case 'choice':
      return syntax.options.flatMap(wordsOf);
    case 'optional':
    case 'repeated':
      return wordsOf(syntax.item);
  }
}

class TokenReader {
  /** The token that comes next; undefined at the end. */
  token: string | undefined;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.trimEnd();
    this.next();
  }

  next(): void {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    if (match === null && this.#at < this.#text.length) throw new Error(`cannot read the syntax '${this.#text}'`);
    this.token = match?.[1];
    this.#at = TOKEN.lastIndex;
  }

  /** Takes this token, or throws. */
  expect(token: string): void {
    const found = this.token === undefined ? 'the end' : `'${this.token}'`;
    if (this.token !== token) throw new Error(`expected '${token}', found ${found} in '${this.#text}'`);
    this.next();
  }
}

function readAlternatives(reader: TokenReader): Syntax {
  const options = [readSequence(reader)];
  while (reader.token === '|') {
    reader.next();
    options.push(readSequence(reader));
  }
  return options.length === 1 ? options[0] : { kind: 'choice', options };
}

function readSequence(reader: TokenReader): Syntax {
  const items: Syntax[] = [];
  while (reader.token !== undefined && !'|)]'.includes(reader.token)) {
    let item = readItem(reader);
    if (reader.token === '...') {
      reader.next();
      item = repeated(item);
    }
    items.push(item);
  }
  return items.length === 1 ? items[0] : { kind: 'sequence', items };
}

/** `[x]...` is none or more: dots on the inside of the brackets. */
function repeated(item: Syntax): Syntax {
  if (item.kind !== 'optional') return { kind: 'repeated', item };
  return { kind: 'optional', item: { kind: 'repeated', item: item.item } };
}

function readItem(reader: TokenReader): Syntax {
  const { token } = reader;
  if (token === undefined || token === '...') throw new Error('expected an item of a syntax');
  reader.next();
  if (token === '(') {
    const item = readAlternatives(reader);
    reader.expect(')');
    return item;
  }
  if (token === '[') {
    const item = readAlternatives(reader);
    reader.expect(']');
    return { kind: 'optional', item };
  }
  return { kind: 'word', word: token };
}
