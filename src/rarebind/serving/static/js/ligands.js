// The lines typed, and what the server finds in each: one card a line.

const PAUSE = 350; // ms without typing
const AT_ONCE = 2;
const SHOWN = 60;
// The head of a table without commas.
const IGNORED = /^smiles([\s,;]|$)/i;

const lines = byId('lines');
const answers = new Map(); // line → { ligand } or { problems }
let typed = []; // { number, text } of the lines with a ligand
let asking = 0;
let onLigands = () => {};

function readLines() {
  const all = lines.value.split(/\r\n|\r|\n/)
    .map((text, index) => ({ number: index + 1, text: text.trim() }))
    .filter(({ text }) => text);
  const columns = all.length ? fields(all[0].text).map((one) => one.toLowerCase()) : [];
  if (columns.length > 1 && columns.includes('smiles')) {
    typed = all.slice(1).map(({ number, text }) => ({ number, text: asLine(fields(text), columns) }));
  } else {
    typed = all.filter(({ text }) => !IGNORED.test(text));
  }
}

/** Fields of a line of a CSV file. */
function fields(text) {
  return [...`${text},`.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*,/g)]
    .map(([, quoted, bare]) => (quoted?.replaceAll('""', '"') ?? bare).trim());
}

/** A row of a CSV file as a line: SMILES, then the name. */
function asLine(row, columns) {
  const [smiles, name] = ['smiles', 'name'].map((one) => row[columns.indexOf(one)] ?? '');
  return name ? `${smiles}, ${name}` : smiles;
}

/** Lines not yet answered are asked for, a few at a time. */
function checkLines() {
  for (const { text } of typed.slice(0, start.limits.ligands)) {
    if (asking >= AT_ONCE) return;
    if (answers.has(text)) continue;
    answers.set(text, null);
    asking += 1;
    ask('/api/ligand', { line: text })
      .then((ligand) => answers.set(text, { ligand }))
      .catch((error) => {
        answers.set(text, { problems: error.problems ?? [String(error)] });
        // Not the line's fault: asked for again with the next key.
        if (error.status !== 422) setTimeout(() => answers.delete(text), 2000);
      })
      .finally(() => {
        asking -= 1;
        drawCards();
        checkLines();
      });
  }
}

const drawCards = oncePerFrame(() => {
  const first = new Map(); // InChIKey → line that has it first
  const cards = [];
  const counts = { good: 0, bad: 0, open: 0 };
  for (const { number, text } of typed) {
    const answer = answers.get(text);
    let problems = answer?.problems;
    if (answer?.ligand) {
      const { inchikey, name } = answer.ligand;
      const twin = first.get(inchikey) ?? first.get(`name ${name}`);
      if (twin) problems = [`Line ${twin} has the same molecule or name: remove one of them.`];
      else first.set(inchikey, number).set(`name ${name}`, number);
    }
    counts[problems ? 'bad' : answer ? 'good' : 'open'] += 1;
    if (cards.length < SHOWN) cards.push(card(number, text, answer, problems));
  }
  if (typed.length > SHOWN) {
    cards.push(make('li', { class: 'checking' }, `and ${typed.length - SHOWN} more lines`));
  }
  byId('cards').replaceChildren(...cards);
  lines.setAttribute('aria-invalid', String(counts.bad > 0));
  byId('count').textContent = [
    typed.length ? counted(counts.good, 'ligand') : '',
    counts.bad ? `${counted(counts.bad, 'line')} cannot be used` : '',
    counts.open ? 'looking…' : '',
    typed.length > start.limits.ligands ? `at most ${start.limits.ligands} at once` : '',
  ].filter(Boolean).join(' · ');
  onLigands(counts);
});

function card(number, text, answer, problems) {
  const at = make('span', { class: 'at' }, `line ${number}`);
  if (problems) {
    return make('li', { class: 'bad' }, make('h3', {}, shortened(text), at),
      problems.map((problem) => make('p', { class: 'problem' }, problem)));
  }
  if (!answer) return make('li', { class: 'checking' }, shortened(text), at);
  const { ligand } = answer;
  const picture = ligand.svg ? make('img', {
    src: `data:image/svg+xml,${encodeURIComponent(ligand.svg)}`,
    alt: `Drawing of ${ligand.name}, donor atoms marked`,
  }) : make('span', {});
  return make('li', {}, picture, make('div', {},
    make('h3', {}, ligand.name, at),
    make('p', {}, `${counted(ligand.denticity, 'donor')}: ${donorText(ligand.donors)} · charge ${signed(ligand.charge)}`),
    [...ligand.why, ...ligand.notes].map((note) => make('p', { class: 'note' }, note))));
}

const donorText = (donors) => donors.map(({ element, atom }) => `${element}${atom}`).join(', ');
const signed = (charge) => (charge > 0 ? `+${charge}` : charge < 0 ? `−${-charge}` : '0');
const shortened = (text) => (text.length > 80 ? `${text.slice(0, 80)}…` : text);
const counted = (number, one, many = `${one}s`) => `${number.toLocaleString('en')} ${number === 1 ? one : many}`;

function linesChanged() {
  readLines();
  drawCards();
  checkLines();
}

/** Put a line at the end of the text. */
function addLine(text) {
  const before = lines.value.replace(/\s+$/, '');
  setLines(before ? `${before}\n${text}\n` : `${text}\n`);
}

function setLines(text) {
  lines.value = text;
  linesChanged();
}

let pause = 0;
lines.addEventListener('input', () => {
  clearTimeout(pause);
  pause = setTimeout(linesChanged, PAUSE);
});
byId('example').addEventListener('click', () => {
  addLine('CNC(=O)c1cccc(=O)n1O, HOPO\nCNC(=O)c1cccc(O)c1O, CAM');
});
