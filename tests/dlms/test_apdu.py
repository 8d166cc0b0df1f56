"""LLC and data-notification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms import axdr
from dlms.apdu import LLC, NO_TIME, PLAIN_TIME, TAGGED_TIME, Apdu, build, headed, parse
from dlms.axdr import Data, Tag
from dlms.rejects import Reason, Rejected

BODY = Data(Tag.STRUCTURE, (Data(Tag.UINT32, 549),))
INVOKE_ID = bytes.fromhex("40000000")
TIME = bytes.fromhex("07e60b0701092c26ff800000")


def refused(message: bytes) -> Rejected:
    """Parse what must be refused."""
    result = parse(message)
    assert isinstance(result, Rejected)
    assert result.size == len(message)
    return result


@pytest.mark.parametrize("time_form", [NO_TIME, PLAIN_TIME, TAGGED_TIME])
@pytest.mark.parametrize("with_llc", [True, False])
@pytest.mark.parametrize("before", [b"", b"\x7e header"])
def test_the_head_is_read_in_every_spelling(time_form: bytes, with_llc: bool, before: bytes) -> None:
    """LLC or not, three spellings of the time, anywhere in a buffer: offsets and body are found."""
    time = None if time_form == NO_TIME else TIME
    message = build(INVOKE_ID, time_form, time, BODY)
    buffer = before + (message if with_llc else message[len(LLC) :])

    apdu = parse(buffer, len(before))

    assert isinstance(apdu, Apdu)
    assert buffer[apdu.invoke_id_at :][:4] == INVOKE_ID
    assert (None if apdu.date_time_at is None else buffer[apdu.date_time_at :][:12]) == time
    assert apdu.body.tag is Tag.STRUCTURE
    assert [item.value for item in apdu.body.items] == [549]
    assert buffer[apdu.body.items[0].at :] == (549).to_bytes(4, "big")


def test_encrypted_names_its_sender() -> None:
    """A ciphered message is Rejected(ENCRYPTED) and says whose key is needed."""
    for llc in (LLC, b""):
        rejected = refused(llc + bytes.fromhex("db084b414d4500000001820010"))
        assert rejected.reason is Reason.ENCRYPTED
        assert rejected.detail == "system title 4B414D4500000001"


@pytest.mark.parametrize(
    ("message", "words"), [(b"", "empty"), (LLC, "empty"), (LLC + b"\xe0", "tag E0"), (b"\x7e\x0f", "tag 7E")]
)
def test_what_is_no_data_notification(message: bytes, words: str) -> None:
    """Any other message is Rejected(NOT_PUSH) and names its tag."""
    rejected = refused(message)

    assert rejected.reason is Reason.NOT_PUSH
    assert rejected.detail == words


@pytest.mark.parametrize(
    "head", ["0f", "0f400000", "0f40000000", "0f4000000001", "0f400000000907", "0f400000000c07e6", "0f40000000090d07"]
)
def test_a_head_that_is_cut_or_unknown(head: str) -> None:
    """A head that ends early or has another spelling of the time is Rejected(MALFORMED), and the words say that it was the head."""
    rejected = refused(LLC + bytes.fromhex(head))

    assert (rejected.reason, rejected.size) == (Reason.MALFORMED, len(LLC) + len(head) // 2)
    assert rejected.detail in ("head of the data-notification", f"ends at byte {rejected.size} inside a value")


@pytest.mark.parametrize("body", ["", "0201", "0200aa"])
def test_a_body_that_breaks_the_encoding(body: str) -> None:
    """A body that A-XDR refuses is Rejected(MALFORMED)."""
    assert refused(LLC + bytes.fromhex("0f4000000000" + body)).reason is Reason.MALFORMED


@given(st.binary(max_size=80))
def test_any_bytes_give_a_message_or_a_reason(message: bytes) -> None:
    """No bytes make the reader raise, with or without a good beginning."""
    for beginning in (b"", LLC, LLC + b"\x0f", LLC + bytes.fromhex("0f4000000000")):
        assert isinstance(parse(beginning + message), (Apdu, Rejected))


def test_a_body_is_given_a_head_again() -> None:
    """What was cut down to its body is a message again; whatever has a head, or is no body, stays what it is."""
    parsed = parse(headed(axdr.build(BODY)))

    assert isinstance(parsed, Apdu)
    assert (parsed.body.value, parsed.date_time_at) == (parse_body(axdr.build(BODY)), None)
    for other in (build(INVOKE_ID, NO_TIME, None, BODY), build(INVOKE_ID, NO_TIME, None, BODY)[len(LLC) :], b"", b"\xdb\x08"):
        assert headed(other) == other


def parse_body(content: bytes) -> object:
    """Give the values of a body that stands where it would in the shortest message."""
    data = axdr.parse(b"\x0f" + bytes(5) + content, 6)
    assert isinstance(data, Data)
    return data.value
