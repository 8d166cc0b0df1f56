"""Where the broker is, and how to be sure that it is ours. It must not know paho: the configuration reads this without it."""

import ssl
from dataclasses import dataclass
from pathlib import Path


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """Where the broker is and who we are. Half-open connections are noticed within two times ``keepalive_s``."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = None
    tls: TlsSettings | None = None
    client_id: str = "han-gateway"
    keepalive_s: int = 6

    def __repr__(self) -> str:
        """Without the password: this may end in a log."""
        return f"BrokerSettings({self.username or 'anonymous'}@{self.host}:{self.port}, tls={self.tls is not None})"


def words(error: Exception) -> str:
    """What went wrong, for people: without the number that the system gives it."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
