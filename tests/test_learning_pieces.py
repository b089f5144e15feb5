"""A molecule that several complexes are compared with is evaluated once."""

from dataclasses import replace

import numpy as np
import pytest
from learning_data import binding_samples, write_dataset

from rarebind.learning.data.pieces import pieces_of


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    found = binding_samples(write_dataset(tmp_path_factory.mktemp("pieces"), 12))
    one, other = found[0].structure, found[1].structure
    return [
        *(replace(s, reference=one if n % 2 else other) for n, s in enumerate(found[:-1])),
        found[-1],
    ]


def test_references_are_shared(samples):
    pieces = pieces_of(samples, compared=True)
    assert len(pieces.parts) == len(samples) + 2
    assert sorted(map(str, pieces.parts)) == ["0"] * (len(samples) - 1) + ["1", "1", "None"]
    sizes = [len(samples[index].structure) for index in pieces.samples]
    assert sizes == sorted(sizes)
    sums = pieces.sums.toarray()
    assert sums.sum(axis=1).tolist() == [2.0] * (len(samples) - 1) + [1.0]
    for row, sample in zip(sums, samples, strict=True):
        for place in np.nonzero(row)[0]:
            part, of = pieces.parts[place], samples[pieces.samples[place]]
            assert of.reference is sample.reference if part == 1 else of is sample


def test_each_is_alone_where_nothing_is_compared(samples):
    pieces = pieces_of(samples, compared=False)
    assert pieces.parts == (None,) * len(samples)
    assert sorted(pieces.samples) == list(range(len(samples)))
    assert (pieces.sums.toarray().sum(axis=0) == 1.0).all()
    rows, columns = np.nonzero(pieces.sums.toarray())
    assert [pieces.samples[column] for column in columns] == rows.tolist()
