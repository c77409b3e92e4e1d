// A short path through all pages of the console, against the program, Kafka and PostgreSQL: each
// shows what SQL says, follows what happens, breaks no rule of accessibility and prints no error.
// `scripts/campaign.sh browser` takes the long one.

import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {kPages, launch, Visitor} from './browser.mjs';
import {checks} from './figures.mjs';
import {orderCreated, Pipeline, until} from './pipeline.mjs';

let pipeline;
let browser;
let visitor;

before(async () => {
  [pipeline, browser] = await Promise.all([
    Pipeline.create({LENSART_PIPELINE_IDLE_TIMEOUT: '1s'}), launch()]);
  await pipeline.start();
  pipeline.generate('--orders', '300', '--span', '2d', '--duplicates', '0.05', '--poison', '0.05');
  await pipeline.settled();
});

after(async () => {
  await browser?.close();
  await pipeline?.remove();
});

test('the first view takes at most 300 KB', async () => {
  visitor = await Visitor.come(browser, pipeline.address);
  const network = await visitor.context.newCDPSession(visitor.page);
  await network.send('Network.enable');
  let bytes = 0;
  network.on('Network.loadingFinished', ({encodedDataLength}) => { bytes += encodedDataLength; });
  await visitor.open('/');
  await visitor.page.waitForSelector('.chart canvas');
  await network.detach();
  console.log(`first view: ${bytes} bytes`);
  assert.ok(bytes > 50_000 && bytes <= 300_000, `${bytes} bytes`);
});

for (const name of Object.keys(kPages)) {
  test(`${name} shows what SQL says, and axe finds nothing`, async () => {
    await visitor.go(name);
    await checks[name](visitor, pipeline);
    await visitor.accessible(name);
    await visitor.fits(name);
  });
}

test('what happens shows within 2 s of its commit', async () => {
  await visitor.go('overview');
  const before = pipeline.consumed();
  pipeline.generate('--orders', '20', '--first-order', '90001', '--span', '1h');
  await pipeline.settled();
  const now = pipeline.consumed();
  assert.ok(now > before);
  const read = visitor.page.locator('.table tfoot td').first();
  const taken = await visitor.within(2000, 'the overview follows', async () =>
      Number((await read.innerText()).replace(/\D/g, '')) === now);
  console.log(`shown ${Math.round(taken)} ms after it was in the tables`);
});

test('a dead letter is found, edited, tried and sent again, and its order is there', async () => {
  await pipeline.send('created', 1, orderCreated(70001, {total_price: '-5'}));
  await until('it is refused', () =>
      pipeline.value('SELECT count(*) FROM dead_letters WHERE order_id = 70001') === '1');
  await visitor.open('/letters?order_id=70001');
  await visitor.page.click('.table tbody th a');
  assert.match(await visitor.text('pre.payload mark'), /^"total_price": "-5"$/);
  await visitor.page.click('summary');
  const payload = await visitor.page.inputValue('textarea');
  await visitor.page.fill('textarea', payload.replace('"-5"', '"1500000.00"'));
  await visitor.page.click('button.main-action');
  await visitor.page.waitForSelector('text=would be accepted');
  assert.equal(pipeline.value('SELECT count(*) FROM orders_raw WHERE order_id = 70001'), '0');
  await visitor.page.click('text="Send again"');
  await visitor.page.waitForSelector('text=1 of 1 were sent');
  await until('its order is in the tables', () =>
      pipeline.value('SELECT total_price FROM orders_processed WHERE order_id = 70001') ===
      '1500000.00');
});

test('Vietnamese is spoken where the browser wants it, on a phone, in the dark', async () => {
  const guest = await Visitor.come(browser, pipeline.address, {
    locale: 'vi-VN', colorScheme: 'dark', viewport: {width: 390, height: 844}});
  await guest.open('/business');
  assert.equal(await guest.text('h1'), 'Kinh doanh');
  assert.equal(await guest.page.getAttribute('html', 'lang'), 'vi');
  assert.match(await guest.figure('revenue'), /^[\d.]+\u00a0₫$/);
  await guest.fits('business on a phone');
  await guest.accessible('business in Vietnamese, dark');
  guest.calm();
  await guest.leave();
});

test('the console printed no error, and asked nothing of another host', () => visitor.calm());
