// Dead letters: what was refused and why. The list is searched; several letters can be sent again
// at once. One letter has a page of its own: lib/letter.js.

import {get} from '../lib/api.js';
import {h, replace, setText} from '../lib/dom.js';
import {bytes, number, zoneSeconds} from '../lib/format.js';
import {letterPage} from '../lib/letter.js';
import {empty, failed, field, loading, table, tag, when} from '../lib/parts.js';
import {replayPanel} from '../lib/replay.js';
import {t} from '../lib/words.js';

export const wants = [];

const kCodes = ['too_large', 'bad_json', 'missing_field', 'bad_type', 'wrong_topic',
                'bad_timestamp', 'timestamp_in_future', 'bad_id', 'bad_price', 'bad_quantity',
                'field_too_long', 'nul_in_text', 'expired_order', 'too_late', 'sink_rejected'];
const kFilters = ['text', 'code', 'topic', 'order_id', 'since', 'until', 'replayed'];
const kPage = 50;

export const keyOf = ({topic, partition, offset}) => `${topic}/${partition}/${offset}`;

export function show(place, context) {
  const [, , topic, partition, offset] = context.address.pathname.split('/');
  if (topic) return letterPage(place, {...context, topic, partition, offset});
  return listPage(place, context);
}

function options(entries, chosen) {
  return [['', t('letters.any')], ...entries].map(([value, text]) =>
      h('option', {value, selected: value === chosen}, text));
}

function filterForm(values, topics, onChange) {
  const inputs = {
    text: h('input', {type: 'search', value: values.text, maxlength: 200, size: 24,
                      autocomplete: 'off'}),
    code: h('select', null, options(kCodes.map((code) => [code, t(`code.${code}`)]), values.code)),
    topic: h('select', null, options(topics.map((name) => [name, name]), values.topic)),
    order_id: h('input', {type: 'text', inputmode: 'numeric', pattern: '[1-9][0-9]{0,18}',
                          size: 10, value: values.order_id}),
    since: h('input', {type: 'date', value: values.since}),
    until: h('input', {type: 'date', value: values.until}),
    replayed: h('select', null, options([['false', t('letters.not_replayed')],
                                         ['true', t('letters.replayed')]], values.replayed)),
  };
  const read = () => onChange(Object.fromEntries(kFilters.map((name) =>
      [name, inputs[name].value.trim()])));
  for (const input of Object.values(inputs)) {
    if (input.tagName === 'SELECT' || input.type === 'date') input.onchange = read;
  }
  return h('form', {class: 'card form', role: 'search', onsubmit: (event) => {
    event.preventDefault();
    read();
  }}, kFilters.map((name) => field(t(`letters.filter.${name}`), inputs[name])),
      h('button', {class: 'main-action'}, t('letters.search')));
}

// Days are whole days of the business zone; `until` includes its day.
function queryOf(values) {
  const instantOf = (day) => new Date(zoneSeconds(day) * 1000).toISOString();
  const query = {...values};
  if (values.since) query.since = instantOf(values.since);
  if (values.until) {
    const next = new Date(`${values.until}T00:00:00Z`);
    next.setUTCDate(next.getUTCDate() + 1);
    query.until = instantOf(next.toISOString().slice(0, 10));
  }
  return query;
}

function listPage(place, {stream, go, address}) {
  const values = Object.fromEntries(kFilters.map((name) =>
      [name, address.searchParams.get(name) || '']));
  const topics = stream.latest('overview').topics.map(({topic}) => topic);
  const chosen = new Map();
  const found = h('p', {class: 'quiet', role: 'status'});
  const news = h('button', {class: 'plain', hidden: true, onclick: () => load()},
      t('letters.news'));
  const body = h('div', null, loading());
  const more = h('button', {hidden: true, onclick: () => load(next)}, t('letters.more'));
  const bulk = h('div', {hidden: true});
  const chips = h('ul', {class: 'chips', 'aria-label': t('letters.codes')});
  const rows = lettersTable(chosen, () => showBulk());
  let letters = [];
  let next = null;
  let round = 0;

  replace(place, filterForm(values, topics, (changed) => {
    const query = new URLSearchParams(Object.entries(changed).filter(([, value]) => value !== ''));
    go(`/letters${query.size ? `?${query}` : ''}`, {replace: true});
    Object.assign(values, changed);
    chosen.clear();
    showBulk();
    load();
  }), bulk, h('section', {class: 'card'}, h('header', null, h('h2', null, t('letters.title')),
      h('div', null, found, news)), chips, body, more));

  async function load(after = null) {
    const mine = ++round;
    news.hidden = true;
    try {
      const query = queryOf(values);
      const [page, {codes}] = await Promise.all([
        get('/dead-letters', {...query, limit: kPage, after}),
        get('/dead-letters/codes', {...query, code: null})]);
      if (mine !== round) return;
      letters = after ? [...letters, ...page.letters] : page.letters;
      next = page.next;
      showCodes(codes);
      showList(codes);
    } catch (error) {
      if (!('status' in error)) throw error;
      if (mine === round && error.status !== 401) replace(body, failed(error, () => load(after)));
    }
  }

  function showCodes(codes) {
    replace(chips, codes.map(({code, letters: count}) => {
      const query = new URLSearchParams(Object.entries({...values, code}).filter(([, one]) => one));
      if (code === values.code) query.delete('code');
      return h('li', null, h('a', {class: 'chip', href: `/letters?${query}`, 'data-code': code,
                                   'aria-current': code === values.code ? 'true' : null},
          t(`code.${code}`), ' ', h('b', {class: 'num'}, number(count))));
    }));
  }

  function showList(codes) {
    const all = codes.filter(({code}) => !values.code || code === values.code)
        .reduce((sum, one) => sum + one.letters, 0);
    more.hidden = !next;
    setText(found, t('letters.found', {n: all, count: number(letters.length), all: number(all)}));
    if (letters.length === 0) {
      const filtered = kFilters.some((name) => values[name] !== '');
      replace(body, empty(t(filtered ? 'letters.none_found' : 'letters.none'),
          t(filtered ? 'letters.none_found_why' : 'letters.none_why')));
    } else {
      if (!rows.node.isConnected) replace(body, rows.node);
      rows.update(letters);
    }
  }

  function showBulk() {
    bulk.hidden = chosen.size === 0;
    if (chosen.size === 0) replace(bulk);
    else replace(bulk, replayPanel([...chosen.values()], {onDone: () => load()}).node);
  }

  let seen = null;
  load();
  return stream.on('overview', ({dead_letters: {since_start: count}}) => {
    if (seen !== null && count !== seen) {
      // Nobody who is reading further down or has chosen letters has the list changed under him.
      if (chosen.size === 0 && letters.length <= kPage) load();
      else news.hidden = false;
    }
    seen = count;
  });
}

function lettersTable(chosen, onChoice) {
  const box = (letter) => {
    const input = h('input', {type: 'checkbox', checked: chosen.has(keyOf(letter)),
                              'aria-label': t('letters.choose', {key: keyOf(letter)})});
    input.onchange = () => {
      if (input.checked) chosen.set(keyOf(letter), letter);
      else chosen.delete(keyOf(letter));
      onChoice();
    };
    return input;
  };
  return table({
    caption: t('letters.title'),
    keyOf: (letter) => `${keyOf(letter)} ${letter.code} ${letter.field}`,
    columns: [
      {label: h('span', {class: 'hidden-text'}, t('letters.choice')), once: true, cell: box},
      {label: t('letters.refused'), cell: ({occurred_at: at}) => when(at)},
      {label: t('word.rule'), head: true, once: true, cell: (letter) =>
          h('a', {href: `/letters/${keyOf(letter)}`}, t(`code.${letter.code}`))},
      {label: t('letters.field'), cell: ({field: name, message}) => [
        name && h('code', null, name), h('span', {class: 'sub', lang: 'en'}, message)]},
      {label: t('letters.from'), cell: (letter) => h('span', {class: 'nowrap'},
          `${letter.topic}/${letter.partition}@${letter.offset}`)},
      {label: t('letters.size'), num: true, cell: ({payload_bytes: size}) => bytes(size)},
      {label: t('letters.state'), cell: ({sent_at: sent, replayed_at: replayed}) =>
          replayed ? tag(t('letters.replayed'), 'good') :
              sent ? tag(t('letters.sent')) : tag(t('letters.unsent'), 'warn')},
    ],
  });
}
