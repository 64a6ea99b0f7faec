"""Plan which files to enlarge, and record what became of them."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from zoo.imaging import SUFFIXES, PictureError, format_of
from zoo.system.files import LONGEST_NAME
from zoo.upscaling.folders import find_pictures


@dataclass(frozen=True)
class Job:
    """Name a picture file and the file to write its enlargement to."""

    source: Path
    target: Path

    def is_done(self) -> bool:
        """Return whether the target exists. Then all of it does: files appear only when they are whole."""
        return self.target.is_file() and not self.target.samefile(self.source)


@dataclass
class Outcome:
    """Say what became of every file.

    Attributes:
        done: the number of pictures that were enlarged.
        skipped: the number of pictures whose targets existed already.
        failed: files and folders that failed, each with the reason.
        left_out: files and folders that are not one still picture each, with the reason.
        hidden: the number of hidden files and folders, which are ignored.
        remarks: sentences about metadata that a file could not hold.
    """

    done: int = 0
    skipped: int = 0
    failed: list[tuple[Path, str]] = field(default_factory=list)
    left_out: list[tuple[Path, str]] = field(default_factory=list)
    hidden: int = 0
    remarks: list[str] = field(default_factory=list)


def job_of_file(source: Path, target: Path) -> Job:
    """Return the job of a file; raise `PictureError` if there is no such file or the target cannot be made."""
    if not source.exists():
        raise PictureError(f"{source} does not exist")
    if not source.is_file():
        raise PictureError(f"{source} is neither a file nor a folder")
    _check_name(target)
    if target.is_dir():
        raise PictureError(f"{target} is a folder; name the file to write, such as {target / target_name(source)}")
    format_of(target)
    if not target.parent.is_dir():
        raise PictureError(f"{target.parent} does not exist; make the folder first")
    return Job(source, target)


def jobs_of_folder(source: Path, target: Path, outcome: Outcome) -> list[Job]:
    """Return the jobs of a folder, and add what is not among them to `outcome`."""
    if target.exists() and not target.is_dir():
        raise PictureError(f"{target} is a file; a folder of pictures goes into a folder")
    if target.suffix.lower() in SUFFIXES and not target.exists():
        raise PictureError(
            f"{target} ends like a picture, but {source} is a folder, whose pictures go into a folder; name one, such "
            f"as {target.with_suffix('')}"
        )
    here, there = source.resolve(), target.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise PictureError(f"{target} and {source} must be folders of which none lies in the other")
    found = find_pictures(source, target)
    if found.unread and not found.pictures:
        raise found.unread[0]
    if not found.pictures:
        raise PictureError(f"{source} holds no pictures; {len(found.left_out)} other files or folders are in it")
    outcome.failed += [(Path(error.filename), reason_of(error)) for error in found.unread]
    outcome.left_out, outcome.hidden = found.left_out, found.hidden
    jobs: dict[Path, Job] = {}
    for path in found.pictures:
        place = (target / path.relative_to(source)).with_name(target_name(path))
        if place in jobs:
            outcome.failed.append((path, f"{path} would be written to {place}, as {jobs[place].source} is"))
        else:
            jobs[place] = Job(path, place)
    return list(jobs.values())


def target_name(source: Path) -> str:
    """Return the name of a picture's enlargement in a folder."""
    return source.name if source.suffix.lower() in SUFFIXES else f"{source.name}.png"


def check_target(job: Job, force: bool) -> None:
    """Raise `PictureError` if the target is the picture itself, or exists and may not be replaced."""
    _check_name(job.target)
    if job.target.exists() and job.target.samefile(job.source):
        raise PictureError(f"{job.target} is the picture itself; write another file")
    if os.path.lexists(job.target) and not force:
        raise PictureError(f"{job.target} exists already; --force replaces it, --skip-existing skips it")


def _check_name(target: Path) -> None:
    length = len(os.fsencode(target.name))
    if length > LONGEST_NAME:
        raise PictureError(f"{target} has a name of {length} bytes; at most {LONGEST_NAME} are possible")


def reason_of(error: BaseException) -> str:
    """Return what to say about an exception, in one sentence."""
    if isinstance(error, PictureError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")
    return "there is not enough memory for this picture; --tile auto or a smaller tile needs less"
