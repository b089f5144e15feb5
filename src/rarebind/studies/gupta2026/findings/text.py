"""The words of the document; every number in them is taken from the findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rarebind.engines import LEVELS
from rarebind.engines.level import model_chemistry_of
from rarebind.evaluation.bootstrap import FEWEST_GROUPS
from rarebind.studies.gupta2026.findings.analysis import Findings
from rarebind.studies.gupta2026.findings.charges import charge_of
from rarebind.studies.gupta2026.findings.paired import ALL
from rarebind.studies.gupta2026.findings.statements import adverb
from rarebind.studies.gupta2026.findings.tables import number
from rarebind.studies.gupta2026.findings.verdicts import FAILS, HOLDS, NOISE, UNKNOWN, combined
from rarebind.studies.gupta2026.reproduce.study import study

_STUDY_LEVEL = "b3lyp-d4"
#: What stands below the figures.
LEGENDS = {
    "scaffolds": "Below zero, the first scaffold binds more strongly; whiskers are 95 % intervals "
    "over pairs of ligands.",
    "substituents": "Left, the strongest on top, all geometries; right, places by geometry. "
    "Shaded are the rows that the study puts at an end.",
    "metals": "Below zero, the metal is bound more strongly than its neighbours in the mean; "
    "whiskers are 95 % intervals over ligands. Shaded are the metals that the study names.",
}
#: Substituents that a sentence names at each end.
_ENDS = 3
#: Begins a point of a list.
BULLET = "- "


def named_level(found: Findings) -> str:
    """The level of the energies, and that it is not the study's."""
    level = found.selection.level
    if _like_the_study(found):
        return f"{level}, complexes not the study's"
    return f"{level}, not the study's {study().level}"


def opening(found: Findings) -> Iterator[str]:
    """What this is."""
    source = study()
    yield (
        f"{source.citation} (DOI {source.doi}) draw conclusions from binding energies at "
        f"{source.level}. Here the same statements are tested on the energies of "
        f"**{found.selection.level}** in {found.dataset}. No number below is the study's"
        + (", and none is at its level" if not _like_the_study(found) else "")
        + ": a verdict says whether a statement is true of these energies, not whether the study "
        "is right about its own. The statements are given in our words."
    )
    yield "All of this was made, the figures included, by"


def short(found: Findings) -> Iterator[str]:
    """Which verdicts depend on what."""
    claims = found.claims
    if all(claim.verdicts[found.quantity] == UNKNOWN for claim in claims):
        yield "No verdict can be given on these energies: the complexes are too few."
        return
    if len(found.orders) > 1:
        depending = [claim.text for claim in claims if claim.depends]
        yield (
            f"Depending on the quantity: {'; '.join(depending)}."
            if depending
            else "No verdict depends on whether equation 1 or the exchange energy is taken, but "
            "the numbers for neighbouring metals do: see "
            "[what the conclusions rest on](#what-the-conclusions-rest-on)."
        )
        if single := _depending(found):
            yield (
                f"Of the single comparisons over all geometries, {_and(single)} "
                f"{_verb(single, 'has', 'have')} another verdict by the other quantity."
            )
    reversed_ = _reversed_at_equal_charge(found)
    if reversed_ and claims[0].verdicts[found.quantity] == HOLDS:
        yield (
            "The order of the scaffolds is in part one of charges: where more of the ligands of "
            "lower charge give the complexes equal charge, "
            f"{_and(reversed_)} {_verb(reversed_, 'does', 'do')} not hold."
        )
    if found.frozen_4f:
        yield (
            "The verdicts on metals are no evidence for or against the study's: this level has no "
            "4f electrons."
        )


def rule(found: Findings) -> Iterator[str]:
    """How a verdict is reached."""
    yield (
        "A comparison is of two things at a time: d = E(first) − E(second), in kcal/mol, over all "
        "pairs of complexes that are equal in everything else; negative where the first binds more "
        "strongly. Its mean has a 95 % percentile interval from "
        f"{found.resampling.resamples} bootstrap samples (seed {found.resampling.seed}) over "
        "ligands: over pairs of ligands with the same substituent where scaffolds are compared, "
        "over the ligands compared with where substituents are (the named substituent itself is in "
        "one ligand a scaffold, too few to draw from), over all ligands where metals are. "
        "In all tables below, negative is what the statement says."
    )
    yield f"{BULLET}It **holds** when the whole interval is below −{NOISE}."
    yield f"{BULLET}It **does not hold** when the whole interval is above {NOISE}."
    yield (
        f"{BULLET}It **cannot be told** otherwise, and with fewer than {FEWEST_GROUPS} ligands (or "
        "pairs of them), for which there is no interval."
    )
    yield (
        f"The {NOISE} kcal/mol are the range over which the grid of the ALPB continuum alone moves "
        "the energy of a complex (`docs/physics.md`, limits); it is kept for every level. A "
        "statement that is made of several comparisons holds when all of them hold, and does not "
        "hold when one of them does not."
    )
    yield (
        "A substituent stands at an end of the order, as stated, when it is away from the "
        "substituents that the statement does not name, by the rule above, and none of these lies "
        "beyond it in the mean. It does not when it is on the other side of them, or when one of "
        f"them lies beyond it on every scaffold, by more than {NOISE} kcal/mol."
    )
    yield (
        "Energies are of whole complexes, so that differences grow with the number of ligands, and "
        "weigh more in the mean of all geometries where that number is large."
    )


def scaffolds(found: Findings) -> Iterator[str]:
    """The closest call."""
    parts = [c for c in found.chosen.scaffolds if c.geometry != ALL and c.pairs]
    if len(parts) > 1:
        closest = max(parts, key=lambda c: c.mean)
        yield (
            f"Of the {len(parts)} comparisons by geometry, the one that says least for the "
            f"statement is {closest.first} over {closest.second} in {closest.geometry}: "
            f"{number(closest.mean)} kcal/mol."
        )


def substituents(found: Findings) -> Iterator[str]:
    """Both ends of the order, and where the named ones are."""
    order = [s for s in found.chosen.standings if s.geometry == ALL]
    if len(order) < 2 * _ENDS:
        return
    for statement, places in zip(found.statements.substituents, found.chosen.places, strict=True):
        overall = [place for place in places if place.geometry == ALL and place.place]
        away = [place.substituent for place in overall if place.comparison.verdict == HOLDS]
        there = [place.substituent for place in overall if place.verdict == HOLDS]
        named = ", ".join(f"{place.substituent} {place.place}" for place in overall)
        if overall:
            how = adverb(statement.end)
            yield (
                f"Said to bind most {how}, with their places among {len(order)} over all "
                f"geometries (1 binds most strongly): {named}. By the rule, "
                f"{_and(away) or 'none'} {_verb(away, 'binds', 'bind')} more {how} than "
                "the substituents that are not named do in the mean, and "
                f"{_and(there) or 'none'} {_verb(there, 'stands', 'stand')} at that end."
            )
    first, last = (
        [f"{s.substituent} ({number(s.off_mean)})" for s in part]
        for part in (order[:_ENDS], order[-_ENDS:])
    )
    yield (
        f"At the strong end stand {_and(first)}, at the weak end {_and(last)}; in "
        "brackets the energy less the mean over all substituents on the same scaffold, with the "
        "same metal and geometry, kcal/mol."
    )


def metals(found: Findings) -> Iterator[str]:
    """The named metals against the trend along the series."""
    means = {c.first: c for c in found.chosen.off_neighbours if c.geometry == ALL}
    named = [
        f"{statement.metal} {number(means[statement.metal].mean)}"
        for statement in found.statements.metals
        if statement.metal in means
    ]
    if named:
        yield (
            "Energies change along the series, so that a metal may lie below one neighbour and "
            "above the other without being special. Against the mean of both, which takes a smooth "
            f"trend off, stand {_and(named)} kcal/mol (all geometries); the table of all "
            "lanthanides shows how far that is from what others have."
        )


def quantities(found: Findings) -> Iterator[str]:
    """What lies between equation 1 and the exchange energy."""
    if not found.constants:
        missing = "exchange energy" if "exchange" not in found.orders else "equation 1"
        yield f"The complexes have no energies by {missing}: both could not be compared."
        return
    spread = max(constant.spread for constant in found.constants.values())
    yield (
        "**Equation 1 or exchange energy.** For every complex of a metal they differ by the same "
        "number, the energy of its aqua ion by equation 1 (over the complexes here it varies by "
        f"{spread:.3f} kcal/mol, which is the rounding of the table). Scaffolds and substituents "
        "are compared with the metal kept, so that it cancels: their differences are the same by "
        f"both (within {_largest_change(found):.4f} kcal/mol), and no verdict on them can depend "
        "on the choice."
    )
    yield (
        "Metals are another matter. In equation 1 that number comes in full, and has in it the "
        "energy of the bare ion, whose error in a continuum is tens of kcal/mol "
        "(`docs/physics.md`, equation 1). It is the same for all ligands, so that no interval over "
        "ligands shows it: narrow intervals of equation 1 are precise about the ligands, not about "
        "the metals. The exchange energy is free of the bare ion, yet refers to one structure of "
        "the aqua ion of each metal, whose error is in no interval either."
    )
    if any(comparison.pairs for comparison in found.chosen.metals):
        yield "How much of the differences between neighbours is such a number:"


def shell(found: Findings) -> Iterator[str]:
    """What a level without 4f electrons can say of a 4f shell."""
    if found.frozen_4f:
        yield (
            f"**The 4f shell.** {found.selection.level} has the 4f electrons in the core, of every "
            "lanthanide: three valence electrons each, no half-filled shell for Gd, no hole for "
            "Yb. No effect of the f shell can come from it. What a metal has of its own here comes "
            "from the method's parameters for that element, and a verdict that agrees with the "
            "study's finding agrees for another reason."
        )


def charges(found: Findings) -> Iterator[str]:
    """The order of scaffolds of different charge."""
    if not found.charges:
        return
    said = found.statements.scaffolds
    named = ", ".join(f"{name} −{abs(charge_of(name))}" for name in said.names)
    pairs = {(i.comparison.first, i.comparison.second) for i in found.charges}
    reversed_ = _reversed_at_equal_charge(found)
    yield (
        f"**Charges.** The ligands have different charges ({named}), "
        "and in one geometry a complex of the higher ones has more of them on the same metal. "
        "That is in equation 1 and in the exchange energy alike; neither counts the second proton "
        "that such a ligand has to give up first, and the continuum treats charged ligands "
        "unevenly (`docs/physics.md`, limits). Complexes of equal charge have more ligands of the "
        "lower one, so that they are no comparison of ligand with ligand, but of as many charges "
        "with as many. There, "
        + (
            f"{len(pairs) - len(reversed_)} of {len(pairs)} pairs of scaffolds are not reversed; "
            f"{_and(reversed_)} {_verb(reversed_, 'is', 'are')}."
            if reversed_
            else f"none of {len(pairs)} pairs of scaffolds is reversed."
        )
    )


def _and(names: Sequence[str]) -> str:
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _verb(names: Sequence[str], one: str, several: str) -> str:
    return several if len(names) > 1 else one


def _reversed_at_equal_charge(found: Findings) -> list[str]:
    """Pairs of scaffolds whose order does not hold there."""
    parts: dict[str, list[str]] = {}
    for item in found.charges:
        name = f"{item.comparison.first} over {item.comparison.second}"
        parts.setdefault(name, []).append(item.comparison.verdict)
    return [name for name, verdicts in parts.items() if combined(verdicts) == FAILS]


def _depending(found: Findings) -> list[str]:
    """Comparisons of scaffolds and metals with several verdicts, all geometries together."""
    several: dict[str, set[str]] = {}
    for orders in found.orders.values():
        for one in (*orders.scaffolds, *orders.metals):
            if one.geometry == ALL:
                several.setdefault(" over ".join(one.names), set()).add(one.verdict)
    return [name for name, verdicts in several.items() if len(verdicts) > 1]


def _largest_change(found: Findings) -> float:
    """Between the quantities, of the mean differences of scaffolds and substituents."""
    values = {
        name: [
            *(c.mean for c in orders.scaffolds if c.pairs),
            *(p.comparison.mean for places in orders.places for p in places if p.comparison.pairs),
        ]
        for name, orders in found.orders.items()
    }
    pairs = zip(*values.values(), strict=True)
    return max((abs(one - other) for one, other in pairs), default=0.0)


def _like_the_study(found: Findings) -> bool:
    return model_chemistry_of(found.selection.level) == LEVELS[_STUDY_LEVEL].model_chemistry
