"""``python -m rarebind``."""

from rarebind.cli import main

if __name__ == "__main__":
    main()
