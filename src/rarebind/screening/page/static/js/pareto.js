// Strength against selectivity for a metal pair; the front is what no ligand beats in both.

// Names beside the points of the front, while they fit.
const NAMED_POINTS = 12;
// Points beyond which those off the front have no error bars, which would cover the plot.
const MOST_BARS = 60;

function drawPareto() {
  const pairs = report.pareto.filter((pair) => pair.points?.length);
  if (!pairs.length) return;
  reveal('pareto');
  let pair = pairs[0];
  let width = 0;
  const host = byId('pareto-plot');
  if (pairs.length > 1) {
    byId('pareto-controls').append(choice('Metal pair', pairs.map(({ metal, other }, at) => [String(at), `${metal} over ${other}`]), '0', (at) => {
      pair = pairs[Number(at)];
      draw();
    }));
  }

  function draw() {
    if (!width) return;
    const points = pair.points.filter(({ strength, selectivity }) => known(strength) && known(selectivity));
    const front = points.filter((point) => point.front).sort((a, b) => a.strength - b.strength);
    byId('pareto-lead').textContent = `Left binds ${ion(pair.metal)} more strongly, down prefers ${pair.metal} over ${pair.other}${hasSign ? '' : ' more than the median ligand does'}. `
      + `No ligand beats the ${counted(front.length, 'highlighted one')} in both.`
      + (points.some((point) => known(point.selectivity_half_width)) ? ` Bars are the ${intervalText} intervals.` : '');
    // Bars of all points would hide the points: those of the front set the scale, others are cut.
    const ends = (key) => points.flatMap((point) => {
      const half = point.front ? point[`${key}_half_width`] ?? 0 : 0;
      return [point[key] - half, point[key] + half];
    });
    const xDomain = points.length ? widened(ends('strength'), 0.09) : [-1, 1];
    const yDomain = points.length ? widened(ends('selectivity'), 0.09) : [-1, 1];
    const frame = plotFrame({
      width, height: Math.max(320, Math.min(480, width * 0.6)), xDomain, yDomain,
      xTicks: roundTicks(xDomain, width < 500 ? 4 : 8), yTicks: roundTicks(yDomain, 6),
      xTitle: `exchange with ${pair.metal}, ${report.unit}`, yTitle: `ΔΔE${hasSign ? '' : ' less the median'}, ${pair.metal} over ${pair.other}, ${report.unit}`,
      label: `${counted(points.length, 'ligand')}; on the front: ${front.map(({ ligand }) => ligand).join(', ')}.`,
    });
    const { svg, x, y, inner } = frame;
    svg.append(shape('path', { class: 'front-line', d: steps(front, x, y, inner) }));
    const others = points.filter((point) => !point.front);
    const bars = points.length > MOST_BARS ? front : [...others, ...front];
    svg.append(...bars.flatMap((point) => errorBars(point, x, y, inner)));
    svg.append(...[...others, ...front].map((point) => dot(point, x, y)));
    if (front.length <= NAMED_POINTS) svg.append(...names(front, x, y, inner));
    host.replaceChildren(svg);
  }

  // What the front dominates lies up and right of these steps.
  function steps(front, x, y, inner) {
    const corners = [];
    front.forEach(({ strength, selectivity }, at) => {
      corners.push([x(strength), at ? y(front[at - 1].selectivity) : inner.top], [x(strength), y(selectivity)]);
    });
    if (front.length) corners.push([inner.right, y(front.at(-1).selectivity)]);
    return pathOf(corners);
  }

  // Horizontal and vertical, inside the axes.
  function errorBars(point, x, y, inner) {
    const within = (value, low, high) => Math.max(low, Math.min(high, value));
    const { strength, selectivity, strength_half_width: wide, selectivity_half_width: tall } = point;
    const name = point.front ? 'error-bar front' : 'error-bar';
    const across = (value) => within(x(value), inner.left, inner.right);
    const along = (value) => within(y(value), inner.top, inner.bottom);
    return [
      known(wide) && shape('line', { class: name, x1: across(strength - wide), x2: across(strength + wide), y1: y(selectivity), y2: y(selectivity) }),
      known(tall) && shape('line', { class: name, x1: x(strength), x2: x(strength), y1: along(selectivity - tall), y2: along(selectivity + tall) }),
    ].filter(Boolean);
  }

  function dot(point, x, y) {
    const row = rowAt(point.ligand, pair.metal, point.geometry);
    const lines = () => [
      point.ligand, report.geometries.length > 1 ? `geometry ${point.geometry}` : '',
      `exchange with ${pair.metal} ${withInterval(point.strength, point.strength_half_width)} ${report.unit}`,
      `ΔΔE${hasSign ? '' : ' less the median'} over ${pair.other} ${withInterval(point.selectivity, point.selectivity_half_width)} ${report.unit}`,
      known(point.probability_front) ? `on the front with probability ${percent(point.probability_front)}` : point.front ? 'on the front' : '', row?.flagged ? FLAG_TEXT : '',
    ];
    const open = () => row && openDetail(row);
    return shape('circle', {
      class: point.front ? 'point front' : 'point', cx: x(point.strength), cy: y(point.selectivity), r: point.front ? 6 : 4,
      tabindex: point.front ? 0 : null, role: point.front ? 'button' : null, 'aria-label': point.front ? lines().filter(Boolean).join(', ') : null,
      onpointerenter: (event) => showTooltip(lines(), event.clientX, event.clientY), onpointerleave: hideTooltip, onclick: open,
      onfocus: (event) => {
        const box = event.target.getBoundingClientRect();
        showTooltip(lines(), box.right, box.top);
      },
      onblur: hideTooltip, onkeydown: (event) => event.key === 'Enter' && open(),
    });
  }

  // Left of and below its point a name is clear of all others: nothing lies there.
  function names(front, x, y, inner) {
    const taken = front.map(({ strength, selectivity }) => ({ left: x(strength) - 6, right: x(strength) + 6, top: y(selectivity) - 6, bottom: y(selectivity) + 6 }));
    return front.map(({ ligand, strength, selectivity }) => {
      const wide = 7.3 * ligand.length;
      const places = [[-9 - wide, 14], [-9 - wide, 2], [-4, 21], [-9 - wide, 27], [10, -8]];
      const box = places.map(([right, down]) => {
        const [left, base] = [x(strength) + right, y(selectivity) + down];
        return { left, right: left + wide, top: base - 10, bottom: base + 2, base };
      }).find((one) => one.left > inner.left && one.right < inner.right && one.bottom < inner.bottom
        && !taken.some((other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom));
      if (!box) return null;
      taken.push(box);
      return shape('text', { class: 'name', x: box.left, y: box.base }, ligand);
    }).filter(Boolean);
  }

  whenResized(host, (now) => {
    width = now;
    draw();
  });
}
