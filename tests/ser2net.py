"""What ser2net 4.3.11 says in telnet mode, as it was heard: how a connection begins, and what becomes of the bytes behind it."""

BEGINS = bytes.fromhex("fffb03 fffd03 fffb01 fffe01 fffd00 fffb00")
BEGINS_RFC2217 = BEGINS + bytes.fromhex("fffd2c")
"""With ``accepter: telnet(rfc2217),tcp,PORT``."""


def doubled(data: bytes) -> bytes:
    """Each FF twice, so that it is no command."""
    return data.replace(b"\xff", b"\xff\xff")
