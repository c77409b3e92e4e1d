// The shop by the hour: orders and revenue by branch, the funnel of statuses, time in each, stuck
// orders, what sells. Asked again as events reach the tables.

import {get} from '../lib/api.js';
import {asker as askerOf} from '../lib/asker.js';
import {h, replace} from '../lib/dom.js';
import {day, clock, duration, money, number, percent, shortMoney} from '../lib/format.js';
import {seconds} from '../lib/history.js';
import {lineChart} from '../lib/chart.js';
import {card, empty, failed, field, figures, loading, meter, segments, table, when} from
  '../lib/parts.js';
import {t} from '../lib/words.js';

export const wants = [];

const kSpans = [24, 48, 168, 336];
const kShown = 5;  // branches with a colour of their own

export function show(place, {stream, go, address}) {
  const asked = address.searchParams;
  const query = {hours: kSpans.includes(Number(asked.get('hours'))) ?
      Number(asked.get('hours')) : 48, branch: asked.get('branch') || ''};
  const branch = h('select', {name: 'branch'}, h('option', {value: ''}, t('business.all')));
  const controls = h('div', {class: 'form'},
      segments(t('business.span'), kSpans.map((value) =>
          ({value, text: t(`business.span.${value}`)})), query.hours,
      (value) => change('hours', value)),
      field(t('word.branch'), branch));
  const about = h('p', {class: 'quiet small'});
  const body = h('div', {class: 'stack'}, loading());
  replace(place, h('section', {class: 'card'}, controls, about), body);
  branch.onchange = () => change('branch', branch.value);

  let view = null;
  const asker = askerOf(() => get('/business', query), (answer) => {
    fillBranches(branch, answer, query.branch);
    about.textContent = t('business.range', {
      from: rangeEnd(answer.from), to: rangeEnd(answer.until),
      at: clock(seconds(answer.at), true)});
    if (!view) {
      view = makeView(answer);
      replace(body, view.nodes);
    }
    view.update(answer);
  }, (error, retry) => {
    view?.end();
    view = null;
    replace(body, failed(error, retry));
  });

  function change(name, value) {
    query[name] = value;
    go(`/business?${new URLSearchParams(query)}`, {replace: true});
    view?.end();
    view = null;
    replace(body, loading());
    asker.ask();
  }

  const end = stream.on('overview', ({events, lag}) => asker.changed(
      `${events.accepted} ${lag.in_flight}`));
  return () => {
    end();
    asker.end();
    view?.end();
  };
}

function rangeEnd(text) {
  return `${day(seconds(text))} ${clock(seconds(text))}`;
}

function branchName({branch_id: id, branch_name: name}) {
  return name || t('business.branch', {id});
}

function fillBranches(select, {branches}, chosen) {
  const known = new Set([...select.options].map(({value}) => value));
  for (const branch of branches) {
    if (!known.has(String(branch.branch_id))) {
      select.append(h('option', {value: branch.branch_id}, branchName(branch)));
    }
  }
  if (chosen && !known.has(chosen) && ![...select.options].some(({value}) => value === chosen)) {
    select.append(h('option', {value: chosen}, t('business.branch', {id: chosen})));
  }
  if (document.activeElement !== select) select.value = chosen;
}

// ---- the view -----------------------------------------------------------------------------------

function makeView(answer) {
  const row = figures(['orders', 'revenue', 'average', 'completed', 'cancelled'].map(
      (key) => ({key, label: t(`business.${key}`)})));
  const charts = chartsOf(answer);
  const lists = [branchesCard(), hoursCard(), funnelCard(), timesCard(), stuckCard(),
                 productsCard()];
  const [branches, hours, funnel, times, stuck, products] = lists;
  return {
    nodes: [row.node, h('div', {class: 'grid wide'}, charts.nodes), stuck.node, branches.node,
            h('div', {class: 'grid wide'}, funnel.node, times.node), products.node, hours.node],
    update(now) {
      row.update(figuresOf(now));
      charts.update(now);
      for (const list of lists) list.update(now);
    },
    end: () => charts.end(),
  };
}

function figuresOf({totals}) {
  const share = (count) => totals.orders > 0 ? percent(count / totals.orders) : '';
  const average = totals.orders > 0 ? Math.round(Number(totals.revenue) / totals.orders) : null;
  return {
    orders: {value: number(totals.orders)},
    revenue: {value: money(totals.revenue)},
    average: {value: money(average)},
    completed: {value: number(totals.completed), note: share(totals.completed)},
    cancelled: {value: number(totals.cancelled), note: share(totals.cancelled)},
  };
}

function columnsOf({hours, series, branch}, measure, shown) {
  const total = hours.map(({measures}) => Number(measures[measure]));
  if (branch || shown === 0) return [total];
  const drawn = series.slice(0, shown).map((one) => one[measure].map(Number));
  const others = total.map((sum, at) =>
      Math.max(0, sum - drawn.reduce((part, column) => part + column[at], 0)));
  return [...drawn, others];
}

function chartsOf(answer) {
  const {series, branches, hours, branch} = answer;
  const bars = hours.length <= 72;
  const shown = branch || !bars ? 0 : Math.min(kShown, series.length);
  const names = new Map(branches.map((one) => [one.branch_id, branchName(one)]));
  const labels = shown === 0 ? [] : [
    ...series.slice(0, shown).map((one) => names.get(one.branch_id)), t('business.others')];
  const make = (measure, format) => lineChart({
    label: t(`business.chart.${measure}`), format, bars, stacked: shown > 0, height: 210,
    series: shown === 0 ?
        [{label: t(`business.${measure}`), colour: 'chart-1', area: true}] :
        labels.map((label, i) => ({label, colour: i === shown ? 'strong-line' : `chart-${i + 1}`})),
    describe: (columns) => t('business.chart_says', {
      total: format(columns.slice(1).flat().reduce((sum, value) => sum + value, 0))}),
  });
  const orders = make('orders', (value) => number(value));
  const revenue = make('revenue', shortMoney);
  return {
    nodes: [card(t('business.chart.orders'), '', orders.node),
            card(t('business.chart.revenue'), '₫', revenue.node)],
    update(now) {
      const at = now.hours.map(({starts_at: start}) => seconds(start));
      orders.update(at, ...columnsOf(now, 'orders', shown));
      revenue.update(at, ...columnsOf(now, 'revenue', shown));
    },
    end() {
      orders.destroy();
      revenue.destroy();
    },
  };
}

// ---- lists --------------------------------------------------------------------------------------

const kMeasures = ['pending', 'processing', 'completed', 'cancelled'];

function measureColumns() {
  return [
    {label: t('business.orders'), num: true, cell: ({measures}) => number(measures.orders)},
    {label: t('business.revenue'), num: true, cell: ({measures}) => money(measures.revenue)},
    ...kMeasures.map((name) => ({label: t(`business.${name}`), num: true,
                                 cell: ({measures}) => number(measures[name])})),
  ];
}

// A card with a table, or a sentence where it is empty.
function listCard(title, note, view, rowsOf, none) {
  const nothing = empty(none, '');
  const node = card(title, note, view.node, nothing);
  return {
    node,
    update(answer) {
      const rows = rowsOf(answer);
      view.update(rows, answer);
      view.node.hidden = rows.length === 0;
      nothing.hidden = rows.length > 0;
    },
  };
}

function branchesCard() {
  return listCard(t('business.branches'), t('business.branches_note'), table({
    caption: t('business.branches'), keyOf: ({branch_id: id}) => id,
    columns: [{label: t('word.branch'), head: true, cell: branchName}, ...measureColumns()],
  }), ({branches}) => branches, t('business.none'));
}

function hoursCard() {
  const rows = table({
    caption: t('business.hours'), keyOf: ({starts_at: at}) => at,
    columns: [{label: t('business.hour'), head: true, cell: ({starts_at: at}) => rangeEnd(at)},
              ...measureColumns()],
  });
  return {
    node: card(t('business.hours'), '', h('details', null,
        h('summary', null, t('business.as_table')), rows.node)),
    update: ({hours}) => rows.update(hours.filter(({measures}) => measures.orders > 0).reverse()),
  };
}

function funnelCard() {
  const list = h('ol', {class: 'funnel'});
  return {
    node: card(t('business.funnel'), t('business.funnel_note'), list),
    update({reached}) {
      const most = Math.max(1, ...reached.map(({orders}) => orders));
      replace(list, reached.length === 0 ? h('li', {class: 'quiet'}, t('business.none')) :
          reached.map(({status, column, orders}) => h('li', null,
              h('span', null, status, ' ', h('span', {class: 'quiet small'},
                  t(column ? `business.${column}` : 'business.unknown'))),
              h('b', {'data-status': status}, number(orders)),
              meter(orders / most, column === 'cancelled' ? 'bad' : null))));
    },
  };
}

function timesCard() {
  return listCard(t('business.times'), t('business.times_note'), table({
    caption: t('business.times'), keyOf: ({status}) => status,
    columns: [
      {label: t('word.status'), head: true, cell: ({status}) => status},
      {label: t('business.changes'), num: true, cell: ({changes}) => number(changes)},
      {label: 'p50', num: true, cell: (one) => duration(Math.round(one.p50_seconds))},
      {label: 'p90', num: true, cell: (one) => duration(Math.round(one.p90_seconds))},
      {label: t('epochs.most'), num: true, cell: (one) => duration(Math.round(one.most_seconds))},
    ],
  }), ({time_in_status: times}) => times, t('business.no_changes'));
}

function stuckCard() {
  const rows = table({
    caption: t('business.stuck'), keyOf: ({order_id: id}) => id,
    columns: [
      {label: t('word.order'), head: true, once: true, cell: ({order_id: id}) =>
          h('a', {href: `/orders/${id}`}, String(id))},
      {label: t('word.status'), cell: ({order_status: status}) => status},
      {label: t('business.since'), cell: ({since}) => when(since)},
      {label: t('word.branch'), cell: (one) => one.branch_id ? branchName(one) : null},
      {label: t('word.total'), num: true, cell: ({total_price: total}) => money(total)},
    ],
  });
  const list = listCard(t('business.stuck'), '', rows, ({stuck}) => stuck.longest.slice(0, 10),
      t('business.no_stuck'));
  return {
    node: list.node,
    update(answer) {
      list.update(answer);
      list.node.note(answer.stuck.orders > 0 ? t('business.stuck_note',
          {n: answer.stuck.orders, count: number(answer.stuck.orders)}) : '');
    },
  };
}

function productsCard() {
  return listCard(t('business.products'), t('business.products_note'), table({
    caption: t('business.products'), keyOf: (one) => `${one.product_id} ${one.product_name}`,
    columns: [
      {label: t('business.product'), head: true, cell: (one) =>
          one.product_name || t('business.product_id', {id: one.product_id})},
      {label: t('business.orders'), num: true, cell: ({orders}) => number(orders)},
      {label: t('business.quantity'), num: true, cell: ({quantity}) => number(quantity)},
      {label: t('business.revenue'), num: true, cell: ({revenue}) => money(revenue)},
    ],
  }), ({products}) => products, t('business.none'));
}
