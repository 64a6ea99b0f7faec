"""Make batches for replicas of the pictures of a split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.data.batches.augmentation import UNCHANGED, Augmentation
from training.data.batches.streamed import StreamedPictures
from training.data.errors import SourceError
from training.data.random_streams import shuffled

if TYPE_CHECKING:
    import tensorflow as tf

    from training.data.batches.pictures import Pictures


def batches(
    pictures: Pictures | StreamedPictures,
    *,
    batch_size: int,
    seed: int,
    start_step: int = 0,
    total_steps: int,
    replicas: int = 1,
    first_replica: int = 0,
    local_replicas: int | None = None,
    augmentation: Augmentation = UNCHANGED,
    labels: bool = False,
) -> tf.data.Dataset:
    """Return the training batches of steps `start_step` to `total_steps` - 1, one part per replica.

    Every epoch shows each picture once in a new order. The picture at global position p = step * batch_size + index is
    a function of (seed, p) alone: it depends neither on the step at which a run started nor on the number of replicas.

    Args:
        pictures: one split of a source.
        batch_size: size of the global batch.
        seed: seed of the run.
        start_step: first step.
        total_steps: number of steps of the whole run.
        replicas: number of parts of a global batch.
        first_replica: the first replica of this process.
        local_replicas: number of replicas of this process; all of them by default.
        augmentation: how each picture is changed, a function of (seed, p).
        labels: add the labels of the pictures.

    Returns:
        Elements ordered by step, then by replica, with b = batch_size / replicas: `image`, uint8 [b, h, w, c];
        `index`, int64 [b], the place in the global batch; `step`, int64 []; `position`, int64 [b], the global positions
        p; `label`, int64 [b], if `labels` is set; and other keys of the pictures' `examples`.

    Raises:
        ValueError: `batch_size` does not divide by `replicas`, or a range is empty or negative.
        SourceError: `labels` is set and the pictures have none.
    """
    parts = _Parts(batch_size, replicas, first_replica, local_replicas)
    check_labels(pictures, labels)
    if not 0 <= start_step <= total_steps:
        raise ValueError(f"start_step={start_step} must lie in 0..total_steps, and total_steps={total_steps}.")
    elements = parts.elements(start_step, total_steps)

    def finish(element: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {**element, "image": augmentation(element["image"], element["position"], seed)}

    if isinstance(pictures, StreamedPictures):
        stream = pictures.shuffled_stream(seed, start_step * batch_size, parts.keeps, labels)
        dataset = _zip(elements, stream.batch(parts.size, drop_remainder=True))
    else:

        def gather(element: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
            positions = element["position"]
            examples = positions if pictures.endless else shuffled(positions, pictures.count, seed)
            return {**element, **_taken(pictures, examples, labels)}

        dataset = _map(elements, gather)
    return _finished(_map(dataset, finish) if augmentation else dataset)


def evaluation_batches(
    pictures: Pictures | StreamedPictures,
    *,
    batch_size: int,
    replicas: int = 1,
    first_replica: int = 0,
    local_replicas: int | None = None,
    labels: bool = False,
) -> tf.data.Dataset:
    """Return every picture exactly once over all replicas, in order.

    The last batch is filled up with the first picture under a mask of 0, so that no replica gets an empty batch and all
    get the same number of batches.

    Args:
        pictures: one split of a source.
        batch_size: size of the global batch.
        replicas: number of parts of a global batch.
        first_replica: the first replica of this process.
        local_replicas: number of replicas of this process; all of them by default.
        labels: add the labels of the pictures.

    Returns:
        The elements of `batches`, and `mask`, float32 [b]: 1 for a picture that counts, 0 for one that fills up.

    Raises:
        ValueError: `batch_size` does not divide by `replicas`, or a replica does not exist.
        SourceError: `labels` is set and the pictures have none.
    """
    parts = _Parts(batch_size, replicas, first_replica, local_replicas)
    check_labels(pictures, labels)
    count = pictures.count
    steps = -(-count // batch_size)

    def mask(element: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        import tensorflow as tf

        return {**element, "mask": tf.cast(element["position"] < count, tf.float32)}

    elements = _map(parts.elements(0, steps), mask)
    if isinstance(pictures, StreamedPictures):
        stream = pictures.ordered_stream(steps * batch_size, parts.keeps, labels)
        return _finished(_zip(elements, stream.batch(parts.size, drop_remainder=True)))

    def gather(element: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        import tensorflow as tf

        positions = element["position"]
        return {**element, **_taken(pictures, tf.where(positions < count, positions, 0), labels)}

    return _finished(_map(elements, gather))


class _Parts:
    """Divide a global batch into the parts of this process's replicas."""

    def __init__(self, batch_size: int, replicas: int, first: int, local: int | None) -> None:
        local = replicas - first if local is None else local
        if batch_size < 1 or replicas < 1 or batch_size % replicas:
            raise ValueError(
                f"A global batch of {batch_size} does not divide into {replicas} replicas; "
                f"take a multiple of {replicas}."
            )
        if first < 0 or local < 1 or first + local > replicas:
            raise ValueError(f"first_replica={first} and local_replicas={local} must lie within {replicas} replicas.")
        self.batch_size, self.size, self.first, self.local = batch_size, batch_size // replicas, first, local

    def elements(self, start: int, stop: int) -> tf.data.Dataset:
        """Return step, indices and positions of every part, without pictures."""
        import tensorflow as tf

        @tf.autograph.experimental.do_not_convert
        def element(number: tf.Tensor) -> dict[str, tf.Tensor]:
            replica = self.first + number % self.local
            index = tf.ensure_shape(replica * self.size + tf.range(self.size, dtype=tf.int64), [self.size])
            step = number // self.local
            return {"step": step, "index": index, "position": step * self.batch_size + index}

        return tf.data.Dataset.range(start * self.local, stop * self.local).map(element)

    def keeps(self, position: tf.Tensor) -> tf.Tensor:
        """Return whether the picture at a global position belongs to this process."""
        replica = position % self.batch_size // self.size
        return (replica >= self.first) & (replica < self.first + self.local)


def check_labels(pictures: Pictures | StreamedPictures, labels: bool) -> None:
    """Raise `SourceError` if labels are wanted and the pictures have none."""
    if labels and not pictures.classes:
        raise SourceError("These pictures carry no labels; take a source that does, such as mnist or glyphs.")


def _taken(pictures: Pictures, positions: tf.Tensor, labels: bool) -> dict[str, tf.Tensor]:
    import tensorflow as tf

    examples = pictures.examples(positions, labels)
    return examples | {"image": tf.ensure_shape(examples["image"], [positions.shape[0], *pictures.shape])}


def _zip(elements: tf.data.Dataset, examples: tf.data.Dataset) -> tf.data.Dataset:
    import tensorflow as tf

    return tf.data.Dataset.zip((elements, examples)).map(lambda element, example: {**element, **example})


def _map(dataset: tf.data.Dataset, function: object) -> tf.data.Dataset:
    import tensorflow as tf

    # No function here needs AutoGraph, whose conversion takes seconds.
    plain = tf.autograph.experimental.do_not_convert(function)
    return dataset.map(plain, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def _finished(dataset: tf.data.Dataset) -> tf.data.Dataset:
    import tensorflow as tf

    return dataset.prefetch(tf.data.AUTOTUNE)
