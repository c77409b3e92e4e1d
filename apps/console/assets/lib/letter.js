// One dead letter: the rule it broke, its payload with the field marked, and sending it again,
// edited if need be.

import {get} from './api.js';
import {h, replace} from './dom.js';
import {bytes, number} from './format.js';
import {card, empty, loader, pairs, tag, when} from './parts.js';
import {layOut} from './payload.js';
import {replayPanel} from './replay.js';
import {t} from './words.js';

export function letterPage(place, {topic, partition, offset, title}) {
  const name = `${topic}/${partition}@${offset}`;
  title(t('letter.title', {name}));
  const body = h('div', {class: 'stack'});
  replace(place, h('p', null, h('a', {href: '/letters'}, t('letter.back'))), body);
  const facts = h('div', {class: 'stack'});
  const ask = () => get(`/dead-letters/${topic}/${partition}/${offset}`);
  const showFacts = (detail) => replace(facts, detail.letters.map(({letter}, i) =>
      letterCard(letter, i === 0 ? detail : {})));
  // After it has been sent only the facts are read again: what came of it stays in sight.
  const again = () => ask().then(showFacts, () => {});
  loader(body, async () => {
    try {
      return await ask();
    } catch (error) {
      if (error.status === 404 || error.status === 400) return null;
      throw error;
    }
  }, (detail) => {
    if (!detail) return empty(t('letter.none'), t('letter.none_why'));
    showFacts(detail);
    return [facts, payloadCard(detail),
            replayPanel([detail.letters[0].letter], {payload: detail.payload, onDone: again}).node];
  })();
  return null;
}

function letterCard(letter, {event, replay}) {
  const {code, field, message, event_id: id, order_id: order} = letter;
  return card(t(`code.${code}`), '', h('p', null, t(`code.${code}.means`)), pairs([
    [t('letters.message'), h('span', {lang: 'en'}, message)],
    field !== '' && [t('letter.field'), h('code', null, field)],
    [t('letters.from'), `${letter.topic}/${letter.partition}@${letter.offset}`],
    [t('letter.event'), id && h('code', null, id)],
    [t('word.order'), order && h('a', {href: `/orders/${order}`}, String(order))],
    [t('letters.refused'), when(letter.occurred_at)],
    [t('letter.topic'), letter.sent_at ? when(letter.sent_at) : tag(t('letters.unsent'), 'warn')],
    [t('letter.replayed'), letter.replayed_at ? when(letter.replayed_at) : t('letter.never')],
    (event || replay) && [t('letter.accepted'), acceptedAs(event || replay, replay)],
  ]));
}

// What has become of it: the accepted event, and whether that was by sending it again.
function acceptedAs({event_id: id, topic, partition, offset}, replay) {
  return [t('letter.accepted_as', {id, place: `${topic}/${partition}@${offset}`}),
          replay ? [' ', when(replay.at)] : '',
          replay?.too_late ? h('span', {class: 'sub'}, t('letter.counts_now')) : ''];
}

function payloadCard({payload, letters}) {
  const title = t('letter.payload');
  if (payload === null) return card(title, '', h('p', null, t('letter.null')));
  const note = bytes(payload.bytes);
  if (payload.text === null) {
    return card(title, `${note} · ${t('letter.not_text')}`,
        h('pre', {class: 'payload', tabindex: 0}, hexOf(payload.base64)));
  }
  // What came in by a replay begins with its envelope, which is plain ASCII.
  const path = letters.map(({field_path: steps}) => steps).find((steps) => steps !== null);
  const pieces = layOut(payload.text.slice(payload.envelope_bytes), path ?? null);
  return card(title, note,
      h('pre', {class: 'payload', tabindex: 0, 'aria-label': title}, pieces.map(({text, marked}) =>
          marked ? h('mark', null, text) : text)));
}

const kBytesShown = 4096;

function hexOf(base64) {
  const raw = atob(base64);
  const lines = [];
  for (let at = 0; at < Math.min(raw.length, kBytesShown); at += 16) {
    const row = [...raw.slice(at, at + 16)];
    const hex = row.map((character) => character.charCodeAt(0).toString(16).padStart(2, '0'));
    const text = row.map((character) => /[\x20-\x7e]/.test(character) ? character : '.');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.join(' ').padEnd(48)} ${text.join('')}`);
  }
  if (raw.length > kBytesShown) lines.push(t('letter.cut', {count: number(raw.length)}));
  return lines.join('\n');
}
