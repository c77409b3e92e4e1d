// Sending dead letters again: first what would come of it, then for real. One letter can be edited:
// what changed is sent as a JSON Patch, so everything else stays as it came, to the digit.

import {post} from './api.js';
import {h, replace, setText} from './dom.js';
import {number} from './format.js';
import {failed, table, tag} from './parts.js';
import {layOut} from './payload.js';
import {patchOf} from './patch.js';
import {t} from './words.js';

const kMost = 200;
const kGood = ['would_be_accepted', 'sent'];

function parse(text) {
  try {
    return {value: JSON.parse(text)};
  } catch {
    return null;
  }
}

// The text area for one payload, where it is JSON; {patch()} throws a message for the reader.
function editor(payload) {
  const text = payload?.text ? payload.text.slice(payload.envelope_bytes) : '';
  const before = parse(text);
  if (!before) return null;
  const original = layOut(text, null).map(({text}) => text).join('');
  const input = h('textarea', {rows: Math.min(24, original.split('\n').length + 1),
                               spellcheck: 'false', 'aria-label': t('replay.edited')});
  input.value = original;
  return {
    input,
    node: h('details', null, h('summary', null, t('replay.edit')), input,
        h('p', {class: 'quiet small'}, t('replay.edit_note'))),
    patch() {
      if (input.value === original) return [];
      const after = parse(input.value);
      if (!after) throw new Error(t('replay.not_json'));
      return patchOf(before.value, after.value);
    },
  };
}

function resultsTable(results) {
  const rows = table({
    caption: t('replay.results'),
    keyOf: ({topic, partition, offset}) => `${topic}/${partition}/${offset}`,
    columns: [
      {label: t('letters.from'), head: true, cell: (one) =>
          `${one.topic}/${one.partition}@${one.offset}`},
      {label: t('replay.verdict'), cell: ({verdict}) => tag(t(`verdict.${verdict}`),
          kGood.includes(verdict) ? 'good' : 'warn')},
      {label: t('word.rule'), cell: ({code}) => code ? t(`code.${code}`) : ''},
      {label: t('letters.message'), cell: ({message, field}) => message ? [
        h('span', {lang: 'en'}, message), field ? h('code', {class: 'sub'}, field) : ''] : ''},
    ],
  });
  rows.update(results);
  return rows.node;
}

const kNoticed = 1500;  // by then the pipeline has usually read what was sent

// onDone() after letters have been sent.
export function replayPanel(letters, {payload = null, onDone}) {
  const coordinates = letters.slice(0, kMost).map(({topic, partition, offset}) =>
      ({topic, partition, offset}));
  const edit = letters.length === 1 ? editor(payload) : null;
  const outcome = h('div', {'aria-live': 'polite'});
  const problem = h('p', {class: 'bad', role: 'alert'});
  const send = h('button', {type: 'button', disabled: true, onclick: () => run(false)},
      t('replay.send', {n: coordinates.length, count: number(coordinates.length)}));
  const dry = h('button', {class: 'main-action'}, t('replay.dry'));
  if (edit) edit.input.oninput = () => { send.disabled = true; };

  async function run(dryRun) {
    setText(problem, '');
    let patch;
    try {
      patch = edit ? edit.patch() : [];
    } catch (error) {
      setText(problem, error.message);
      return;
    }
    send.disabled = true;
    try {
      const answer = await post('/dead-letters/replay',
          {letters: coordinates, dry_run: dryRun, patch});
      showOutcome(answer, patch);
    } catch (error) {
      if (!('status' in error)) throw error;
      replace(outcome, failed(error));
    }
  }

  function showOutcome({dry_run: dryRun, results}, patch) {
    const good = results.filter(({verdict}) => kGood.includes(verdict)).length;
    send.disabled = !dryRun || good === 0;
    replace(outcome, h('p', null, t(dryRun ? 'replay.would' : 'replay.did',
        {n: good, count: number(good), all: number(results.length)})),
        patch.length > 0 && h('p', {class: 'quiet small'}, t('replay.patch'), ' ',
            h('code', null, JSON.stringify(patch))),
        resultsTable(results));
    if (!dryRun) setTimeout(onDone, kNoticed);
  }

  const many = letters.length > kMost ? t('replay.most', {count: number(kMost)}) : '';
  const form = h('form', {class: 'stack', onsubmit: (event) => {
    event.preventDefault();
    run(true);
  }}, edit ? edit.node : payload && h('p', {class: 'quiet'}, t('replay.no_edit')),
      h('div', {class: 'form'}, dry, send), problem, outcome);
  return {node: h('section', {class: 'card', 'aria-label': t('replay.title')},
      h('header', null, h('h2', null, letters.length === 1 ? t('replay.title') :
          t('replay.title_many', {count: number(coordinates.length)})),
          h('p', null, many || t('replay.note'))), form)};
}
