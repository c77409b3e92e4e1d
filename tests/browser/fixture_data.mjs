// Invented figures for fixture.mjs.

const begin = Date.now() - 3 * 3600_000;
const iso = (milliseconds) => `${new Date(milliseconds).toISOString().slice(0, -1)}000Z`;
const ago = (seconds) => iso(Date.now() - seconds * 1000);
const wave = (period, low, high, shift = 0) => {
  const phase = Math.sin((Date.now() / 1000 + shift) / period * 2 * Math.PI);
  return low + (high - low) * (phase + 1) / 2;
};
const topics = ['order-created', 'order-updated', 'order-cancelled', 'order-events'];
const statuses = ['Đang xử lý', 'Đã xử lý và sẵn sàng giao hàng', 'Đang giao hàng', 'Đã giao', 'Đã hủy'];
const branchNames = ['LensArt Quận 1', 'LensArt Quận 3', 'LensArt Gò Vấp', 'LensArt Thủ Đức',
                     'LensArt Đà Nẵng', 'LensArt Hoàn Kiếm', 'LensArt Cần Thơ'];

const kFindings = {
  database_away: ['critical', 'start_database', {message: 'connection to server at "127.0.0.1", port 5432 failed: Connection refused', seconds: 74, outbox_bytes: 41e6, outbox_max_bytes: 268435456}],
  kafka_away: ['critical', 'start_kafka', {message: 'Connect to 127.0.0.1:9092 failed', seconds: 12, brokers: 'kafka-1:9092,kafka-2:9092'}],
  partition_stalled: ['critical', 'check_partition_leader', {topic: 'order-events', partition: 1, events: 1841, seconds: 95}],
  partition_quiet: ['warning', 'check_producer', {topic: 'order-events', partition: 2, seconds: 600, events_elsewhere: 4120}],
  watermark_held: ['warning', 'check_partition_backlog', {topic: 'order-created', partition: 0, behind_seconds: 5400, events: 12000}],
  source_paused: ['warning', 'relieve_database', {seconds: 33, outbox_bytes: 266e6, outbox_max_bytes: 268435456}],
  lag_grows: ['warning', 'find_bottleneck', {events: 80000, events_before: 20000, minutes: 5, bottleneck: 'relay'}],
  catching_up: ['info', 'wait', {events: 80000, events_per_second: 8123.4, seconds_left: 10}],
  freshness_slow: ['warning', 'find_bottleneck', {p99_seconds: 4.2, limit_seconds: 2}],
  dead_letter_burst: ['warning', 'look_at_dead_letters', {code: 'bad_price', events: 412, refused: 430, share: 0.31, minutes: 5}],
  late_events: ['warning', 'check_producer_delay', {events: 12, minutes: 10}],
  letters_unsent: ['warning', 'check_dlq_topic', {message: 'Broker: Unknown topic or partition', topic: 'order-events-dlq', seconds: 240}],
  stuck_orders: ['warning', 'look_at_stuck_orders', {orders: 3, order_id: 48211, order_status: statuses[1], order_since: ago(3 * 86400)}],
  unknown_statuses: ['warning', 'complete_maps', {events: 7}],
  state_nearly_full: ['warning', 'raise_state_max_size', {used_bytes: 6.2e10, max_bytes: 6.8e10}],
  disk_nearly_full: ['critical', 'free_disk_space', {free_bytes: 1.2e9, total_bytes: 2.5e11}],
  clock_skew: ['warning', 'synchronise_clocks', {seconds: -4.2}],
};

export function attention(scenario) {
  const names = scenario === 'all' ? Object.keys(kFindings) : scenario === 'none' ? [] : scenario.split('+');
  return names.map((code) => {
    const [severity, remedy, parameters] = kFindings[code];
    return {code, severity, since: ago(74), parameters, remedy};
  });
}

const counts = (scale) => ({accepted: Math.floor((Date.now() - begin) / 1000 * scale), duplicate: 310 * scale | 0,
                            ignored: 40, dead_lettered: 22 * scale | 0});

export function overview(scenario) {
  const found = attention(scenario);
  const away = scenario === 'database_away';
  const byTopic = topics.map((topic, i) => ({topic, outcomes: counts([18, 9, 1.2, 30][i])}));
  const events = byTopic.reduce((sum, {outcomes}) => Object.fromEntries(Object.keys(outcomes).map((name) =>
      [name, (sum[name] || 0) + outcomes[name]])), {});
  return {
    at: iso(Date.now()),
    pipeline: {name: 'lensart', version: '0.1.0', started_at: iso(begin), uptime_seconds: (Date.now() - begin) / 1000,
               jobs: ['orders', 'status', 'metrics'], time_zone: 'Asia/Ho_Chi_Minh', sink: 'postgres'},
    health: {status: found[0] && found[0].severity !== 'info' ? found[0].severity : 'ok', ready: !away, reasons: []},
    attention: found,
    lag: {events: away ? 4312 : 12, unread: away ? 4000 : 3, in_flight: away ? 312 : 9, seconds: away ? 74 : 0.04},
    rate: {read: {now: wave(60, 40, 70), minute: 57.1, hour: 55.2}, applied: {now: away ? 0 : wave(60, 40, 70), minute: 57.0, hour: 55.2}},
    freshness: {p50_seconds: 0.011, p99_seconds: wave(30, 0.03, 0.09), events: 17214, window_seconds: 300},
    events, topics: byTopic,
    dead_letters: {since_start: 1284, last_hour: 61, by_code: [
      {code: 'bad_price', since_start: 800, last_hour: 41}, {code: 'missing_field', since_start: 400, last_hour: 18},
      {code: 'too_late', since_start: 84, last_hour: 2}]},
    watermark: {at: ago(301), delay_seconds: 301.2}, source_paused: away,
    process: {private_bytes: 123456789, cpu_cores: 0.14},
  };
}

export function history() {
  const n = 360;
  const now = Math.floor(Date.now() / 1000);
  const column = (make) => Array.from({length: n}, (_, i) => i < 20 ? null : make(i));
  const noise = (i, k) => Math.abs(Math.sin(i * 12.9898 + k) * 43758.5453) % 1;
  return {
    step_seconds: 10, at: Array.from({length: n}, (_, i) => now - (n - 1 - i) * 10),
    read_per_second: column((i) => 55 + 18 * Math.sin(i / 30) + 6 * noise(i, 1)),
    applied_per_second: column((i) => 55 + 18 * Math.sin(i / 30) + 6 * noise(i, 2)),
    dead_letters_per_second: column((i) => noise(i, 3) > 0.9 ? 2 : 0),
    lag_events: column((i) => 5 + 10 * noise(i, 4)), lag_seconds: column((i) => 0.1 * noise(i, 5)),
    freshness_p50_seconds: column((i) => 0.01 + 0.004 * noise(i, 6)), freshness_p99_seconds: column((i) => 0.04 + 0.05 * noise(i, 7)),
    outbox_bytes: column(() => 20000), state_bytes: column((i) => 4e8 + i * 1000), private_bytes: column((i) => 1.2e8 + 4e6 * noise(i, 8)),
    cpu_cores: column((i) => 0.1 + 0.05 * noise(i, 9)),
  };
}

const kNodes = [
  ['source', 'source', 'polls Kafka, cuts epochs', 'events'], ['parse', 'parallel', 'JSON, rules, keys', 'events'],
  ['deduplicate', 'lanes', 'by hash of event id', 'events'], ['orders', 'lanes', 'by order id', 'events'],
  ['windows', 'lanes', 'by window', 'events'], ['close', 'serial', 'dead_letters, accounts, watermark', 'events'],
  ['commit', 'external', 'one LMDB transaction an epoch', 'epochs'], ['relay', 'external', 'outbox to PostgreSQL', 'rows'],
  ['letters', 'external', 'unsent letters to the topic', 'letters']];

function node([name, kind, note, unit], i, scenario) {
  const away = scenario === 'database_away';
  return {name, kind, note, settings: {concurrency: name === 'parse' ? 2 : null, lanes: kind === 'lanes' ? 2 : null, priority: null},
          live: {total: 640000, per_second: unit === 'events' ? wave(60, 40, 70) : unit === 'rows' ? wave(60, 150, 230) : unit === 'epochs' ? 18.2 : 0.1,
                 unit, busy_share: i < 8 ? wave(20, 0.01, 0.3, i * 3) : null, queued: name === 'relay' ? (away ? 41e6 : 12e3) : i % 3, queue_limit: name === 'relay' ? 268435456 : null,
                 queue_unit: name === 'relay' ? 'bytes' : 'batches', back_pressure: away && i < 7 ? 0.9 : 0.02,
                 back_pressure_band: away && i < 7 ? (i > 4 ? 'high' : 'low') : 'ok'}};
}

export function graph(scenario) {
  const nodes = kNodes.map((one, i) => node(one, i, scenario));
  const flow = nodes.slice(1).map(({name}, i) => ({from: nodes[i].name, to: name, label: '', kind: i === 7 ? 'beside' : 'flow'}));
  return {name: 'lensart', at: iso(Date.now()), nodes, edges: [...flow, {from: 'commit', to: 'source', label: 'credits', kind: 'beside'}]};
}

export function nodeDetail(name, scenario) {
  const found = graph(scenario).nodes.find((one) => one.name === name);
  if (!found) return null;
  const {at, read_per_second: rates, lag_events: lag, cpu_cores: cores} = history();
  return {node: found, configuration: configuration().settings.filter(({key}) => key.includes(name)),
          history: {step_seconds: 10, at, per_second: rates, busy_share: cores, queued: lag.map((value) => value && Math.round(value / 5)), back_pressure: lag.map(() => 0.02)}};
}

export function epochs() {
  const newest = Math.floor(Date.now() / 1000 * 18) - 31000000000;
  const recent = Array.from({length: 60}, (_, i) => ({
    number: newest - i, durable_at: ago(i * 0.055), applied_at: i === 0 ? null : ago(i * 0.055 - 0.004), records: (i * 7) % 5, outbox_bytes: 2100 + (i * 37) % 900,
    watermark: ago(301 + i * 0.05), fill_seconds: 0.005, close_seconds: 0.0006, commit_seconds: 0.0009 + ((i * 13) % 10) / 10000, apply_seconds: 0.003 + ((i * 29) % 10) / 2000}));
  return {at: iso(Date.now()), newest, applied: newest - 1, per_second: 18.2,
          phases: ['fill', 'close', 'commit', 'apply'].map((phase, i) => ({phase, p50_seconds: [0.005, 0.0006, 0.0011, 0.0041][i], p99_seconds: [0.2, 0.002, 0.004, 0.011][i], most_seconds: [1, 0.004, 0.01, 0.031][i]})),
          recent, state: {cache: {used_bytes: 21e6, max_bytes: 67108864}, outbox: {epochs: 1, bytes: 41000, max_bytes: 268435456},
                          lmdb: {used_bytes: 412e6, map_bytes: 1073741824, max_bytes: 68719476736, growth_bytes_per_hour: 31e6, disk_free_bytes: 1.8e11, disk_total_bytes: 2.5e11},
                          credit: {used_bytes: 120000, max_bytes: 33554432}}};
}

export function state() {
  return {directory: '/var/lib/lensart/state', used_bytes: 412e6, map_bytes: 1073741824, max_bytes: 68719476736, live: true, moment: {error: 'none'},
          trees: [['orders', 120345, 18e7], ['history', 410221, 9e7], ['ids', 31, 7e7], ['outbox', 2, 41e3], ['metrics', 4212, 6e6]].map(([name, entries, bytes]) => ({name, entries, bytes}))};
}

export function watermarks(scenario) {
  const partitions = topics.flatMap((topic, i) => [0, 1, 2].map((partition) => {
    const stalled = scenario === 'partition_stalled' && topic === 'order-events' && partition === 1;
    return {topic, partition, next_offset: 41231 * (i + 1) + partition * 97, lag: stalled ? 1841 : 0, highest: ago(stalled ? 900 : 1 + i * 3 + partition),
            idle: topic === 'order-cancelled', appended_at: ago(stalled ? 95 : topic === 'order-cancelled' ? 240 : 0.4), outside_time: false,
            holds_watermark: scenario === 'partition_stalled' ? stalled : topic === 'order-events' && partition === 2};
  }));
  partitions.push({topic: 'order-events-replay', partition: 0, next_offset: 12, lag: 0, highest: null, idle: true, appended_at: null, outside_time: true, holds_watermark: false});
  return {at: iso(Date.now()), epoch: 412331, watermark: ago(312), timer_clock: ago(312), judged_by: ago(312), late_before: ago(3912), delay_seconds: 312.4,
          max_out_of_orderness_seconds: 300, allowed_lateness_seconds: 3600, idle_timeout_seconds: 30, partitions};
}

const measures = (orders) => ({orders, revenue: `${orders * 1432500}.00`, pending: Math.floor(orders * 0.2), processing: Math.floor(orders * 0.3),
                               completed: Math.floor(orders * 0.4), cancelled: Math.floor(orders * 0.08), cash: Math.floor(orders * 0.6), online: Math.floor(orders * 0.4)});

export function business(hours, branch) {
  const end = Math.ceil(Date.now() / 3600_000) * 3600_000;
  const starts = Array.from({length: hours}, (_, i) => end - (hours - i) * 3600_000);
  const local = (at) => new Date(at + 7 * 3600_000);
  const load = (at, k) => Math.max(0, Math.round((10 - k) * Math.max(0, Math.sin((local(at).getUTCHours() - 7) / 15 * Math.PI)) + Math.sin(at / 1e7 + k)));
  const series = branchNames.map((_, k) => ({branch_id: k + 1, orders: starts.map((at) => load(at, k)), revenue: starts.map((at) => `${load(at, k) * 1432500}.00`)}));
  const total = (i) => series.reduce((sum, one) => sum + one.orders[i], 0);
  const all = starts.reduce((sum, _, i) => sum + total(i), 0);
  return {at: iso(Date.now()), time_zone: 'Asia/Ho_Chi_Minh', from: iso(starts[0]), until: iso(end), branch: branch ? Number(branch) : null, totals: measures(all),
          hours: starts.map((at, i) => ({date: local(at).toISOString().slice(0, 10), hour: local(at).getUTCHours(), starts_at: iso(at), measures: measures(total(i))})),
          branches: branchNames.map((branch_name, k) => ({branch_id: k + 1, branch_name, measures: measures(series[k].orders.reduce((a, b) => a + b, 0))})), series,
          reached: statuses.map((status, i) => ({status, column: ['pending', 'processing', 'processing', 'completed', 'cancelled'][i], rank: i < 4 ? i + 1 : null, orders: Math.floor(all * [1, 0.82, 0.66, 0.41, 0.08][i])})),
          time_in_status: statuses.slice(0, 3).map((status, i) => ({status, changes: 812 - i * 90, average_seconds: 5000 * (i + 1), p50_seconds: 4000 * (i + 1), p90_seconds: 9000 * (i + 1), most_seconds: 80000})),
          stuck: {orders: 3, longest: [48211, 47102, 51233].map((order_id, i) => ({order_id, order_status: statuses[i], since: ago((5 - i) * 86400), branch_id: i + 1, branch_name: branchNames[i], total_price: `${(i + 1) * 1890000}.00`}))},
          products: ['Gọng kính Ray-Ban RB5154', 'Kính mát Oakley OX8046 Airdrop phân cực', 'Tròng kính Essilor Crizal 1.60', 'Gọng kính LensArt Retro LR-12'].map((product_name, i) => ({product_id: i + 11, product_name, orders: 90 - i * 12, quantity: 130 - i * 20, revenue: `${(90 - i * 12) * 2310000}.00`}))};
}

export function order(id) {
  const t0 = Date.now() - 26 * 3600_000;
  const event = (i, type, changed, late = false) => ({at: iso(t0 + i * 5400_000), type, event_id: `evt_${id}_${i}`, topic: 'order-events', partition: i % 3, offset: 4000 + i, too_late: late, changed});
  return {order_id: id, events: [
    event(0, 'order.created', [{column: 'branch_id', from: null, to: '1'}, {column: 'branch_name', from: null, to: branchNames[0]}, {column: 'order_status', from: null, to: statuses[0]}, {column: 'payment_method', from: null, to: 'COD'}, {column: 'total_price', from: null, to: '1890000.00'}, {column: 'user_name', from: null, to: 'Nguyễn Thị Ánh'}, {column: 'note', from: null, to: 'NULL'}]),
    event(1, 'order.status_changed', [{column: 'order_status', from: statuses[0], to: statuses[1]}]),
    event(2, 'order.updated', [{column: 'total_price', from: '1890000.00', to: '1990000.50'}], true),
    event(3, 'order.payment_status_changed', [])],
  dead_letters: [{code: 'bad_price', field: 'data.total_price', message: 'data.total_price is "-5": an amount is at least 0', topic: 'order-updated', partition: 1, offset: 77, event_id: null, occurred_at: ago(9000), sent_at: ago(8999), replayed_at: null}],
  tables: {orders_processed: [{order_status: statuses[1], payment_status: 'Chưa thanh toán', payment_method: 'COD', total_price: '1990000.50', items_count: 2, branch_id: 1, branch_name: branchNames[0], user_name: 'Nguyễn Thị Ánh', order_date: iso(t0), created_at: iso(t0), updated_at: iso(t0 + 3 * 5400_000)}],
           order_items_analytics: [{product_id: 11, product_name: 'Gọng kính Ray-Ban RB5154', color: 'Đen', quantity: 2, unit_price: '945000.00', total_price: '1890000.00'}],
           order_status_history: [{changed_at: iso(t0 + 5400_000), old_status: statuses[0], new_status: statuses[1], processing_time_seconds: 5400, anomaly: null, session_id: 1, event_id: 'e1'}],
           order_status_sessions: [], order_anomalies: [{kind: 'stuck', status: statuses[1], since: iso(t0 + 5400_000), resolved_at: null}]},
  counts_in: {metric_date: '2026-11-28', metric_hour: 14, branch_id: 1, placed_at: iso(t0), status_column: 'processing', payment_column: 'cash', total_price: '1890000.00', sliding_from: iso(t0 - 3300_000), sliding_to: iso(t0 + 3600_000)},
  state: {known: true, duplicates: 2}, moment: {error: ''}, sliding_expired: false, stuck_at: iso(t0 + 5400_000 + 86400_000)};
}

export function windowLife(date, hour, branch) {
  return {window: {metric_date: date, metric_hour: hour, branch_id: branch, time_zone: 'Asia/Ho_Chi_Minh'},
          row: {total_orders: 2, total_revenue: '3880000.00', avg_order_value: '1940000.00', pending_orders: 1, processing_orders: 1, completed_orders: 0, cancelled_orders: 0, cash_orders: 2, online_orders: 0, updated_at: ago(5)},
          orders: [48211, 48212].map((order_id, i) => ({order_id, counts: true, counts_with_late: i === 0, placed_at: ago(4000 + i), total_price: '1940000.00', order_status: statuses[i], counts_as: 'pending', payment_method: 'COD', paid_by: 'cash', latest_at: ago(30), too_late_events: i, followed: true})),
          moment: watermarks('none'), ends_at: ago(600), late_before: ago(3912), verdict: 'open'};
}

const kLetters = [['bad_price', 'data.total_price', 'data.total_price is "1500000.005": at most two decimals'], ['missing_field', 'data.branch_id', 'data.branch_id is missing: every order has a branch'],
                  ['bad_json', '', 'the payload ends in the middle of an object'], ['bad_quantity', 'data.order_details[1].quantity', 'data.order_details[1].quantity is 0: at least 1']];
const makeLetter = (i) => ({code: kLetters[i % 4][0], field: kLetters[i % 4][1], message: kLetters[i % 4][2], topic: topics[i % 4], partition: i % 3, offset: 1000 + i, event_id: i % 4 === 2 ? null : `evt_${9000 + i}`,
                            order_id: i % 4 === 2 ? null : 48000 + i, payload_bytes: 812 + i, occurred_at: ago(i * 311), sent_at: i === 0 ? null : ago(i * 311 - 1), replayed_at: i === 3 ? ago(60) : null});

export function letters(query) {
  const all = Array.from({length: 60}, (_, i) => makeLetter(i)).filter((one) => !query.get('code') || one.code === query.get('code'));
  return query.get('after') ? {letters: all.slice(50), next: null} : {letters: all.slice(0, 50), next: all.length > 50 ? 'more' : null};
}

export function letter(topic, partition, offset) {
  const one = {...makeLetter(offset - 1000), topic, partition};
  const text = one.code === 'bad_json' ? '{"event_type":"order.created","data":{"id":7,"total_price":' :
      '{"event_type":"order.created","event_id":"evt_9000","timestamp":"2026-11-29T10:00:00+07:00","data":{"id":48000,"user_id":7,"total_price":"1500000.005","order_status":"Đang xử lý","payment_status":"Chưa thanh toán","order_details":[{"product_id":1,"quantity":1,"total_price":1500000.00},{"product_id":2,"quantity":0,"total_price":0}],"metadata":[]}}';
  const path = {bad_price: ['data', 'total_price'], missing_field: ['data', 'branch_id'], bad_quantity: ['data', 'order_details', 1, 'quantity'], bad_json: null}[one.code];
  return {letters: [{letter: one, field_path: path}], payload: {bytes: text.length, text, base64: null}};
}

export function configuration() {
  const setting = (key, value, origin, description, masked = false) => ({key, value, spelling: typeof value === 'string' ? `"${value}"` : String(value), origin, origins: {}, is_default: origin === 'default', masked, description});
  return {file: '/etc/lensart/lensart.toml', settings: [
    setting('kafka.brokers', 'kafka.example.org:9092', 'lensart.toml:2', 'Brokers to begin with, as host:port, separated by commas'), setting('kafka.group', 'lensart-consumer-group', 'default', 'Group the offsets are committed under, for information'),
    setting('postgres.dsn', 'host=db.example.org dbname=lensart password=***', 'LENSART_POSTGRES_DSN', 'Connection string of libpq', true), setting('pipeline.time_zone', 'Asia/Ho_Chi_Minh', 'default', 'Business time zone, IANA name'),
    setting('sink.lanes', 1, '--set', 'Transactions a group of epochs is split into'), setting('nodes.parse.concurrency', 2, 'default', 'Bodies of parse at once')]};
}
