// Making and changing elements. Text goes in as text, never as markup.

const kSvg = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === 'function') {
      element.addEventListener(name.slice(2), value);
    } else {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  append(element, children);
  return element;
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

// h('p', {class: 'quiet', onclick: f}, 'text', node, [more])
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(kSvg, tag), attributes, children);
}

// Both leave alone what is right already: screen readers and selections are not disturbed.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) {
    node.setAttribute(name, value === true ? '' : value);
  }
}

export function replace(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

// Keeps the children of `parent` in step with `items`: `make(item)` gives {node, update(item)}, and
// what stays is changed in place. Returns the function that does it.
export function keyed(parent, keyOf, make) {
  const known = new Map();
  return (items) => {
    const seen = new Set();
    let before = parent.firstChild;
    for (const item of items) {
      const key = keyOf(item);
      seen.add(key);
      let entry = known.get(key);
      if (!entry) {
        entry = make(item);
        known.set(key, entry);
      }
      if (entry.update) entry.update(item);
      if (entry.node === before) {
        before = before.nextSibling;
      } else {
        parent.insertBefore(entry.node, before);
      }
    }
    for (const [key, entry] of known) {
      if (seen.has(key)) continue;
      entry.node.remove();
      known.delete(key);
    }
  };
}
