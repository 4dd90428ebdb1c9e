"""`frontdesk ask`: one question, answered as the chat would answer it."""

from __future__ import annotations

from typing import Annotated

import typer

from ui.commands.console import JsonOption, errors_as_sentences, print_json, print_text, progress_bar


def ask(
    question: Annotated[str, typer.Argument(help="What a customer would ask.")],
    conversation: Annotated[str | None, typer.Option(help="Go on with this conversation.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a question; the turn is logged like any other.

    In a home that never held a document, the sample company is opened first.
    """
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import start
        from bot.settings import load_settings
        from ui.replies import reply_from_events

        frontdesk = start(load_settings(), progress=progress)
        try:
            opened = conversation or frontdesk.transcripts.open_conversation(channel="cli").conversation_id
            reply = reply_from_events(frontdesk.manager.turn(opened, question))
        finally:
            frontdesk.close()
    if as_json:
        print_json(reply)
        return
    print_text(reply["answer"])
    for citation in reply["citations"]:
        print_text(f"  [{citation['marker']}] {citation['title']}: {' '.join(citation['quote'].split())}")
