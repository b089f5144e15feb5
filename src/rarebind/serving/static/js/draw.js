// The molecule editor in its window; it lives in a frame of another origin and sends SMILES.

const drawing = byId('drawing');
const editor = byId('editor');
const drawnName = byId('drawn-name');
let drawn = '';

function setDrawn(smiles, said = smiles) {
  drawn = smiles;
  byId('drawn').textContent = said;
  byId('drawn-add').disabled = !smiles;
}

byId('draw').addEventListener('click', () => {
  if (!editor.getAttribute('src')) {
    setDrawn('', 'Loading…');
    editor.src = '/editor';
  }
  drawing.showModal();
});

window.addEventListener('message', (event) => {
  if (event.source !== editor.contentWindow || typeof event.data?.smiles !== 'string') return;
  const smiles = event.data.smiles.replace(/\s+/g, '');
  if (smiles.length > start.limits.smiles) setDrawn('', 'Too large to be screened.');
  else setDrawn(smiles);
});

byId('drawn-add').addEventListener('click', () => {
  const name = drawnName.value.trim();
  addLine(name ? `${drawn}, ${name}` : drawn);
  drawnName.value = '';
  drawing.close();
  lines.focus();
});
byId('drawing-close').addEventListener('click', () => drawing.close());
