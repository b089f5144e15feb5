// The map of all ligands and metals: a canvas that draws the rows in sight.

const MAP_ROW = 26;
const MAP_HEAD = 30;
const MAP_FONT = '12px system-ui, sans-serif';
const MAP_SMALL = '11px system-ui, sans-serif';
const MAP_TINY = '9px system-ui, sans-serif';
// px; wider fields carry their numbers.
const MAP_LABELLED = 30;
// px; beyond, the map scrolls.
const MAP_HEIGHT = 560;
// Rows on paper, where nothing scrolls.
const MAP_PRINTED = 60;

function drawHeatmap() {
  if (!QUANTITIES.length) return;
  reveal('heatmap');
  const state = { quantity: QUANTITIES[0][0], kind: kinds[0], cursor: null };
  const canvas = make('canvas', { tabindex: '0', role: 'img' });
  const filler = make('div', { class: 'filler' }, canvas);
  const scroller = make('div', { class: 'map-scroll' }, filler);
  const legend = make('div', { class: 'legend' });
  byId('heatmap-plot').append(scroller, legend);
  let map = null;

  const form = byId('heatmap-controls');
  form.append(...[
    choice('Colour', QUANTITIES, state.quantity, (value) => change({ quantity: value })),
    kinds.length > 1 ? choice('Geometry', kinds.map((name) => [name, kindText(name)]), state.kind, (kind) => change({ kind })) : null,
  ].filter(Boolean));

  function change(changes) {
    Object.assign(state, changes, { cursor: null });
    arrange();
  }

  function arrange() {
    const ligands = ligandsByStrength(state.kind);
    const grid = ligands.map((ligand) => report.metals.map((metal) => rowOfKind(ligand, metal, state.kind)));
    const values = grid.flat().map((row) => row?.[state.quantity]).filter(known);
    const signed = state.quantity === 'selectivity' || state.quantity === 'preference';
    const reach = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    const domain = signed ? [-reach, reach] : values.length ? widened(values, 0) : [0, 1];
    map = { ligands, grid, domain, scale: signed ? DIVERGING : VIRIDIS };
    const paper = document.documentElement.dataset.scheme === 'paper';
    const lines = paper ? Math.min(MAP_PRINTED, ligands.length) : ligands.length;
    filler.style.height = `${MAP_HEAD + MAP_ROW * lines}px`;
    scroller.style.height = `${Math.min(paper ? Infinity : MAP_HEIGHT, MAP_HEAD + MAP_ROW * lines) + 2}px`;
    byId('heatmap-lead').textContent = `${QUANTITIES.find(([name]) => name === state.quantity)[1]}, ${report.unit}; ligands from the strongest on average, metals as in the series.`
      + (hasFlags ? ' A corner marks what is unlike the training data.' : '')
      + (paper && lines < ligands.length ? ` The first ${lines} of ${ligands.length} ligands.` : '');
    canvas.setAttribute('aria-label', `Map of ${counted(ligands.length, 'ligand')} and ${counted(report.metals.length, 'metal')}; arrow keys move, Enter opens. The table above has the same numbers.`);
    drawLegend();
    redraw();
  }

  function drawLegend() {
    const bar = make('span', { class: 'ramp', 'aria-hidden': 'true' });
    bar.style.background = gradient(map.scale);
    legend.replaceChildren(formatNumber(map.domain[0]), bar, `${formatNumber(map.domain[1])} ${report.unit}`);
  }

  const place = () => {
    const width = scroller.clientWidth;
    const left = Math.min(170, Math.max(76, width * 0.24));
    return { width, height: scroller.clientHeight, left, cell: (width - left) / report.metals.length };
  };

  function redraw() {
    if (!map) return;
    const { width, height, left, cell } = place();
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext('2d');
    pen.scale(ratio, ratio);
    pen.font = MAP_FONT;
    pen.textBaseline = 'middle';
    const offset = scroller.scrollTop;
    const first = Math.floor(offset / MAP_ROW);
    const last = Math.min(map.ligands.length, Math.ceil((offset + height) / MAP_ROW));
    for (let line = first; line < last; line += 1) drawLine(pen, line, MAP_HEAD + line * MAP_ROW - offset, left, cell);
    pen.fillStyle = themeColour('surface');
    pen.fillRect(0, 0, width, MAP_HEAD);
    pen.fillStyle = themeColour('ink');
    pen.textAlign = 'center';
    if (cell < 24) pen.font = MAP_TINY;
    report.metals.forEach((metal, column) => pen.fillText(metal, left + (column + 0.5) * cell, MAP_HEAD / 2, cell - 2));
  }

  function drawLine(pen, line, top, left, cell) {
    pen.fillStyle = themeColour('ink');
    pen.textAlign = 'right';
    pen.fillText(shortened(pen, map.ligands[line], left - 12), left - 8, top + MAP_ROW / 2);
    map.grid[line].forEach((row, column) => {
      const at = [left + column * cell, top, cell - 1, MAP_ROW - 1];
      const value = row?.[state.quantity];
      if (known(value)) {
        const rgb = blend(map.scale, (value - map.domain[0]) / (map.domain[1] - map.domain[0] || 1));
        pen.fillStyle = css(rgb);
        pen.fillRect(...at);
        const ink = inkOn(rgb);
        const text = formatNumber(value, cell > 44 ? 1 : 0);
        pen.fillStyle = ink;
        pen.textAlign = 'center';
        pen.font = MAP_SMALL;
        if (cell > MAP_LABELLED) pen.fillText(text, at[0] + cell / 2, top + MAP_ROW / 2, cell - 4);
        pen.font = MAP_FONT;
        if (row.flagged) drawCorner(pen, at, ink);
      } else {
        pen.strokeStyle = themeColour('line');
        pen.strokeRect(at[0] + 1, at[1] + 1, at[2] - 2, at[3] - 2);
        pen.fillStyle = themeColour('muted');
        pen.textAlign = 'center';
        pen.fillText(row ? '×' : '', at[0] + cell / 2, top + MAP_ROW / 2);
      }
      if (state.cursor?.line === line && state.cursor.column === column) {
        pen.strokeStyle = themeColour('ink');
        pen.lineWidth = 2;
        pen.strokeRect(at[0], at[1], at[2], at[3]);
        pen.lineWidth = 1;
      }
    });
  }

  function drawCorner(pen, [x, y, width], ink) {
    pen.fillStyle = ink;
    pen.beginPath();
    const side = Math.min(7, width / 2);
    pen.moveTo(x + width - side, y);
    pen.lineTo(x + width, y);
    pen.lineTo(x + width, y + side);
    pen.fill();
  }

  function rowUnder(event) {
    const box = canvas.getBoundingClientRect();
    const { left, cell } = place();
    const column = Math.floor((event.clientX - box.left - left) / cell);
    const y = event.clientY - box.top;
    return y < MAP_HEAD ? undefined : map.grid[Math.floor((y - MAP_HEAD + scroller.scrollTop) / MAP_ROW)]?.[column];
  }

  function move(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const { line, column } = state.cursor ?? { line: 0, column: 0 };
    const row = map.grid[line]?.[column];
    if (event.key === 'Enter' && row) openDetail(row);
    if (!step) return;
    event.preventDefault();
    const within = (value, count) => Math.max(0, Math.min(count - 1, value));
    state.cursor = state.cursor ? { line: within(line + step[0], map.grid.length), column: within(column + step[1], report.metals.length) } : { line, column };
    const top = state.cursor.line * MAP_ROW;
    scroller.scrollTop = Math.min(top, Math.max(scroller.scrollTop, top + MAP_ROW + MAP_HEAD - scroller.clientHeight));
    redraw();
    const under = map.grid[state.cursor.line][state.cursor.column];
    const box = canvas.getBoundingClientRect();
    const { left, cell } = place();
    // Scrolling hides tooltips, after this.
    requestAnimationFrame(() => under && showTooltip(rowLines(under, state.quantity),
      box.left + left + state.cursor.column * cell, box.top + MAP_HEAD + top - scroller.scrollTop));
  }

  canvas.addEventListener('pointermove', (event) => {
    const row = rowUnder(event);
    canvas.style.cursor = row ? 'pointer' : '';
    if (row) showTooltip(rowLines(row, state.quantity), event.clientX, event.clientY);
    else hideTooltip();
  });
  canvas.addEventListener('pointerleave', hideTooltip);
  canvas.addEventListener('click', (event) => {
    const row = rowUnder(event);
    if (row) openDetail(row);
  });
  canvas.addEventListener('keydown', move);
  canvas.addEventListener('blur', () => {
    hideTooltip();
    state.cursor = null;
    redraw();
  });
  scroller.addEventListener('scroll', oncePerFrame(redraw), { passive: true });
  arrange();
  whenResized(scroller, redraw);
  whenSchemeChanges(arrange);
}

/** `text`, cut to `width` px. */
function shortened(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 1 && pen.measureText(`${text.slice(0, length)}…`).width > width) length -= 1;
  return `${text.slice(0, length)}…`;
}
