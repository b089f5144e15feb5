// The ranking table with its filters.

/** What log K is, and how good it has proved to be on ligands that the calibration had not seen. */
const LOG_K = !report.log_k ? '' : !report.log_k.calibrated
  ? 'log K of the first ligand is as computed and may be off by many units: no calibration of this level is known.'
  : `log K of the first ligand, by which ligands are ranked, is calibrated on ${report.log_k.ligands.length} measured ligands (${report.log_k.table}); ` +
    `for each of them left out it erred by ${formatNumber(report.log_k.judged.mae)} on average, R² ${report.log_k.judged.r2.toFixed(2)}. ± holds it in ${percent(report.log_k.interval)} of cases; ? marks ligands unlike all that were measured.`;

function drawRanking() {
  if (!rows.length) return;
  reveal('ranking');
  byId('ranking-lead').textContent = [
    `Energies in ${report.unit}; more negative binds more strongly.`,
    hasIntervals ? `± is the half-width of the ${intervalText} interval of the prediction; what is computed has none.` : 'These energies carry no interval.',
    report.log_k ? LOG_K : '',
    hasFlags ? '⚑ marks what is unlike the training data.' : '',
    kinds.length > 1 ? 'There is one order for each number of ligands on the metal.' : '',
    kinds.length < report.geometries.length ? 'Ligands that take the places of more waters free more: the entropy that this gains is not in the energies.' : '',
    hasSign || !QUANTITIES.some(([name]) => name === 'preference') ? '' : RELATIVE,
    Object.keys(report.structures).length ? 'A click on a row opens the ligand and its complex in 3D.' : 'A click on a row opens the ligand.',
  ].filter(Boolean).join(' ');
  const filters = { text: '', metal: '', geometry: '', status: '', flag: '' };
  const table = sortableTable({
    host: byId('ranking-table'), label: 'Ranking of ligands by metal', columns: rankingColumns(), onOpen: openDetail,
    emptyText: 'No row matches these filters.',
  });
  const count = make('output', { class: 'count', 'aria-live': 'polite' });
  const save = make('button', { type: 'button', class: 'primary', onclick: () => saveFile('ranking.csv', csvText(table.rows), 'text/csv') }, 'Download CSV');
  const apply = () => {
    const found = rows.filter((row) => passes(row, filters));
    table.show(found);
    count.textContent = found.length === rows.length ? counted(rows.length, 'row') : `${found.length.toLocaleString('en')} of ${counted(rows.length, 'row')}`;
    save.title = `The ${counted(found.length, 'row')} shown, in their order`;
  };
  const filter = (name) => (value) => {
    filters[name] = value;
    apply();
  };
  const list = (values, all) => [['', all], ...values.map((value) => [value, value])];
  const statuses = [...new Set(rows.map((row) => row.status).filter(Boolean))].sort();
  const form = byId('ranking-filters');
  form.append(...[
    searchField('Ligand', 'Name, SMILES or InChIKey', filter('text')),
    report.metals.length > 1 ? choice('Metal', list(report.metals, 'All metals'), '', filter('metal')) : null,
    report.geometries.length > 1 ? choice('Geometry', list(report.geometries, 'All'), '', filter('geometry')) : null,
    statuses.length > 1 ? choice('Status', list(statuses, 'All'), '', filter('status')) : null,
    hasFlags ? choice('Flags', [['', 'Show all'], ['only', 'Only flagged'], ['hide', 'Hide flagged']], '', filter('flag')) : null,
    count, save,
  ].filter(Boolean));
  apply();
}

function passes(row, { text, metal, geometry, status, flag }) {
  return (!metal || row.metal === metal)
    && (!geometry || row.geometry === geometry)
    && (!status || row.status === status)
    && (!flag || Boolean(row.flagged) === (flag === 'only'))
    && (!text || matchesText(row, text));
}

function matchesText({ ligand, name, smiles, inchikey }, text) {
  return [ligand, name, smiles, inchikey].some((part) => part?.toLowerCase().includes(text));
}

function rankingColumns() {
  const has = (name) => rows.some((row) => row[name] !== null && row[name] !== undefined);
  const ranges = new Map(kinds.map((kind) => [kind, energyRange(kind)]));
  return [
    { label: 'Ligand', header: true, value: (row) => row.ligand, cell: ligandCell },
    { label: 'Metal', width: 72, value: (row) => metalOrder.get(row.metal) ?? null, cell: (row) => row.metal, title: 'Sorted in the order of the series' },
    has('log_k') && { label: 'log K', width: 118, numeric: true, low: false, value: (row) => row.log_k, cell: (row) => withInterval(row.log_k, row.log_k_half_width) + (row.log_k_unlike ? ' ?' : ''), title: LOG_K },
    has('conditional_log_k') && { label: `log K′, pH ${report.log_k.ph}`, width: 118, numeric: true, low: false, value: (row) => row.conditional_log_k, cell: (row) => formatNumber(row.conditional_log_k), title: `Conditional constant: log K less what protons take of the ligand and hydroxide of the metal at pH ${report.log_k.ph}; ligands are ranked by it` },
    has('log_k_difference') && { label: `Δ log K – ${report.reference_metal}`, width: 128, numeric: true, low: false, value: (row) => row.log_k_difference, cell: (row) => withInterval(row.log_k_difference, row.log_k_difference_half_width), title: `log K less that with ${report.reference_metal}: the decimal logarithm of the separation factor` },
    has('exchange') && { label: 'Exchange', width: 132, numeric: true, value: (row) => row.exchange, cell: (row) => energyCell(row, ranges.get(kindOf(row.geometry))), title: `Replacing water of the aqua ion, ${report.unit}` },
    has('rank') && { label: 'Rank', width: 74, numeric: true, value: (row) => row.rank, cell: (row) => String(row.rank ?? MISSING), title: 'Place among the ligands for this metal, of as many on it' },
    has('probability_first') && { label: 'P(first)', width: 98, numeric: true, low: false, value: (row) => row.probability_first, cell: probabilityCell, title: 'Probability that this ligand is the strongest for the metal; none where all energies are computed' },
    !hasSign && has('preference') && { label: `ΔΔE – ${report.reference_metal ?? 'ref.'}, rel.`, width: 126, numeric: true, value: (row) => row.preference ?? null, cell: (row) => formatNumber(row.preference), title: RELATIVE },
    hasSign && has('selectivity') && { label: `ΔΔE – ${report.reference_metal ?? 'ref.'}`, width: 126, numeric: true, value: (row) => row.selectivity, cell: (row) => withInterval(row.selectivity, row.selectivity_half_width), title: `Exchange with this metal less that with ${report.reference_metal}; negative: prefers this metal` },
    has('binding') && { label: 'Eq. 1', width: 142, numeric: true, value: (row) => row.binding, cell: (row) => withInterval(row.binding, row.half_width), title: `Binding energy from the bare ion, ${report.unit}` },
    has('source') && { label: 'Source', width: 116, value: (row) => row.source || null, cell: (row) => make('span', { class: 'source' }, row.source || MISSING), title: 'Computed with the level of theory, or predicted by the model' },
    report.geometries.length > 1 && { label: 'Geometry', width: 106, value: (row) => row.geometry, cell: (row) => row.geometry, title: 'Ligands:waters' },
    known(report.water_release) && { label: 'Waters', width: 84, numeric: true, value: (row) => row.waters, cell: (row) => `${row.waters ?? MISSING} / ${row.aqua_waters ?? MISSING}`, title: 'Chosen for this metal: of the complex / of the aqua ion' },
    has('coordination_number') && { label: 'CN', width: 62, numeric: true, value: (row) => row.coordination_number, cell: (row) => String(row.coordination_number ?? MISSING), title: 'Donor atoms around the metal; around La, where the metal is predicted' },
    has('strain') && { label: 'Strain', width: 84, numeric: true, value: (row) => row.strain, cell: (row) => formatNumber(row.strain), title: `Energy of the ligand's shape in the complex less that of the free ligand, ${report.unit}; counted in the exchange energy already` },
    { label: 'Status', width: rows.some((row) => marksOf(row).length) ? 150 : 100, value: (row) => [row.status ?? 'ok', row.flagged ? 'flagged' : '', ...marksOf(row).map(([name]) => name)].join(' '), cell: statusCell },
  ].filter(Boolean);
}

function ligandCell(row) {
  return make('div', { class: 'ligand' }, drawingLater(ligandByName.get(row.ligand), 'thumb'),
    make('button', { type: 'button', class: 'link', title: row.ligand }, row.ligand),
    structureOf(row) ? make('span', { class: 'badge', title: 'Opens in 3D' }, '3D') : null);
}

/** The energies of a number of ligands with their intervals, lowest and highest. */
function energyRange(kind) {
  const ends = rows.filter((row) => kindOf(row.geometry) === kind && known(row.exchange))
    .flatMap(({ exchange, half_width: half }) => [exchange - (half ?? 0), exchange + (half ?? 0)]);
  return widened(ends.length ? ends : [0], 0.02);
}

/** The number, and below it where it lies among those it is compared with, with its interval. */
function energyCell(row, [low, high] = [0, 1]) {
  if (!known(row.exchange)) return MISSING;
  const share = (value) => 100 * Math.min(1, Math.max(0, (value - low) / (high - low)));
  const dot = make('i', { class: 'dot' });
  dot.style.left = `${share(row.exchange)}%`;
  const bar = make('i', { class: 'bar' });
  const width = row.half_width ?? 0;
  bar.style.left = `${share(row.exchange - width)}%`;
  bar.style.right = `${100 - share(row.exchange + width)}%`;
  return make('div', {}, withInterval(row.exchange, row.half_width), make('div', { class: 'track', 'aria-hidden': 'true' }, bar, dot));
}

function probabilityCell(row) {
  if (!known(row.probability_first)) return MISSING;
  const bar = make('i', { class: 'share' });
  bar.style.width = `${100 * row.probability_first}%`;
  return make('div', {}, percent(row.probability_first), make('div', { class: 'track full', 'aria-hidden': 'true' }, bar));
}

function statusCell(row) {
  const parts = [];
  if (!succeeded(row)) parts.push(make('span', { class: 'status bad', title: row.reason || row.status }, row.status));
  else if (row.flagged) parts.push(make('span', { class: 'flag', title: FLAG_TEXT, 'aria-label': FLAG_TEXT, role: 'img' }, '⚑'), make('span', { title: FLAG_TEXT, 'aria-hidden': 'true' }, 'flagged'));
  if (succeeded(row)) parts.push(...marksOf(row).map(([name, text]) => make('span', { class: 'status mark', title: text }, name)));
  if (!parts.length) parts.push(make('span', { class: 'status' }, row.status ?? 'ok'));
  return make('div', { class: 'state' }, parts);
}
