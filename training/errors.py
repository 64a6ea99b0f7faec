"""The ways in which a command ends without its result."""


class InputError(ValueError):
    """What the user asked for cannot be done; the message says what was given, what is allowed, what to do.

    Commands print it as one line and exit with code 2.
    """


class RunError(RuntimeError):
    """A run failed under way; what was saved before stays. Commands print it and exit with code 1."""


class DivergedError(RunError):
    """The loss is no longer a finite number."""


class CollapsedError(RunError):
    """The networks have stopped learning from each other."""


class Interrupted(BaseException):
    """A signal asked a command to stop.

    Attributes:
        number: the signal's number.
        step: the step at which a run was saved; None where none was under way.
    """

    def __init__(self, number: int, step: int | None = None) -> None:
        super().__init__(number, step)
        self.number = number
        self.step = step
