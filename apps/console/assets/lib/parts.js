// What pages are made of: cards, figures, tables, and the three honest states of a page that has
// nothing to show yet.

import {h, keyed, replace, setAttribute, setText} from './dom.js';
import {ago, fullTime, kNone, time} from './format.js';
import {t} from './words.js';

export function card(title, note, ...children) {
  const heading = h('h2', null, title);
  const noteNode = h('p', null, note || '');
  const element = h('section', {class: 'card'}, h('header', null, heading, noteNode), children);
  element.note = (text) => setText(noteNode, text);
  return element;
}

// A row of large figures. update({key: {value, note, tone}}) changes them in place.
export function figures(entries) {
  const parts = new Map(entries.map(({key, label}) => {
    const value = h('dd', {'data-figure': key}, kNone);
    const note = h('dd', null, '');
    const node = h('div', {class: 'figure'}, h('dt', null, label), value, note);
    return [key, {node, value, note}];
  }));
  return {
    node: h('dl', {class: 'figures'}, [...parts.values()].map(({node}) => node)),
    update(values) {
      for (const [key, {value, note = '', tone = null}] of Object.entries(values)) {
        const part = parts.get(key);
        setText(part.value, value);
        setText(part.note, note);
        setAttribute(part.value, 'class', tone);
      }
    },
  };
}

// columns: [{label, num, cell(item) → text or node, head, once}]; rows are kept by keyOf(item).
// Text that is right already is left alone; what can have the focus is made `once` a row, or it
// would lose it with the next event.
export function table({columns, keyOf, caption, onRow, rowClass, footer}) {
  const body = h('tbody');
  const foot = h('tfoot');
  const makeRow = () => {
    const cells = columns.map(({num, head}) =>
        h(head ? 'th' : 'td', {class: num ? 'num' : null, scope: head ? 'row' : null}));
    const node = h('tr', null, cells);
    return {
      node,
      update(item) {
        if (rowClass) setAttribute(node, 'class', rowClass(item));
        if (onRow) node.onclick = (event) => {
          if (!event.target.closest('a, button, input')) onRow(item);
        };
        columns.forEach(({cell, once}, i) => {
          if (!once || !cells[i].firstChild) put(cells[i], cell(item));
        });
      },
    };
  };
  const sync = keyed(body, keyOf, makeRow);
  const element = h('table', null,
      caption && h('caption', {class: 'hidden-text'}, caption),
      h('thead', null, h('tr', null, columns.map(({label, num}) =>
          h('th', {scope: 'col', class: num ? 'num' : null}, label)))),
      body, footer && foot);
  const wrapper = h('div', {class: 'table', tabindex: 0, role: 'region', 'aria-label': caption},
      element);
  return {
    node: wrapper,
    update(items) {
      sync(items);
      if (footer) {
        const totals = footer(items);
        replace(foot, h('tr', null, totals.map((text, i) => h(i === 0 ? 'th' : 'td',
            {class: columns[i].num ? 'num' : null, scope: i === 0 ? 'row' : null}, text))));
      }
    },
  };
}

function put(cell, content) {
  if (content instanceof Node || Array.isArray(content)) replace(cell, content);
  else setText(cell, content === null || content === undefined ? kNone : String(content));
}

export function pairs(entries) {
  return h('dl', {class: 'pairs'}, entries.filter(Boolean).map(([name, value]) =>
      [h('dt', null, name), h('dd', null, value === null || value === undefined ? kNone : value)]));
}

// An instant, with all that is known of it on hovering and for screen readers that ask.
export function when(text, relative = false) {
  if (!text) return kNone;
  return h('time', {datetime: text, title: fullTime(text)}, relative ? ago(text) : time(text));
}

export function tag(text, tone) {
  return h('span', {class: tone ? `tag ${tone}` : 'tag'}, text);
}

export function meter(share, tone) {
  const bar = h('i');
  const node = h('span', {class: `meter ${tone || ''}`, 'aria-hidden': 'true'}, bar);
  bar.style.width = `${Math.round(Math.min(1, Math.max(0, share || 0)) * 1000) / 10}%`;
  return node;
}

export function loading() {
  return h('div', {class: 'loading', role: 'status'}, h('i'), h('i'), h('i'),
      h('span', {class: 'hidden-text'}, t('state.loading')));
}

export function empty(title, text) {
  return h('div', {class: 'state'}, h('b', null, title), text || '');
}

export function failed(error, retry) {
  const text = error.status === 0 ? t(`state.${error.message}`) : error.message;
  return h('div', {class: 'state bad', role: 'alert'}, h('b', null, t('state.failed')), text, ' ',
      retry && h('button', {class: 'plain', onclick: retry}, t('state.retry')));
}

// Shows what `load()` promises in `place`: meanwhile, and when it fails, says so. What was shown
// before stays until there is something newer. Only the last call counts.
export function loader(place, load, show) {
  let round = 0;
  let shown = false;
  return async function run() {
    const mine = ++round;
    if (!shown) replace(place, loading());
    try {
      const answer = await load();
      if (mine !== round) return;
      shown = true;
      replace(place, show(answer));
    } catch (error) {
      if (mine !== round || error.status === 401) return;
      if (!('status' in error)) throw error;
      shown = false;
      replace(place, failed(error, run));
    }
  };
}

export function segments(label, options, chosen, onChoose) {
  const buttons = options.map(({value, text, title}) => h('button', {
    type: 'button', 'aria-pressed': String(value === chosen), title,
    onclick: () => {
      for (const [i, button] of buttons.entries()) {
        button.setAttribute('aria-pressed', String(options[i].value === value));
      }
      onChoose(value);
    }}, text));
  return h('div', {class: 'segments', role: 'group', 'aria-label': label}, buttons);
}

export function field(label, input) {
  return h('label', null, h('span', null, label), input);
}
