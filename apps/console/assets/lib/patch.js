// The difference of two JSON values as a JSON Patch (RFC 6902): what an edited payload is sent as.

function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

export function equal(a, b) {
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

function canonical(value) {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, canonical(value[key])]));
}

function step(key) {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

export function patchOf(from, to, path = '') {
  if (equal(from, to)) return [];
  if (isObject(from) && isObject(to)) {
    return [
      ...Object.keys(from).filter((key) => !Object.hasOwn(to, key)).map((key) =>
          ({op: 'remove', path: path + step(key)})),
      ...Object.keys(to).flatMap((key) => Object.hasOwn(from, key) ?
          patchOf(from[key], to[key], path + step(key)) :
          [{op: 'add', path: path + step(key), value: to[key]}]),
    ];
  }
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length) {
    return from.flatMap((value, i) => patchOf(value, to[i], path + step(i)));
  }
  return [{op: 'replace', path, value: to}];
}
