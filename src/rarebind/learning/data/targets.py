"""What a model learns: an energy at one level of theory, the difference of two levels or metals."""

from __future__ import annotations

from dataclasses import dataclass

from rarebind.errors import InputError

#: What a target or a difference of levels can be of.
QUANTITIES = ("absolute", "binding", "exchange")
_DELTA = "delta-"
_SERIES = "series"


@dataclass(frozen=True)
class Target:
    """A quantity that a model learns.

    Attributes
    ----------
    name
        What a user types: one of :data:`QUANTITIES`, with ``delta-`` before it for a difference of
        two levels of theory at one geometry, or ``series``.
    strategy
        What the reference study calls it; empty for ours.
    summary
        One line for listings.
    """

    name: str
    strategy: str
    summary: str

    @property
    def delta(self) -> bool:
        """Whether it is the difference of two levels of theory at one geometry."""
        return self.name.startswith(_DELTA)

    @property
    def anchored(self) -> bool:
        """Whether the energy of the complex with the first metal of the series is taken off.

        That metal is :data:`rarebind.complexes.TEMPLATE_METAL`.  What is left is ΔΔE of relaxed
        complexes, predicted from the geometry of that one alone, which has to be computed.
        """
        return self.name == _SERIES

    @property
    def quantity(self) -> str:
        """One of :data:`QUANTITIES`: the target itself, or what the difference is of."""
        return "exchange" if self.anchored else self.name.removeprefix(_DELTA)


#: Targets by name.
TARGETS = {
    name: Target(name, strategy, summary)
    for name, strategy, summary in (
        ("absolute", "1", "total energy of the complex"),
        ("binding", "2", "binding energy from the bare ion, equation 1"),
        ("exchange", "", "exchange energy with the aqua ion"),
        (_SERIES, "", "exchange energy less that with La, as computed"),
        ("delta-absolute", "Δ-1", "total energy less that of a base level"),
        ("delta-binding", "Δ-2", "equation 1 less that of a base level"),
        ("delta-exchange", "", "exchange energy less that of a base level"),
    )
}


def target_named(name: str) -> Target:
    """The target called `name`.

    Raises
    ------
    InputError
        No such target; the message lists the known ones.
    """
    if name not in TARGETS:
        raise InputError(f"unknown target {name!r}: known are {', '.join(TARGETS)}")
    return TARGETS[name]
