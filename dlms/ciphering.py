"""General ciphering (Green Book 9.2.7.2.4 and 9.5; IEC 62056-5-3): the envelope around an encrypted message, both ways.

    DB | 08 | system title 8 | length | security control 1 | frame counter 4 | content | tag 12, where authenticated

The cipher is AES-128 in Galois/Counter Mode (NIST SP 800-38D). Its nonce is the system title, which names the sender, and the frame
counter, which never returns under one key. The tag covers the security control byte, the authentication key and the content. Without
it the content is AES in counter mode and no more: who flips a bit of the ciphertext flips that bit of the message, unseen.

What is told apart: a message that was damaged never comes here (the frame's own check failed), one that does not decrypt means a wrong
key, and one that is older than the last is a replay. This file must not know where keys come from, nor what a message means; it imports
``cryptography`` only when a key is used. A key is never part of a ``repr`` or of a ``Rejected``.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from dlms import lengths
from dlms.rejects import Reason, Rejected

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import GCM

GENERAL_GLO, GENERAL_DED = 0xDB, 0xDC
"""general-glo-ciphering, with the key that the meter was given; general-ded-ciphering, with one that was agreed for a session."""

UNTITLED = b"\x00"
"""How the short envelope of ``parse_untitled`` begins: with a system title of no octets."""

AUTHENTICATED, ENCRYPTED, BROADCAST, COMPRESSED = 0x10, 0x20, 0x40, 0x80
"""The bits of the security control byte; its low half is the security suite."""

KEY_SIZE, TITLE_SIZE, TAG_SIZE = 16, 8, 12
_COUNTER_SIZE = 4
_SUITES = (0, 1)  # both use AES-128 here; suite 2 has longer keys
_WIDEST_LENGTH = 4

# How a message begins that came out of an envelope: a data-notification up to its array or structure, a P1 telegram, the first block
# of a general-block-transfer. Of a million random messages one begins so.
_BEGINNING = re.compile(rb"\x0f.{4}(?:\x00|\x09?\x0c.{12})[\x01\x02]|/[A-Za-z]{3}[0-9]|\xe0.\x00.\x00.", re.DOTALL)

WRONG_KEY = "the frame is whole but does not decrypt: check the key"
WRONG_AUTHENTICATION_KEY = "the frame decrypts, but its tag is wrong: check the authentication key"
UNPROVEN = "nothing in the message proves its sender, and an authentication key is configured"


class Sealed(NamedTuple):
    """An encrypted message. ``content`` is the ciphertext, with the tag behind it where ``security`` says so.

    ``system_title`` has 8 octets, or none in the short envelope of ``parse_untitled``.
    """

    system_title: bytes
    security: int
    counter: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one meter, 16 octets each: the global unicast encryption key, and the authentication key if it is known."""

    encryption: bytes = field(repr=False)
    authentication: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """A key of another size is a mistake of the caller."""
        if any(len(key) != KEY_SIZE for key in (self.encryption, self.authentication) if key is not None):
            msg = f"a key has {KEY_SIZE} octets"
            raise ValueError(msg)


def is_sealed(message: bytes, at: int) -> bool:
    """Tell whether an envelope begins at ``at``, of whichever kind."""
    return at < len(message) and message[at] in (GENERAL_GLO, GENERAL_DED)


def sender(message: bytes, at: int) -> str:
    """Name the sender of the envelope that begins at ``at``, as far as it got, for people; the title is no secret."""
    return f"system title {message[at + 2 : at + 2 + TITLE_SIZE].hex().upper()}"


def parse(message: bytes, at: int = 0) -> Sealed | Rejected:
    """Read the envelope that begins at ``at`` and ends with the buffer, its length in any form.

    What cannot be opened with any key that we could be given is Rejected(ENCRYPTED) and says what is not supported.
    """
    size = len(message)
    if not is_sealed(message, at):
        return Rejected(Reason.MALFORMED, size, "no general-glo-ciphering")
    if message[at] == GENERAL_DED:
        return Rejected(
            Reason.ENCRYPTED, size, f"{sender(message, at)}; a key of a session (general-ded-ciphering) is not supported"
        )
    if message[at + 1 : at + 2] != bytes([TITLE_SIZE]):
        return Rejected(Reason.ENCRYPTED, size, "a system title that has not 8 octets is not supported")
    return _contents(message, at + 2 + TITLE_SIZE, message[at + 2 : at + 2 + TITLE_SIZE])


def parse_untitled(message: bytes, at: int = 0) -> Sealed | Rejected:
    """Read the short envelope of Polish P1 ports: no DB, a system title of no octets, then the length and all else as usual."""
    if not message.startswith(UNTITLED, at):
        return Rejected(Reason.MALFORMED, len(message), "no envelope without a system title")
    return _contents(message, at + 1, b"")


def extent(buffer: bytes, at: int) -> int | None:
    """Count the bytes of the envelope at ``at``, with or without a title, by its own length; None while it is too short to tell.

    For a stream that puts no frame around the envelope. Nothing is checked: the caller must bound what it waits for.
    """
    length = lengths.read(buffer, at + 2 + TITLE_SIZE if is_sealed(buffer, at) else at + 1, _WIDEST_LENGTH)
    return None if length is None else sum(length) - at


def build(sealed: Sealed, *, length_size: int = 0) -> bytes:
    """Write the envelope, the short one where there is no system title; the inverse of ``parse`` and ``parse_untitled``.

    ``length_size`` is the number of octets behind 80 in the length field where it is not the least (Kamstrup: 2, also for 82 00 E7).
    """
    inner = bytes([sealed.security]) + sealed.counter.to_bytes(_COUNTER_SIZE, "big") + sealed.content
    head = bytes([GENERAL_GLO, TITLE_SIZE]) + sealed.system_title if sealed.system_title else UNTITLED
    return head + lengths.build(len(inner), length_size) + inner


def seal(plain: bytes, keys: Keys, system_title: bytes, counter: int, security: int = AUTHENTICATED | ENCRYPTED) -> Sealed:
    """Encrypt a message (without LLC); the inverse of ``unseal``. An authenticated one needs the authentication key."""
    cipher = _gcm(keys, system_title, counter).encryptor()
    encrypted, tagged = security & ENCRYPTED, security & AUTHENTICATED
    if tagged:
        cipher.authenticate_additional_data(_covered(keys, security, b"" if encrypted else plain))
    content = cipher.update(plain) if encrypted else plain
    cipher.finalize()
    return Sealed(system_title, security, counter, content + cipher.tag[:TAG_SIZE] if tagged else content)


def unseal(sealed: Sealed, keys: Keys) -> bytes | Rejected:
    """Decrypt a message whose frame is whole.

    With an authentication key only what carries a good tag is believed: then no bit of it was changed on its way. Without one, and for
    a message that is not authenticated, what begins as a message does is believed: then the encryption keeps the message from being
    read, but not from being changed by somebody who can reach the line.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415  most meters do not encrypt: 20 ms and 9 MB saved

    tagged, verified = bool(sealed.security & AUTHENTICATED), keys.authentication is not None
    if verified and not tagged:
        return Rejected(Reason.UNAUTHENTICATED, len(sealed.content), UNPROVEN)
    end = len(sealed.content) - TAG_SIZE * tagged
    content, tag = sealed.content[:end], sealed.content[end:]
    cipher = _gcm(keys, sealed.system_title, sealed.counter).decryptor()
    encrypted = sealed.security & ENCRYPTED
    if verified:
        cipher.authenticate_additional_data(_covered(keys, sealed.security, b"" if encrypted else content))
    plain = cipher.update(content) if encrypted else content
    begins_well = _BEGINNING.match(plain) is not None
    if verified:
        try:
            cipher.finalize_with_tag(tag)
        except InvalidTag:
            words = WRONG_AUTHENTICATION_KEY if begins_well else WRONG_KEY
            return Rejected(Reason.WRONG_KEY, len(sealed.content), words)
        return plain
    return plain if begins_well else Rejected(Reason.WRONG_KEY, len(sealed.content), WRONG_KEY)


def _gcm(keys: Keys, system_title: bytes, counter: int) -> "Cipher[GCM]":
    """Set the cipher up for one message. Where there is no title its place in the nonce is zero."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes  # noqa: PLC0415  as above

    nonce = system_title.ljust(TITLE_SIZE, b"\0") + counter.to_bytes(_COUNTER_SIZE, "big")
    return Cipher(algorithms.AES(keys.encryption), modes.GCM(nonce, min_tag_length=TAG_SIZE))


def _covered(keys: Keys, security: int, clear: bytes) -> bytes:
    """Give what the tag covers beside the ciphertext: security, key, and what is not encrypted."""
    if keys.authentication is None:
        msg = "an authenticated message needs the authentication key"
        raise ValueError(msg)
    return bytes([security]) + keys.authentication + clear


def _contents(message: bytes, at: int, title: bytes) -> Sealed | Rejected:
    """Read what stands behind the system title."""
    size = len(message)
    length = lengths.read(message, at, _WIDEST_LENGTH)
    if length is None or length[1] + length[0] != size:
        return Rejected(Reason.MALFORMED, size, "the length of the general-glo-ciphering is not its length")
    start = length[1]
    content = message[start + 1 + _COUNTER_SIZE :]
    if not content or len(content) < TAG_SIZE * bool(message[start] & AUTHENTICATED):
        return Rejected(Reason.MALFORMED, size, "a general-glo-ciphering without content")
    if unsupported := _unsupported(message[start]):
        return Rejected(Reason.ENCRYPTED, size, f"system title {title.hex().upper() or 'none'}; {unsupported}")
    counter = int.from_bytes(message[start + 1 : start + 1 + _COUNTER_SIZE], "big")
    return Sealed(title, message[start], counter, content)


def _unsupported(security: int) -> str:
    """Say what of a security control byte is not supported; nothing where all is."""
    if security & COMPRESSED:
        return "a compressed message is not supported"
    if security & BROADCAST:
        return "the broadcast key is not supported"
    suite = security & 0x0F
    return "" if suite in _SUITES else f"security suite {suite} is not supported"
