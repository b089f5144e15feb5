// Separation factors of metal pairs.

function drawPairs() {
  const pairs = report.pairs.filter((pair) => pair.rows?.length);
  if (!pairs.length) return;
  reveal('pairs');
  const name = ({ metal, other }) => `${metal} / ${other}`;
  byId('pairs-notice').hidden = !hasSign;
  byId('pairs-lead').textContent = !hasSign
    ? `${RELATIVE} ΔΔE is exchange with the first metal less exchange with the second, ${report.unit}; negative prefers the first more than the median ligand does. Separation factors and probabilities would say more than the energies can.`
    : `ΔΔE is exchange with the first metal less exchange with the second, ${report.unit}; negative prefers the first.`
    + (known(report.temperature) ? ` Factors at ${report.temperature} K` : ' Factors')
    + (pairs.some((pair) => pair.rows.some((row) => known(row.log10_half_width))) ? ', with the range that the interval allows.' : '.');
  const show = (pair) => {
    const has = (key) => pair.rows.some((row) => known(row[key]));
    const table = sortableTable({
      host: byId('pairs-table'), label: `Selectivity for ${name(pair)}`, rowHeight: 44,
      onOpen: (row) => {
        const found = rowAt(row.ligand, pair.metal, row.geometry);
        if (found) openDetail(found);
      },
      columns: [
        { label: 'Ligand', header: true, value: (row) => row.ligand, cell: (row) => make('button', { type: 'button', class: 'link', title: row.ligand }, row.ligand) },
        { label: hasSign ? 'ΔΔE' : 'ΔΔE less median', width: hasSign ? 130 : 150, numeric: true, value: (row) => row.difference, cell: (row) => withInterval(row.difference, row.half_width) },
        has('log10_factor') && { label: `Factor ${pair.metal}/${pair.other}`, width: 150, numeric: true, low: false, value: (row) => row.log10_factor, cell: (row) => powerOfTen(row.log10_factor), title: 'exp(−ΔΔE/RT); a separation factor only as far as energies stand for free energies' },
        has('log10_half_width') && { label: 'Range', width: 220, numeric: true, low: false, value: (row) => row.log10_factor - row.log10_half_width, cell: factorRange, title: 'Factors at the ends of the interval; sorts by the lower end' },
        has('probability_best') && { label: 'P(best)', width: 96, numeric: true, low: false, value: (row) => row.probability_best, cell: (row) => percent(row.probability_best), title: 'Probability that this ligand is the most selective' },
        report.geometries.length > 1 && { label: 'Geometry', width: 106, value: (row) => row.geometry, cell: (row) => row.geometry },
      ].filter(Boolean),
    });
    table.show(pair.rows);
  };
  if (pairs.length > 1) {
    byId('pairs-controls').append(choice('Metal pair', pairs.map((pair, at) => [String(at), name(pair)]), '0', (at) => show(pairs[Number(at)])));
  } else {
    byId('pairs-controls').append(make('span', {}, name(pairs[0])));
  }
  show(pairs[0]);
}

function factorRange({ log10_factor: middle, log10_half_width: width }) {
  return known(middle) && known(width) ? `${powerOfTen(middle - width)} to ${powerOfTen(middle + width)}` : MISSING;
}
