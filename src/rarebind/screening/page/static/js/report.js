// The report that the page carries, unpacked.

const report = JSON.parse(byId('report').textContent);
const rows = unpackRows(report.rows, report.columns, report.count);
const ligandByName = new Map(report.ligands.map((ligand) => [ligand.name, ligand]));
const metalOrder = new Map(report.metals.map((metal, index) => [metal, index]));
// Ligands of one number on the metal are in one order, whatever the waters beside them.
const kindOf = (geometry) => report.kinds[geometry] ?? geometry;
const kinds = [...new Set([...report.geometries, ...rows.map((row) => row.geometry)].map(kindOf))];
const kindText = (kind) => (/^\d+$/.test(kind) ? counted(Number(kind), 'ligand') : kind);
const rowByKind = new Map();
for (const row of rows) {
  const key = placeKey(row.ligand, row.metal, kindOf(row.geometry));
  const before = rowByKind.get(key);
  if (!before || (row.exchange ?? Infinity) < (before.exchange ?? Infinity)) rowByKind.set(key, row);
}
const hasSign = report.gives_sign;
if (!hasSign) addPreferences();
const rowByPlace = new Map(rows.map((row) => [placeKey(row.ligand, row.metal, row.geometry), row]));
const collator = new Intl.Collator('en', { numeric: true });

const FLAG_TEXT = 'Flagged: this complex is unlike those that the model was trained and tested on. '
  + 'Its value is an extrapolation, and its interval may be too narrow; without --no-fall-back it is computed.';

/** Whether another number of donor atoms binds than was asked for. */
const bindsOtherwise = (row) => known(row.bound_donors) && known(row.donors) && row.bound_donors !== row.donors;

/** What marks a row, in short and in full. */
function marksOf(row) {
  return [
    bindsOtherwise(row) && ['other donors', `The ligands bind by ${row.bound_donors} donor atoms, not by the ${row.donors} asked for: another complex than the one meant.`],
    row.strained && ['strained', `The ligand is bent by ${formatNumber(row.strain)} ${report.unit}, more than good chelators are: its donors may not reach one metal.`],
  ].filter(Boolean);
}

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

/** The row of a ligand with a metal, by the number of ligands on it. */
const rowOfKind = (ligand, metal, kind) => rowByKind.get(placeKey(ligand, metal, kind));

/**
 * Where ΔΔE has no sign: how much more each ligand prefers a metal than the median ligand does.
 * What is said in pairs is treated so already.
 */
function addPreferences() {
  const groups = new Map();
  for (const row of rows) {
    if (!known(row.selectivity) || row.metal === report.reference_metal) continue;
    const key = placeKey('', row.metal, kindOf(row.geometry));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  for (const group of groups.values()) {
    if (new Set(group.map((row) => row.ligand)).size < 2) continue;
    const values = group.map((row) => row.selectivity).sort((a, b) => a - b);
    const half = values.length / 2;
    const middle = (values[Math.floor(half - 0.5)] + values[Math.floor(half)]) / 2;
    for (const row of group) row.preference = row.selectivity - middle;
  }
}

/** The geometry of a complex as XYZ text, if the report has it. */
const structureOf = (row) => report.structures[`${row.inchikey}|${row.metal}|${row.geometry}`];
const distancesOf = (row) => report.distances[`${row.inchikey}|${row.metal}|${row.geometry}`] ?? [];

/** "ok" counts; older reports have no status. */
const succeeded = (row) => (row.status ?? 'ok') === 'ok';

/** The half-width that belongs to a row's value; eq. 1 shares the error of the exchange energy. */
function halfWidthOf(row, quantity) {
  if (quantity === 'preference') return null;
  return quantity === 'selectivity' ? row.selectivity_half_width : row.half_width;
}

const hasIntervals = rows.some((row) => known(row.half_width));
const hasFlags = rows.some((row) => row.flagged);
const intervalText = known(report.interval) ? `${Math.round(100 * report.interval)} %` : 'stated';

/** Names of the quantities of a row, the ones that the report has. */
const QUANTITIES = [
  ['exchange', 'Exchange with the aqua ion'],
  hasSign ? ['selectivity', `ΔΔE against ${report.reference_metal ?? 'the reference metal'}`]
    : ['preference', `ΔΔE against ${report.reference_metal ?? 'the reference metal'}, less the median ligand's`],
  ['binding', 'Binding of the bare ion'],
].filter(([name]) => rows.some((row) => known(row[name])));

const RELATIVE = 'At this level of theory the series comes out too favourable for the light metals: which of two metals a ligand prefers cannot be said. ΔΔE is given less that of the median ligand, to compare ligands.';

/** Ligands of a number on the metal, the strongest on average first; those without a value last. */
function ligandsByStrength(kind) {
  const sums = new Map();
  for (const row of rows) {
    if (kindOf(row.geometry) !== kind) continue;
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
