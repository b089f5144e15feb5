// Shares of the species of a metal, stacked, as more ligand is added.

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
    const { ratio, fractions } = curves.find(({ ligand, metal }) => ligand === state.ligand && metal === state.metal);
    const species = Object.keys(fractions);
    const xDomain = [Math.min(...ratio), Math.max(...ratio)];
    const { svg, x, y, inner } = plotFrame({
      width, height: Math.max(280, Math.min(400, width * 0.5)), xDomain, yDomain: [0, 1],
      xTicks: roundTicks(xDomain, width < 500 ? 4 : 8), yTicks: [0, 0.25, 0.5, 0.75, 1].map((part) => [part, `${100 * part} %`]),
      xTitle: `${state.ligand} per ${ion(state.metal)}`, yTitle: `share of ${ion(state.metal)}`,
      label: `Species of ${state.metal} with ${state.ligand}: ${species.map(speciesName).join(', ')}.`,
    });
    let base = ratio.map(() => 0);
    species.forEach((name, at) => {
      const top = base.map((below, place) => below + (fractions[name][place] ?? 0));
      const edge = (level) => ratio.map((value, place) => [x(value), y(level[place])]);
      const rgb = speciesColour(at, species.length);
      svg.append(shape('path', { class: 'species', 'data-species': name, d: `${pathOf([...edge(top), ...edge(base).reverse()])}Z`, fill: css(rgb) }));
      base = top;
    });
    const marker = shape('line', { class: 'marker', y1: inner.top, y2: inner.bottom, visibility: 'hidden' });
    svg.append(marker);
    const look = (event) => {
      const at = nearest(ratio, x, event.clientX - svg.getBoundingClientRect().left);
      marker.setAttribute('x1', x(ratio[at]));
      marker.setAttribute('x2', x(ratio[at]));
      marker.setAttribute('visibility', 'visible');
      showTooltip([`${formatNumber(ratio[at], 2)} ligands per metal`, ...species.map((name) => `${speciesName(name)}: ${percent(fractions[name][at])}`)], event.clientX, event.clientY);
    };
    svg.addEventListener('pointermove', look);
    svg.addEventListener('pointerleave', () => {
      marker.setAttribute('visibility', 'hidden');
      hideTooltip();
    });
    host.replaceChildren(svg, make('ul', { class: 'key' }, species.map((name, at) => {
      const patch = make('i');
      patch.style.background = css(speciesColour(at, species.length));
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

const speciesColour = (at, number) => blend(VIRIDIS, number > 1 ? 0.08 + (0.88 * at) / (number - 1) : 0.5);

function nearest(values, scale, pixel) {
  let best = 0;
  values.forEach((value, at) => {
    if (Math.abs(scale(value) - pixel) < Math.abs(scale(values[best]) - pixel)) best = at;
  });
  return best;
}
