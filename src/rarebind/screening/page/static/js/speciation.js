// Shares of the species of a metal as more ligand is added: a line each, its interval as a band.

function drawSpeciation() {
  const curves = report.speciation.filter(({ ratio, fractions }) => ratio?.length > 1 && fractions);
  if (!curves.length) return;
  reveal('speciation');
  const distinct = (name) => [...new Set(curves.map((curve) => curve[name]))];
  const state = { ligand: curves[0].ligand, metal: curves[0].metal };
  const host = byId('speciation-plot');
  const form = byId('speciation-controls');
  let width = 0;

  function drawControls() {
    const metals = curves.filter(({ ligand }) => ligand === state.ligand).map(({ metal }) => metal);
    if (!metals.includes(state.metal)) [state.metal] = metals;
    form.replaceChildren(
      choice('Ligand', distinct('ligand').map((name) => [name, name]), state.ligand, (ligand) => change({ ligand })),
      choice('Metal', metals.map((name) => [name, name]), state.metal, (metal) => change({ metal })));
  }

  function change(changes) {
    Object.assign(state, changes);
    drawControls();
    draw();
  }

  function draw() {
    if (!width) return;
    const { ratio, fractions, bands } = curves.find(({ ligand, metal }) => ligand === state.ligand && metal === state.metal);
    const species = Object.keys(fractions);
    const xDomain = [Math.min(...ratio), Math.max(...ratio)];
    const { svg, x, y, inner } = plotFrame({
      width, height: Math.max(280, Math.min(400, width * 0.5)), xDomain, yDomain: [0, 1],
      xTicks: roundTicks(xDomain, width < 500 ? 4 : 8), yTicks: [0, 0.25, 0.5, 0.75, 1].map((part) => [part, `${100 * part} %`]),
      xTitle: `${state.ligand} per ${ion(state.metal)}`, yTitle: `share of ${ion(state.metal)}`,
      label: `Species of ${state.metal} with ${state.ligand}: ${species.map(speciesName).join(', ')}.`,
    });
    const edge = (shares) => ratio.map((value, place) => [x(value), y(shares[place] ?? 0)]);
    species.forEach((name, at) => {
      if (!bands?.[name]) return;
      const [low, high] = bands[name];
      svg.append(shape('path', { class: 'band', 'data-species': name, d: `${pathOf([...edge(high), ...edge(low).reverse()])}Z`, fill: speciesColour(at) }));
    });
    species.forEach((name, at) => svg.append(shape('path', {
      class: 'species', 'data-species': name, d: pathOf(edge(fractions[name])), stroke: speciesColour(at), 'stroke-dasharray': DASHES[at % DASHES.length],
    })));
    byId('speciation-lead').textContent = bands
      ? `Bands are the ${intervalText} intervals of the shares that the intervals of the energies allow; what takes energies for free energies is not in them.`
      : 'These energies carry no interval, so that the shares have none.';
    const marker = shape('line', { class: 'marker', y1: inner.top, y2: inner.bottom, visibility: 'hidden' });
    svg.append(marker);
    const look = (event) => {
      const at = nearest(ratio, x, event.clientX - svg.getBoundingClientRect().left);
      marker.setAttribute('x1', x(ratio[at]));
      marker.setAttribute('x2', x(ratio[at]));
      marker.setAttribute('visibility', 'visible');
      showTooltip([`${formatNumber(ratio[at], 2)} ligands per metal`, ...species.map((name) => `${speciesName(name)}: ${percent(fractions[name][at])}${bands?.[name] ? ` (${bands[name].map((ends) => percent(ends[at])).join(' to ')})` : ''}`)], event.clientX, event.clientY);
    };
    svg.addEventListener('pointermove', look);
    svg.addEventListener('pointerleave', () => {
      marker.setAttribute('visibility', 'hidden');
      hideTooltip();
    });
    host.replaceChildren(svg, make('ul', { class: 'key' }, species.map((name, at) => {
      const patch = make('i');
      patch.style.background = speciesColour(at);
      return make('li', {}, patch, speciesName(name));
    })));
  }

  drawControls();
  whenResized(host, (now) => {
    width = now;
    draw();
  });
}

const speciesName = (name) => (name === 'aqua' ? 'aqua ion' : `${name} (ligands:waters)`);

const speciesColour = (at) => LINES[at % LINES.length];

function nearest(values, scale, pixel) {
  let best = 0;
  values.forEach((value, at) => {
    if (Math.abs(scale(value) - pixel) < Math.abs(scale(values[best]) - pixel)) best = at;
  });
  return best;
}
