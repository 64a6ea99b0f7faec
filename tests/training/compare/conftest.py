import pytest

from tests.helpers.comparison_files import write_comparison


@pytest.fixture
def comparison(tmp_path):
    return write_comparison(tmp_path / "runs" / "compare" / "ae" / "glyphs")
