"""What is asked for from the browser, as a request that can be run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from rarebind.campaigns import Protocol
from rarebind.errors import InputError
from rarebind.screening import (
    MODEL,
    Request,
    ShortListRequest,
    read_pairs,
    short_list_request,
)
from rarebind.screening.short_list import DEFAULT_LEVEL
from rarebind.serving.limits import MAX_COMPLEXES
from rarebind.serving.lines import survey_lines

#: What has several values.
LISTS = ("metals", "geometries", "short_list_metals", "pairs")


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
        Whether lines that cannot be used, and ligands that a geometry does not fit, are left out;
        else nothing is computed.
    retry_failed
        Whether calculations that failed before are tried again.
    fall_back
        As in :class:`~rarebind.screening.Request`.
    short_list
        How many of the best ligands are computed by density functional theory; 0: none.
    short_list_level, short_list_metals
        Where and for what; None, empty: :data:`~rarebind.screening.short_list.DEFAULT_LEVEL`, the
        first metal.
    pairs
        Metals to separate, such as ``Nd/Dy``.
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
    fall_back: bool = False
    short_list: int = 0
    short_list_level: str | None = None
    short_list_metals: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()

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
        lists = {name: tuple(data.get(name, ())) for name in LISTS}
        return cls(**data | lists)

    def request(self, workers: int | None = None) -> Request:
        """What is run.

        Raises
        ------
        InputError
            All lines that cannot be used, unless they are to be left out; no line can.
        """
        table = survey_lines(self.ligands).checked("line", strict=not self.leave_out)
        return Request(
            ligands=table.ligands,
            metals=self.metals,
            geometries=self.geometries,
            coordination_number=self.coordination_number,
            engine=self.engine,
            fall_back=self.fall_back,
            protocol=Protocol(builder=self.builder, hops=self.hops),
            workers=workers,
            strict=not self.leave_out,
            rejected=table.rejected,
            pairs=read_pairs(self.pairs),
        )

    def short_list_request(self, workers: int | None = None) -> ShortListRequest | None:
        """The short list that is wanted; None where none is.

        Raises
        ------
        InputError
            All that cannot be used.
        MissingDependencyError
            The engine of the level is not installed.
        """
        if self.short_list:
            level = self.short_list_level
            return short_list_request(
                self.short_list,
                self.metals,
                level=DEFAULT_LEVEL if level is None else level,
                metals=self.short_list_metals or None,
                workers=workers,
            )
        if self.short_list_level is not None or self.short_list_metals:
            raise InputError(
                "short_list_level and short_list_metals say how: give short_list as well"
            )
        return None


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
        A model is asked for and NequIP is not installed, or a short list and its engine is not.
    """
    request = asked.request()
    number = len(request.ligands) * len(request.metals) * len(request.geometries)
    if number > MAX_COMPLEXES:
        raise InputError(
            f"{number} complexes (ligands × metals × geometries): at most {MAX_COMPLEXES} are "
            "screened at once; rarebind screen takes any number"
        )
    fitting = request.fitting()
    asked.short_list_request()
    if request.engine == MODEL:
        from rarebind.learning.nequip import need_nequip

        need_nequip()
    return len(fitting.specs)
