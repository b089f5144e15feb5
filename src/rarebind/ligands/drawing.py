"""Pictures of ligands with their donors marked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from rarebind.errors import InputError
from rarebind.io.files import replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rarebind.ligands.ligand import Ligand

_CELL = (280, 260)  # pixels
_COLUMNS = 5
_DONOR_COLOUR = (0.55, 0.80, 0.95)


def draw_svg(ligand: Ligand, width: int = 220, height: int = 160) -> str:
    """Draw one ligand as SVG text, donors marked and numbered as in its SMILES, no background.

    Parameters
    ----------
    width, height
        In pixels.
    """
    canvas = rdMolDraw2D.MolDraw2DSVG(width, height)
    options: Any = canvas.drawOptions()
    options.clearBackground = False
    mol = Chem.MolFromSmiles(ligand.smiles)
    for donor in ligand.donors:
        mol.GetAtomWithIdx(donor).SetProp("atomNote", str(donor))
    rdMolDraw2D.PrepareAndDrawMolecule(
        canvas,
        mol,
        highlightAtoms=list(ligand.donors),
        highlightAtomColors=dict.fromkeys(ligand.donors, _DONOR_COLOUR),
    )
    canvas.FinishDrawing()
    return str(canvas.GetDrawingText())


def draw_grid(ligands: Sequence[Ligand], path: str | Path) -> Path:
    """Draw ligands in a grid, donors marked, with name and charge below.

    Parameters
    ----------
    ligands
        At least one.
    path
        ``.png`` or ``.svg``; overwritten if it exists.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        No ligand, another suffix, or the file cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in {".png", ".svg"}:
        raise InputError(f"cannot draw to {target}: name a file that ends in .png or .svg")
    if not ligands:
        raise InputError("no ligands to draw")
    columns = min(_COLUMNS, len(ligands))
    rows = -(-len(ligands) // columns)
    size = (columns * _CELL[0], rows * _CELL[1], *_CELL)
    canvas = (rdMolDraw2D.MolDraw2DSVG if suffix == ".svg" else rdMolDraw2D.MolDraw2DCairo)(*size)
    options: Any = canvas.drawOptions()
    options.legendFontSize = 18
    mols = [Chem.MolFromSmiles(ligand.smiles) for ligand in ligands]
    for mol in mols:
        rdDepictor.Compute2DCoords(mol)
    canvas.DrawMolecules(
        mols,
        legends=[f"{ligand.name} ({ligand.charge:+d})" for ligand in ligands],
        highlightAtoms=[list(ligand.donors) for ligand in ligands],
        highlightAtomColors=[dict.fromkeys(ligand.donors, _DONOR_COLOUR) for ligand in ligands],
    )
    canvas.FinishDrawing()
    content = canvas.GetDrawingText()
    replace_file(target, content)
    return target
