"""The audit log is sealed: whatever is changed, removed or inserted afterwards is found."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

import pytest

from core import crypto, db
from models import AuditEntry, AuditSeal
from pipelines import key_rotation
from pipelines.people import audit_chain
from pipelines.publishing.accounts import token_recovery

ENTRIES = 12
SWAPPED = """
UPDATE audit_seal SET entry_id = -1 WHERE id = 2;
UPDATE audit_seal SET entry_id = 2 WHERE id = 3;
UPDATE audit_seal SET entry_id = 3 WHERE id = 2
"""

pytestmark = pytest.mark.usefixtures("record")


def entry(number: int) -> AuditEntry:
    return AuditEntry.create(
        actor="olga", action="story.approve", subject=f"story {number}", reason="é \n | ;"
    )


@pytest.fixture
def sealed() -> str:
    """Entries sealed in several batches; the last seal, as somebody noted it."""
    for number in range(ENTRIES):
        entry(number)
        if number % 5 == 0:
            audit_chain.seal()
    audit_chain.seal()
    found = audit_chain.verify()
    assert (found.sealed, found.unsealed, found.count) == (ENTRIES, 0, 0)
    return found.last


@pytest.mark.parametrize(
    ("altered", "sentence"),
    [
        ("UPDATE audit_entry SET reason = 'nothing' WHERE id = 5", "Entry 5"),
        ("UPDATE audit_entry SET actor = 'otto' WHERE id = 1", "Entry 1"),
        ("UPDATE audit_entry SET created_at = created_at - interval '1 day' WHERE id = 7", "7"),
        ("DELETE FROM audit_entry WHERE id = 4", "entry of seal 4 is missing"),
        ("DELETE FROM audit_seal WHERE id = 4", "Seals 4 to 4 are missing"),
        (
            "DELETE FROM audit_seal WHERE id = 4; DELETE FROM audit_entry WHERE id = 4",
            "Seals 4 to 4 are missing",
        ),
        ("UPDATE audit_seal SET hash = repeat('a', 64) WHERE id = 3", "Entry 3"),
        (SWAPPED, "Entry"),
    ],
)
def test_every_alteration_is_found(sealed: str, altered: str, sentence: str) -> None:
    db.database.execute_sql(altered)

    found = audit_chain.verify()

    assert found.count
    assert sentence in " ".join(found.faults)


def test_an_entry_inserted_among_old_ones_is_found(sealed: str) -> None:
    db.database.execute_sql("UPDATE audit_entry SET id = id + 100 WHERE id > 6")
    db.database.execute_sql("UPDATE audit_seal SET entry_id = entry_id + 100 WHERE entry_id > 6")
    db.database.execute_sql(
        "INSERT INTO audit_entry (id, created_at, actor, action, subject, reason) "
        "VALUES (50, now() - interval '1 day', 'olga', 'x', 'y', '')"
    )

    assert "Entry 50 has no seal" in " ".join(audit_chain.verify().faults)


def rehash() -> None:
    """Write new hashes for all seals, as somebody without our key can."""
    last = audit_chain.START
    for row in AuditSeal.select(AuditSeal.id, AuditSeal.entry_id).order_by(AuditSeal.id):
        written = AuditEntry.get_by_id(row.entry_id)
        fields = (written.id, written.created_at, written.actor, written.action)
        last = audit_chain.link(last, (*fields, written.subject, written.reason))
        AuditSeal.update(hash=last).where(AuditSeal.id == row.id).execute()


@pytest.mark.parametrize("witness", ["kept", "removed"])
def test_a_rewritten_chain_lacks_the_key(sealed: str, witness: str) -> None:
    # Given somebody who changes an entry, and writes new hashes for all seals
    db.database.execute_sql("UPDATE audit_entry SET reason = 'nothing' WHERE id = 5")
    rehash()
    if witness == "removed":
        db.database.execute_sql("UPDATE audit_seal SET witness = NULL")

    # Then the hashes agree with the entries, but the newest seal has no valid witness
    assert audit_chain.verify().faults == [f"Seal {ENTRIES} {audit_chain.UNWITNESSED}"]

    # And the next batch doesn't cover that up
    entry(ENTRIES)
    audit_chain.seal()
    entry(ENTRIES + 1)
    audit_chain.seal()
    assert audit_chain.verify().faults == [f"Seal {ENTRIES} {audit_chain.UNWITNESSED}"]


def test_removed_newest_entries_are_found(sealed: str) -> None:
    db.database.execute_sql("DELETE FROM audit_seal WHERE id > 8")
    db.database.execute_sql("DELETE FROM audit_entry WHERE id > 8")

    assert audit_chain.verify().faults == [f"Seal 8 {audit_chain.UNWITNESSED}"]


def test_a_new_chain_from_the_start_is_found_by_a_seal_that_was_noted(sealed: str) -> None:
    assert audit_chain.verify(expect=sealed).count == 0

    db.database.execute_sql("UPDATE audit_entry SET reason = 'nothing' WHERE id = 5")
    AuditSeal.delete().execute()
    audit_chain.seal()

    assert audit_chain.verify().count == 0
    assert "is not the one that was noted" in audit_chain.verify(expect=sealed).faults[0]


def test_only_the_newest_seal_has_a_witness(sealed: str) -> None:
    witnessed = AuditSeal.select(AuditSeal.id).where(AuditSeal.witness.is_null(False))

    assert [seal.id for seal in witnessed] == [ENTRIES]


def test_seals_survive_a_change_of_keys(sealed: str, tmp_path: Path) -> None:
    token_recovery.configure(tmp_path)
    old, new = crypto.new_key(), crypto.new_key()
    AuditSeal.delete().execute()
    crypto.configure(old)
    audit_chain.seal()

    crypto.configure(f"{new},{old}")
    key_rotation.rotate()
    crypto.configure(new)

    assert audit_chain.verify().count == 0


def test_a_transaction_that_ends_late_is_sealed_late(database_url: str) -> None:
    # Given a transaction that has written an entry, and is not committed
    written, end = Event(), Event()

    def slow() -> None:
        with db.session(), db.transaction():
            entry(1)
            written.set()
            end.wait(10)

    thread = Thread(target=slow)
    thread.start()
    written.wait(10)

    # When later entries are written and sealed meanwhile, nobody waits
    entry(2)
    assert audit_chain.seal() == 1
    end.set()
    thread.join()

    # Then the next tick seals the late one, and all is well
    assert audit_chain.verify().unsealed == 1
    assert audit_chain.seal() == 1
    found = audit_chain.verify()
    assert (found.sealed, found.unsealed, found.count) == (2, 0, 0)


def test_an_entry_that_is_rolled_back_leaves_no_gap() -> None:
    with pytest.raises(RuntimeError), db.transaction():
        entry(1)
        raise RuntimeError
    entry(2)
    audit_chain.seal()

    assert audit_chain.verify().count == 0
    assert audit_chain.seal() == 0
