"""Test that the cases of tests of faults are counted."""

from pathlib import Path

import pytest

from benchmarks.robustness.faults import TESTS, run_tests, trials

ROOT = Path(__file__).resolve().parents[3]
REPORT = """<testsuites><testsuite>
<testcase name="test_a_full_disk[log]" time="1.5"/>
<testcase name="test_a_full_disk[export]" time="2.0"><failure message="lost"/></testcase>
<testcase name="test_a_full_disk[checkpoint]" time="0.5"><skipped message="no disk"/></testcase>
<testcase name="test_no_room" time="0"><skipped message="no disk"/></testcase>
<testcase name="test_a_link" time="1.0"><error message="lost"/></testcase>
</testsuite></testsuites>"""


def test_cases_are_counted_by_test_and_what_was_not_tried_is_named(tmp_path):
    path = tmp_path / "report.xml"
    path.write_text(REPORT)
    rows, untried = trials("fault", path)
    found = [(row.what, row.tried, row.survived, row.lost, row.seconds) for row in rows]
    assert found == [("fault: a full disk", 2, 1, 1, 4.0), ("fault: a link", 1, 0, 1, 1.0)]
    assert untried == ["no room"]


def test_every_file_of_tests_is_there():
    assert all((ROOT / file).is_file() for files in TESTS.values() for file in files)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TESTS)
def test_all_tests_of_a_kind_can_be_run_together(kind, capfd):
    assert run_tests(TESTS[kind], "--collect-only") == 0
    listed = capfd.readouterr().out
    assert all(file in listed for file in TESTS[kind])
