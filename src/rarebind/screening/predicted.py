"""Screen by the model: one relaxed complex of La a ligand and geometry, the series by the network.

The energy of that complex is computed and anchors the series; the network adds how the energy
changes from La to each other lanthanide.  Sc and Y are none: what the lanthanides teach does not
hold for them, so their complexes are computed too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rarebind.campaigns import Protocol, Store, with_ancestors
from rarebind.complexes import TEMPLATE_METAL, ComplexSpec, Layout, swap_metal
from rarebind.elements import is_lanthanide
from rarebind.errors import InputError
from rarebind.learning.data.samples import Sample, unlabelled
from rarebind.learning.release.model import Model, Predictions
from rarebind.ligands import Ligand, Rejected
from rarebind.screening.computed import Plan, compute, plan_screen
from rarebind.screening.screen import Entry, Interval, Prediction, Screen, Watch
from rarebind.uncertainty import family, sigmas

#: Share of the intervals that hold the computed energy, where the model has it.
LEVEL = 0.9
_ADVICE = "it is computed without --no-fall-back (fall_back=False)"


def check_model(
    model: Model, metals: Sequence[str], protocol: Protocol, *, fall_back: bool = False
) -> None:
    """Whether `model` can screen these metals; with `fall_back`, those that it lacks do not count.

    Raises
    ------
    InputError
        It predicts something else, learned from another level of theory, or lacks a metal.
    """
    card = model.card
    if card.target != "series":
        raise InputError(
            f"model {card.name} predicts {card.target}: a screen needs one of the target series"
        )
    if card.level != str(protocol.level):
        raise InputError(
            f"model {card.name} learned from {card.level}; the complexes that it starts from are "
            f"asked for at {protocol.level}: energies of different levels cannot be combined"
        )
    known = _metals(model)
    lacking = [metal for metal in metals if is_lanthanide(metal) and metal not in known]
    if lacking and not fall_back:
        raise InputError(
            f"model {card.name} has not seen {', '.join(lacking)}: it knows "
            f"{', '.join(sorted(known))}; {_ADVICE}"
        )


def unpredictable(specs: Sequence[ComplexSpec], model: Model) -> dict[Ligand | None, Rejected]:
    """Ligands with an element that `model` has not seen, of whose complexes some are predicted."""
    found: dict[Ligand | None, Rejected] = {}
    for spec in specs:
        ligand = spec.ligand
        if ligand is None or ligand in found or not _is_predicted(spec):
            continue
        if unseen := _unseen(spec, model):
            reason = f"{ligand.name}: {_unseen_reason(model, unseen)}"
            found[ligand] = Rejected(ligand.name, ligand.smiles, reason)
    return found


def plan_by_model(
    specs: Sequence[ComplexSpec], model: Model, protocol: Protocol, *, fall_back: bool
) -> Plan:
    """The tasks of what is computed for certain: complexes of La, Sc and Y.

    Parameters
    ----------
    specs
        Of :func:`~rarebind.screening.specs_for`.
    fall_back
        Complexes with a metal or another element that `model` has not seen are computed as well.

    Raises
    ------
    InputError
        A builder or engine cannot do what is asked for.
    """
    others = [
        spec
        for spec in specs
        if not is_lanthanide(spec.metal) or (fall_back and _unseen(spec, model))
    ]
    anchors = [spec.with_metal(TEMPLATE_METAL) for spec in specs]
    return plan_screen(list(dict.fromkeys([*anchors, *others])), protocol)


def screen_by_model(
    specs: Sequence[ComplexSpec],
    plan: Plan,
    store: Store,
    model: Model,
    *,
    fall_back: bool = True,
    workers: int | None = None,
    watch: Watch | None = None,
) -> Screen:
    """Binding energies of every complex: of La, Sc and Y computed, of all others predicted.

    Parameters
    ----------
    specs
        Of :func:`~rarebind.screening.specs_for`.
    plan
        Of :func:`plan_by_model`.
    store, workers, watch
        As for :func:`~rarebind.screening.computed.compute`.
    model
        Of the target ``series``.
    fall_back
        Compute those that are flagged as unlike the training set as well.
    """
    watch = watch or Watch()
    found = {e.spec: e for e in compute(plan, store, workers=workers, watch=watch)}
    watch.on_stage("predicting the series")
    asked = [
        (spec, anchor)
        for spec in specs
        if spec not in found
        and (anchor := found[spec.with_metal(TEMPLATE_METAL)]).binding is not None
        and not _unseen(spec, model)
    ]
    predictions = model.evaluate([_sample(spec, anchor) for spec, anchor in asked])
    interval = _interval(model)
    made = _predictions(asked, predictions, model, interval)
    predicted = {prediction.spec: prediction for prediction in made}
    unlike = [spec for spec, prediction in predicted.items() if prediction.flagged]
    if fall_back and unlike:
        watch.on_stage("computing what is unlike the training set")
        told = {task.key for task in with_ancestors(plan.tasks())}
        further = plan_screen(unlike, plan.protocol)
        computed = compute(further, store, workers=workers, watch=watch, told=told)
        # A prediction that is unsure is better than none.
        found |= {entry.spec: entry for entry in computed if entry.binding is not None}
    entries = [
        found[spec]
        if spec in found
        else _entry(spec, found[spec.with_metal(TEMPLATE_METAL)], predicted, model)
        for spec in specs
    ]
    return Screen.of(entries, plan.protocol, model.data(), interval)


def _entry(
    spec: ComplexSpec, anchor: Entry, predicted: dict[ComplexSpec, Prediction], model: Model
) -> Entry:
    if spec in predicted:
        return Entry(spec, predicted[spec], anchor.calculation)
    if anchor.binding is None:
        reason = f"its complex of {TEMPLATE_METAL}, from which it is predicted: {anchor.reason}"
        return Entry(spec, None, anchor.calculation, reason)
    return Entry(spec, None, anchor.calculation, _unseen_reason(model, _unseen(spec, model)))


def _unseen_reason(model: Model, unseen: Sequence[str]) -> str:
    return f"model {model.card.name} has not seen {', '.join(unseen)}: {_ADVICE}"


def _is_predicted(spec: ComplexSpec) -> bool:
    return is_lanthanide(spec.metal) and spec.metal != TEMPLATE_METAL


def _metals(model: Model) -> set[str]:
    return {TEMPLATE_METAL, *model.hydration}


def _unseen(spec: ComplexSpec, model: Model) -> list[str]:
    seen = {name for name, count in model.card.elements.items() if count}
    lacking = sorted(set(Layout(spec).symbols[1:]) - seen)
    if spec.composition.is_mixed:
        lacking.append("complexes of several kinds of ligands")
    return lacking if spec.metal in _metals(model) else [spec.metal, *lacking]


def _sample(spec: ComplexSpec, anchor: Entry) -> Sample:
    """The complex of `spec` as the model takes it."""
    reference = anchor.calculation.structure
    assert reference is not None
    return unlabelled(spec, swap_metal(reference, anchor.spec, spec.metal), reference)


def _interval(model: Model) -> Interval | None:
    if model.uncertainty is None:
        return None
    level = min(LEVEL, model.uncertainty.energies.levels[-1])
    return Interval(level, model.uncertainty.differences.multiplier(level))


def _predictions(
    asked: Sequence[tuple[ComplexSpec, Entry]],
    found: Predictions,
    model: Model,
    interval: Interval | None,
) -> list[Prediction]:
    number = len(asked)
    spread = half_widths = None
    flagged = np.zeros(number, dtype=bool)
    if model.uncertainty is not None and interval is not None and number:
        metals = [spec.metal for spec, _ in asked]
        spread = model.uncertainty.rigidity.spread(found.features)
        half_widths = model.uncertainty.energies.half_widths(
            sigmas(spread), interval.level, [family(metal) for metal in metals]
        )
        flagged = model.uncertainty.applicability.flagged(found.features, metals)
    predictions = []
    for i, (spec, anchor) in enumerate(asked):
        computed = anchor.binding
        assert computed is not None
        assert anchor.exchange is not None
        exchange = anchor.exchange + float(found.energies[i])
        hydration, waters = model.hydration[spec.metal]
        predictions.append(
            Prediction(
                spec=spec,
                level=model.card.level,
                binding=None if hydration is None else exchange + hydration,
                exchange=exchange,
                aqua_waters=waters,
                coordination_number=computed.coordination_number,
                half_width=None if half_widths is None else float(half_widths[i]),
                spread=None if spread is None else spread[i],
                flagged=bool(flagged[i]),
            )
        )
    return predictions
