"""Reports for the page: real energies, drawings and structures; plainly made-up intervals.

The dataset's energies are computed, so they carry no interval.  Where the page has to show one, it
is an example width, here and nowhere else.
"""

import json
import math
from functools import cache
from pathlib import Path

from rdkit import Chem
from rdkit.Chem.Draw import rdMolDraw2D

from rarebind.datasets import read_table
from rarebind.elements import STUDY_METALS, ionic_radius
from rarebind.ligands import parse_ligand

HERE = Path(__file__).parent
LEVEL = "GFN2-xTB/ALPB(water)"
REFERENCE = "La"
TEMPERATURE = 298.15
#: kcal/mol for a factor of ten at TEMPERATURE: R T ln 10 with R = 1.98720 cal/(mol K).
DECADE = 1.98720425864083e-3 * TEMPERATURE * math.log(10)
#: EXAMPLE half-widths in kcal/mol, of an energy and of a difference.  No model stated them.
EXAMPLE_WIDTH, EXAMPLE_DIFFERENCE_WIDTH = 2.4, 0.9
#: EXAMPLE: every so many ligands is flagged, and has a width larger by this factor.
EXAMPLE_FLAGGED, EXAMPLE_FLAGGED_FACTOR = 7, 2.5


@cache
def table():
    """The accepted complexes at GFN2-xTB by (ligand, geometry), then metal."""
    found = {}
    for row in read_table(HERE.parent / "data" / "table.csv"):
        if row.kind == "complex" and row.level == LEVEL and row.status == "ok":
            found.setdefault((row.ligand, row.geometry), {})[row.metal] = row
    return found


def complete(geometry):
    """Names of ligands that have a result with every metal, in the order of the table."""
    return [
        name for (name, shape), metals in table().items()
        if shape == geometry and len(metals) == len(STUDY_METALS)
    ]  # fmt: skip


@cache
def drawing(smiles):
    canvas = rdMolDraw2D.MolDraw2DSVG(220, 160)
    canvas.drawOptions().clearBackground = False
    ligand = parse_ligand(smiles)
    rdMolDraw2D.PrepareAndDrawMolecule(
        canvas, Chem.MolFromSmiles(ligand.smiles), highlightAtoms=list(ligand.donors)
    )
    canvas.FinishDrawing()
    return canvas.GetDrawingText()


@cache
def ligand_data(smiles, inchikey):
    ligand = parse_ligand(smiles)
    return {
        "smiles": smiles, "inchikey": inchikey, "svg": drawing(smiles),
        "donors": list(ligand.donors), "denticity": len(ligand.donors), "charge": ligand.charge,
        "notes": list(ligand.notes),
    }  # fmt: skip


def real_report(names, geometries=("1:6",), *, copies=1, intervals=True):
    """A report of form 2 of ligands of the dataset.

    Parameters
    ----------
    copies
        Times that each ligand comes, under another name: a long report with real energies.
    """
    chosen = [
        (name if not copy else f"{name} copy {copy}", name)
        for copy in range(copies) for name in names
    ]  # fmt: skip
    rows = [row for geometry in geometries for row in rows_of(chosen, geometry, intervals)]
    first = {name: next(iter(table()[name, geometries[0]].values())) for _, name in chosen}
    report = {
        "schema": 2, "rarebind": "0.1.0", "created": "2026-07-01T12:00:00+00:00",
        "engine": "model" if intervals else "tblite", "level": LEVEL, "unit": "kcal/mol",
        "interval": 0.9 if intervals else None, "geometries": list(geometries),
        "metals": list(STUDY_METALS), "reference_metal": REFERENCE, "temperature": TEMPERATURE,
        "rows": rows,
        "ligands": [
            {"name": shown} | ligand_data(first[n].smiles, first[n].inchikey)
            for shown, n in chosen
        ],
        "radii": {metal: ionic_radius(metal, 8) for metal in STUDY_METALS},
        "pairs": [pair_of(rows, *pair) for pair in (("Nd", "Dy"), ("La", "Lu"), ("Eu", "Gd"))],
        "structures": structures(),
        "how": {
            "protocol": {"level": LEVEL, "builder": "grafting", "nested": {"conformers": 10}},
            "versions": {"rarebind": "0.1.0", "rdkit": "2025.09.1", "torch": "2.11.0"},
            "model": {"name": "example card", "r_max": 6.0, "elements": {"C": 10, "La": 3}}
            if intervals else None,
            "seed": 111111, "model_sha256": "0" * 64 if intervals else None,
        },
        "rejected_input": [{"name": "not-a-ligand", "smiles": "C1CC", "reason": "unclosed ring"}],
    }  # fmt: skip
    report["pareto"] = [front_of(pair) for pair in report["pairs"]]
    for front in report["pareto"]:
        strengths = {(r["ligand"], r["metal"], r["geometry"]): r["exchange"] for r in rows}
        for point in front["points"]:
            key = point["ligand"], front["metal"], point["geometry"]
            point["strength"] = strengths[key]
            point["strength_half_width"] = EXAMPLE_WIDTH if intervals else None
        mark_front(front["points"])
        for point in front["points"]:
            # EXAMPLE probabilities.
            point["probability_front"] = (0.8 if point["front"] else 0.1) if intervals else None
    ratio = [step / 20 for step in range(81)]
    report["speciation"] = [
        {"ligand": shown, "metal": metal, "ratio": ratio, "fractions": saturated(ratio),
         "bands": around(saturated(ratio)) if intervals and metal != REFERENCE else None}
        for shown, _ in chosen[:3] for metal in (REFERENCE, "Lu")
    ]  # fmt: skip
    return report


def rows_of(chosen, geometry, intervals):
    """Rows metal by metal, the strongest first."""
    rows = []
    for metal in STUDY_METALS:
        found = []
        for index, (shown, name) in enumerate(chosen):
            metals = table()[name, geometry]
            row, reference = metals[metal], metals[REFERENCE]
            flagged = intervals and index % EXAMPLE_FLAGGED == EXAMPLE_FLAGGED - 1
            wide = EXAMPLE_FLAGGED_FACTOR if flagged else 1
            found.append({
                "rank": None, "ligand": shown, "metal": metal, "geometry": geometry,
                "charge": row.charge, "binding": row.binding_kcal_mol,
                "exchange": row.exchange_kcal_mol,
                "half_width": EXAMPLE_WIDTH * wide if intervals else None,
                "probability_first": None,
                "selectivity": row.exchange_kcal_mol - reference.exchange_kcal_mol,
                "selectivity_half_width": EXAMPLE_DIFFERENCE_WIDTH * wide if intervals else None,
                "flagged": flagged, "coordination_number": row.coordination_number,
                "aqua_waters": row.aqua_waters, "status": "ok", "reason": "",
                "source": "predicted" if intervals else "computed",
                "smiles": row.smiles, "inchikey": row.inchikey,
            })  # fmt: skip
        found.sort(key=lambda row: row["exchange"])
        for rank, row in enumerate(found, start=1):
            row["rank"] = rank
            # EXAMPLE probabilities, halving from place to place.
            row["probability_first"] = 0.5**rank if intervals else None
        rows += found
    return rows


def pair_of(rows, metal, other):
    exchange = {(row["ligand"], row["geometry"], row["metal"]): row["exchange"] for row in rows}
    found = []
    for ligand, geometry, here in exchange:
        if here != metal:
            continue
        difference = exchange[ligand, geometry, metal] - exchange[ligand, geometry, other]
        found.append({
            "ligand": ligand, "geometry": geometry, "difference": difference,
            "half_width": EXAMPLE_DIFFERENCE_WIDTH if rows[0]["half_width"] else None,
            "log10_factor": -difference / DECADE, "probability_best": None,
        })  # fmt: skip
    found.sort(key=lambda row: row["difference"])
    return {"metal": metal, "other": other, "rows": found}


def front_of(pair):
    return {
        "metal": pair["metal"], "other": pair["other"],
        "points": [
            {"ligand": row["ligand"], "geometry": row["geometry"],
             "selectivity": row["difference"], "front": False,
             "selectivity_half_width": row["half_width"]}
            for row in pair["rows"]
        ],
    }  # fmt: skip


def mark_front(points):
    for point in points:
        point["front"] = not any(
            other["strength"] <= point["strength"]
            and other["selectivity"] <= point["selectivity"]
            and (other["strength"], other["selectivity"])
            != (point["strength"], point["selectivity"])
            for other in points
        )


def saturated(ratio):
    """Species when every ligand finds a metal: at r ligands a metal, n next to r alone."""
    names = ("aqua", "1:6", "2:4", "3:2", "4:0")
    return {name: [max(0.0, 1 - abs(r - n)) for r in ratio] for n, name in enumerate(names)}


def around(fractions):
    """EXAMPLE bands."""
    return {
        name: [[max(0, share - 0.1) for share in shares], [min(1, share + 0.1) for share in shares]]
        for name, shares in fractions.items()
    }


def structures():
    """Complexes of the dataset as XYZ, by InChIKey|metal|geometry."""
    return json.loads((HERE / "data" / "page" / "structures.json").read_text(encoding="utf-8"))
