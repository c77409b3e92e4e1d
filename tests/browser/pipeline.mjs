// A pipeline of a test's own on the stack of scripts/stack.sh: topics, schema, state and port that
// nobody else uses, with verbs for what may happen to it. What fails throws.

import {spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, openSync, readFileSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {produce} from './kafka.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const kPatience = 30_000;

export function need(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run: scripts/stack.sh run -- COMMAND`);
  return value;
}

export async function until(what, done, patience = kPatience) {
  const deadline = Date.now() + patience;
  for (;;) {
    const answer = await done();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`within ${patience / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const {port} = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class Pipeline {
  // `settings`: more LENSART_… variables.
  static async create(settings = {}) {
    const word = `b${Math.random().toString(36).slice(2, 9)}_`;
    const directory = mkdtempSync(join(tmpdir(), 'lensart-browser.'));
    const port = await freePort();
    const env = {
      LENSART_KAFKA_GROUP: `${word}group`,
      LENSART_KAFKA_TOPICS_ORDER_CREATED: `${word}created`,
      LENSART_KAFKA_TOPICS_ORDER_UPDATED: `${word}updated`,
      LENSART_KAFKA_TOPICS_ORDER_CANCELLED: `${word}cancelled`,
      LENSART_KAFKA_TOPICS_ORDER_EVENTS: `${word}events`,
      LENSART_KAFKA_DLQ_TOPIC: `${word}dlq`,
      LENSART_KAFKA_REPLAY_TOPIC: `${word}replay`,
      LENSART_POSTGRES_SCHEMA: `${word}schema`,
      LENSART_STATE_DIRECTORY: join(directory, 'state'),
      LENSART_HTTP_LISTEN: `127.0.0.1:${port}`,
      ...settings,
    };
    const pipeline = new Pipeline({word, directory, env, port});
    pipeline.run(['init']);
    return pipeline;
  }

  constructor({word, directory, env, port}) {
    this.program = process.env.LENSART_TEST_PROGRAM || need('LENSART_TEST_BROWSER_PROGRAM');
    this.brokers = need('LENSART_KAFKA_BROKERS');
    this.dsn = need('LENSART_POSTGRES_DSN');
    this.word = word;
    this.directory = directory;
    this.env = {...process.env, ...env};
    this.address = `http://127.0.0.1:${port}`;
    this.schema = env.LENSART_POSTGRES_SCHEMA;
    this.log = join(directory, 'run.log');
    this.process = null;
    this.sent = 0;  // records, by generate and send
  }

  topic(kind) {
    return this.word + kind;
  }

  run(args) {
    const done = spawnSync(this.program, args,
        {env: this.env, cwd: this.directory, encoding: 'utf8', timeout: 120_000});
    if (done.status !== 0) throw new Error(`lensart ${args.join(' ')}: ${done.stderr}`);
    return done.stdout;
  }

  async start() {
    const log = openSync(this.log, 'a');
    this.process = spawn(this.program, ['run'],
        {env: this.env, cwd: this.directory, stdio: ['ignore', log, log]});
    this.ended = new Promise((resolve) => this.process.on('exit', resolve));
    await until('lensart run becomes ready', async () => {
      if (this.process.exitCode !== null) throw new Error(readFileSync(this.log, 'utf8'));
      return (await this.ask('/readyz').catch(() => null))?.ok;
    });
  }

  async stop(signal = 'SIGTERM') {
    if (!this.process) return;
    this.process.kill(signal);
    await this.ended;
    this.process = null;
  }

  ask(path) {
    return fetch(this.address + path);
  }

  async api(path) {
    return (await this.ask(`/api/v1${path}`)).json();
  }

  generate(...args) {
    this.sent += JSON.parse(this.run(['generate', '--json', '--to', 'kafka', ...args])).records;
  }

  send(kind, partition, ...events) {
    this.sent += events.length;
    return produce(this.brokers, this.topic(kind), partition, events.map((event) =>
        typeof event === 'string' ? event : JSON.stringify(event)));
  }

  // Rows as arrays of texts.
  sql(query) {
    const done = spawnSync('psql', [this.dsn, '-XAtq', '-v', 'ON_ERROR_STOP=1', '-F', '\x1f',
                                    '-c', query], {
      encoding: 'utf8', env: {...process.env, PGOPTIONS: `-c search_path=${this.schema}`}});
    if (done.status !== 0) throw new Error(`${query}: ${done.stderr}`);
    return done.stdout.split('\n').filter(Boolean).map((row) => row.split('\x1f'));
  }

  value(query) {
    return this.sql(query)[0]?.[0];
  }

  consumed() {
    return Number(this.value('SELECT coalesce(sum(consumed), 0) FROM pipeline_accounts'));
  }

  // Until everything that was sent from here is in the tables. What the server says of itself is up
  // to a second old: no measure for that.
  settled() {
    return until('everything is applied', () => this.consumed() >= this.sent);
  }

  stack(...args) {
    const done = spawnSync(join(root, 'scripts/stack.sh'), ['--dir', need('LENSART_STACK_DIR'),
                                                             ...args], {encoding: 'utf8'});
    if (done.status !== 0) throw new Error(`stack.sh ${args.join(' ')}: ${done.stderr}`);
  }

  async remove() {
    await this.stop('SIGKILL');
    this.sql(`DROP SCHEMA IF EXISTS ${this.schema} CASCADE`);
    rmSync(this.directory, {recursive: true, force: true});
  }
}

// An order.created as the shop sends it.
export function orderCreated(id, changes = {}, {at = new Date(), event = `browser_${id}`} = {}) {
  return {
    event_type: 'order.created', event_id: event, timestamp: at.toISOString(),
    data: {
      id, user_id: 7, branch_id: 1, date: at.toISOString(), address: '1 Lê Lợi', note: null,
      total_price: '1500000.00', order_status: 'Đang xử lý', payment_status: 'Chưa thanh toán',
      payment_method: 'COD', user: {id: 7, name: 'Nguyễn Ánh', email: 'anh@example.com'},
      branch: {id: 1, name: 'LensArt Quận 1', address: '102 Lê Lợi'},
      order_details: [{product_id: 3, product_name: 'Gọng kính LA-01', quantity: 2,
                       total_price: '1500000.00'}], ...changes,
    },
  };
}
