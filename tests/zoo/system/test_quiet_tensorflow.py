"""Check that TensorFlow's notices are held back, and nothing else that is written to stderr."""

import os
import sys
import threading

import pytest

from zoo.system.quiet_tensorflow import LOG_LEVEL, silent, without_notices


@pytest.fixture(autouse=True)
def before_tensorflow(monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.delenv(LOG_LEVEL, raising=False)


def notice():
    os.write(2, b"oneDNN custom operations are on\n")


def test_what_native_code_prints_during_the_import_is_held_back(capfd):
    before = dict(os.environ)
    with without_notices():
        notice()
    assert dict(os.environ) == before
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_log_level_0_shows_it(capfd, monkeypatch):
    monkeypatch.setenv(LOG_LEVEL, "0")
    with without_notices():
        notice()
    assert capfd.readouterr().err == "oneDNN custom operations are on\n"


def test_it_is_shown_if_the_import_fails(capfd):
    with pytest.raises(ImportError), without_notices():
        notice()
        raise ImportError
    assert capfd.readouterr().err == "oneDNN custom operations are on\n"


def test_a_later_import_holds_nothing_back(capfd, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    with without_notices():
        notice()
    assert capfd.readouterr().err == "oneDNN custom operations are on\n"


@pytest.mark.parametrize("lacking", ["stderr", "temporary folder"])
def test_it_works_without_a_console_and_without_a_temporary_folder(lacking, capfd, monkeypatch):
    def no_file():
        raise FileNotFoundError("no usable temporary directory")

    if lacking == "stderr":
        monkeypatch.setattr(sys, "stderr", None)
    else:
        monkeypatch.setattr("tempfile.TemporaryFile", no_file)
    with without_notices():
        notice()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_a_program_that_has_closed_stderr_goes_on():
    before = os.dup(2)
    try:
        os.close(2)
        with without_notices():
            pass
    finally:
        os.dup2(before, 2)
        os.close(before)


def test_two_threads_leave_stderr_as_it_was(capfd):
    entered, left = threading.Event(), threading.Event()

    def first():
        with silent():
            entered.set()
            # The second thread waits until this one has restored stderr, so that this wait is not answered.
            left.wait(0.2)

    def second():
        entered.wait(5)
        with silent():
            left.set()

    threads = [threading.Thread(target=each) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
