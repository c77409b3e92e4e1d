// How far event time has come, which partition holds it back, and why an hour is still open.

import {get} from '../lib/api.js';
import {h, replace, setText} from '../lib/dom.js';
import {duration, instant, isoDay, kNone, money, number, time} from '../lib/format.js';
import {card, empty, field, figures, loader, table, tag, when} from '../lib/parts.js';
import {t} from '../lib/words.js';

export const wants = ['watermarks'];

export function show(place, {stream, go, address}) {
  const why = h('p', {class: 'remedy'});
  const cause = h('p', {class: 'cause'});
  const story = h('section', {class: 'card attention', 'aria-label': t('watermarks.why')}, cause,
      why);
  const row = figures(['watermark', 'delay', 'timer_clock', 'late_before'].map((key) =>
      ({key, label: t(`watermarks.${key}`)})));
  const partitions = partitionsTable();
  replace(place, story, row.node,
      card(t('watermarks.partitions'), t('watermarks.partitions_note'), partitions.node),
      windowCard(address, go));
  return stream.on('watermarks', (marks) => {
    const [first, second] = storyOf(marks);
    setText(cause, first);
    setText(why, second);
    row.update(figuresOf(marks));
    partitions.update(rowsOf(marks));
  });
}

const nameOf = ({topic, partition}) => `${topic}/${partition}`;

function storyOf(marks) {
  const holders = marks.partitions.filter((one) => one.holds_watermark && !one.idle);
  const inTime = marks.partitions.filter((one) => !one.outside_time);
  const names = holders.slice(0, 3).map(nameOf).join(', ');
  if (!marks.watermark) {
    const silent = inTime.filter((one) => !one.highest && !one.idle).map(nameOf);
    return [t('watermarks.not_yet'), silent.length ?
        t('watermarks.not_yet_why', {names: silent.slice(0, 3).join(', ')}) : ''];
  }
  if (inTime.every(({idle}) => idle)) {
    return [t('watermarks.all_idle', {time: time(marks.watermark)}), t('watermarks.all_idle_why')];
  }
  const said = t('watermarks.held', {time: time(marks.watermark)});
  const slack = duration(marks.max_out_of_orderness_seconds);
  return [said, names ? t('watermarks.held_why', {n: holders.length, names, slack}) : ''];
}

function figuresOf(marks) {
  const lateness = marks.allowed_lateness_seconds;
  return {
    watermark: {value: time(marks.watermark), note: t('watermarks.epoch',
        {epoch: number(marks.epoch)})},
    delay: {value: duration(marks.delay_seconds), note: t('watermarks.delay_note')},
    timer_clock: {value: time(marks.timer_clock), note: t('watermarks.timer_note')},
    late_before: {value: time(marks.late_before), note: lateness === null ?
        t('watermarks.unlimited') : t('watermarks.lateness', {duration: duration(lateness)})},
  };
}

function rowsOf({partitions, at}) {
  const now = instant(at).getTime();
  const highest = Math.max(...partitions.filter((one) => one.highest && !one.outside_time)
      .map((one) => instant(one.highest).getTime()));
  return partitions.map((one) => ({...one, behind: one.highest && !one.outside_time ?
      (highest - instant(one.highest).getTime()) / 1000 : null, quiet: one.appended_at ?
      Math.max(0, Math.floor((now - instant(one.appended_at).getTime()) / 1000)) : null}));
}

function stateOf({outside_time: outside, idle, holds_watermark: holds, highest}) {
  if (outside) return tag(t('watermarks.outside'));
  if (idle) return tag(t('watermarks.idle'));
  if (holds) return tag(t('watermarks.holds'), 'warn');
  return tag(t(highest ? 'watermarks.moves' : 'watermarks.silent'), highest ? 'good' : 'warn');
}

function partitionsTable() {
  return table({
    caption: t('watermarks.partitions'), keyOf: nameOf,
    rowClass: (one) => one.holds_watermark && !one.idle && !one.outside_time ? 'selected' : null,
    columns: [
      {label: t('word.partition'), head: true, cell: nameOf},
      {label: t('watermarks.state'), cell: stateOf},
      {label: t('watermarks.highest'), num: true, cell: ({highest}) =>
          highest ? when(highest) : kNone},
      {label: t('watermarks.behind'), num: true, cell: ({behind}) =>
          behind === null ? kNone : duration(behind)},
      {label: t('watermarks.quiet'), num: true, cell: ({quiet}) =>
          quiet === null ? kNone : duration(quiet)},
      {label: t('watermarks.lag'), num: true, cell: ({lag}) => number(lag)},
      {label: t('watermarks.next'), num: true, cell: ({next_offset: next}) => number(next)},
    ],
  });
}

// ---- one hour -----------------------------------------------------------------------------------

function windowCard(address, go) {
  const asked = address.searchParams;
  const now = new Date();
  const date = h('input', {type: 'date', required: true, value: asked.get('date') || isoDay(now)});
  const hour = h('input', {type: 'number', min: 0, max: 23, required: true,
                           value: asked.get('hour') || '12'});
  const branch = h('input', {type: 'number', min: 1, required: true,
                             value: asked.get('branch') || '1'});
  const place = h('div', {'aria-live': 'polite'});
  const load = loader(place,
      () => get(`/windows/${date.value}/${Number(hour.value)}/${branch.value}`), windowLife);
  const submit = (event) => {
    event.preventDefault();
    go(`/watermarks?date=${date.value}&hour=${hour.value}&branch=${branch.value}`,
        {replace: true});
    load();
  };
  if (asked.get('date')) load();
  return card(t('window.title'), t('window.note'), h('form', {class: 'form', onsubmit: submit},
      field(t('window.date'), date), field(t('window.hour'), hour),
      field(t('word.branch'), branch),
      h('button', {class: 'main-action'}, t('window.ask'))), place);
}

function windowLife(life) {
  const {row, orders, verdict} = life;
  const said = h('p', {class: 'state'},
      h('b', null, t(`window.${verdict}`)),
      t(`window.${verdict}_why`, {late: time(life.late_before), ends: time(life.ends_at),
                                  watermark: time(life.moment.watermark)}), ' ',
      row ? t('window.row', {n: row.total_orders, orders: number(row.total_orders),
                             revenue: money(row.total_revenue)}) : t('window.no_row'));
  if (orders.length === 0) return [said, empty(t('window.no_orders'), '')];
  const rows = table({
    caption: t('window.orders'), keyOf: ({order_id: id}) => id,
    columns: [
      {label: t('word.order'), head: true, cell: ({order_id: id}) =>
          h('a', {href: `/orders/${id}`}, String(id))},
      {label: t('word.status'), cell: ({order_status: status}) => status},
      {label: t('window.placed'), cell: ({placed_at: at}) => when(at)},
      {label: t('window.counts'), cell: windowCounts},
      {label: t('word.total'), num: true, cell: ({total_price: total}) => money(total)},
    ],
  });
  rows.update(orders);
  return [said, rows.node];
}

function windowCounts({counts, counts_with_late: withLate, too_late_events: late, followed}) {
  const tags = [tag(t(counts ? 'window.yes' : 'window.no'), counts ? 'good' : 'warn')];
  if (counts !== withLate) tags.push(' ', tag(t('window.late_matters'), 'warn'));
  if (late > 0) tags.push(' ', tag(t('window.late', {n: late, count: number(late)})));
  if (!followed) tags.push(' ', tag(t('window.not_followed')));
  return tags;
}
