"""What is asked for from the browser, as a request that can be run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from rarebind.campaigns import Protocol
from rarebind.errors import InputError
from rarebind.ligands import Rejected
from rarebind.screening import MODEL, Request, plan_screen, specs_for
from rarebind.serving.limits import MAX_COMPLEXES
from rarebind.serving.lines import survey_lines


@dataclass(frozen=True)
class Asked:
    """A screen as it was asked for.

    Attributes
    ----------
    ligands
        Text, a line each; see :mod:`rarebind.serving.lines`.
    metals, geometries, coordination_number, engine
        As in :class:`~rarebind.screening.Request`.
    builder, hops
        As in :class:`~rarebind.campaigns.Protocol`.
    unit
        Of the results.
    leave_out
        Whether lines that cannot be used are left out; else nothing is computed.
    retry_failed
        Whether calculations that failed before are tried again.
    """

    ligands: str
    metals: tuple[str, ...]
    geometries: tuple[str, ...]
    coordination_number: int
    engine: str
    builder: str
    hops: int
    unit: str
    leave_out: bool
    retry_failed: bool

    def data(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def of(cls, data: dict[str, Any]) -> Self:
        """From plain data.

        Raises
        ------
        TypeError
            It is something else.
        """
        lists = {name: tuple(data.get(name, ())) for name in ("metals", "geometries")}
        return cls(**data | lists)

    def request(self, workers: int | None = None) -> tuple[Request, tuple[Rejected, ...]]:
        """What is run, and the ligands left out.

        Raises
        ------
        InputError
            All lines that cannot be used, unless they are to be left out; no line can.
        """
        table = survey_lines(self.ligands)
        if table.rejected and (not self.leave_out or not table.ligands):
            raise InputError(f"line {found.line}: {found.reason}" for found in table.rejected)
        request = Request(
            ligands=table.ligands,
            metals=self.metals,
            geometries=self.geometries,
            coordination_number=self.coordination_number,
            engine=self.engine,
            protocol=Protocol(builder=self.builder, hops=self.hops),
            workers=workers,
        )
        return request, table.rejected


def check(asked: Asked) -> int:
    """Whether a screen can be run; nothing is computed.

    Models are read by the process that uses them: they take seconds and much memory.

    Returns
    -------
    int
        Number of complexes.

    Raises
    ------
    InputError
        All that cannot be used.
    MissingDependencyError
        A model is asked for and NequIP is not installed.
    """
    request, _ = asked.request()
    number = len(request.ligands) * len(request.metals) * len(request.geometries)
    if number > MAX_COMPLEXES:
        raise InputError(
            f"{number} complexes (ligands × metals × geometries): at most {MAX_COMPLEXES} are "
            "screened at once; rarebind screen takes any number"
        )
    specs = specs_for(
        request.ligands, request.metals, request.geometries, request.coordination_number
    )
    plan_screen(specs, request.protocol)
    if request.engine == MODEL:
        from rarebind.learning.nequip import need_nequip

        need_nequip()
    return number
