"""Tells strcred of accounts in an LDAP directory; the checker is imported when it is asked for."""

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import ICheckerFactory
from twisted.plugin import IPlugin
from zope.interface import implementer


@implementer(ICheckerFactory, IPlugin)
class LdapCheckerFactory:
    """Makes the checker for one directory."""

    authType = "ldap"
    argStringFormat = "ldaps://host[:port]/uid=%s,ou=people,dc=example,dc=net[?ca=FILE&timeout=S]"
    authHelp = """
        Asks an LDAP server to bind as the user.  %s in the URL stands for the
        account's name, escaped as RFC 4514 demands, and in lower case: a
        directory does not tell case apart.

        ldaps:// is TLS from the first byte, ldap:// is StartTLS, which must
        succeed, except towards localhost and loopback addresses.  The server's
        certificate must be for the host in the URL.

        ca=FILE       PEM file with the CAs to trust instead of the system's
        timeout=S     seconds until the server is given up [default: 10]

        Elsewhere in the URL write %3F for ?, %23 for # and %25 for %.
        Needs ldaptor: pip install 'ftpalg[ldap]'
        """
    credentialInterfaces = (IUsernamePassword,)

    def generateChecker(self, argstring: str) -> ICredentialsChecker:
        """Raise ftpalg.config.SettingsError where the URL cannot be used or ldaptor is missing."""
        from ftpalg.config import SettingsError

        try:
            from ftpalg.ldap import LdapChecker, directory_of
        except ImportError as error:
            missing = f"ldap: needs {error.name}: pip install 'ftpalg[ldap]'"
            raise SettingsError([missing]) from None
        from twisted.internet import reactor  # noqa: TID251  (strcred passes none)

        return LdapChecker(reactor, directory_of(argstring))


ldap = LdapCheckerFactory()
