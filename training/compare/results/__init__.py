"""Read the files of a comparison, and compute statistics over them.

`summaries` is not listed here, because it loads TensorFlow through the catalogue of metrics.
"""

from training.compare.results.records import Results, Row, existing, folder_of, read
from training.compare.results.statistics import Difference, effect_size, paired

__all__ = ["Difference", "Results", "Row", "effect_size", "existing", "folder_of", "paired", "read"]
