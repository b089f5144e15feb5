// Cards of the ligands with their drawings.

const CARDS_AT_ONCE = 24;

function drawLigands() {
  if (!report.ligands.length) return;
  reveal('ligands');
  const cards = byId('ligands-cards');
  const more = make('button', { type: 'button', class: 'more', onclick: () => show(shown + CARDS_AT_ONCE) });
  cards.after(more);
  let found = report.ligands;
  let shown = 0;
  const firstRow = new Map();
  for (const row of rows) if (!firstRow.has(row.ligand)) firstRow.set(row.ligand, row);

  function show(number) {
    cards.append(...found.slice(shown, number).map((ligand) => card(ligand, firstRow.get(ligand.name))));
    shown = Math.min(number, found.length);
    more.hidden = shown >= found.length;
    more.textContent = `Show more (${found.length - shown} left)`;
  }

  function filter(text) {
    found = report.ligands.filter((ligand) => matchesText(ligand, text));
    cards.replaceChildren();
    shown = 0;
    show(CARDS_AT_ONCE);
  }

  if (report.ligands.length > CARDS_AT_ONCE / 2) {
    byId('ligands-controls').append(searchField('Search', 'Name, SMILES or InChIKey', filter));
  }
  show(CARDS_AT_ONCE);
}

function card(ligand, row) {
  const facts = [
    known(ligand.charge) ? `charge ${formatNumber(ligand.charge, 0)}` : '',
    known(ligand.denticity) ? counted(ligand.denticity, 'donor') : '',
  ].filter(Boolean).join(' · ');
  const name = row
    ? make('button', { type: 'button', class: 'link', onclick: () => openDetail(row) }, ligand.name)
    : make('span', {}, ligand.name);
  return make('li', { class: 'card' }, drawingOf(ligand, 'medium'), make('h3', {}, name),
    facts ? make('p', {}, facts) : null,
    ligand.smiles ? make('code', { title: ligand.smiles }, ligand.smiles) : null);
}
