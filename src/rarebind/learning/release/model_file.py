"""A trained model as one file: a zip of JSON and plain arrays, from which no code is ever run."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from rarebind.errors import InputError
from rarebind.io.codec import check_schema, from_data, to_data
from rarebind.io.files import replace_file, sha256_of_file
from rarebind.io.yaml import shortened
from rarebind.learning.data.split import Split, split_of, split_text
from rarebind.learning.release.card import Card
from rarebind.learning.release.heads import Heads
from rarebind.uncertainty import Uncertainty

#: Version of the file; 2 may have heads, without which energies would be others, 3 domains of
#: metals.
SCHEMA_VERSION = 3
#: How such a file is called.
SUFFIX = ".rarebind"
_CARD, _NETWORK, _SPLIT = "card.json", "model.json", "split.json"
_INTERVALS, _SPREAD = "intervals.json", "spread.npz"
_HYDRATION = "hydration.json"
_HEADS, _HEAD_WEIGHTS = "heads.json", "heads.npz"
#: The same for every file, so that the same model always gives the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
#: What may be built from a description in a file: parts of networks, nothing else that can be
#: called by a name.
_NETWORKS = ("allegro.model.AllegroModel", "rarebind.learning.nequip.model.RareEarthAllegro")
_PARTS = frozenset(
    {
        "allegro.nn.TwoBodyBesselScalarEmbed",
        "allegro.nn.TwoBodySplineScalarEmbed",
        "nequip.nn.embedding.PolynomialCutoff",
        "nequip.nn.pair_potential.ZBL",
    }
)

#: What numbers of a network may be, by how their keys end.
_BOUNDS: dict[str, tuple[float, float]] = {
    "l_max": (0, 6),
    "num_layers": (1, 12),
    "_features": (1, 2048),
    "_dim": (1, 2048),
    "_width": (1, 4096),
    "_depth": (0, 16),
    "num_bessels": (1, 256),
    "num_splines": (1, 256),
    "r_max": (0.1, 50.0),
    "_cutoff": (0.1, 50.0),
    "polynomial_cutoff_p": (2, 100),
    "avg_num_neighbors": (1e-3, 1e4),
    "seed": (0, 2**63),
}
#: Of any other number.
_LARGEST = 1e9
#: Bytes of all parts, unpacked.
_MAX_BYTES = 2 * 1024**3

Weights = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class ModelFile:
    """What a model file holds.

    Attributes
    ----------
    card
    network
        How the network is built, as NequIP's configuration has it: ``_target_`` and arguments.
    split
        Which complexes the model learned from, so that it is never tested on them by accident.
    members
        Weights of each member of the ensemble by name.
    uncertainty
        What the model knows of its errors; None where it was not calibrated.
    hydration
        Equation 1 less exchange energy in eV (None without the bare ion), and waters of the aqua
        ion, by metal; see
        :func:`~rarebind.learning.data.hydration.hydration_energies`.
    heads
        What is added to the mean energy of the members, by metal; None: nothing.

    Raises
    ------
    InputError
        Something else than a network would be built, there are no weights or not all are finite,
        or the parts contradict each other.
    """

    card: Card
    network: Mapping[str, Any]
    split: Split
    members: tuple[Weights, ...]
    uncertainty: Uncertainty | None = None
    hydration: Mapping[str, tuple[float | None, int]] = field(default_factory=dict)
    heads: Heads | None = None

    def __post_init__(self) -> None:
        _check_network(self.network)
        if len(self.members) != len(self.card.seeds):
            raise InputError(
                f"model {self.card.name}: {len(self.members)} members, but the card speaks of "
                f"{len(self.card.seeds)}"
            )
        if self.card.split_hash != self.split.digest:
            raise InputError(f"model {self.card.name}: its split is not the one on its card")
        if names := sorted(set(self.type_names) ^ set(self.card.elements)):
            raise InputError(
                f"model {self.card.name}: card and network know other elements: {', '.join(names)}"
            )
        for weights in self.members:
            if not weights or set(weights) != set(self.members[0]):
                raise InputError(f"model {self.card.name}: its members have different weights")
            wrong = [name for name, array in weights.items() if not np.isfinite(array).all()]
            if wrong:
                raise InputError(f"model {self.card.name}: {wrong[0]} is not finite: it diverged")
        members = tuple(MappingProxyType(dict(weights)) for weights in self.members)
        object.__setattr__(self, "members", members)
        if self.network.get("r_max") != self.card.r_max:
            raise InputError(f"model {self.card.name}: card and network have different radii")
        hydration = from_data(dict[str, tuple[float, int]], dict(self.hydration), "hydration")
        object.__setattr__(self, "hydration", MappingProxyType(hydration))
        object.__setattr__(self, "network", MappingProxyType(dict(self.network)))

    @property
    def type_names(self) -> tuple[str, ...]:
        """Elements in the order of the network."""
        return tuple(self.network["type_names"])


def write_model(content: ModelFile, path: Path | str) -> str:
    """Write a model file, whole or not at all; equal models make equal files.

    Parameters
    ----------
    path
        Ends in :data:`SUFFIX`.

    Returns
    -------
    str
        SHA-256 of the file.

    Raises
    ------
    InputError
        The file has another ending or cannot be written.
    """
    path = Path(path)
    if path.suffix != SUFFIX:
        raise InputError(f"{path}: the name of a model ends in {SUFFIX}")
    parts = {
        _NETWORK: _json(dict(content.network)),
        _SPLIT: split_text(content.split).encode(),
        _HYDRATION: _json(dict(content.hydration)),
        **{_weights_name(i): _npz(weights) for i, weights in enumerate(content.members)},
    }
    if content.uncertainty is not None:
        parts[_INTERVALS] = _json(content.uncertainty.data())
        parts[_SPREAD] = _npz(content.uncertainty.arrays())
    if content.heads is not None:
        heads = content.heads
        parts[_HEADS] = _json({"scale": heads.scale, "strength": heads.strength})
        parts[_HEAD_WEIGHTS] = _npz(heads.weights)
    head = {
        "schema": SCHEMA_VERSION,
        "card": to_data(content.card),
        "sha256": {name: _sha256(part) for name, part in parts.items()},
    }
    head["checksum"] = _sha256(_json(head))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, part in {_CARD: _json(head), **parts}.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, part, zipfile.ZIP_DEFLATED, 9)
    replace_file(path, packed.getvalue())
    return _sha256(packed.getvalue())


def read_model(path: Path | str, sha256: str | None = None) -> ModelFile:
    """The inverse of :func:`write_model`.

    Parameters
    ----------
    sha256
        Of the file, where it is known from elsewhere.

    Raises
    ------
    InputError
        The file is missing, no model, of a newer version, damaged or altered, or its hash is not
        `sha256`.
    """
    found = sha256_of_file(path)
    if sha256 is not None and found != sha256.lower():
        raise InputError(
            f"{path} has SHA-256 {found}, not {sha256.lower()}: it is not the model that was asked "
            "for; fetch it again"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(archive)
            head = json.loads(archive.read(_CARD))
            _check_head(head)
            parts = dict(_checked(archive, head["sha256"]))
        card = from_data(Card, head["card"], "its card")
        uncertainty = heads = None
        if _SPREAD in parts:
            uncertainty = Uncertainty.of(_arrays(parts[_SPREAD]), _plain(parts[_INTERVALS]))
        if _HEADS in parts:
            heads = Heads(_arrays(parts[_HEAD_WEIGHTS]), **_plain(parts[_HEADS]))
        return ModelFile(
            card,
            _plain(parts[_NETWORK]),
            split_of(parts[_SPLIT]),
            tuple(_arrays(parts[_weights_name(i)]) for i in range(len(card.seeds))),
            uncertainty,
            _plain(parts[_HYDRATION]),
            heads,
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (
        zipfile.BadZipFile, zlib.error, EOFError, KeyError, AttributeError, TypeError, ValueError,
        OSError, NotImplementedError, RuntimeError, MemoryError,
    ) as error:  # fmt: skip
        raise InputError(
            f"{path} is no model of rarebind, or is damaged ({error}): make it again with "
            "`rarebind train`, or fetch it again"
        ) from error


def _check_size(archive: zipfile.ZipFile) -> None:
    if sum(entry.file_size for entry in archive.infolist()) > _MAX_BYTES:
        raise InputError(f"it unpacks to more than {_MAX_BYTES} bytes: it is no model")


def _check_head(head: Any) -> None:
    check_schema(head, SCHEMA_VERSION, "model")
    if head.pop("checksum", None) != _sha256(_json(head)):
        raise InputError("the card was changed since the model was made: fetch the model again")


def _checked(archive: zipfile.ZipFile, hashes: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    for name, expected in hashes.items():
        part = archive.read(name)
        if _sha256(part) != expected:
            raise InputError(f"{name} was changed since the model was made: fetch the model again")
        yield name, part


def _check_network(network: Mapping[str, Any]) -> None:
    if network.get("_target_") not in _NETWORKS:
        raise InputError(
            f"a model is built by {' or '.join(_NETWORKS)}, not by {network.get('_target_')!r}"
        )
    names = network.get("type_names")
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise InputError("the description of the network names no elements")
    for value in network.values():
        for target in _targets(value):
            if target not in _PARTS:
                raise InputError(f"{target!r} is no part of a network, so nothing is built")
    # In another order, every element would have the weights of another one.
    numbers = [atomic_numbers.get(name, 0) for name in names]
    if not numbers or not all(a < b for a, b in pairwise([0, *numbers])):
        raise InputError("the description of the network names its elements in no order")
    _check_numbers(dict(network), "")


def _check_numbers(value: Any, name: str, bounds: tuple[float, float] | None = None) -> None:
    """See that sizes and radii are those of a network that can be built; `name` is their key."""
    bounds = bounds or next((_BOUNDS[end] for end in _BOUNDS if name.endswith(end)), None)
    if isinstance(value, Mapping):
        # Radii by pairs of elements have the names of these.
        for key, inner in value.items():
            _check_numbers(inner, str(key), bounds)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _check_numbers(inner, name, bounds)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = bounds or (-_LARGEST, _LARGEST)
        if not low <= value <= high:
            raise InputError(
                f"the description of the network has {name or 'a number'} = {shortened(value)}, "
                f"which is not from {low:g} to {high:g}"
            )
    elif bounds is not None and value is not None:
        raise InputError(f"the description of the network has {name} = {shortened(value)}")


def _targets(value: Any) -> Iterator[str]:
    """Names of all that would be called to build `value`."""
    if isinstance(value, Mapping):
        if "_target_" in value:
            yield str(value["_target_"])
        for inner in value.values():
            yield from _targets(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _targets(inner)


def _weights_name(number: int) -> str:
    return f"weights-{number + 1}.npz"


def _npz(weights: Weights) -> bytes:
    packed = io.BytesIO()
    arrays: dict[str, Any] = {name: np.asarray(weights[name]) for name in sorted(weights)}
    np.savez(packed, **arrays)
    return packed.getvalue()


def _arrays(content: bytes) -> Weights:
    # Without pickles, arrays are numbers and nothing else.
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _plain(part: bytes) -> Any:
    """What a part says; neither NaN nor infinity, which Python's JSON knows."""
    return json.loads(part, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise InputError(f"a number is {constant}: fetch the model again")


def _json(content: Any) -> bytes:
    # The order of a network's arguments carries no meaning.
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
