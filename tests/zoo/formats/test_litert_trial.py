"""Test that a file which ends the process that runs it is refused, and that others pass."""

import pytest

from zoo.formats import litert_trial
from zoo.formats.errors import ExportError
from zoo.formats.litert_trial import try_alone


@pytest.mark.parametrize(("program", "refused"), [("import os; os.abort()", True), ("", False), ("1 / 0", False)])
def test_only_what_ends_its_process_is_refused(monkeypatch, program, refused):
    monkeypatch.setattr(litert_trial, "missing_packages", lambda _: [])
    monkeypatch.setattr(litert_trial, "_PROGRAM", program)
    if refused:
        with pytest.raises(ExportError, match="no kernels that compute all of this network in whole numbers"):
            try_alone(b"", [(1, 2)])
    else:
        try_alone(b"", [(1, 2)])


def test_nothing_is_tried_without_the_package(monkeypatch):
    monkeypatch.setattr(litert_trial, "missing_packages", list)
    monkeypatch.setattr(litert_trial, "_PROGRAM", "import os; os.abort()")
    try_alone(b"", [(1, 2)])
