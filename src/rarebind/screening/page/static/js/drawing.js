// Drawings of ligands as pictures: in a picture nothing runs and nothing is fetched.

const drawingAddresses = new Map();

function drawingAddress(ligand) {
  if (!drawingAddresses.has(ligand.name)) {
    drawingAddresses.set(ligand.name, `data:image/svg+xml;charset=utf-8,${encodeURIComponent(ligand.svg)}`);
  }
  return drawingAddresses.get(ligand.name);
}

/** A picture of the ligand, or an empty frame. */
function drawingOf(ligand, className) {
  const picture = emptyDrawing(ligand, className);
  if (ligand?.svg) picture.src = drawingAddress(ligand);
  return picture;
}

function emptyDrawing(ligand, className) {
  if (!ligand?.svg) return make('span', { class: `${className} drawing none`, 'aria-hidden': 'true' });
  return make('img', { class: `${className} drawing`, alt: `Structure of ${ligand.name}`, decoding: 'async' });
}

// Pictures cost far more than text: while a list scrolls there are none, then a few a frame.
const QUIET_MILLISECONDS = 90;
const DRAWINGS_PER_FRAME = 5;
let waitingDrawings = [];
let quietTimer = 0;

/** The same for lists that scroll fast. */
function drawingLater(ligand, className) {
  const picture = emptyDrawing(ligand, className);
  if (ligand?.svg) waitingDrawings.push([picture, ligand]);
  clearTimeout(quietTimer);
  quietTimer = setTimeout(fillDrawings, QUIET_MILLISECONDS);
  return picture;
}

function fillDrawings() {
  waitingDrawings = waitingDrawings.filter(([picture]) => picture.isConnected);
  for (const [picture, ligand] of waitingDrawings.splice(0, DRAWINGS_PER_FRAME)) picture.src = drawingAddress(ligand);
  if (waitingDrawings.length) requestAnimationFrame(fillDrawings);
}
