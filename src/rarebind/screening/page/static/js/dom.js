// Elements out of names, attributes and text: what users wrote never becomes markup.

const SVG = 'http://www.w3.org/2000/svg';

const byId = (id) => document.getElementById(id);

/** An HTML element; attributes starting with "on" are listeners, children nodes or text. */
function make(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
function shape(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

function furnish(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

/** Run `work` once before the next picture, however often it is asked for. */
function oncePerFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}

/** Call `draw(width)` now and whenever the width of `host` changes. */
function whenResized(host, draw) {
  let last = 0;
  const look = oncePerFrame(() => {
    const width = Math.floor(host.clientWidth);
    if (width > 0 && width !== last) {
      last = width;
      draw(width);
    }
  });
  new ResizeObserver(look).observe(host);
}

/** A labelled list to choose from; `options` are [value, text]. */
function choice(label, options, chosen, onChange) {
  const list = make('select', { onchange: () => onChange(list.value) });
  for (const [value, text] of options) list.append(make('option', { value }, text));
  list.value = chosen;
  return make('label', { class: 'control' }, make('span', {}, label), list);
}

/** A labelled search field. */
function searchField(label, placeholder, onInput) {
  const field = make('input', {
    type: 'search', placeholder, autocomplete: 'off', spellcheck: 'false',
    oninput: () => onInput(field.value.trim().toLowerCase()),
  });
  return make('label', { class: 'control grow' }, make('span', {}, label), field);
}

/** Unhide a section of the page. */
function reveal(id) {
  byId(id).hidden = false;
}
