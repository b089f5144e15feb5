"""A trained model, ready to be asked for energies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import as_file, files
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.elements import is_rare_earth
from rarebind.errors import InputError
from rarebind.io.codec import to_data
from rarebind.io.files import sha256_of_file
from rarebind.io.yaml import read_yaml
from rarebind.learning.data.pieces import Pieces, pieces_of
from rarebind.learning.data.samples import Sample
from rarebind.learning.data.targets import target_named
from rarebind.learning.nequip import need_nequip
from rarebind.learning.release.model_file import SUFFIX, ModelFile, read_model
from rarebind.structures import Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rarebind.learning.data.fragments import FreeLigand
    from rarebind.learning.data.split import Split
    from rarebind.learning.release.card import Card
    from rarebind.uncertainty import Uncertainty

_NAMED = 3


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says of some inputs.

    Attributes
    ----------
    members
        Its target in eV, shape (members of the ensemble, inputs).
    features
        Latent, shape (inputs, d); see :mod:`rarebind.uncertainty`.
    """

    members: NDArray[np.float64]
    features: NDArray[np.float64]

    @property
    def energies(self) -> NDArray[np.float64]:
        """The mean over the ensemble, shape (inputs,), eV."""
        mean: NDArray[np.float64] = self.members.mean(axis=0)
        return mean


class Model:
    """A trained model; its networks are built when they are first needed.

    Parameters
    ----------
    content
        Of its file.
    sha256
        Of the file, where there is one.
    """

    def __init__(self, content: ModelFile, sha256: str | None = None) -> None:
        self._content = content
        self.sha256 = sha256

    @property
    def card(self) -> Card:
        """What the model says of itself."""
        return self._content.card

    @property
    def hydration(self) -> Mapping[str, tuple[float | None, int]]:
        """Equation 1 less exchange energy in eV, and waters of the aqua ion, by metal."""
        return self._content.hydration

    def data(self) -> dict[str, Any]:
        """What a report says of it: plain data."""
        return {
            "name": self.card.name,
            "sha256": self.sha256,
            "members": len(self._content.members),
            "card": to_data(self.card),
        }

    @property
    def uncertainty(self) -> Uncertainty | None:
        """What it knows of its errors; None where it was not calibrated."""
        return self._content.uncertainty

    @property
    def split(self) -> Split:
        """Which complexes it learned from."""
        return self._content.split

    @property
    def needs_ligands(self) -> bool:
        """Whether it has to know the free ligand of a complex."""
        network = self._content.network
        signed = bool(network.get("signs")) and not target_named(self.card.target).anchored
        return signed or self.atom_descriptor is not None

    @property
    def atom_descriptor(self) -> str | None:
        """What it has to know of the atoms of a free ligand; see :func:`free_ligands`."""
        found: str | None = self._content.network.get("atom_descriptor")
        return found

    def predict(self, inputs: Sequence[Sample | Structure], **options: Any) -> NDArray[np.float64]:
        """Energies that the model predicts, in eV: its target, at its level of theory.

        Parameters, errors: see :meth:`evaluate`.

        Returns
        -------
        ndarray
            Shape (members of the ensemble, inputs).
        """
        return self.evaluate(inputs, **options).members

    def evaluate(
        self,
        inputs: Sequence[Sample | Structure],
        *,
        ligands: Mapping[str, FreeLigand] | None = None,
        unseen: bool = False,
        device: str | None = None,
        on_done: Callable[[int], None] = lambda _: None,
    ) -> Predictions:
        """Energies that the model predicts, and the features that say how sure they are.

        Parameters
        ----------
        inputs
            Geometries; a model that needs free ligands takes samples, which name theirs.
        ligands
            Free ligands by InChIKey, for a model that needs them; with the descriptor that it
            names.
        unseen
            Predict for elements too that the network has a place for, but has never seen.
        device
            As PyTorch names it; default: the GPU, where there is one.
        on_done
            Called with the number of inputs that have just been finished.

        Raises
        ------
        InputError
            An element is unknown to the model, or a free ligand is missing.
        MissingDependencyError
            NequIP is not installed.
        """
        # Of a structure alone nothing else is known.
        samples = [s if isinstance(s, Sample) else Sample(s) for s in inputs]
        self._check(samples, ligands or {}, unseen=unseen)
        if not samples:
            return Predictions(np.empty((len(self._content.members), 0)), np.empty((0, 0)))
        need_nequip()
        from rarebind.learning.nequip.inference import evaluate

        pieces = pieces_of(samples, compared=bool(self._content.network.get("signs")))
        graphs = self._graphs(samples, pieces, ligands or {})
        left = iter(pieces.parts)

        def count(number: int) -> None:
            on_done(sum(part != 1 for part in islice(left, number)))

        found = evaluate(self._networks, graphs, len(pieces.parts), device=device, on_done=count)
        energies = (pieces.sums @ found.energies.T).T
        # The mean of an ensemble is a linear layer on the features of all, side by side.
        features = np.hstack([pieces.sums @ member for member in found.features]) / len(energies)
        if (heads := self._content.heads) is not None:
            energies = energies + heads.corrections(features, [_metal(s) for s in samples])
        return Predictions(energies, features)

    def _check(
        self, samples: Sequence[Sample], ligands: Mapping[str, FreeLigand], *, unseen: bool
    ) -> None:
        known = {name for name, count in self.card.elements.items() if unseen or count}
        symbols = {symbol for sample in samples for symbol in sample.structure.symbols}
        if new := sorted(symbols - known):
            has_place = set(new) <= self.card.elements.keys()
            raise InputError(
                f"model {self.card.name} has not seen {', '.join(new)}: it knows "
                f"{', '.join(name for name in self.card.elements if name in known)}"
                + ("; ask all the same with --unseen (unseen=True)" if has_place else "")
            )
        anchored = target_named(self.card.target).anchored
        if anchored and any(sample.reference is None for sample in samples):
            raise InputError(
                f"model {self.card.name} predicts how energies change along the series: give it "
                "samples with the complex of La (Sample.reference), not structures alone"
            )
        if not self.needs_ligands:
            return
        missing = {s.inchikey: s.ligand or "?" for s in samples if s.inchikey not in ligands}
        if missing:
            names = ", ".join(list(missing.values())[:_NAMED])
            raise InputError(
                f"model {self.card.name} compares complexes with their free ligands, of which "
                f"{len(missing)} are missing ({names}{', …' if len(missing) > _NAMED else ''}): "
                "the dataset must hold them at the level of its geometries"
            )

    @cached_property
    def _networks(self) -> list[Any]:
        from rarebind.learning.nequip.inference import build, load_weights

        networks = []
        for weights in self._content.members:
            networks.append(build(self._content.network))
            load_weights(networks[-1], weights)
        return networks

    def _graphs(
        self,
        samples: Sequence[Sample],
        pieces: Pieces,
        ligands: Mapping[str, FreeLigand],
    ) -> Iterator[dict[str, Any]]:
        from rarebind.learning.nequip.graphs import graph_of

        for index, part in zip(pieces.samples, pieces.parts, strict=True):
            sample = samples[index]
            yield graph_of(
                sample,
                self._content.type_names,
                self.card.r_max,
                ligands.get(sample.inchikey),
                centres=self.card.centres,
                signs=bool(self._content.network.get("signs")),
                part=part,
                described=self.atom_descriptor is not None,
            )


def load_model(path: Path | str, sha256: str | None = None) -> Model:
    """Open a model file.

    Parameters
    ----------
    sha256
        Of the file, where it is known from elsewhere.

    Raises
    ------
    InputError
        As :func:`rarebind.learning.release.model_file.read_model` raises it.
    """
    return Model(read_model(path, sha256), sha256_of_file(path))


def bundled_models() -> dict[str, dict[str, str]]:
    """The models that come with rarebind, the default first: summary and SHA-256 by name."""
    content, _ = read_yaml("models/models.yaml", None, "models")
    models: dict[str, dict[str, str]] = content["models"]
    return models


def bundled_model(name: str | None = None) -> Model:
    """A model that comes with rarebind; nothing is fetched from anywhere.

    Parameters
    ----------
    name
        By default the first of :func:`bundled_models`.

    Raises
    ------
    InputError
        There is no such model, or its file is missing or was changed.
    """
    known = bundled_models()
    name = next(iter(known)) if name is None else name
    if name not in known:
        raise InputError(f"no model {name!r} comes with rarebind: known are {', '.join(known)}")
    with as_file(files("rarebind").joinpath(f"data/models/{name}{SUFFIX}")) as path:
        return load_model(path, known[name]["sha256"])


def _metal(sample: Sample) -> str:
    """The rare earth of a sample; empty without one."""
    if sample.metal:
        return sample.metal
    return next((s for s in sample.structure.symbols if is_rare_earth(s)), "")
