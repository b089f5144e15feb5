"""A second level that is really computed, and fast; run as a program, ``rarebind`` with it."""

from rarebind.cli import main
from rarebind.engines import LEVELS, LevelOfTheory

NAME = "gfn1-xtb"
GFN1_WATER = LevelOfTheory("tblite", "GFN1-xTB", solvent="ALPB(water)")

if __name__ == "__main__":
    LEVELS[NAME] = GFN1_WATER
    main()
