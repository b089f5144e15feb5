"""The network's symmetries, and what its additions to Allegro do."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("allegro")

from nequip.data import compute_neighborlist_, from_dict  # noqa: E402
from nequip.utils.global_state import set_global_state  # noqa: E402
from scipy.spatial.transform import Rotation  # noqa: E402

from rarebind.elements import STUDY_METALS  # noqa: E402
from rarebind.learning.nequip.model import RareEarthAllegro, metal_descriptors  # noqa: E402

ELEMENTS = ("H", "C", "N", "O", "Y", "La", "Gd", "Lu")
R_MAX = 4.0
CHARGES = {"H": (0.1, 0.1), "C": (0.0, 0.1), "N": (-0.2, 0.1), "O": (-0.5, 0.1)}


ALLEGRO = {
    "seed": 7, "model_dtype": "float64", "r_max": R_MAX, "type_names": ELEMENTS, "l_max": 2,
    "num_layers": 1, "num_scalar_features": 8, "num_tensor_features": 4,
    "scalar_embed_mlp_hidden_layers_width": 8, "allegro_mlp_hidden_layers_width": 8,
    "readout_mlp_hidden_layers_width": 8, "avg_num_neighbors": 8.0, "do_derivatives": False,
    "radial_chemical_embed": {"_target_": "allegro.nn.TwoBodyBesselScalarEmbed", "num_bessels": 4},
}  # fmt: skip
ADDITIONS = {
    "signs": True, "atom_descriptor": "charges", "metal_descriptors": True,
    "descriptor_scales": CHARGES,
}  # fmt: skip


def network(**options):
    set_global_state()
    return RareEarthAllegro(**ALLEGRO | ADDITIONS | options)


def cluster(seed=3, atoms=14, metal="La"):
    rng = np.random.default_rng(seed)
    symbols = [metal, *rng.choice(ELEMENTS[:4], atoms - 1)]
    places = rng.permutation(27)[:atoms]
    positions = np.stack(np.unravel_index(places, (3, 3, 3)), axis=1) * 1.6
    charges = rng.normal(-0.1, 0.1, atoms)
    return symbols, positions + rng.normal(0, 0.1, (atoms, 3)), charges


def graph(symbols, positions, charges, signs=None):
    data = {"pos": torch.tensor(positions), "atom_types": torch.tensor(types_of(symbols))}
    data = compute_neighborlist_(from_dict(data), R_MAX)
    signs = np.ones(len(symbols)) if signs is None else signs
    column = {"signs": signs, "atom_descriptor": charges}
    return data | {name: torch.tensor(v).view(-1, 1).double() for name, v in column.items()}


def types_of(symbols):
    return [ELEMENTS.index(symbol) for symbol in symbols]


def energy(model, *parts, **options):
    return float(model(graph(*parts, **options))["total_energy"].detach())


def test_rotations_reflections_and_permutations_change_nothing():
    model = network()
    symbols, positions, charges = cluster()
    expected = energy(model, symbols, positions, charges)
    turned = positions @ Rotation.random(rng=np.random.default_rng(1)).as_matrix().T
    assert energy(model, symbols, turned + 2.0, charges) == pytest.approx(expected, abs=1e-9)
    assert energy(model, symbols, -turned, charges) == pytest.approx(expected, abs=1e-9)
    order = np.random.default_rng(2).permutation(len(symbols))
    mixed = [symbols[i] for i in order], positions[order], charges[order]
    assert energy(model, *mixed) == pytest.approx(expected, abs=1e-9)


def test_forces_are_the_slope_of_the_signed_energy():
    model = network(do_derivatives=True)
    symbols, positions, charges = cluster()
    signs = np.where(np.arange(len(symbols)) > 9, -2.0, 1.0)
    forces = model(graph(symbols, positions, charges, signs))["forces"].detach().numpy()
    step = np.zeros_like(positions)
    step[4, 1] = 1e-4
    up, down = (
        energy(model, symbols, positions + way * step, charges, signs=signs) for way in (1, -1)
    )
    assert forces[4, 1] == pytest.approx(-(up - down) / 2e-4, rel=1e-4, abs=1e-7)


def test_what_a_reaction_leaves_alone_cancels():
    """A spectator on both sides of a reaction adds nothing."""
    model = network()
    symbols, positions, charges = cluster()
    spectator = ["C", "O", "H"], np.array([[0, 0, 0], [1.2, 0, 0], [-0.6, 0.9, 0]], float)
    both = symbols + spectator[0] + spectator[0]
    far = [spectator[1] + offset for offset in (100.0, 200.0)]
    own = np.concatenate([charges, [0.1, -0.4, 0.1, 0.1, -0.4, 0.1]])
    signs = np.concatenate([np.ones(len(symbols) + 3), -np.ones(3)])
    whole = energy(model, both, np.vstack([positions, *far]), own, signs=signs)
    assert whole == pytest.approx(energy(model, symbols, positions, charges), abs=1e-9)


@pytest.mark.parametrize("known", ["charges", None])
def test_charges_matter_to_a_network_that_knows_them(known):
    model = network(atom_descriptor=known)
    symbols, positions, charges = cluster()
    energies = [energy(model, symbols, positions, q) for q in (charges, charges + 0.05)]
    assert (energies[0] != energies[1]) is bool(known)


def test_an_atom_without_a_descriptor_is_an_average_one():
    model = network()
    symbols, positions, charges = cluster()
    charges[3] = np.nan
    unknown = energy(model, symbols, positions, charges)
    charges[3] = CHARGES[symbols[3]][0]
    assert energy(model, symbols, positions, charges) == pytest.approx(unknown, abs=1e-9)


def test_a_described_metal_needs_no_embedding_of_its_own():
    model = network()
    table = next(m for m in model.modules() if hasattr(m, "from_descriptors"))
    symbols, positions, charges = cluster(metal="Gd")
    before = energy(model, symbols, positions, charges)
    with torch.no_grad():
        table.elements.weight[ELEMENTS.index("Gd")] += 1.0
    assert energy(model, symbols, positions, charges) == before
    metals = {energy(model, [m, *symbols[1:]], positions, charges) for m in ("Y", "La", "Lu")}
    assert len(metals) == 3


def test_without_additions_it_is_allegro():
    from allegro.model import AllegroModel

    ours = network(
        signs=False, atom_descriptor=None, metal_descriptors=False, descriptor_scales=None
    )
    theirs = AllegroModel(**ALLEGRO)
    assert energy(ours, *cluster()) == energy(theirs, *cluster())


def test_a_descriptor_needs_scales():
    with pytest.raises(ValueError, match="scales"):
        network(descriptor_scales=None)


def test_metals_are_told_apart_by_numbers_of_order_one():
    described = [metal_descriptors(metal) for metal in STUDY_METALS]
    assert len(set(described)) == len(STUDY_METALS)
    assert np.abs(described).max() < 2.0
