// Settings as a table: key, value, where the value came from, what it is for.

import {h} from './dom.js';
import {table, tag} from './parts.js';
import {t} from './words.js';

function valueOf({spelling, masked}) {
  return [h('code', null, spelling === '' ? t('settings.empty') : spelling),
          masked ? [' ', tag(t('settings.masked'))] : ''];
}

function originOf({origin, origins, is_default: isDefault}) {
  if (isDefault) return h('span', {class: 'quiet'}, t('settings.default'));
  const entries = Object.entries(origins);
  return [h('span', {class: 'accent'}, origin.replace(/^environment /, '')),
          entries.length > 0 && h('span', {class: 'sub'}, entries.map(([name, from]) => `${name}: ${from}`).join(', '))];
}

export function settingsTable(settings, caption = t('page.configuration')) {
  const view = table({
    caption, keyOf: ({key}) => key,
    columns: [
      {label: t('settings.key'), head: true, cell: (setting) => [
        h('code', null, setting.key),
        h('span', {class: 'sub', lang: 'en'}, setting.description)]},
      {label: t('settings.value'), cell: valueOf},
      {label: t('settings.origin'), cell: originOf},
    ],
  });
  view.node.classList.add('settings');
  view.update(settings);
  return view;
}
