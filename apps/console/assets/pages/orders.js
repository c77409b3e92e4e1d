// One order, found by its number: what it is now, and its whole life, event by event.

import {get} from '../lib/api.js';
import {h, replace} from '../lib/dom.js';
import {duration, fullTime, instant, money, number, time} from '../lib/format.js';
import {card, empty, field, loader, pairs, table, tag, when} from '../lib/parts.js';
import {t} from '../lib/words.js';

export const wants = [];

export function show(place, {stream, go, address, title}) {
  const asked = decodeURIComponent(address.pathname.split('/')[2] || '');
  const input = h('input', {type: 'text', inputmode: 'numeric', pattern: '[1-9][0-9]{0,18}',
                            required: true, value: asked, name: 'order', autocomplete: 'off',
                            title: t('order.number_hint')});
  const found = h('div', {class: 'stack', 'aria-live': 'polite'});
  replace(place,
      h('form', {class: 'card form', role: 'search', onsubmit: (event) => {
        event.preventDefault();
        go(`/orders/${encodeURIComponent(input.value.trim())}`);
      }}, field(t('order.number'), input), h('button', {class: 'main-action'}, t('order.find'))),
      found);
  if (!asked) {
    replace(found, empty(t('order.ask'), t('order.ask_why')));
    return null;
  }
  title(t('order.title', {id: asked}));
  let shown = null;
  const load = loader(found, async () => {
    try {
      return await get(`/orders/${encodeURIComponent(asked)}`);
    } catch (error) {
      if (error.status === 404 || error.status === 400) return {missing: error.message};
      throw error;
    }
  }, (life) => {
    if (life.missing) return empty(t('order.none', {id: asked}), t('order.none_why'));
    shown = JSON.stringify(life.events);
    return lifeOf(life);
  });
  load();
  return followed(stream, asked, () => shown, load);
}

// Looks again when events have come in, so that a change of the order shows at once.
function followed(stream, id, shownNow, load) {
  let key = null;
  let busy = false;
  return stream.on('overview', async ({events, lag}) => {
    const now = `${events.accepted} ${events.dead_lettered} ${lag.in_flight}`;
    if (key === null) key = now;
    if (key === now || busy || document.hidden) return;
    key = now;
    busy = true;
    try {
      const life = await get(`/orders/${encodeURIComponent(id)}`);
      if (JSON.stringify(life.events) !== shownNow()) await load();
    } catch {
      // Not found yet, or the server is away: with the next change.
    }
    busy = false;
  });
}

function lifeOf(life) {
  const order = life.tables.orders_processed[0];
  return [
    order ? orderCard(order, life) :
        card(t('order.waiting'), '', h('p', null, t('order.waiting_why'))),
    linesCard(life.tables.order_items_analytics),
    eventsCard(life),
    life.dead_letters.length > 0 && lettersCard(life.dead_letters),
    h('div', {class: 'grid wide'}, historyCard(life.tables.order_status_history),
        countsCard(life)),
    anomaliesCard(life),
  ].filter(Boolean);
}

function statusTone(life) {
  const open = life.tables.order_anomalies.some((one) => one.kind === 'stuck' && !one.resolved_at);
  return open ? 'warn' : 'accent';
}

function orderCard(order, life) {
  return card(t('order.now'), t('order.updated', {time: time(order.updated_at)}), pairs([
    [t('word.status'), tag(order.order_status, statusTone(life))],
    [t('order.payment'), [order.payment_status, order.payment_method ?
        ` (${order.payment_method})` : '']],
    [t('word.total'), h('b', {'data-figure': 'total'}, money(order.total_price))],
    [t('order.items'), number(order.items_count)],
    [t('word.branch'), order.branch_name ? `${order.branch_name} (${order.branch_id})` :
        String(order.branch_id)],
    [t('order.customer'), order.user_name],
    [t('order.placed'), order.order_date ? when(order.order_date) : null],
    [t('order.created'), when(order.created_at)],
    life.stuck_at && [t('order.stuck_at'), h('span', {class: 'warn'},
        t(instant(life.stuck_at) < new Date() ? 'order.stuck_since' : 'order.stuck_when',
            {time: time(life.stuck_at)}))],
  ]));
}

function linesCard(lines) {
  if (!lines || lines.length === 0) return null;
  const rows = table({
    caption: t('order.lines'), keyOf: (line) => lines.indexOf(line),
    columns: [
      {label: t('business.product'), head: true, cell: (line) => [
        line.product_name || t('business.product_id', {id: line.product_id}),
        line.color ? h('span', {class: 'sub'}, line.color) : '']},
      {label: t('business.quantity'), num: true, cell: ({quantity}) => number(quantity)},
      {label: t('order.unit_price'), num: true, cell: ({unit_price: price}) => money(price)},
      {label: t('word.total'), num: true, cell: ({total_price: total}) => money(total)},
    ],
  });
  rows.update(lines);
  return card(t('order.lines'), '', rows.node);
}

// ---- its life -----------------------------------------------------------------------------------

function shownValue(column, value) {
  if (value === null || value === 'NULL') return t('word.nothing');
  if (column === 'total_price') return money(value);
  if (column === 'lines') return linesText(value);
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? time(value) : value;
}

// `1 x product 14 = 3860000.00, …` in the reader's language.
function linesText(text) {
  return text.replace(/(\d+) x product (\d+) = ([\d.]+)/g, (whole, quantity, id, total) =>
      t('order.line', {quantity: number(Number(quantity)), id, total: money(total)}));
}

function columnName(column) {
  const key = `column.${column}`;
  const words = t(key);
  return words === key ? column : words;
}

function changeOf({column, from, to}) {
  return h('p', null, h('span', {class: 'quiet'}, `${columnName(column)}: `),
      from !== null && from !== 'NULL' && [
        h('span', {class: 'from'}, shownValue(column, from)), ' → '],
      h('span', null, shownValue(column, to)));
}

function eventItem(event) {
  const changed = event.changed.filter(({from, to}) => !(from === null && to === 'NULL'));
  return h('li', {'data-event': event.event_id},
      h('time', {datetime: event.at, title: fullTime(event.at)}, time(event.at)),
      h('div', null,
          h('b', null, t(`event.${event.type}`)), ' ',
          event.too_late && tag(t('order.too_late'), 'warn'),
          h('p', {class: 'quiet small'}, t('order.from', {
            place: `${event.topic}/${event.partition}@${event.offset}`, id: event.event_id})),
          h('div', {class: 'changes'}, changed.length > 0 ? changed.map(changeOf) :
              h('p', {class: 'quiet'}, t('order.no_change')))));
}

function eventsCard({events, state}) {
  const copies = state?.duplicates > 0 ?
      t('order.copies', {n: state.duplicates, count: number(state.duplicates)}) : '';
  return card(t('order.life'), [t('order.life_note'), copies].filter(Boolean).join(' '),
      events.length === 0 ? h('p', {class: 'quiet'}, t('order.no_events')) :
          h('ol', {class: 'life'}, events.map(eventItem)));
}

function lettersCard(letters) {
  const rows = table({
    caption: t('page.letters'), keyOf: (letter) => `${letter.topic} ${letter.partition} ` +
        `${letter.offset} ${letter.code} ${letter.field}`,
    columns: [
      {label: t('letters.refused'), cell: ({occurred_at: at}) => when(at)},
      {label: t('word.rule'), head: true, cell: (letter) => h('a', {href: '/letters/' +
          [letter.topic, letter.partition, letter.offset].join('/')}, t(`code.${letter.code}`))},
      {label: t('letters.message'), cell: ({message}) => h('span', {lang: 'en'}, message)},
    ],
  });
  rows.update(letters);
  return card(t('page.letters'), t('order.letters_note'), rows.node);
}

function historyCard(history) {
  const rows = table({
    caption: t('order.history'), keyOf: ({event_id: id}) => id,
    columns: [
      {label: t('order.changed_at'), cell: ({changed_at: at}) => when(at)},
      {label: t('word.status'), head: true, cell: ({new_status: status, anomaly}) => [status,
        anomaly ? [' ', tag(t(`anomaly.${anomaly}`), 'warn')] : '']},
      {label: t('order.took'), num: true, cell: ({processing_time_seconds: took}) =>
          duration(took)},
    ],
  });
  rows.update(history);
  return card(t('order.history'), t('order.history_note'), history.length > 0 ? rows.node :
      h('p', {class: 'quiet'}, t('order.no_history')));
}

function countsCard({counts_in: counts, counts_not_because: why, sliding_expired: expired}) {
  const title = t('order.counts');
  if (!counts) return card(title, '', h('p', null, t('order.counts_nowhere')), h('p',
      {class: 'quiet', lang: 'en'}, why || ''));
  const address = `/watermarks?date=${counts.metric_date}&hour=${counts.metric_hour}` +
      `&branch=${counts.branch_id}`;
  return card(title, '', pairs([
    [t('order.hour'), h('a', {href: address}, t('order.hour_value', {
      date: counts.metric_date, hour: counts.metric_hour, branch: counts.branch_id}))],
    [t('order.as'), counts.status_column ? t(`business.${counts.status_column}`) :
        t('business.unknown')],
    [t('order.paid_by'), counts.payment_column ? t(`business.${counts.payment_column}`) :
        t('business.unknown')],
    [t('word.total'), money(counts.total_price)],
    [t('order.sliding'), expired ? t('order.sliding_expired') :
        `${time(counts.sliding_from)} – ${time(counts.sliding_to)}`],
  ]));
}

function anomaliesCard({tables}) {
  const anomalies = tables.order_anomalies;
  if (anomalies.length === 0) return null;
  const rows = table({
    caption: t('order.anomalies'), keyOf: (one) => `${one.kind} ${one.status} ${one.since}`,
    columns: [
      {label: t('order.kind'), head: true, cell: ({kind}) => t(`anomaly.${kind}`)},
      {label: t('word.status'), cell: ({status}) => status},
      {label: t('business.since'), cell: ({since}) => when(since)},
      {label: t('order.resolved'), cell: ({resolved_at: at}) => at ? when(at) :
          tag(t('order.open'), 'warn')},
    ],
  });
  rows.update(anomalies);
  return card(t('order.anomalies'), '', rows.node);
}
