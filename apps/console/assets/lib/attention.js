// What needs attention, in words: the server sends codes and figures, the sentences are here. Each
// code has a cause, a remedy and a page to go to.

import {h, setAttribute, setText} from './dom.js';
import {bytes, duration, fullTime, number, percent, rate, time} from './format.js';
import {has, t} from './words.js';

const kLinks = {
  partition_stalled: '/watermarks',
  partition_quiet: '/watermarks',
  watermark_held: '/watermarks',
  source_paused: '/graph',
  lag_grows: '/graph',
  freshness_slow: '/epochs',
  database_away: '/epochs',
  state_nearly_full: '/epochs',
  disk_nearly_full: '/epochs',
  letters_unsent: '/letters',
  late_events: '/letters?code=too_late',
};

function linkOf({code, parameters}) {
  if (code === 'dead_letter_burst') return `/letters?code=${parameters.code}`;
  if (code === 'stuck_orders') return `/orders/${parameters.order_id}`;
  return kLinks[code];
}

// The parameters as a person reads them, by the endings of their names.
function readable(parameters) {
  const out = {n: parameters.events ?? parameters.orders};
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null) out[name] = t('attention.unknown');
    else if (name.endsWith('_bytes')) out[name] = bytes(value);
    else if (name === 'seconds' || name.endsWith('_seconds')) out[name] = duration(value);
    else if (name === 'minutes') out[name] = duration(value * 60);
    else if (name === 'seconds_left') out[name] = duration(value);
    else if (name === 'share') out[name] = percent(value);
    else if (name === 'events_per_second') out[name] = rate(value);
    else if (name === 'order_since') out[name] = time(value);
    else if (name === 'order_id' || name === 'partition') out[name] = String(value);
    else out[name] = typeof value === 'number' ? number(value) : String(value);
  }
  if (parameters.code) out.rule = t(`code.${parameters.code}`);
  return out;
}

export function causeOf(item) {
  const key = `cause.${item.code}`;
  return has(key) ? t(key, readable(item.parameters)) : t('cause.other', {code: item.code});
}

export function remedyOf(item) {
  const key = `remedy.${item.remedy}`;
  return has(key) ? t(key, readable(item.parameters)) : '';
}

// Cause, remedy, since when, and where to look; kept up to date in place, so that a link keeps the
// focus while its figures move.
export function attentionItem(tag) {
  const cause = h('p', {class: 'cause'});
  const remedy = h('p', {class: 'remedy'});
  const since = h('time', null);
  const link = h('a', null);
  const more = h('span', null, ' · ', link);
  return {
    node: h(tag, null, cause, remedy,
        h('p', {class: 'since'}, t('attention.since'), ' ', since, more)),
    update(item) {
      setText(cause, causeOf(item));
      setText(remedy, remedyOf(item));
      setText(since, time(item.since));
      setAttribute(since, 'datetime', item.since);
      setAttribute(since, 'title', fullTime(item.since));
      const target = linkOf(item);
      more.hidden = !target;
      setAttribute(link, 'href', target);
      setText(link, target ? t(`link.${item.code}`) : '');
    },
  };
}

// What makes two findings the same one, whatever their figures.
export function attentionKeyOf({code, severity, parameters}) {
  return [code, severity, parameters.topic, parameters.partition, parameters.code,
          parameters.order_id].join(' ');
}

// Changes when there is something else to be said, not with every figure in it.
export function attentionKey(attention) {
  return attention.map(attentionKeyOf).join('\n');
}
