"""The envelope around an encrypted message, both ways."""

import sys
from importlib.util import module_from_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import ciphering
from dlms.apdu import LLC, NO_TIME, PLAIN_TIME, TAGGED_TIME
from dlms.apdu import build as build_message
from dlms.axdr import Data, Tag
from dlms.ciphering import (
    AUTHENTICATED,
    BROADCAST,
    COMPRESSED,
    ENCRYPTED,
    Keys,
    Sealed,
    build,
    extent,
    parse,
    parse_untitled,
    seal,
    unseal,
)
from dlms.rejects import Reason, Rejected

BOTH = AUTHENTICATED | ENCRYPTED
MODES = (BOTH, ENCRYPTED, ENCRYPTED | 1, BOTH | 1, AUTHENTICATED, 0)
TITLE = b"XYZ\x00\x00\x00\x00\x07"
KEYS = Keys(bytes(range(16)), bytes(range(100, 116)))
ENCRYPTION_ONLY = Keys(KEYS.encryption)
OTHER = bytes(range(50, 66))

BODY = Data(Tag.STRUCTURE, (Data(Tag.UINT32, 549),))
TIME = bytes.fromhex("07e60b0701092c26ff800000")
PLAIN = build_message(bytes(4), PLAIN_TIME, TIME, BODY)[len(LLC) :]

# DLMS UA 1000-2 (Green Book), example of a get-request that is ciphered: keys, title, counter, message and all three results.
BOOK_KEYS = Keys(bytes.fromhex("000102030405060708090a0b0c0d0e0f"), bytes.fromhex("d0d1d2d3d4d5d6d7d8d9dadbdcdddedf"))
BOOK_TITLE, BOOK_COUNTER = bytes.fromhex("4d4d4d0000bc614e"), 0x01234567
BOOK_PLAIN = bytes.fromhex("c0010000080000010000ff0200")
BOOK_CIPHERTEXT = bytes.fromhex("411312ff935a47566827c467bc")
BOOK_TAG, BOOK_TAG_ALONE = bytes.fromhex("7d825c3be4a77c3fcc056b6b"), bytes.fromhex("06725d910f9221d263877516")


def refused(item: Sealed | bytes | Rejected) -> tuple[Reason, str]:
    """Why something was refused."""
    assert isinstance(item, Rejected)
    return item.reason, item.detail


def opened(envelope: bytes, keys: Keys) -> bytes | Rejected:
    """What is in an envelope."""
    sealed = parse(envelope)
    return sealed if isinstance(sealed, Rejected) else unseal(sealed, keys)


@pytest.mark.parametrize(
    ("security", "content"),
    [
        (BOTH, BOOK_CIPHERTEXT + BOOK_TAG),
        (ENCRYPTED, BOOK_CIPHERTEXT),
        (AUTHENTICATED, BOOK_PLAIN + BOOK_TAG_ALONE),
    ],
)
def test_the_example_of_the_standard(security: int, content: bytes) -> None:
    """What the Green Book prints is what is written, and what is read where there is a tag to believe."""
    sealed = seal(BOOK_PLAIN, BOOK_KEYS, BOOK_TITLE, BOOK_COUNTER, security)

    assert sealed == Sealed(BOOK_TITLE, security, BOOK_COUNTER, content)
    if security & AUTHENTICATED:
        assert unseal(sealed, BOOK_KEYS) == BOOK_PLAIN


@given(
    plain=st.binary(max_size=600),
    title=st.binary(min_size=8, max_size=8),
    counter=st.integers(0, 2**32 - 1),
    suite=st.sampled_from((0, 1)),
    keys=st.builds(Keys, st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16)),
)
def test_what_is_sealed_can_be_unsealed(plain: bytes, title: bytes, counter: int, suite: int, keys: Keys) -> None:
    """Sealing and unsealing are inverse for any message, title, counter and keys, and so are writing and reading the envelope."""
    sealed = seal(plain, keys, title, counter, BOTH | suite)

    assert parse(build(sealed)) == sealed
    assert unseal(sealed, keys) == plain


@pytest.mark.parametrize("security", MODES)
def test_every_mode_is_read_without_an_authentication_key(security: int) -> None:
    """With the encryption key alone a message of any mode is read, its tag unverified where it has one."""
    envelope = build(seal(PLAIN, KEYS, TITLE, 7, security))

    assert opened(envelope, ENCRYPTION_ONLY) == PLAIN
    if security & ENCRYPTED:
        assert PLAIN[-8:] not in envelope


@pytest.mark.parametrize("security", MODES)
def test_with_an_authentication_key_only_a_good_tag_is_believed(security: int) -> None:
    """A message that has no tag is Rejected(UNAUTHENTICATED) when an authentication key is configured."""
    found = opened(build(seal(PLAIN, KEYS, TITLE, 7, security)), KEYS)

    if security & AUTHENTICATED:
        assert found == PLAIN
    else:
        words = "nothing in the message proves its sender, and an authentication key is configured"
        assert refused(found) == (Reason.UNAUTHENTICATED, words)


@pytest.mark.parametrize("security", [BOTH, AUTHENTICATED])
def test_every_bit_of_an_authenticated_message_counts(security: int) -> None:
    """Whichever bit of an authenticated envelope is turned round, nothing is read."""
    envelope = build(seal(PLAIN, KEYS, TITLE, 7, security))
    for bit in range(8 * len(envelope)):
        changed = bytearray(envelope)
        changed[bit // 8] ^= 1 << bit % 8
        assert isinstance(opened(bytes(changed), KEYS), Rejected), bit


@pytest.mark.parametrize("security", [BOTH, ENCRYPTED, ENCRYPTED | 1])
def test_a_wrong_key_is_told_from_damage(security: int) -> None:
    """A wrong encryption key is Rejected(WRONG_KEY) and the words say that the frame is whole and the key is to be checked."""
    envelope = build(seal(PLAIN, KEYS, TITLE, 7, security))

    assert refused(opened(envelope, Keys(OTHER))) == (Reason.WRONG_KEY, ciphering.WRONG_KEY)
    assert ciphering.WRONG_KEY == "the frame is whole but does not decrypt: check the key"
    if security & AUTHENTICATED:
        assert refused(opened(envelope, Keys(OTHER, KEYS.authentication))) == (Reason.WRONG_KEY, ciphering.WRONG_KEY)


def test_a_wrong_authentication_key_alone_is_named() -> None:
    """Where the message decrypts and only the tag is wrong, the words speak of the authentication key."""
    found = opened(build(seal(PLAIN, KEYS, TITLE, 7)), Keys(KEYS.encryption, OTHER))

    assert refused(found) == (Reason.WRONG_KEY, "the frame decrypts, but its tag is wrong: check the authentication key")


@given(st.binary(min_size=16, max_size=16), st.integers(0, 2**32 - 1))
def test_no_other_key_gives_a_message(key: bytes, counter: int) -> None:
    """Any other key is Rejected(WRONG_KEY), without a tag to tell by as with one."""
    if key != KEYS.encryption:
        for security in (BOTH, ENCRYPTED):
            found = opened(build(seal(PLAIN, KEYS, TITLE, counter, security)), Keys(key))
            assert refused(found)[0] is Reason.WRONG_KEY


@pytest.mark.parametrize(
    "plain",
    [
        *(
            build_message(bytes(4), form, None if form == NO_TIME else TIME, BODY)[3:]
            for form in (NO_TIME, PLAIN_TIME, TAGGED_TIME)
        ),
        b"/XYZ5 invented\r\n\r\n1-0:1.7.0(0.549*kW)\r\n!\r\n",
        bytes.fromhex("e0c0000100000c") + PLAIN[:12],
    ],
)
def test_the_messages_that_are_known_without_a_tag(plain: bytes) -> None:
    """A data-notification in each spelling of its time, a P1 telegram and a first block are believed without a tag."""
    assert opened(build(seal(plain, KEYS, TITLE, 7, ENCRYPTED)), ENCRYPTION_ONLY) == plain


@pytest.mark.parametrize("length_size", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("before", [b"", LLC])
def test_every_form_of_the_length(length_size: int, before: bytes) -> None:
    """Short, 81, 82, 83, 84, minimal or not (82 00 E7): each is read, anywhere in a buffer."""
    sealed = seal(PLAIN, KEYS, TITLE, 7)
    envelope = build(sealed, length_size=length_size)

    assert envelope[10] == (0x80 | length_size if length_size else 17 + len(PLAIN))
    assert parse(before + envelope, len(before)) == sealed


def test_the_length_is_written_as_short_as_it_can_be() -> None:
    """Up to 127 octets one byte, up to 255 two, then three."""
    for size, first in ((100, 100 + 5), (122, 127), (123, 0x81), (250, 0x81), (251, 0x82), (600, 0x82)):
        assert build(Sealed(TITLE, ENCRYPTED, 1, bytes(size)))[10] == first


def test_the_envelope_without_a_title() -> None:
    """The short envelope of Polish P1 ports is written and read, and its nonce has zeros where the title would be."""
    sealed = seal(PLAIN * 12, KEYS, b"", 7)
    envelope = build(sealed)

    assert envelope[:2] == b"\x00\x82"
    assert parse_untitled(b"/XYZ5\r\n" + envelope, 7) == sealed
    assert unseal(sealed, KEYS) == PLAIN * 12
    assert sealed.content == seal(PLAIN * 12, KEYS, bytes(8), 7).content
    assert parse_untitled(envelope) == sealed
    for other in (b"\x01" + envelope[1:], b""):
        assert refused(parse_untitled(other)) == (Reason.MALFORMED, "no envelope without a system title")
    broadcast = parse_untitled(build(sealed._replace(security=BOTH | BROADCAST)))
    assert refused(broadcast) == (Reason.ENCRYPTED, "system title none; the broadcast key is not supported")


@pytest.mark.parametrize("title", [TITLE, b""])
def test_the_extent_of_an_envelope_in_a_stream(title: bytes) -> None:
    """How long an envelope is can be told as soon as its length has come, whatever stands behind it."""
    envelope = build(seal(PLAIN * 12, KEYS, title, 7))
    told = len(envelope) - len(PLAIN * 12) - 17

    for cut in range(len(envelope) + 5):
        assert extent(b"xx" + (envelope + b"!abcd")[:cut], 2) == (len(envelope) if cut >= told else None)


@pytest.mark.parametrize(("security", "least"), [(0, 1), (ENCRYPTED, 1), (ENCRYPTED | 1, 1), (AUTHENTICATED, 12), (BOTH, 12)])
def test_the_shortest_content(security: int, least: int) -> None:
    """One octet is content enough where there is no tag; where there is one, its twelve are the least."""
    sealed = Sealed(TITLE, security, 7, bytes(least))

    assert parse(build(sealed)) == sealed
    assert refused(parse(build(sealed._replace(content=bytes(least - 1))))) == (Reason.MALFORMED, NO_CONTENT)


OTHER_TITLE = "a system title that has not 8 octets is not supported"
NO_LENGTH = "the length of the general-glo-ciphering is not its length"
NO_CONTENT = "a general-glo-ciphering without content"


@pytest.mark.parametrize(
    ("envelope", "reason", "words"),
    [
        ("", Reason.MALFORMED, "no general-glo-ciphering"),
        ("0f400000", Reason.MALFORMED, "no general-glo-ciphering"),
        ("db", Reason.ENCRYPTED, OTHER_TITLE),
        ("db00820230300000000100", Reason.ENCRYPTED, OTHER_TITLE),
        ("db0758595a000000000c300000000700", Reason.ENCRYPTED, OTHER_TITLE),
        ("db0858595a00", Reason.MALFORMED, NO_LENGTH),
        ("db0858595a0000000007", Reason.MALFORMED, NO_LENGTH),
        ("db0858595a0000000007062000000007", Reason.MALFORMED, NO_LENGTH),
        ("db0858595a000000000704200000000700", Reason.MALFORMED, NO_LENGTH),
        ("db0858595a000000000780", Reason.MALFORMED, NO_LENGTH),
        ("db0858595a0000000007850000000006200000000700", Reason.MALFORMED, NO_LENGTH),
        ("db0858595a000000000700", Reason.MALFORMED, NO_CONTENT),
        ("db0858595a00000000070120", Reason.MALFORMED, NO_CONTENT),
        ("db0858595a00000000070420000000", Reason.MALFORMED, NO_CONTENT),
        ("db0858595a0000000007052000000007", Reason.MALFORMED, NO_CONTENT),
        ("db0858595a0000000007063000000007aa", Reason.MALFORMED, NO_CONTENT),
        ("db0858595a0000000007103000000007" + "aa" * 11, Reason.MALFORMED, NO_CONTENT),
        (
            "dc0858595a0000000007062000000007aa",
            Reason.ENCRYPTED,
            "system title 58595A0000000007; a key of a session (general-ded-ciphering) is not supported",
        ),
    ],
)
def test_envelopes_that_cannot_be_opened(envelope: str, reason: Reason, words: str) -> None:
    """A cut or contradictory envelope is Rejected(MALFORMED), one of a kind that is not supported Rejected(ENCRYPTED), with words."""
    found = parse(bytes.fromhex(envelope))

    assert refused(found) == (reason, words)
    assert isinstance(found, Rejected)
    assert found.size == len(envelope) // 2


@pytest.mark.parametrize(
    ("security", "words"),
    [
        (BOTH | COMPRESSED, "a compressed message is not supported"),
        (BOTH | BROADCAST, "the broadcast key is not supported"),
        (BOTH | 2, "security suite 2 is not supported"),
        (ENCRYPTED | 15, "security suite 15 is not supported"),
    ],
)
def test_protection_that_is_not_supported_is_named(security: int, words: str) -> None:
    """Compression, the broadcast key and longer keys are said to be not supported, with the sender."""
    found = parse(build(Sealed(TITLE, security, 7, bytes(40))))

    assert refused(found) == (Reason.ENCRYPTED, f"system title 58595A0000000007; {words}")


@given(st.binary(max_size=60))
def test_any_bytes_give_a_message_or_a_reason(content: bytes) -> None:
    """No bytes make the reader raise, with or without a good beginning, with one key or two."""
    for beginning in (b"", b"\xdb\x08", b"\xdb\x08" + TITLE, b"\xdc", b"\x00"):
        for read in (parse, parse_untitled):
            sealed = read(beginning + content)
            if isinstance(sealed, Sealed):
                assert isinstance(unseal(sealed, KEYS), (bytes, Rejected))
                assert isinstance(unseal(sealed, ENCRYPTION_ONLY), (bytes, Rejected))
        assert (extent(beginning + content, 0) or 0) >= 0


def test_only_a_key_needs_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no meter encrypts, ``cryptography`` is never imported and need not be there; who has a key cannot do without."""
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)
    spec = ciphering.__spec__
    assert spec.loader
    fresh = module_from_spec(spec)
    spec.loader.exec_module(fresh)

    assert fresh.parse(build(Sealed(TITLE, BOTH, 7, bytes(40)))) == Sealed(TITLE, BOTH, 7, bytes(40))
    with pytest.raises(ImportError):
        fresh.seal(PLAIN, KEYS, TITLE, 7)


def test_keys_are_not_shown() -> None:
    """No key is in the text that a log or a debugger makes of it."""
    assert repr(KEYS) == str(KEYS) == "Keys()"


@pytest.mark.parametrize("sizes", [(15, 16), (16, 15), (17, None), (0, None), (16, 0)])
def test_a_key_has_sixteen_octets(sizes: tuple[int, int | None]) -> None:
    """Keys of another size cannot be made."""
    with pytest.raises(ValueError, match="16 octets"):
        Keys(bytes(sizes[0]), None if sizes[1] is None else bytes(sizes[1]))


def test_authenticating_needs_the_key() -> None:
    """Nobody can seal an authenticated message without the authentication key."""
    with pytest.raises(ValueError, match=r"^an authenticated message needs the authentication key$"):
        seal(PLAIN, ENCRYPTION_ONLY, TITLE, 7)
