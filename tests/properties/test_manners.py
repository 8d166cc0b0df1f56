"""A charger without manners does not hurt the fuse. Here it is one house for each way; ``scripts/campaign manners`` tries hundreds."""

import pytest

from tests.campaign.manners import FLAGGED_S, MANNERS, SLOW_S, SOON_S, tried


@pytest.mark.parametrize("manner", MANNERS)
def test_a_charger_without_manners_hurts_nobody(manner: str) -> None:
    """A line that others could spare is not over for longer than they need to follow, and who ignores its limit is called so in time."""
    seen = tried(("1", list(MANNERS).index(manner)))

    assert seen.manner == manner
    assert seen.over_s <= SOON_S + (SLOW_S // 2 if manner == "slow" else 0)
    assert seen.unflagged_s <= FLAGGED_S
