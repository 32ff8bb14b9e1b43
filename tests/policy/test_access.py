"""Who may come, and whither."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.routes import Server
from ftpalg.policy.access import DEFAULT_SERVERS, Access, Network, ServerRule, special

OUTSIDE = "203.0.113.9"
"""A client somewhere on the Internet."""

ALLOWED = ""


def networks(*texts: str) -> tuple[Network, ...]:
    """Networks from their texts."""
    return tuple(map(ip_network, texts))


def refusal(
    *rules: ServerRule,
    host: str = "files.example",
    port: int = 21,
    address: str = "198.51.100.7",
    client: str = OUTSIDE,
    account: str = "",
) -> str:
    """What a client is told under these rules."""
    return Access(servers=rules).refusal(client, account, Server(host, port), address)


class Special(SynchronousTestCase):
    """``special``."""

    def test_kinds(self) -> None:
        """Each range is told by its kind, at both of its ends."""
        for kind, *addresses in (
            ("a loopback address", "127.0.0.1", "127.0.0.0", "127.255.255.255", "::1"),
            ("an unspecified address", "0.0.0.0", "0.255.255.255", "::"),
            ("a link-local address", "169.254.0.0", "169.254.255.255", "fe80::", "febf:ffff::1"),
            ("a multicast address", "224.0.0.0", "239.255.255.255", "ff02::1"),
            ("a reserved address", "240.0.0.0", "255.255.255.255"),
            ("a metadata service", "169.254.169.254", "100.100.100.200", "168.63.129.16"),
            ("a metadata service", "fd00:ec2::254"),
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
            ("Teredo server", 0x20010000 << 96 | four << 64 | 0x39CC9BF8),
        ):
            found = special(str(IPv6Address(number)))
            self.assertEqual((name, found), (name, special(str(inner))))


class Clients(SynchronousTestCase):
    """``Access.admits``."""

    def test_any(self) -> None:
        """Without networks everybody may come."""
        self.assertTrue(Access().admits(OUTSIDE))
        self.assertTrue(Access().admits("2001:db8::1"))

    def test_listed(self) -> None:
        """With networks only those in them; the families do not mix."""
        access = Access(clients=networks("192.0.2.0/24", "2001:db8::/32"))
        for client in ("192.0.2.255", "2001:db8::1", "::ffff:192.0.2.1", "2001:db8::1%eth0"):
            self.assertTrue(access.admits(client), client)
        for client in ("192.0.3.0", "2001:db9::1", "::ffff:192.0.3.1", "::192.0.2.1"):
            self.assertFalse(access.admits(client), client)

    def test_one_family(self) -> None:
        """All of IPv4 is none of IPv6."""
        self.assertFalse(Access(clients=networks("0.0.0.0/0")).admits("2001:db8::1"))


class Servers(SynchronousTestCase):
    """``Access.refusal``: the table and its conditions."""

    def test_empty(self) -> None:
        """No rules restrict nothing but special addresses."""
        self.assertEqual(refusal(), ALLOWED)
        self.assertEqual(refusal(address="10.1.2.3", port=2121), ALLOWED)
        self.assertIn("a loopback address", refusal(address="127.0.0.1"))
        self.assertIn("a loopback address", refusal(address="127.0.0.1", client="127.0.0.1"))

    def test_none_fits(self) -> None:
        """Where there are rules, a server that none allows is refused."""
        rule = ServerRule(names=("*.example.org",))
        self.assertEqual(
            refusal(rule, port=2121), "files.example port 2121 is not among access.servers."
        )

    def test_first_match_wins(self) -> None:
        """A denial shields what comes after it, and an allowance too."""
        deny = ServerRule(allow=False, names=("files.*",))
        self.assertEqual(
            refusal(ServerRule(names=("x",)), deny, ServerRule()),
            "files.example port 21 is denied by rule 2 of access.servers.",
        )
        self.assertEqual(refusal(ServerRule(), deny), ALLOWED)

    def test_all_conditions(self) -> None:
        """One condition that does not hold is enough."""
        rule = ServerRule(
            clients=networks("203.0.113.0/24"),
            accounts=("alice", "b*"),
            names=("files.*", "ftp.*"),
            networks=networks("198.51.100.0/24", "2001:db8::/32"),
            ports=((21, 21), (2000, 2100)),
        )
        self.assertEqual(refusal(rule, account="alice"), ALLOWED)
        self.assertEqual(
            refusal(rule, account="bob", host="ftp.x", port=2100, address="2001:db8::7"), ALLOWED
        )
        self.assertEqual(refusal(rule, account="bob", port=2000), ALLOWED)
        for refused in (
            refusal(rule, account="alice", client="203.0.114.1"),
            refusal(rule, account="Alice"),
            refusal(rule, account=""),
            refusal(rule, account="alice", host="other.example"),
            refusal(rule, account="alice", address="198.51.101.7"),
            refusal(rule, account="alice", address="2001:db9::7"),
            refusal(rule, account="alice", port=20),
            refusal(rule, account="alice", port=22),
            refusal(rule, account="alice", port=1999),
            refusal(rule, account="alice", port=2101),
        ):
            self.assertIn("is not among access.servers.", refused)

    def test_no_account(self) -> None:
        """``*`` stands for every account, not for none."""
        self.assertEqual(refusal(ServerRule(accounts=("*",)), account="alice"), ALLOWED)
        self.assertNotEqual(refusal(ServerRule(accounts=("*",))), ALLOWED)

    def test_other_names_for_one(self) -> None:
        """No spelling of a name or an address slips past a rule for it."""
        for pattern, *hosts in (
            ("files.example", "FILES.Example", "files.example.", "Files.Example."),
            ("FILES.example.", "files.example"),
            ("2001:db8::1", "2001:DB8:0:0::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:DB8::*", "2001:db8:0::ab"),
            ("192.0.2.*", "192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201"),
        ):
            for host in hosts:
                rule = ServerRule(allow=False, names=(pattern,))
                self.assertIn("denied by rule 1", refusal(rule, ServerRule(), host=host), host)

    def test_other_names(self) -> None:
        """A pattern fits the whole name; what merely begins or ends alike is another server."""
        for host in ("files.example.evil", "evil-files.example", "files.example..", "2001:db8"):
            rule = ServerRule(names=("files.example", "2001:db8::1"))
            self.assertNotEqual(refusal(rule, host=host), ALLOWED, host)

    def test_name_and_address(self) -> None:
        """A name that resolves elsewhere than allowed does not open that place."""
        rule = ServerRule(names=("*.example",), networks=networks("198.51.100.0/24"))
        self.assertEqual(refusal(rule), ALLOWED)
        self.assertNotEqual(refusal(rule, address="10.0.0.1"), ALLOWED)

    def test_mapped(self) -> None:
        """An IPv4-mapped address, of a server or a client, is judged as the IPv4 one it is."""
        deny = ServerRule(allow=False, networks=networks("10.0.0.0/8"))
        self.assertNotEqual(refusal(deny, ServerRule(), address="::ffff:10.0.0.1"), ALLOWED)
        mine = ServerRule(clients=networks("203.0.113.0/24"))
        self.assertEqual(refusal(mine, client="::ffff:203.0.113.9"), ALLOWED)

    def test_denied_in_disguise(self) -> None:
        """What is denied stays so behind NAT64; what is allowed is not widened by it."""
        deny = ServerRule(allow=False, networks=networks("10.0.0.0/8"))
        self.assertNotEqual(refusal(deny, ServerRule(), address="64:ff9b::a00:1"), ALLOWED)
        self.assertEqual(refusal(deny, ServerRule(), address="64:ff9b::b00:1"), ALLOWED)
        allow = ServerRule(networks=networks("10.0.0.0/8"))
        self.assertNotEqual(refusal(allow, address="64:ff9b::a00:1"), ALLOWED)

    def test_unknown_text(self) -> None:
        """The sentence is one line of printable ASCII, whatever the name holds."""
        self.assertEqual(
            refusal(ServerRule(names=("x",)), host="a\r\n230 b\x1b\xe9"),
            "a??230?b?? port 21 is not among access.servers.",
        )

    def test_words(self) -> None:
        """Quirk: lftp takes a 5yz with "host" or "resolve" for a failed look-up and gives up."""
        deny = ServerRule(allow=False)
        for address in ("198.51.100.7", "127.0.0.1", "169.254.169.254", "::", "ff02::1"):
            for rules in ((), (deny,), (ServerRule(names=("x",)),)):
                text = refusal(*rules, address=address)
                self.assertNotIn("host", text)
                self.assertNotIn("resolve", text)

    @given(
        st.sampled_from(
            networks("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "fd00::/8")
        ).flatmap(lambda network: st.ip_addresses(network=network))
    )
    def test_no_address_shown(self, address: IPv4Address | IPv6Address) -> None:
        """Rule 4: what a name resolved to is never shown."""
        text = refusal(ServerRule(names=("x",)), address=str(address))
        self.assertNotIn(str(address), text)
        self.assertTrue(text.startswith("files.example "), text)


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


class Unresolved(SynchronousTestCase):
    """Names that a parent proxy will resolve: their address is not known."""

    def test_by_name(self) -> None:
        """Names and ports are judged as ever."""
        rule = ServerRule(names=("*.example",), ports=((21, 21),))
        self.assertEqual(refusal(rule, address=""), ALLOWED)
        self.assertIn("is not among", refusal(rule, address="", port=22))
        self.assertEqual(refusal(address=""), ALLOWED)

    def test_networks(self) -> None:
        """A network allows no name, as nobody knows that it leads there, and denies every one."""
        inside = networks("10.0.0.0/8")
        self.assertIn("is not among", refusal(ServerRule(networks=inside), address=""))
        denied = refusal(ServerRule(False, networks=inside), ServerRule(), address="")
        self.assertIn("is denied by rule 1", denied)

    def test_disguises(self) -> None:
        """What a resolver takes for its own machine or for a number is refused under any rule."""
        for host in ("localhost", "LOCALHOST.", "a.localhost", "127.1", "2130706433", "0x7f000001",
                     "1.2.3.0x4", "127.1."):  # fmt: skip
            self.assertIn("the parent proxy itself", refusal(ServerRule(), host=host, address=""))
        for host in ("localhost.example", "a1", "1a", "7f.example"):
            self.assertEqual(refusal(ServerRule(), host=host, address=""), ALLOWED)


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
