"""The terms that a binding energy is made of."""

import json
from collections import Counter

import pytest
from small_dataset import GFN1_WATER, labelled_records, small_records

from rarebind.cli import main
from rarebind.datasets import Dataset, append
from rarebind.datasets.breakdown import breakdown, terms_as_data, total
from rarebind.engines import GFN2_WATER
from rarebind.errors import InputError
from rarebind.units import KCAL_PER_EV

LEVELS = [str(GFN2_WATER), str(GFN1_WATER)]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("terms")
    append(small_records(), folder)
    append(labelled_records(), folder)
    return Dataset(folder)


@pytest.fixture(scope="module")
def label(dataset):
    return next(row.label for row in dataset.rows() if row.binding_kcal_mol is not None)


def atoms(terms):
    """What a cycle gains and loses in atoms."""
    count = Counter()
    for term in terms:
        for symbol in term.record.calculation.structure.symbols:
            count[symbol] += term.number
    return {symbol for symbol, number in count.items() if number}


@pytest.mark.parametrize("level", LEVELS)
def test_terms_add_up(dataset, label, level):
    found = breakdown(dataset, label, level)
    binding = found.record.binding
    assert str(found.record.calculation.level) == level
    assert total(found.binding) == pytest.approx(binding.binding, abs=1e-6)
    assert total(found.exchange) == pytest.approx(binding.exchange, abs=1e-6)
    assert {str(term.record.calculation.level) for term in found.binding} == {level}
    # Nothing is lost: neither atoms nor charge.
    for terms in (found.binding, found.exchange):
        assert not atoms(terms)
        charges = [term.number * term.record.calculation.structure.charge for term in terms]
        assert sum(charges) == 0


def test_parts_that_a_level_does_not_tell(dataset, label):
    found = breakdown(dataset, label, LEVELS[0])
    assert total(found.binding, "dispersion") is None
    data = terms_as_data(found.binding)
    assert data["sum_kcal_mol"]["cavity"] is None
    assert data["sum_kcal_mol"]["energy"] == pytest.approx(found.record.binding.binding_kcal)


def test_refused(dataset, label):
    with pytest.raises(InputError, match="no complex 'La\\(gold\\)4'"):
        breakdown(dataset, "La(gold)4")
    with pytest.raises(InputError, match="several levels: choose from GFN1"):
        breakdown(dataset, label)
    with pytest.raises(InputError, match="has no level 'hearsay'"):
        breakdown(dataset, label, "hearsay")


def test_command(dataset, label, capsys):
    arguments = ["dataset", "explain", str(dataset.folder), label, "--level", LEVELS[0]]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--json"])
    assert not ended.value.code
    data = json.loads(capsys.readouterr().out)
    energies = [term["number"] * term["energy_ev"] for term in data["binding"]["terms"]]
    assert sum(energies) * KCAL_PER_EV == pytest.approx(data["binding"]["sum_kcal_mol"]["energy"])
    with pytest.raises(SystemExit):
        main(arguments)
    assert "Equation 1" in capsys.readouterr().out
