// Where the server wants a token: asks for it and has the server keep it in a cookie that scripts
// cannot read, until the browser is closed.

import {post} from './api.js';
import {h, setText} from './dom.js';
import {field} from './parts.js';
import {t} from './words.js';

export function signIn(onDone) {
  const token = h('input', {type: 'password', name: 'token', autocomplete: 'current-password',
                            required: true, size: 36});
  const problem = h('p', {class: 'bad', role: 'alert'});
  const submit = async (event) => {
    event.preventDefault();
    setText(problem, '');
    try {
      await post('/session', {token: token.value.trim()});
      onDone();
    } catch (error) {
      setText(problem, t(error.status === 0 ? 'state.unreachable' : 'token.refused'));
      token.select();
    }
  };
  return h('form', {class: 'card stack', onsubmit: submit},
      h('h2', null, t('token.title')), h('p', {class: 'quiet'}, t('token.why')),
      h('div', {class: 'form'}, field(t('token.field'), token),
          h('button', {class: 'main-action'}, t('token.enter'))),
      problem);
}
