"""What can go wrong in a conversation.

BotError
├── MessageRefused          the text itself: empty, too long
├── ConversationNotFound    no conversation, or no message in it, has this id
├── ConversationClosed      nothing more can be said in it
├── IntentsInvalid          the company's list of intents; names the file and the entry
├── IntentsChanged          somebody else has changed the same intent meanwhile
├── TrainingUnderWay        one training at a time
├── ReleaseWorse            promoting it would make answers worse; says by how much, and how to insist
├── SettingsInvalid         a setting's name or value; names the nearest known one
├── EvaluationDataInvalid   a file of evaluation or training rows; names the file and the line
├── TrainingDataInvalid     rows that nothing can be learnt from; names the lines
├── ReleaseInvalid          a trained release is missing, damaged, or made for another model
├── BackupUnusable          there is nothing to back up, or a backup is damaged, foreign or newer; says which
├── HomeInUse               other processes have the home open, so that it cannot be exchanged
└── GenerationFailed        the generator broke off
"""

from __future__ import annotations


class BotError(Exception):
    """Base of this package's errors. The message names the thing and the way out."""


class MessageRefused(BotError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code  # "message_empty" or "message_too_long": what the presenter words for customers


class ConversationNotFound(BotError):
    pass


class ConversationClosed(BotError):
    pass


class IntentsInvalid(BotError):
    pass


class SettingsInvalid(BotError):
    pass


class GenerationFailed(BotError):
    pass


class EvaluationDataInvalid(BotError):
    pass


class TrainingDataInvalid(BotError):
    pass


class ReleaseInvalid(BotError):
    pass


class IntentsChanged(BotError):
    pass


class TrainingUnderWay(BotError):
    pass


class ReleaseWorse(BotError):
    pass


class BackupUnusable(BotError):
    pass


class HomeInUse(BotError):
    pass
