"""The plugin that holds tests and requirements against each other."""

from pathlib import Path

import pytest

from tests.support.requirements import Requirement, load, problems

ROWS = {
    "solid#a": Requirement("solid#a", "M", "HTTP", "Does a."),
    "solid#b": Requirement("solid#b", "S", "HTTP", "Does b."),
    "solid#c": Requirement("solid#c", "M", "HTTP", "Does c.", excluded="later"),
    "solid#d": Requirement("solid#d", "Y", "HTTP", "Does d.", declined="never"),
}
ROW = '[[requirement]]\nid = "solid#a"\nlevel = "M"\nsection = "HTTP"\ntext = "Does a."\n'


def test_every_row_of_the_real_file_is_well_formed():
    assert len(load()) > 100


def test_a_full_run_misses_rows_without_a_test():
    assert problems(ROWS, {"solid#a": ["t"]}, full=True) == ["solid#b: no test observes it"]


def test_a_partial_run_does_not():
    assert problems(ROWS, {}, full=False) == []


def test_an_unknown_id_is_a_problem_in_any_run():
    assert problems(ROWS, {"solid#x": ["test_x"]}, full=False) == ["solid#x: no such row, named by test_x"]


def test_an_excluded_row_that_has_a_test_is_no_longer_excluded():
    assert problems(ROWS, {"solid#c": ["t"]}, full=False) == ["solid#c: excluded, yet a test names it"]


def test_a_declined_row_that_has_a_test_is_no_longer_declined():
    assert problems(ROWS, {"solid#d": ["t"]}, full=False) == ["solid#d: declined, yet a test names it"]


@pytest.mark.parametrize(
    "text",
    [
        ROW + ROW,
        ROW.replace('"M"', '"MUST"'),
        ROW.replace("Does a.", ""),
        ROW.replace("section", "sektion"),
        '[[requirement]]\nid = "solid#a"\n',
    ],
)
def test_a_bad_row_is_refused(tmp_path: Path, text: str):
    file = tmp_path / "rows.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"solid#a|missing"):
        load(file)


@pytest.mark.parametrize("parallel", [[], ["-n", "1"]])
@pytest.mark.parametrize(("named", "status"), [("solid#a", 0), ("solid#b", 1)])
def test_a_run_fails_for_an_unknown_id(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, named: str, status: int, parallel: list[str]
):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    rows = pytester.makefile(".toml", rows=ROW)
    pytester.makeini("[pytest]\nmarkers = requirement(id): a row\n")
    pytester.makepyfile(f"import pytest\n@pytest.mark.requirement('{named}')\ndef test_it(): pass\n")
    options = ["-p", "tests.support.requirements", "--all-requirements", "--requirements", str(rows), *parallel]
    result = pytester.runpytest_subprocess(*options)
    assert result.ret == status
    assert ("no such row" in result.stdout.str()) is bool(status)
