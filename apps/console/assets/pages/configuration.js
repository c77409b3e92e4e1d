// What is in force, with secrets masked, and where each value came from.

import {get} from '../lib/api.js';
import {h, replace} from '../lib/dom.js';
import {number} from '../lib/format.js';
import {card, empty, field, loader} from '../lib/parts.js';
import {settingsTable} from '../lib/settings.js';
import {t} from '../lib/words.js';

export const wants = [];

export function show(place) {
  const search = h('input', {type: 'search', autocomplete: 'off', size: 28});
  const changed = h('input', {type: 'checkbox'});
  const found = h('p', {class: 'quiet', role: 'status'});
  const list = h('div', {class: 'stack'});
  let answer = null;

  function filter() {
    if (!answer) return;
    const word = search.value.trim().toLowerCase();
    const settings = answer.settings.filter(({key, spelling, description, is_default: isDefault}) =>
        !(changed.checked && isDefault) &&
        `${key} ${spelling} ${description}`.toLowerCase().includes(word));
    found.textContent = t('settings.found', {n: settings.length, count: number(settings.length),
                                             all: number(answer.settings.length)});
    replace(list, settings.length === 0 ? card(t('settings.none'), '', empty('', '')) :
        bySection(settings).map(([section, items]) =>
            card(section, '', settingsTable(items, section).node)));
  }

  search.oninput = filter;
  changed.onchange = filter;
  replace(place,
      h('section', {class: 'card'}, h('div', {class: 'form'}, field(t('settings.search'), search),
          h('label', {class: 'inline'}, changed, h('span', null, t('settings.changed')))),
          found),
      list);
  loader(list, () => get('/configuration'), (loaded) => {
    answer = loaded;
    queueMicrotask(filter);
    return h('p', {class: 'quiet'}, loaded.file ? '' : t('settings.no_file'));
  })();
}

function bySection(settings) {
  const sections = new Map();
  for (const setting of settings) {
    const dot = setting.key.indexOf('.');
    const section = dot < 0 ? t('settings.top') : setting.key.slice(0, dot);
    if (!sections.has(section)) sections.set(section, []);
    sections.get(section).push(setting);
  }
  return [...sections];
}
