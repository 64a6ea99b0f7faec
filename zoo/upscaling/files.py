"""Enlarging picture files and folders of them."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from zoo.imaging import SUFFIXES, Picture, PictureError, check_writable, format_of, read_picture, write_picture
from zoo.system.quiet_tensorflow import start_tensorflow
from zoo.upscaling.enlarger import check_name, enlarger
from zoo.upscaling.picture import Tile, enlarge_picture

if TYPE_CHECKING:
    from zoo.upscaling.enlarger import Enlarger


@dataclass(frozen=True)
class Job:
    """One picture file and the file to make of it."""

    source: Path
    target: Path


def upscale_files(
    source: Path, target: Path, model: str, *, tile: Tile = "auto", force: bool = False
) -> list[tuple[Path, str]]:
    """Enlarge a PNG, JPEG or WebP file, or all those in a folder and below, with a progress bar on a terminal.

    Of what a file says about its picture, the colour profile is kept and the rest, such as a camera's settings, is
    not. Hidden files, and files with other suffixes, are left alone.

    Args:
        source: a file or a folder.
        target: a file, whose suffix decides its format, for a file; for a folder a folder, in which sub-folders and
            names are kept.
        model: as for `zoo.upscale`.
        tile: as for `zoo.upscale`.
        force: replace files that exist.

    Returns:
        Of a folder the files that failed and the folders that cannot be read, and why; the others are done.

    Raises:
        PictureError: nothing can be done: a file that is broken or exists already, or folders that do not fit.
        UnknownNameError: no such published model, or not one that enlarges pictures.
        VerificationError: a published file differs from the index.
        OSError: the file could not be written, or nothing in the folder can be read.
        MemoryError: the picture needs more memory than there is.
    """
    scale = check_name(model)
    unread: list[OSError] = []
    jobs = list(_jobs(source, target, unread))
    alone, ready = not source.is_dir(), None
    if alone:
        _check_target(jobs[0], force)
        # What is wrong with the picture is said at once, before TensorFlow takes its seconds.
        ready = _read(jobs[0], scale)
    start_tensorflow()
    import tensorflow as tf

    chosen = enlarger(model)
    failures = [(Path(error.filename), _reason(error)) for error in unread]
    with _progress() as bar:
        pictures = bar.add_task("pictures", total=len(jobs), visible=not alone)
        for job in jobs:
            shown = bar.add_task(escape(job.source.name), total=None)
            try:
                _check_target(job, force)
                picture = ready or _read(job, scale)
                _enlarge(job, picture, chosen, tile, partial(_started, bar, shown))
            except (PictureError, OSError, MemoryError, tf.errors.OpError) as error:
                if alone and isinstance(error, PictureError | OSError):
                    raise
                if alone:
                    raise MemoryError(_reason(error)) from error
                failures.append((job.source, _reason(error)))
            bar.remove_task(shown)
            bar.advance(pictures)
    return failures


def _jobs(source: Path, target: Path, unread: list[OSError]) -> Iterator[Job]:
    if not source.exists():
        raise PictureError(f"{source} does not exist")
    if not source.is_dir():
        yield _one(source, target)
        return
    if target.exists() and not target.is_dir():
        raise PictureError(f"{target} is a file; a folder of pictures goes into a folder")
    here, there = source.resolve(), target.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise PictureError(f"{target} and {source} must be folders of which none lies in the other")
    paths = sorted(_pictures(source, unread))
    if unread and not paths:
        raise unread[0]
    if not paths:
        raise PictureError(f"{source} holds no pictures ({', '.join(SUFFIXES)})")
    for path in paths:
        yield Job(path, target / path.relative_to(source))


def _one(source: Path, target: Path) -> Job:
    if not source.is_file():
        raise PictureError(f"{source} is no file and no folder")
    if target.is_dir():
        raise PictureError(f"{target} is a folder; name the file to write, such as {target / source.name}")
    format_of(target)
    if not target.parent.is_dir():
        raise PictureError(f"{target.parent} does not exist; make the folder first")
    return Job(source, target)


def _pictures(folder: Path, unread: list[OSError]) -> Iterator[Path]:
    for root, folders, names in os.walk(folder, onerror=unread.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(root, name)
            if path.suffix.lower() in SUFFIXES and not name.startswith(".") and _is_file(path, unread):
                yield path


def _is_file(path: Path, unread: list[OSError]) -> bool:
    try:
        return path.is_file()
    # Of a folder that may be listed and not entered.
    except OSError as error:
        unread.append(error)
        return False


def _check_target(job: Job, force: bool) -> None:
    if job.target.exists() and job.target.samefile(job.source):
        raise PictureError(f"{job.target} is the picture itself; write another file")
    if os.path.lexists(job.target) and not force:
        raise PictureError(f"{job.target} exists already; --force replaces it")


def _read(job: Job, scale: int) -> Picture:
    picture = read_picture(job.source)
    height, width, channels = picture.pixels.shape
    check_writable(job.target, (height * scale, width * scale, channels), picture.pixels.dtype, picture.profile)
    return picture


def _enlarge(
    job: Job, picture: Picture, chosen: "Enlarger", tile: Tile, started: Callable[[int], Callable[[int], None]]
) -> None:
    advance = started(picture.pixels.shape[0] * picture.pixels.shape[1])
    large = Picture(enlarge_picture(picture.pixels, chosen, tile, advance), picture.profile)
    job.target.parent.mkdir(parents=True, exist_ok=True)
    write_picture(job.target, large)


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _started(bar: Progress, task: TaskID, total: int) -> Callable[[int], None]:
    bar.update(task, total=total)
    return lambda pixels: bar.advance(task, pixels)


def _reason(error: BaseException) -> str:
    if isinstance(error, PictureError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")
    return "there is not enough memory for this picture; --tile auto or a smaller tile needs less"
