// The best ligands once more, at a higher level on the same geometries.

function drawShortList() {
  const { rows: listed, level, geometry_level: below } = report.short_list ?? {};
  if (!listed?.length) return;
  reveal('short-list');
  byId('short-list-lead').textContent = `Single points of ${level} on geometries of ${below}, ${report.unit}. Ranks are among the ligands of this list. Equation 1 of the two levels must not be compared.`;
  const has = (name) => listed.some((row) => known(row[name]));
  sortableTable({
    host: byId('short-list-table'), label: 'Short list', rowHeight: 44,
    onOpen: (row) => {
      const found = rowAt(row.ligand, row.metal, row.geometry);
      if (found) openDetail(found);
    },
    columns: [
      { label: 'Ligand', header: true, value: (row) => row.ligand, cell: (row) => make('button', { type: 'button', class: 'link', title: row.ligand }, row.ligand) },
      { label: 'Metal', width: 78, value: (row) => metalOrder.get(row.metal) ?? null, cell: (row) => row.metal, title: 'Sorted in the order of the series' },
      report.geometries.length > 1 && { label: 'Geometry', width: 106, value: (row) => row.geometry, cell: (row) => row.geometry, title: 'Ligands:waters' },
      { label: 'Rank', width: 74, numeric: true, value: (row) => row.rank, cell: (row) => String(row.rank ?? MISSING), title: 'Place by exchange at this level' },
      { label: 'Exchange', width: 116, numeric: true, value: (row) => row.exchange, cell: (row) => formatNumber(row.exchange), title: `Replacing water of the aqua ion, ${level}` },
      { label: 'In the screen', width: 150, numeric: true, value: (row) => row.screen_exchange, cell: (row) => withInterval(row.screen_exchange, row.screen_half_width), title: `Exchange, ${below}, computed or predicted` },
      { label: 'Rank there', width: 110, numeric: true, value: (row) => row.screen_rank, cell: (row) => String(row.screen_rank ?? MISSING) },
      { label: 'Eq. 1', width: 116, numeric: true, value: (row) => row.binding, cell: (row) => formatNumber(row.binding), title: `Binding energy from the bare ion, ${level}` },
      has('spin_contamination') && { label: '⟨S²⟩ +', width: 92, numeric: true, value: (row) => row.spin_contamination, cell: (row) => formatNumber(row.spin_contamination, 3), title: '⟨S²⟩ less S(S + 1): spin contamination' },
      { label: 'Status', width: 100, value: (row) => row.status, cell: statusCell },
    ].filter(Boolean),
  }).show(listed);
}
