// Debian's Chromium, driven by Playwright; and what every page is held to: no error in the console,
// nothing asked of another host, no violation that axe finds.

import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {readFileSync} from 'node:fs';

const require = createRequire(new URL('../../.cache/browser/package.json', import.meta.url));
const {chromium} = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const kRules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export const kPages = {
  overview: '/', graph: '/graph', epochs: '/epochs', watermarks: '/watermarks',
  business: '/business', orders: '/orders', letters: '/letters', configuration: '/configuration'};

export function launch() {
  return chromium.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
                          args: process.getuid() === 0 ? ['--no-sandbox'] : []});
}

export class Visitor {
  // `as`: {locale: 'vi-VN', colorScheme: 'dark', viewport: {width, height}}
  static async come(browser, address, as = {}) {
    const context = await browser.newContext({locale: 'en-GB', colorScheme: 'light',
                                              viewport: {width: 1280, height: 900}, ...as});
    const visitor = new Visitor(context, await context.newPage(), address);
    visitor.page.setDefaultTimeout(10_000);
    return visitor;
  }

  constructor(context, page, address) {
    this.context = context;
    this.page = page;
    this.address = address;
    this.troubles = [];
    this.tolerated = [];  // while the server is away on purpose
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.note(message.text());
    });
    page.on('pageerror', (error) => this.note(error.stack));
    page.on('request', (request) => {
      if (!request.url().startsWith(address)) this.note(`asks another host: ${request.url()}`);
    });
  }

  note(text) {
    if (!this.tolerated.some((pattern) => pattern.test(text))) this.troubles.push(text);
  }

  async open(path) {
    await this.page.goto(this.address + path, {waitUntil: 'commit'});
    await this.ready();
  }

  // By the navigation, as a reader goes.
  async go(name) {
    await this.page.click(`nav a[data-page="${name}"]`);
    await this.ready();
  }

  // The page at hand shows something other than that it is loading.
  async ready() {
    await this.page.waitForFunction(() => {
      const place = document.querySelector('main .stack[data-shown]');
      return place && !document.querySelector('main .loading');
    });
  }

  text(selector) {
    return this.page.locator(selector).first().innerText();
  }

  figure(name) {
    return this.text(`[data-figure="${name}"]`);
  }

  // The digits of a figure: 1.234.567 ₫ → 1234567
  async number(name) {
    return Number((await this.figure(name)).replace(/\D/g, ''));
  }

  // A table by its caption's beginning: its rows as arrays of texts.
  rows(caption) {
    return this.page.locator(`.table[aria-label^="${caption}"] tbody tr`).evaluateAll((rows) =>
        rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim())));
  }

  // Polls until `done` says yes; how many ms that took.
  async within(milliseconds, what, done) {
    const begin = performance.now();
    while (!await done()) {
      const taken = performance.now() - begin;
      assert.ok(taken < milliseconds, `${what}: not within ${milliseconds} ms`);
      await this.page.waitForTimeout(20);
    }
    return performance.now() - begin;
  }

  async accessible(what) {
    await this.page.evaluate(`window.axe || (() => {${axe}})()`);
    const found = await this.page.evaluate(async (values) => {
      const {violations} = await window.axe.run(document, {runOnly: {type: 'tag', values}});
      return violations.map(({id, nodes}) =>
          `${id} (${nodes.length}): ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`);
    }, kRules);
    assert.deepEqual(found, [], what);
  }

  // The page is no wider than the window.
  async fits(what) {
    const [wide, window] = await this.page.evaluate(() =>
        [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= window, `${what}: ${wide} px wide in a window of ${window}`);
  }

  calm() {
    assert.deepEqual(this.troubles, []);
  }

  leave() {
    return this.context.close();
  }
}
