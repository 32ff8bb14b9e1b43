"""Addresses that no rule reaches by being wide: special ones, and those of this machine."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.policy.access import DEFAULT_SERVERS, Access, ServerRule, special
from tests.policy.judged import ALLOWED, OUTSIDE, networks, refusal


class Special(SynchronousTestCase):
    """``special``."""

    def test_kinds(self) -> None:
        """Each range is told by its kind, at both of its ends."""
        for kind, *addresses in (
            ("a loopback address", "127.0.0.1", "127.0.0.0", "127.255.255.255", "::1"),
            ("an unspecified address", "0.0.0.0", "0.255.255.255", "::"),
            ("a link-local address", "169.254.0.0", "169.254.255.255", "fe80::", "febf:ffff::1"),
            ("a multicast address", "224.0.0.0", "239.255.255.255", "ff02::1"),
            ("a reserved address", "240.0.0.0", "255.255.255.255", "192.0.0.0", "192.0.0.255"),
            ("a reserved address", "100::1", "5f00::1"),
            ("a translated address", "64:ff9b:1::", "64:ff9b:1:7f00:0:100::", "64:ff9b:1::7f00:1"),
            ("a translated address", "::ffff:0:7f00:1", "::ffff:0:c633:6407"),
            ("a metadata service", "169.254.169.254", "100.100.100.200", "168.63.129.16"),
            ("a metadata service", "fd00:ec2::254", "fd20:ce::254", "fd00:c1::a9fe:a9fe"),
            ("a metadata service", "192.0.0.192", "fd00:ec2::23", "fd00:42::42"),
        ):
            for address in addresses:
                self.assertEqual((address, special(address)), (address, kind))

    def test_neighbours(self) -> None:
        """What lies beside a special range, and private networks, are not special."""
        for address in (
            *("1.0.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0"),
            *("223.255.255.255", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.100.100.201"),
            *("fe7f::1", "fec0::1", "fd00:ec2::253", "2001:db8::1", "64:ff9b::c633:6407"),
            *("2002:c633:6407::1", "64:ff9a::7f00:1", "2001:0:c633:6401::39cc:9bf8"),
            *("64:ff9b:2::1", "64:ff9b:0:ffff::1", "192.0.1.0", "100:0:0:1::1", "::fffe:0:7f00:1"),
            *("2001:db8::5efe:c633:6407", "2001:db8::5eff:7f00:1"),
        ):
            self.assertEqual((address, special(address)), (address, ""))

    def test_spellings(self) -> None:
        """An IPv4-mapped address is an IPv4 one, and a zone changes nothing."""
        self.assertEqual(special("::ffff:127.0.0.1"), "a loopback address")
        self.assertEqual(special("::FFFF:A9FE:A9FE"), "a metadata service")
        self.assertEqual(special("fe80::1%eth0"), "a link-local address")
        self.assertEqual(special("::ffff:10.0.0.1"), "")

    @given(
        st.ip_addresses(network="127.0.0.0/8") | st.just(IPv4Address("169.254.169.254")),
        st.integers(0, 2**80 - 1),
    )
    def test_embedded(self, inner: IPv4Address | IPv6Address, rest: int) -> None:
        """A special IPv4 address shows through every form of IPv6 that holds one."""
        four = int(inner)
        for name, number in (
            ("compatible", four),
            ("mapped", 0xFFFF << 32 | four),
            ("NAT64", 0x64FF9B << 96 | four),
            ("6to4", 0x2002 << 112 | four << 80 | rest),
            ("Teredo client", 0x20010000C6336407 << 64 | rest % 2**32 << 32 | four ^ 0xFFFFFFFF),
            ("ISATAP", 0x20010DB8 << 96 | 0x5EFE << 32 | four),
            ("ISATAP, unique", 0x20010DB8 << 96 | 0x2005EFE << 32 | four),
            ("Teredo server", 0x20010000 << 96 | four << 64 | 0x39CC9BF8),
        ):
            found = special(str(IPv6Address(number)))
            self.assertEqual((name, found), (name, special(str(inner))))


class SpecialServers(SynchronousTestCase):
    """``Access.refusal``: addresses that only a rule that names them opens."""

    def test_sentence(self) -> None:
        """The client learns the kind and the setting."""
        self.assertEqual(
            refusal(ServerRule(), address="127.0.0.1"),
            "files.example leads to a loopback address,"
            " which only a rule in access.servers that names its network opens.",
        )

    def test_not_named(self) -> None:
        """Neither no networks nor networks wider than the special range name an address."""
        for address in ("127.0.0.1", "169.254.169.254", "::1", "fe80::1", "64:ff9b::7f00:1"):
            for rule in (
                ServerRule(),
                ServerRule(names=("files.example",), ports=((21, 21),)),
                ServerRule(networks=networks("0.0.0.0/0", "::/0")),
                ServerRule(networks=networks("126.0.0.0/7", "64:ff9b::/96", "fe00::/8")),
            ):
                self.assertNotEqual(refusal(rule, address=address), ALLOWED, address)

    def test_named(self) -> None:
        """A network within the special range that holds the address names it."""
        for address, *texts in (
            ("127.0.0.1", "127.0.0.0/8", "127.0.0.1/32"),
            ("::1", "::1/128"),
            ("fe80::1", "fe80::/10", "fe80::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("::ffff:127.0.0.1", "127.0.0.1/32"),
            ("64:ff9b::7f00:1", "64:ff9b::7f00:1/128"),
            ("2002:7f00:1::", "2002:7f00:1::/128"),
            ("169.254.169.254", "169.254.169.254/32"),
        ):
            for text in texts:
                rule = ServerRule(networks=networks("192.0.2.0/24", text))
                self.assertEqual(refusal(rule, address=address), ALLOWED, text)

    def test_named_beside(self) -> None:
        """A rule that names another special address, and this one only by a wide network, fails."""
        rule = ServerRule(networks=networks("0.0.0.0/0", "127.0.0.2/32"))
        self.assertNotEqual(refusal(rule, address="127.0.0.1"), ALLOWED)
        self.assertEqual(refusal(rule, address="127.0.0.2"), ALLOWED)

    def test_metadata_in_link_local(self) -> None:
        """Who opens link-local addresses does not open the metadata service among them."""
        rule = ServerRule(networks=networks("169.254.0.0/16"))
        self.assertEqual(refusal(rule, address="169.254.169.253"), ALLOWED)
        self.assertIn("a metadata service", refusal(rule, address="169.254.169.254"))

    def test_named_and_the_rest(self) -> None:
        """A rule that names an address still asks for its other conditions."""
        rule = ServerRule(networks=networks("127.0.0.0/8"), ports=((2121, 2121),))
        self.assertEqual(refusal(rule, address="127.0.0.1", port=2121), ALLOWED)
        self.assertNotEqual(refusal(rule, address="127.0.0.1", port=22), ALLOWED)

    def test_order(self) -> None:
        """An allowance that does not name it is passed over, a denial is not."""
        name = ServerRule(networks=networks("127.0.0.1/32"))
        self.assertEqual(refusal(ServerRule(), name, address="127.0.0.1"), ALLOWED)
        deny = ServerRule(allow=False)
        self.assertIn("denied by rule 1", refusal(deny, name, address="127.0.0.1"))

    @given(
        st.ip_addresses(),
        st.lists(
            st.builds(
                ServerRule,
                names=st.sampled_from(((), ("*",), ("files.example",))),
                networks=st.sampled_from((networks("0.0.0.0/0"), networks("::/0"), ())),
            )
        ),
    )
    def test_never_by_a_wide_rule(
        self, address: IPv4Address | IPv6Address, rules: list[ServerRule]
    ) -> None:
        """No combination of rules that name nothing opens a special address."""
        if special(str(address)):
            self.assertNotEqual(refusal(*rules, address=str(address)), ALLOWED)


class Defaults(SynchronousTestCase):
    """``DEFAULT_SERVERS``."""

    def test_this_machine(self) -> None:
        """Who is on this machine reaches what is on it; nobody else does."""
        for client in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
            for address in ("127.0.0.1", "127.0.1.1", "::1"):
                self.assertEqual(refusal(*DEFAULT_SERVERS, client=client, address=address), ALLOWED)
        for client in (OUTSIDE, "10.0.0.1", "2001:db8::1", "fe80::1"):
            for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
                self.assertNotEqual(
                    refusal(*DEFAULT_SERVERS, client=client, address=address), ALLOWED
                )

    def test_elsewhere(self) -> None:
        """All that is not special is open; what is special but not loopback stays shut."""
        for client in (OUTSIDE, "127.0.0.1"):
            for address in ("198.51.100.7", "10.1.2.3", "2001:db8::1"):
                self.assertEqual(refusal(*DEFAULT_SERVERS, client=client, address=address), ALLOWED)
            for address in ("0.0.0.0", "169.254.169.254", "fe80::1", "::", "64:ff9b::7f00:1"):
                self.assertNotEqual(
                    refusal(*DEFAULT_SERVERS, client=client, address=address), ALLOWED
                )

    def test_are_the_defaults(self) -> None:
        """They hold where nothing is configured, for every client."""
        self.assertEqual(Access(), Access((), DEFAULT_SERVERS))
