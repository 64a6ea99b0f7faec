"""Read pictures that do not fit into memory from record files, as they are needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.data.batches.pictures import ArrayPictures
from training.data.random_streams import Stream, shuffled, stream_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import tensorflow as tf

    from training.data.batches.pictures import Shape

    Keeps = Callable[[tf.Tensor], tf.Tensor]

_BUFFER_BYTES = 8 << 20
_DECODED_TOGETHER = 256


@dataclass(frozen=True)
class Shard:
    """Point to `take` records of a TFRecord file after the first `skip`."""

    path: str
    skip: int
    take: int


class StreamedPictures:
    """Provide the pictures of one split from record files.

    Every epoch reads the files in a new order and mixes the records within blocks. Both orders are functions of the
    seed and the epoch, so that a stream can begin at any position; earlier records of its epoch are read but not
    decoded.
    """

    endless = False

    def __init__(
        self,
        shards: Sequence[Shard],
        decode: Callable[[tf.Tensor], dict[str, tf.Tensor]],
        shape: Shape,
        classes: int = 0,
        block: int = 10_000,
    ) -> None:
        """Prepare to read; no file is opened yet.

        Args:
            shards: the records of the split.
            decode: returns dict(image=uint8 [h, w, c][, label=int64 []]) of a record, string [].
            shape: (height, width, channels) of the decoded pictures.
            classes: number of different labels; 0 for records without labels.
            block: number of records that are held in memory and mixed at a time.
        """
        self._shards, self._decode, self._block = list(shards), decode, block
        self.shape, self.classes = shape, classes
        self.count = sum(shard.take for shard in shards)

    def shuffled_stream(self, seed: int, start: int, keeps: Keeps | None, labels: bool) -> tf.data.Dataset:
        """Return the endless training stream from global position `start`, without positions that `keeps` rejects."""
        import tensorflow as tf

        first_epoch, offset = divmod(start, self.count)
        epochs = tf.data.Dataset.range(first_epoch, tf.int64.max)
        records = epochs.flat_map(lambda epoch: self._epoch(seed, epoch)).skip(offset)
        return self._decoded(records.enumerate(start), keeps, labels)

    def ordered_stream(self, length: int, keeps: Keeps | None, labels: bool) -> tf.data.Dataset:
        """Return all pictures in order, then the first again up to `length`, without positions that `keeps` rejects."""
        records = self.records()
        records = records.concatenate(records.take(1).repeat(length - self.count))
        return self._decoded(records.enumerate(), keeps, labels)

    def records(self) -> tf.data.Dataset:
        """Return every record in order, not decoded: string []."""
        import tensorflow as tf

        return self._records(tf.range(len(self._shards), dtype=tf.int64))

    def in_memory(self) -> ArrayPictures:
        """Return the same pictures, in order, as one array."""
        import tensorflow as tf

        images = np.empty((self.count, *self.shape), np.uint8)
        labels = np.empty(self.count, np.int64) if self.classes else None
        signature = {"image": tf.TensorSpec(self.shape, tf.uint8)}
        if self.classes:
            signature["label"] = tf.TensorSpec([], tf.int64)
        # Blocks of small pictures decode 1.5 times as fast, because a call per picture takes longer than the picture.
        blocks = (
            self.records()
            .batch(_DECODED_TOGETHER)
            .map(
                lambda block: tf.map_fn(self._decode, block, fn_output_signature=signature),
                num_parallel_calls=tf.data.AUTOTUNE,
            )
        )
        for number, block in enumerate(blocks.as_numpy_iterator()):
            images[number * _DECODED_TOGETHER :][: len(block["image"])] = block["image"]
            if labels is not None:
                labels[number * _DECODED_TOGETHER :][: len(block["image"])] = block["label"]
        return ArrayPictures(images, labels, self.classes)

    def _epoch(self, seed: int, epoch: tf.Tensor) -> tf.data.Dataset:
        import tensorflow as tf

        files = len(self._shards)
        order = shuffled(epoch * files + tf.range(files, dtype=tf.int64), files, stream_key(seed, Stream.FILES))

        # Dataset.shuffle is no help: its order depends on tf.random.set_seed as well as on its own seed.
        def mix(number: tf.Tensor, block: tf.Tensor) -> tf.data.Dataset:
            size = tf.size(block, out_type=tf.int64)
            turn = epoch * self.count + number
            mixed = shuffled(turn * size + tf.range(size), size, stream_key(seed, Stream.RECORDS))
            return tf.data.Dataset.from_tensor_slices(tf.gather(block, mixed))

        return self._records(order).batch(self._block).enumerate().flat_map(mix)

    def _records(self, order: tf.Tensor) -> tf.data.Dataset:
        import tensorflow as tf

        paths = tf.constant([shard.path for shard in self._shards])
        skips = tf.constant([shard.skip for shard in self._shards], tf.int64)
        takes = tf.constant([shard.take for shard in self._shards], tf.int64)

        def read(file: tf.Tensor) -> tf.data.Dataset:
            records = tf.data.TFRecordDataset(paths[file], buffer_size=_BUFFER_BYTES)
            return records.skip(skips[file]).take(takes[file])

        return tf.data.Dataset.from_tensor_slices(order).flat_map(read)

    def _decoded(self, records: tf.data.Dataset, keeps: Keeps | None, labels: bool) -> tf.data.Dataset:
        import tensorflow as tf

        def decode(_: tf.Tensor, record: tf.Tensor) -> dict[str, tf.Tensor]:
            example = self._decode(record)
            example["image"] = tf.ensure_shape(example["image"], self.shape)
            return example if labels else {"image": example["image"]}

        kept = records if keeps is None else records.filter(lambda position, _: keeps(position))
        return kept.map(decode, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
