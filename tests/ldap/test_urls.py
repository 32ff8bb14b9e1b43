"""How a directory is named, and what the plug-in makes of it."""

from __future__ import annotations

import subprocess
import sys
from unittest import mock

from twisted.cred import strcred
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import SettingsError
from ftpalg.ldap import Directory, LdapChecker, directory_of, prepared
from ftpalg.net.accounts import checkers_of
from tests.ldap.directories import IMPLICIT, LOOPBACK, NAME, SECRET, START_TLS
from tests.tls.certificates import authority, issued


class Urls(SynchronousTestCase):
    """Where a directory is, as the administrator writes it."""

    def fault(self, text: str) -> str:
        """The one sentence that a URL ends with."""
        (sentence,) = self.assertRaises(SettingsError, directory_of, text).faults
        return str(sentence)

    def test_good(self) -> None:
        """Ports, protection and options by the scheme and the host."""
        for text, host, port, protection in (
            (f"ldaps://ldap.example.net/{NAME}", "ldap.example.net", 636, IMPLICIT),
            (f"ldaps://127.0.0.1:1636/{NAME}", "127.0.0.1", 1636, IMPLICIT),
            (f"LDAP://LDAP.example.net/{NAME}", "ldap.example.net", 389, START_TLS),
            (f"ldap://[2001:db8::1]:1389/{NAME}", "2001:db8::1", 1389, START_TLS),
            (f"ldap://localhost/{NAME}", "localhost", 389, LOOPBACK),
            (f"ldap://[::1]/{NAME}", "::1", 389, LOOPBACK),
            (f"ldap://127.1.2.3/{NAME}", "127.1.2.3", 389, LOOPBACK),
        ):
            self.assertEqual(directory_of(text), Directory(host, port, NAME, protection))

    def test_no_loopback(self) -> None:
        """A name that only begins like a loopback address needs TLS."""
        for host in ("localhost.example.net", "127.0.0.1.example.net", "128.0.0.1", "[::2]"):
            found = directory_of(f"ldap://{host}/{NAME}")
            self.assertEqual(found.protection, START_TLS)

    def test_name(self) -> None:
        """What stands for the account's name may be no DN: Active Directory takes user@domain."""
        self.assertEqual(directory_of("ldaps://a/%s@example.net").name, "%s@example.net")
        self.assertEqual(directory_of("ldaps://a/cn=%s,o=A%3F %23%25").name, "cn=%s,o=A? #%")

    def test_options(self) -> None:
        """ca= and timeout=."""
        found = directory_of(f"ldaps://a/{NAME}?ca=/etc/ca.pem&timeout=2.5")
        self.assertEqual((str(found.ca), found.seconds), ("/etc/ca.pem", 2.5))

    def test_bad(self) -> None:
        """Each fault has a sentence with its remedy."""
        for text, words in (
            ("", "begins with ldaps:// or ldap://"),
            ("ldap.example.net", "begins with ldaps:// or ldap://"),
            (f"http://a/{NAME}", "begins with ldaps:// or ldap://"),
            (f"ldaps:///{NAME}", "must name a host"),
            (f"ldaps://cn=x:{SECRET!r}@a/{NAME}", "must name a host and no account"),
            (f"ldaps://a:66666/{NAME}", "[Pp]ort"),
            ("ldaps://a", "must have %s once"),
            ("ldaps://a/uid=joe", "must have %s once"),
            ("ldaps://a/uid=%s,ou=%s", "must have %s once"),
            ("ldaps://a/uid=%s,o=#1", "must have %s once"),
            (f"ldaps://a/{NAME}?tls=off", "only ca= and timeout="),
            (f"ldaps://a/{NAME}?timeout=soon", "number of seconds"),
            (f"ldaps://a/{NAME}?timeout=0", "number of seconds"),
            (f"ldaps://a/{NAME}?timeout=nan", "number of seconds"),
            (f"ldaps://a/{NAME}?timeout=inf", "number of seconds"),
        ):
            found = self.fault(text)
            self.assertRegex(found, f"^ldap: .*{words}")
            self.assertNotIn(SECRET.decode(), found)

    def test_prepared(self) -> None:
        """Preparing what is prepared changes nothing."""
        for account in ("Joe", "Straße", "  a \t b", "İ", "ﬁ", "o'Neil, Pat"):
            once = prepared(account.encode())
            self.assertEqual(prepared(once.encode()), once)


class Plugin(SynchronousTestCase):
    """As strcred finds it."""

    def fault(self, text: str) -> str:
        """The one sentence that a description ends with."""
        (sentence,) = self.assertRaises(SettingsError, checkers_of, [text]).faults
        return str(sentence)

    def test_found(self) -> None:
        """A description makes a checker, by ftpalg's way and by strcred's own."""
        description = f"ldap:ldaps://ldap.example.net/{NAME}?ca={authority().file}"
        for checker in (checkers_of([description])[0], strcred.makeChecker(description)):
            self.assertIsInstance(checker, LdapChecker)

    def test_faults(self) -> None:
        """A URL or a file that cannot be used is told under the setting's name."""
        nowhere = authority().folder / "none"
        no_ca = issued("good").private_key
        self.assertRegex(self.fault("ldap:"), r"^accounts\.auth: ldap: write a URL that begins")
        self.assertEqual(
            self.fault(f"ldap:ldaps://a/{NAME}?ca={nowhere}"),
            f"accounts.auth: ldap: ca={nowhere}: cannot be read: No such file or directory",
        )
        self.assertEqual(
            self.fault(f"ldap:ldaps://a/{NAME}?ca={no_ca}"),
            f"accounts.auth: ldap: ca={no_ca}: holds no certificate in PEM",
        )

    def test_without_ldaptor(self) -> None:
        """Where ldaptor is not installed the sentence says how it is."""
        with mock.patch.dict(sys.modules):
            del sys.modules["ftpalg.ldap"]
            for module in [name for name in sys.modules if name.partition(".")[0] == "ldaptor"]:
                del sys.modules[module]
            sys.modules["ldaptor"] = None  # type: ignore[assignment]
            self.assertRegex(
                self.fault(f"ldap:ldaps://a/{NAME}"),
                r"^accounts\.auth: ldap: needs ldaptor.*: pip install 'ftpalg\[ldap\]'$",
            )

    def test_lazy(self) -> None:
        """twistd imports the plug-in at each start: neither ldaptor nor the reactor comes with it."""
        script = (
            "import sys, twisted.plugins.ftpalg_ldap;"
            "print([m for m in sys.modules if m in ('ldaptor', 'twisted.internet.reactor')])"
        )
        shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
        self.assertEqual(shown.stdout, b"[]\n")

    def test_not_asked_for(self) -> None:
        """A gateway whose accounts are elsewhere, and a fault that names every kind, do without it."""
        script = (
            "import sys; sys.modules['ldaptor'] = None; import ftpalg.service;"
            "from ftpalg.net.accounts import checkers_of; checkers_of(['memory:a:b']);\n"
            "try: checkers_of(['nonsense:'])\n"
            "except Exception as error: print(*error.faults, 'ftpalg.ldap' in sys.modules)"
        )
        shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
        self.assertRegex(shown.stdout, rb"no such kind of accounts; .*ldap.* False\n")
