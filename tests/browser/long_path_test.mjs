// All of the console, at length: run by `scripts/campaign.sh browser`. What the short path takes
// once is taken here in both languages, both themes and on a phone; by the keyboard alone; across
// restarts of the server; and with each of the four causes that the Overview must name.

import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdirSync, statSync} from 'node:fs';
import {after, before, test} from 'node:test';
import {kPages, launch, Visitor} from './browser.mjs';
import {checks} from './figures.mjs';
import {orderCreated, Pipeline, until} from './pipeline.mjs';

const shots = process.env.LENSART_TEST_SCREENSHOTS;  // where to leave them; none without
const kAway = [/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|Failed to load resource/];
const kPhone = {width: 390, height: 844};
const kFast = {LENSART_PIPELINE_IDLE_TIMEOUT: '2s'};

let browser;
let pipeline;

before(async () => {
  [pipeline, browser] = await Promise.all([Pipeline.create(kFast), launch()]);
  await pipeline.start();
  pipeline.generate('--orders', '3000', '--span', '3d', '--duplicates', '0.05', '--poison', '0.02',
      '--disorder', '10m');
  await pipeline.settled();
});

after(async () => {
  await browser?.close();
  await pipeline?.remove();
});

async function visit(as, body) {
  const visitor = await Visitor.come(browser, pipeline.address, as);
  try {
    await body(visitor);
    visitor.calm();
  } finally {
    await visitor.leave();
  }
}

// Orders that go on by themselves until stop() is called.
function trickle(rate = 20) {
  const child = spawn(pipeline.program, ['generate', '--to', 'kafka', '--orders', '1000000', '--rate',
    String(rate), '--span', '1h', '--seed', '7', '--first-order', '500001'],
      {env: pipeline.env, cwd: pipeline.directory, stdio: 'ignore'});
  const ended = new Promise((resolve) => child.on('exit', resolve));
  return {stop: () => { child.kill(); return ended; }};
}

test('each page shows what SQL says', () => visit({}, async (visitor) => {
  await visitor.open('/');
  for (const name of Object.keys(kPages)) {
    await visitor.go(name);
    await checks[name](visitor, pipeline);
  }
}));

const kDetails = ['/graph?node=orders', '/watermarks?date=2026-11-20&hour=9&branch=1', '/orders/17',
                  '/business?hours=336&branch=1'];

for (const locale of ['en-GB', 'vi-VN']) {
  for (const colorScheme of ['light', 'dark']) {
    for (const viewport of [{width: 1280, height: 900}, kPhone]) {
      const what = `${locale}, ${colorScheme}, ${viewport.width} px`;
      test(`axe finds nothing, and nothing is too wide: ${what}`, () =>
          visit({locale, colorScheme, viewport}, async (visitor) => {
            const [[topic, partition, offset]] = pipeline.sql(
                `SELECT topic, partition, "offset" FROM dead_letters WHERE field <> '' LIMIT 1`);
            const letter = `/letters/${topic}/${partition}/${offset}`;
            for (const path of [...Object.values(kPages), ...kDetails, letter]) {
              await visitor.open(path);
              await visitor.page.waitForTimeout(200);  // charts are drawn after their figures came
              await visitor.accessible(`${path}: ${what}`);
              await visitor.fits(`${path}: ${what}`);
            }
          }));
    }
  }
}

test('pages follow within 2 s of the commit, 10 times each', () => visit({}, async (visitor) => {
  const watched = {
    overview: () => visitor.page.locator('.table tfoot td').first().innerText(),
    epochs: () => visitor.figure('newest'),
    watermarks: () => visitor.rows('Partitions').then(String),
    business: () => visitor.figure('orders'),
  };
  const taken = [];
  await visitor.open('/');
  for (const [name, read] of Object.entries(watched)) {
    await visitor.go(name);
    await visitor.page.waitForTimeout(1500);
    for (let i = 0; i < 10; ++i) {
      const id = 800_000 + taken.length;
      const before = await read();
      await pipeline.send('created', i % 3, orderCreated(id));
      await until('the order is in the table', () =>
          pipeline.value(`SELECT count(*) FROM orders_processed WHERE order_id = ${id}`) === '1');
      taken.push(await visitor.within(2000, `${name} follows`,
          async () => await read() !== before));
    }
  }
  taken.sort((a, b) => a - b);
  console.log(`shown after the commit: median ${Math.round(taken[taken.length >> 1])} ms, ` +
      `longest ${Math.round(taken.at(-1))} ms, ${taken.length} changes`);
}));

test('an order that is open follows its own events', () => visit({}, async (visitor) => {
  await pipeline.send('created', 0, orderCreated(810_001));
  await pipeline.settled();
  await visitor.open('/orders/810001');
  await visitor.page.waitForSelector('.life > li');
  await pipeline.send('events', 0, {event_type: 'order.status_changed', event_id: 'browser_follow',
    timestamp: new Date().toISOString(),
    data: {order_id: 810_001, old_status: 'Đang xử lý', new_status: 'Đang giao hàng'}});
  await visitor.page.waitForSelector('.life > li:nth-child(2)', {timeout: 5000});
  await visitor.within(2000, 'its status', async () =>
      await visitor.text('.pairs .tag') === 'Đang giao hàng');
}));

test('the console survives restarts of the server, and says so meanwhile', () =>
    visit({}, async (visitor) => {
      visitor.tolerated = kAway;
      await visitor.open('/');
      for (const signal of ['SIGTERM', 'SIGKILL']) {
        await pipeline.stop(signal);
        await visitor.page.waitForSelector('.notice >> text=has not answered', {timeout: 15_000});
        assert.equal(await visitor.text('.live'), 'Server away');
        await visitor.accessible('while the server is away');
        await pipeline.start();
        await visitor.page.waitForSelector('.live >> text=Live', {timeout: 15_000});
        assert.equal(await visitor.page.locator('.notice >> text=has not answered').count(), 0);
        await visitor.within(5000, 'figures of the new run', async () =>
            Number((await visitor.page.locator('.table tfoot td').first().innerText())
                .replace(/\D/g, '')) === 0);
        for (const name of Object.keys(kPages)) await visitor.go(name);
        await visitor.go('overview');
      }
      pipeline.generate('--orders', '5', '--first-order', '820001', '--span', '1h');
      await visitor.within(10_000, 'what comes after it', async () =>
          Number((await visitor.page.locator('.table tfoot td').first().innerText())
              .replace(/\D/g, '')) > 0);
    }));

test('the keyboard alone is enough', () => visit({}, async (visitor) => {
  const {page} = visitor;
  const focus = () => page.evaluate(() => {
    const element = document.activeElement;
    const {outlineStyle} = getComputedStyle(element);
    return {text: element.innerText || element.textContent || element.value || '',
            page: element.dataset?.page, tag: element.tagName, outlineStyle,
            html: element.outerHTML.slice(0, 200)};
  });
  const tabTo = async (found, what) => {
    for (let i = 0; i < 120; ++i) {
      await page.keyboard.press('Tab');
      const now = await focus();
      if (now.tag !== 'BODY' && now.tag !== 'g') {
        assert.notEqual(now.outlineStyle, 'none', `focus shows on ${now.html}`);
      }
      if (found(now)) return now;
    }
    throw new Error(`the keyboard does not get to ${what}`);
  };
  await visitor.open('/');
  assert.match((await tabTo(() => true, 'the first')).text, /Skip to the content/);
  for (const name of Object.keys(kPages)) {
    await page.keyboard.press('Control+Home');
    await visitor.open(kPages[name === 'overview' ? 'graph' : 'overview']);
    await tabTo((now) => now.page === name, name);
    await page.keyboard.press('Enter');
    await visitor.ready();
    assert.equal((await focus()).tag, 'H1', `the heading of ${name} has the focus`);
  }
  await visitor.open('/orders');
  await tabTo((now) => now.tag === 'INPUT', 'the number');
  await page.keyboard.type('17');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.life > li');
  await visitor.open('/letters');
  await tabTo((now) => now.tag === 'INPUT' && now.text === 'on', 'a letter’s box');
  await page.keyboard.press('Space');
  await tabTo((now) => now.tag === 'BUTTON' && /Vi/.test(now.text), 'Vietnamese');
  await page.keyboard.press('Enter');
  assert.equal(await visitor.text('h1'), 'Sự kiện bị từ chối');
  await page.reload();
  await visitor.ready();
  assert.equal(await visitor.text('h1'), 'Sự kiện bị từ chối', 'the choice is remembered');
}));

test('the first view is there within 1 s, the median of 9', async () => {
  const times = [];
  for (let i = 0; i < 9; ++i) {
    await visit({}, async (visitor) => {
      await visitor.open('/');
      await visitor.page.waitForFunction(() =>
          document.querySelector('[data-figure="lag"]').innerText !== '–');
      times.push(await visitor.page.evaluate(() => performance.now()));
    });
  }
  times.sort((a, b) => a - b);
  console.log(`first view: ${times.map(Math.round).join(', ')} ms`);
  assert.ok(times[4] <= 1000, `median ${times[4]} ms`);
});

// ---- a token ------------------------------------------------------------------------------------

test('where a token is wanted it is asked for, and kept over a reload', async () => {
  const token = 'lensart-browser-test-token';
  const guarded = await Pipeline.create({...kFast, LENSART_HTTP_AUTH: 'token',
    LENSART_HTTP_TOKENS: `["${createHash('sha256').update(token).digest('hex')}"]`});
  try {
    await guarded.start();
    const visitor = await Visitor.come(browser, guarded.address);
    visitor.tolerated = [/401/];
    await visitor.page.goto(guarded.address);
    await visitor.page.fill('input[name="token"]', 'wrong');
    await visitor.page.keyboard.press('Enter');
    await visitor.page.waitForSelector('text=does not know this token');
    await visitor.accessible('the sign-in');
    await visitor.page.fill('input[name="token"]', token);
    await visitor.page.keyboard.press('Enter');
    await visitor.ready();
    await visitor.page.reload();
    await visitor.ready();
    assert.equal(await visitor.number('lag'), 0);
    assert.equal((await visitor.page.evaluate(() => document.cookie)), '', 'no script reads it');
    visitor.calm();
    await visitor.leave();
  } finally {
    await guarded.remove();
  }
});

// ---- what the first line of attention must name -------------------------------------------------

async function firstLine(code, en, vi, patience = 60_000) {
  let seen = [];
  await until(`attention: ${code}`, async () => {
    seen = (await pipeline.api('/overview')).attention.map((item) => item.code);
    return seen[0] === code;
  }, patience).catch((error) => { throw new Error(`${error.message}, but: ${seen}`); });
  for (const [locale, {cause, remedy}] of [['en-GB', en], ['vi-VN', vi]]) {
    await visit({locale}, async (visitor) => {
      visitor.tolerated = [/503/];
      await visitor.open('/');
      await visitor.page.waitForSelector(`.attention[data-code="${code}"]`);
      assert.match(await visitor.text('.attention .cause:visible'), cause);
      assert.match(await visitor.text('.attention .remedy:visible'), remedy);
      await visitor.accessible(`${code} in ${locale}`);
      if (shots && code === 'database_away' && locale === 'en-GB') {
        await visitor.page.screenshot({path: `${shots}/attention.png`});
      }
      await visitor.go('graph');
      assert.match(await visitor.text('.notice'), cause, 'on other pages too');
    });
  }
}

test('a burst of poison', () => alone({}, async () => {
  const broken = Array.from({length: 300}, (_, i) => orderCreated(830_000 + i, {total_price: '-5'},
      {event: `poison_${i}`}));
  await pipeline.send('created', 0, ...broken);
  await firstLine('dead_letter_burst',
      {cause: /\d+ events were refused .* “bad price”/, remedy: /Mend the producer/},
      {cause: /\d+ sự kiện bị từ chối .* “giá sai”/, remedy: /Sửa bên gửi/});
}));

test('PostgreSQL is stopped', async () => {
  pipeline.stack('stop', 'postgres');
  try {
    await pipeline.send('created', 0, orderCreated(840_001));
    await firstLine('database_away',
        {cause: /^PostgreSQL does not answer/, remedy: /Start PostgreSQL.*Nothing is lost/},
        {cause: /^PostgreSQL không trả lời/, remedy: /khởi động PostgreSQL.*Không mất dữ liệu/});
  } finally {
    pipeline.stack('start', 'postgres');
  }
  await until('it is caught up', async () =>
      (await pipeline.api('/overview')).attention[0]?.code !== 'database_away', 60_000);
  await until('the order is there', () =>
      pipeline.value('SELECT count(*) FROM orders_processed WHERE order_id = 840001') === '1');
});

// Each but one in a pipeline of its own, so that no other finding stands before it.
async function alone(settings, body) {
  const other = pipeline;
  pipeline = await Pipeline.create({...kFast, ...settings});
  try {
    await pipeline.start();
    await body();
  } finally {
    await pipeline.remove();
    pipeline = other;
  }
}

test('one partition stops', () => alone({}, async () => {
  for (const partition of [0, 1, 2]) {
    await pipeline.send('created', partition, orderCreated(partition + 1));
  }
  await pipeline.settled();
  let id = 100;
  const others = setInterval(() => {
    for (const partition of [0, 2]) {
      const orders = Array.from({length: 10}, () => orderCreated(++id));
      pipeline.send('created', partition, ...orders);
    }
  }, 500);
  try {
    const quiet = new RegExp(`${pipeline.topic('created')}/1`);
    await firstLine('partition_quiet', {cause: quiet, remedy: /shop still writes to this partition/},
        {cause: quiet, remedy: /cửa hàng còn ghi vào phân vùng này/});
  } finally {
    clearInterval(others);
  }
}));

test('an order is stuck', () => alone({}, async () => {
  const at = new Date(Date.now() - 30 * 3600_000);
  await pipeline.send('created', 0, orderCreated(4711, {}, {at}));
  await firstLine('stuck_orders',
      {cause: /Order 4711 is stuck.*Đang xử lý/, remedy: /Call the branch/},
      {cause: /Đơn hàng 4711 bị kẹt.*Đang xử lý/, remedy: /gọi cho chi nhánh/});
}));

// ---- pictures for the documentation -------------------------------------------------------------

test('pictures', {skip: !shots}, async () => {
  mkdirSync(shots, {recursive: true});
  const flow = trickle();
  await new Promise((resolve) => setTimeout(resolve, 30_000));
  const take = (name, path, as) => visit(as, async (visitor) => {
    await visitor.open(path);
    await visitor.page.waitForTimeout(2500);
    const file = `${shots}/${name}.png`;
    await visitor.page.screenshot({path: file});
    assert.ok(statSync(file).size <= 150_000, `${file}: ${statSync(file).size} bytes`);
  });
  const wide = {viewport: {width: 1120, height: 760}};
  await take('overview', '/', wide);
  await take('overview-vi-dark', '/', {...wide, locale: 'vi-VN', colorScheme: 'dark'});
  await take('graph', '/graph?node=relay', wide);
  await take('business-vi', '/business', {...wide, locale: 'vi-VN'});
  await take('order', '/orders/17', wide);
  const [[topic, partition, offset]] = pipeline.sql(
      `SELECT topic, partition, "offset" FROM dead_letters WHERE code = 'bad_price' LIMIT 1`);
  await take('dead-letter', `/letters/${topic}/${partition}/${offset}`, wide);
  await take('phone', '/', {viewport: kPhone, locale: 'vi-VN'});
  await flow.stop();
});
