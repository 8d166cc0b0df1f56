"""Campaign: brokers that are not ours, or that do not let us do our work: each is refused or noticed, and nothing is ever said in plain.

    python -m tests.campaign.tls [--seed N] [--fast]

Twelve cases with the real gateway and a real mosquitto (or a server that speaks an old TLS). Between them stands a tap that keeps the first bytes of
every connection: where TLS is configured they must be those of a handshake, however often the gateway comes again. Each case must be named in
the log with its remedy and counted in ``han_mqtt_troubles_total``. ``--fast`` is the same: nothing here is random.
"""

import json
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests import certificates
from tests.campaign._promise import Promise, arguments, published
from tests.house import Gateway, Meter
from tests.mosquitto import Mosquitto, free_port

PATIENCE_S = 20.0
GOES_ON_S = 3.0
"""What was refused once is tried again within this."""
HANDSHAKE = 0x16
"""The first octet of a TLS connection (RFC 8446, 5.1)."""
SITE = """[site]
name = "home"
grid = "TN"
fuse_a = 25
[meter]
port = "{device}"
parity = "N"
[metrics]
port = {metrics}
[mqtt]
host = "{host}"
port = {port}
{mqtt}
[[charger]]
name = "garage"
failsafe = true
"""
GUARDED = "per_listener_settings false\nallow_anonymous true\n"
NO_SUBSCRIPTIONS = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}


class Case(NamedTuple):
    """A broker, what the gateway is configured to, what it must say of it, and whether it may be let in all the same."""

    name: str
    says: str
    broker: str = ""
    tls: str | None = None
    host: str = "localhost"
    user: str = ""
    enters: bool = False


class Seen(NamedTuple):
    """Whether it was named, counted, let in, and whether a word of plain MQTT was said."""

    named: bool
    counted: bool
    entered: bool
    plain: bool


def cases(folder: Path) -> tuple[Case, ...]:
    """All of them. In ``folder`` are the certificates; what a plugin wants is written there."""
    guarded, open_to_all = certificates.tls_config(folder), certificates.tls_config(folder, asks=False)
    ours, ca = f'cert_file = "{folder}/gateway.crt"\nkey_file = "{folder}/gateway.key"\n', f'ca_file = "{folder}/ca.crt"\n'
    (folder / "acl").write_text("topic read #\ntopic write han/home/status\n")
    (folder / "passwd").touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(folder / "passwd"), "us", "right"], check=True, capture_output=True)
    (folder / "roles.json").write_text(
        json.dumps({"defaultACLAccess": NO_SUBSCRIPTIONS, "clients": [], "groups": [], "roles": []})
    )
    no_listening = f"{GUARDED}plugin {_plugin()}\nplugin_opt_config_file {folder}/roles.json"
    return (
        Case("wrong CA", "is not trusted", guarded, f'ca_file = "{folder}/other.crt"\n{ours}'),
        Case("the system's CAs", "is not trusted", guarded, ours),
        Case("wrong host name", "write the name in host", guarded, ca + ours, host="127.0.0.1"),
        Case("expired", "has expired", certificates.tls_config(folder, "expired"), ca + ours),
        Case("TLS 1.1 only", "cannot reach", "", ca),
        Case("no certificate of ours", "does it want a certificate of ours", guarded, ca),
        Case("TLS to a plain port", "does this port speak TLS", "allow_anonymous true", ca),
        Case("plain to the TLS port", "does it want TLS", open_to_all),
        Case("wrong password", "check username and the password", f"password_file {folder}/passwd", user="us"),
        Case("forbidden to publish", "was not published: Not authorized", f"{GUARDED}acl_file {folder}/acl", enters=True),
        Case("forbidden to subscribe", "refused a subscription: Not authorized", no_listening, enters=True),
        Case(
            "message too large", "was not published: Packet too large", "allow_anonymous true\nmax_packet_size 200", enters=True
        ),
    )


def _plugin() -> str:
    """Where the system keeps the plugin of mosquitto that can refuse a subscription: an acl_file only keeps silent."""
    return str(next(Path("/usr/lib").rglob("mosquitto_dynamic_security.so")))


class Tap:
    """Stands before a broker, hands everything on, and keeps the first octet that each guest has said."""

    def __init__(self, behind: int) -> None:
        self.first: list[int] = []
        self._behind = behind
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                guest, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(guest,), daemon=True).start()

    def _serve(self, guest: socket.socket) -> None:
        with guest, socket.create_connection(("127.0.0.1", self._behind)) as broker:
            threading.Thread(target=_carry, args=(broker, guest), daemon=True).start()
            _carry(guest, broker, self.first.append)

    def close(self) -> None:
        """Let nobody in any more."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def _carry(from_: socket.socket, to: socket.socket, begins: Callable[[int], None] = lambda _: None) -> None:
    first = True
    with suppress(OSError):
        while data := from_.recv(65_536):
            if first:
                begins(data[0])
            first = False
            to.sendall(data)
    with suppress(OSError):
        to.shutdown(socket.SHUT_WR)


@contextmanager
def old_tls(folder: Path) -> Iterator[int]:
    """A server that speaks nothing newer than TLS 1.1, and its port."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(folder / "localhost.crt", folder / "localhost.key")
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                guest, _ = server.accept()
            except OSError:
                return
            try:
                context.wrap_socket(guest, server_side=True).close()
            except OSError:
                guest.close()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def try_out(case: Case, folder: Path, keys: Path) -> Seen:
    """One gateway, until it has said what it must, and some seconds more."""
    with ExitStack() as stack:
        broker = stack.enter_context(Mosquitto(folder, case.broker)).port if case.broker else stack.enter_context(old_tls(keys))
        tap, meter, metrics = Tap(broker), Meter(folder), free_port()
        stack.callback(meter.unplug)
        stack.callback(tap.close)
        mqtt = "" if case.tls is None else f"tls = true\n{case.tls}"
        if case.user:
            (folder / "secret").write_text("wrong\n")
            mqtt += f'username = "{case.user}"\npassword_file = "secret"\n'
        (folder / "house.toml").write_text(
            SITE.format(device=meter.device, metrics=metrics, host=case.host, port=tap.port, mqtt=mqtt)
        )
        gateway = Gateway(folder / "house.toml")
        stack.callback(gateway.kill)
        until = time.monotonic() + PATIENCE_S
        while case.says not in gateway.log() and time.monotonic() < until:
            meter.say(2_000)
            time.sleep(0.1)
        time.sleep(GOES_ON_S)
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=PATIENCE_S) as answer:
            figures = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))
        plain = case.tls is not None and any(octet != HANDSHAKE for octet in tap.first)
        counted = float(figures["han_mqtt_troubles_total"]) > 0
        return Seen(case.says in gateway.log(), counted, "connected" in gateway.log(), plain or not tap.first)


def main() -> int:
    """Run the campaign."""
    given = arguments("Brokers that are not ours, or do not let us do our work.").parse_args()
    wrong: list[str] = []
    with TemporaryDirectory() as name:
        keys = Path(name)
        tried = cases(certificates.make(keys))
        for number, case in enumerate(tried):
            folder = keys / str(number)
            folder.mkdir()
            seen = try_out(case, folder, keys)
            if seen != Seen(named=True, counted=True, entered=case.enters, plain=False):
                wrong.append(case.name)
                print(f"{case.name}: {seen}\n{(folder / 'log').read_text()}")
    kept_out = sum(not case.enters for case in tried)
    promise = Promise(
        "R-26",
        "a broker that is not ours, or does not let us do our work, is refused or named, and nothing is ever said in plain where TLS is configured",
        "no connection in 9 cases; each of 12 named with its remedy and counted; the first octet of each connection is that of a TLS handshake",
        f"{kept_out} cases refused, {len(tried) - kept_out} noticed; {len(wrong)} otherwise{': ' if wrong else ''}{', '.join(wrong)}",
        holds=not wrong,
    )
    return published(given, [promise])


if __name__ == "__main__":
    sys.exit(main())
