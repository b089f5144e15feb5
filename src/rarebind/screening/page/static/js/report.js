// The report that the page carries, unpacked.

const report = JSON.parse(byId('report').textContent);
const rows = unpackRows(report.rows, report.columns, report.count);
const ligandByName = new Map(report.ligands.map((ligand) => [ligand.name, ligand]));
const metalOrder = new Map(report.metals.map((metal, index) => [metal, index]));
const rowByPlace = new Map(rows.map((row) => [placeKey(row.ligand, row.metal, row.geometry), row]));
const collator = new Intl.Collator('en', { numeric: true });

const FLAG_TEXT = 'Flagged: this complex is unlike those that the model was trained and tested on. '
  + 'Its value is an extrapolation, and its interval may be too narrow; without --no-fall-back it is computed.';

function unpackRows(packed, columns, count) {
  const texts = columns.map((name) => {
    const { of, at, values } = packed[name];
    return values ?? at.map((index) => of[index]);
  });
  return Array.from({ length: count }, (_, index) => {
    const row = { index };
    columns.forEach((name, column) => { row[name] = texts[column][index]; });
    return row;
  });
}

function placeKey(ligand, metal, geometry) {
  return JSON.stringify([ligand, metal, geometry]);
}

const rowAt = (ligand, metal, geometry) => rowByPlace.get(placeKey(ligand, metal, geometry));

/** The geometry of a complex as XYZ text, if the report has it. */
const structureOf = (row) => report.structures[`${row.inchikey}|${row.metal}|${row.geometry}`];

/** "ok" counts; older reports have no status. */
const succeeded = (row) => (row.status ?? 'ok') === 'ok';

/** The half-width that belongs to a row's value; eq. 1 shares the error of the exchange energy. */
function halfWidthOf(row, quantity) {
  return quantity === 'selectivity' ? row.selectivity_half_width : row.half_width;
}

const hasIntervals = rows.some((row) => known(row.half_width));
const hasFlags = rows.some((row) => row.flagged);
const intervalText = known(report.interval) ? `${Math.round(100 * report.interval)} %` : 'stated';

/** Names of the quantities of a row, the ones that the report has. */
const QUANTITIES = [
  ['exchange', 'Exchange with the aqua ion'],
  ['selectivity', `ΔΔE against ${report.reference_metal ?? 'the reference metal'}`],
  ['binding', 'Binding of the bare ion'],
].filter(([name]) => rows.some((row) => known(row[name])));

/** Ligands of a geometry, the strongest on average first; those without a value last. */
function ligandsByStrength(geometry) {
  const sums = new Map();
  for (const row of rows) {
    if (row.geometry !== geometry) continue;
    const sum = sums.get(row.ligand) ?? { total: 0, number: 0 };
    if (known(row.exchange)) {
      sum.total += row.exchange;
      sum.number += 1;
    }
    sums.set(row.ligand, sum);
  }
  const mean = ({ total, number }) => (number ? total / number : Infinity);
  return [...sums].sort(([, a], [, b]) => (mean(a) < mean(b) ? -1 : Number(mean(a) > mean(b))))
    .map(([ligand]) => ligand);
}
