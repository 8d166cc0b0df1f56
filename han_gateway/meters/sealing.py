"""How a meter encrypts what it sends, as data, and the encrypting; the inverse of ``dlms.unsealer``.

The keys are public and stand here in full: they belong to meters in software and open nothing else. This file must not know what a
message means, nor how it is framed.
"""

from typing import NamedTuple

from dlms.ciphering import AUTHENTICATED, ENCRYPTED, Keys
from han_gateway.meters.software_meter import sealed

TEST_KEYS = Keys(bytes.fromhex("11" * 16), bytes.fromhex("22" * 16))
"""Those of every meter in software that encrypts, invented and known to everybody."""

FIRST_COUNTER = 1_000_000


class Sealing(NamedTuple):
    """What the envelope of a model says: who seals, what the security control byte is, and in how many octets the length stands."""

    system_title: bytes
    security: int = AUTHENTICATED | ENCRYPTED
    length_size: int = 0

    @property
    def keys(self) -> Keys:
        """What opens it: a meter that does not authenticate has one key only."""
        return TEST_KEYS if self.security & AUTHENTICATED else Keys(TEST_KEYS.encryption)

    def seal(self, message: bytes, sent: int) -> bytes:
        """Encrypt the message that comes after ``sent`` others; no counter is used twice."""
        return sealed(
            message,
            self.keys,
            self.system_title,
            FIRST_COUNTER + sent,
            security=self.security,
            length_size=self.length_size,
        )
