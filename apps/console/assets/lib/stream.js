// The server's events: one EventSource, shared by everything on the page.
//
// It carries what the page at hand wants. It comes back by itself, sooner at first and then every
// few seconds, says so in between, and notices a server that is connected and silent. In a tab that
// nobody looks at it rests.

import {get, kBase} from './api.js';

const kSilence = 8_000;  // the server sends every second
const kFirstRetry = 400;
const kLongestRetry = 4_000;
const kHiddenRest = 60_000;
const kNames = ['overview', 'graph', 'epochs', 'watermarks'];

export class Stream {
  constructor() {
    this.listeners = new Map(kNames.map((name) => [name, new Set()]));
    this.stateListeners = new Set();
    this.last = new Map();
    this.state = {name: 'connecting', since: Date.now()};
    this.wanted = ['overview'];
    this.failures = 0;
    this.source = null;
    this.running = false;
  }

  start() {
    this.running = true;
    document.addEventListener('visibilitychange', () => this.onVisibility());
    addEventListener('online', () => this.retryNow());
    this.connect();
  }

  // Calls back at once with the newest event of that name, if one has come. Returns what ends it.
  on(name, callback) {
    this.listeners.get(name).add(callback);
    if (this.last.has(name)) callback(this.last.get(name));
    return () => this.listeners.get(name).delete(callback);
  }

  onState(callback) {
    this.stateListeners.add(callback);
    callback(this.state);
  }

  latest(name) {
    return this.last.get(name) ?? null;
  }

  // What the page needs beside `overview`, which is always wanted. What no longer comes is
  // forgotten, so that nobody is shown a picture of long ago.
  want(...names) {
    const wanted = ['overview', ...names];
    if (wanted.join() === this.wanted.join()) return;
    this.wanted = wanted;
    for (const name of kNames) {
      if (!wanted.includes(name)) this.last.delete(name);
    }
    if (this.running && this.source) this.connect();
  }

  stop() {
    this.running = false;
    this.close();
  }

  resume() {
    this.running = true;
    this.failures = 0;
    this.connect();
  }

  retryNow() {
    if (this.running && !this.source) this.connect();
  }

  setState(name) {
    if (this.state.name !== name) this.state = {name, since: Date.now()};
    for (const callback of this.stateListeners) callback(this.state);
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.source?.close();
    this.source = null;
  }

  connect() {
    this.close();
    const source = new EventSource(`${kBase}/events?only=${this.wanted.join()}`);
    this.source = source;
    for (const name of this.wanted) {
      source.addEventListener(name, (event) => this.deliver(name, event.data));
    }
    source.onerror = () => this.onFailure(source);
    this.watch(source);
  }

  watch(source) {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.onFailure(source), kSilence);
  }

  deliver(name, data) {
    const value = JSON.parse(data);
    this.failures = 0;
    this.watch(this.source);
    if (this.state.name !== 'live') this.setState('live');
    this.last.set(name, value);
    for (const callback of this.listeners.get(name)) callback(value);
  }

  // EventSource does not tell a refusal from a server that is gone: the session does.
  onFailure(source) {
    if (source !== this.source) return;
    this.close();
    this.setState('away');
    const longest = Math.min(kLongestRetry, kFirstRetry * 2 ** this.failures++);
    const wait = longest * (0.75 + Math.random() / 4);  // not all tabs at once
    this.timer = setTimeout(() => this.retryNow(), wait);
    if (this.failures === 1) get('/overview').catch(() => {});  // 401 leads to the sign-in
  }

  onVisibility() {
    clearTimeout(this.rest);
    if (document.hidden) {
      this.rest = setTimeout(() => this.close(), kHiddenRest);
    } else {
      this.retryNow();
    }
  }
}
