from __future__ import annotations

import pytest

from core.errors import InputError
from models import Account
from pipelines.publishing.accounts import groups

pytestmark = pytest.mark.usefixtures("record")


def account(number: int) -> Account:
    return Account.create(open_id=f"open {number}", name=f"tales {number}", state="connected")


def test_a_group_is_there_as_long_as_an_account_is_in_it() -> None:
    one, two = account(1), account(2)

    assert groups.change(one.id, "ada", add=["night", "Abend"])
    assert groups.change(two.id, "ada", add=["night"])
    assert not groups.change(two.id, "ada", add=["night"]), "nothing changes"

    assert Account.get_by_id(one.id).groups == ["Abend", "night"]
    assert groups.ids("night") == [one.id, two.id]
    groups.change(one.id, "ada", remove=["Abend"])
    with pytest.raises(InputError, match=r"There is no group Abend\. Groups: night\."):
        groups.ids("Abend")


def test_names_are_tidied_and_bounded() -> None:
    assert groups.parse(" night ,two   words,, night") == ["night", "two words"]
    with pytest.raises(InputError, match="has 41 letters"):
        groups.parse("a" * 41)
    with pytest.raises(InputError, match="at most 20"):
        groups.change(account(1).id, "ada", add=[str(number) for number in range(21)])
    with pytest.raises(InputError, match="no account 404"):
        groups.change(404, "ada", add=["night"])
