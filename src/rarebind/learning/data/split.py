"""Which complex is for what, and the file that says so."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from rarebind.errors import InputError, located
from rarebind.io.files import read_text, replace_file
from rarebind.io.models import Section, validated
from rarebind.learning.data.samples import Sample

#: Version of the file.
SCHEMA_VERSION = 1
#: What a complex can be for; ``external`` ones are kept out of the other three by every split.
PARTS = ("train", "val", "test", "external")
#: Kinds of split, and what they tell of a model.
SPLITS = {
    "random": "complexes at random: ligands of the test are known with other metals",
    "leave-ligand-out": "whole ligands: new combinations of scaffold and substituent",
    "leave-substituent-out": "whole substituents, on every scaffold",
    "leave-scaffold-out": "chosen scaffolds",
    "leave-metal-out": "chosen metals",
}
_NAMED = 3


class Split(Section):
    """Complexes by what they are for.

    Attributes
    ----------
    kind
        One of :data:`SPLITS`.
    seed
    held_out
        Scaffolds or metals that the test consists of; empty for the other kinds.
    fractions
        Of training, validation and test that were asked for.  With chosen groups only the ratio
        of the first two counts.
    parts
        One of :data:`PARTS` by the key of the record whose geometry a complex has, so that a split
        holds for every level of theory.
    fold
        Which of the splits whose test parts are disjoint; 0 for kinds without folds.

    Raises
    ------
    InputError
        A kind, part, fraction or fold is none.
    """

    kind: str
    seed: int
    held_out: tuple[str, ...]
    fractions: tuple[float, float, float]
    parts: dict[str, str] = Field(repr=False)
    fold: int = 0

    @field_validator("parts")
    @classmethod
    def _sorted(cls, parts: dict[str, str]) -> dict[str, str]:
        return dict(sorted(parts.items()))

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind not in SPLITS:
            raise InputError(f"unknown split {self.kind!r}: known are {', '.join(SPLITS)}")
        if unknown := sorted(set(self.parts.values()) - set(PARTS)):
            raise InputError(f"unknown part {unknown[0]!r}: known are {', '.join(PARTS)}")
        check_fractions(self.fractions)
        if self.fold < 0:
            raise InputError(f"folds are counted from 0, got {self.fold}")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of which complex is in which part."""
        lines = "".join(f"{key} {part}\n" for key, part in sorted(self.parts.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def by_ligand(self) -> bool:
        """Whether no ligand is in two parts."""
        return self.kind not in {"random", "leave-metal-out"}

    @property
    def counts(self) -> dict[str, int]:
        """Complexes in each part."""
        found = Counter(self.parts.values())
        return {part: found[part] for part in PARTS}

    def known(self, samples: Iterable[Sample]) -> list[Sample]:
        """Those of `samples` that have a part, in their order.

        The others came to the data after the split was made.

        Raises
        ------
        InputError
            None has one: the split was made for other data.
        """
        samples = list(samples)
        found = [sample for sample in samples if sample.origin in self.parts]
        if samples and not found:
            raise self._made_for_other_data(samples)
        return found

    def of(self, samples: Iterable[Sample], part: str) -> list[Sample]:
        """The `samples` of one part, in their order.

        Raises
        ------
        InputError
            There is no such part, or the split was made for other data.
        """
        if part not in PARTS:
            raise InputError(f"unknown part {part!r}: known are {', '.join(PARTS)}")
        samples = list(samples)
        if any(sample.origin not in self.parts for sample in samples):
            raise self._made_for_other_data(samples)
        return [sample for sample in samples if self.parts[sample.origin] == part]

    def _made_for_other_data(self, samples: Iterable[Sample]) -> InputError:
        keys = {sample.origin: None for sample in samples}
        missing = [key[:12] for key in keys if key not in self.parts]
        return InputError(
            f"{len(missing)} of {len(keys)} complexes are not in this {self.kind} split (records "
            f"{', '.join(missing[:_NAMED])}{', …' if len(missing) > _NAMED else ''}), which was "
            "made for other data: use the dataset that it was made from, or make a new split of "
            "these"
        )


def check_fractions(fractions: Sequence[float]) -> None:
    """Raise an InputError unless these are shares of training, validation and test."""
    if (
        len(fractions) != len(PARTS) - 1
        or not all(0 < fraction < 1 for fraction in fractions)
        or not math.isclose(sum(fractions), 1)
    ):
        raise InputError(
            "fractions of training, validation and test are three numbers above 0 whose sum is 1, "
            f"not {', '.join(map(str, fractions))}"
        )


def save_split(split: Split, path: Path | str) -> None:
    """Write a split as JSON.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    replace_file(path, split_text(split))


def load_split(path: Path | str) -> Split:
    """The inverse of :func:`save_split`.

    Raises
    ------
    InputError
        The file is missing, no split, of a newer version, or was changed.
    """
    text = read_text(path)
    with located(str(path)):
        return split_of(text)


def split_text(split: Split) -> str:
    """A split as JSON with a checksum."""
    content: dict[str, Any] = {
        "schema": SCHEMA_VERSION,
        **split.model_dump(mode="json", exclude={"parts", "fold"}),
        # A split without it is the first: those written before there were folds stay as they are.
        **({"fold": split.fold} if split.fold else {}),
        "digest": split.digest,
        "parts": {
            part: [key for key, found in split.parts.items() if found == part] for part in PARTS
        },
    }
    return json.dumps(content | {"sha256": _checksum(content)}, indent=1) + "\n"


def split_of(text: str | bytes) -> Split:
    """The inverse of :func:`split_text`.

    Raises
    ------
    InputError
        It is no split, of a newer version, or was changed.
    """
    try:
        content = json.loads(text)
        schema = content.pop("schema")
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise InputError(f"it is no split ({error}): make one again") from error
    if schema > SCHEMA_VERSION:
        raise InputError(
            f"split of schema {schema}, this rarebind reads up to {SCHEMA_VERSION}: upgrade "
            "rarebind"
        )
    if content.pop("sha256", None) != _checksum({"schema": schema, **content}):
        raise InputError("the split was changed since it was written: make it again")
    parts = content.pop("parts", {})
    content.pop("digest", None)
    return validated(
        content | {"parts": {key: part for part, keys in parts.items() for key in keys}},
        Split,
        "it is no split",
    )


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
