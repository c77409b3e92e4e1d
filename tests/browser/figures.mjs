// Each page's figures, compared with what SQL says. REQUIRES: everything is applied, nothing comes.
// What a page shows may be two seconds old.

import assert from 'node:assert/strict';

const digits = (text) => Number(String(text).replace(/\D/g, ''));

export const checks = {
  async overview(visitor, pipeline) {
    const [[consumed, accepted, refused]] = pipeline.sql(
        'SELECT sum(consumed), sum(accepted), sum(dead_lettered) FROM pipeline_accounts');
    const counted = async () => {
      const foot = await visitor.page.locator('.table tfoot td').allInnerTexts();
      return [foot[0], foot[1], foot[4]].map(digits);
    };
    await visitor.within(3000, 'nothing is on its way, and all is counted', async () =>
        await visitor.number('lag') === 0 && (await counted())[0] === Number(consumed));
    assert.deepEqual(await counted(), [consumed, accepted, refused].map(Number),
                     'events since the start');
    const codes = pipeline.sql('SELECT count(*) FROM dead_letters GROUP BY code ORDER BY 1 DESC');
    const shown = (await visitor.rows('Refused, by rule')).map((row) => digits(row[2]));
    assert.deepEqual(shown.sort((a, b) => b - a), codes.map(([count]) => Number(count)));
  },

  // A node is chosen with the keyboard.
  async graph(visitor, pipeline) {
    const {page} = visitor;
    assert.equal(await page.locator('.graph .node').count(), 9);
    await page.locator('.graph .node', {hasText: 'parse'}).focus();
    await page.keyboard.press('Enter');
    await visitor.ready();
    await page.waitForSelector('[data-figure="total"]');
    assert.equal(await visitor.number('total'), pipeline.consumed(), 'what parse has seen');
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H2');
  },

  async epochs(visitor, pipeline) {
    // Partitions that fall idle make epochs without events.
    const newest = () => Number(pipeline.value('SELECT max(epoch) FROM pipeline_epochs'));
    for (const name of ['newest', 'applied']) {
      await visitor.within(3000, `the ${name} epoch`, async () =>
          await visitor.number(name) === newest());
    }
    const trees = (await visitor.rows('The state')).map(([name]) => name);
    assert.ok(trees.includes('orders') && trees.includes('outbox'), `trees: ${trees}`);
  },

  async watermarks(visitor, pipeline) {
    const offsets = Object.fromEntries(pipeline.sql(
        `SELECT topic || '/' || partition, max(last_offset) + 1 FROM pipeline_accounts
          GROUP BY topic, partition`));
    const rows = await visitor.rows('Partitions');
    assert.equal(rows.length, 13);
    for (const [name, , , , , unread, next] of rows) {
      assert.equal(digits(next), Number(offsets[name] || 0), name);
      assert.equal(digits(unread), 0, name);
    }
    const clock = pipeline.value(`SELECT to_char(max(watermark) AT TIME ZONE 'Asia/Ho_Chi_Minh',
                                                 'HH24:MI') FROM pipeline_epochs`);
    assert.match(await visitor.figure('watermark'), new RegExp(clock));
  },

  async business(visitor, pipeline) {
    const {from, until} = await pipeline.api('/business');
    const [[orders, revenue, completed]] = pipeline.sql(
        `SELECT sum(total_orders), sum(total_revenue), sum(completed_orders) FROM order_metrics
          WHERE (metric_date + make_interval(hours => metric_hour::int))
                  AT TIME ZONE 'Asia/Ho_Chi_Minh' >= '${from}'
            AND (metric_date + make_interval(hours => metric_hour::int))
                  AT TIME ZONE 'Asia/Ho_Chi_Minh' < '${until}'`);
    assert.equal(await visitor.number('orders'), Number(orders));
    assert.equal(await visitor.number('completed'), Number(completed));
    const shown = await visitor.figure('revenue');
    assert.match(shown, /₫$/);
    assert.equal(digits(shown), digits(revenue.replace(/\.00$/, '')), `${shown} and ${revenue}`);
    const stuck = Number(pipeline.value(`SELECT count(*) FROM order_anomalies
                                          WHERE kind = 'stuck' AND resolved_at IS NULL`));
    assert.equal((await visitor.rows('Stuck orders')).length, Math.min(10, stuck));
    assert.ok(await visitor.page.locator('.chart canvas').count() >= 2, 'charts are drawn');
  },

  async orders(visitor, pipeline) {
    const [[id, status, total, events]] = pipeline.sql(
        `SELECT o.order_id, o.order_status, o.total_price,
                (SELECT count(*) FROM orders_raw r WHERE r.order_id = o.order_id)
           FROM orders_processed o JOIN order_status_history h USING (order_id)
          GROUP BY o.order_id, o.order_status, o.total_price ORDER BY count(*) DESC LIMIT 1`);
    await visitor.page.fill('input[name="order"]', id);
    await visitor.page.keyboard.press('Enter');
    await visitor.page.waitForSelector('.life > li');
    assert.equal(await visitor.page.locator('.life > li').count(), Number(events));
    assert.equal(await visitor.text('.pairs .tag'), status);
    assert.equal(await visitor.number('total'), digits(total.replace(/\.00$/, '')));
  },

  async letters(visitor, pipeline) {
    const all = Number(pipeline.value('SELECT count(*) FROM dead_letters'));
    const found = async () => digits((await visitor.text('main [role="status"].quiet'))
        .split(' of ')[1]);
    await visitor.within(3000, 'the letters are counted', async () => await found() === all);
    const [[code, count, message]] = pipeline.sql(
        `SELECT code, count(*), min(message) FROM dead_letters WHERE code <> 'bad_json'
          GROUP BY code ORDER BY 2 DESC LIMIT 1`);
    await visitor.page.click(`.chip[data-code="${code}"]`);
    await visitor.within(3000, 'one rule is chosen', async () => await found() === Number(count));
    await visitor.page.fill('input[type="search"]', message);
    await visitor.page.keyboard.press('Enter');
    await visitor.within(3000, 'its message is found', async () =>
        (await visitor.rows('Refused events')).length === Number(pipeline.value(
            `SELECT count(*) FROM dead_letters WHERE code = '${code}'
                AND message = '${message.replaceAll("'", "''")}'`)));
    await visitor.page.click('.table tbody th a');
    await visitor.ready();
    assert.ok((await visitor.text('.pairs')).includes(message), 'the letter shows its message');
  },

  async configuration(visitor, pipeline) {
    await visitor.page.fill('input[type="search"]', 'postgres.schema');
    const [[key, value, origin]] = await visitor.rows('postgres');
    assert.match(key, /^postgres\.schema/);
    assert.equal(value, `"${pipeline.schema}"`);
    assert.equal(origin, 'LENSART_POSTGRES_SCHEMA');
  },
};
