// Runs before the first paint, so that neither language nor colours change under the reader's eyes.
// What was chosen is remembered; before that the browser's own preference counts.
'use strict';
(() => {
  const read = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;  // storage is switched off: the preference lasts as long as the page
    }
  };
  const page = document.documentElement;
  const wanted = navigator.languages || [navigator.language || 'en'];
  const spoken = wanted.map((tag) => tag.slice(0, 2)).find((tag) => tag === 'vi' || tag === 'en');
  page.lang = read('lensart.language') || spoken || 'en';
  const theme = read('lensart.theme');
  if (theme === 'light' || theme === 'dark') page.dataset.theme = theme;
})();
