"""What goes wrong with a source of pictures."""

from training.errors import InputError


class SourceError(InputError):
    """A source cannot be used: the message says what was given, what is allowed and what to do next."""


class SourceUnavailableError(SourceError):
    """A source is not on this machine and cannot be downloaded: `reason` says why in half a sentence."""

    def __init__(self, reason: str, remedy: str) -> None:
        """Say `reason`, then `remedy`, whole sentences on what to do."""
        super().__init__(f"{reason}. {remedy}")
        self.reason = reason
