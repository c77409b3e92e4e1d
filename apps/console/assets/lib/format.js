// Numbers, money, sizes, times: as the reader's language writes them. Times are in the business
// time zone, whatever the browser's is; `setZone` says which.

import {locale, t} from './words.js';

let zone = 'UTC';
const cache = new Map();

export function setZone(name) {
  zone = name;
  cache.clear();
}

export function currentZone() {
  return zone;
}

function formatter(kind, options) {
  const key = `${kind.name} ${locale()} ${JSON.stringify(options)}`;
  let found = cache.get(key);
  if (!found) {
    found = new kind(locale(), options);
    cache.set(key, found);
  }
  return found;
}

export const kNone = '–';

export function number(value, digits = 0) {
  if (value === null || value === undefined || Number.isNaN(value)) return kNone;
  return formatter(Intl.NumberFormat, {minimumFractionDigits: digits,
                                       maximumFractionDigits: digits}).format(value);
}

// A rate or another figure that may be small: whole from 100 on, else with one decimal.
export function rate(value) {
  if (value === null || value === undefined) return kNone;
  return number(value, value > 0 && value < 99.95 ? 1 : 0);
}

// For axes, whose steps are round.
export function plain(value) {
  return number(value, value > 0 && value < 10 && !Number.isInteger(value) ? 1 : 0);
}

export function percent(share) {
  if (share === null || share === undefined) return kNone;
  const digits = share > 0 && share < 0.0995 ? 1 : 0;
  return formatter(Intl.NumberFormat, {style: 'percent', maximumFractionDigits: digits})
      .format(share);
}

// "1500000.00" → 1.500.000 ₫. From the decimal text, so no digit is lost; hundredths only where
// there are any. The sign stands behind in both languages, as in the shop.
export function money(text) {
  if (text === null || text === undefined) return kNone;
  const [whole, cents = ''] = String(text).split('.');
  const digits = formatter(Intl.NumberFormat, {}).format(BigInt(whole));
  const tail = /[1-9]/.test(cents) ? decimalPoint() + cents.padEnd(2, '0') : '';
  return `${digits}${tail}\u00a0₫`;
}

function decimalPoint() {
  return formatter(Intl.NumberFormat, {minimumFractionDigits: 1}).formatToParts(0.5)
      .find(({type}) => type === 'decimal').value;
}

// Where there is little room: 1,5 triệu, 2 tỷ.
export function shortMoney(value) {
  const [size, name] = value >= 1e9 ? [1e9, 'billion'] : value >= 1e6 ? [1e6, 'million'] : [1, ''];
  const short = value / size;
  const text = number(short, size > 1 && short < 99.95 && !Number.isInteger(short) ? 1 : 0);
  return name ? `${text}\u00a0${t(`unit.${name}`)}` : text;
}

const kSizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytes(value) {
  if (value === null || value === undefined) return kNone;
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < kSizes.length - 1) {
    size /= 1024;
    ++unit;
  }
  return `${number(size, unit > 0 && size < 99.95 ? 1 : 0)}\u00a0${kSizes[unit]}`;
}


// 0.0042 → 4.2 ms; 2.5 → 2.5 s; 75 → 1 min 15 s; 93 784 → 1 d 2 h. At most two units.
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return kNone;
  const sign = seconds < 0 ? '−' : '';
  const value = Math.abs(seconds);
  if (value === 0) return `0\u00a0${t('unit.short.s')}`;
  if (value < 1) {
    const milliseconds = value * 1000;
    if (milliseconds < 0.05) return `< ${number(0.1, 1)}\u00a0${t('unit.short.ms')}`;
    return `${sign}${number(milliseconds, milliseconds < 9.95 ? 1 : 0)}\u00a0${t('unit.short.ms')}`;
  }
  if (value < 9.95) return `${sign}${number(value, 1)}\u00a0${t('unit.short.s')}`;
  const whole = Math.round(value);
  const parts = [[Math.floor(whole / 86400), 'd'], [Math.floor(whole / 3600) % 24, 'h'],
                 [Math.floor(whole / 60) % 60, 'min'], [whole % 60, 's']];
  const first = parts.findIndex(([count]) => count > 0);
  return sign + parts.slice(first, first + 2).filter(([count]) => count > 0)
      .map(([count, key]) => `${number(count)}\u00a0${t(`unit.short.${key}`)}`).join('\u00a0');
}

export function instant(text) {
  return text === null || text === undefined ? null : new Date(text);
}

const kClock = {hour: '2-digit', minute: '2-digit', hourCycle: 'h23'};
const kDay = {day: 'numeric', month: 'short'};

function inZone(date, options) {
  return formatter(Intl.DateTimeFormat, {timeZone: zone, ...options}).format(date);
}

function dayOf(date) {
  return inZone(date, {year: 'numeric', month: '2-digit', day: '2-digit'});
}

// 14:03:09 today, 28 Nov 14:03 this year, 28 Nov 2025 14:03 otherwise.
export function time(text, now = new Date()) {
  const date = instant(text);
  if (!date) return kNone;
  if (dayOf(date) === dayOf(now)) return inZone(date, {...kClock, second: '2-digit'});
  const year = date.getUTCFullYear() === now.getUTCFullYear() ? {} : {year: 'numeric'};
  return `${inZone(date, {...kDay, ...year})} ${inZone(date, kClock)}`;
}

// Everything that is known of an instant, to the microsecond, for titles and details.
export function fullTime(text) {
  const date = instant(text);
  if (!date) return kNone;
  const fraction = /\.(\d+)/.exec(String(text));
  const tail = fraction && /[1-9]/.test(fraction[1]) ? `.${fraction[1].replace(/0+$/, '')}` : '';
  const day = inZone(date, {...kDay, year: 'numeric', weekday: 'short'});
  return `${day} ${inZone(date, {...kClock, second: '2-digit'})}${tail} (${zone})`;
}

export function clock(seconds, withSeconds = false) {
  return inZone(new Date(seconds * 1000), withSeconds ? {...kClock, second: '2-digit'} : kClock);
}

export function day(seconds) {
  return inZone(new Date(seconds * 1000), kDay);
}

// 2026-11-20 in the zone, for asking and for inputs of type date. Of its parts: which language writes a
// day so is a matter of the browser's version.
export function isoDay(date) {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit'}).formatToParts(date);
  const of = Object.fromEntries(parts.map(({type, value}) => [type, value]));
  return `${of.year}-${of.month}-${of.day}`;
}

// The instant at which `2026-11-20`, hour 14 begins in the zone, in seconds.
export function zoneSeconds(isoDate, hour = 0) {
  const wall = Date.parse(`${isoDate}T${String(hour).padStart(2, '0')}:00:00Z`);
  let guess = wall;
  for (let i = 0; i < 2; ++i) guess = wall - zoneOffset(guess);
  return guess / 1000;
}

function zoneOffset(milliseconds) {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric',
    hour: 'numeric', minute: 'numeric', second: 'numeric'}).formatToParts(milliseconds);
  const of = Object.fromEntries(parts.map(({type, value}) => [type, Number(value)]));
  const wall = Date.UTC(of.year, of.month - 1, of.day, of.hour, of.minute, of.second);
  return wall - Math.floor(milliseconds / 1000) * 1000;
}

export function ago(text, now = Date.now()) {
  const date = instant(text);
  if (!date) return kNone;
  const seconds = (now - date.getTime()) / 1000;
  return seconds < 1 ? t('time.now') : t('time.ago', {duration: duration(Math.round(seconds))});
}
