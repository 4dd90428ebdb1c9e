"""`frontdesk ask`: one question, answered as the chat would answer it."""

from __future__ import annotations

from typing import Annotated

import typer

from ui.commands.console import ExitCode, JsonOption, errors_as_sentences, print_json, print_text, progress_bar


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
        from bot.messages import checked_text
        from bot.settings import load_settings
        from ui.replies import has_failed, reply_from_events

        settings = load_settings()
        text = checked_text(question, longest=settings.web.max_message_characters)  # before any model is loaded
        frontdesk = start(settings, progress=progress, take_uploads=False)
        try:
            opened = conversation or frontdesk.transcripts.open_conversation(channel="cli").conversation_id
            events = list(frontdesk.manager.turn(opened, text))
        finally:
            frontdesk.close()
        reply, failed = reply_from_events(events), has_failed(events)
    if as_json:
        print_json(reply)
    else:
        print_text(reply["answer"])
        for citation in reply["citations"]:
            print_text(f"  [{citation['marker']}] {citation['title']}: {' '.join(citation['quote'].split())}")
    if failed:
        raise typer.Exit(ExitCode.FAILED)
