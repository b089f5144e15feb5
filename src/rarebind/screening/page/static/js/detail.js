// What opens on a click: one ligand, its numbers with every metal, the complex in 3D.

const detail = byId('detail');
const viewer3D = structureViewer();
const detailParts = {
  title: make('h2', { id: 'detail-title' }),
  facts: make('div', { class: 'facts' }),
  pick: make('form', { class: 'controls' }),
  numbers: make('div', { class: 'numbers' }),
};
detail.append(
  make('header', {}, detailParts.title,
    make('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: () => detail.close() }, '×')),
  make('div', { class: 'detail-body' }, detailParts.facts,
    make('div', { class: 'complex' }, detailParts.pick, viewer3D.element, detailParts.numbers)));
detail.addEventListener('close', () => viewer3D.hide());
detail.addEventListener('click', (event) => {
  if (event.target === detail) detail.close();
});

/** Show a row, or a ligand with its first row. */
function openDetail(row) {
  const own = rows.filter((other) => other.ligand === row.ligand);
  const ligand = ligandByName.get(row.ligand) ?? { name: row.ligand };
  detailParts.title.textContent = row.ligand;
  detailParts.facts.replaceChildren(drawingOf(ligand, 'large'), ligandFacts(ligand));
  showComplex(row, own);
  if (!detail.open) detail.showModal();
  showStructure(row);
}

function ligandFacts(ligand) {
  const lines = [
    ['SMILES', ligand.smiles && make('code', {}, ligand.smiles)],
    ['InChIKey', ligand.inchikey && make('code', {}, ligand.inchikey)],
    ['Charge', known(ligand.charge) ? formatNumber(ligand.charge, 0) : null],
    ['Denticity', ligand.denticity],
    ['Donor atoms (as numbered in the drawing, from 0 in the SMILES)', ligand.donors?.length ? ligand.donors.join(', ') : null],
    ['Notes', ligand.notes?.length ? ligand.notes.join('; ') : null],
  ].filter(([, value]) => value !== null && value !== undefined && value !== '');
  return make('dl', {}, lines.map(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]));
}

function showComplex(row, own) {
  const text = (other) => `${other.metal}${report.geometries.length > 1 ? `, ${other.geometry}` : ''}${structureOf(other) ? ' · 3D' : ''}`;
  detailParts.pick.replaceChildren(choice('Complex', own.map((other) => [String(other.index), text(other)]),
    String(row.index), (index) => {
      showComplex(rows[Number(index)], own);
      showStructure(rows[Number(index)]);
    }));
  detailParts.numbers.replaceChildren(rowNumbers(row));
}

function rowNumbers(row) {
  const unit = ` ${report.unit}`;
  const lines = [
    ['Status', succeeded(row) ? null : `${row.status}${row.reason ? `: ${row.reason}` : ''}`],
    ['Note', succeeded(row) && row.reason ? row.reason : null],
    ['Rank with this metal', row.rank],
    ['Source', row.source || null],
    ['Exchange with the aqua ion', known(row.exchange) ? withInterval(row.exchange, row.half_width) + unit : null],
    [`ΔΔE against ${report.reference_metal}, less the median ligand's`, known(row.preference) ? formatNumber(row.preference) + unit : null],
    [`ΔΔE against ${report.reference_metal}`, hasSign && known(row.selectivity) ? withInterval(row.selectivity, row.selectivity_half_width) + unit : null],
    ['Binding of the bare ion', known(row.binding) ? withInterval(row.binding, row.half_width) + unit : null],
    ['Probability of being first', known(row.probability_first) ? percent(row.probability_first) : null],
    ['Charge of the complex', known(row.charge) ? formatNumber(row.charge, 0) : null],
    ['Coordination number', row.coordination_number],
    ['Donor atoms of the ligands', bindsOtherwise(row) ? `${row.bound_donors}, asked for ${row.donors}` : row.bound_donors],
    ['Strain of the ligand', known(row.strain) ? `${formatNumber(row.strain)}${unit}${row.strained ? '; more than is usual' : ''}` : null],
    ['Waters of the complex', row.waters],
    ['Waters of the aqua ion', row.aqua_waters],
    ...distanceLines(row),
    ['Flag', row.flagged ? FLAG_TEXT : null],
    ...marksOf(row).map(([name, text]) => [`Mark: ${name}`, text]),
  ].filter(([, value]) => value !== null && value !== undefined);
  return make('dl', {}, lines.map(([name, value]) => [make('dt', {}, name), make('dd', {}, String(value))]));
}

/** Distances of the metal to the donors of each ligand, and of water together. */
function distanceLines(row) {
  const found = new Map();
  for (const { ligand, donor, distance } of distancesOf(row)) {
    found.set(ligand, [...(found.get(ligand) ?? []), [donor, distance]]);
  }
  return [...found].map(([ligand, lengths]) => [
    `${row.metal}–donor distances, ${ligand}`,
    `${lengths.map(([donor, distance]) => `${ligand === 'water' ? '' : `${donor} `}${formatNumber(distance, 2)}`).join(', ')} Å`,
  ]);
}

function showStructure(row) {
  const xyz = structureOf(row);
  if (xyz && viewerLibrary()) viewer3D.show(xyz, row.metal, fileName(row.ligand, row.metal, row.geometry) + '.xyz');
  else viewer3D.hide();
}
