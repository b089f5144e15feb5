"""No ligand twice: by name or by molecule."""

from __future__ import annotations

from rarebind.errors import InputError
from rarebind.ligands.ligand import Ligand


class Distinct:
    """Ligands met so far.

    Parameters
    ----------
    place
        What their numbers count, for messages: ``line``, say.
    """

    def __init__(self, place: str = "line") -> None:
        self._place = place
        self._seen: dict[str, tuple[int, str]] = {}

    def add(self, ligand: Ligand, number: int) -> None:
        """Add a ligand.

        Raises
        ------
        InputError
            An earlier one has its name, or is the same molecule.
        """
        clashes = []
        if ligand.name in self._seen:
            earlier, _ = self._seen[ligand.name]
            clashes.append(f"the name {ligand.name!r} is that of {self._place} {earlier} too")
        if ligand.inchikey in self._seen:
            earlier, other = self._seen[ligand.inchikey]
            clashes.append(
                f"{ligand.name!r} is the same molecule as {other!r} in {self._place} {earlier} "
                f"({ligand.inchikey})"
            )
        if clashes:
            raise InputError(f"{'; '.join(clashes)}; remove one of them")
        self._seen[ligand.name] = self._seen[ligand.inchikey] = (number, ligand.name)
