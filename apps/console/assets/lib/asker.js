// Asks the server again as what it was told changes.

// The server answers a question from what it knows for so long (kBusinessKept in
// apps/api/table_pages.cpp).
const kKept = 500;

// `load` asks, `onAnswer` and `onError` hear of it. changed(key) says that there may be something new:
// then it is asked at once or, lest a page left open be a burden to the database, after half a second
// or as long as keeps it to a tenth of the time. What is answered to that may be from before the
// change: so it is asked once more.
export function asker(load, onAnswer, onError) {
  let key = null;
  let askedFor = null;
  let confirmed = true;
  let round = 0;
  let timer = null;
  let busy = false;

  async function ask() {
    const mine = ++round;
    clearTimeout(timer);
    timer = null;
    confirmed = askedFor === key;
    askedFor = key;
    busy = true;
    const begin = performance.now();
    try {
      const answer = await load();
      if (mine === round) onAnswer(answer);
    } catch (error) {
      if (!('status' in error)) throw error;
      if (mine === round && error.status !== 401) onError(error, askAnew);
    }
    if (mine !== round) return;
    busy = false;
    timer = setTimeout(() => {
      timer = null;
      if (key !== askedFor || !confirmed) ask();
    }, Math.max(kKept, 10 * (performance.now() - begin)));
  }
  // Another question, or the same after an error: its first answer may be an old one, too.
  function askAnew() {
    askedFor = undefined;
    return ask();
  }
  return {
    ask: askAnew,
    changed(now) {
      const first = key === null;
      key = now;
      if (first || (!busy && !timer && key !== askedFor)) ask();
    },
    end() {
      ++round;
      clearTimeout(timer);
    },
  };
}
