// Showing a payload as it came: laid out, every number and text spelt as it was, and the field that
// broke the rule marked. JSON.parse would lose digits and repeated keys; this walks the text.

const kNumber = /-?\d[\d.eE+-]*/y;
const kString = /"(?:[^"\\]|\\[^])*"/y;
const kWord = /true|false|null/y;
const kSpace = /[ \t\n\r]*/y;
const kMostDepth = 200;

export class PayloadError extends Error {
  constructor(at) {
    super('not JSON');
    this.at = at;
  }
}

// What the layout is made of: [{text, marked}].
class Pieces {
  constructor() {
    this.list = [];
    this.marking = 0;
  }

  add(text) {
    const last = this.list.at(-1);
    if (last && last.marked === this.marking > 0) last.text += text;
    else this.list.push({text, marked: this.marking > 0});
  }
}

class Walker {
  constructor(text, path) {
    this.text = text;
    this.path = path;
    this.at = 0;
    this.pieces = new Pieces();
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (!match) throw new PayloadError(this.at);
    this.at = pattern.lastIndex;
    return match[0];
  }

  skip() {
    this.take(kSpace);
  }

  expect(character) {
    if (this.text[this.at] !== character) throw new PayloadError(this.at);
    ++this.at;
  }

  // `onPath`: how many steps of the marked path lead here; -1: none do.
  value(indent, onPath) {
    if (indent.length > 2 * kMostDepth) throw new PayloadError(this.at);
    const hit = onPath === this.path?.length && onPath > 0;
    if (hit) ++this.pieces.marking;
    this.skip();
    const first = this.text[this.at];
    if (first === '{') this.object(indent, onPath);
    else if (first === '[') this.array(indent, onPath);
    else if (first === '"') this.pieces.add(this.take(kString));
    else if (first === '-' || (first >= '0' && first <= '9')) this.pieces.add(this.take(kNumber));
    else this.pieces.add(this.take(kWord));
    if (hit) --this.pieces.marking;
    this.skip();
  }

  next(onPath, step) {
    return onPath >= 0 && this.path?.[onPath] === step ? onPath + 1 : -1;
  }

  object(indent, onPath) {
    this.list('{', '}', indent, () => {
      const key = this.take(kString);
      this.skip();
      this.expect(':');
      const below = this.next(onPath, parsed(key));
      // With the whole member marked the key can be read as well.
      const hit = below === this.path?.length;
      if (hit) ++this.pieces.marking;
      this.pieces.add(`${key}: `);
      this.value(`${indent}  `, below);
      if (hit) --this.pieces.marking;
    });
  }

  array(indent, onPath) {
    let index = 0;
    this.list('[', ']', indent, () => this.value(`${indent}  `, this.next(onPath, index++)));
  }

  list(open, close, indent, element) {
    this.expect(open);
    this.skip();
    if (this.text[this.at] === close) {
      ++this.at;
      this.pieces.add(open + close);
      return;
    }
    this.pieces.add(open);
    for (;;) {
      this.pieces.add(`\n${indent}  `);
      this.skip();
      element();
      if (this.text[this.at] !== ',') break;
      ++this.at;
      this.pieces.add(',');
    }
    this.expect(close);
    this.pieces.add(`\n${indent}${close}`);
  }
}

function parsed(key) {
  try {
    return JSON.parse(key);
  } catch {
    return key;
  }
}

// The layout of a payload's text, with what stands at `path` marked. A path that leads nowhere (the
// field is missing) marks the innermost object on the way to it. What is not JSON is shown as it
// is, marked where reading it failed.
export function layOut(text, path) {
  for (let length = path ? path.length : 0; length >= 0; --length) {
    const walker = new Walker(text, path ? path.slice(0, length) : null);
    try {
      walker.value('', 0);
      if (walker.at < text.length) throw new PayloadError(walker.at);
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      return broken(text, error.at);
    }
    if (length === 0 || walker.pieces.list.some(({marked}) => marked)) return walker.pieces.list;
  }
  return [];
}

function broken(text, at) {
  const end = Math.min(text.length, at + 1);
  const mark = at < text.length ? text.slice(at, end) : '␄';
  return [{text: text.slice(0, at), marked: false}, {text: mark, marked: true},
          {text: text.slice(end), marked: false}].filter(({text: part}) => part !== '');
}
