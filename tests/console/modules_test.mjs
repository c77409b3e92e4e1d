// The console's modules that need no browser: words, figures, payloads, patches.

import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {test} from 'node:test';

const root = new URL('../../', import.meta.url);
const assets = new URL('apps/console/assets/', root);
globalThis.document = {documentElement: {lang: 'en'}};
const use = (name) => import(new URL(name, assets));
const {en} = await use('words/en.js');
const {vi} = await use('words/vi.js');
const {t} = await use('lib/words.js');
const format = await use('lib/format.js');
const {layOut} = await use('lib/payload.js');
const {patchOf} = await use('lib/patch.js');
const {History} = await use('lib/history.js');
const {asker} = await use('lib/asker.js');
const {causeOf, remedyOf} = await use('lib/attention.js');
const api = JSON.parse(readFileSync(new URL('apps/api/openapi.json', root)));
const schemas = api.components.schemas;

function inLanguage(code, body) {
  document.documentElement.lang = code;
  try {
    body();
  } finally {
    document.documentElement.lang = 'en';
  }
}

const holes = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('both languages say the same things with the same figures', () => {
  const plain = (words) => Object.keys(words).filter((key) => !key.endsWith('.one')).sort();
  assert.deepEqual(plain(vi), plain(en));
  for (const key of plain(en)) {
    assert.deepEqual([...new Set(holes(vi[key]))], [...new Set(holes(en[key]))], key);
    assert.notEqual(vi[key].trim(), '', key);
  }
});

test('every key that a module says exists', () => {
  const files = ['main.js', ...['lib', 'pages'].flatMap((folder) =>
      readdirSync(new URL(folder, assets)).map((name) => `${folder}/${name}`))];
  for (const file of files) {
    const text = readFileSync(new URL(file, assets), 'utf8');
    for (const [, key] of text.matchAll(/\bt\(\s*'([^']+)'/g)) assert.ok(key in en, `${file}: ${key}`);
    for (const [, begin] of text.matchAll(/\bt\(\s*`([a-z.]+\.)\$\{/g)) {
      assert.ok(Object.keys(en).some((key) => key.startsWith(begin)), `${file}: ${begin}…`);
    }
  }
});

test('every finding of the API has a cause and a remedy in both languages', () => {
  const sample = ({type, enum: values, $ref: ref}) => values ? values[0] :
      ref?.endsWith('LetterCode') ? 'bad_price' : ref?.endsWith('Instant') ? '2026-11-29T03:00:00Z' :
      ref || ['integer', 'number'].includes([type].flat()[0]) ? 7 : 'text';
  for (const {properties} of schemas.Attention.oneOf) {
    const {code, remedy, parameters} = properties;
    const values = Object.fromEntries(Object.entries(parameters.properties).map(([name, schema]) =>
        [name, sample(schema)]));
    for (const lang of ['en', 'vi']) {
      inLanguage(lang, () => {
        for (const events of [values, {...values, orders: 1}]) {
          const item = {code: code.const, remedy: remedy.const, parameters: events};
          for (const said of [causeOf(item), remedyOf(item)]) {
            assert.ok(said.length > 20, `${lang}: ${code.const}: ${said}`);
            assert.doesNotMatch(said, /[{}]|undefined|NaN|^(cause|remedy)\./);
          }
        }
      });
    }
  }
});

test('every code, verdict, phase and kind of the API has words', () => {
  const {Node: node, NodeLive: live} = schemas;
  const words = {
    'code.': schemas.LetterCode.enum,
    'verdict.': schemas.ReplayAnswer.properties.results.items.properties.verdict.enum,
    'phase.': schemas.Phase.enum,
    'kind.': node.properties.kind.enum,
    'band.': live.properties.back_pressure_band.enum,
    'graph.rate.': live.properties.unit.enum,
    'anomaly.': ['stuck', 'sequence_gap', 'backward', 'after_terminal', 'unknown_status'],
  };
  for (const [begin, names] of Object.entries(words)) {
    for (const name of names) assert.ok(begin + name in en, begin + name);
  }
  for (const name of schemas.LetterCode.enum) assert.ok(`code.${name}.means` in en, name);
});

test('money keeps every digit, with the separators of the language and the sign of the dong', () => {
  const expected = {en: ['1,500,000\u00a0₫', '0\u00a0₫', '99,999,999,999,999,999.05\u00a0₫'],
                    vi: ['1.500.000\u00a0₫', '0\u00a0₫', '99.999.999.999.999.999,05\u00a0₫']};
  for (const [lang, texts] of Object.entries(expected)) {
    inLanguage(lang, () => assert.deepEqual(
        ['1500000.00', '0.00', '99999999999999999.05'].map(format.money), texts));
  }
  assert.equal(format.money(null), '–');
});

test('durations take the unit that fits', () => {
  const spoken = (seconds) => format.duration(seconds).replaceAll('\u00a0', ' ');
  assert.equal(spoken(0), '0 s');
  assert.equal(spoken(0.0042), '4.2 ms');
  assert.equal(spoken(0.5), '500 ms');
  assert.equal(spoken(2.5), '2.5 s');
  assert.equal(spoken(59.7), '1 min');
  assert.equal(spoken(75), '1 min 15 s');
  assert.equal(spoken(3600), '1 h');
  assert.equal(spoken(93_784), '1 d 2 h');
  assert.equal(spoken(-4.2), '−4.2 s');
  inLanguage('vi', () => assert.equal(spoken(75), '1 phút 15 giây'));
  assert.equal(format.duration(null), '–');
});

test('times are in the business zone, whatever the reader’s is', () => {
  format.setZone('Asia/Ho_Chi_Minh');
  const now = new Date('2026-11-29T10:00:00Z');
  assert.equal(format.time('2026-11-29T03:04:05.000006Z', now), '10:04:05');
  assert.equal(format.time('2026-11-28T18:30:00Z', now), '01:30:00');
  assert.equal(format.time('2026-11-28T16:30:00Z', now), '28 Nov 23:30');
  assert.match(format.fullTime('2026-11-29T03:04:05.000006Z'), /10:04:05\.000006 \(Asia\/Ho_Chi_Minh\)/);
  assert.equal(format.isoDay(new Date('2026-11-28T18:30:00Z')), '2026-11-29');
  assert.equal(format.zoneSeconds('2026-11-29', 14), Date.parse('2026-11-29T07:00:00Z') / 1000);
  format.setZone('Europe/Berlin');
  assert.equal(format.zoneSeconds('2026-03-29', 4), Date.parse('2026-03-29T02:00:00Z') / 1000);
  format.setZone('UTC');
});

test('one of something is said so', () => {
  assert.equal(t('epochs.behind', {n: 1, count: '1'}), 'one epoch behind');
  assert.equal(t('epochs.behind', {n: 2, count: '2'}), '2 epochs behind');
  assert.equal(t('no.such.key'), 'no.such.key');
});

const marked = (pieces) => pieces.filter((piece) => piece.marked).map(({text}) => text).join('');
const whole = (pieces) => pieces.map(({text}) => text).join('');

test('a payload is laid out with its spelling kept and the field marked', () => {
  const text = '{"a":1.50,"a":2,"d":[{"q":"\\u0110"},{"q":0}],"e":{},"f":[]}';
  const pieces = layOut(text, ['d', 1, 'q']);
  assert.equal(marked(pieces), '"q": 0');
  assert.equal(whole(pieces).replace(/\n */g, '').replaceAll(': ', ':'), text);
  assert.equal(marked(layOut(text, ['d', 0])), '{\n      "q": "\\u0110"\n    }');
});

test('a missing field marks the object that lacks it, and no field marks nothing', () => {
  assert.equal(marked(layOut('{"data":{"id":1}}', ['data', 'branch_id'])), '"data": {\n    "id": 1\n  }');
  assert.equal(marked(layOut('{"id":1}', ['data', 'branch_id'])), '');
  assert.equal(marked(layOut('{"id":1}', null)), '');
});

test('what is not JSON is shown as it is, marked where reading it fails', () => {
  for (const [text, where] of [['{"a":tru}', 't'], ['{"a":1', '␄'], ['{"a":1}x', 'x'], ['', '␄'],
                               ['['.repeat(500), '[']]) {
    const pieces = layOut(text, ['a']);
    assert.equal(marked(pieces), where, text.slice(0, 20));
    assert.equal(whole(pieces).replace('␄', ''), text);
  }
});

test('an edit becomes the smallest patch that makes it', () => {
  const from = {a: 1, b: {c: [1, 2], 'd/~': 'x'}, e: null};
  assert.deepEqual(patchOf(from, structuredClone(from)), []);
  assert.deepEqual(patchOf(from, {...from, a: 2}), [{op: 'replace', path: '/a', value: 2}]);
  assert.deepEqual(patchOf(from, {a: 1, b: {c: [1, 3], n: []}, e: null}), [
    {op: 'remove', path: '/b/d~1~0'}, {op: 'replace', path: '/b/c/1', value: 3},
    {op: 'add', path: '/b/n', value: []}]);
  assert.deepEqual(patchOf(from.b, {...from.b, c: [1]}), [{op: 'replace', path: '/c', value: [1]}]);
});

test('a history goes on from the stream, a point a step', () => {
  const history = new History(['x'], {step_seconds: 10, at: [100, 110], x: [1, 2]}, 3);
  for (const [at, value] of [[111, 3], [112, 4], [119.9, 5], [120.5, 6], [131, 7]]) {
    history.push(at, [value]);
  }
  assert.deepEqual(history.at, [119.9, 120.5, 131]);
  assert.deepEqual(history.column('x'), [5, 6, 7]);
});

test('what changes is asked for twice: the first answer may be from before the change', async () => {
  const real = globalThis.setTimeout;
  let due = null;  // the asker has one timer at a time
  globalThis.setTimeout = (body) => due = body;
  try {
    let known = 'old';  // what the server answers, and shows
    const shown = [];
    const asking = asker(async () => known, (answer) => shown.push(answer), assert.fail);
    const settle = async () => { for (let i = 0; i < 10; ++i) await null; };
    const later = async () => {
      await settle();
      const body = due;
      due = null;
      body?.();
      await settle();
    };
    asking.changed('1');
    await later();
    await later();
    assert.deepEqual(shown, ['old', 'old']);
    asking.changed('2');  // answered from what was known, and not asked again but for that
    await settle();
    known = 'new';
    await later();
    await later();
    assert.deepEqual(shown.slice(2), ['old', 'new']);
    await later();
    assert.equal(shown.length, 4, 'asked again without a change');
    known = 'of another question';
    asking.ask();
    await settle();
    known = 'and newer';
    await later();
    await later();
    assert.deepEqual(shown.splice(4), ['of another question', 'and newer']);
    asking.changed('3');
    asking.changed('4');  // within the pause
    asking.end();
    await later();
    assert.equal(shown.length, 4, 'heard after the end');
  } finally {
    globalThis.setTimeout = real;
  }
});
