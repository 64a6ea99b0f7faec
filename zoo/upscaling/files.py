"""Enlarge picture files and folders of them."""

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

from zoo.command_line import one_line
from zoo.imaging import SUFFIXES, Picture, PictureError, check_writable, format_of, read_picture, write_picture
from zoo.system.files import LONGEST_NAME
from zoo.system.quiet_tensorflow import start_tensorflow
from zoo.upscaling.enlarger import check_name, create_enlarger
from zoo.upscaling.picture import Tile, enlarge_picture

if TYPE_CHECKING:
    from zoo.upscaling.enlarger import Enlarger


@dataclass(frozen=True)
class Job:
    """Name a picture file and the file to write its enlargement to."""

    source: Path
    target: Path


def upscale_files(
    source: Path, target: Path, model: str, *, tile: Tile = "auto", force: bool = False
) -> list[tuple[Path, str]]:
    """Enlarge a PNG, JPEG or WebP file, or all those in a folder and below, with a progress bar on a terminal.

    The colour profile of a file is kept; other metadata, such as a camera's settings, is not. Hidden files and files
    with other suffixes are ignored.

    Args:
        source: a file or a folder.
        target: for a file, the file to write, whose suffix decides its format; for a folder, the folder to write to,
            in which sub-folders and names are the same.
        model: as for `zoo.upscale`.
        tile: as for `zoo.upscale`.
        force: replace files that exist.

    Returns:
        For a folder: the files that failed and the folders that could not be read, each with a reason. All other files
        are written.

    Raises:
        PictureError: nothing can be written: a file is broken or exists already, or one folder lies in the other.
        UnknownNameError: there is no such published model, or it does not enlarge pictures.
        VerificationError: a published file differs from the index.
        OSError: the file could not be written, or nothing in the folder can be read.
        MemoryError: the picture needs more memory than there is.
    """
    scale = check_name(model)
    unread: list[OSError] = []
    jobs = list(_jobs(source, target, unread))
    single, ready = not source.is_dir(), None
    if single:
        _check_target(jobs[0], force)
        # Read the picture before TensorFlow takes seconds to start, so that errors are reported at once.
        ready = _read(jobs[0], scale)
    start_tensorflow()
    import tensorflow as tf

    enlarger = create_enlarger(model)
    failures = [(Path(error.filename), _reason(error)) for error in unread]
    with _progress() as bar:
        pictures = bar.add_task("pictures", total=len(jobs), visible=not single)
        for job in jobs:
            current = bar.add_task(escape(one_line(job.source.name)), total=None)
            try:
                _check_target(job, force)
                picture = ready or _read(job, scale)
                _enlarge(job, picture, enlarger, tile, partial(_started, bar, current))
            except (PictureError, OSError, MemoryError, tf.errors.OpError) as error:
                if single and isinstance(error, PictureError | OSError):
                    raise
                if single:
                    raise MemoryError(_reason(error)) from error
                failures.append((job.source, _reason(error)))
            bar.remove_task(current)
            bar.advance(pictures)
    return failures


def _jobs(source: Path, target: Path, unread: list[OSError]) -> Iterator[Job]:
    """Yield the job of a file or those of a folder; errors of folders that cannot be read are added to `unread`."""
    if not source.exists():
        raise PictureError(f"{source} does not exist")
    if not source.is_dir():
        yield _job_of_file(source, target)
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


def _job_of_file(source: Path, target: Path) -> Job:
    if not source.is_file():
        raise PictureError(f"{source} is neither a file nor a folder")
    _check_name(target)
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
    # The folder may be listed but not entered.
    except OSError as error:
        unread.append(error)
        return False


def _check_target(job: Job, force: bool) -> None:
    _check_name(job.target)
    if job.target.exists() and job.target.samefile(job.source):
        raise PictureError(f"{job.target} is the picture itself; write another file")
    if os.path.lexists(job.target) and not force:
        raise PictureError(f"{job.target} exists already; --force replaces it")


def _check_name(target: Path) -> None:
    length = len(os.fsencode(target.name))
    if length > LONGEST_NAME:
        raise PictureError(f"{target} has a name of {length} bytes; at most {LONGEST_NAME} are possible")


def _read(job: Job, scale: int) -> Picture:
    """Read the picture of a job and check that its enlargement can be written."""
    picture = read_picture(job.source)
    height, width, channels = picture.pixels.shape
    check_writable(job.target, (height * scale, width * scale, channels), picture.pixels.dtype, picture.profile)
    return picture


def _enlarge(
    job: Job, picture: Picture, enlarger: "Enlarger", tile: Tile, started: Callable[[int], Callable[[int], None]]
) -> None:
    advance = started(picture.pixels.shape[0] * picture.pixels.shape[1])
    large = Picture(enlarge_picture(picture.pixels, enlarger, tile, advance), picture.profile)
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
    """Set the number of pixels of a task and return a function that adds finished ones."""
    bar.update(task, total=total)
    return lambda pixels: bar.advance(task, pixels)


def _reason(error: BaseException) -> str:
    if isinstance(error, PictureError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")
    return "there is not enough memory for this picture; --tile auto or a smaller tile needs less"
