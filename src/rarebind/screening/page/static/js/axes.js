// Scales, ticks and the frame of a plot.

/** A linear map of [low, high] to [from, to]. */
function linearScale([low, high], [from, to]) {
  const span = high - low || 1;
  return (value) => from + ((value - low) / span) * (to - from);
}

/** Round numbers that divide [low, high] into about `number` parts. */
function roundTicks([low, high], number) {
  const rough = (high - low || 1) / number;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const ticks = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9 * step; at += 1) ticks.push(at * step);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return ticks.map((value) => [value, formatNumber(value, digits)]);
}

/** [low, high] of numbers, a little wider. */
function widened(values, share = 0.06) {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const extra = share * (high - low) || 1;
  return [low - extra, high + extra];
}

/**
 * An empty plot: {svg, x, y, inner} with the scales, and the area inside the axes.
 *
 * `xTicks` and `yTicks` are [value, text]; a third item moves the text down by so many lines.
 */
function plotFrame({ width, height, label, xDomain, yDomain, xTicks, yTicks, xTitle, yTitle, margin = {} }) {
  const edge = { top: 14, right: 18, bottom: 52, left: 62, ...margin };
  const inner = { left: edge.left, right: width - edge.right, top: edge.top, bottom: height - edge.bottom };
  const x = linearScale(xDomain, [inner.left, inner.right]);
  const y = linearScale(yDomain, [inner.bottom, inner.top]);
  const svg = shape('svg', { class: 'chart', width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label });
  const grid = shape('g', { class: 'grid', 'aria-hidden': 'true' });
  for (const [value, text, line = 0] of xTicks) {
    grid.append(
      shape('line', { x1: x(value), x2: x(value), y1: inner.top, y2: inner.bottom + 4 + 13 * line }),
      shape('text', { x: x(value), y: inner.bottom + 17 + 13 * line, 'text-anchor': 'middle' }, text));
  }
  for (const [value, text] of yTicks) {
    grid.append(
      shape('line', { x1: inner.left, x2: inner.right, y1: y(value), y2: y(value) }),
      shape('text', { x: inner.left - 8, y: y(value) + 4, 'text-anchor': 'end' }, text));
  }
  grid.append(
    shape('text', { class: 'axis', x: (inner.left + inner.right) / 2, y: height - 6, 'text-anchor': 'middle' }, xTitle),
    shape('text', { class: 'axis', 'text-anchor': 'middle', transform: `translate(14 ${(inner.top + inner.bottom) / 2}) rotate(-90)` }, yTitle));
  svg.append(grid);
  return { svg, x, y, inner };
}

const pathOf = (points) => points.map(([x, y], index) => `${index ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
