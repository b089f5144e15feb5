"""What a campaign has found, as a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rarebind.campaigns.store import Store
from rarebind.engines import Calculation


class Results(Mapping[str, Calculation]):
    """Calculations by task key, read from the store when asked for."""

    def __init__(self, store: Store, statuses: Mapping[str, str]) -> None:
        self._store = store
        self._statuses = statuses
        #: Outcomes that are not recorded: tasks whose parent has no usable result.
        self.unrecorded: dict[str, Calculation] = {}

    def __getitem__(self, key: str) -> Calculation:
        if key in self.unrecorded:
            return self.unrecorded[key]
        calculation = self._store.get(key) if key in self._statuses else None
        if calculation is None:
            raise KeyError(key)
        return calculation

    def __iter__(self) -> Iterator[str]:
        return iter(self._statuses)

    def __len__(self) -> int:
        return len(self._statuses)
