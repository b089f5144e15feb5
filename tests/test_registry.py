"""The registry idiom, and the families that use it."""

import pytest

from rarebind.complexes import BUILDERS
from rarebind.engines import ENGINES
from rarebind.errors import InputError, MissingDependencyError
from rarebind.registry import Registry, Spec


@pytest.mark.parametrize("registry", [ENGINES, BUILDERS], ids=lambda r: r.family)
def test_every_available_part_can_be_created(registry):
    for spec in registry:
        assert spec.install, f"{spec.name} does not say how to install it"
        if not spec.missing():
            assert registry.create(spec.name).version


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match="unknown engine 'mopac': known are tblite, xtb"):
        ENGINES.create("mopac")


def test_missing_program_says_what_to_install():
    registry = Registry(
        "engine",
        Spec("x", "json:loads", "", programs=("no-such-program",), install="Install it."),
    )
    with pytest.raises(MissingDependencyError, match=r"no-such-program, not found.*Install it\."):
        registry.create("x")
