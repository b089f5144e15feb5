"""The report page of a screen: one file that any browser opens, without a network."""

from rarebind.screening.page.build import build_page, write_page

__all__ = ["build_page", "write_page"]
