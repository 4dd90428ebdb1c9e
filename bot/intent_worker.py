"""The process that trains intents, so that no answer waits for it: `python -m bot.intent_worker RUN`.

Its settings come through its standard input, what it is to do lies in the database; it ends when that is done.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

_POLITE = 10  # niceness: customers' messages come first


def main(arguments: Sequence[str]) -> int:
    os.nice(_POLITE)
    from bot.bootstrap import load_embedder, open_home
    from bot.intent_store.intent_lists import IntentLists
    from bot.intent_store.intent_trainings import IntentTrainings
    from bot.settings import Settings
    from bot.teaching.intent_wiring import open_released_classifier
    from bot.training.intent_run import Workshop, run_training

    settings = Settings.model_validate_json(sys.stdin.read())
    home = open_home(settings)

    lists, trainings = IntentLists(home.engine), IntentTrainings(home.engine)
    run_training(
        arguments[0],
        Workshop(lists, trainings, settings.releases_folder, lambda: load_embedder(settings), open_released_classifier),
    )
    return 0


if __name__ == "__main__":
    from knowledge.embedding.torch_runtime import wait_without_spinning

    wait_without_spinning()
    sys.exit(main(sys.argv[1:]))
