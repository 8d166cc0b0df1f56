"""Where the broker is, and how to be sure that it is ours. It must not know paho: the configuration reads this without it."""

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

UNKNOWN_CA = frozenset({18, 19, 20, 21})
"""X509_V_ERR_... of OpenSSL (x509_vfy.h): signed by nobody whom we trust."""

# X509_V_ERR_... -> what to do about it.
_REMEDIES = {
    9: "is the clock of this machine right?",
    10: "renew it; or is the clock of this machine wrong?",
    **dict.fromkeys(UNKNOWN_CA, "let ca_file name the certificate of the CA that signed it"),
    62: "write the name in host that stands in the certificate",
    64: "write the name in host that stands in the certificate",
}

# With TLS, and without: the commonest reason why a broker hangs up before it says a word.
HUNG_UP = {True: "does it want a certificate of ours (cert_file, key_file)?", False: "does it want TLS (tls = true)?"}


class TlsUnusableError(Exception):
    """A certificate or key file cannot be used; says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """Files in PEM. ``ca_file`` None: the certificates that the system trusts. With ``certificate_file`` we show who we are."""

    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 or later, certificate and host name checked, always. Raises TlsUnusableError."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise TlsUnusableError(f"CA file {self.ca_file}: {words(error)}") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certificate_file is not None:
            try:
                context.load_cert_chain(self.certificate_file, self.key_file)
            except OSError as error:
                files = f"{self.certificate_file} with key {self.key_file or 'in the same file'}"
                raise TlsUnusableError(f"certificate {files}: {words(error)}") from error
        return context


class Certificates:
    """The TLS context of the files as they are now: one that was renewed counts from the next connection on. Raises TlsUnusableError.

    Files that cannot be used just now, half of one perhaps, change nothing.
    """

    def __init__(self, settings: TlsSettings) -> None:
        self._settings = settings
        self._context = settings.context()

    def context(self) -> ssl.SSLContext:
        """Read the files anew. Takes some milliseconds."""
        with suppress(TlsUnusableError):
            self._context = self._settings.context()
        return self._context


class Address(NamedTuple):
    """Where a broker listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """Where the broker is and who we are. Half-open connections are noticed within two times ``keepalive_s``.

    ``others`` are further addresses, of the same broker or of one that is bridged with it: tried in turn, all with the same user,
    password and certificates.
    """

    host: str
    port: int = 1883
    others: tuple[Address, ...] = ()
    username: str | None = None
    password: str | None = None
    tls: TlsSettings | None = None
    client_id: str = "han-gateway"
    keepalive_s: int = 6

    @property
    def addresses(self) -> tuple[Address, ...]:
        """All of them, in the order in which they are tried."""
        return (Address(self.host, self.port), *self.others)

    def __repr__(self) -> str:
        """Without the password: this may end in a log."""
        return f"BrokerSettings({self.username or 'anonymous'}@{self.host}:{self.port}, tls={self.tls is not None})"


def words(error: Exception) -> str:
    """What went wrong, for people: without the number that the system gives it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        remedy = _REMEDIES.get(error.verify_code, "look at it with openssl x509 -text")
        return f"its certificate is not trusted ({error.verify_message.rstrip('.')}); {remedy}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def unreached(error: Exception, *, tls: bool) -> str:
    """Why a broker was not reached, and what to look at."""
    if isinstance(error, socket.gaierror):
        hint = "; is host under [mqtt] right?"
    elif isinstance(error, ConnectionRefusedError):
        hint = "; is a broker running there?"
    else:
        hung_up = isinstance(error, ConnectionResetError | ssl.SSLEOFError)  # at our first word, which it did not understand
        hint = "; does this port speak TLS?" if tls and hung_up else ""
    return words(error) + hint
