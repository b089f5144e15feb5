"""Graphs, their file, and batches of them."""

import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from learning_data import LEVEL, binding_samples, write_dataset

pytest.importorskip("nequip")
import torch
from nequip.data import AtomicDataDict

from rarebind.errors import InputError
from rarebind.learning import species_shifts
from rarebind.learning.data.fragments import fragments_of, free_ligands
from rarebind.learning.nequip.fields import ATOM_DESCRIPTOR, SIGNS
from rarebind.learning.nequip.graphs import graph_of
from rarebind.learning.nequip.loader import Batches, GraphDataset, bucketed_loader, write_graphs

R_MAX = 4.0


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    dataset = write_dataset(tmp_path_factory.mktemp("graphs"), 12)
    samples = binding_samples(dataset)
    ligands = free_ligands(dataset, LEVEL, {s.inchikey for s in samples}, "charges")
    return samples, tuple(species_shifts(samples)[0]), ligands


@pytest.fixture(scope="module")
def graphs(material):
    samples, names, ligands = material
    return [
        graph_of(s, names, R_MAX, ligands[s.inchikey], signs=True, described=True, forces=True)
        for s in samples
    ]


def test_neighbours_are_those_within_the_cutoff(material):
    samples, names, *_ = material
    graph = graph_of(samples[0], names, R_MAX)
    positions = samples[0].structure.positions
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    found = set(zip(*graph["edge_index"].tolist(), strict=True))
    assert found == set(zip(*map(list, np.nonzero(distances < R_MAX)), strict=True))
    assert tuple(names[i] for i in graph["atom_types"]) == samples[0].structure.symbols
    assert graph["total_energy"].item() == samples[0].target
    assert set(graph) == {"pos", "atom_types", "edge_index", "num_atoms", "total_energy"}


def test_a_reaction_holds_the_free_ligand_apart(material, graphs):
    samples, _, ligands = material
    for sample, graph in zip(samples, graphs, strict=True):
        free, size = ligands[sample.inchikey], len(sample.structure)
        assert graph["num_atoms"].tolist() == [size + len(free.structure)]
        assert graph[SIGNS].flatten().tolist() == [1.0] * size + [-1.0] * len(free.structure)
        # No edge between the two.
        assert ((graph["edge_index"][0] < size) == (graph["edge_index"][1] < size)).all()
        (bound,), waters = fragments_of(sample)
        described = graph[ATOM_DESCRIPTOR].flatten().numpy()
        assert described[list(bound)] == pytest.approx(free.descriptor)
        assert described[size:] == pytest.approx(free.descriptor)
        assert np.isnan(described[[0, *(atom for water in waters for atom in water)]]).all()
        assert torch.isnan(graph["forces"][size:]).all()
        assert graph["forces"][:size].numpy() == pytest.approx(sample.forces)


def test_a_reference_takes_the_place_of_the_free_ligand(material):
    samples, names, ligands = material
    sample = replace(samples[0], reference=samples[0].structure)
    size = len(sample.structure)
    for free in (None, ligands[sample.inchikey]):
        described = free is not None
        graph = graph_of(sample, names, R_MAX, free, signs=True, described=described)
        assert graph[SIGNS].flatten().tolist() == [1.0] * size + [-1.0] * size
        assert torch.equal(graph["pos"][:size], graph["pos"][size:])
        if described:
            first, second = graph[ATOM_DESCRIPTOR].nan_to_num(-9.0).split(size)
            assert torch.equal(first, second)
            assert (first != -9.0).any()


def test_centres_are_the_atoms_near_the_metal(material):
    samples, names, _ = material
    sample = samples[0]
    positions = sample.structure.positions
    near = set(np.nonzero(np.linalg.norm(positions - positions[0], axis=1) <= 3.0)[0].tolist())
    assert 0 in near
    assert 1 < len(near) < len(positions)
    whole = graph_of(sample, names, R_MAX)["edge_index"]
    graph = graph_of(sample, names, R_MAX, centres=3.0)
    assert graph["edge_index"][0].unique().tolist() == sorted(near)
    kept = whole[:, [centre in near for centre in whole[0].tolist()]]
    assert sorted(graph["edge_index"].T.tolist()) == sorted(kept.T.tolist())


def test_complex_and_reference_have_the_same_centres(material):
    samples, names, _ = material
    structure = samples[0].structure
    size = len(structure)
    # Of the reference every atom is twice as far away.
    sample = replace(samples[0], reference=structure.with_positions(2.0 * structure.positions))
    graph = graph_of(sample, names, 20.0, centres=5.0, signs=True)
    centres = graph["edge_index"][0].unique()
    assert torch.equal(centres[centres < size] + size, centres[centres >= size])
    assert len(centres) < graph_of(sample, names, 20.0)["edge_index"][0].unique().numel()


@pytest.mark.parametrize("centres", [3.0, 4.5])
def test_every_copy_of_a_ligand_has_the_centres_of_the_free_one(material, centres):
    samples, names, ligands = material
    for sample in samples:
        free, size = ligands[sample.inchikey], len(sample.structure)
        graph = graph_of(sample, names, 20.0, free, signs=True, centres=centres)
        found = graph["edge_index"][0].unique().tolist()
        of_free = [centre - size for centre in found if centre >= size]
        copies, waters = fragments_of(sample)
        assert found[0] == 0
        assert 1 < len(of_free) < len(free.structure)
        positions = sample.structure.positions
        distances = np.linalg.norm(positions - positions[0], axis=1)
        for copy in copies:
            assert [atom - copy.start for atom in found if atom in copy] == of_free
        means = np.mean([distances[list(copy)] for copy in copies], axis=0)
        assert of_free == np.nonzero(means <= centres)[0].tolist()
        for water in waters:
            assert len(set(water) & set(found)) == 3 * (distances[water[0]] <= centres)
        # The two molecules apart are the two molecules together.
        parts = [
            graph_of(sample, names, 20.0, free, signs=True, centres=centres, part=part)
            for part in (0, 1)
        ]
        joined = torch.cat([parts[0]["edge_index"], parts[1]["edge_index"] + size], dim=1)
        assert torch.equal(joined, graph["edge_index"])


def test_what_does_not_fit_is_told(material):
    samples, names, ligands = material
    sample = samples[0]
    own = ligands[sample.inchikey].structure.symbols
    other = next(free for free in ligands.values() if free.structure.symbols != own)
    with pytest.raises(InputError, match="free ligand is needed"):
        graph_of(sample, names, R_MAX, signs=True)
    with pytest.raises(InputError, match="free ligand is needed"):
        graph_of(sample, names, R_MAX, described=True)
    with pytest.raises(InputError, match="different atoms"):
        graph_of(sample, names, R_MAX, other, signs=True)
    with pytest.raises(InputError, match=r"no place for C, .*; known are H, La"):
        graph_of(sample, ("H", "La"), R_MAX)


def test_graphs_return_from_their_file(graphs, tmp_path):
    path = tmp_path / "graphs.pt"
    write_graphs(path, graphs)
    back = GraphDataset(path)
    for one, other in zip(graphs, back, strict=True):
        assert one.keys() == other.keys()
        for name in one:
            assert one[name].dtype == other[name].dtype
            assert torch.equal(torch.nan_to_num(one[name]), torch.nan_to_num(other[name])), name
    with pytest.raises(InputError, match="no graphs"):
        write_graphs(path, [])
    with pytest.raises(InputError, match="same fields"):
        write_graphs(path, [graphs[0], {k: v for k, v in graphs[1].items() if k != SIGNS}])
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="cannot read the graphs"):
        GraphDataset(path)
    with pytest.raises(InputError, match="cannot read the graphs"):
        GraphDataset(tmp_path / "none.pt")
    torch.save({"schema": 99}, path)
    with pytest.raises(InputError, match="upgrade rarebind"):
        GraphDataset(path)


def test_nequip_makes_batches_of_them(graphs, tmp_path):
    write_graphs(tmp_path / "graphs.pt", graphs)
    dataset = GraphDataset(tmp_path / "graphs.pt")
    assert len(dataset) == len(graphs)
    loader = bucketed_loader(
        dataset, torch.Generator().manual_seed(1), 5, AtomicDataDict.batched_from_list
    )
    batches = list(loader)
    assert len(batches) == len(loader) == 3
    energies = torch.cat([batch["total_energy"].flatten() for batch in batches]).tolist()
    assert sorted(energies) == sorted(graph["total_energy"].item() for graph in graphs)
    for batch in batches:
        assert len(batch["batch"]) == len(batch["pos"]) == len(batch[SIGNS])
        # Edges stay within their graph.
        assert torch.equal(*batch["batch"][batch["edge_index"]])


@pytest.mark.parametrize("like_sized", [True, False])
def test_every_graph_once_an_epoch_and_the_order_is_the_generators(like_sized):
    sizes = np.random.default_rng(3).integers(100, 5000, 203).tolist()
    options = {"shuffle": True, "like_sized": like_sized}
    generator = torch.Generator().manual_seed(7)
    batches = Batches(sizes, 4, generator, **options)
    first, state = list(batches), generator.get_state()
    second = list(batches)
    assert len(first) == len(batches) == 51
    assert Counter(i for batch in first for i in batch) == Counter(range(203))
    assert first != second
    # A run that is taken up again.
    again = torch.Generator()
    again.set_state(state)
    assert list(Batches(sizes, 4, again, **options)) == second
    spread = np.mean([np.ptp([sizes[i] for i in batch]) for batch in first])
    assert (spread < 500) == like_sized


def test_batches_are_divided_among_processes(monkeypatch):
    module = sys.modules[Batches.__module__]
    found = []
    for rank in range(3):
        monkeypatch.setattr(module, "_processes", lambda rank=rank: (rank, 3))
        generator = torch.Generator().manual_seed(7)
        batches = Batches([1] * 40, 4, generator, shuffle=True, like_sized=False)
        found.append(list(batches))
        assert len(found[-1]) == len(batches) == 4
    assert {i for part in found for batch in part for i in batch} == set(range(40))


@pytest.mark.parametrize(("graphs", "processes"), [(96, 2), (33, 4), (5, 4), (1, 1)])
def test_validation_counts_every_graph_once(graphs, processes, monkeypatch):
    """And every process has something to do, or Lightning would leave out its end of the epoch."""
    module = sys.modules[Batches.__module__]
    seen = Counter()
    for rank in range(processes):
        monkeypatch.setattr(module, "_processes", lambda rank=rank: (rank, processes))
        batches = Batches([1] * graphs, 32, torch.Generator(), shuffle=False, like_sized=False)
        own = list(batches)
        assert len(own) == len(batches) >= 1
        seen += Counter(i for batch in own for i in batch)
    assert seen == Counter(range(graphs))


@pytest.mark.parametrize("shuffle", [True, False])
def test_few_graphs_are_enough_for_many_processes(shuffle, monkeypatch):
    module = sys.modules[Batches.__module__]
    for rank in range(5):
        monkeypatch.setattr(module, "_processes", lambda rank=rank: (rank, 5))
        batches = Batches([1, 1], 4, torch.Generator(), shuffle=shuffle, like_sized=False)
        assert len(list(batches)) == len(batches) == 1


def test_without_shuffling_the_order_is_kept():
    batches = Batches([3, 1, 2], 2, torch.Generator(), shuffle=False, like_sized=True)
    assert list(batches) == [[0, 1], [2]]
