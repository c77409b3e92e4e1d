// The console without a pipeline, for working on its looks: serves apps/console with invented
// figures in the shapes of apps/api/openapi.json.
//
//   node tests/browser/fixture.mjs [PORT]      then http://127.0.0.1:PORT/  (8091)
//   …/fixture/NAME                             what needs attention from now on: a code, or "none"

import {createServer} from 'node:http';
import {readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {attention, business, configuration, epochs, graph, history, letter, letters, nodeDetail,
        order, overview, state, watermarks, windowLife} from './fixture_data.mjs';

const root = fileURLToPath(new URL('../../apps/console/', import.meta.url));
const port = Number(process.argv[2] || 8091);
const kTypes = {html: 'text/html', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml',
                woff2: 'font/woff2'};
let scenario = 'none';

async function file(name) {
  for (const folder of ['assets', 'vendor']) {
    try {
      return await readFile(`${root}${folder}/${name}`);
    } catch {
      // In the other one, perhaps.
    }
  }
  return null;
}

async function asset(response, name) {
  const body = await file(name);
  response.writeHead(body ? 200 : 404, {'Content-Type': kTypes[name.split('.').pop()] || 'text/plain'});
  response.end(body);
}

async function page(response) {
  const text = String(await file('index.html')).replaceAll('@VERSION@', 'now');
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; " +
        "font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
        "form-action 'none'; frame-ancestors 'none'"});
  response.end(text);
}

function events(request, response, only) {
  response.writeHead(200, {'Content-Type': 'text/event-stream'});
  const makers = {overview: () => overview(scenario), graph: () => graph(scenario), epochs,
                  watermarks: () => watermarks(scenario)};
  const send = () => {
    for (const name of only) response.write(`event: ${name}\ndata: ${JSON.stringify(makers[name]())}\n\n`);
  };
  send();
  const timer = setInterval(send, 1000);
  request.on('close', () => clearInterval(timer));
}

function answer(path, query, body) {
  const [first, second, ...rest] = path.split('/').filter(Boolean);
  switch (first) {
    case 'overview': return second ? history() : overview(scenario);
    case 'graph': return second ? nodeDetail(rest[0], scenario) : graph(scenario);
    case 'epochs': return epochs();
    case 'state': return state();
    case 'watermarks': return watermarks(scenario);
    case 'business': return business(Number(query.get('hours') || 48), query.get('branch'));
    case 'orders': return second === '404' ? null : order(Number(second));
    case 'windows': return windowLife(second, Number(rest[0]), Number(rest[1]));
    case 'dead-letters':
      if (second === 'replay') {
        return {dry_run: body.dry_run, results: body.letters.map((one) => ({...one,
          verdict: body.patch.length ? (body.dry_run ? 'would_be_accepted' : 'sent') : 'would_be_refused',
          code: body.patch.length ? null : 'bad_price', field: body.patch.length ? null : 'data.total_price',
          message: body.patch.length ? null : 'data.total_price is "1500000.005": at most two decimals'}))};
      }
      return second ? letter(second, Number(rest[0]), Number(rest[1])) : letters(query);
    case 'configuration': return configuration();
    case 'session': return {token_to_read: false, token_to_write: false, has_token: false};
    default: return null;
  }
}

async function bodyOf(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : null;
}

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const path = url.pathname;
  if (path.startsWith('/assets/')) return asset(response, path.split('/').slice(3).join('/'));
  if (path.startsWith('/fixture/')) {
    scenario = path.split('/')[2];
    return response.end(JSON.stringify(attention(scenario)));
  }
  if (path === '/api/v1/events') {
    return events(request, response, url.searchParams.get('only').split(','));
  }
  if (path.startsWith('/api/v1/')) {
    const found = answer(path.slice(7), url.searchParams, await bodyOf(request));
    response.writeHead(found ? 200 : 404, {'Content-Type': 'application/json'});
    return response.end(JSON.stringify(found ?? {status: 'error', message: 'there is no such thing'}));
  }
  return page(response);
}).listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/`));
