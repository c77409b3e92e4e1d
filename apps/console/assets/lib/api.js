// Asking the server: /api/v1/…. Times out, so that no page waits for ever; a failure is an ApiError
// with the server's own words. A token, where one is wanted, is the server's cookie's business.

export const kBase = '/api/v1';
const kPatience = 20_000;

let onRefused = () => {};

// Called whenever the server says 401.
export function whenRefused(callback) {
  onRefused = callback;
}

export class ApiError extends Error {
  constructor(status, message, body = null) {
    super(message);
    this.status = status;  // 0: no answer at all
    this.code = body?.code ?? null;
    this.field = body?.field ?? null;
  }
}

async function answerOf(response, path) {
  const text = await response.text();
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    // Not ours: a proxy's page, for example.
  }
  if (response.ok && body !== null) return body;
  if (response.status === 401 && path !== '/session') onRefused();
  throw new ApiError(response.status, body?.message || `HTTP ${response.status}`, body);
}

async function ask(method, path, query, body) {
  const url = new URL(kBase + path, location.origin);
  for (const [name, value] of Object.entries(query || {})) {
    if (value !== undefined && value !== null && value !== '') url.searchParams.set(name, value);
  }
  const options = {method, cache: 'no-store', signal: AbortSignal.timeout(kPatience)};
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = {'Content-Type': 'application/json'};
  }
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    throw new ApiError(0, error.name === 'TimeoutError' ? 'timeout' : 'unreachable');
  }
  return answerOf(response, path);
}

export const get = (path, query) => ask('GET', path, query);
export const post = (path, body) => ask('POST', path, null, body);
export const remove = (path) => ask('DELETE', path);
