"""Define the errors with which a command ends without its result."""


class InputError(ValueError):
    """Refuse a request of the user; the message says what was given, what is allowed and what to do.

    Commands print it as one line and exit with code 2.
    """


class RunError(RuntimeError):
    """Report a run that failed; what it saved before stays. Commands print the message and exit with code 1."""


class DivergedError(RunError):
    """Report that the loss or a weight is no longer a finite number."""


class CollapsedError(RunError):
    """Report that a generator and its discriminator have stopped learning from each other."""


class Interrupted(BaseException):
    """Stop a command because of a signal.

    Attributes:
        number: the signal's number.
        step: the step at which a run was saved; None if no run was in progress.
    """

    def __init__(self, number: int, step: int | None = None) -> None:
        super().__init__(number, step)
        self.number = number
        self.step = step
