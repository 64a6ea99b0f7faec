"""Test that the table of reliability keeps and replaces rows."""

import csv
import datetime

from benchmarks.robustness.reliability import Trial, record


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_rows_are_replaced_by_what_and_the_others_stay(tmp_path):
    path = tmp_path / "results" / "reliability.csv"
    record([Trial("b", 10, 9, 1, 2.345, "make b COUNT=10"), Trial("c", 5, 5, 0, 1.0, "make c")], path)
    before = read(path)
    assert [(row["what"], row["tried"], row["survived"], row["lost"]) for row in before] == [
        ("b", "10", "9", "1"),
        ("c", "5", "5", "0"),
    ]
    assert before[0]["seconds"] == "2.3"
    assert before[0]["command"] == "make b COUNT=10"
    assert before[0]["date"] == datetime.date.today().isoformat()
    # A row that another machine measured keeps that machine's facts.
    path.write_text(path.read_text().replace(before[0]["processor"], "another"))
    record([Trial("a", 1, 1, 0, 1.0, "make a"), Trial("c", 6, 5, 1, 1.0, "make c")], path)
    after = read(path)
    assert [row["what"] for row in after] == ["a", "b", "c"]
    assert after[1] == before[0] | {"processor": "another"}
    assert (after[2]["tried"], after[2]["processor"]) == ("6", before[0]["processor"])
