"""Energies by trained networks, and the latent features that they are linear in."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from lightning.pytorch.utilities.seed import isolate_rng
from nequip.data import AtomicDataDict
from nequip.utils.global_state import set_global_state

from rarebind.errors import InputError
from rarebind.learning.nequip.fields import SIGNS
from rarebind.learning.nequip.memory import keep_freed_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Edges computed at once: few enough for a processor's caches, and a few hundred MB of a GPU's
#: memory.
_EDGES = {"cpu": 6_000, "cuda": 60_000}

Graph = dict[str, torch.Tensor]


def build(network: Mapping[str, Any]) -> torch.nn.Module:
    """A network for energies alone, with random weights, from NequIP's description of it.

    NequIP sets PyTorch's default dtype to float64 for the whole process, which is left so.  The
    process keeps freed memory from then on (:mod:`rarebind.learning.nequip.memory`).

    Raises
    ------
    InputError
        What is installed knows no such network.
    """
    keep_freed_memory()
    with isolate_rng():
        # It would seed Python's and NumPy's random numbers too.
        set_global_state()
        arguments = {**network, "do_derivatives": False, "compile_mode": "eager"}
        module, _, name = str(arguments.pop("_target_")).rpartition(".")
        try:
            built: torch.nn.Module = getattr(importlib.import_module(module), name)(**arguments)
        except TypeError as error:
            raise InputError(
                f"the network cannot be built ({error}): the model was made with other versions of "
                "its packages; install those on its card"
            ) from error
    return built.eval().requires_grad_(requires_grad=False)


def load_weights(network: torch.nn.Module, weights: Mapping[str, NDArray[Any]]) -> None:
    """Put `weights` into `network`.

    Raises
    ------
    InputError
        Names or shapes are not those of the network.
    """
    expected = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in weights.items()}
    if expected != given:
        different = expected.items() ^ given.items()
        first = min(name for name, _ in different)
        raise InputError(
            f"the weights do not fit the network ({len({n for n, _ in different})} of them, such "
            f"as {first}): the model was made with other versions of its packages; install those "
            "on its card"
        )
    network.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What networks say of graphs.

    Attributes
    ----------
    energies
        In eV, shape (networks, graphs).
    features
        Input of the last, linear layer, summed over the edges of each graph with the sign of the
        atom in their centre, shape (networks, graphs, width).  An energy is, but for the shifts of
        the elements, a linear function of them, the same for all graphs.
    """

    energies: NDArray[np.float64]
    features: NDArray[np.float64]


def evaluate(
    networks: Sequence[torch.nn.Module],
    graphs: Iterator[Graph],
    number: int,
    *,
    device: str | None = None,
    edges: int | None = None,
    on_done: Callable[[int], None] = lambda _: None,
) -> Evaluation:
    """Energies and latent features of graphs by every network.

    Parameters
    ----------
    networks
        Of :func:`build`.
    graphs
        With neighbour lists; those of like size next to each other make the best batches.
    number
        How many there are.
    device
        Default: the GPU, where there is one.
    edges
        Of a batch; a larger graph is a batch of its own.  Default: what suits the device.
    on_done
        Called with the number of graphs that have just been finished.
    """
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    edges = edges or _EDGES.get(place.type, _EDGES["cpu"])
    for network in networks:
        network.to(place)
    last = [_last_layer(network) for network in networks]
    width = max(layer.in_features for layer in last)
    found = np.empty((len(networks), number))
    features = np.empty((len(networks), number, width))
    start = 0
    with torch.no_grad():
        for batch in _batches(graphs, edges):
            data = AtomicDataDict.to_(AtomicDataDict.batched_from_list(batch), place)
            rows = slice(start, start + len(batch))
            for member, (network, layer) in enumerate(zip(networks, last, strict=True)):
                with _listening(layer) as heard:
                    energy = network(data.copy())[AtomicDataDict.TOTAL_ENERGY_KEY]
                found[member, rows] = energy.view(-1).cpu().numpy()
                features[member, rows] = _summed(heard[0], data, len(batch)).cpu().numpy()
            start += len(batch)
            on_done(len(batch))
    return Evaluation(found, features)


def _last_layer(network: Any) -> Any:
    """The linear layer that gives the energy of an edge."""
    (readout,) = (m for name, m in network.named_modules() if name.endswith("edge_readout"))
    return readout.mlp_module.mlp[-1]


@contextmanager
def _listening(layer: torch.nn.Module) -> Iterator[list[torch.Tensor]]:
    """What goes into `layer` while the context lasts."""
    heard: list[torch.Tensor] = []
    handle = layer.register_forward_pre_hook(lambda _, inputs: heard.append(inputs[0]))
    try:
        yield heard
    finally:
        handle.remove()


def _summed(edges: torch.Tensor, data: Graph, number: int) -> torch.Tensor:
    """Features of edges added up over each graph, shape (number, width)."""
    centre = data[AtomicDataDict.EDGE_INDEX_KEY][0]
    values = edges.double()
    if SIGNS in data:
        values = values * data[SIGNS].view(-1)[centre].view(-1, 1)
    total = values.new_zeros(number, values.shape[1])
    return total.index_add(0, data[AtomicDataDict.BATCH_KEY][centre], values)


def _batches(graphs: Iterator[Graph], edges: int) -> Iterator[list[Graph]]:
    batch: list[Graph] = []
    held = 0
    for graph in graphs:
        more = AtomicDataDict.num_edges(graph)
        if batch and held + more > edges:
            yield batch
            batch, held = [], 0
        batch.append(graph)
        held += more
    if batch:
        yield batch
