// The picture of the flow graph: dagre places the nodes, the rest is SVG. Nodes can be chosen with
// the mouse and with the keyboard; the table below the picture says the same in words.

import {h, setAttribute, setText, svg} from './dom.js';
import {bytes, number, percent, rate} from './format.js';
import {t} from './words.js';

const kWidth = 232;
const kHeight = 58;
const kBand = 6;
const kLeft = kBand + 10;
const kMargin = 26;
const kTrack = kWidth - kLeft - 10;

function place({nodes, edges}) {
  const graph = new dagre.graphlib.Graph({multigraph: true});
  graph.setGraph({rankdir: 'TB', nodesep: 24, ranksep: 26, marginx: kMargin, marginy: 3});
  graph.setDefaultEdgeLabel(() => ({}));
  for (const {name} of nodes) graph.setNode(name, {width: kWidth, height: kHeight});
  const order = new Map(nodes.map(({name}, i) => [name, i]));
  const back = [];
  edges.forEach((edge, i) => {
    if (order.get(edge.to) < order.get(edge.from)) back.push(edge);
    else graph.setEdge(edge.from, edge.to, {}, String(i));
  });
  dagre.layout(graph);
  return {graph, back};
}

// What goes back up runs beside the column, so that the column stays straight.
function backPath(from, to) {
  const left = Math.min(from.x, to.x) - kWidth / 2;
  const out = left - kMargin + 6;
  return `M${left},${from.y}C${out},${from.y} ${out},${from.y} ${out},${from.y - 20}` +
      `L${out},${to.y + 20}C${out},${to.y} ${out},${to.y} ${left},${to.y}`;
}

function path(points) {
  const [first, ...rest] = points;
  let out = `M${first.x},${first.y}`;
  rest.forEach((point, i) => {
    const next = rest[i + 1];
    if (next) out += `Q${point.x},${point.y} ${(point.x + next.x) / 2},${(point.y + next.y) / 2}`;
    else out += `L${point.x},${point.y}`;
  });
  return out;
}

function nodeView(name, onChoose) {
  const band = svg('rect', {class: 'band', width: kBand, height: kHeight, rx: 3});
  const busy = svg('rect', {class: 'busy', x: kLeft, y: 47, height: 4, width: 0, rx: 2});
  const title = svg('text', {class: 'name', x: kLeft, y: 19}, name);
  const rateText = svg('text', {x: kWidth - 10, y: 19, 'text-anchor': 'end'});
  const busyText = svg('text', {class: 'quiet', x: kLeft, y: 37});
  const queue = svg('text', {class: 'quiet', x: kWidth - 10, y: 37, 'text-anchor': 'end'});
  const spoken = svg('text', {class: 'spoken', x: kLeft, y: 37});  // what the band's colour says
  const choose = () => onChoose(name);
  const node = svg('g', {
    class: 'node', tabindex: 0, role: 'button', 'aria-pressed': 'false', onclick: choose,
    onkeydown: (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      choose();
    }},
      svg('rect', {class: 'box', width: kWidth, height: kHeight, rx: 7}), band, title, rateText,
      busyText, queue, spoken,
      svg('rect', {class: 'track', x: kLeft, y: 47, height: 4, width: kTrack, rx: 2}), busy);
  return {
    node,
    update({live}) {
      const pressure = live ? live.back_pressure_band : null;
      setAttribute(band, 'class', `band ${pressure || ''}`);
      setText(rateText, live ? t(`graph.rate.${live.unit}`, {rate: rate(live.per_second)}) : '');
      const share = live?.busy_share ?? null;
      setText(busyText, share === null ? '' : t('graph.busy_share', {share: percent(share)}));
      setText(queue, live?.queued ? t('graph.queued', {count: queued(live)}) : '');
      setAttribute(busy, 'width', Math.round((share || 0) * kTrack));
      setText(spoken, pressure ? t(`band.${pressure}`) : '');
    },
  };
}

function edgeView(d, kind, label) {
  return svg('path', {class: 'edge', d, 'marker-end': 'url(#arrow)',
                      'stroke-dasharray': kind === 'beside' ? '4 4' : null},
      svg('title', null, label));
}

const queued = ({queued: count, queue_unit: unit}) =>
    unit === 'bytes' ? bytes(count) : number(count);

export function drawGraph(data, onChoose) {
  const {graph: layout, back} = place(data);
  const {width, height} = layout.graph();
  const views = new Map(data.nodes.map(({name}) => [name, nodeView(name, onChoose)]));
  const arrow = svg('defs', null, svg('marker', {
    id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7,
    orient: 'auto-start-reverse'}, svg('path', {class: 'arrow', d: 'M0,0.6L8,4L0,7.4z'})));
  const edges = layout.edges().map((edge) => {
    const {label, kind} = data.edges[Number(edge.name)];
    return edgeView(path(layout.edge(edge).points), kind, label);
  }).concat(back.map(({from, to, kind, label}) =>
      edgeView(backPath(layout.node(from), layout.node(to)), kind, label)));
  for (const [name, view] of views) {
    const {x, y} = layout.node(name);
    view.node.setAttribute('transform', `translate(${x - kWidth / 2},${y - kHeight / 2})`);
  }
  const picture = svg('svg', {
    width, height, viewBox: `0 0 ${width} ${height}`, role: 'group',
    'aria-label': t('graph.title')},
      arrow, edges, [...views.values()].map(({node}) => node));
  // Wider than its place it shrinks, as far as it stays legible; beyond that it scrolls.
  picture.style.maxWidth = '100%';
  picture.style.height = 'auto';
  picture.style.minWidth = `${Math.min(width, 250)}px`;
  return {
    node: h('div', null, picture),
    choose(name) {
      for (const [key, {node}] of views) {
        setAttribute(node, 'aria-pressed', String(key === name));
      }
    },
    update({nodes}) {
      for (const node of nodes) views.get(node.name)?.update(node);
    },
  };
}
