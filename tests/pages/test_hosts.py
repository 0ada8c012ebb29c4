"""By which names the server goes, as `--server.allowedHosts` says; test_forged.py has the real server."""

import pytest
from streamlit import config

from pages.server import hosts


@pytest.fixture
def allowed():
    """Set server.allowedHosts for a test."""
    yield lambda *names: config.set_option("server.allowedHosts", list(names))
    config.set_option("server.allowedHosts", [])


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8501", "127.0.0.1:80", "10.1.2.3", "[::1]:8501"])
def test_loopback_names_and_addresses_are_known_by_default(host):
    assert hosts.is_known(host)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost@evil.example", "evil.example/localhost", "localhost:x", "[::1", "", "127.0.0.1 ", "a b"]
    + ["localhost:99999", "2130706433.evil.example", "127.0.0.1\tx", "localhost,evil.example"],
)
def test_other_names_and_what_is_no_name_are_not(host):
    assert not hosts.is_known(host)


def test_named_hosts_are_known_and_no_others(allowed):
    allowed("course.example.org", "*.Lab.example")
    assert hosts.is_known("Course.example.org:8443") and hosts.is_known("a.lab.example")
    assert not hosts.is_known("lab.example") and not hosts.is_known("evil.example") and not hosts.is_known("localhost")
    allowed("*")
    assert hosts.is_known("evil.example") and not hosts.is_known("")
