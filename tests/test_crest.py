"""CREST: its command and its real output; the program itself where it is installed."""

from pathlib import Path

import numpy as np
import pytest

from rarebind.complexes import aqua_ion, parent_templates
from rarebind.complexes.crest import crest_command, crest_conformers, read_ensemble
from rarebind.engines import GFN2_WATER, LevelOfTheory, static
from rarebind.errors import CalculationError, MissingDependencyError
from rarebind.structures import Structure
from rarebind.units import EV_PER_HARTREE

DATA = Path(__file__).parent / "data" / "crest"
ACETIC_ACID = ("C", "C", "O", "O", "H", "H", "H", "H")


def acetic_acid():
    return Structure(ACETIC_ACID, np.arange(24.0).reshape(8, 3), 0)


def test_real_output_is_read():
    text = (DATA / "acetic_acid_crest_conformers.xyz").read_text()
    ((energy, structure),) = read_ensemble(text, acetic_acid())
    assert energy == pytest.approx(-14.45994252 * EV_PER_HARTREE)
    assert structure.symbols == ACETIC_ACID
    assert structure.positions[7] == pytest.approx([1.6203039204, -0.9731281328, 0.0000500032])


def test_several_conformers_keep_their_order():
    text = (DATA / "acetic_acid_crest_conformers.xyz").read_text()
    higher = text.replace("-14.45994252", "-14.45000000")
    energies = [energy for energy, _ in read_ensemble(text + higher, acetic_acid())]
    assert energies == sorted(energies)
    assert len(energies) == 2


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda text: text[: len(text) // 2], "truncated|not the 8 atoms"),
        (lambda text: text.replace(" C ", " N ", 1), "not the 8 atoms"),
        (lambda text: text.replace("-14.45994252", "****"), "malformed"),
        (lambda text: "", "no conformer"),
    ],
)
def test_damaged_output_is_refused(edit, message):
    text = (DATA / "acetic_acid_crest_conformers.xyz").read_text()
    with pytest.raises(CalculationError, match=message):
        read_ensemble(edit(text), acetic_acid())


def test_command():
    structure = parent_templates(aqua_ion("La", 8))[0]
    command = " ".join(crest_command(structure, GFN2_WATER, threads=2))
    assert command.startswith("crest complex.xyz --gfn2 --alpb water --chrg 3 --uhf 0")
    assert command.endswith("--T 2")


def test_absence_is_said_clearly(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingDependencyError, match="needs the program crest on the PATH"):
        crest_conformers(acetic_acid(), GFN2_WATER)


def fake_crest(folder, body):
    program = folder / "crest"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


def test_a_run_that_dies_keeps_its_folder(monkeypatch, tmp_path):
    fake_crest(tmp_path, "echo something went wrong; exit 3")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(CalculationError, match=r"status 3 before it finished: see (.+)") as caught:
        crest_conformers(acetic_acid(), GFN2_WATER)
    folder = Path(str(caught.value).rsplit("see ", 1)[1])
    assert "something went wrong" in (folder / "crest.out").read_text()
    assert (folder / "complex.xyz").read_text().startswith("8\n")


def test_a_finished_run_is_read(monkeypatch, tmp_path):
    """The driver around the program; the output it leaves is CREST's own."""
    stored = DATA / "acetic_acid_crest_conformers.xyz"
    fake_crest(tmp_path, f"cp {stored} crest_conformers.xyz; echo ' CREST terminated normally.'")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    ((energy, _),) = crest_conformers(acetic_acid(), GFN2_WATER)
    assert energy == pytest.approx(-14.45994252 * EV_PER_HARTREE)


def test_the_stored_energy_is_gfn2():
    """The comment line is the total energy in Hartree: recomputed here at the stored geometry."""
    text = (DATA / "acetic_acid_crest_conformers.xyz").read_text()
    ((energy, structure),) = read_ensemble(text, acetic_acid())
    recomputed = static(structure, LevelOfTheory("tblite", "GFN2-xTB")).energy
    assert recomputed == pytest.approx(energy, abs=1e-4)
