"""Import of foreign files: structures are recognised, whatever is wrong is named."""

import lzma
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from rarebind.complexes import Layout, aqua_ion, complex_spec, parent_templates
from rarebind.datasets import Dataset, Record, append, row_of
from rarebind.datasets.bare import write_bare
from rarebind.datasets.importing import import_xyz
from rarebind.datasets.infer import Catalogue, identify
from rarebind.datasets.magnitudes import DFT, GFN2, sum_of_atoms
from rarebind.elements import rare_earth, rare_earths
from rarebind.engines import GFN2_WATER, Calculation, LevelOfTheory
from rarebind.errors import CalculationError, InputError
from rarebind.ligands import bonds_from_geometry, library_ligand
from rarebind.structures import Structure
from rarebind.units import EV_PER_HARTREE

B3LYP = LevelOfTheory("orca", "B3LYP", "def2-SVPD+def2-TZVP", "SMD(water)", "D4")
SCAFFOLDS = ("HOPO", "CAM", "thio-HOPO", "thio-CAM", "HDEV")
GEOMETRIES = ("4:0", "3:2", "2:4", "1:6")
SPECS = [complex_spec("La", library_ligand(s), g) for s in SCAFFOLDS for g in GEOMETRIES]
SPECS += [aqua_ion("La", waters) for waters in (8, 9)]
TEMPLATES = files("rarebind").joinpath("data", "templates")


def template_file(spec):
    who = spec.ligand.name if spec.ligand else "aqua"
    return str(TEMPLATES.joinpath(f"{who}_{spec.geometry.replace(':', '-')}.xyz"))


def complex_of(metal="La", scaffold="HOPO", geometry="1:6"):
    """Spec and a real structure of another metal, not relaxed for it."""
    spec = complex_spec(metal, library_ligand(scaffold), geometry)
    structure = parent_templates(spec)[0]
    symbols = (metal, *structure.symbols[1:])
    return spec, Structure(symbols, structure.positions, spec.charge, spec.multiplicity)


def total_energy(structure, family=GFN2):
    """An energy in eV of about the right magnitude."""
    factor = {GFN2: 1.17, DFT: 1.01}[family] if len(structure) > 1 else 1.0
    return factor * sum_of_atoms(structure.symbols, family)


def record(kind, structure, spec=None, ligand=None, *, level=GFN2_WATER, forces=True, shift=0.0):
    family = GFN2 if level is GFN2_WATER else DFT
    rng = np.random.default_rng(len(structure))
    calculation = Calculation(
        "static",
        level,
        structure,
        energy=total_energy(structure, family) + shift,
        forces=rng.normal(size=(len(structure), 3)) if forces else None,
    )
    ligand = spec.ligand if spec else ligand
    return Record(kind, calculation, spec, ligand, key=f"{kind}{shift}", label=kind)


def complex_record(**choices):
    keywords = {name: choices.pop(name) for name in ("level", "forces") if name in choices}
    spec, structure = complex_of(**choices)
    return record("complex", structure, spec, **keywords)


def references(spec, structure):
    """Bare ion, water, free ligand and aqua ion of a complex, cut out of real structures."""
    layout = Layout(spec)
    rare = rare_earth(spec.metal)
    aqua = aqua_ion(spec.metal, 9)
    hydrated = parent_templates(aqua)[0]
    symbols = (spec.metal, *hydrated.symbols[1:])
    hydrated = Structure(symbols, hydrated.positions, 3, rare.multiplicity)
    return [
        record("ion", Structure((spec.metal,), np.zeros((1, 3)), 3, rare.multiplicity)),
        record("water", structure.subset(layout.waters[0], 0)),
        record(
            "ligand", structure.subset(layout.ligands[0], spec.ligand.charge), ligand=spec.ligand
        ),
        record("aqua", hydrated, aqua),
    ]


def bare_file(tmp_path, records, name="bare.xyz", **keywords):
    path = tmp_path / name
    write_bare(records, path, **keywords)
    return path


# --- recognition ------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_recognises_every_template(spec):
    report = import_xyz(
        template_file(spec), level=GFN2_WATER, unit="eV", energy_key="gfn2_alpb_energy"
    )
    assert not report.unmatched
    structures = parent_templates(spec)
    assert len(report.records) == len(structures)
    for found, expected in zip(report.records, structures, strict=True):
        assert found.kind == ("aqua" if spec.ligand is None else "complex")
        assert found.spec == spec
        assert found.label == spec.name
        assert found.calculation.structure == expected
        assert found.calculation.verb == "static"
        assert found.calculation.forces is None
        assert found.binding is None


@settings(max_examples=40, deadline=None)
@given(
    spec=st.sampled_from(SPECS), metal=st.sampled_from(sorted(rare_earths())), seed=st.integers(0)
)
def test_any_order_and_orientation_gives_the_same(spec, metal, seed):
    rng = np.random.default_rng(seed)
    spec = spec.with_metal(metal)
    structure = parent_templates(spec)[0]
    symbols = (metal, *structure.symbols[1:])
    order = rng.permutation(len(symbols))
    rotation = Rotation.from_rotvec(rng.normal(0, 3, 3)).as_matrix()
    turned = structure.positions @ rotation + rng.normal(0, 20, 3)
    found = identify([symbols[i] for i in order], turned[order])
    assert found.spec == spec
    assert (found.charge, found.multiplicity) == (spec.charge, spec.multiplicity)
    assert sorted(found.order) == list(range(len(symbols)))
    places = [int(order[i]) for i in found.order]
    assert tuple(symbols[i] for i in places) == Layout(spec).symbols
    again = Structure(symbols, structure.positions[places], 0)
    # The bonds, by atom of the layout, do not depend on which equivalent atom is which.
    for blocks in (Layout(spec).ligands, Layout(spec).waters):
        for block in blocks:
            bonds = bonds_from_geometry(structure.subset(blocks[0], 0))
            assert bonds_from_geometry(again.subset(block, 0)) == bonds
    donors = Layout(spec).donors
    assert np.allclose(
        np.sort(np.linalg.norm(again.positions[donors] - again.positions[0], axis=1)),
        np.sort(np.linalg.norm(structure.positions[donors] - structure.positions[0], axis=1)),
    )


def test_recognises_references():
    spec, structure = complex_of("Gd", "CAM", "2:4")
    for part in references(spec, structure):
        cut = part.calculation.structure
        found = identify(cut.symbols[::-1], cut.positions[::-1])
        assert found.kind == part.kind
        assert (found.charge, found.multiplicity) == (cut.charge, cut.multiplicity)
        assert tuple(cut.symbols[::-1][i] for i in found.order) == cut.symbols
        assert (found.ligand, found.spec) == (part.ligand, part.spec)
    labels = [identify(c.symbols, c.positions).label for c in (
        part.calculation.structure for part in references(spec, structure)
    )]  # fmt: skip
    assert labels == ["Gd3+", "water", "CAM", "Gd(H2O)9"]


def test_recognises_grafted_isomers():
    # HOPO and HDEV have the same formula and differ in where the side chain is.
    for scaffold in ("HOPO", "HDEV"):
        _, structure = complex_of("Y", scaffold, "3:2")
        assert identify(structure.symbols, structure.positions).ligand == library_ligand(scaffold)


def test_unknown_fragment_is_named():
    _, structure = complex_of(scaffold="HOPO", geometry="2:4")
    with pytest.raises(CalculationError, match=r"2 × C7H7N2O3 \(InChIKey [A-Z-]{27} at charge -1"):
        identify(structure.symbols, structure.positions, Catalogue([library_ligand("CAM")]))
    with pytest.raises(CalculationError, match=r", not HDEV: "):
        identify(structure.symbols, structure.positions, Catalogue([library_ligand("HDEV")]))


def test_a_lost_proton_is_seen():
    spec, structure = complex_of()
    kept = list(range(len(structure)))[:-1]
    found = identify([structure.symbols[i] for i in kept], structure.positions[kept])
    assert found.spec.geometry == "L:1,hydroxide:1,water:5"
    assert found.charge == spec.charge - 1
    kept.remove(kept[-1])
    with pytest.raises(CalculationError, match=r"unknown fragment: O \("):
        identify([structure.symbols[i] for i in kept], structure.positions[kept])


def test_several_kinds_of_ligands_are_told_apart():
    parts = []
    for shift, scaffold in enumerate(("HOPO", "CAM")):
        spec, structure = complex_of(scaffold=scaffold, geometry="1:6")
        atoms = structure.subset(Layout(spec).ligands[0], 0)
        parts.append((atoms.symbols, atoms.positions + 30.0 * shift))
    symbols = ("La", *parts[0][0], *parts[1][0])
    positions = np.vstack([np.full((1, 3), -9.0), parts[0][1], parts[1][1]])
    assert identify(symbols, positions).label == "La(HOPO)1(CAM)1"


def test_one_rare_earth_is_expected():
    _, structure = complex_of()
    with pytest.raises(CalculationError, match=r"2 rare-earth atoms \(La, Y\)"):
        identify((*structure.symbols, "Y"), np.vstack([structure.positions, [[50, 0, 0]]]))
    with pytest.raises(CalculationError, match="no rare-earth atom"):
        identify(structure.symbols[1:], structure.positions[1:])
    with pytest.raises(InputError, match="unknown element"):
        identify(("X", "H"), [[0, 0, 0], [0, 0, 1]])


# --- files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["eV", "Hartree"])
@pytest.mark.parametrize("name", ["bare.xyz", "bare.extxyz.xz"])
def test_bare_files_come_back_without_loss(tmp_path, unit, name):
    written = [
        complex_record(metal=metal, scaffold=scaffold, geometry=geometry)
        for metal, scaffold, geometry in [
            ("Gd", "thio-HOPO", "3:2"), ("Y", "CAM", "4:0"), ("Lu", "HDEV", "1:6"),
        ]
    ]  # fmt: skip
    written += references(written[0].spec, written[0].calculation.structure)
    path = bare_file(tmp_path, written, name, unit=unit, forces=True)
    report = import_xyz(path, level=GFN2_WATER, unit=unit)
    assert not report.unmatched
    assert len({found.key for found in report.records}) == len(written)
    for found, old in zip(report.records, written, strict=True):
        assert (found.kind, found.spec, found.ligand) == (old.kind, old.spec, old.ligand)
        new, before = found.calculation, old.calculation
        assert new.structure.symbols == before.structure.symbols
        assert new.structure.charge == before.structure.charge
        assert new.structure.multiplicity == before.structure.multiplicity
        assert np.abs(new.structure.positions - before.structure.positions).max() < 1e-7
        assert abs(new.energy - before.energy) < 1e-8 * EV_PER_HARTREE
        assert np.abs(new.forces - before.forces).max() < 1e-6


def test_bare_frames_hold_nothing_else(tmp_path):
    path = bare_file(tmp_path, [complex_record()])
    count, comment, first, *_ = path.read_text().splitlines()
    assert int(count) == 38
    assert comment.split("=", 1)[0] == "Properties"
    assert comment.split()[1].startswith("total_energy=-")
    assert len(comment.split()) == 2
    assert len(first.split()) == 4


def test_bare_file_is_written_whole_or_not_at_all(tmp_path):
    records = [complex_record(), complex_record(forces=False)]
    with pytest.raises(InputError, match="has no forces"):
        write_bare(records, tmp_path / "bare.xyz", forces=True)
    with pytest.raises(InputError, match="unknown unit 'kcal'"):
        write_bare(records, tmp_path / "bare.xyz", unit="kcal")
    with pytest.raises(InputError, match="no records"):
        write_bare([], tmp_path / "bare.xyz")
    with pytest.raises(InputError, match="cannot write"):
        write_bare(records, tmp_path / "absent" / "bare.xyz")
    assert not list(tmp_path.iterdir())


def test_forces_follow_their_atoms(tmp_path):
    old = complex_record(metal="Nd")
    structure, forces = old.calculation.structure, old.calculation.forces
    order = np.random.default_rng(1).permutation(len(structure))
    lines = [
        " ".join([structure.symbols[i], *map(repr, [*map(float, structure.positions[i]),
                                                    *map(float, forces[i])])])
        for i in order
    ]  # fmt: skip
    head = f"Properties=species:S:1:pos:R:3:forces:R:3 energy={old.calculation.energy}"
    path = tmp_path / "shuffled.xyz"
    path.write_text("\n".join([str(len(lines)), head, *lines]))
    (found,) = import_xyz(path, level=GFN2_WATER, unit="eV").records
    for position, force in zip(
        found.calculation.structure.positions, found.calculation.forces, strict=True
    ):
        (source,) = np.flatnonzero(np.abs(structure.positions - position).max(axis=1) < 1e-9)
        assert np.allclose(force, forces[source])


def test_unmatched_frames_are_listed_with_their_line(tmp_path):
    path = bare_file(tmp_path, [complex_record(), complex_record(scaffold="CAM"), complex_record()])
    ligands = [library_ligand("HOPO")]
    report = import_xyz(path, level=GFN2_WATER, unit="Hartree", ligands=ligands)
    assert [found.ligand.name for found in report.records] == ["HOPO", "HOPO"]
    (unmatched,) = report.unmatched
    assert unmatched.line == 41
    assert str(unmatched).startswith(f"{path}, line 41: unknown fragment: C")


def test_contradicting_charge_is_unmatched(tmp_path):
    path = edited(tmp_path, lambda text: text.replace("total_energy", "charge=3 total_energy"))
    report = import_xyz(path, level=GFN2_WATER, unit="Hartree")
    assert not report.records
    assert "the charge +3, but La(HOPO)1(H2O)6 has +2" in report.unmatched[0].reason


def test_binding_energies_where_all_references_are(tmp_path):
    spec, structure = complex_of("Eu", "HOPO", "1:6")
    old = record("complex", structure, spec)
    parts = references(spec, structure)
    higher = record("ligand", parts[2].calculation.structure, ligand=spec.ligand, shift=0.5)
    path = bare_file(tmp_path, [old, higher, *parts])
    found, *others = import_xyz(path, level=GFN2_WATER, unit="Hartree").records
    ion, water, ligand, aqua = (part.calculation.energy for part in parts)
    total = old.calculation.energy
    assert found.binding.binding == pytest.approx(total - ion - ligand - 6 * water, abs=1e-6)
    assert found.binding.exchange == pytest.approx(total + 3 * water - aqua - ligand, abs=1e-6)
    assert found.binding.aqua_waters == 9
    assert all(other.binding is None for other in others)


def imported_binding(tmp_path, old, parts):
    """Of a complex in a file with `parts`."""
    path = bare_file(tmp_path, [old, *parts])
    return import_xyz(path, level=GFN2_WATER, unit="Hartree").records[0].binding


def test_equation_1_needs_no_aqua_ion_and_the_exchange_energy_no_bare_one(tmp_path):
    spec, structure = complex_of("Eu", "HOPO", "1:6")
    old = record("complex", structure, spec)
    parts = references(spec, structure)
    whole = imported_binding(tmp_path, old, parts)
    assert imported_binding(tmp_path, old, parts[:3]) == replace(
        whole, exchange=None, aqua_waters=None
    )
    assert imported_binding(tmp_path, old, parts[1:]) == replace(whole, binding=None)
    for missing in (1, 2):
        rest = [part for i, part in enumerate(parts) if i != missing]
        assert imported_binding(tmp_path, old, rest) is None


def test_a_complex_without_water_needs_none(tmp_path):
    hydrated, around = complex_of("Eu", "HOPO", "1:6")
    spec, structure = complex_of("Eu", "HOPO", "4:0")
    old = record("complex", structure, spec)
    ion, water, ligand, aqua = references(hydrated, around)
    energies = [part.calculation.energy for part in (old, ion, ligand)]
    found = imported_binding(tmp_path, old, [ion, ligand])
    assert found.binding == pytest.approx(energies[0] - energies[1] - 4 * energies[2], abs=1e-6)
    # The exchange energy does need water.
    assert imported_binding(tmp_path, old, [ion, ligand, aqua]) == found
    both = imported_binding(tmp_path, old, [ion, ligand, aqua, water])
    assert both.exchange is not None


def test_imported_records_make_a_dataset(tmp_path):
    path = bare_file(
        tmp_path, [complex_record(level=B3LYP), complex_record(metal="Ce", level=B3LYP)]
    )
    report = import_xyz(path, level=B3LYP, unit="Hartree")
    append(report.records, tmp_path / "data")
    data = Dataset(tmp_path / "data")
    assert [row.fmax_ev_per_angstrom for row in data.rows()] == [None, None]
    for back, old in zip(data.records(), report.records, strict=True):
        assert back.calculation.forces is None
        assert back.spec == old.spec
        assert back.calculation.energy == pytest.approx(old.calculation.energy, abs=1e-8)
        assert row_of(back, "complex-0001.extxyz.bz2") in data.rows()
    assert not append(report.records, tmp_path / "data")


# --- units and levels -------------------------------------------------------------------------


@pytest.mark.parametrize("level", [GFN2_WATER, B3LYP], ids=str)
@pytest.mark.parametrize(("unit", "other"), [("eV", "Hartree"), ("Hartree", "eV")])
def test_wrong_unit_is_refused_with_the_right_one(tmp_path, level, unit, other):
    records = [complex_record(level=level), complex_record(metal="Yb", level=level)]
    path = bare_file(tmp_path, records, unit=unit)
    with pytest.raises(InputError, match=f"line 1: .*looks like {unit}: pass --unit {unit}"):
        import_xyz(path, level=level, unit=other)
    assert len(import_xyz(path, level=level, unit=unit).records) == 2


def test_wrong_level_is_refused(tmp_path):
    path = bare_file(tmp_path, [complex_record(level=B3LYP)])
    with pytest.raises(InputError, match="looks like DFT-def2 in Hartree"):
        import_xyz(path, level=GFN2_WATER, unit="Hartree")
    path = bare_file(tmp_path, [complex_record()])
    with pytest.raises(InputError, match="looks like GFN2-xTB in Hartree"):
        import_xyz(path, level=B3LYP, unit="eV")
    with pytest.raises(InputError, match="cannot be checked"):
        import_xyz(path, level=LevelOfTheory("orca", "PBE", "cc-pVTZ"), unit="Hartree")
    with pytest.raises(InputError, match="unknown unit 'kJ'"):
        import_xyz(path, level=GFN2_WATER, unit="kJ")


def test_binding_energies_are_no_total_energies(tmp_path):
    path = tmp_path / "differences.xyz"
    path.write_text("3\ntotal_energy=-45.1\nO 0 0 0\nH 0.96 0 0\nH -0.2 0.9 0\n")
    with pytest.raises(InputError, match=r"line 1: .*difference of energies"):
        import_xyz(path, level=GFN2_WATER, unit="Hartree")


# --- malformed files --------------------------------------------------------------------------


def edited(tmp_path, change):
    path = bare_file(tmp_path, [complex_record(), complex_record(metal="Lu")])
    path.write_text(change(path.read_text()))
    return path


def field(name, value):
    """Replace the energy of the second frame."""

    def change(text):
        first, second = text.split("\n38\n")
        line, rest = second.split("\n", 1)
        return f"{first}\n38\n{line.split('total_energy')[0]}{name}={value}\n{rest}"

    return change


def line_38(new):
    def change(text):
        lines = text.splitlines()
        lines[37] = new
        return "\n".join(lines)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "", r"is empty"),
        (lambda text: text[:-800], r"line \d+: (the frame from line 41|expected an element)"),
        (lambda text: text.replace("38\n", "39\n", 1), r"line 41: expected an element symbol"),
        (lambda text: text.replace("38\n", "37\n", 1), r"line 40: expected the number of atoms"),
        (lambda text: text.replace("38\n", "many\n", 1), r"line 1: expected the number"),
        (lambda text: text.replace("38\n", "-38\n", 1), r"line 1: expected the number"),
        (line_38("O 0.0 nan 0.0"), r"line 38: a coordinate is NaN"),
        (line_38("O 0.0 inf 0.0"), r"line 38: a coordinate is NaN"),
        (line_38("O 0.0 one 0.0"), r"line 38: expected an element"),
        (line_38("O 0.0 1.0"), r"line 38: expected an element"),
        (line_38(""), r"line 38: the frame from line 1 should have 38 atoms, but ends after 35"),
        (line_38("Qq 0.0 1.0 2.0"), r"line 1: not a frame of extended XYZ"),
        (line_38("X 90.0 1.0 2.0"), r"line 1: unknown element symbols: X"),
        (field("total_energy", "nan"), r"line 41: total_energy is NaN"),
        (field("total_energy", "-inf"), r"line 41: total_energy is NaN or infinite"),
        (field("total_energy", "low"), r"line 41: total_energy=low is no number"),
        (field("total_energy", "T"), r"line 41: total_energy=True is no number"),
        (field("total_energy", "-3,5"), r"line 41: total_energy=.* is no number"),
        (field("energy", "low"), r"line 41: energy"),
        (field("energy", "nan"), r"line 41: energy"),
        (field("e_tot", "-70.1"), r"line 41: .*no total_energy or energy, only e_tot: name"),
        (field("energy", "-70.1 total_energy=-70.2"), r"line 41: .*differ: choose one"),
        (lambda text: text.replace("pos:R:3 ", "pos:R:4 "), r"line 1: not a frame"),
    ],
)  # fmt: skip
def test_malformed_files_name_file_and_line(tmp_path, change, message):
    path = edited(tmp_path, change)
    with pytest.raises(InputError, match=message) as caught:
        import_xyz(path, level=GFN2_WATER, unit="Hartree")
    assert str(path) in str(caught.value)
    assert caught.value.exit_status == 2


def test_bad_forces_are_named(tmp_path):
    path = bare_file(tmp_path, [complex_record()], forces=True)
    lines = path.read_text().splitlines()
    lines[9] = " ".join([*lines[9].split()[:6], "nan"])
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match="line 1: forces contain NaN"):
        import_xyz(path, level=GFN2_WATER, unit="Hartree")


def test_energy_by_name(tmp_path):
    path = edited(tmp_path, lambda text: text.replace("total_energy", "energy=-1.0 e_dft"))
    report = import_xyz(path, level=GFN2_WATER, unit="Hartree", energy_key="e_dft")
    assert len(report.records) == 2
    with pytest.raises(InputError, match="line 1: the frame has no e_tot, only"):
        import_xyz(path, level=GFN2_WATER, unit="Hartree", energy_key="e_tot")


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        import_xyz(tmp_path / "absent.xyz", level=GFN2_WATER, unit="eV")
    path = tmp_path / "cut.xyz.xz"
    text = TEMPLATES.joinpath("HOPO_1-6.xyz").read_bytes()
    path.write_bytes(lzma.compress(text)[:-50])
    with pytest.raises(InputError, match="cut short"):
        import_xyz(path, level=GFN2_WATER, unit="eV", energy_key="gfn2_alpb_energy")


def test_table_of_atomic_energies_is_complete():
    light = ("H", "C", "N", "O", "F", "P", "S", "Cl")
    for family in (GFN2, DFT):
        assert all(sum_of_atoms([symbol], family) < 0 for symbol in light)
        assert all(sum_of_atoms([symbol], family) for symbol in rare_earths())
    # A 4f shell in a wrong state stands out from the smooth course along the series.
    series = [symbol for symbol, ion in rare_earths().items() if ion.f_electrons]
    course = np.diff([sum_of_atoms([symbol], DFT) / EV_PER_HARTREE for symbol in series], 2)
    assert np.abs(course + 3).max() < 1
    with pytest.raises(InputError, match="no GFN2-xTB energy of Xe"):
        sum_of_atoms(["Xe"], GFN2)
