// Charts over time, by uPlot, which is fetched when the first chart is. Colours come from the style
// sheet, hours from the business time zone; whoever cannot see it gets a sentence and a table.

import {h, replace, setText} from './dom.js';
import {clock, currentZone, day, number} from './format.js';

let library = null;
const charts = new Set();

function loadScript(name) {
  return new Promise((resolve, reject) => {
    const script = h('script', {src: new URL(`../${name}`, import.meta.url).href});
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${name} could not be loaded`));
    document.head.append(script);
  });
}

export function vendor(name) {
  return loadScript(`${name}.js`);
}

function loadLibrary() {
  library ??= (() => {
    document.head.append(h('link', {rel: 'stylesheet',
                                    href: new URL('../uplot.css', import.meta.url).href}));
    return vendor('uplot');
  })();
  return library;
}

// A colour of the style sheet as it is now, in this theme.
function colour(name) {
  const probe = h('i', {hidden: true});
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function axes(format) {
  const common = {stroke: colour('quiet'), font: '11.5px Inter, system-ui, sans-serif',
                  grid: {stroke: colour('line'), width: 1}, ticks: {show: false}};
  const times = (chart, splits, index, space, step) => splits.map((split) =>
      step >= 3600 && clock(split) === '00:00' ? day(split) : clock(split, step < 60));
  return [
    {...common, grid: {show: false}, values: times, size: 26, gap: 4, space: 70},
    {...common, size: widest, gap: 6, space: 34,
     values: (chart, splits) => splits.map((value) => value === 0 ? '0' : format(value))},
  ];
}

function widest(chart, values) {
  return (values || []).reduce((most, text) => Math.max(most, String(text).length), 3) * 6.8 + 12;
}

// series: [{label, colour: 'chart-1', area, dash}]; format(value) for the legend and, unless there is
// a shorter form, for the axis.
// `span`: seconds it shows, by default what there is.
// update(seconds, ...values) takes arrays of equal length; null is a gap.
export function lineChart({series, format = number, axisFormat = format, height = 200, span = null,
                           bars = false, stacked = false, label, describe}) {
  const values = series.map(() => h('b', null, ''));
  const legend = h('div', {class: 'legend', 'aria-hidden': 'true'}, series.map((one, i) =>
      h('span', {class: `swatch-${one.colour.replace('chart-', '')}`}, h('i'), one.label,
          values[i])));
  const canvas = h('div', {class: 'chart', role: 'img', 'aria-label': label});
  canvas.style.minHeight = `${height}px`;
  const node = h('div', null, legend, canvas);
  let plot = null;
  let data = null;
  let gone = false;

  // A chart of the last hour shows an hour, also where less is known; a last bar has its room.
  const rangeOf = (from, to) => {
    if (!data || data[0].length === 0) return [0, 1];
    if (span) return [to - span, to];
    return [from, bars && data[0].length > 1 ? to + data[0][1] - data[0][0] : Math.max(to, from + 1)];
  };

  // Under the pointer; without one, the latest, and of bars the sum.
  const legendAt = (index) => {
    if (!data) return;
    series.forEach((one, i) => {
      const column = data[i + 1];
      const value = index !== null ? column[index] :
          bars ? column.reduce((sum, part) => sum + part, 0) : column.at(-1);
      setText(values[i], value === null || value === undefined ? '' : format(value));
    });
  };

  function options() {
    return {
      width: Math.max(120, canvas.clientWidth), height,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), currentZone()),
      legend: {show: false},
      padding: [8, 28, 0, 0],
      cursor: {y: false, points: {size: 6}, drag: {x: false, y: false}},
      scales: {x: {time: true, range: (chart, from, to) => rangeOf(from, to)},
               y: {range: (chart, low, high) => [0, high > 0 ? high * 1.12 : 1]}},
      axes: axes(axisFormat),
      series: [{}, ...series.map((one) => seriesOptions(one, bars))],
      hooks: {setCursor: [(chart) => legendAt(chart.cursor.idx)]},
    };
  }

  function draw() {
    if (gone || !data || !canvas.isConnected) return;
    plot?.destroy();
    replace(canvas);
    const drawn = stacked ? stack(data) : data;
    plot = new uPlot(options(), drawn, canvas);
  }

  const resize = new ResizeObserver(() => {
    if (plot && canvas.clientWidth) plot.setSize({width: canvas.clientWidth, height});
  });
  resize.observe(canvas);
  const chart = {redraw: draw};
  charts.add(chart);

  return {
    node,
    async update(...columns) {
      data = columns;
      if (describe) canvas.setAttribute('aria-label', `${label}. ${describe(columns)}`);
      await loadLibrary();
      if (plot && canvas.isConnected) plot.setData(stacked ? stack(data) : data);
      else draw();
      legendAt(plot?.cursor.idx ?? null);
    },
    destroy() {
      gone = true;
      charts.delete(chart);
      resize.disconnect();
      plot?.destroy();
    },
  };
}

function seriesOptions(one, bars) {
  const stroke = colour(one.colour);
  const base = {label: one.label, stroke, width: 1.6, points: {show: false}, spanGaps: false,
                dash: one.dash};
  if (bars) {
    return {...base, width: 0, fill: stroke,
            paths: uPlot.paths.bars({size: [0.82, 40], align: 1, gap: 0})};
  }
  return one.area ? {...base, fill: faded(stroke)} : base;
}

function faded(rgb) {
  return rgb.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.12)');
}

// Bars stand on one another: the first series is drawn last, in front.
function stack(data) {
  const [x, ...rows] = data;
  const sums = rows.map((row, i) => row.map((_, at) =>
      rows.slice(i).reduce((sum, one) => sum + (one[at] ?? 0), 0)));
  return [x, ...sums];
}

// After the theme has changed.
export function redrawCharts() {
  for (const chart of charts) chart.redraw();
}
