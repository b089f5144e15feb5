"""Real ORCA outputs, see data/orca/README.md; what is edited says so."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rarebind.engines.orca.output import parse_output
from rarebind.errors import CalculationError
from rarebind.structures import Structure
from rarebind.units import ANGSTROM_PER_BOHR, EV_PER_HARTREE

ORCA = Path(__file__).parent / "data" / "orca"
FINISHED = (
    "divinylbenzene_uks_orca5",
    "helium_orca6",
    "nickel_uks_d3_orca6",
    "water_engrad_orca6",
    "water_smd_orca5",
    "water_smd_orca6",
)
# Of another calculation: the optimised water of chemsmart, water_opt.engrad.
ENGRAD_OF_WATER = """\
#
# Number of atoms
#
 3
#
# The current total energy in Eh
#
    -76.323311011349
#
# The current gradient in Eh/bohr
#
       0.000000006145
      -0.000000044516
      -0.000004685841
       0.000014390789
       0.000000001430
       0.000009665250
      -0.000014359316
       0.000000001321
       0.000009653881
"""


def read(name):
    return (ORCA / f"{name}.out").read_text(encoding="utf-8")


def same(output, other):
    if (output.forces is None) != (other.forces is None):
        return False
    forces = output.forces is None or np.array_equal(output.forces, other.forces)
    return forces and output.energy == other.energy and output.symbols == other.symbols


def engrad_of(output, gradient):
    lines = ["# atoms", str(len(output.symbols)), "# energy"]
    lines += [f"{output.energy / EV_PER_HARTREE:.12f}", "# gradient"]
    return "\n".join([*lines, *(f"{value:.12f}" for value in gradient.ravel())]) + "\n"


@pytest.mark.parametrize(
    ("name", "version", "energy", "charge", "multiplicity", "electrons", "functions", "cycles"),
    [
        ("divinylbenzene_uks_orca5", "5.0.0", -381.831981252255, 1, 2, 69, 60, 11),
        ("helium_orca6", "6.0.1", -2.899160731389, 0, 1, 2, 5, 2),
        ("nickel_uks_d3_orca6", "6.1.1", -3305.383092593323, 1, 2, 161, 335, 18),
        ("water_engrad_orca6", "6.1.0", -76.320385565717, 0, 1, 10, 24, 11),
        ("water_smd_orca5", "5.0.3", -74.967638760929, 0, 1, 10, 7, 7),
        ("water_smd_orca6", "6.0.1", -74.967666633980, 0, 1, 10, 7, 9),
    ],
)
def test_finished(name, version, energy, charge, multiplicity, electrons, functions, cycles):
    output = parse_output(read(name))
    assert output.version == version
    assert output.energy == pytest.approx(energy * EV_PER_HARTREE, abs=1e-9)
    assert (output.charge, output.multiplicity) == (charge, multiplicity)
    assert (output.electrons, output.basis_functions) == (electrons, functions)
    assert output.cycles == cycles


def test_open_shell_and_dispersion():
    output = parse_output(read("nickel_uks_d3_orca6"))
    assert output.s_squared == 0.763456
    assert output.dispersion == pytest.approx(-0.096763209 * EV_PER_HARTREE, abs=1e-9)
    assert output.functional == "B88 LYP VWN-5 0.2"
    assert output.solvation == "CPCM"
    assert output.wall_time == pytest.approx(49.380)
    assert output.forces is None


@pytest.mark.parametrize("name", ["water_smd_orca5", "water_smd_orca6"])
def test_solvation(name):
    output = parse_output(read(name))
    assert output.solvation == "SMD(toluene)"
    assert output.cavity == pytest.approx(-0.00134274 * EV_PER_HARTREE, abs=1e-6)
    assert output.s_squared is output.dispersion is None


def test_gradient_becomes_forces():
    output = parse_output(read("water_engrad_orca6"))
    assert output.forces.shape == (3, 3)
    unit = EV_PER_HARTREE / ANGSTROM_PER_BOHR
    assert output.forces[1] == pytest.approx(
        -np.array([-0.005486256, 0.011441413, 0.005495418]) * unit, abs=1e-9
    )
    # As ORCA prints it.
    assert np.linalg.norm(output.forces) / unit == pytest.approx(0.0195537441, abs=1e-8)


def test_gradient_of_orca5():
    # A real output, edited: as if the first cycle of the optimisation were all of it.
    text = read("optimisation_orca5").replace(
        "* Geometry Optimization Run *", "* Energy+Gradient Calculation *"
    )
    output = parse_output(text)
    unit = EV_PER_HARTREE / ANGSTROM_PER_BOHR
    assert output.energy == pytest.approx(-76.322282695198 * EV_PER_HARTREE, abs=1e-9)
    assert output.forces[0, 2] == pytest.approx(0.002606324 * unit, abs=1e-9)
    assert np.linalg.norm(output.forces) / unit == pytest.approx(0.0192700970, abs=1e-8)


@pytest.mark.parametrize("name", FINISHED)
def test_coordinates_give_the_printed_nuclear_repulsion(name):
    text = read(name)
    output = parse_output(text)
    charges = Structure(output.symbols, output.positions, 0).atomic_numbers
    distances = np.linalg.norm(output.positions[:, None] - output.positions, axis=-1)
    i, j = np.triu_indices(len(charges), k=1)
    repulsion = np.sum(charges[i] * charges[j] / distances[i, j]) * ANGSTROM_PER_BOHR
    printed = float(re.search(r"ENuc +\.+ +(\S+) Eh", text)[1])
    assert repulsion == pytest.approx(printed, abs=2e-4)


@pytest.mark.parametrize("name", FINISHED)
def test_cut_anywhere_between_lines(name):
    text = read(name)
    whole = parse_output(text)
    ends = [match.end() for match in re.finditer("\n", text)]
    for end in ends[:-1]:
        with pytest.raises(CalculationError):
            parse_output(text[:end])
    assert same(parse_output(text[: ends[-1]]), whole)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(FINISHED), data=st.data())
def test_cut_at_any_character(name, data):
    text = read(name)
    end = data.draw(st.integers(0, len(text)))
    try:
        output = parse_output(text[:end])
    except CalculationError:
        return
    assert same(output, parse_output(text))


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(FINISHED), data=st.data())
def test_lines_lost_in_the_middle(name, data):
    lines = read(name).splitlines(keepends=True)
    first = data.draw(st.integers(0, len(lines) - 1))
    number = data.draw(st.integers(1, 40))
    try:
        output = parse_output("".join(lines[:first] + lines[first + number :]))
    except CalculationError:
        return
    whole = parse_output("".join(lines))
    assert output.energy == whole.energy
    assert output.forces is None or np.array_equal(output.forces, whole.forces)


def test_error_termination():
    with pytest.raises(CalculationError, match="stopped with an error in GTOInt"):
        parse_output(read("error_orca5"))


def test_unknown_version():
    with pytest.raises(CalculationError, match=r"ORCA 4\.1\.1: known are versions 5 and 6"):
        parse_output(read("hydrogen_orca4"))


def test_optimisation_is_refused():
    with pytest.raises(CalculationError, match="Geometry Optimization Run"):
        parse_output(read("optimisation_orca5"))


def test_two_outputs_in_one_file():
    with pytest.raises(CalculationError, match="several calculations"):
        parse_output(read("water_smd_orca5") + read("water_smd_orca6"))


@pytest.mark.parametrize("text", ["", "Killed\n", "\n"])
def test_not_an_output(text):
    with pytest.raises(CalculationError, match="no output of ORCA"):
        parse_output(text)


def test_not_converged():
    # A real output, edited: the line that ORCA prints instead.
    text = re.sub(
        r"SCF CONVERGED AFTER +7 CYCLES ",
        "SCF NOT CONVERGED AFTER 125 CYCLES",
        read("water_smd_orca5"),
    )
    with pytest.raises(CalculationError, match="SCF not converged after 125 cycles"):
        parse_output(text)


def test_not_fully_converged():
    # Edited likewise.
    text = read("water_smd_orca6").replace(
        "-74.967666633980", "-74.967666633980 (Wavefunction not fully converged!)"
    )
    with pytest.raises(CalculationError, match="not fully converged"):
        parse_output(text)


def test_another_energy_on_top_is_refused():
    # Edited: as if a correlation energy were added.
    text = read("water_smd_orca6").replace(
        "ENERGY       -74.967666633980", "ENERGY       -75.067666633980"
    )
    with pytest.raises(CalculationError, match="beside SCF and dispersion"):
        parse_output(text)


def test_gradient_file_must_agree():
    text = read("water_engrad_orca6")
    output = parse_output(text)
    gradient = -output.forces * (ANGSTROM_PER_BOHR / EV_PER_HARTREE)
    engrad = engrad_of(output, gradient)
    assert parse_output(text, engrad).forces == pytest.approx(output.forces, abs=1e-9)
    with pytest.raises(CalculationError, match="differ"):
        parse_output(text, engrad_of(output, gradient + 1e-4))
    with pytest.raises(CalculationError, match=r"not of this output"):
        parse_output(text, ENGRAD_OF_WATER)
    for end in range(0, len(engrad) - 13, 7):
        with pytest.raises(CalculationError, match=r"truncated|not of this output|differ"):
            parse_output(text, engrad[:end])


def test_readme_tells_of_every_file():
    readme = (ORCA / "README.md").read_text(encoding="utf-8")
    names = {path.name for path in ORCA.glob("*.out")}
    assert names == set(re.findall(r"^\| `([\w.]+\.out)`", readme, re.MULTILINE))
