"""Make a source of a prepared TensorFlow Datasets set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.data.batches.fit import to_square, with_channels
from training.data.batches.pictures import Pictures, Shape
from training.data.batches.streamed import Shard, StreamedPictures
from training.data.errors import SourceError
from training.data.source import Source
from training.data.source_kind import Announce, SourceKind
from training.data.sources import tfds_sets
from training.data.sources.tfds_download import prepare, why_unavailable
from training.data.sources.tfds_sets import SetName, image_key

if TYPE_CHECKING:
    import tensorflow as tf

MEMORY_LIMIT = 1 << 30
"""Largest size of a split in memory, in bytes; a larger one is streamed."""

_MIXED_SIZE = 32
_VALIDATION = 5000
_BLOCK_BYTES = 1 << 28
_HASHED_WHOLE = 1 << 28
_SAMPLES, _SAMPLE_BYTES = 64, 1 << 16


class TfdsSets(SourceKind):
    """Open the image sets of TensorFlow Datasets, `name[/config][:version]`."""

    def matches(self, text: str) -> bool:
        """Return whether the text can be the name of a set."""
        return tfds_sets.parse_set_name(text) is not None

    def exists(self, text: str) -> bool:
        """Return whether the set is prepared, or TFDS knows how to prepare it."""
        name = _parsed(text)
        return tfds_sets.find_prepared(name) is not None or tfds_sets.builder_class(name) is not None

    def check(self, text: str) -> None:
        """Raise `SourceError` if the set has no 8-bit pictures."""
        name = _parsed(text)
        builder = tfds_sets.find_prepared(name) or tfds_sets.new_builder(name, tfds_sets.data_folders()[0])
        image_key(name.text, builder)

    def why_missing(self, text: str, seconds: float) -> str:
        """Return why the set is neither prepared nor can be downloaded, or an empty string."""
        return why_unavailable(_parsed(text), seconds)

    def open(self, text: str, image_size: int | None, seed: int, announce: Announce) -> TfdsSource:
        """Open the set, downloading it if it is not prepared."""
        name = _parsed(text)
        return TfdsSource(name, prepare(name, announce), image_size)


def _parsed(text: str) -> SetName:
    name = tfds_sets.parse_set_name(text)
    assert name is not None, text
    return name


class TfdsSource(Source):
    """Provide the pictures of a TFDS set.

    The test part is the set's test split; if it has none, its validation split; if it has none either, the last tenth
    of train. The validation part is the last tenth of the remaining train split, 5,000 pictures at most.
    """

    def __init__(
        self, name: SetName, builder: Any, image_size: int | None = None, memory_limit: int = MEMORY_LIMIT
    ) -> None:
        """Open the set that `builder` has prepared.

        Args:
            name: of the set.
            builder: its TFDS builder.
            image_size: side of square fixed-size pictures, or None.
            memory_limit: in bytes, see `MEMORY_LIMIT`.

        Raises:
            SourceError: the set has no usable split or pictures, or is not prepared as TFRecord files.
        """
        self._builder, self._key, self._memory_limit = builder, image_key(name.text, builder), memory_limit
        self._ranges = split_ranges({key: info.num_examples for key, info in builder.info.splits.items()})
        if not self._ranges:
            splits = ", ".join(builder.info.splits) or "none"
            raise SourceError(f"The TFDS set {name.text} has none of the splits train, validation, test: {splits}.")
        if (format_ := builder.info.file_format.value) != "tfrecord":
            raise SourceError(
                f"The TFDS set {name.text} in {builder.data_dir} is prepared as {format_}; "
                f"prepare it again with `tfds build {name.text} --file_format tfrecord`."
            )
        features = builder.info.features
        classes = int(getattr(features["label"], "num_classes", None) or 0) if "label" in features else 0
        shape, self._resize = _fixed_shape(features[self._key].shape, image_size)
        super().__init__(name=name.text, image_shape=shape, splits=tuple(self._ranges), classes=classes)
        self.fingerprint = _fingerprint(builder, shape)

    def _split(self, split: str) -> Pictures | StreamedPictures:
        streamed = self._streamed(split)
        if streamed.count * int(np.prod(self.image_shape)) > self._memory_limit:
            return streamed
        import tensorflow as tf

        try:
            return streamed.in_memory()
        except tf.errors.OpError as error:
            raise SourceError(
                f"The {split} part of {self.name} in {self._builder.data_dir} cannot be read: "
                f"{error.message.splitlines()[0]} Remove the folder and prepare the set again."
            ) from error

    def _full_size(self, split: str) -> Iterable[np.ndarray]:
        for record in self._streamed(split).records():
            yield with_channels(self._features.deserialize_example(record)[self._key], self.image_shape[2]).numpy()

    def _streamed(self, split: str) -> StreamedPictures:
        instructions = self._builder.info.splits[self._ranges[split]].file_instructions
        shards = [Shard(str(each.filename), each.skip, each.take) for each in instructions if each.take]
        info = self._builder.info.splits[self._ranges[split].partition("[")[0]]
        record_bytes = max(1, info.num_bytes // max(1, info.num_examples))
        block = min(10_000, max(1, _BLOCK_BYTES // record_bytes))
        return StreamedPictures(shards, self._decode, self.image_shape, self.classes, block)

    @cached_property
    def _features(self) -> Any:
        """Return only the features that are used: decoding all would also decode masks and other pictures."""
        import tensorflow_datasets as tfds

        used = (self._key, "label") if self.classes else (self._key,)
        return tfds.features.FeaturesDict({key: self._builder.info.features[key] for key in used})

    def _decode(self, record: tf.Tensor) -> dict[str, tf.Tensor]:
        import tensorflow as tf

        example = self._features.deserialize_example(record)
        image = with_channels(example[self._key], self.image_shape[2])
        image = to_square(image, self._resize) if self._resize else image
        return {"image": image, **({"label": tf.cast(example["label"], tf.int64)} if self.classes else {})}


def split_ranges(counts: dict[str, int]) -> dict[str, str]:
    """Return the TFDS instruction of each part, from the number of examples in each TFDS split."""
    ranges: dict[str, str] = {}
    train = counts.get("train", 0)
    test = next((key for key in ("test", "validation") if counts.get(key)), None)
    if test is None and train >= 3:
        tested = max(1, train // 10)
        train -= tested
        ranges["test"] = f"train[{train}:]"
    elif test is not None:
        ranges["test"] = test
    if train >= 2:
        held_out = min(_VALIDATION, max(1, train // 10))
        ranges = {"train": f"train[:{train - held_out}]", "validation": f"train[{train - held_out}:{train}]", **ranges}
    return ranges


def _fixed_shape(shape: tuple[int | None, ...], image_size: int | None) -> tuple[Shape, int | None]:
    """Return the shape of the fixed-size pictures, and the size to resize to; None if they stay as they are."""
    height, width, channels = shape
    channels = 1 if channels == 1 else 3
    if image_size is None and height and width:
        return (height, width, channels), None
    size = image_size or _MIXED_SIZE
    return (size, size, channels), None if height == width == size else size


def _fingerprint(builder: Any, shape: Shape) -> str:
    """Return a hash of the record files: of all bytes up to 256 MiB, else of sizes and samples of each file."""
    digest = hashlib.sha256(f"{builder.info.full_name} {shape}".encode())
    files = sorted({str(path) for info in builder.info.splits.values() for path in info.filepaths})
    sizes = {path: Path(path).stat().st_size for path in files}
    whole = sum(sizes.values()) <= _HASHED_WHOLE
    for path in files:
        digest.update(f"{Path(path).name} {sizes[path]}".encode())
        with Path(path).open("rb") as file:
            if whole:
                while block := file.read(1 << 20):
                    digest.update(block)
                continue
            for sample in range(_SAMPLES):
                file.seek(max(0, sizes[path] - _SAMPLE_BYTES) * sample // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:12]
