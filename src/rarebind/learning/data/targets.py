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
        What a user types.
    strategy
        What the reference study calls it; empty for ours.
    summary
        One line for listings.
    delta
        Whether it is the difference of two levels of theory at one geometry.
    anchored
        Whether the energy of the complex with the first metal of the series,
        :data:`rarebind.complexes.TEMPLATE_METAL`, is taken off.  What is left is ΔΔE of relaxed
        complexes, predicted from the geometry of that one alone, which has to be computed.

    Raises
    ------
    InputError
        The name is not made of a quantity, with ``delta-`` before it for a difference.
    """

    name: str
    strategy: str
    summary: str
    delta: bool = False
    anchored: bool = False

    def __post_init__(self) -> None:
        if (
            self.quantity not in QUANTITIES
            or self.delta != self.name.startswith(_DELTA)
            or self.anchored != (self.name == _SERIES)
        ):
            raise InputError(
                f"a target is one of {', '.join(QUANTITIES)}, a difference of levels with "
                f"{_DELTA!r} before the name, or {_SERIES!r}, which is anchored; not {self.name!r} "
                f"with delta={self.delta}, anchored={self.anchored}"
            )

    @property
    def quantity(self) -> str:
        """One of :data:`QUANTITIES`: the target itself, or what the difference is of."""
        if self.anchored:
            return "exchange"
        return self.name.removeprefix(_DELTA)


#: Targets by name.
TARGETS = {
    target.name: target
    for target in (
        Target("absolute", "1", "total energy of the complex"),
        Target("binding", "2", "binding energy from the bare ion, equation 1"),
        Target("exchange", "", "exchange energy with the aqua ion"),
        Target(_SERIES, "", "exchange energy less that with La, as computed", anchored=True),
        Target("delta-absolute", "Δ-1", "total energy less that of a base level", delta=True),
        Target("delta-binding", "Δ-2", "equation 1 less that of a base level", delta=True),
        Target("delta-exchange", "", "exchange energy less that of a base level", delta=True),
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
