// The frame around every page: navigation, the state of the connection, language and theme, and
// which page the address means.

import {whenRefused} from './lib/api.js';
import {attentionKey, causeOf} from './lib/attention.js';
import {redrawCharts} from './lib/chart.js';
import {h, replace, setAttribute, setText, svg} from './lib/dom.js';
import {duration, setZone} from './lib/format.js';
import {loading, segments} from './lib/parts.js';
import {signIn} from './lib/sign_in.js';
import {Stream} from './lib/stream.js';
import {kLanguages, language, remember, setLanguage, t} from './lib/words.js';

const kGroups = [
  ['pipeline', ['overview', 'graph', 'epochs', 'watermarks']],
  ['shop', ['business', 'orders']],
  ['upkeep', ['letters', 'configuration']],
];
const kPages = Object.fromEntries(kGroups.flatMap(([, names]) => names).map((name) =>
    [name, name === 'overview' ? '/' : `/${name}`]));

const stream = new Stream();
let endPage = () => {};
let started = null;   // when the server started: another one has started anew
let parts = {};

function pageOf(path) {
  const first = path.split('/')[1];
  return first === '' ? 'overview' : first in kPages ? first : null;
}

function navigation() {
  const item = (name) => h('li', null, h('a', {href: kPages[name], 'data-page': name},
      h('span', null, t(`page.${name}`))));
  return h('nav', {'aria-label': t('frame.navigation')}, kGroups.map(([group, names]) =>
      [h('h2', null, t(`frame.${group}`)), h('ul', null, names.map(item))]));
}

function brand() {
  const glasses = svg('svg', {width: 30, height: 30, viewBox: '0 0 32 32', 'aria-hidden': 'true'},
      svg('rect', {width: 32, height: 32, rx: 8, fill: '#0b6670'}),
      svg('g', {fill: 'none', stroke: '#fff', 'stroke-width': 2.4, 'stroke-linecap': 'round'},
          svg('circle', {cx: 10.2, cy: 17, r: 4.6}), svg('circle', {cx: 21.8, cy: 17, r: 4.6}),
          svg('path', {d: 'M14.6 15.6q1.4-1 2.8 0M5.6 16q.6-4 3.4-5M26.4 16q-.6-4-3.4-5'})));
  parts.pipeline = h('small', null, t('frame.pipeline'));
  return h('a', {class: 'brand', href: '/'}, glasses,
      h('span', null, h('b', null, 'LensArt'), parts.pipeline));
}

function choices() {
  const languages = Object.entries(kLanguages).map(([value, text]) => ({value, text}));
  const themes = ['auto', 'light', 'dark'].map((value) => ({value, text: t(`theme.${value}`)}));
  const theme = document.documentElement.dataset.theme || 'auto';
  return [
      segments(t('frame.language'), languages, language(), (code) => {
        setLanguage(code);
        build();
        document.querySelector('.choices [aria-pressed="true"]')?.focus();
      }),
      segments(t('frame.theme'), themes, theme, (value) => {
        remember('lensart.theme', value === 'auto' ? null : value);
        if (value === 'auto') delete document.documentElement.dataset.theme;
        else document.documentElement.dataset.theme = value;
        redrawCharts();
      }),
  ];
}

function build() {
  parts = {};
  parts.title = h('h1', {tabindex: -1});
  parts.dot = h('i', {class: 'dot'});
  parts.live = h('span', null);
  parts.liveBox = h('p', {class: 'live', role: 'status'}, parts.dot, parts.live);
  parts.notices = h('div');
  parts.spoken = h('p', {class: 'hidden-text', role: 'status'});
  parts.place = h('div');
  replace(document.body,
      h('a', {class: 'skip', href: '#content'}, t('frame.skip')),
      h('div', {class: 'frame'},
          h('header', {class: 'side'}, brand(), navigation()),
          h('main', {class: 'main', id: 'content'},
              h('div', {class: 'bar'}, parts.title, parts.liveBox),
              parts.notices, parts.spoken, parts.place),
          h('footer', {class: 'choices'}, choices())));
  showConnection(stream.state);
  showNotices();
  openPage(false);
}

// ---- pages --------------------------------------------------------------------------------------

async function openPage(moveFocus) {
  const name = pageOf(location.pathname);
  endPage();
  endPage = () => {};
  const title = t(name ? `page.${name}` : 'page.unknown');
  setText(parts.title, title);
  document.title = `${title} · LensArt`;
  for (const link of document.querySelectorAll('nav a')) {
    setAttribute(link, 'aria-current', link.dataset.page === name ? 'page' : null);
    if (link.dataset.page === name) showInStrip(link);
  }
  if (moveFocus) {
    parts.title.focus({preventScroll: true});
    scrollTo(0, 0);
  }
  showNotices();
  const place = h('div', {class: 'stack'}, loading());
  replace(parts.place, place);
  if (!name) {
    replace(place, h('div', {class: 'card'}, t('frame.no_page'), ' ',
        h('a', {href: '/'}, t('page.overview'))));
    return;
  }
  let page;
  try {
    page = await import(`./pages/${name}.js`);
  } catch {
    page = null;
  }
  if (!place.isConnected) return;  // another page has been opened meanwhile
  if (!page) {
    replace(place, h('div', {class: 'card'}, t('frame.not_loaded'), ' ',
        h('button', {onclick: () => location.reload()}, t('frame.reload'))));
    return;
  }
  stream.want(...page.wants);
  // Times are shown in the business zone: which one that is comes with the first event.
  const stop = stream.on('overview', () => queueMicrotask(() => {
    stop();
    if (!place.isConnected || place.dataset.shown) return;
    place.dataset.shown = 'yes';
    replace(place);
    endPage = page.show(place, {stream, go, address: new URL(location.href),
                                title: (text) => setTitle(text)}) || (() => {});
  }));
}

// On a phone the navigation is a strip that scrolls: not the page with it.
function showInStrip(link) {
  const strip = link.closest('nav');
  strip.scrollLeft = link.offsetLeft - (strip.clientWidth - link.offsetWidth) / 2;
}

function setTitle(text) {
  setText(parts.title, text);
  document.title = `${text} · LensArt`;
}

// go('/letters?code=bad_id'); with {replace: true} the page itself has changed its address.
function go(address, {replace: instead = false} = {}) {
  if (instead) {
    history.replaceState(null, '', address);
    return;
  }
  history.pushState(null, '', address);
  openPage(true);
}

function onClick(event) {
  const link = event.target.closest?.('a[href]');
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey ||
      event.shiftKey || event.altKey || link.target || link.origin !== location.origin ||
      pageOf(link.pathname) === null || link.getAttribute('href').startsWith('#')) {
    return;
  }
  event.preventDefault();
  go(link.pathname + link.search);
}

// ---- what the frame shows of the pipeline -------------------------------------------------------

function showConnection({name, since}) {
  const away = name === 'away';
  setAttribute(parts.dot, 'class', `dot ${{live: 'good', away: 'bad', connecting: ''}[name]}`);
  setAttribute(parts.liveBox, 'class', away ? 'live bad' : 'live');
  setText(parts.live, t(`frame.${name}`));
  if (!away || Date.now() - since < 1500) {
    parts.awayNotice?.remove();
    parts.awayNotice = null;
    if (away) setTimeout(() => showConnection(stream.state), 1600);
  } else if (!parts.awayNotice) {
    const text = h('span', null);
    parts.awayNotice = h('div', {class: 'notice', role: 'alert'}, text,
        h('button', {onclick: () => stream.retryNow()}, t('state.retry')));
    parts.notices.prepend(parts.awayNotice);
    const tick = () => {
      if (!text.isConnected) return;
      setText(text, t('frame.away_for', {duration: duration((Date.now() - since) / 1000)}));
      setTimeout(tick, 1000);
    };
    tick();
  }
}

// On every page but the Overview, which says more: the first thing that needs attention.
function showNotices() {
  const overview = stream.latest('overview');
  const first = overview?.attention.find(({severity}) => severity !== 'info');
  const elsewhere = pageOf(location.pathname) !== 'overview';
  if (!first || !elsewhere) {
    parts.attention?.remove();
    parts.attention = null;
    return;
  }
  if (!parts.attention) {
    parts.attention = h('div', {class: 'notice'}, h('span', null),
        h('a', {href: '/'}, t('frame.see_overview')));
    parts.notices.append(parts.attention);
  }
  setAttribute(parts.attention, 'class',
      first.severity === 'critical' ? 'notice' : 'notice warning');
  setText(parts.attention.firstChild, causeOf(first));
}

let spokenKey = null;

function onOverview(overview) {
  const {pipeline, attention} = overview;
  setZone(pipeline.time_zone);
  setText(parts.pipeline, pipeline.name);
  if (started && started !== pipeline.started_at) {
    openPage(false);  // another run: nothing shown so far belongs to it
  }
  started = pipeline.started_at;
  showNotices();
  const key = attentionKey(attention);
  if (key !== spokenKey) {
    if (spokenKey !== null) {
      setText(parts.spoken, attention.length ? causeOf(attention[0]) : t('attention.none'));
    }
    spokenKey = key;
  }
}

whenRefused(() => {
  stream.stop();
  endPage();
  endPage = () => {};
  replace(parts.place, signIn(() => {
    stream.resume();
    openPage(true);
  }));
});
document.addEventListener('click', onClick);
addEventListener('popstate', () => openPage(true));
build();
stream.onState(showConnection);
stream.on('overview', onOverview);
stream.start();
