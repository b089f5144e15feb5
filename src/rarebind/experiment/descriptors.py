"""What of a ligand and a metal a model of log K sees, beside what was computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.elements import ionic_radius, rare_earth

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: Kinds of donor atoms in the bound form: the first that matches.
KINDS = {
    "carboxylate": "[$([OX1-]-[CX3]=[OX1]),$([OX1]=[CX3]-[OX1-])]",
    "phenolate": "[OX1-]-[#6X3]",
    "alkoxide": "[OX1-]-[#6X4]",
    "phosphate": "[$([OX1-]-P),$([OX1]=P-[OX1-])]",
    "phosphoryl": "[OX1]=P",
    "oxoanion": "[$([OX1-]~[!#6]),$([OX1]=[!#6]~[OX1-])]",
    "carbonyl": "[OX1]=[#6]",
    "oxide": "[OX1]",
    "alcohol": "[OX2;H1,H2]",
    "ether": "[OX2H0,oX2]",
    "amine": "[NX3,NX4]",
    "aza": "[nX2,nX3,NX2,NX1]",
    "sulfur": "[S,s,Se]",
    "halide": "[F-,Cl-,Br-,I-]",
    "other": "[*]",
}
#: Columns that count donors.
DONORS = tuple(f"{kind}_donors" for kind in KINDS)
#: Members of chelate rings that are counted, metal included; the last stands for larger ones.
_RINGS = (4, 5, 6, 7)
#: Columns that count chelate rings.
RINGS = tuple(f"rings_of_{size}" for size in _RINGS)
#: Columns of a ligand.
LIGAND = ("charge", "charge_squared", "denticity", *DONORS, *RINGS)
#: Column of how the medium screens charges.
SCREENING = "screening"
#: Ionic radii are compared at this coordination number, from gadolinium on.
_CN, _MIDDLE = 8, "Gd"
#: Bjerrum's distance of the Debye-Hückel law in water, in units of √(L/mol).
_CLOSEST = 1.5


def ligand_descriptors(smiles: Iterable[str]) -> pd.DataFrame:
    """Descriptors of ligands.

    Parameters
    ----------
    smiles
        As :func:`~rarebind.ligands.parse_ligand` reads them.

    Returns
    -------
    DataFrame
        By SMILES: ``group`` (the same for stereoisomers, which may not be told apart by leaving one
        out), ``donor_class`` (the motif that gives most donors) and :data:`LIGAND`.

    Raises
    ------
    InputError
        A ligand cannot be read.
    """
    import pandas as pd

    rows = {text: _descriptors(text) for text in dict.fromkeys(smiles)}
    return pd.DataFrame.from_dict(rows, orient="index")


def sizes(metals: Iterable[str]) -> NDArray[np.float64]:
    """How much smaller ions are than Gd3+, in units of the contraction from La3+ to Lu3+.

    Shape (n,): La −0.58, Gd 0, Lu 0.42; radii of coordination number 8 (Shannon 1976).

    Raises
    ------
    InputError
        One is no rare earth.
    """
    return np.array([_size(metal) for metal in metals])


def experiment_frame(table: pd.DataFrame) -> pd.DataFrame:
    """Constants with the descriptors of their ligands, a row a ligand and metal.

    Parameters
    ----------
    table
        Of one series a ligand, as :func:`~rarebind.experiment.select_series` gives it.

    Returns
    -------
    DataFrame
        ``ligand``, ``smiles``, ``metal``, ``log_k``, columns of :func:`ligand_descriptors` and
        ``screening``: charge times √I/(1 + 1.5√I), to which the Debye-Hückel law takes the
        influence of the ionic strength I on log K to be proportional.
    """
    described = ligand_descriptors(table["smiles"])
    # One name a ligand, whatever the table calls it.
    names = table.groupby("inchikey", sort=False)["ligand"].first()
    frame = table[["smiles", "metal", "log_k"]].reset_index(drop=True)
    frame.insert(0, "ligand", table["inchikey"].map(names).to_numpy())
    frame = frame.join(described, on="smiles")
    return frame.assign(
        **{SCREENING: screening(frame["charge"], table["ionic_strength_M"].to_numpy())}
    )


def screening(charge: pd.Series, ionic_strength: NDArray[np.float64] | float) -> pd.Series:
    """The column :data:`SCREENING` of ligands' charges at an ionic strength, mol/L."""
    root = np.sqrt(ionic_strength)
    return charge * root / (1 + _CLOSEST * root)


@cache
def _size(metal: str) -> float:
    rare_earth(metal)
    radius = {name: ionic_radius(name, _CN) for name in ("La", "Lu", _MIDDLE, metal)}
    return (radius[_MIDDLE] - radius[metal]) / (radius["La"] - radius["Lu"])


@cache
def _descriptors(smiles: str) -> dict[str, Any]:
    from rdkit import Chem

    from rarebind.ligands import explain, parse_ligand

    ligand = parse_ligand(smiles)
    mol = Chem.MolFromSmiles(ligand.smiles)
    kinds = Counter(_kinds(mol)[atom] for atom in ligand.donors)
    rings = Counter(_ring_sizes(mol, ligand.donors))
    motifs = Counter(donor.motif for donor in explain(ligand).donors)
    return {
        "group": ligand.inchikey.partition("-")[0],
        "donor_class": motifs.most_common(1)[0][0],
        "charge": float(ligand.charge),
        "charge_squared": float(ligand.charge**2),
        "denticity": float(ligand.denticity),
        **{f"{kind}_donors": float(kinds[kind]) for kind in KINDS},
        **{name: float(rings[size]) for name, size in zip(RINGS, _RINGS, strict=True)},
    }


def _kinds(mol: Any) -> dict[int, str]:
    """The kind that each atom would be as a donor."""
    found: dict[int, str] = {}
    for kind, query in _queries().items():
        for match in mol.GetSubstructMatches(query):
            found.setdefault(match[0], kind)
    return found


@cache
def _queries() -> dict[str, Any]:
    from rdkit import Chem

    return {kind: Chem.MolFromSmarts(smarts) for kind, smarts in KINDS.items()}


def _ring_sizes(mol: Any, donors: tuple[int, ...]) -> list[int]:
    """Members of each chelate ring, over the shortest path between donors that passes no other."""
    from rdkit import Chem

    found = []
    for first, second in combinations(donors, 2):
        path = Chem.GetShortestPath(mol, first, second)
        if not set(path[1:-1]) & set(donors):
            found.append(min(max(len(path) + 1, _RINGS[0]), _RINGS[-1]))
    return found
