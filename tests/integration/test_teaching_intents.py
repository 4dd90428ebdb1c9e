"""Teaching intents, from the list to the release in use: real database and heads, a bag of words for an embedder."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers import Answer, Outcome
from bot.errors import IntentsChanged, IntentsInvalid, ReleaseInvalid, ReleaseWorse, TrainingUnderWay
from bot.intent_store.intent_editing import LONGEST_EXAMPLE, as_toml
from bot.intent_store.intent_lists import IntentLists
from bot.intent_store.intent_trainings import SILENT_SECONDS, IntentTrainings, RunState
from bot.intents import Intent, LeadsTo
from bot.messages import Author, MessageState
from bot.protocols import TranscriptStore
from bot.releases import current_release, publish_release, releases
from bot.traces import Release, Trace
from bot.training.intent_learning import key_of, set_aside
from bot.training.promotion import Validation, compared, promote, roll_back
from tests.fakes.intent_desk import FakeIntentDesk, some_intents
from tests.fakes.transcripts import MemoryTranscripts

PARCEL = Intent(
    "parcel",
    LeadsTo.KNOWLEDGE,
    {"en": "Parcels", "zh": "包裹"},
    {
        "en": tuple(f"{frame} parcel" for frame in ("where is my", "track the", "lost", "late", "wrong")),
        "zh": ("包裹",),
    },
)


pytestmark = pytest.mark.slow


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[FakeIntentDesk]:
    made = FakeIntentDesk(tmp_path, MemoryTranscripts())
    yield made
    made.close()


def trained(parts: FakeIntentDesk) -> str:
    """Trains the newest list to its end; the name of the release."""
    run = parts.desk.train("ada")
    parts.trainer.join()
    done = parts.desk.run(run.run_id)
    assert done is not None
    assert done.state is RunState.DONE, done.problem
    return done.release


def saved(parts: FakeIntentDesk, intent: Intent, before: str = "") -> int:
    version = parts.desk.listed().version
    return parts.desk.save(intent, before=before, version=version, author="ada").version


def test_an_edited_list_is_trained_compared_promoted_and_rolled_back(parts: FakeIntentDesk) -> None:
    assert not parts.desk.look().is_changed
    began_with = parts.live()
    first = began_with.classifier.release
    saved(parts, PARCEL)
    assert parts.desk.look().is_changed
    name = trained(parts)
    view = parts.desk.look()
    assert parts.live() is began_with, "nothing is live before somebody says so, and nothing is read again"
    assert view.candidate is not None
    assert view.candidate.name == name
    _was_measured_on_what_both_had_not_seen(parts, name)
    folder = parts.releases_folder / "intents" / name
    assert not any(b"zanzibar" in path.read_bytes() for path in folder.iterdir()), "a release tells no examples"
    parts.desk.promote(name)
    assert parts.live().classifier.release == f"intents/{name}"
    assert "parcel" in parts.live().intents
    assert parts.desk.classify("lost parcel").alternatives[0][0] == "parcel"
    assert not parts.desk.look().is_changed
    assert "parcel" not in began_with.intents, "a turn keeps what it began with"
    assert parts.desk.look().can_go_back
    assert f"intents/{parts.desk.roll_back().release}" == first == parts.live().classifier.release
    assert not parts.desk.look().can_go_back
    with pytest.raises(ReleaseInvalid, match="no earlier release"):
        parts.desk.roll_back()


def _was_measured_on_what_both_had_not_seen(parts: FakeIntentDesk, name: str) -> None:
    found = parts.desk.look().findings
    assert found is not None
    told = found.findings["comparison"]
    aside = set_aside(parts.desk.listed().intents)
    assert told["messages"] == len(aside)
    assert not told["seen"]
    assert told["against"] == parts.live().classifier.release.removeprefix("intents/")
    assert told["difference"]["low"] <= told["difference"]["value"] <= told["difference"]["high"]
    values = json.loads((parts.releases_folder / "intents" / name / "validation.json").read_text())
    assert set(values["right"]) == {key_of(text) for text in aside}


def test_a_message_that_is_set_aside_stays_so_in_every_version() -> None:
    intents = some_intents()
    more = tuple(
        replace(each, examples={**each.examples, "en": (*each.examples["en"], "one more")}) for each in intents
    )
    assert set_aside(intents) <= set_aside(more)


def test_mislabelled_examples_and_confusions_are_pointed_out(parts: FakeIntentDesk) -> None:
    hours = next(intent for intent in parts.desk.listed().intents if intent.name == "hours")
    wrong = ("refund my money", "refund it", "the refund please", "refund now")
    more = tuple(f"{word} refund" for word in ("our", "your", "their", "full", "partial", "quick", "late", "big"))
    parts.desk.add_examples("refund", more, author="ada")
    saved(parts, replace(hours, examples={**hours.examples, "en": (*hours.examples["en"], *wrong)}), "hours")
    trained(parts)
    findings = parts.desk.look().runs[0].findings
    pairs = {(pair["first"], pair["second"]) for pair in findings["confusions"]}
    assert ("hours", "refund") in pairs
    assert {each["text"] for each in findings["doubtful"] if each["guess"] == "refund"} & set(wrong)
    assert "greeting" in {each["intent"] for each in findings["weak"]}, "it has seven examples"


def test_a_renamed_intent_is_compared_under_its_new_name(parts: FakeIntentDesk) -> None:
    refund = next(intent for intent in parts.desk.listed().intents if intent.name == "refund")
    saved(parts, replace(refund, name="money"), "refund")
    saved(parts, replace(refund, name="money_back"), "money")
    assert parts.lists.renames(1, 3) == {"refund": "money_back"}
    trained(parts)
    told = parts.desk.look().runs[0].findings["comparison"]
    assert told["before"]["accuracy"] == told["after"]["accuracy"]
    assert not told["changes"]


# --- two people ---


def test_two_people_may_edit_two_intents_and_not_one(parts: FakeIntentDesk) -> None:
    refund, hours, *_ = parts.desk.listed().intents
    version = parts.desk.listed().version
    parts.desk.save(replace(refund, title={"en": "Money"}), before="refund", version=version, author="ada")
    parts.desk.save(replace(hours, title={"en": "Times"}), before="hours", version=version, author="edda")
    with pytest.raises(
        IntentsChanged, match=r"edda has changed the list meanwhile .*'refund' is not what you began with"
    ):
        parts.desk.save(replace(refund, title={"en": "Cash"}), before="refund", version=version, author="olga")
    titles = {intent.name: intent.title["en"] for intent in parts.desk.listed().intents}
    assert (titles["refund"], titles["hours"]) == ("Money", "Times")


def test_an_intent_that_somebody_deleted_is_not_brought_back(parts: FakeIntentDesk) -> None:
    refund = parts.desk.listed().intents[0]
    version = parts.desk.listed().version
    parts.desk.delete("refund", version=version, author="ada")
    with pytest.raises(IntentsChanged, match="'refund' is no longer there"):
        parts.desk.save(replace(refund, title={"en": "Cash"}), before="refund", version=version, author="edda")


def test_many_writers_lose_nothing(parts: FakeIntentDesk) -> None:
    def write(number: int) -> None:
        parts.desk.add_examples("refund", [f"refund of writer {number}"], author=f"w{number}")

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    texts = parts.desk.listed().intents[0].examples["en"]
    assert {f"refund of writer {number}" for number in range(8)} <= set(texts)
    assert parts.desk.listed().version == 9


def test_the_whole_list_can_be_replaced_by_a_file_and_only_by_a_whole_one(parts: FakeIntentDesk) -> None:
    before = parts.desk.listed()
    with pytest.raises(IntentsInvalid):
        parts.desk.replace_all('[[intent]]\nname = "alone"\nexamples.en = ["x"]\n', author="ada")
    assert parts.desk.listed() == before
    parts.desk.replace_all(as_toml((*before.intents, PARCEL)), author="ada", version=before.version)
    with pytest.raises(IntentsChanged, match="version 1 of the list is not the newest"):
        parts.desk.replace_all(as_toml(before.intents), author="edda", version=before.version)


def test_a_changed_file_is_taken_in_until_people_have_edited(parts: FakeIntentDesk) -> None:
    assert parts.lists.take_in_file((*some_intents(), PARCEL), "another file").version == 2
    assert parts.lists.take_in_file((*some_intents(), PARCEL), "another file").version == 2
    saved(parts, replace(PARCEL, title={"en": "Post"}), "parcel")
    assert parts.lists.take_in_file(some_intents(), "a third file").version == 3


# --- trainings ---


def test_one_training_at_a_time_and_it_can_be_cancelled(parts: FakeIntentDesk) -> None:
    parts.trainer.may_train.clear()
    run = parts.desk.train("ada")
    with pytest.raises(TrainingUnderWay, match="under way already"):
        parts.desk.train("edda")
    parts.desk.cancel()
    parts.trainer.join()
    ended = parts.desk.run(run.run_id)
    assert ended is not None
    assert ended.state is RunState.CANCELLED
    assert len(releases(parts.releases_folder, "intents")) == 1


def test_a_training_that_cannot_be_done_says_why(parts: FakeIntentDesk) -> None:
    parts.lists.change(
        lambda newest: tuple(replace(each, examples={"en": ("same words",)}) for each in newest.intents),
        author="ada",
        change="broken on purpose",
    )
    run = parts.desk.train("ada")
    parts.trainer.join()
    ended = parts.desk.run(run.run_id)
    assert ended is not None
    assert (ended.state, "stands under" in ended.problem) == (RunState.FAILED, True)


def test_a_training_without_a_sign_of_life_reads_as_interrupted_and_does_not_block(parts: FakeIntentDesk) -> None:
    now = [1000.0]
    trainings = IntentTrainings(parts.engine, clock=lambda: now[0])
    dead = trainings.begin(1, "ada")
    now[0] += SILENT_SECONDS + 1
    assert trainings.runs()[0].state is RunState.INTERRUPTED
    assert trainings.begin(1, "edda").state is RunState.RUNNING
    assert not trainings.end(dead.run_id, RunState.DONE, release="late"), "who was given up stays given up"


def test_old_versions_go_and_those_that_were_trained_stay(parts: FakeIntentDesk) -> None:
    saved(parts, PARCEL)
    parts.trainings.end(parts.trainings.begin(2, "ada").run_id, RunState.DONE)
    lists = IntentLists(parts.engine)
    for number in range(60):
        saved(parts, replace(PARCEL, title={"en": f"Post {number}"}), "parcel")
    assert lists.version(2) is not None
    assert lists.version(3) is None
    assert lists.version(62) is not None


# --- releases ---


def a_release(root: Path, right: dict[str, bool], against: str = "", before: dict[str, bool] | None = None) -> str:
    def write(folder: Path) -> None:
        (folder / "weights").write_text("w")
        Validation(right, against, before).write(folder)

    made = publish_release(root, "verifier", write, data_sha256="", base="", recipe="", metrics={})
    return made.name


def bits(right: int, of: int = 100) -> dict[str, bool]:
    return {f"m{number}": number < right for number in range(of)}


def test_a_release_that_does_worse_needs_force(tmp_path: Path) -> None:
    good, bad = a_release(tmp_path, bits(90)), a_release(tmp_path, bits(60))
    assert promote(tmp_path, good).before == ""
    with pytest.raises(ReleaseWorse, match=r"60.0% against 90.0% of 100 messages .* use --force"):
        promote(tmp_path, bad)
    assert current_release(tmp_path, "verifier") == tmp_path / "verifier" / good
    assert promote(tmp_path, f"verifier/{bad}", force=True).before == good
    assert roll_back(tmp_path, "verifier").release == good


def test_a_difference_that_chance_explains_does_not_stop_a_promotion(tmp_path: Path) -> None:
    old, new = a_release(tmp_path, bits(90)), a_release(tmp_path, {**bits(90), "m3": False})
    promote(tmp_path, old)
    told = promote(tmp_path, new).compared
    assert told is not None
    assert not told.is_worse
    assert not told.is_better


def test_what_was_measured_against_the_release_in_use_counts_first(tmp_path: Path) -> None:
    old = a_release(tmp_path, bits(90))
    promote(tmp_path, old)
    newer = {f"n{number}": number < 20 for number in range(50)}
    new = a_release(tmp_path, newer, old, dict.fromkeys(newer, True))
    with pytest.raises(ReleaseWorse, match="of 50 messages"):
        promote(tmp_path, new)


def test_too_few_messages_say_nothing(tmp_path: Path) -> None:
    assert compared(bits(10, 19), bits(0, 19)) is None
    old, new = a_release(tmp_path, bits(10, 19)), a_release(tmp_path, bits(0, 19))
    promote(tmp_path, old)
    assert promote(tmp_path, new).compared is None


def test_a_release_that_is_not_there_or_damaged_is_never_put_to_use(tmp_path: Path) -> None:
    good = a_release(tmp_path, bits(90))
    promote(tmp_path, good)
    for wrong in ("nothing", "verifier/nothing", "../verifier", "intents/../verifier", ""):
        with pytest.raises(ReleaseInvalid):
            promote(tmp_path, wrong)
    damaged = a_release(tmp_path, bits(90))
    (tmp_path / "verifier" / damaged / "weights").write_text("x")
    with pytest.raises(ReleaseInvalid, match="damaged"):
        promote(tmp_path, damaged)
    assert current_release(tmp_path, "verifier") == tmp_path / "verifier" / good


def test_a_promoted_release_that_cannot_be_opened_leaves_the_one_before_in_use(parts: FakeIntentDesk) -> None:
    first = parts.live().classifier.release
    (parts.releases_folder / "intents" / "current").write_text('{"names": ["gone"]}')
    assert parts.live().classifier.release == first
    assert parts.desk.look().in_use is None


# --- unknown messages ---


def said(store: TranscriptStore, text: str, intent: str, confidence: float) -> None:
    conversation = store.open_conversation(channel="chat")
    message = store.append(conversation.conversation_id, Author.CUSTOMER, text).message
    store.append_answer(
        conversation.conversation_id,
        reply_to=message.message_id,
        answer=Answer("…", Outcome.ABSTAINED, "en"),
        trace=Trace(intent, confidence, "en", Release("g", "c", "v", 1, "1")),
        state=MessageState.COMPLETE,
        handler_version=conversation.handler_version,
    )


def test_unknown_messages_are_grouped_the_same_way_every_time(tmp_path: Path) -> None:
    store = MemoryTranscripts()
    parts = FakeIntentDesk(tmp_path, store)
    for _ in range(3):
        said(store, "cancel my subscription", "unknown", 0.8)
    said(store, "my subscription cancel", "unknown", 0.9)
    said(store, "gift cards?", "refund", 0.2)
    said(store, "my refund", "unknown", 0.9)  # an example by now
    said(store, "mail ada@example.com", "unknown", 0.9)
    said(store, "x" * (LONGEST_EXAMPLE + 1), "unknown", 0.9)
    said(store, "where is the refund", "refund", 0.9)
    groups = parts.desk.unknown_groups()
    assert [(group.texts, group.messages) for group in groups] == [
        (("cancel my subscription", "my subscription cancel"), 4),
        (("gift cards?",), 1),
        (("mail [email]",), 1),
    ]
    assert parts.desk.unknown_groups() == groups
    parts.close()
