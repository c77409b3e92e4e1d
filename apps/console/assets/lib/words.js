// What is said, in the reader's language. A key that one language lacks is a fault that
// tests/console finds; the key itself is then shown.

import {en} from '../words/en.js';
import {vi} from '../words/vi.js';

const kWords = {en, vi};

export const kLanguages = {en: 'English', vi: 'Tiếng Việt'};

export function language() {
  return document.documentElement.lang === 'vi' ? 'vi' : 'en';
}

export function locale() {
  return language() === 'vi' ? 'vi-VN' : 'en-GB';
}

export function setLanguage(code) {
  document.documentElement.lang = code;
  remember('lensart.language', code);
}

export function remember(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Storage is switched off; then it lasts as long as the page.
  }
}

export function has(key) {
  return kWords[language()][key] !== undefined;
}

// t('letters.found', {n: 3, count: '3'}): {count} is put in; with n = 1 the key `….one` counts
// where there is one.
export function t(key, values = {}) {
  const words = kWords[language()];
  const one = Number(values.n) === 1 ? words[`${key}.one`] : undefined;
  const text = one ?? words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) =>
      values[name] === undefined || values[name] === null ? whole : String(values[name]));
}
