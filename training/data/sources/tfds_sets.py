"""Find TensorFlow Datasets image sets: builders, prepared files and download addresses."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.data.errors import SourceError
from zoo.system.hosts import host_of

IMAGE_KEYS = ("image", "hr")
"""Names of features that may hold the picture; div2k calls its high-resolution pictures hr."""

_NAME = re.compile(r"(?P<name>[a-z]\w*)(/(?P<config>[\w.-]+))?(:(?P<version>\d+\.\d+\.\d+))?", re.ASCII)


@dataclass(frozen=True)
class SetName:
    """Hold the parts of a TFDS name, name[/config][:version].

    Attributes:
        text: the whole name.
        name: of the set alone.
        config: of the builder, or None.
        version: such as `3.0.1`, or None.
    """

    text: str
    name: str
    config: str | None
    version: str | None

    @property
    def options(self) -> dict[str, str]:
        """Return the arguments of a builder that the name determines."""
        given = {"config": self.config, "version": self.version}
        return {key: value for key, value in given.items() if value}


def parse_set_name(text: str) -> SetName | None:
    """Return the parts of a name, or None if `text` cannot be the name of a TFDS set."""
    match = _NAME.fullmatch(text)
    return SetName(text, **match.groupdict()) if match else None


def data_folders() -> list[Path]:
    """Return the folders to search for prepared sets, in order; a download goes to the first."""
    named = os.environ.get("TFDS_DATA_DIR")
    folders = [Path(named).expanduser()] if named else []
    return [*folders, Path.home() / "tensorflow_datasets"]


def registered_names() -> list[str]:
    """Return the names of all sets that the installed TFDS can prepare."""
    return list(_tfds().list_builders(with_community_datasets=False))


def builder_class(name: SetName) -> Any | None:
    """Return the class that prepares a set, or None if TFDS has none of that name.

    Raises:
        SourceError: the class needs a package that is not installed.
    """
    tfds = _tfds()
    try:
        return tfds.builder_cls(name.name)
    except tfds.core.DatasetNotFoundError:
        return None
    except ImportError as error:
        raise SourceError(f"The TFDS set {name.text} needs a package that is missing: {error}.") from error


def seems_image_set(name: str) -> bool:
    """Return whether a registered set has pictures, judged by its source text.

    Asking its builder would be exact, but some builders import TensorFlow, which takes seconds.
    """
    try:
        module = sys.modules[_tfds().builder_cls(name).__module__]
    except ImportError:
        return False
    return any(f"features.{kind}(" in inspect.getsource(module) for kind in ("Image", "LabeledImage"))


def new_builder(name: SetName, folder: Path) -> Any | None:
    """Return a builder that reads or writes the set under `folder`, or None if TFDS has none of that name.

    It needs neither TensorFlow nor a network.

    Raises:
        SourceError: there is no such configuration or version, or a package is missing.
    """
    builder = builder_class(name)
    if builder is None:
        return None
    try:
        return builder(data_dir=str(folder), **name.options)
    except (ValueError, AssertionError, ImportError) as error:
        raise SourceError(f"The TFDS set {name.text} cannot be opened: {_first_line(error)}") from error


def find_prepared(name: SetName) -> Any | None:
    """Return the builder of a set that is prepared in one of the data folders, or None.

    Sets and versions that the installed TFDS does not know are found too.
    """
    tfds = _tfds()
    for folder in data_folders():
        if not (folder / name.name).is_dir():
            continue
        builder = new_builder(name, folder)
        if builder is not None and builder.is_prepared():
            return builder
        try:
            return tfds.core.read_only_builder.builder_from_files(name.name, data_dir=str(folder), **name.options)
        except tfds.core.DatasetNotFoundError:
            continue
    return None


def image_key(name: str, builder: Any) -> str:
    """Return the name of the feature that holds the picture.

    Raises:
        SourceError: the set has no 8-bit pictures.
    """
    features = dict(builder.info.features or {})
    for key in IMAGE_KEYS:
        feature = features.get(key)
        if isinstance(feature, _tfds().features.Image) and np.dtype(feature.np_dtype) == np.uint8:
            return key
    raise SourceError(
        f"The TFDS set {name} has no 8-bit pictures under {' or '.join(IMAGE_KEYS)} "
        f"(it has {', '.join(features) or 'no named features'}); choose an image set."
    )


def download_url(builder: Any) -> str | None:
    """Return one address at the host of most of the download, or None if TFDS lists no address."""
    sizes: Counter[str] = Counter()
    first: dict[str, str] = {}
    for url, info in (builder.url_infos or {}).items():
        sizes[host_of(url)] += int(info.size or 0)
        first.setdefault(host_of(url), url)
    return first[sizes.most_common(1)[0][0]] if sizes else None


def _tfds() -> Any:
    import tensorflow_datasets as tfds

    return tfds


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
