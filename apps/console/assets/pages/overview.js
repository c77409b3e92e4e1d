// Is it healthy, how far behind, how fast, how fresh, and what needs attention: in words first.

import {get} from '../lib/api.js';
import {attentionItem, attentionKeyOf} from '../lib/attention.js';
import {lineChart} from '../lib/chart.js';
import {h, keyed, replace, setAttribute, setText} from '../lib/dom.js';
import {bytes, duration, number, plain, rate, time} from '../lib/format.js';
import {History, seconds} from '../lib/history.js';
import {card, failed, figures, loading, segments, table} from '../lib/parts.js';
import {t} from '../lib/words.js';

export const wants = [];

// What the chart of the last hour can show, and how the stream continues it.
const kColumns = ['read_per_second', 'applied_per_second', 'dead_letters_per_second', 'lag_events',
                  'freshness_p50_seconds', 'freshness_p99_seconds', 'private_bytes', 'cpu_cores'];
const kViews = {
  rate: {columns: ['applied_per_second', 'read_per_second', 'dead_letters_per_second'],
         colours: ['chart-1', 'strong-line', 'bad'], format: rate, axisFormat: plain},
  lag: {columns: ['lag_events'], colours: ['chart-1'], format: (value) => number(value)},
  freshness: {columns: ['freshness_p50_seconds', 'freshness_p99_seconds'],
              colours: ['chart-1', 'chart-2'], format: duration},
  memory: {columns: ['private_bytes'], colours: ['chart-1'], format: bytes},
};

export function show(place, {stream}) {
  const attention = attentionCard();
  const row = figures(['lag', 'delay', 'rate', 'p50', 'p99', 'letters'].map((key) =>
      ({key, label: t(`overview.${key}`)})));
  const hour = hourCard();
  const topics = topicsCard();
  const run = h('p', {class: 'quiet small'});
  replace(place, attention.node, row.node, hour.node, topics.node, run);

  const end = stream.on('overview', (overview) => {
    attention.update(overview);
    row.update(figuresOf(overview));
    hour.update(overview);
    topics.update(overview);
    setText(run, runLine(overview));
  });
  return () => {
    end();
    hour.end();
  };
}

// ---- what needs attention -----------------------------------------------------------------------

function attentionCard() {
  const first = attentionItem('div');
  const others = h('ol');
  const sync = keyed(others, attentionKeyOf, () => attentionItem('li'));
  const calm = h('p', {class: 'remedy quiet'});
  const good = h('div', null, h('p', {class: 'cause'}, t('attention.none')), calm);
  const node = h('section', {class: 'card attention unknown', 'aria-label': t('attention.title')},
      good, first.node, others);
  return {
    node,
    update({attention, lag}) {
      const [item, ...rest] = attention;
      const severity = item && item.severity !== 'info' ? item.severity : '';
      setAttribute(node, 'class', `card attention ${severity}`);
      setAttribute(node, 'data-code', item ? item.code : 'none');
      good.hidden = Boolean(item);
      first.node.hidden = !item;
      others.hidden = rest.length === 0;
      sync(rest);
      if (item) first.update(item);
      else setText(calm, calmLine(lag));
    },
  };
}

function calmLine({events}) {
  return events ? t('attention.none_lag', {n: events, events: number(events)}) :
      t('attention.none_behind');
}

// ---- figures ------------------------------------------------------------------------------------

function figuresOf({lag, rate: rates, freshness, dead_letters: letters, watermark, source_paused}) {
  const window = t('overview.window', {duration: duration(freshness.window_seconds)});
  return {
    lag: {value: number(lag.events), tone: source_paused ? 'warn' : null,
          note: source_paused ? t('overview.paused') : t('overview.lag_note',
              {unread: number(lag.unread), in_flight: number(lag.in_flight)})},
    delay: {value: duration(lag.seconds), note: watermark.at ?
        t('overview.event_time', {duration: duration(watermark.delay_seconds)}) : ''},
    rate: {value: t('overview.per_second', {rate: rate(rates.applied.now)}),
           note: t('overview.rate_note', {minute: rate(rates.applied.minute),
                                          hour: rate(rates.applied.hour)})},
    p50: {value: duration(freshness.p50_seconds), note: window},
    p99: {value: duration(freshness.p99_seconds),
          note: t('overview.of_events', {n: freshness.events, events: number(freshness.events)})},
    letters: {value: number(letters.last_hour),
              note: t('overview.since_start', {count: number(letters.since_start)})},
  };
}

// ---- the last hour ------------------------------------------------------------------------------

function hourCard() {
  const place = h('div', null, loading());
  let view = 'rate';
  let history = null;
  let chart = null;
  let ended = false;
  const choose = segments(t('overview.hour'), Object.keys(kViews).map((value) =>
      ({value, text: t(`overview.view.${value}`)})), view, (value) => {
    view = value;
    build();
  });
  const node = h('section', {class: 'card'},
      h('header', null, h('h2', null, t('overview.hour')), choose), place);

  function draw() {
    const {columns} = kViews[view];
    chart?.update(history.at, ...columns.map((name) => history.column(name)));
  }

  function build() {
    if (!history || ended) return;
    const {columns, colours, format, axisFormat} = kViews[view];
    chart?.destroy();
    chart = lineChart({
      label: t(`overview.view.${view}`), format, axisFormat, height: 210, span: 3600,
      series: columns.map((name, i) =>
          ({label: t(`overview.column.${name}`), colour: colours[i], area: i === 0})),
      describe: ([, first]) => t('overview.chart_says', {
        last: format(first.at(-1) ?? 0), most: format(Math.max(0, ...first))}),
    });
    replace(place, chart.node);
    draw();
  }

  async function load() {
    try {
      history = new History(kColumns, await get('/overview/history', {seconds: 3600, step: 10}),
          360);
      build();
    } catch (error) {
      if (!ended) replace(place, failed(error, load));
    }
  }

  let before = null;
  load();
  return {
    node,
    update(overview) {
      const at = seconds(overview.at);
      const {rate: rates, lag, freshness, process, dead_letters: letters} = overview;
      const refused = before && at > before.at ?
          Math.max(0, letters.since_start - before.letters) / (at - before.at) : 0;
      before = {at, letters: letters.since_start};
      if (!history) return;
      history.push(at, [rates.read.now, rates.applied.now, refused, lag.events,
                        freshness.p50_seconds, freshness.p99_seconds, process.private_bytes,
                        process.cpu_cores]);
      draw();
    },
    end() {
      ended = true;
      chart?.destroy();
    },
  };
}

// ---- by topic, by rule --------------------------------------------------------------------------

const kOutcomes = ['accepted', 'duplicate', 'ignored', 'dead_lettered'];
const sum = (outcomes) => kOutcomes.reduce((total, name) => total + outcomes[name], 0);

function topicsCard() {
  let totals = null;
  const topics = table({
    caption: t('overview.topics'), keyOf: ({topic}) => topic,
    columns: [
      {label: t('word.topic'), head: true, cell: ({topic}) => topic},
      {label: t('outcome.read'), num: true, cell: ({outcomes}) => number(sum(outcomes))},
      ...kOutcomes.map((name) => ({label: t(`outcome.${name}`), num: true,
                                   cell: ({outcomes}) => number(outcomes[name])})),
    ],
    footer: () => [t('word.together'), number(sum(totals)),
                   ...kOutcomes.map((name) => number(totals[name]))],
  });
  const rules = table({
    caption: t('overview.rules'), keyOf: ({code}) => code,
    columns: [
      {label: t('word.rule'), head: true, once: true, cell: ({code}) =>
          h('a', {href: `/letters?code=${code}`}, t(`code.${code}`))},
      {label: t('overview.last_hour'), num: true, cell: ({last_hour}) => number(last_hour)},
      {label: t('overview.all'), num: true, cell: ({since_start}) => number(since_start)},
    ],
  });
  const topicCard = card(t('overview.topics'), t('overview.topics_note'), topics.node);
  const ruleCard = card(t('overview.rules'), '', rules.node);
  const none = h('p', {class: 'quiet'}, t('overview.no_letters'));
  ruleCard.append(none);
  return {
    node: h('div', {class: 'grid wide'}, topicCard, ruleCard),
    update({topics: items, events, dead_letters: {by_code: codes}}) {
      totals = events;
      topics.update(items);
      rules.update(codes);
      rules.node.hidden = codes.length === 0;
      none.hidden = codes.length > 0;
    },
  };
}

function runLine({pipeline, process}) {
  return [
    t('overview.run', {version: pipeline.version, start: time(pipeline.started_at),
                       duration: duration(Math.floor(pipeline.uptime_seconds))}),
    t('overview.process', {memory: bytes(process.private_bytes),
                           cores: number(process.cpu_cores, 2)}),
    t('overview.zone', {zone: pipeline.time_zone}),
  ].join(' · ');
}
