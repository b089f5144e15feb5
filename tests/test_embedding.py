"""Complexes by distance geometry: every ligand, no further package."""

import numpy as np
import pytest

from rarebind.campaigns import Protocol, TaskFactory
from rarebind.complexes import complex_spec
from rarebind.complexes.builders.embedding import Embedding
from rarebind.complexes.layout import Layout, canonical
from rarebind.elements import ionic_radius
from rarebind.ligands import parse_ligand

ACAC, EDTA = "CC(=O)CC(C)=O", "OC(=O)CN(CCN(CC(=O)O)CC(=O)O)CC(=O)O"


@pytest.mark.parametrize(
    ("smiles", "geometry", "metal"),
    [
        (ACAC, "1", "La"), (ACAC, "4", "Lu"), (EDTA, "1", "La"), ("CC(=O)O", "2", "Y"),
        ("c1cnc2c(c1)ccc1cccnc12", "2", "Eu"), ("Cc1occc(=S)c1O", "3", "La"),
    ],
)  # fmt: skip
def test_donors_are_at_their_distance_and_ligands_whole(smiles, geometry, metal):
    spec = complex_spec(metal, parse_ligand(smiles), geometry)
    found = Embedding(candidates=3).build(spec)
    donors, radius = Layout(spec).donors, ionic_radius(metal, 8)
    for structure in found:
        # The right ligands and waters, each whole, or this raises.
        canonical(structure, spec)
        distances = np.linalg.norm(structure.positions - structure.positions[0], axis=1)
        assert (distances[donors] < radius + 2.1).all()
        others = np.delete(distances, [0, *donors])
        assert others.min() > 2.3


def test_the_seed_decides():
    spec = complex_spec("La", parse_ligand(ACAC), "1:6")
    one, same, other = (Embedding(4, seed).build(spec) for seed in (1, 1, 2))
    assert (one[0].positions == same[0].positions).all()
    assert np.abs(one[0].positions - other[0].positions).max() > 0.1
    # Several arrangements, not one.
    assert np.abs(one[0].positions - one[1].positions).max() > 0.5


@pytest.mark.parametrize(("missing", "builder"), [([], "architector"), (["numba"], "embedding")])
def test_what_builds_other_scaffolds_depends_on_what_is_installed(monkeypatch, missing, builder):
    absent = lambda spec: missing if spec.name == "architector" else []  # noqa: E731
    monkeypatch.setattr("rarebind.registry.Spec.missing", absent)
    spec = complex_spec("La", parse_ligand(ACAC), "1:6")
    assert Protocol().builder_for(spec) == builder
    if builder == "embedding":
        assert TaskFactory(Protocol()).complex(spec).arguments["builder"] == builder


def test_the_hand_of_a_ligand_is_kept():
    handed = []
    for smiles in ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"):
        spec = complex_spec("La", parse_ligand(smiles), "1:6")
        atoms = Layout(spec).ligands[0]
        for structure in Embedding(candidates=3).build(spec):
            methyl, centre, amine, acid = structure.positions[list(atoms)[:4]]
            handed.append(np.sign(np.linalg.det([methyl - centre, amine - centre, acid - centre])))
    assert len(set(handed[:3])) == len(set(handed[3:])) == 1
    assert handed[0] == -handed[3]
