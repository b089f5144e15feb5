"""What is asked for from the browser: the request of a screen, within what is offered there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rarebind.errors import InputError
from rarebind.io.yaml import shortened
from rarebind.screening.computed import plan_screen
from rarebind.screening.given import survey_lines
from rarebind.screening.options import AUTO, MODEL
from rarebind.screening.request import Request
from rarebind.serving.limits import (
    MAX_COMPLEXES,
    MAX_GEOMETRIES,
    MAX_HOPS,
    MAX_LIGANDS,
    MAX_PAIRS,
    MAX_SHORT_LIST,
)

#: Options of which the browser has not all choices, and those it has.
OFFERED: Mapping[str, tuple[object, ...]] = {
    "engine": (AUTO, MODEL, "tblite"),
    "builder": ("auto", "grafting", "embedding", "architector"),
    "conformers": ("rdkit",),
    "model": (None,),
    "calibration": (None,),
    "workers": (None,),
}
#: Of levels with a name of their own.
_NAME = re.compile(r"[A-Za-z0-9._-]*")
_MOST = {"geometries": MAX_GEOMETRIES, "pairs": MAX_PAIRS}
_LARGEST = {"hops": MAX_HOPS, "short_list": MAX_SHORT_LIST}


def request_of(asked: Mapping[str, Any], workers: int | None = None) -> Request:
    """What is run.

    Parameters
    ----------
    asked
        Options of a screen; ``ligands`` is a text, read by
        :func:`~rarebind.screening.given.survey_lines`.
    workers
        Processes; by default one a core.

    Raises
    ------
    InputError
        All that cannot be used.
    """
    text = asked.get("ligands")
    if not isinstance(text, str):
        raise InputError(f"ligands: {shortened(text)} is no text: give one SMILES a line")
    # Counted before they are read: that takes a millisecond each.
    if (lines := sum(bool(line.strip()) for line in text.splitlines())) > MAX_LIGANDS + 1:
        raise InputError(_too_many(lines - 1))
    # Whoever may ask must not have modules imported.
    wrong = [
        f"{name}: {shortened(value)} is not offered here: give the name of a level"
        for name in ("level", "short_list_level")
        if isinstance(value := asked.get(name), str) and not _NAME.fullmatch(value)
    ]
    if wrong := wrong + [
        f"{name}: {shortened(asked[name])} is not offered here: choose "
        f"{' or '.join(map(str, choices))}"
        for name, choices in OFFERED.items()
        if name in asked and asked[name] not in choices
    ]:
        raise InputError(wrong)
    request = Request(**{**asked, "ligands": survey_lines(text), "workers": workers})
    found = request.ligands
    if (number := len(found.ligands) + len(found.rejected)) > MAX_LIGANDS:
        raise InputError(_too_many(number))
    return request


def check(asked: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Whether a screen can be run; nothing is computed.

    Models are read by the process that uses them: they take seconds and much memory.

    Returns
    -------
    asked
        All options.
    number
        Of complexes.

    Raises
    ------
    InputError
        All that cannot be used.
    MissingDependencyError
        A model is asked for and NequIP is not installed, or a short list and its engine is not.
    """
    request = request_of(asked)
    problems = [
        f"{name}: {len(getattr(request, name))} given, at most {most} are screened at once"
        for name, most in _MOST.items()
        if len(getattr(request, name)) > most
    ]
    problems += [
        f"{name}: {getattr(request, name)} is above {most}"
        for name, most in _LARGEST.items()
        if getattr(request, name) > most
    ]
    number = len(request.ligands.ligands) * len(request.metals) * len(request.geometries)
    if number > MAX_COMPLEXES:
        problems.append(
            f"{number} complexes (ligands × metals × geometries): at most {MAX_COMPLEXES} are "
            "screened at once; rarebind screen takes any number"
        )
    if problems:
        raise InputError(problems)
    specs = request.fitting().specs
    plan_screen(specs, request.protocol)
    request.short_list_request()
    if request.engine == MODEL:
        from rarebind.learning.nequip import need_nequip

        need_nequip()
    return {**request.plain(), "ligands": asked["ligands"]}, len(specs)


def _too_many(number: int) -> str:
    return (
        f"{number} ligands: at most {MAX_LIGANDS} are screened at once; rarebind screen takes a "
        "file of any length"
    )
