"""What every ports.State does. A test module brings the two fixtures and subclasses the suite."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Callable, Iterator

import pytest

from reconciler.model.journal import Change, JournalRow, Outcome
from reconciler.model.origins import Origin
from reconciler.model.pauses import Asked, Asker, Pause
from reconciler.model.refs import ObjectRef
from reconciler.model.values import Record
from reconciler.ports import QueuedNote, State

REF = ObjectRef("apps", "Deployment", "serving", "triton")


def record(name: str = "triton", *, body: bytes = b'{"a":1}', uid: str = "u-1") -> Record:
    return Record(
        ref=dataclasses.replace(REF, name=name),
        api_version="apps/v1",
        uid=uid,
        digest=hashlib.sha256(body).hexdigest(),
        body=body,
        signature="u-1 0011 2233",
        origin=Origin("bases/triton/deployment.yaml", 3),
        applied_at=1_700_000_000.125,
    )


def journal_row(at: float) -> JournalRow:
    return JournalRow(
        at=at,
        ref=REF,
        kind="edited",
        change=Change(
            path="spec.replicas",
            wanted="3",
            found="5",
            manager="kubectl-edit",
            operation="Update",
            since="2026-01-01T00:00:00Z",
            rule="/spec/replicas",
        ),
        outcome=Outcome.CORRECTED,
        seconds=0.02,
    )


def note(text: str = "site: north/one\n", *, time: float = 1_700_000_000.5) -> QueuedNote:
    return QueuedNote(commit="c" * 40, text=text, subject="north/one Synced", time=time)


class StateContract:
    @pytest.fixture
    def reopen(self) -> Callable[[], State]:
        """Opens the one state of the test; what the last call opened is closed before."""
        raise NotImplementedError

    @pytest.fixture
    def state(self, reopen: Callable[[], State]) -> Iterator[State]:
        opened = reopen()
        yield opened
        opened.close()

    def test_a_new_state_is_empty(self, state: State) -> None:
        assert not state.records()
        assert state.meta("accepted") == ""
        assert state.queued_note() is None
        assert state.pauses() == ()

    def test_pauses_come_back_in_their_order_and_replace_each_other(
        self, state: State, reopen: Callable[[], State]
    ) -> None:
        whole = Asked(
            asker=Asker.SITE,
            pause=Pause(reason="a visitor; \u00fc", until=253_402_300_799.0),
            began=1_700_000_000.5,
            most=86_400.0,
        )
        one = Asked(
            asker=Asker.COMMIT,
            pause=Pause(reason="tests", until=1.5, object=str(REF)),
            began=0.5,
            most=1.0,
            used=0.25,
            asked=False,
        )
        state.keep_pauses([one])
        state.keep_pauses([whole, one])
        assert reopen().pauses() == (whole, one)

    @pytest.mark.parametrize("body", [b"", b"\0\n\xff", '{"ü":"😀"}'.encode(), b"x" * 1_400_000])
    def test_a_record_comes_back_to_the_byte(self, state: State, body: bytes) -> None:
        saved = record(body=body)
        state.save(put=[saved])
        assert state.records() == {saved.ref: saved}

    @pytest.mark.parametrize(
        "origin", [Origin(""), Origin("a b/ü.yaml", 7, "configMapGenerator[0]"), Origin('"\\\n', 1)]
    )
    def test_an_origin_comes_back(self, state: State, origin: Origin) -> None:
        saved = dataclasses.replace(record(), origin=origin)
        state.save(put=[saved])
        assert state.records()[saved.ref].origin == origin

    @pytest.mark.parametrize(
        "ref",
        [
            ObjectRef("", "Namespace", "", "serving"),
            ObjectRef("rbac.authorization.k8s.io", "ClusterRole", "", "system:a.b"),
            ObjectRef("example.dev", "Model", "serving", "llama-3.1"),
        ],
    )
    def test_any_object_s_name_comes_back(self, state: State, ref: ObjectRef) -> None:
        state.save(put=[dataclasses.replace(record(), ref=ref)])
        assert set(state.records()) == {ref}

    def test_the_newest_record_of_an_object_replaces_the_one_before(self, state: State) -> None:
        state.save(put=[record(), record("other")])
        newer = record(body=b"{}", uid="u-2")
        state.save(put=[newer])
        assert state.records() == {newer.ref: newer, record("other").ref: record("other")}

    def test_a_dropped_record_is_gone(self, state: State) -> None:
        state.save(put=[record(), record("other")])
        state.save(drop=[REF, dataclasses.replace(REF, name="never-there")])
        assert set(state.records()) == {record("other").ref}

    def test_what_is_dropped_and_put_at_once_stays(self, state: State) -> None:
        state.save(put=[record()])
        state.save(put=[record(uid="u-2")], drop=[REF])
        assert state.records()[REF].uid == "u-2"

    def test_a_record_s_digest_must_be_its_bytes_own(self, state: State) -> None:
        with pytest.raises(ValueError, match="digest"):
            state.save(put=[dataclasses.replace(record(), digest="0" * 64)])
        assert not state.records()

    def test_a_save_that_fails_in_its_middle_changes_nothing(self, state: State) -> None:
        def records() -> Iterator[Record]:
            yield record("other")
            raise RuntimeError("in the middle")

        state.save(put=[record()], meta={"a": "before"})
        with pytest.raises(RuntimeError, match="in the middle"):
            state.save(put=records(), drop=[REF], meta={"a": "after"})
        assert set(state.records()) == {REF}
        assert state.meta("a") == "before"

    def test_meta_values_are_set_replaced_and_emptied(self, state: State) -> None:
        state.save(meta={"a": "1", "b": "2"})
        state.save(meta={"a": "3", "b": ""})
        assert (state.meta("a"), state.meta("b"), state.meta("c")) == ("3", "", "")

    def test_only_the_newest_note_is_queued(self, state: State) -> None:
        state.queue_note(note("first"))
        state.queue_note(note("second"))
        assert state.queued_note() == note("second")

    def test_a_sent_note_leaves_the_queue(self, state: State) -> None:
        state.queue_note(note())
        state.note_sent(note())
        assert state.queued_note() is None

    @pytest.mark.parametrize("newer", [note("newer"), note(time=1_700_000_000.75)])
    def test_a_note_queued_while_one_was_sent_stays(self, state: State, newer: QueuedNote) -> None:
        state.queue_note(note())
        state.queue_note(newer)
        state.note_sent(note())
        assert state.queued_note() == newer

    def test_words_that_utf_8_has_no_form_for_stop_nothing(self, state: State) -> None:
        broken = note("half a pair: \ud83d")
        state.queue_note(broken)
        state.mark_commit("c1", 1.0, "refused", "half a pair: \ud83d")
        state.save(meta={"reason": "half a pair: \ud83d"})
        assert (state.queued_note() or note("")).text.startswith("half a pair: ")
        state.note_sent(broken)
        assert state.queued_note() is None

    @pytest.mark.parametrize("mark", ["seen", "accepted", "synced", "healthy", "refused"])
    def test_a_commit_can_be_marked_again_and_again(self, state: State, mark: str) -> None:
        state.mark_commit("c1", 1.0, mark)
        state.mark_commit("c1", 2.0, mark, "RenderFailed")

    def test_a_mark_that_there_is_not_is_an_error(self, state: State) -> None:
        with pytest.raises(ValueError, match="rolled"):
            state.mark_commit("c1", 1.0, "rolled")

    def test_all_of_it_is_there_after_opening_it_again(self, reopen: Callable[[], State]) -> None:
        state = reopen()
        state.save(put=[record()], meta={"accepted": "c1"})
        state.queue_note(note())
        state = reopen()
        assert state.records() == {REF: record()}
        assert state.meta("accepted") == "c1"
        assert state.queued_note() == note()

    def test_the_journal_comes_back_in_its_order(self, state: State) -> None:
        rows = [journal_row(float(number)) for number in range(4)]
        state.save(journal=rows[:2])
        state.save(put=[record()], journal=rows[2:])
        assert state.journal() == tuple(rows)
        assert state.journal(since=2.0) == tuple(rows[2:])

    def test_the_journal_keeps_its_newest_rows(self, state: State) -> None:
        state.save(journal=[journal_row(float(number)) for number in range(10_050)])
        found = state.journal()
        assert (len(found), found[0].at, found[-1].at) == (10_000, 50.0, 10_049.0)

    def test_a_journal_s_words_may_be_any(self, state: State) -> None:
        strange = Change(path="", wanted="\ud800", found="a\nb", manager="\x00")
        state.save(journal=[dataclasses.replace(journal_row(1.0), change=strange)])
        assert state.journal()[0].change.found == "a\nb"

    def test_fields_left_to_others_come_back(self, state: State) -> None:
        kept = dataclasses.replace(record(), left=("/spec/replicas", "/metadata/labels/a~1b"))
        state.save(put=[kept])
        assert state.records() == {REF: kept}

    def test_what_was_read_does_not_change_by_later_saves(self, state: State) -> None:
        state.save(put=[record()])
        before = state.records()
        state.save(drop=[REF])
        assert set(before) == {REF}

    def test_threads_may_save_side_by_side(self, state: State) -> None:
        def save(worker: int) -> None:
            for number in range(20):
                state.save(put=[record(f"o-{worker}-{number}")], meta={f"m-{worker}": str(number)})
                state.records()

        threads = [threading.Thread(target=save, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(state.records()) == 80
        assert [state.meta(f"m-{worker}") for worker in range(4)] == ["19"] * 4

    def test_closing_twice_is_closing_once(self, reopen: Callable[[], State]) -> None:
        state = reopen()
        state.close()
        state.close()
