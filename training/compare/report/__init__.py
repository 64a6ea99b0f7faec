"""Write the report of a comparison from its files."""

from training.compare.report.write import write_report

__all__ = ["write_report"]
