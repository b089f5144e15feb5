"""Looking into the store of a campaign that another process is running."""

import sqlite3


def records(path):
    """Time and content of every finished record by key; nothing while there is no store."""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            rows = database.execute("SELECT key, finished, record FROM calculations").fetchall()
    except sqlite3.OperationalError:
        return {}
    return {key: (when, record) for key, when, record in rows}
