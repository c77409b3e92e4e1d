// The flow graph, live: rates, busy, queues, and where work piles up. A node that is chosen shows
// its settings and its last hour.

import {get} from '../lib/api.js';
import {lineChart, vendor} from '../lib/chart.js';
import {h, replace, setText} from '../lib/dom.js';
import {bytes, kNone, number, percent, plain, rate} from '../lib/format.js';
import {drawGraph} from '../lib/graph_view.js';
import {History, seconds} from '../lib/history.js';
import {card, empty, failed, loading, pairs, table, tag} from '../lib/parts.js';
import {settingsTable} from '../lib/settings.js';
import {t} from '../lib/words.js';

export const wants = ['graph'];

const kTones = {ok: 'good', low: 'warn', high: 'bad'};
const kHistory = ['per_second', 'busy_share', 'queued'];

export function perSecond(live) {
  return live ? t(`graph.rate.${live.unit}`, {rate: rate(live.per_second)}) : kNone;
}

export function queueOf(live) {
  if (!live || live.queued === null) return kNone;
  const show = live.queue_unit === 'bytes' ? bytes : number;
  return live.queue_limit ? `${show(live.queued)} / ${show(live.queue_limit)}` : show(live.queued);
}

export function show(place, {stream, go, address}) {
  const drawing = h('div', {class: 'graph'}, loading());
  const nodes = nodesTable((name) => choose(name));
  const detail = h('div', {class: 'stack'});
  const legend = h('p', {class: 'legend'}, ['ok', 'low', 'high'].map((band) =>
      h('span', null, h('i', {class: `dot ${kTones[band]}`, 'aria-hidden': 'true'}),
          t(`band.${band}`))));
  replace(place, h('div', {class: 'beside'},
      card(t('graph.title'), t('graph.note'), legend, drawing),
      h('div', {class: 'stack'}, detail,
          card(t('graph.nodes'), t('graph.nodes_note'), nodes.node))));

  let chosen = address.searchParams.get('node');
  let view = null;
  let panel = null;
  let ended = false;

  function choose(name, moveFocus = true) {
    chosen = name;
    go(name ? `/graph?node=${encodeURIComponent(name)}` : '/graph', {replace: true});
    view?.choose(name);
    openPanel(moveFocus);
  }

  function openPanel(moveFocus) {
    panel?.end();
    panel = null;
    replace(detail);
    if (!chosen) return;
    panel = nodePanel(chosen, () => choose(null));
    append(detail, panel, moveFocus);
    const graph = stream.latest('graph');
    if (graph) panel.update(graph);
  }

  const ready = vendor('dagre');
  const end = stream.on('graph', async (graph) => {
    nodes.update(graph.nodes);
    panel?.update(graph);
    try {
      await ready;
    } catch (error) {
      replace(drawing, failed({status: -1, message: error.message}));
      return;
    }
    if (ended) return;
    const shape = graph.nodes.map(({name}) => name).join() + graph.edges.length;
    if (!view || view.shape !== shape) {
      view = drawGraph(graph, choose);
      view.shape = shape;
      view.choose(chosen);
      replace(drawing, view.node);
    }
    view.update(graph);
  });
  openPanel(false);
  return () => {
    ended = true;
    end();
    panel?.end();
  };
}

function append(detail, panel, moveFocus) {
  detail.append(panel.node);
  if (!moveFocus) return;
  panel.node.scrollIntoView({block: 'nearest'});
  panel.heading.focus({preventScroll: true});
}

function nodesTable(onChoose) {
  return table({
    caption: t('graph.nodes'), keyOf: ({name}) => name,
    columns: [
      {label: t('graph.node'), head: true, once: true, cell: ({name, note}) => [
        h('button', {class: 'plain', onclick: () => onChoose(name)}, name),
        h('span', {class: 'sub'}, noteOf(name, note))]},
      {label: t('graph.rate'), num: true, cell: ({live}) => perSecond(live)},
      {label: t('graph.busy'), num: true, cell: ({live}) => percent(live?.busy_share)},
      {label: t('graph.queue'), num: true, cell: ({live}) => queueOf(live)},
      {label: t('graph.pressure'), cell: ({live}) => live ?
          tag(t(`band.${live.back_pressure_band}`), kTones[live.back_pressure_band]) : kNone},
    ],
  });
}

// The server's own line is English; what we know we say in the reader's language.
export function noteOf(name, note) {
  const key = `node.${name}`;
  const words = t(key);
  return words === key ? note : words;
}

// ---- one node -----------------------------------------------------------------------------------

function nodePanel(name, onClose) {
  const heading = h('h2', {tabindex: -1}, t('graph.node_title', {name}));
  const now = h('p', {class: 'quiet'});
  const body = h('div', {class: 'stack'}, loading());
  const node = h('section', {class: 'card', 'aria-label': t('graph.node_title', {name})},
      h('header', null, heading, h('button', {onclick: onClose}, t('word.close'))), now, body);
  let history = null;
  let charts = [];
  let ended = false;

  function makeCharts() {
    charts = kHistory.map((column) => lineChart({
      label: t(`graph.column.${column}`), height: 130,
      format: {per_second: rate, busy_share: percent, queued: plain}[column],
      axisFormat: column === 'busy_share' ? percent : plain, span: 3600,
      series: [{label: t(`graph.column.${column}`), colour: 'chart-1', area: true}],
    }));
  }

  function draw() {
    charts.forEach((chart, i) => chart.update(history.at, history.column(kHistory[i])));
  }

  async function load() {
    try {
      const answer = await get(`/graph/nodes/${encodeURIComponent(name)}`,
          {seconds: 3600, step: 10});
      if (ended) return;
      history = new History(kHistory, answer.history, 360);
      makeCharts();
      replace(body, facts(answer.node),
          h('div', {class: 'grid'}, charts.map((chart) => chart.node)),
          answer.configuration.length > 0 ?
              [h('h3', null, t('graph.settings')), settingsTable(answer.configuration).node] :
              h('p', {class: 'quiet'}, t('graph.no_settings')));
      draw();
    } catch (error) {
      if (!('status' in error)) throw error;
      if (!ended) {
        replace(body, error.status === 404 ? empty(t('graph.no_node'), '') : failed(error, load));
      }
    }
  }
  load();
  return {
    node, heading,
    update(graph) {
      const live = graph.nodes.find((one) => one.name === name)?.live;
      setText(now, live ? t('graph.now', {rate: perSecond(live), busy: percent(live.busy_share),
                                          queue: queueOf(live)}) : '');
      if (!history || !live) return;
      history.push(seconds(graph.at), [live.per_second, live.busy_share, live.queued]);
      draw();
    },
    end() {
      ended = true;
      for (const chart of charts) chart.destroy();
    },
  };
}

function facts({name, kind, note, settings, live}) {
  return pairs([
    [t('graph.does'), noteOf(name, note)],
    live && [t('graph.total'), h('span', {'data-figure': 'total'}, t(`graph.total.${live.unit}`,
        {total: number(live.total)}))],
    [t('graph.kind'), t(`kind.${kind}`)],
    settings.concurrency !== null && [t('graph.concurrency'), number(settings.concurrency)],
    settings.lanes !== null && [t('graph.lanes'), number(settings.lanes)],
    settings.priority !== null && [t('graph.priority'), number(settings.priority)],
  ]);
}
