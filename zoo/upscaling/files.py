"""Enlarge picture files and folders of them."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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

from zoo.command_line import CommandError, one_line
from zoo.imaging import (
    PIXEL_LIMIT,
    Encoding,
    Metadata,
    Picture,
    PictureError,
    SeveralPicturesError,
    check_encoding,
    check_writable,
    fitted,
    has_loss,
    read_picture,
    write_picture,
)
from zoo.system.quiet_tensorflow import choose_settings, start_tensorflow
from zoo.upscaling.enlarger import check_model_file, check_name, create_enlarger, is_model_file
from zoo.upscaling.jobs import Job, Outcome, check_target, job_of_file, jobs_of_folder, reason_of
from zoo.upscaling.picture import Tile, enlarge_picture
from zoo.upscaling.sizes import Size, final_size, remark_on_stretching

if TYPE_CHECKING:
    from zoo.upscaling.enlarger import Enlarger


@dataclass(frozen=True)
class Settings:
    """Say how pictures are read, enlarged and written.

    Attributes:
        tile: as for `zoo.upscale`.
        size: as for `zoo.upscale`.
        most_pixels: the largest number of pixels of a file that is read.
        keep_metadata: keep resolution, EXIF and XMP; what says how colours look is always kept.
        encoding: of formats with loss.
    """

    tile: Tile = "auto"
    size: Size | None = None
    most_pixels: int = PIXEL_LIMIT
    keep_metadata: bool = True
    encoding: Encoding = field(default_factory=Encoding)


def upscale_files(
    source: Path,
    target: Path,
    model: str,
    settings: Settings = Settings(),
    *,
    force: bool = False,
    skip_existing: bool = False,
    modules: Sequence[str] = (),
) -> Outcome:
    """Enlarge a picture file, or all those in a folder and below, with a progress bar on a terminal.

    Links are followed. Hidden files and folders are ignored.

    Args:
        source: a file or a folder.
        target: for a file, the file to write, whose suffix decides its format; for a folder, the folder to write to,
            in which sub-folders and names are the same. Only a name whose suffix stands for no format that is written
            is followed by `.png`.
        model: a name as for `zoo.upscale`, or the path of a `.keras` or `.h5` file.
        settings: how pictures are read, enlarged and written.
        force: replace files that exist.
        skip_existing: skip pictures whose targets exist.
        modules: names of modules that define custom layers of a model's file, to import before it is loaded.

    Raises:
        PictureError: nothing can be written: a file is broken or exists already, or one folder lies in the other.
        UnknownNameError: there is no such published model, or it does not enlarge pictures.
        CommandError: the file of a model cannot be used.
        VerificationError: a published file differs from the index.
        OSError: the file could not be written, or nothing in the folder can be read.
        MemoryError: the picture needs more memory than there is.
    """
    own = _enlarger_of_file(model, settings.tile, modules) if is_model_file(model) else None
    scale = own.scale if own else check_name(model)
    outcome = Outcome(remarks=[own.note] if own and own.note and settings.tile != "off" else [])
    single = not source.is_dir()
    jobs = [job_of_file(source, target)] if single else jobs_of_folder(source, target, outcome)
    if skip_existing:
        wanted = [job for job in jobs if not job.is_done()]
        outcome.skipped, jobs = len(jobs) - len(wanted), wanted
    if not jobs:
        return outcome
    ready = None
    if single:
        check_target(jobs[0], force)
        # Read the picture before TensorFlow takes seconds to start, so that errors are reported at once. But TensorFlow
        # itself reads a PNG of 16 bits.
        choose_settings()
        ready = _read(jobs[0], scale, settings)
    start_tensorflow()
    import tensorflow as tf

    enlarger = own or create_enlarger(model)
    with _progress() as bar:
        pictures = bar.add_task("pictures", total=len(jobs), visible=not single)
        for job in jobs:
            current = bar.add_task(escape(one_line(job.source.name)), total=None)
            try:
                check_target(job, force)
                picture, remarks = ready or _read(job, scale, settings)
                _enlarge(job, picture, enlarger, settings, partial(_started, bar, current))
                outcome.done += 1
                outcome.remarks += remarks
            except (PictureError, OSError, MemoryError, tf.errors.OpError) as error:
                if single and isinstance(error, PictureError | OSError):
                    raise
                if single:
                    raise MemoryError(reason_of(error)) from error
                several = isinstance(error, SeveralPicturesError)
                (outcome.left_out if several else outcome.failed).append((job.source, reason_of(error)))
            bar.remove_task(current)
            bar.advance(pictures)
    return outcome


def _enlarger_of_file(model: str, tile: Tile, modules: Sequence[str]) -> "Enlarger":
    check_model_file(model)
    start_tensorflow()
    try:
        enlarger = create_enlarger(model, modules)
    except ValueError as error:
        raise CommandError(str(error)) from error
    if enlarger.halo is None and tile != "off":
        raise CommandError(f"{enlarger.note}; give --tile off to enlarge whole pictures at once")
    return enlarger


def _read(job: Job, scale: int, settings: Settings) -> tuple[Picture, list[str]]:
    """Read the picture of a job and check that its enlargement can be written, and with which metadata."""
    check_encoding(job.target, settings.encoding)
    picture = read_picture(job.source, settings.most_pixels)
    if not settings.keep_metadata:
        picture = dataclasses.replace(picture, metadata=Metadata())
    picture, remarks = fitted(job.target, picture)
    if settings.encoding.quality != Encoding.quality and not has_loss(job.target):
        remarks = [*remarks, f"{job.target} loses nothing, so --quality does not matter"]
    height, width, channels = picture.pixels.shape
    if stretched := remark_on_stretching(width, height, settings.size):
        remarks = [*remarks, f"{job.source}: {stretched}"]
    try:
        width, height = final_size(width, height, scale, settings.size)
    except PictureError as error:
        raise PictureError(f"{job.source}: {error}") from error
    check_writable(job.target, (height, width, channels), picture.pixels.dtype, picture.profile)
    return picture, remarks


def _enlarge(
    job: Job,
    picture: Picture,
    enlarger: "Enlarger",
    settings: Settings,
    started: Callable[[int], Callable[[int], None]],
) -> None:
    advance = started(picture.pixels.shape[0] * picture.pixels.shape[1])
    pixels = enlarge_picture(picture.pixels, enlarger, settings.tile, advance, settings.size)
    job.target.parent.mkdir(parents=True, exist_ok=True)
    write_picture(job.target, dataclasses.replace(picture, pixels=pixels), settings.encoding)


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
