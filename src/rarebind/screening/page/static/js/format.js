// Numbers as people read them: a true minus, the interval beside the value.

const MISSING = '–';
const SUPERSCRIPTS = { '-': '⁻', 0: '⁰', 1: '¹', 2: '²', 3: '³', 4: '⁴', 5: '⁵', 6: '⁶', 7: '⁷', 8: '⁸', 9: '⁹' };
// Beyond, a factor is written as a power of ten.
const LARGEST_PLAIN_LOG = 4;

const known = (value) => typeof value === 'number' && Number.isFinite(value);

function formatNumber(value, digits = 1) {
  if (!known(value)) return MISSING;
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** −12.3 ± 2.1, or the value alone where there is no interval. */
function withInterval(value, halfWidth, digits = 1) {
  const text = formatNumber(value, digits);
  return known(value) && known(halfWidth) ? `${text} ± ${formatNumber(halfWidth, digits)}` : text;
}

/** 1.2 × 10⁵ from its decimal logarithm, which may be far out of a double's range. */
function powerOfTen(log10) {
  if (!known(log10)) return MISSING;
  if (Math.abs(log10) < LARGEST_PLAIN_LOG) {
    const value = 10 ** log10;
    return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
  }
  let exponent = Math.floor(log10);
  let mantissa = (10 ** (log10 - exponent)).toFixed(1);
  if (mantissa === '10.0') {
    mantissa = '1.0';
    exponent += 1;
  }
  return `${mantissa} × 10${superscript(exponent)}`;
}

function superscript(integer) {
  return [...String(integer)].map((character) => SUPERSCRIPTS[character]).join('');
}

function percent(fraction) {
  if (!known(fraction)) return MISSING;
  if (fraction > 0 && fraction < 0.01) return '< 1 %';
  if (fraction < 1 && fraction > 0.99) return '> 99 %';
  return `${Math.round(100 * fraction)} %`;
}

function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

const ion = (metal) => `${metal}³⁺`;
