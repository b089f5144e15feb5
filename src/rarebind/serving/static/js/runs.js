// The queue: how far each screen is, and what came of it.

const SOON = 1000; // ms between looks while something happens
const LATER = 5000;
const STATES = {
  waiting: 'Waiting', running: 'Running', cancelling: 'Ending…', done: 'Done', failed: 'Failed',
  cancelled: 'Cancelled', interrupted: 'Interrupted',
};
const SAVED = [
  ['ranking.csv', 'CSV'], ['short-list.csv', 'Short list (CSV)'], ['ranking.json', 'JSON'],
  ['structures.xyz', 'XYZ'],
];

const drawnRuns = new Map(); // key → { text, node }
const statesSeen = new Map();
let timer = 0;

/** Look now, and go on looking. */
async function refresh() {
  clearTimeout(timer);
  let wait = LATER;
  try {
    const runs = await ask('/api/screens');
    drawRuns(runs);
    byId('lost').hidden = true;
    if (runs.some((run) => !run.finished)) wait = SOON;
  } catch (error) {
    byId('lost').textContent = (error.problems ?? [String(error)]).join(' ');
    byId('lost').hidden = false;
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, wait);
}

function drawRuns(runs) {
  const list = byId('runs');
  for (const [index, run] of runs.entries()) {
    const text = JSON.stringify(run);
    const before = drawnRuns.get(run.key);
    if (before?.text === text) {
      continue;
    }
    const node = drawRun(run);
    // The button that has the focus must not lose it to a new drawing.
    const focused = before?.node.contains(document.activeElement)
      ? document.activeElement.dataset.act : undefined;
    if (before) before.node.replaceWith(node);
    else list.insertBefore(node, list.children[index] ?? null);
    if (focused) node.querySelector(`[data-act="${focused}"]`)?.focus();
    drawnRuns.set(run.key, { text, node });
    announce(run);
  }
}

function announce(run) {
  const before = statesSeen.get(run.key);
  statesSeen.set(run.key, run.state);
  if (before && before !== run.state) {
    byId('announce').textContent = `Screen of ${titleOf(run)}: ${STATES[run.state]}`;
  }
}

function drawRun(run) {
  const { progress, asked: request } = run;
  const several = request.geometries.length > 1 ? 'geometries' : 'geometry';
  return make('li', { class: 'run', 'data-key': run.key },
    make('header', {}, make('h3', {}, titleOf(run)),
      make('span', { class: `state ${run.state}` }, stateOf(run)),
      make('time', { datetime: run.created }, new Date(run.created).toLocaleString())),
    make('p', {}, `${metalsText(request.metals)} · ${several} ${request.geometries.join(', ')} · ${energiesText(request)}`),
    run.state === 'running' || run.state === 'cancelling' ? progressOf(progress, run.left) : null,
    run.problems.map((problem) => make('p', { class: 'problem' }, problem)),
    run.state === 'done' && progress.failed
      ? make('p', {}, `${counted(progress.failed, 'calculation')} without a result: the report says why.`) : null,
    make('div', { class: 'actions' }, actionsOf(run)));
}

function progressOf({ total, done, stage, part }, left) {
  // The share is not known before the number of calculations is.
  const bar = make('progress', total ? { max: total, value: done } : {});
  bar.setAttribute('aria-label', 'Calculations');
  return [bar, make('p', {}, [part, total ? `${done} of ${counted(total, 'calculation')}` : '', timeLeft(left), stage].filter(Boolean).join(' · '))];
}

/** About how long it still takes, from seconds. */
function timeLeft(seconds) {
  if (typeof seconds !== 'number') return '';
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 2) return 'about a minute left';
  if (minutes < 90) return `about ${minutes} minutes left`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `about ${hours} hours left` : `about ${Math.round(hours / 24)} days left`;
}

function actionsOf(run) {
  const has = new Set(run.files);
  const at = `/screens/${run.key}/`;
  const found = [];
  if (has.has('report.html')) {
    found.push(make('a', { class: 'primary', href: `${at}report.html`, target: '_blank', rel: 'noopener', 'data-act': 'report' }, 'Open the report'));
  }
  for (const [name, label] of SAVED) {
    if (has.has(name)) found.push(make('a', { href: `${at}${name}?save=1`, download: '', 'data-act': name }, label));
  }
  if (run.state === 'waiting' || run.state === 'running') {
    found.push(make('button', { type: 'button', 'data-act': 'cancel', onclick: (event) => cancel(run, event.target) }, 'Cancel'));
  }
  if (run.finished) {
    found.push(make('button', { type: 'button', 'data-act': 'recall', onclick: () => recall(run.asked) }, 'Fill the form with this'));
  }
  return found;
}

async function cancel(run, button) {
  button.disabled = true;
  try {
    await ask(`/api/screens/${run.key}/cancel`, {});
  } catch (error) {
    byId('lost').textContent = (error.problems ?? [String(error)]).join(' ');
    byId('lost').hidden = false;
  }
  await refresh();
}

function titleOf(run) {
  const texts = run.asked.ligands.split(/\r\n|\r|\n/).map((text) => text.trim()).filter((text) => !IGNORED.test(text));
  const names = texts.map((text) => text.split(/[\s,;]+/).slice(1).join(' ') || shortened(text));
  const more = names.length - 3;
  return names.slice(0, 3).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function stateOf(run) {
  if (run.state !== 'waiting') return STATES[run.state];
  return run.ahead ? `Waiting, ${run.ahead} before it` : 'Waiting, next';
}

function energiesText(request) {
  const predicted = `predicted by the model${request.fall_back ? ', computed where it has not seen the like' : ''}`;
  const energies = request.engine === 'model' ? predicted : `computed${request.log_k ? ', with stability constants' : ''}`;
  return request.short_list ? `${energies} · short list of ${request.short_list}` : energies;
}

const metalsText = (metals) => (metals.length > 6 ? `${metals.length} metals` : metals.join(', '));
