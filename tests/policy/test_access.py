"""Who may come, and whither."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.routes import Server
from ftpalg.policy.access import DEFAULT_SERVERS, Access, ServerRule
from tests.policy.judged import ALLOWED, OUTSIDE, networks, refusal


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

    def test_ports(self) -> None:
        """Without ports a rule allows FTP's and those above 1023, and denies every port."""
        for rules in ((), (ServerRule(names=("*",)),), DEFAULT_SERVERS):
            for port in (21, 990, 1024, 2121, 65535):
                self.assertEqual(refusal(*rules, port=port), ALLOWED, port)
            for port in (1, 20, 22, 25, 80, 443, 989, 991, 1023):
                self.assertIn("is not among access.servers", refusal(*rules, port=port))
        everything = ServerRule(ports=((1, 65535),))
        self.assertEqual(refusal(everything, port=25), ALLOWED)
        denied = refusal(ServerRule(False, names=("files.*",)), everything, port=25)
        self.assertIn("is denied by rule 1", denied)

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
                     "1.2.3.0x4", "127.1.", "ip6-localhost", "localhost.localdomain", "LOCALHOST6",
                     "localhost6.localdomain6", "metadata.google.internal.", "instance-data",
                     "host.docker.internal", "kubernetes.default.svc",
                     "Kubernetes.default.svc.cluster.local.", "kubernetes.default.svc.site.example",
                     "ip6-allnodes", "metadata.tencentyun.com", "host.minikube.internal"):  # fmt: skip
            self.assertIn("the parent proxy itself", refusal(ServerRule(), host=host, address=""))
        for host in ("localhost.example", "a1", "1a", "7f.example", "ftp.corp.internal",
                     "metadata.example"):  # fmt: skip
            self.assertEqual(refusal(ServerRule(), host=host, address=""), ALLOWED)


class ByName(SynchronousTestCase):
    """Names that a parent may be told, though they are not known here."""

    def by_name(self, *rules: ServerRule, host: str = "files.example", account: str = "") -> str:
        """Why only an address may be asked for, under these rules."""
        return Access(servers=rules).by_name(OUTSIDE, account, Server(host))

    def test_named(self) -> None:
        """The rule that decides must allow it by its names."""
        self.assertEqual(self.by_name(ServerRule(names=("*.example",))), "")
        self.assertEqual(
            self.by_name(ServerRule(accounts=("a*",), names=("*",)), account="anna"), ""
        )

    def test_not_named(self) -> None:
        """Any other rule lets the parent be told an address only; the sentence says which would."""
        sentence = (
            "files.example is not known here; only a rule in access.servers that allows it by"
            " names lets the parent look it up."
        )
        named = ServerRule(names=("*.example",))
        for rules in (
            (),
            DEFAULT_SERVERS,
            (ServerRule(),),
            (ServerRule(names=("*.example.org",)),),
            (ServerRule(False, names=("files.*",)), named),
            (ServerRule(), named),
            (ServerRule(names=("*",), networks=networks("10.0.0.0/8")),),
            (ServerRule(names=("*",), accounts=("anna",)),),
            (ServerRule(names=("*",), ports=((22, 22),)),),
        ):
            self.assertEqual(self.by_name(*rules), sentence, rules)

    def test_words(self) -> None:
        """The sentence is fit for the client, whatever the name."""
        self.assertTrue(self.by_name(host="a\xff\r\nb").startswith("a???b is not known"))
