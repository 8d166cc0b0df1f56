"""What manufacturers made of the standard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlms.obis import REGISTERS
from han_gateway.meters.forms import EMBRIQ_LIST1, FORMS, Form
from han_gateway.meters.profiles import PROFILES, Profile, Shape, identify
from tests.invented import LIST_IDS

NAMES = {register.name for register in REGISTERS.values()}


def fitting(shape: Shape, list_id: str | None, size: int) -> list[Profile]:
    """Give all profiles that a signature fits, asked one by one."""
    return [
        profile
        for profile in PROFILES
        if profile.shape is shape and (size in profile.nameless if list_id is None else list_id.startswith(profile.list_id))
    ]


@given(
    st.sampled_from(Shape),
    st.none()
    | st.sampled_from(sorted(set(LIST_IDS.values())))
    | st.text(max_size=20)
    | st.sampled_from(["AIDON_H0001", "KFM_001D"]),
    st.integers(0, 600),
)
def test_no_body_fits_two_meters(shape: Shape, list_id: str | None, size: int) -> None:
    """A signature fits one family at most, and that is the one identified."""
    families = fitting(shape, list_id, size)

    assert len(families) <= 1
    assert identify(shape, list_id, size) is (families[0] if families else None)


def test_signatures_do_not_overlap() -> None:
    """No two families of a shape share a beginning of their list ids, or a size of nameless lists."""
    for one in PROFILES:
        for other in PROFILES:
            if one is not other and one.shape is other.shape:
                assert not one.list_id.startswith(other.list_id)
                assert not set(one.nameless) & set(other.nameless)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_form_is_identified(form: Form) -> None:
    """Each list that can be written is its own family's; only the E350's nameless list 1 looks like Aidon's."""
    named = any(column.name == "list_id" for column in form.columns)
    found = identify(form.profile.shape, LIST_IDS[form.profile.name] if named else None, len(form.columns))

    assert found is not None
    assert found.name == ("aidon" if form is EMBRIQ_LIST1 else form.profile.name)


def test_columns_are_registers() -> None:
    """Every column of a positional list is a register that is known, once, and as many as its count says."""
    for profile in PROFILES:
        for count, columns in profile.columns.items():
            assert len(columns) == len(set(columns)) == count
            assert set(columns) <= NAMES
        assert profile.placeholders <= NAMES
        assert bool(profile.columns) is (profile.shape is Shape.POSITIONAL)


def test_manufacturers_are_lower_case() -> None:
    """Makers are written in lower case, as the contract has them."""
    assert {profile.manufacturer for profile in PROFILES} == {"kaifa", "aidon", "kamstrup", "landis-gyr"}
