"""Where settings come from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pod.config import Config, ConfigError, load


def toml(directory: Path, text: str) -> Path:
    file = directory / "freehold.toml"
    file.write_text(text)
    return file


def test_without_anything_the_defaults_hold():
    assert load(environ={}) == Config()


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path: Path):
    file = toml(tmp_path, "port = 1\nthreads = 2\nworkers = 3\n")
    config = load(file, {"FREEHOLD_PORT": "4", "FREEHOLD_THREADS": "5"}, port=6)
    assert (config.port, config.threads, config.workers) == (6, 5, 3)


def test_an_option_that_was_not_given_changes_nothing():
    assert load(None, {"FREEHOLD_PORT": "4"}, port=None).port == 4


@pytest.mark.parametrize(
    ("options", "base_url"),
    [
        ({}, "http://localhost:3000/"),
        ({"port": 3001}, "http://localhost:3001/"),
        ({"port": 3001, "base_url": "https://pods.example/"}, "https://pods.example/"),
        ({"port": 3001, "base_url": "http://localhost:3000/"}, "http://localhost:3000/"),
    ],
)
def test_the_base_url_follows_the_port_unless_it_is_given(options, base_url):
    assert load(None, {}, **options).base_url == base_url


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("dev", "true", True),
        ("dev", "0", False),
        ("threads", "8", 8),
        ("data", "/srv/pods", Path("/srv/pods")),
        ("trusted_proxies", "10.0.0.1 10.1.0.0/16", ("10.0.0.1", "10.1.0.0/16")),
        ("log_format", "json", "json"),
    ],
)
def test_a_variable_becomes_what_its_setting_is(name, text, value):
    assert getattr(load(None, {f"FREEHOLD_{name.upper()}": text}), name) == value


def test_a_list_in_the_file_becomes_a_tuple(tmp_path: Path):
    file = toml(tmp_path, 'trusted_proxies = ["10.0.0.1", "10.0.0.2"]')
    assert load(file, {}).trusted_proxies == ("10.0.0.1", "10.0.0.2")


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("DEV", "perhaps"),
        ("PORT", "many"),
        ("THREADS", "-1"),
        ("THREADS", "0"),
        ("GROUP_FETCHES_MAX", "0"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,192.168.0.0/16"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("PLACEMENT", "subdirectory"),
        ("DURABILITY", "none"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(variable, text):
    with pytest.raises(ConfigError, match=variable.lower()):
        load(None, {f"FREEHOLD_{variable}": text})


@pytest.mark.parametrize("text", ["prot = 1", "port = ", "[server]\nport = 1"])
def test_a_file_that_is_wrong_is_refused_by_name(tmp_path: Path, text):
    with pytest.raises(ConfigError, match=r"freehold\.toml"):
        load(toml(tmp_path, text), {})


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"none\.toml"):
        load(tmp_path / "none.toml", {})


@pytest.mark.parametrize(
    "base_url",
    [
        "localhost:3000",
        "http://localhost:3000",
        "ftp://a.example/",
        "https://a.example/pods/",
        "https://a.example/?q",
        "https://a.example/?",
        "https://a.example/#",
        "https://user@a.example/",
        "https://a example/",
        "HTTPS://a.example/",
        "https://A.example/",
        "http:///",
    ],
)
def test_a_base_url_is_an_origin_with_a_slash(base_url):
    with pytest.raises(ConfigError, match="base_url"):
        Config(base_url=base_url)
