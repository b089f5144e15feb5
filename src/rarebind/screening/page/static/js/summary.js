// The line and the numbers at the top.

function drawSummary() {
  const done = rows.filter((row) => known(row.exchange) || known(row.binding));
  const best = rows.filter((row) => row.rank === 1 && known(row.exchange));
  const parts = [
    [report.level, report.engine && report.engine !== 'model' ? `by ${report.engine}` : report.engine && 'predicted by a neural network'].filter(Boolean).join(', '),
    report.geometries.length ? `${report.geometries.length === 1 ? 'geometry' : 'geometries'} ${report.geometries.join(', ')} (ligands:waters)` : '',
    report.created ? dateText(report.created) : '',
  ].filter(Boolean);
  byId('summary').append(parts.join(' · '));
  const of = (source) => rows.filter((row) => row.source === source).length;
  if (of('predicted')) byId('summary').append(make('br'), `${of('predicted')} complexes predicted, ${of('computed')} computed.`);
  if (known(report.water_release)) byId('summary').append(make('br'), `Numbers of waters are chosen for each metal; every site given up counts ${report.water_release.toFixed(1)} ${report.unit} of the water set free.`);
  if (report.note) byId('summary').append(make('br'), report.note);
  if (best.length && report.ligands.length > 1) {
    byId('summary').append(make('br'), 'Strongest: ', ...kinds.flatMap(strongest(best)),
      !best.some((row) => known(row.probability_first)) ? '.'
        : best.every((row) => known(row.probability_first)) ? '. Probabilities below say how sure that is.'
          : '. Probabilities below say how sure that is; there are none where all energies are computed.');
  }
  const structures = Object.keys(report.structures).length;
  const tiles = [
    [report.ligands.length, report.ligands.length === 1 ? 'ligand' : 'ligands'],
    [report.metals.length, report.metals.length === 1 ? 'metal' : 'metals'],
    [done.length, done.length === 1 ? 'complex with a result' : 'complexes with a result'],
    [rows.length - done.length + report.rejected_input.length, 'without a result'],
    hasFlags ? [rows.filter((row) => row.flagged).length, 'flagged as unlike training'] : null,
    structures ? [structures, structures === 1 ? 'structure in 3D' : 'structures in 3D'] : null,
  ].filter(Boolean);
  byId('tiles').append(...tiles.map(([number, text]) => make('li', {},
    make('strong', {}, number.toLocaleString('en')), make('span', {}, text))));
  byId('made-by').textContent = `Made by rarebind ${report.rarebind ?? ''}. This file is complete: it fetches nothing and sends nothing.`;
}

/** Of one number of ligands on the metal: who is first most often, as nodes. */
function strongest(best) {
  return (kind, place) => {
    const often = new Map();
    for (const row of best) {
      if (kindOf(row.geometry) === kind) often.set(row.ligand, (often.get(row.ligand) ?? 0) + 1);
    }
    const [name, times] = [...often].sort(([, a], [, b]) => b - a)[0] ?? [];
    if (name === undefined) return [];
    const where = report.metals.length === 1 ? ` with ${ion(report.metals[0])}` : ` with ${times} of ${report.metals.length} metals`;
    return [place ? '; ' : '', make('strong', {}, name), where, kinds.length > 1 ? ` (${kindText(kind)})` : ''];
  };
}

function dateText(iso) {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? String(iso)
    : date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).replaceAll(' ', '\u00a0');
}

function drawContents() {
  const sections = [...document.querySelectorAll('main > section:not([hidden])')];
  byId('contents').append(...sections.map((section) => (
    make('a', { href: `#${section.id}` }, section.dataset.short))));
}
