"""What people do to intents: edit the list, train it, look at what came of it, put it to use and take it back.

The pages, the API and the command line all come through here. Knows nothing of how any of them looks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bot.errors import IntentsChanged, IntentsInvalid, ReleaseInvalid
from bot.intent_store.intent_editing import (
    Intents,
    Pasted,
    add_examples,
    delete_intent,
    examples_of,
    from_toml,
    move_example,
    normal,
    put_intent,
    remove_example,
)
from bot.intent_store.intent_lists import IntentLists, ListVersion
from bot.intent_store.intent_trainings import IntentTrainings, RunState, TrainingRun
from bot.intent_store.released_intents import read_released_list
from bot.intents import Intent, IntentPrediction
from bot.protocols import LiveIntents
from bot.releases import Manifest, releases
from bot.teaching.unknown_messages import MessageGroup, UnknownMessages
from bot.training import promotion
from bot.training.intents import KIND
from bot.training.promotion import Compared, Promotion


class Trainer(Protocol):
    """Whoever carries out trainings."""

    def start(self, run_id: str) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ReleaseSeen:
    manifest: Manifest
    number: int  # 1 for the oldest; what people call it
    in_use: bool
    list_version: int | None  # None where it was trained on a file of rows
    digest: str = ""  # of that list

    @property
    def name(self) -> str:
        return self.manifest.name


@dataclass(frozen=True, slots=True)
class DeskView:
    """Everything there is to see at one moment."""

    listed: ListVersion
    releases: tuple[ReleaseSeen, ...]  # the newest first
    runs: tuple[TrainingRun, ...]  # the newest first
    can_go_back: bool

    @property
    def in_use(self) -> ReleaseSeen | None:
        return next((each for each in self.releases if each.in_use), None)

    @property
    def is_changed(self) -> bool:
        """Whether the list says anything that the release in use does not know."""
        return self.in_use is None or self.in_use.digest != self.listed.digest

    @property
    def candidate(self) -> ReleaseSeen | None:
        """The newest release, where it is not in use and knows exactly this list."""
        newest = self.releases[0] if self.releases else None
        return newest if newest is not None and not newest.in_use and newest.digest == self.listed.digest else None

    @property
    def running(self) -> TrainingRun | None:
        return next((run for run in self.runs if run.state is RunState.RUNNING), None)

    @property
    def findings(self) -> TrainingRun | None:
        """The last training that found something out."""
        return next((run for run in self.runs if run.findings), None)

    def release(self, name: str) -> ReleaseSeen | None:
        return next((each for each in self.releases if each.name == name), None)


class IntentDesk:
    def __init__(
        self,
        lists: IntentLists,
        trainings: IntentTrainings,
        trainer: Trainer,
        releases_folder: Path,
        live_intents: Callable[[], LiveIntents],
        unknown: UnknownMessages,
    ) -> None:
        self._lists = lists
        self._trainings = trainings
        self._trainer = trainer
        self._releases = releases_folder
        self._live = live_intents
        self._unknown = unknown

    def look(self) -> DeskView:
        in_use = promotion.name_in_use(self._releases, KIND)
        manifests = releases(self._releases, KIND)
        seen = tuple(
            self._seen(manifest, len(manifests) - place, in_use=manifest.name == in_use)
            for place, manifest in enumerate(manifests)
        )
        return DeskView(self._lists.newest(), seen, tuple(self._trainings.runs()), self._can_go_back())

    def listed(self) -> ListVersion:
        return self._lists.newest()

    # --- the list ---

    def save(self, edited: Intent, *, before: str, version: int, author: str) -> ListVersion:
        """Stores an intent, new (`before` is "") or edited. `version` is the list that the editor was looking at.

        Somebody else's changes to other intents are kept. Raises IntentsChanged where somebody has changed this very
        intent since, and IntentsInvalid, in words, where it cannot stand in the list.
        """
        renamed = (before, edited.name) if before and before != edited.name else ("", "")
        change = f"'{edited.name}' added" if not before else f"'{edited.name}' edited"

        def edit(newest: ListVersion) -> Intents:
            self._refuse_lost_change(newest, before, version)
            return put_intent(newest.intents, edited, before=before)

        return self._lists.change(edit, author=author, change=change, renamed=renamed)

    def delete(self, name: str, *, version: int, author: str) -> ListVersion:
        def edit(newest: ListVersion) -> Intents:
            self._refuse_lost_change(newest, name, version)
            return delete_intent(newest.intents, name)

        return self._lists.change(edit, author=author, change=f"'{name}' deleted")

    def add_examples(self, name: str, texts: Sequence[str], *, author: str) -> Pasted:
        told: list[Pasted] = []

        def edit(newest: ListVersion) -> Intents:
            changed, pasted = add_examples(newest.intents, name, texts)
            told.append(pasted)
            return changed

        self._lists.change(edit, author=author, change=f"examples added to '{name}'")
        return told[-1]

    def move_example(self, name: str, text: str, to: str, *, author: str) -> ListVersion:
        """`to` "" removes it."""
        if not to:
            change = f"an example of '{name}' removed"
            return self._lists.change(
                lambda newest: remove_example(newest.intents, name, text), author=author, change=change
            )
        change = f"an example of '{name}' moved to '{to}'"
        return self._lists.change(
            lambda newest: move_example(newest.intents, name, text, to), author=author, change=change
        )

    def replace_all(self, toml: str, *, author: str, version: int | None = None) -> ListVersion:
        """The whole list from TOML; with `version`, only while that is the newest. Raises IntentsInvalid."""
        intents = from_toml(toml)

        def edit(newest: ListVersion) -> Intents:
            if version is not None and newest.version != version:
                raise IntentsChanged(_changed_by(newest, f"version {version} of the list is not the newest"))
            return intents

        return self._lists.change(edit, author=author, change="the whole list replaced")

    def _refuse_lost_change(self, newest: ListVersion, name: str, version: int) -> None:
        """Two people may edit two intents at once; one intent, only one after the other."""
        if not name or newest.version == version:
            return
        base = self._lists.version(version)
        before = None if base is None else next((each for each in base.intents if each.name == name), None)
        now = next((each for each in newest.intents if each.name == name), None)
        if before != now:
            what = f"'{name}' is not what you began with" if now is not None else f"'{name}' is no longer there"
            raise IntentsChanged(_changed_by(newest, what))

    # --- training ---

    def train(self, author: str) -> TrainingRun:
        """Begins a training of the newest list. Raises TrainingUnderWay, and IntentsInvalid before it begins."""
        listed = self._lists.newest()
        run = self._trainings.begin(listed.version, author)
        try:
            self._trainer.start(run.run_id)
        except OSError as error:
            self._trainings.end(run.run_id, RunState.FAILED, problem=f"It could not be started: {error}")
            raise IntentsInvalid(f"The training could not be started: {error}") from error
        return run

    def run(self, run_id: str) -> TrainingRun | None:
        return self._trainings.run(run_id)

    def cancel(self) -> None:
        """Asks the training under way to stop; it does so at its next step."""
        for run in self._trainings.runs(limit=1):
            self._trainings.cancel(run.run_id)

    # --- releases ---

    def compare(self, name: str) -> Compared | None:
        """A release with the one in use, over messages that both were measured on; None where there are too few."""
        in_use = promotion.name_in_use(self._releases, KIND)
        if not in_use or in_use == name:
            return None
        return promotion.compare(self._releases, KIND, in_use, name)

    def promote(self, name: str, *, force: bool = False) -> Promotion:
        """Raises ReleaseWorse, unless `force`, and ReleaseInvalid. The server uses it from the next message on."""
        return promotion.promote(self._releases, f"{KIND}/{name}", force=force)

    def roll_back(self) -> Promotion:
        return promotion.roll_back(self._releases, KIND)

    # --- looking ---

    def classify(self, text: str) -> IntentPrediction:
        """What the release in use makes of a message."""
        return self._live().classifier.classify(text)

    def unknown_groups(self) -> tuple[MessageGroup, ...]:
        known = {normal(text) for intent in self._lists.newest().intents for text in examples_of(intent)}
        return self._unknown.groups(known)

    def close(self) -> None:
        self._trainer.close()

    def _seen(self, manifest: Manifest, number: int, *, in_use: bool) -> ReleaseSeen:
        seen = ReleaseSeen(manifest, number, in_use, None)
        try:
            released = read_released_list(self._releases / KIND / manifest.name)
        except ReleaseInvalid:
            return seen
        return seen if released is None else replace(seen, list_version=released.list_version, digest=released.digest)

    def _can_go_back(self) -> bool:
        return promotion.can_roll_back(self._releases, KIND)


def _changed_by(newest: ListVersion, what: str) -> str:
    who = f"{newest.author} has changed the list meanwhile" if newest.author else "the list has changed meanwhile"
    return f"Not saved: {who} ({newest.change}), and {what}. Copy what you wrote, open it anew and put it in again"
