"""A build of the data browser comes to this machine as it was published, or not at all."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from click.testing import CliRunner

from pod.cli.main import main
from pod.config import Config, ConfigError
from pod.operator import data_browser_package
from pod.operator.data_browser import Build, check_data_browser, is_wanted, packed
from pod.operator.data_browser_package import PackageRefused, install
from pod.operator.findings import Level
from tests.support.builds import FILES, PAGE, build, package

WANTED = {"0f1e.png", "77aa.js", "841.mashlib.min.js", "88bb.js", "mash.css", "mashlib.min.js"}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    install(tmp_path / "mashlib.tgz", tmp_path / "b", package(tmp_path / "mashlib.tgz"))
    return tmp_path / "b"


def test_what_is_installed_is_what_was_published(installed: Path):
    found = Build.read(installed)
    assert (found.page, found.version, set(found.files)) == (PAGE, "2.9.9", WANTED)
    assert all(each.plain() == FILES[name] for name, each in found.files.items())


def test_a_directory_with_a_build_does_as_well(installed: Path, tmp_path: Path):
    of_ones_own = Build.read(build(tmp_path / "dist"))
    assert (of_ones_own.page, of_ones_own.version) == (PAGE, None)
    assert of_ones_own.files == Build.read(installed).files


def test_a_package_that_nobody_vouches_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    digest = package(tmp_path / "mashlib.tgz")
    with pytest.raises(PackageRefused, match="give it with --integrity") as refused:
        install(tmp_path / "mashlib.tgz", tmp_path / "b")
    assert digest in str(refused.value)
    assert not (tmp_path / "b").exists()
    monkeypatch.setitem(data_browser_package.RELEASES, "2.9.9", digest)
    assert install(tmp_path / "mashlib.tgz", tmp_path / "b") == "2.9.9"


def test_one_changed_byte_makes_another_package(tmp_path: Path):
    digest = package(tmp_path / "mashlib.tgz")
    package(tmp_path / "mashlib.tgz", {**FILES, "mash.css": b"body { margin: 1 }"})
    with pytest.raises(PackageRefused, match="another package"):
        install(tmp_path / "mashlib.tgz", tmp_path / "b", digest)


@pytest.mark.parametrize("missing", ["databrowser.html", "mashlib.min.js", "mash.css"])
def test_what_could_not_be_shown_is_not_installed(tmp_path: Path, missing: str):
    digest = package(tmp_path / "mashlib.tgz", {name: FILES[name] for name in FILES if name != missing})
    with pytest.raises(PackageRefused, match=missing):
        install(tmp_path / "mashlib.tgz", tmp_path / "b", digest)
    with pytest.raises(ConfigError, match="data_browser"):
        Build.read(tmp_path / "b")


def test_other_packages_and_other_files_are_refused(tmp_path: Path):
    digest = package(tmp_path / "other.tgz", name="mash-potato")
    with pytest.raises(PackageRefused, match="something else"):
        install(tmp_path / "other.tgz", tmp_path / "b", digest)
    (tmp_path / "text").write_bytes(b"no package")
    with pytest.raises(PackageRefused, match="digest is") as refused:
        install(tmp_path / "text", tmp_path / "b")
    digest = str(refused.value).split("digest is ")[1].split(". If")[0]
    with pytest.raises(PackageRefused, match="no package of npm"):
        install(tmp_path / "text", tmp_path / "b", digest)


def test_names_that_lead_elsewhere_are_passed_over(tmp_path: Path):
    evil = {"../../evil.js": b"1", "a/evil.js": b"1", ".evil.js": b"1", **FILES}
    links = {"package/dist/evil.css": "/etc/passwd"}
    install(tmp_path / "mashlib.tgz", tmp_path / "b", package(tmp_path / "mashlib.tgz", evil, links=links))
    assert set(Build.read(tmp_path / "b").files) == WANTED
    assert not list(tmp_path.rglob("*evil*"))


def test_what_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    digest = package(tmp_path / "mashlib.tgz")
    monkeypatch.setattr(data_browser_package, "UNPACKED_BYTES_MAX", 1000)
    with pytest.raises(PackageRefused, match="holds more"):
        install(tmp_path / "mashlib.tgz", tmp_path / "b", digest)
    monkeypatch.setattr(data_browser_package, "PACKAGE_BYTES_MAX", 100)
    with pytest.raises(PackageRefused, match="larger"):
        install(tmp_path / "mashlib.tgz", tmp_path / "b", digest)


def test_installing_again_replaces_all_of_it(tmp_path: Path, installed: Path):
    smaller = {name: FILES[name] for name in FILES if name != "0f1e.png"}
    install(tmp_path / "mashlib.tgz", installed, package(tmp_path / "mashlib.tgz", smaller))
    assert set(Build.read(installed).files) == WANTED - {"0f1e.png"}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b", "mashlib.tgz"]


@pytest.mark.parametrize("content", [b"", b"not compressed", gzip.compress(PAGE.encode())[:-9]])
def test_a_damaged_file_is_told(installed: Path, content: bytes):
    (installed / "databrowser.html.gz").write_bytes(content)
    with pytest.raises(ConfigError, match="no build can be read"):
        Build.read(installed)


@pytest.mark.parametrize(
    "name",
    [
        "mashlib.js",
        "841.mashlib.js",
        "browse.html",
        "browse-test.html",
        "x.map",
        "x.exe",
        ".css",
        "a/b.css",
        "x" * 200 + ".css",
        "",
    ],
)
def test_browsers_get_only_what_they_need(name: str):
    assert not is_wanted(name)


def test_a_file_is_compressed_to_the_same_bytes_each_time():
    assert packed(b"x" * 1000) == packed(b"x" * 1000)


# -- the command and the doctor ----------------------------------------------------------------------------------------


def test_the_command_installs_for_the_setting(tmp_path: Path):
    digest = package(tmp_path / "mashlib.tgz")
    words = ["data-browser", "install", str(tmp_path / "mashlib.tgz"), "--data", str(tmp_path / "data")]
    refused = CliRunner().invoke(main, words)
    assert (refused.exit_code, digest in refused.output) == (1, True)
    done = CliRunner().invoke(main, [*words, "--integrity", digest])
    assert (done.exit_code, "mashlib 2.9.9 is installed" in done.output) == (0, True)
    config = Config(data=tmp_path / "data", placement="subdomain", data_browser="mashlib")
    assert Build.read(config.data_browser_directory).version == "2.9.9"


@pytest.mark.parametrize(
    ("setting", "level", "said"),
    [("mashlib", Level.OK, "mashlib 2.9.9 is shown"), ("/nowhere", Level.PROBLEM, "/nowhere")],
)
def test_the_doctor_looks_whether_it_is_there(tmp_path: Path, setting: str, level: Level, said: str):
    config = Config(data=tmp_path, placement="subdomain", data_browser=setting)
    install(tmp_path / "mashlib.tgz", config.installed_data_browser, package(tmp_path / "mashlib.tgz"))
    (finding,) = check_data_browser(config)
    assert (finding.level, said in finding.text) == (level, True)


def test_the_doctor_says_nothing_where_it_is_off(tmp_path: Path):
    assert list(check_data_browser(Config(data=tmp_path))) == []


@pytest.mark.parametrize("placement", ["path", "root"])
def test_it_is_refused_where_more_than_one_pod_would_be_in_reach(placement: str):
    with pytest.raises(ConfigError, match=f"needs placement subdomain: with placement {placement}"):
        Config(placement=placement, data_browser="mashlib")  # type: ignore[arg-type]


def test_an_empty_setting_is_refused():
    with pytest.raises(ConfigError, match="off, mashlib, or a directory"):
        Config(placement="subdomain", data_browser="")
