"""Sources of pictures, and the batches that are made of them."""

from training.data.batches.pictures import Pictures
from training.data.batches.pipeline import batches, evaluation_batches
from training.data.batches.streamed import StreamedPictures
from training.data.errors import SourceError, SourceUnavailableError
from training.data.opening import open_source
from training.data.source import Source
from training.data.spec import validate_source

__all__ = [
    "Pictures",
    "Source",
    "SourceError",
    "SourceUnavailableError",
    "StreamedPictures",
    "batches",
    "evaluation_batches",
    "open_source",
    "validate_source",
]
