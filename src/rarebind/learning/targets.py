"""What a model learns: an energy at one level of theory, or the difference of two levels."""

from __future__ import annotations

from dataclasses import dataclass

from rarebind.errors import InputError

#: What a target or a difference of levels can be of.
QUANTITIES = ("absolute", "binding", "exchange")
_DELTA = "delta-"


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

    Raises
    ------
    InputError
        The name is not made of a quantity, with ``delta-`` before it for a difference.
    """

    name: str
    strategy: str
    summary: str
    delta: bool

    def __post_init__(self) -> None:
        if self.quantity not in QUANTITIES or self.delta != self.name.startswith(_DELTA):
            raise InputError(
                f"a target is one of {', '.join(QUANTITIES)}, or a difference of levels with "
                f"{_DELTA!r} before the name, not {self.name!r} with delta={self.delta}"
            )

    @property
    def quantity(self) -> str:
        """One of :data:`QUANTITIES`: the target itself, or what the difference is of."""
        return self.name.removeprefix(_DELTA)


#: Targets by name.
TARGETS = {
    target.name: target
    for target in (
        Target("absolute", "1", "total energy of the complex", delta=False),
        Target("binding", "2", "binding energy from the bare ion, equation 1", delta=False),
        Target("exchange", "", "exchange energy with the aqua ion", delta=False),
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
