"""What an atom is to the network beyond its element."""

from __future__ import annotations

import pytest

pytest.importorskip("nequip")

import torch
from nequip.data import AtomicDataDict

from rarebind.learning.nequip.fields import ATOM_DESCRIPTOR
from rarebind.learning.nequip.model import AtomPairEmbedding, metal_descriptors

TYPES = ("H", "O", "La", "Eu")
FIELD = AtomicDataDict.EDGE_EMBEDDING_KEY
MEAN, SPREAD = -0.4, 0.1


def embedding(**options):
    torch.manual_seed(1)
    chosen = {"metals_described": False, "descriptor_scales": {"O": (MEAN, SPREAD)}} | options
    return AtomPairEmbedding(
        TYPES, 8, forward_weight_init=True, field=FIELD, irreps_in={FIELD: "3x0e"}, **chosen
    )


def embedded(network, types, descriptor):
    """The edge from the first atom to the second."""
    data = {
        AtomicDataDict.ATOM_TYPE_KEY: torch.tensor(types),
        AtomicDataDict.EDGE_INDEX_KEY: torch.tensor([[0], [1]]),
        FIELD: torch.ones(1, 3),
        ATOM_DESCRIPTOR: torch.tensor([[0.0], [descriptor]]),
    }
    return network(data)[FIELD]


def test_what_an_atom_is_told_counts():
    network = embedding()
    average = embedded(network, [2, 1], MEAN)
    assert not torch.allclose(embedded(network, [2, 1], MEAN + SPREAD), average)
    # Of hydrogen no scales are known, but it has a descriptor all the same.
    assert embedded(network, [2, 0], 0.1).isfinite().all()
    assert torch.equal(embedded(network, [2, 1], float("nan")), average)


@pytest.mark.parametrize("sign", [1, -1])
def test_what_lies_beyond_all_training_is_not_extrapolated_to(sign):
    """Such as the charge of an element that few ligands of the training part have."""
    network = embedding()
    far = embedded(network, [2, 1], MEAN + sign * 3 * SPREAD)
    assert torch.equal(embedded(network, [2, 1], MEAN + sign * 300 * SPREAD), far)
    assert not torch.allclose(embedded(network, [2, 1], MEAN + sign * SPREAD), far)


def test_few_atoms_that_are_alike_are_no_measure():
    """Their spread is no unit in which others are far away."""
    narrow = embedding(descriptor_scales={"O": (MEAN, 1e-6)})
    average = embedded(narrow, [2, 1], MEAN)
    assert torch.allclose(embedded(narrow, [2, 1], MEAN + 1e-4), average, atol=1e-2)


def test_a_metal_without_training_data_is_embedded():
    network = embedding(metals_described=True, descriptor_scales=None)
    lanthanum, europium = (embedded(network, [metal, 1], 0.0) for metal in (2, 3))
    assert not torch.allclose(lanthanum, europium)
    with torch.no_grad():
        # Its own vector is not asked for.
        network.elements.weight[2:] += 1.0
    assert torch.equal(embedded(network, [2, 1], 0.0), lanthanum)
    assert len(metal_descriptors("Y")) == len(metal_descriptors("La"))
