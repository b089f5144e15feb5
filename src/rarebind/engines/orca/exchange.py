"""ORCA inputs for another machine, and what came back from there."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import numpy as np

from rarebind.engines.calculation import Calculation
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.orca.checks import check_belongs, scf_report
from rarebind.engines.orca.inputs import gradient_input, guess_input
from rarebind.engines.orca.output import parse_output, read_version
from rarebind.errors import CalculationError, InputError
from rarebind.io.files import check_writable, make_folder
from rarebind.io.tables import csv_text
from rarebind.structures import Structure

#: A calculation to be done: its key, a label for people, what to compute.
Item = tuple[str, str, Structure, LevelOfTheory]

INDEX = "index.csv"
_SCRIPT = "run_all.sh"
_KEY_CHARACTERS = 10
_LABEL_CHARACTERS = 60


def file_name(key: str, label: str) -> str:
    """The name, without suffix, of a calculation's files: safe for shells, MPI and ORCA."""
    safe = re.sub(r"[^A-Za-z0-9-]+", "_", label)[:_LABEL_CHARACTERS].strip("_-") or "molecule"
    return f"{safe}-{re.sub(r'[^A-Za-z0-9]', '_', key[:_KEY_CHARACTERS])}"


def write_inputs(
    items: Iterable[Item], folder: Path | str, *, nprocs: int = 1, maxcore: int = 2000
) -> int:
    """Write ``NAME.inp`` for every item, an index, and a script that runs them all.

    An open-shell calculation also gets ``NAME_guess.inp``, which is run first.  A folder that
    holds the same files already is left as it is, with its outputs.

    Parameters
    ----------
    items
        Key, label, structure and level of each calculation.
    folder
        Made when absent; all of it appears, or nothing.
    nprocs, maxcore
        Processes, and MB of memory for each.

    Returns
    -------
    int
        Number of calculations.

    Raises
    ------
    InputError
        The folder holds something else; two calculations would share files; or ORCA cannot do
        a calculation.  Nothing is written.
    """
    folder = Path(folder)
    texts, rows = {}, []
    for key, label, structure, level in items:
        name = file_name(key, label)
        if f"{name}.inp" in texts:
            raise InputError(f"two calculations would share the file {name}.inp: {label!r}")
        guess = guess_input(structure, level, nprocs=nprocs, maxcore=maxcore)
        if guess is not None:
            texts[f"{name}_guess.inp"] = guess
        texts[f"{name}.inp"] = gradient_input(
            structure,
            level,
            nprocs=nprocs,
            maxcore=maxcore,
            orbitals="" if guess is None else f"{name}_guess.gbw",
        )
        rows.append((key, name, label, structure.digest))
    texts[INDEX] = csv_text(("key", "name", "label", "structure"), rows)
    texts[_SCRIPT] = files("rarebind.engines.orca").joinpath(_SCRIPT).read_text(encoding="utf-8")
    if not _already_there(texts, folder):
        _write_all(texts, folder)
    return len(rows)


def collect(items: Iterable[Item], folder: Path | str) -> dict[str, Calculation | None]:
    """What the outputs in `folder` tell of each item, by key.

    Returns
    -------
    dict
        A ``static`` calculation, ``failed`` with the reason when the output is truncated, not
        converged or of another calculation; None where no output lies yet.

    Raises
    ------
    InputError
        No such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"no folder {folder}")
    return {
        key: _collect_one(folder / file_name(key, label), structure, level)
        for key, label, structure, level in items
    }


def _collect_one(stem: Path, structure: Structure, level: LevelOfTheory) -> Calculation | None:
    path = stem.with_suffix(".out")
    if not path.exists():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    engrad = stem.with_suffix(".engrad")
    try:
        output = parse_output(text, engrad.read_text() if engrad.exists() else None)
        check_belongs(output, structure, level)
    except CalculationError as error:
        return Calculation(
            verb="static",
            level=level,
            structure=structure,
            status="failed",
            reason=f"{path.name}: {error}",
            converged=False,
            engine_version=_version(text),
        )
    return Calculation(
        verb="static",
        level=level,
        structure=structure,
        energy=output.energy,
        forces=np.zeros((len(structure), 3)) if output.forces is None else output.forces,
        gradients=1,
        engine_version=f"orca {output.version}",
        wall_time=output.wall_time,
        scf=scf_report(output),
    )


def _version(text: str) -> str:
    try:
        return f"orca {read_version(text)}"
    except CalculationError:
        return ""


def _already_there(texts: dict[str, str], folder: Path) -> bool:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    for name, text in texts.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
            raise InputError(f"{folder} holds something else (see {name}): choose another folder")
    return True


def _write_all(texts: dict[str, str], folder: Path) -> None:
    """Write into a folder beside, and move that into place when it is complete."""
    make_folder(folder.parent)
    check_writable(folder.parent, what="the inputs")
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, text in texts.items():
            (unfinished / name).write_text(text, encoding="utf-8", newline="\n")
        unfinished.chmod(0o755)
        unfinished.replace(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
