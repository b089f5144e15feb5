// A complex in three dimensions, turning slowly (3Dmol.js).

// Å; longer contacts of the metal with a donor are not drawn.
const LONGEST_CONTACT = { O: 2.8, N: 2.8, F: 2.6, S: 3.3, P: 3.3, Cl: 3.1 };
const DEGREES_PER_SECOND = 24;
// s; slower pictures turn more slowly, rather than in jumps.
const LONGEST_STEP = 0.2;

const viewerLibrary = () => globalThis.$3Dmol ?? globalThis['3Dmol'];
const calmMotion = matchMedia('(prefers-reduced-motion: reduce)');

/** {element, show(xyz, metal), hide()}; the canvas is made at the first use and kept. */
function structureViewer() {
  const stage = make('div', { class: 'stage', role: 'img' });
  const spin = make('button', { type: 'button', 'aria-pressed': 'false', onclick: () => setSpin(!spinning) }, 'Spin');
  const reset = make('button', { type: 'button', onclick: () => viewer?.zoomTo() && viewer.render() }, 'Whole complex');
  const save = make('button', { type: 'button', onclick: () => saveFile(current.name, current.xyz, 'chemical/x-xyz') }, 'Download XYZ');
  const element = make('figure', { class: 'viewer', hidden: true }, stage,
    make('figcaption', { class: 'buttons' }, spin, reset, save));
  let viewer = null;
  let spinning = false;
  let current = null;

  function setSpin(on) {
    const started = on && !spinning;
    spinning = on;
    spin.setAttribute('aria-pressed', String(on));
    if (started) requestAnimationFrame((now) => turn(now, now));
  }

  // The library's own spin runs by a timer, which slow graphics cannot follow.
  function turn(before, now) {
    if (!spinning) return;
    const seconds = Math.min(LONGEST_STEP, (now - before) / 1000);
    if (seconds > 0) viewer.rotate(DEGREES_PER_SECOND * seconds, 'y');
    requestAnimationFrame((next) => turn(now, next));
  }

  function show(xyz, metal, name) {
    element.hidden = false;
    current = { xyz, name };
    stage.setAttribute('aria-label', `Three-dimensional structure ${name}`);
    try {
      viewer ??= viewerLibrary().createViewer(stage, { antialias: drawnByHardware() });
      viewer.setBackgroundColor(themeColour('stage'));
      viewer.removeAllModels();
      viewer.removeAllShapes();
      styleModel(viewer, viewer.addModel(xyz, 'xyz'), metal);
      viewer.resize();
      viewer.zoomTo();
      viewer.render();
      setSpin(!calmMotion.matches);
    } catch (error) {
      stage.replaceChildren(make('p', { class: 'notice' }, `This browser cannot show it in 3D (${error.message}).`));
      viewer = null;
    }
  }

  function hide() {
    element.hidden = true;
    if (viewer) setSpin(false);
  }

  return { element, show, hide };
}

/** Whether a graphics processor draws; smooth edges take seconds a picture without one. */
function drawnByHardware() {
  const gl = document.createElement('canvas').getContext('webgl');
  const names = gl?.getExtension('WEBGL_debug_renderer_info');
  const renderer = names ? gl.getParameter(names.UNMASKED_RENDERER_WEBGL) : '';
  gl?.getExtension('WEBGL_lose_context')?.loseContext();
  return !/swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer);
}

function styleModel(viewer, model, metal) {
  const atoms = model.selectedAtoms({});
  const centre = atoms.find((atom) => atom.elem === metal);
  // Bonds guessed from distances reach from the metal to hydrogens: its contacts are drawn apart.
  for (const atom of atoms) {
    const kept = atom === centre ? [] : atom.bonds.filter((other) => atoms[other] !== centre);
    atom.bondOrder = kept.map((other) => atom.bondOrder[atom.bonds.indexOf(other)]);
    atom.bonds = kept;
  }
  model.setStyle({}, { stick: { radius: 0.13 }, sphere: { scale: 0.22 } });
  if (!centre) return;
  model.setStyle({ elem: metal }, { sphere: { radius: 0.9, color: '#3aa6a0' } });
  for (const atom of atoms) {
    const distance = Math.hypot(atom.x - centre.x, atom.y - centre.y, atom.z - centre.z);
    if (distance < (LONGEST_CONTACT[atom.elem] ?? 0)) {
      viewer.addCylinder({
        start: centre, end: { x: atom.x, y: atom.y, z: atom.z }, radius: 0.05,
        dashed: true, dashLength: 0.16, gapLength: 0.12, color: '#7f8b94',
      });
    }
  }
}
