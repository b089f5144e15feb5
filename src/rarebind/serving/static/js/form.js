// What to screen: choices, and putting a screen into the queue.

const ENGINES = {
  tblite: ['Computed, with right bonds', 'Every complex is built and relaxed at gfn2-re, fitted to density functional theory. The time grows with the number of metals.'],
  model: ['Predicted by the model', 'To look through many: the complexes of La, Sc and Y are computed with GFN2-xTB, whose bonds are too short, the other lanthanides predicted, with intervals. Ligands alone (1) are filled up with water to eight donor atoms.'],
};
const ORDER = start.metals.map(({ symbol }) => symbol);
const FEW = ['La', 'Eu', 'Lu'];

function ticked(host) {
  return [...byId(host).querySelectorAll('input:checked')].map(({ value }) => value);
}

function tick(host, values) {
  for (const box of byId(host).querySelectorAll('input')) box.checked = values.includes(box.value);
}

function chip(value, small, checked) {
  return make('label', { class: 'chip' }, make('input', { type: 'checkbox', value, checked }),
    value, small ? make('small', {}, small) : null);
}

function drawForm() {
  byId('metals').append(...start.metals.map(({ symbol, number, chosen }) => chip(symbol, number, chosen)));
  byId('geometries').append(...start.geometries.map((one) => (
    chip(one, one === '1' ? 'fill with water' : null, start.defaults.geometries.includes(one)))));
  for (const [name, [title, about]] of Object.entries(ENGINES)) {
    const problem = name === 'model' ? start.modelProblem : '';
    byId('engines').append(make('label', { class: 'engine' },
      make('input', {
        type: 'radio', name: 'engine', value: name, disabled: Boolean(problem),
        checked: name === 'tblite',
      }), make('strong', {}, title), make('span', {}, problem || about)));
  }
  byId('short-list').max = start.shortList.most;
  byId('short-list-level').append(...start.shortList.levels.map((name) => make('option', {}, name)));
  byId('short-list-level').value = start.defaults.short_list_level;
  byId('coordination').value = start.defaults.coordination_number;
  byId('builder').value = start.defaults.builder;
  byId('hops').value = start.defaults.hops;
  byId('unit').value = start.defaults.unit;
  byId('fall-back').checked = start.defaults.fall_back;
  byId('leave-out').checked = !start.defaults.strict;
  byId('metals').addEventListener('change', drawReference);
  byId('engines').addEventListener('change', drawFallBack);
  byId('log-k').addEventListener('change', drawFallBack);
  byId('short-list').addEventListener('input', drawShortList);
  for (const [id, metals] of [['metals-all', ORDER], ['metals-few', FEW], ['metals-none', []]]) {
    byId(id).addEventListener('click', () => {
      tick('metals', metals);
      drawReference();
      drawSize();
    });
  }
  drawReference();
  drawFallBack();
  drawShortList();
}

const engineChosen = () => byId('form').elements.engine.value;

/** Only the model has anything to fall back from, and no free energies. */
function drawFallBack() {
  const predicted = engineChosen() === 'model';
  byId('fall-back').disabled = !predicted;
  byId('log-k').disabled = predicted;
  byId('ph').disabled = !constantsAsked();
}

const constantsAsked = () => byId('log-k').checked && !byId('log-k').disabled;

function logKAsked() {
  if (!constantsAsked()) return {};
  const ph = byId('ph').valueAsNumber;
  return { log_k: true, ...(Number.isFinite(ph) ? { ph } : {}) };
}

/** Level and metals say how: without a short list they say nothing. */
function drawShortList() {
  const none = byId('short-list').valueAsNumber === 0;
  for (const id of ['short-list-level', 'short-list-metals']) byId(id).disabled = none;
}

const words = (id) => byId(id).value.split(/[\s,;]+/).filter(Boolean);

/** The reference is one of the metals chosen; the first, as long as nobody chose. */
function drawReference() {
  const list = byId('reference');
  const metals = ticked('metals');
  const before = list.value;
  list.replaceChildren(...metals.map((metal) => make('option', {}, metal)));
  list.value = metals.includes(before) ? before : metals[0] ?? '';
  list.disabled = !metals.length;
}

function geometriesChosen() {
  return [...new Set([...ticked('geometries'), ...words('more-geometries')])];
}

function metalsChosen() {
  const reference = byId('reference').value;
  const metals = ticked('metals');
  return metals.includes(reference) ? [reference, ...metals.filter((m) => m !== reference)] : metals;
}

function shortListAsked() {
  const number = byId('short-list').valueAsNumber;
  if (number === 0) return {};
  return {
    short_list: number,
    short_list_level: byId('short-list-level').value,
    short_list_metals: words('short-list-metals'),
  };
}

function asked() {
  return {
    ligands: lines.value,
    metals: metalsChosen(),
    geometries: geometriesChosen(),
    coordination_number: byId('coordination').valueAsNumber,
    engine: engineChosen(),
    fall_back: byId('fall-back').checked,
    builder: byId('builder').value,
    hops: byId('hops').valueAsNumber,
    unit: byId('unit').value,
    strict: !byId('leave-out').checked,
    retry_failed: byId('retry-failed').checked,
    pairs: words('pairs'),
    ...logKAsked(),
    ...shortListAsked(),
  };
}

/** Fill the form with what an earlier screen was asked for. */
function recall(asked) {
  const request = { ...start.defaults, ...asked };
  setLines(request.ligands);
  tick('metals', request.metals);
  drawReference();
  byId('reference').value = request.metals[0] ?? '';
  tick('geometries', request.geometries);
  byId('more-geometries').value = request.geometries
    .filter((one) => !start.geometries.includes(one)).join(' ');
  byId('coordination').value = request.coordination_number;
  const wanted = request.engine === 'auto' ? 'tblite' : request.engine;
  const engine = [...byId('form').elements.engine].find((one) => one.value === wanted);
  if (engine && !engine.disabled) engine.checked = true;
  byId('fall-back').checked = request.fall_back;
  byId('log-k').checked = request.log_k;
  byId('ph').value = request.ph ?? '';
  drawFallBack();
  byId('builder').value = request.builder;
  byId('hops').value = request.hops;
  byId('unit').value = request.unit;
  byId('pairs').value = request.pairs.join(' ');
  byId('leave-out').checked = !request.strict;
  byId('retry-failed').checked = request.retry_failed;
  byId('short-list').value = request.short_list;
  byId('short-list-level').value = request.short_list_level;
  byId('short-list-metals').value = request.short_list_metals.join(' ');
  drawShortList();
  drawSize();
  lines.focus();
}

let good = 0;
function drawSize() {
  const [metals, geometries] = [ticked('metals').length, geometriesChosen().length];
  const complexes = good * metals * geometries;
  byId('size').textContent = complexes
    ? `${counted(good, 'ligand')} × ${counted(metals, 'metal')} × ${counted(geometries, 'geometry', 'geometries')} = ${counted(complexes, 'complex', 'complexes')}`
    : '';
}

onLigands = (counts) => {
  good = counts.good;
  drawSize();
};

function showProblems(problems) {
  const box = byId('problems');
  box.hidden = !problems.length;
  box.replaceChildren(make('strong', {}, 'Nothing was queued:'),
    make('ul', {}, problems.map((problem) => make('li', {}, problem))));
  if (problems.length) box.focus();
}

byId('form').addEventListener('change', drawSize);
byId('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = byId('submit');
  if (button.disabled) return;
  button.disabled = true;
  showProblems([]);
  try {
    await ask('/api/screens', asked());
    await refresh();
    byId('screens').focus({ preventScroll: true });
    byId('screens').scrollIntoView();
  } catch (error) {
    showProblems(error.problems ?? [String(error)]);
  } finally {
    button.disabled = false;
  }
});
