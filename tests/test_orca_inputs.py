import numpy as np
import pytest

from rarebind.elements import STUDY_METALS, rare_earth
from rarebind.engines import LevelOfTheory, level_named
from rarebind.engines.orca.basis import element_bases
from rarebind.engines.orca.inputs import count_electrons, gradient_input, guess_input
from rarebind.errors import InputError
from rarebind.structures import Structure

LEVEL = level_named("b3lyp-d4")
FROZEN = level_named("b3lyp-d4-4f-in-core")
WATER = Structure(("O", "H", "H"), np.array([[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]]), 0)


def ion(metal, charge=3):
    return Structure((metal,), np.zeros((1, 3)), charge, rare_earth(metal).multiplicity)


def monoaqua(metal):
    positions = np.vstack([np.zeros(3), WATER.positions + np.array([2.4, 0, 0])])
    return Structure((metal, *WATER.symbols), positions, 3, rare_earth(metal).multiplicity)


def keywords(text):
    return next(line for line in text.splitlines() if line.startswith("!")).split()[1:]


def block(text, name):
    """Lines of a block, which ends with an ``end`` that is not indented."""
    lines = text.splitlines()
    if f"%{name}" not in lines:
        return []
    start = lines.index(f"%{name}") + 1
    return [line.strip() for line in lines[start : lines.index("end", start)]]


def test_whole_input_of_water():
    assert gradient_input(WATER, LEVEL, nprocs=4, maxcore=3000) == (
        "# B3LYP-D4/def2-SVPD+def2-TZVP/SMD(water), ORCA 5 or 6\n"
        "! RKS B3LYP D4 def2-SVPD RIJCOSX def2/J DefGrid2 TightSCF CPCM NoAutoStart EnGrad\n"
        "%pal nprocs 4 end\n"
        "%maxcore 3000\n"
        "%scf\n"
        "  MaxIter 500\n"
        "end\n"
        "%basis\n"
        '  NewGTO H "def2-SVPD" end\n'
        '  NewGTO O "def2-SVPD" end\n'
        "end\n"
        "%cpcm\n"
        "  smd true\n"
        '  SMDsolvent "water"\n'
        "end\n"
        "* xyz 0 1\n"
        "O      0.0000000000     0.0000000000     0.0000000000\n"
        "H      0.9600000000     0.0000000000     0.0000000000\n"
        "H     -0.2400000000     0.9300000000     0.0000000000\n"
        "*\n"
    )


@pytest.mark.parametrize("metal", STUDY_METALS)
def test_every_metal(metal):
    structure = monoaqua(metal)
    text = gradient_input(structure, LEVEL)
    assert f"* xyz 3 {rare_earth(metal).multiplicity}" in text
    assert block(text, "basis") == sorted(
        [
            f'NewGTO {metal} "def2-TZVP" end',
            f'NewECP {metal} "def2-ECP" end',
            'NewGTO H "def2-SVPD" end',
            'NewGTO O "def2-SVPD" end',
        ],
        key=lambda line: (line.split()[1], line.split()[0] == "NewECP"),
    )
    # A set that has every lanthanide, in ORCA 5 too.
    assert "def2-TZVP" in keywords(text)
    assert "def2-SVPD" not in keywords(text)
    open_shell = structure.multiplicity > 1
    assert ("UKS" in keywords(text)) == ("SlowConv" in keywords(text)) == open_shell
    assert ("RKS" in keywords(text)) != open_shell


@pytest.mark.parametrize("metal", STUDY_METALS)
def test_4f_in_core_is_closed_shell(metal):
    structure = monoaqua(metal)
    text = gradient_input(structure, FROZEN)
    assert "* xyz 3 1" in text
    assert "RKS" in keywords(text)
    assert guess_input(structure, FROZEN) is None
    lines = block(text, "basis")
    if metal == "Y":
        assert f'NewGTO {metal} "def2-TZVP" end' in lines
        return
    core = 46 + rare_earth(metal).f_electrons
    # The eight outermost electrons of M3+ and the ten of water.
    assert count_electrons(structure, FROZEN).explicit == 18
    start = lines.index(f"NewECP {metal}")
    assert lines[start + 1 : start + 3] == [
        f"N_core {core}",
        "lmax g" if core < 60 else lines[start + 2],
    ]


def test_written_out_basis_is_that_of_the_exchange():
    basis_set_exchange = pytest.importorskip("basis_set_exchange")
    theirs = basis_set_exchange.get_basis("lcecp-1-TZVP", elements=["Gd"], fmt="orca", header=False)
    functions, potential = theirs.split("$END")
    ours = element_bases(["Gd"], FROZEN)["Gd"].lines
    middle = ours.index("end")

    def numbers(text):
        return [
            float(word)
            for word in text.split()
            if word.replace("E-", "").strip("-.0123456789") == ""
        ]

    assert numbers(" ".join(ours[1:middle])) == numbers(functions.split("GADOLINIUM")[1])
    assert [line.lower().split() for line in ours[middle + 1 :]] == [
        line.lower().split() for line in potential.strip().splitlines()
    ]


def test_numbers_of_electrons_and_functions():
    gadolinium = count_electrons(monoaqua("Gd"), LEVEL)
    assert (gadolinium.explicit, gadolinium.multiplicity) == (64 - 28 - 3 + 10, 8)
    # Printed by ORCA for these molecules, see data/orca: def2-SVP water has 24 functions.
    svp = LevelOfTheory("orca", "B3LYP", "def2-SVP")
    assert count_electrons(WATER, svp).functions == 24
    # Likewise: xinglong-zhang/chemsmart experiments-public/po3-r19/workspace/nodes/
    # sp-c4-b3lyp-tzvp/geom-c4-saddle-sp_sp_sp_gas_phase.out (d541a19), C12H10F3N3O2.
    symbols = tuple("C" * 12 + "H" * 10 + "F" * 3 + "N" * 3 + "O" * 2)
    apart = Structure(symbols, np.outer(np.arange(30.0), [3.0, 0.0, 0.0]), 0)
    counted = count_electrons(apart, LevelOfTheory("orca", "B3LYP", "def2-TZVP"))
    assert (counted.explicit, counted.functions) == (146, 680)


def test_open_shell_starts_from_a_stable_state():
    text = guess_input(monoaqua("Gd"), LEVEL, nprocs=2, maxcore=1000)
    assert block(text, "scf")[1:] == ["STABPerform true", "STABRestartUHFifUnstable true"]
    assert "EnGrad" not in keywords(text)
    assert "STAB" not in gradient_input(monoaqua("Gd"), LEVEL)
    assert guess_input(WATER, LEVEL) is None


def test_orbitals_of_an_earlier_run():
    text = gradient_input(WATER, LEVEL, orbitals="earlier.gbw")
    assert "MORead" in keywords(text)
    assert '%moinp "earlier.gbw"' in text
    assert "MORead" not in keywords(gradient_input(WATER, LEVEL))


@pytest.mark.parametrize("metal", ["La", "Gd"])
def test_single_ion_has_no_gradient(metal):
    text = gradient_input(ion(metal), LEVEL)
    assert "EnGrad" not in keywords(text)


def test_gas_phase_without_dispersion():
    text = gradient_input(WATER, LevelOfTheory("orca", "B3LYP", "def2-TZVP"))
    assert not block(text, "cpcm")
    assert "D4" not in keywords(text)


def test_heavy_ligand_atoms_keep_their_core_potential():
    iodide = Structure(("H", "I"), np.array([[0, 0, 0], [1.6, 0, 0]]), 0)
    assert 'NewECP I "def2-ECP" end' in block(gradient_input(iodide, LEVEL), "basis")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "PBE0"}, "no method 'PBE0': known are 'B3LYP'"),
        ({"dispersion": "D3"}, "no dispersion correction 'D3': known are '', 'D4'"),
        ({"basis": "cc-pVTZ"}, "no basis 'cc-pVTZ': known are 'def2-SVPD.def2-TZVP'"),
        ({"solvent": "ALPB(water)"}, r"no solvent 'ALPB\(water\)': known are .*SMD\(water\)"),
    ],
)
def test_unknown_levels_list_the_known(changes, message):
    fields = {"method": "B3LYP", "basis": "def2-SVPD+def2-TZVP", "dispersion": "D4"} | changes
    with pytest.raises(InputError, match=message):
        gradient_input(WATER, LevelOfTheory("orca", **fields))


def test_element_without_the_basis():
    structure = Structure(("U", "O"), np.array([[0, 0, 0], [1.8, 0, 0]]), 4)
    with pytest.raises(InputError, match="def2-SVPD has no functions for U"):
        gradient_input(structure, LEVEL)


@pytest.mark.parametrize(
    ("structure", "message"),
    [
        (Structure(WATER.symbols, WATER.positions, 1), r"charge \+1 and multiplicity 1 .* 9 elec"),
        (Structure(("Gd",), np.zeros((1, 3)), 3, 7), r"charge \+3 and multiplicity 7 .* 33 elec"),
        (Structure(("H",), np.zeros((1, 3)), 1), r"charge \+1 and multiplicity 1 .* 0 elec"),
    ],
)
def test_electrons_must_fit_the_multiplicity(structure, message):
    with pytest.raises(InputError, match=message):
        gradient_input(structure, LEVEL)
