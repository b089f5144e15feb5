// A table that sorts, and keeps only the rows in sight in the document.

// Rows kept ready above and below those in sight.
const SPARE_ROWS = 8;
// Paper has no scroll bar: this many rows are printed.
const PRINTED_ROWS = 400;

/**
 * A sortable table with rows of equal height.
 *
 * A column is {label, title, width, value(row), cell(row), numeric, low, header}: `value` is what sorts
 * (null goes last either way), `cell` what shows (node or text), `low` whether small numbers are the
 * good ones, which come first at the first click; the `header` names the row and has the width left.
 */
function sortableTable({ host, label, columns, rowHeight = 56, onOpen, emptyText }) {
  let all = [];
  let shown = [];
  let sorting = null;
  let drawn = { first: -1, last: -1, of: null, lines: [] };

  const heads = columns.map(headCell);
  const body = make('tbody');
  const table = make('table', { class: 'sortable' },
    make('caption', { class: 'unseen' }, label),
    make('colgroup', {}, columns.map(columnWidth)),
    make('thead', {}, make('tr', { 'aria-rowindex': '1' }, heads)), body);
  const others = columns.reduce((sum, column) => sum + (column.header ? 0 : column.width), 0);
  table.style.minWidth = `calc(${others}px + var(--name-width))`;
  const scroller = make('div', { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': label }, table);
  scroller.style.setProperty('--row-height', `${rowHeight}px`);
  const redraw = oncePerFrame(drawRows);
  scroller.addEventListener('scroll', redraw, { passive: true });
  new ResizeObserver(redraw).observe(scroller);
  body.addEventListener('click', (event) => openFrom(event.target));
  body.addEventListener('keydown', moveFocus);
  host.replaceChildren(scroller);

  function columnWidth(column) {
    const col = make('col');
    // The heading column takes what is left.
    if (!column.header) col.style.width = `${column.width}px`;
    return col;
  }

  function headCell(column, index) {
    const button = make('button', { type: 'button', title: column.title, onclick: () => sortBy(index) },
      make('span', {}, column.label), make('span', { class: 'arrow', 'aria-hidden': 'true' }));
    return make('th', { scope: 'col', 'aria-sort': 'none', class: column.numeric ? 'numeric' : '' }, button);
  }

  function sortBy(index) {
    const again = sorting?.index === index;
    sorting = { index, ascending: again ? !sorting.ascending : !columns[index].numeric || columns[index].low !== false };
    heads.forEach((head, at) => head.setAttribute('aria-sort', at !== index ? 'none'
      : sorting.ascending ? 'ascending' : 'descending'));
    sortRows();
  }

  function sortRows() {
    shown = sorting ? sorted(all, columns[sorting.index].value, sorting.ascending) : all;
    scroller.scrollTop = 0;
    drawRows();
  }

  function drawRows() {
    const printing = document.documentElement.dataset.scheme === 'paper';
    const inSight = Math.ceil(scroller.clientHeight / rowHeight);
    const top = Math.floor(scroller.scrollTop / rowHeight);
    const first = printing ? 0 : Math.max(0, Math.min(top, shown.length - inSight) - SPARE_ROWS);
    const last = Math.min(shown.length, printing ? PRINTED_ROWS : top + inSight + SPARE_ROWS);
    if (first === drawn.first && last === drawn.last && shown === drawn.of) return;
    // Rows that stay are kept, with their pictures and the focus.
    const before = shown === drawn.of ? drawn : { first: 0, lines: [] };
    const focused = body.contains(document.activeElement)
      ? document.activeElement.closest('tr')?.dataset.at : undefined;
    const lines = shown.slice(first, last).map((row, offset) => (
      before.lines[first + offset - before.first] ?? bodyRow(row, first + offset)));
    drawn = { first, last, of: shown, lines };
    const none = make('tr', { class: 'empty' }, make('td', { colspan: columns.length }, emptyText ?? 'Nothing matches.'));
    body.replaceChildren(spacer(first), ...(shown.length ? lines : [none]), spacer(printing ? 0 : shown.length - last));
    table.setAttribute('aria-rowcount', String(shown.length + 1));
    if (focused !== undefined) (openerAt(Number(focused)) ?? scroller).focus({ preventScroll: true });
  }

  function bodyRow(row, at) {
    const line = make('tr', { 'data-at': at, 'aria-rowindex': at + 2, class: onOpen ? 'openable' : '' });
    for (const column of columns) {
      const tag = column.header ? 'th' : 'td';
      line.append(make(tag, { scope: column.header ? 'row' : null, class: column.numeric ? 'numeric' : '' }, column.cell(row)));
    }
    return line;
  }

  function spacer(number) {
    const cell = make('td', { colspan: columns.length });
    cell.style.height = `${number * rowHeight}px`;
    return make('tr', { class: 'spacer', 'aria-hidden': 'true' }, cell);
  }

  const openerAt = (at) => body.querySelector(`tr[data-at="${at}"] button`);

  function openFrom(target) {
    const line = target.closest('tr[data-at]');
    if (line && onOpen) onOpen(shown[Number(line.dataset.at)]);
  }

  function moveFocus(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const line = event.target.closest('tr[data-at]');
    if (!step || !line) return;
    event.preventDefault();
    const next = Number(line.dataset.at) + step;
    if (next < 0 || next >= shown.length) return;
    const head = table.tHead.offsetHeight;
    scroller.scrollTop = Math.min(next * rowHeight,
      Math.max(scroller.scrollTop, (next + 1) * rowHeight - scroller.clientHeight + head));
    drawRows();
    openerAt(next)?.focus({ preventScroll: true });
  }

  document.addEventListener('schemechange', drawRows);
  return {
    /** Show other rows, in the order chosen before. */
    show(found) {
      all = found;
      sortRows();
    },
    /** The rows in their present order. */
    get rows() { return shown; },
  };
}

/** A sorted copy: numbers by size, texts as people count, what is missing last; equals stay. */
function sorted(list, value, ascending) {
  const sign = ascending ? 1 : -1;
  const keyed = list.map((row) => [value(row), row]);
  const missing = (key) => key === null || key === undefined || Number.isNaN(key);
  keyed.sort(([a], [b]) => {
    if (missing(a) || missing(b)) return Number(missing(a)) - Number(missing(b));
    return sign * (typeof a === 'string' ? collator.compare(a, b) : a - b);
  });
  return keyed.map(([, row]) => row);
}
