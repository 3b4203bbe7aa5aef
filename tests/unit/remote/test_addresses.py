import pytest

from pod.remote.addresses import may_contact

PUBLIC = ["1.1.1.1", "93.184.216.34", "192.0.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::8a",
          "64:ff9b::101:101", "::ffff:1.1.1.1"]  # fmt: skip

NOT_PUBLIC = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.9",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::1",
    "2002:c0a8:101::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0",
    "fec0::1", "ff02::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_contacted(address):
    assert may_contact(address, loopback=False)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_special_purpose_addresses_may_not(address):
    assert not may_contact(address, loopback=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_development_adds_loopback(address):
    assert may_contact(address, loopback=True)


@pytest.mark.parametrize(
    "address", [each for each in NOT_PUBLIC if "127" not in each and each != "::1" and "7f00" not in each]
)
def test_development_adds_nothing_but_loopback(address):
    assert not may_contact(address, loopback=True)


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3", "0177.0.0.1", "2130706433", "1.2.3.4/8", "::g"])
def test_what_is_no_address_may_not(text):
    assert not may_contact(text, loopback=True)
