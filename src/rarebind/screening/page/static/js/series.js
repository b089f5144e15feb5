// Energies against the ionic radius: a line a ligand, its interval as a band.

const SERIES_SHOWN = 4;
const SERIES_MOST = 8;
// Names listed at once; the search narrows them.
const SERIES_LISTED = 60;
// No lanthanides: points of their own, beside the line through the 4f series.
const APART = new Set(['Sc', 'Y']);
const ofSeries = (points) => points.filter(({ row }) => !APART.has(row.metal));

function drawSeries() {
  const metals = report.metals.filter((metal) => known(report.radii[metal]))
    .sort((a, b) => report.radii[b] - report.radii[a]);
  const quantities = QUANTITIES.filter(([name]) => name !== 'binding');
  if (metals.length < 3 || !quantities.length) return;
  reveal('series');
  const state = { quantity: quantities[0][0], kind: kinds[0], text: '', chosen: [] };
  const host = byId('series-plot');
  const names = () => ligandsByStrength(state.kind);
  state.chosen = names().slice(0, SERIES_SHOWN);
  let width = 0;

  byId('series-lead').textContent = `Against the ionic radius of M³⁺ (Shannon, coordination number 8), from large to small; Sc and Y, which have no 4f electrons, stand apart from the lines.`
    + (hasSign ? '' : ` ${RELATIVE}`)
    + (hasIntervals ? ` Bands and whiskers are the ${intervalText} intervals.` : '');
  byId('series-controls').append(...[
    quantities.length > 1 ? choice('Energy', quantities, state.quantity, (value) => change({ quantity: value })) : null,
    kinds.length > 1 ? choice('Geometry', kinds.map((name) => [name, kindText(name)]), state.kind, (kind) => change({ kind })) : null,
  ].filter(Boolean));
  const list = make('ul', {});
  byId('series-picker').append(
    searchField(`Ligands, up to ${SERIES_MOST}`, 'Search', (text) => {
      state.text = text;
      drawPicker();
    }), list);

  function change(changes) {
    Object.assign(state, changes);
    // Those that are there stay; where none is, the strongest stand in.
    const there = names();
    state.chosen = state.chosen.filter((name) => there.includes(name));
    if (!state.chosen.length) state.chosen = there.slice(0, SERIES_SHOWN);
    drawPicker();
    draw();
  }

  function toggle(name) {
    const at = state.chosen.indexOf(name);
    if (at >= 0) state.chosen.splice(at, 1);
    else if (state.chosen.length < SERIES_MOST) state.chosen.push(name);
    drawPicker(name);
    draw();
  }

  function drawPicker(focused) {
    const rest = names().filter((name) => !state.chosen.includes(name) && matchesText(ligandByName.get(name) ?? { name }, state.text));
    const full = state.chosen.length >= SERIES_MOST;
    list.replaceChildren(
      ...[...state.chosen, ...rest.slice(0, SERIES_LISTED)].map((name) => pickerLine(name, full, focused)),
      ...(rest.length > SERIES_LISTED ? [make('li', { class: 'more' }, `${rest.length - SERIES_LISTED} more: search`)] : []));
    list.querySelector('input[data-focused]')?.focus();
  }

  function pickerLine(name, full, focused) {
    const at = state.chosen.indexOf(name);
    const box = make('input', { type: 'checkbox', checked: at >= 0, disabled: full && at < 0, 'data-focused': name === focused, onchange: () => toggle(name) });
    const sample = shape('svg', { class: 'sample', width: 26, height: 8, 'aria-hidden': 'true' });
    if (at >= 0) sample.append(shape('line', { x1: 1, x2: 25, y1: 4, y2: 4, stroke: LINES[at], 'stroke-width': 2.5, 'stroke-dasharray': DASHES[at % DASHES.length] }));
    return make('li', {}, make('label', {}, box, sample, make('span', {}, name)));
  }

  function pointsOf(name) {
    return metals.map((metal) => rowOfKind(name, metal, state.kind))
      .filter((row) => row && known(row[state.quantity]))
      .map((row) => ({ row, radius: report.radii[row.metal], value: row[state.quantity], half: halfWidthOf(row, state.quantity) ?? 0 }));
  }

  function draw() {
    if (!width) return;
    const lines = state.chosen.map((name) => ({ name, points: pointsOf(name) }));
    const values = lines.flatMap(({ points }) => points.flatMap(({ value, half }) => [value - half, value + half]));
    const yDomain = values.length ? widened(values) : [-1, 1];
    const radii = metals.map((metal) => report.radii[metal]);
    const spare = 0.02 * (radii[0] - radii.at(-1)) || 0.01;
    const frame = plotFrame({
      width, height: Math.max(300, Math.min(440, width * 0.62)), xDomain: [radii[0] + spare, radii.at(-1) - spare], yDomain,
      xTicks: staggered(metals, width), yTicks: roundTicks(yDomain, 6), xTitle: 'ionic radius (large → small)', margin: { bottom: 66 },
      yTitle: `${quantities.find(([name]) => name === state.quantity)[1]}, ${report.unit}`,
      label: `Energies of ${counted(state.chosen.length, 'ligand')} along the series; the ranking table has the numbers.`,
    });
    lines.forEach(({ points }, at) => frame.svg.append(band(points, frame, LINES[at])));
    lines.forEach(({ name, points }, at) => frame.svg.append(curve(name, points, frame, at)));
    host.replaceChildren(frame.svg);
  }

  // Symbols of metals of nearly equal radius stand below each other.
  function staggered(list_, available) {
    const place = linearScale([report.radii[list_[0]], report.radii[list_.at(-1)]], [0, available - 90]);
    const ends = [-Infinity, -Infinity, -Infinity];
    return list_.map((metal) => {
      const at = place(report.radii[metal]);
      const line = Math.max(0, ends.findIndex((end) => at - end > 21));
      ends[line] = at;
      return [report.radii[metal], metal, line];
    });
  }

  function band(points, { x, y }, colour) {
    const line = ofSeries(points);
    const upper = line.map(({ radius, value, half }) => [x(radius), y(value + half)]);
    const lower = line.map(({ radius, value, half }) => [x(radius), y(value - half)]).reverse();
    return shape('path', { class: 'band', d: line.some(({ half }) => half > 0) ? `${pathOf([...upper, ...lower])}Z` : '', fill: colour });
  }

  function curve(name, points, { x, y }, at) {
    const group = shape('g', { class: 'curve', 'data-ligand': name },
      shape('path', { d: pointsPath(points, x, y), stroke: LINES[at], 'stroke-dasharray': DASHES[at % DASHES.length] }));
    for (const { row, radius, value, half } of points) {
      if (half && APART.has(row.metal)) {
        group.append(shape('line', { class: 'whisker', x1: x(radius), x2: x(radius), y1: y(value - half), y2: y(value + half), stroke: LINES[at] }));
      }
      group.append(shape('circle', {
        cx: x(radius), cy: y(value), r: 4, fill: row.flagged ? 'var(--surface)' : LINES[at], stroke: LINES[at],
        onpointerenter: (event) => showTooltip(rowLines(row, state.quantity), event.clientX, event.clientY),
        onpointerleave: hideTooltip, onclick: () => openDetail(row),
      }));
    }
    return group;
  }

  const pointsPath = (points, x, y) => pathOf(ofSeries(points).map(({ radius, value }) => [x(radius), y(value)]));

  drawPicker();
  whenResized(host, (now) => {
    width = now;
    draw();
  });
}
