"""Define the errors of sources of pictures."""

from training.errors import InputError


class SourceError(InputError):
    """Refuse a source; the message says what was given, what is allowed and what to do next."""


class SourceUnavailableError(SourceError):
    """Report a source that is not on this machine and cannot be downloaded.

    Attributes:
        reason: why, as a clause without a full stop.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        """Make a message of `reason`, a clause, and `remedy`, whole sentences that say what to do."""
        super().__init__(f"{reason}. {remedy}")
        self.reason = reason
