// The commits and what they leave behind: how long each phase takes, how full cache, outbox and
// state are, and how fast the state grows.

import {get} from '../lib/api.js';
import {lineChart} from '../lib/chart.js';
import {h, replace, setAttribute, setText} from '../lib/dom.js';
import {bytes, duration, kNone, number, percent} from '../lib/format.js';
import {seconds} from '../lib/history.js';
import {card, empty, figures, loader, meter, table, when} from '../lib/parts.js';
import {t} from '../lib/words.js';

export const wants = ['epochs'];

const kPhases = ['fill', 'close', 'commit', 'apply'];
const kShown = 20;

export function show(place, {stream}) {
  const row = figures(['newest', 'applied', 'rate', 'commit', 'apply'].map((key) =>
      ({key, label: t(`epochs.${key}`)})));
  const phases = phasesCard();
  const gauges = gaugesCard();
  const recent = recentCard();
  const trees = treesCard();
  replace(place, row.node, phases.node, gauges.node, recent.node, trees.node);
  const end = stream.on('epochs', (epochs) => {
    row.update(figuresOf(epochs));
    phases.update(epochs);
    gauges.update(epochs);
    recent.update(epochs);
  });
  return () => {
    end();
    phases.end();
  };
}

function figuresOf({newest, applied, per_second: perSecond, phases, recent}) {
  const of = Object.fromEntries(phases.map((phase) => [phase.phase, phase]));
  const behind = newest - applied;
  const latest = recent[0];
  return {
    newest: {value: number(newest), note: latest ?
        t('epochs.latest_note', {records: number(latest.records), n: latest.records}) : ''},
    applied: {value: number(applied), tone: behind > 10 ? 'warn' : null,
              note: behind > 0 ? t('epochs.behind', {n: behind, count: number(behind)}) :
                  t('epochs.level')},
    rate: {value: number(perSecond, 1), note: t('epochs.minute')},
    commit: {value: duration(of.commit?.p50_seconds), note: t('epochs.p99',
        {duration: duration(of.commit?.p99_seconds)})},
    apply: {value: duration(of.apply?.p50_seconds), note: t('epochs.p99',
        {duration: duration(of.apply?.p99_seconds)})},
  };
}

function phasesCard() {
  const chart = lineChart({
    label: t('epochs.chart'), height: 170, format: duration,
    series: [{label: t('phase.commit'), colour: 'chart-1', area: true},
             {label: t('phase.apply'), colour: 'chart-2'}],
  });
  const rows = table({
    caption: t('epochs.phases'), keyOf: ({phase}) => phase,
    columns: [
      {label: t('epochs.phase'), head: true, cell: ({phase}) => t(`phase.${phase}`)},
      {label: t('epochs.means'), cell: ({phase}) => t(`phase.${phase}.means`)},
      {label: 'p50', num: true, cell: ({p50_seconds: value}) => duration(value)},
      {label: 'p99', num: true, cell: ({p99_seconds: value}) => duration(value)},
      {label: t('epochs.most'), num: true, cell: ({most_seconds: value}) => duration(value)},
    ],
  });
  return {
    node: h('div', {class: 'grid wide'},
        card(t('epochs.chart'), t('epochs.chart_note'), chart.node),
        card(t('epochs.phases'), t('epochs.phases_note'), rows.node)),
    update({phases, recent}) {
      rows.update(kPhases.map((name) => phases.find(({phase}) => phase === name)).filter(Boolean));
      const oldest = [...recent].reverse();
      chart.update(oldest.map(({durable_at: at}) => seconds(at)),
          oldest.map((epoch) => epoch.commit_seconds), oldest.map((epoch) => epoch.apply_seconds));
    },
    end: () => chart.destroy(),
  };
}

// ---- how full everything is ---------------------------------------------------------------------

function gauge(key) {
  const bar = meter(0);
  const value = h('dd', {'data-figure': `${key}_bytes`});
  const note = h('p', {class: 'quiet small'});
  return {
    node: h('div', {class: 'gauge'}, h('dl', null, h('dt', null, t(`epochs.${key}`)), value), bar,
        note),
    update(used, most, text) {
      const share = most > 0 ? used / most : 0;
      setText(value, t('epochs.of', {used: bytes(used), most: bytes(most)}));
      setAttribute(bar, 'class', `meter ${share > 0.95 ? 'bad' : share > 0.8 ? 'warn' : ''}`);
      bar.firstChild.style.width = `${Math.min(100, share * 100).toFixed(1)}%`;
      setText(note, text);
    },
  };
}

function gaugesCard() {
  const gauges = Object.fromEntries(['cache', 'outbox', 'lmdb', 'disk', 'credit'].map((key) =>
      [key, gauge(key)]));
  return {
    node: card(t('epochs.room'), t('epochs.room_note'),
        h('div', {class: 'grid'}, Object.values(gauges).map(({node}) => node))),
    update({state: {cache, outbox, lmdb, credit}}) {
      gauges.cache.update(cache.used_bytes, cache.max_bytes,
          t('epochs.cache_note'));
      gauges.outbox.update(outbox.bytes, outbox.max_bytes,
          t('epochs.outbox_note', {n: outbox.epochs, count: number(outbox.epochs)}));
      gauges.lmdb.update(lmdb.used_bytes, lmdb.max_bytes, growth(lmdb));
      gauges.disk.update(lmdb.disk_total_bytes - lmdb.disk_free_bytes, lmdb.disk_total_bytes,
          t('epochs.disk_note', {free: bytes(lmdb.disk_free_bytes)}));
      gauges.credit.update(credit.used_bytes, credit.max_bytes, t('epochs.credit_note'));
    },
  };
}

function growth({growth_bytes_per_hour: perHour, used_bytes: used, max_bytes: most}) {
  if (perHour === null) return t('epochs.growth_unknown');
  if (perHour <= 0) return t('epochs.growth_none');
  return t('epochs.growth', {growth: bytes(perHour),
                             left: duration(Math.round((most - used) / perHour) * 3600)});
}

// ---- the latest epochs, the trees of the state --------------------------------------------------

function recentCard() {
  const rows = table({
    caption: t('epochs.recent'), keyOf: ({number: id}) => id,
    columns: [
      {label: t('epochs.epoch'), head: true, cell: ({number: id}) => number(id)},
      {label: t('epochs.durable_at'), cell: ({durable_at: at}) => when(at)},
      {label: t('word.watermark'), cell: ({watermark}) => watermark ? when(watermark) : kNone},
      {label: t('epochs.records'), num: true, cell: ({records}) => number(records)},
      {label: t('epochs.outbox'), num: true, cell: ({outbox_bytes: size}) => bytes(size)},
      ...kPhases.map((phase) => ({label: t(`phase.${phase}`), num: true,
                                  cell: (epoch) => duration(epoch[`${phase}_seconds`])})),
    ],
  });
  const node = card(t('epochs.recent'), t('epochs.recent_note'), rows.node);
  const none = empty(t('epochs.none'), t('epochs.none_why'));
  node.append(none);
  return {
    node,
    update({recent}) {
      rows.update(recent.slice(0, kShown));
      rows.node.hidden = recent.length === 0;
      none.hidden = recent.length > 0;
    },
  };
}

function treesCard() {
  const place = h('div');
  const load = loader(place, () => get('/state'), (state) => {
    const total = state.trees.reduce((sum, tree) => sum + tree.bytes, 0);
    const rows = table({
      caption: t('epochs.trees'), keyOf: ({name}) => name,
      columns: [
        {label: t('epochs.tree'), head: true, cell: ({name}) => h('code', null, name)},
        {label: t('epochs.entries'), num: true, cell: ({entries}) => number(entries)},
        {label: t('epochs.bytes'), num: true, cell: ({bytes: size}) => bytes(size)},
        {label: t('epochs.share'), num: true, cell: ({bytes: size}) =>
            percent(total > 0 ? size / total : 0)},
      ],
      footer: () => [t('word.together'), '', bytes(total), ''],
    });
    rows.update([...state.trees].sort((a, b) => b.bytes - a.bytes));
    return rows.node;
  });
  load();
  const node = card(t('epochs.trees'), '', place);
  node.firstChild.append(h('button', {onclick: load}, t('word.refresh')));
  return {node};
}
