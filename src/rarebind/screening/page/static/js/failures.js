// What gave no result, and why; the same reason of one ligand with many metals is one line.

const FAILURES_AT_ONCE = 100;

function drawFailures() {
  const groups = new Map();
  for (const row of rows) {
    if (succeeded(row)) continue;
    const key = JSON.stringify([row.ligand, row.geometry, row.status, row.reason]);
    const group = groups.get(key) ?? { ligand: row.ligand, geometry: row.geometry, status: row.status, reason: row.reason, metals: [] };
    group.metals.push(row.metal);
    groups.set(key, group);
  }
  const rejected = report.rejected_input.map(({ name, smiles, reason }) => ({
    ligand: name || smiles, geometry: MISSING, status: 'not read', reason, metals: [], smiles,
  }));
  const lines = [...rejected, ...groups.values()];
  if (!lines.length) return;
  reveal('failures');
  const body = make('tbody');
  const table = make('table', { class: 'plain' },
    make('caption', { class: 'unseen' }, 'Ligands and complexes without a result'),
    make('thead', {}, make('tr', {}, ['Ligand', 'Metals', 'Geometry', 'Status', 'Reason'].map((text) => make('th', { scope: 'col' }, text)))), body);
  const host = byId('failures-table');
  host.append(table);
  const show = (some) => body.append(...some.map((line) => make('tr', {},
    make('th', { scope: 'row', title: line.smiles }, line.ligand),
    make('td', {}, line.metals.length === report.metals.length && line.metals.length > 1 ? 'all' : line.metals.join(', ') || MISSING),
    make('td', {}, line.geometry ?? MISSING), make('td', {}, line.status), make('td', { class: 'reason' }, line.reason || MISSING))));
  show(lines.slice(0, FAILURES_AT_ONCE));
  if (lines.length > FAILURES_AT_ONCE) {
    const more = make('button', { type: 'button', class: 'more', onclick: () => {
      show(lines.slice(FAILURES_AT_ONCE));
      more.remove();
    } }, `Show all ${lines.length}`);
    host.after(more);
  }
}
