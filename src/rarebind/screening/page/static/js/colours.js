// Colours that also the colour-blind tell apart, and how to read the page's own.

// Viridis (Smith and van der Walt, CC0) at even steps.
const VIRIDIS = ['#440154', '#482878', '#3e4989', '#31688e', '#26828e', '#1f9e89', '#35b779', '#6ece58', '#b5de2b', '#fde725'];
// Blue to orange through a light grey, for what has a sign.
const DIVERGING = ['#0b4f8a', '#3f86c0', '#9cc3e2', '#eceae6', '#f2c08d', '#dd8433', '#a34a05'];
// Okabe and Ito's set without black and yellow, in the order of contrast.
const LINES = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#7a6ff0', '#8c6d46'];
const DASHES = ['', '7 4', '2 3', '9 3 2 3'];

function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** The colour at `fraction` (0 to 1) of a scale, as channels. */
function blend(scale, fraction) {
  const place = Math.min(1, Math.max(0, fraction)) * (scale.length - 1);
  const below = Math.min(scale.length - 2, Math.floor(place));
  const [low, high] = [channels(scale[below]), channels(scale[below + 1])];
  return low.map((value, index) => Math.round(value + (place - below) * (high[index] - value)));
}

const css = (rgb) => `rgb(${rgb.join(' ')})`;

/** Black or white, whichever reads better on `rgb` (relative luminance of WCAG 2). */
function inkOn(rgb) {
  const [r, g, b] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000' : '#fff';
}

const gradient = (scale) => `linear-gradient(to right, ${scale.join(', ')})`;

/** A colour that the style sheet defines for the scheme in use. */
function themeColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Call `draw` when the browser turns dark or light, or prints. */
function whenSchemeChanges(draw) {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  document.addEventListener('schemechange', draw);
}
