"""Sets of donors: which are open, which is kept, what is marked where others bind."""

from dataclasses import replace

import numpy as np
import pytest

from rarebind.binding import BindingEnergy
from rarebind.campaigns import Protocol, Store
from rarebind.campaigns.plain import spec_from_data, spec_to_data
from rarebind.campaigns.steps import execute
from rarebind.complexes import ComplexSpec, Composition, check_complex, further_donors
from rarebind.engines import GFN2_WATER, Calculation, static
from rarebind.ligands import parse_ligand, truncate_alkyls
from rarebind.screening import Entry, Request, Screen, ranked_rows
from rarebind.screening.bound import MARKED_STRAIN, with_strain
from rarebind.screening.donor_sets import with_best_donors
from rarebind.screening.given import plain_ligands, survey_ligands
from rarebind.screening.screen import Watch
from rarebind.structures import Structure
from rarebind.units import KCAL_PER_EV

#: La, and a nitrate that binds by its first two oxygens, at 2.56 Å.
BOUND = np.array([
    [0, 0, 0], [2.325, 1.08, 0], [2.95, 0, 0], [2.325, -1.08, 0], [4.2, 0, 0],
])  # fmt: skip
STRUCTURE = Structure(("La", "O", "N", "O", "O"), BOUND, 2, 1)


def nitrate(*donors):
    """By chosen oxygens of O=[N+]([O-])[O-]."""
    return parse_ligand("[O-][N+](=O)[O-]", "nitrate").bound_by(donors)


def alone(ligand):
    return ComplexSpec("La", Composition.of(ligand, 1))


def calculated(energy=-1.0, structure=STRUCTURE):
    return Calculation("relax", GFN2_WATER, structure, energy)


# --- which sets are open --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("smiles", "usual", "others"),
    [
        ("[O-][N+](=O)[O-]", {2, 0}, [{2}]),
        ("CC(=O)O", {3, 2}, [{3}]),
        ("COP(=O)(O)OC", {4}, [{4, 3}]),
        ("OS(=O)(=O)O", {3, 4}, [{3}]),
        ("O=P(O)(O)c1ccccc1", {2}, [{2, 0}]),
        # Keto and one oxygen, or both oxygens.
        ("Cn1cc(C(=O)O)c(=O)c2ccccc12", {6, 8}, [{6, 5}]),
        ("CC(O)C(=O)O", {2, 5}, [{5, 4}]),
        # No anionic donor is given up, and more donors hold a ligand.
        ("OC(=O)CC(=O)O", {2, 6}, []),
        ("OC(=O)c1ccccc1O", {9, 2}, []),
        ("OC(=O)COCC(=O)O", {2, 4, 8}, []),
        ("CC(=O)CC(C)=O", {6, 2}, []),
        ("[Cl-]", {0}, []),
    ],
)
def test_sets_of_donors_that_are_open(smiles, usual, others):
    ligand = parse_ligand(smiles)
    assert set(ligand.donors) == usual
    assert [set(donors) for donors in ligand.others] == others
    # What is written makes the same again, in files of a screen too.
    again = survey_ligands(plain_ligands(survey_ligands([ligand]))).ligands[0]
    assert (again, again.others) == (replace(ligand, notes=again.notes), ligand.others)


def test_numbered_donors_stay():
    assert parse_ligand("COP(=O)([O-:1])OC").others == ()
    assert parse_ligand("COP(=[O:2])([O-:1])OC").others == ()


def test_a_cut_ligand_has_other_sets_too():
    short = truncate_alkyls(parse_ligand("CCCCOP(=O)(O)OCCCC", "dibutyl phosphate"), 1)
    assert short.others == parse_ligand("COP(=O)(O)OC").others


def test_keys_of_calculations_do_not_know_other_sets():
    spec = alone(parse_ligand("CC(=O)O"))
    data = spec_to_data(spec)
    assert "others" not in data["ligand"]
    assert spec_from_data(data).ligand.others == ()


# --- what binds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("donors", [(0, 2), (2, 0), (3, 0), (2, 3)])
def test_which_of_equal_oxygens_binds_is_no_matter(donors):
    spec = alone(nitrate(*donors))
    report = check_complex(calculated(), spec)
    assert report.accepted, report.reasons
    assert report.donor_distances == pytest.approx([2.56, 2.56], abs=0.01)
    assert further_donors(STRUCTURE, spec) == ()


@pytest.mark.parametrize("donor", [0, 2, 3])
def test_an_atom_that_binds_unasked_is_found(donor):
    spec = alone(nitrate(donor))
    assert check_complex(calculated(), spec).accepted
    (further,) = further_donors(STRUCTURE, spec)
    assert further in {1, 3}


def test_an_atom_out_of_reach_does_not_bind():
    for away in (0.7, 1.0):
        # Turned aside, so that the other oxygen is 3.15 Å away and more.
        far = BOUND.copy()
        far[3] = [2.325 + away, -1.08, 0]
        assert further_donors(STRUCTURE.with_positions(far), alone(nitrate(0))) == ()


def made_row(ligand, **entry):
    spec = alone(ligand)
    binding = BindingEnergy(spec, GFN2_WATER, None, 2, -0.5, 9)
    made = Entry(spec, binding, calculated(), **entry)
    return ranked_rows(Screen.of([made], Protocol()))[0]


def test_another_number_of_donors_is_marked_and_told():
    row = made_row(nitrate(2))
    assert (row.status, row.donors, row.bound_donors) == ("ok", 1, 2)
    assert "bound by 2 donor atoms, 1 asked for: O" in row.reason
    row = made_row(nitrate(2, 0))
    assert (row.donors, row.bound_donors, row.reason) == (2, 2, "")


# --- which set is kept ----------------------------------------------------------------------------


class MadeRunner:
    """Takes the place of ``run_tasks``: energies in eV by label, one geometry for all."""

    def __init__(self, energies):
        self.energies = {"water": -100.0, **energies}
        self.labels = []

    def __call__(self, tasks, store, *, workers=None, on_done=None):
        found = {}
        for task in tasks:
            self.labels.append(task.label)
            spec = task.arguments.get("spec")
            number = len(spec["ligand"]["donors"]) if spec else None
            energy = self.energies[number or task.label]
            found[task.key] = calculated(energy, structure=self.structure(number))
        return found

    @staticmethod
    def structure(number):
        return STRUCTURE


def chosen(monkeypatch, ligand, energies, geometry):
    runner = MadeRunner(energies)
    monkeypatch.setattr("rarebind.screening.donor_sets.run_tasks", runner)
    request = Request(
        ligands=ligand, metals=("La", "Lu"), geometries=(geometry,), engine="tblite",
        builder="embedding", coordination_number=8,
    )  # fmt: skip
    return with_best_donors(request.fitting(), request.protocol, None, watch=Watch()), runner


@pytest.mark.parametrize(("energies", "waters"), [
    ({2: -900.0, 1: -1000.5}, 7), ({2: -900.6, 1: -1000.5}, 6),
])  # fmt: skip
def test_the_set_of_lowest_energy_is_kept_for_all_metals(monkeypatch, energies, waters):
    ligand = parse_ligand("[O-][N+](=O)[O-]", "nitrate")
    (found, ended), runner = chosen(monkeypatch, ligand, energies, "1")
    assert [(one.spec.metal, one.spec.waters) for one in found.asked] == [
        ("La", waters), ("Lu", waters),
    ]  # fmt: skip
    # With La alone: one complex more than without.
    assert sorted(runner.labels) == ["La(nitrate)1(H2O)6", "La(nitrate)1(H2O)7", "water"]
    assert len(ended) == 3
    note = found.asked[0].spec.ligand.notes[-1]
    assert f"1:{waters}: bound through O" in note
    assert "kcal/mol with La)" in note
    assert all(one.others == () for one in found.asked)


def test_no_set_is_tried_where_someone_has_chosen(monkeypatch):
    ligand = parse_ligand("[O-:1][N+](=O)[O-]", "nitrate")
    (found, ended), runner = chosen(monkeypatch, ligand, {}, "1")
    assert (len(found.asked), ended, runner.labels) == (2, frozenset(), [])


def test_a_composition_takes_the_set_that_fits():
    asked = {"ligands": "[O-][N+](=O)[O-]", "metals": "La", "engine": "tblite"}
    assert [
        len(spec.ligand.donors) for spec in Request(**asked, geometries="1:7").fitting().specs
    ] == [1]
    assert [
        len(spec.ligand.donors) for spec in Request(**asked, geometries="1:6").fitting().specs
    ] == [2]


# --- strain ---------------------------------------------------------------------------------------


def test_strain_is_the_bound_ligand_less_the_free_one(monkeypatch):
    def here(tasks, store, *, workers=None, on_done=None):
        return {task.key: execute(task.step, task.arguments, []) for task in tasks}

    monkeypatch.setattr("rarebind.screening.bound.run_tasks", here)
    spec = alone(nitrate(2, 0))
    binding = BindingEnergy(spec, GFN2_WATER, None, 2, -0.5, 9)
    screen = Screen.of([Entry(spec, binding, calculated())], Protocol(conformers=1))
    (entry,) = with_strain(screen, Store).entries
    bound = static(Structure(STRUCTURE.symbols[1:], BOUND[1:], -1), GFN2_WATER)
    assert 0 < entry.strain < MARKED_STRAIN
    longer = BOUND.copy()
    longer[4] += [0.3, 0, 0]
    stretched = Entry(spec, binding, calculated(structure=STRUCTURE.with_positions(longer)))
    worse = with_strain(Screen.of([stretched], Protocol(conformers=1)), Store).entries[0]
    energy = static(Structure(STRUCTURE.symbols[1:], longer[1:], -1), GFN2_WATER)
    assert worse.strain - entry.strain == pytest.approx(energy.energy - bound.energy, abs=1e-6)
    row = ranked_rows(Screen.of([worse], Protocol()))[0]
    assert row.strain == pytest.approx(worse.strain * KCAL_PER_EV)


def test_what_is_strained_more_than_chelators_are_is_marked():
    at = [made_row(nitrate(2, 0), strain=MARKED_STRAIN * 2 * share) for share in (0.9, 1.1)]
    assert [row.strained for row in at] == [False, True]
    assert made_row(nitrate(2, 0)).strain is None
