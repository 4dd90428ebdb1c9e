"""`frontdesk train …`: data in, a release out. What a release is put to use with is `frontdesk releases promote`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands.console import JsonOption, errors_as_sentences, note, print_json, print_text, progress_bar

if TYPE_CHECKING:
    from bot.training.epochs import Measured

train = typer.Typer(help="Train a part on the company's own data; the result is a release.", no_args_is_help=True)


class Method(StrEnum):
    auto = "auto"
    head = "head"
    lora = "lora"
    full = "full"


MethodOption = Annotated[
    Method,
    typer.Option(help="head takes seconds; lora and full tune the encoder, minutes; auto keeps that where it pays."),
]


class Augment(StrEnum):
    none = "none"
    templates = "templates"
    vae = "vae"


class Stage(StrEnum):
    tune = "tune"
    pretrain = "pretrain"


StageOption = Annotated[
    Stage,
    typer.Option(
        help="pretrain (auto, full): the encoder first reads the company's documents; kept if that measures better."
    ),
]
AugmentOption = Annotated[
    Augment,
    typer.Option(help="More for intents with few examples: everyday paraphrases, or embeddings imagined by a VAE."),
]
RefuseOption = Annotated[
    float,
    typer.Option(min=0.001, max=0.5, help="Share of messages about a known intent that may be called unknown."),
]


@train.command("intents")
def intents(
    data: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help='JSON lines {"text","intent"}, or a list in TOML.'),
    ],
    method: MethodOption = Method.auto,
    seed: Annotated[int, typer.Option(help="Deals the examples and shuffles them.")] = 0,
    refuse: RefuseOption = 0.08,
    augment: AugmentOption = Augment.none,
    stage: StageOption = Stage.tune,
    as_json: JsonOption = False,
) -> None:
    """Train the intent classifier. The same command goes on where a killed one stood."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import open_embedder, open_library
        from bot.settings import load_settings
        from bot.training.intent_files import read_intent_data
        from bot.training.intent_training import TrainingPlan, train_intents
        from bot.training.pretrained_intents import texts_of

        examples = read_intent_data(data)
        settings = load_settings()
        embedder = open_embedder(settings, progress=progress)
        documents: tuple[str, ...] | None = None
        if stage is Stage.pretrain:
            documents = texts_of(open_library(settings, embedder=embedder, progress=progress))
        made = train_intents(
            examples,
            embedder,
            settings.releases_folder,
            TrainingPlan(method.value, seed, refuse, augment.value, documents),
            watch=tell_epoch,
            progress=progress,
        )
    release = f"intents/{made.folder.name}"
    if as_json:
        print_json(
            {
                "release": release,
                "metrics": {"method": made.method, **made.metrics},
                "seconds": round(made.seconds, 2),
                "examples": made.examples,
            }
        )
        return
    print_text(f"{release}: {made.examples} examples, {made.method}, {made.seconds:.0f} s")
    for name, value in made.metrics.items():
        print_text(f"{name:28} {value}")
    print_text(f"Put it to use with: frontdesk releases promote {release}")


@train.command("verifier")
def verifier(
    data: Annotated[
        Path,
        typer.Option(exists=True, file_okay=False, help="Folder of the public data sets that the model card lists."),
    ],
    pairs: Annotated[
        int, typer.Option(min=20, help="Right and wrong claims of each data set, each at most so many.")
    ] = 270,
    seed: Annotated[int, typer.Option(help="Chooses the pairs and shuffles them.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Train the verifier: half an hour on one thread. The same command goes on where a killed one stood."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.bootstrap import open_embedder
        from bot.settings import load_settings
        from bot.training.verifier_training import train_verifier

        settings = load_settings()
        embedder = open_embedder(settings, progress=progress)
        made = train_verifier(
            data,
            embedder,
            settings.releases_folder,
            pairs=pairs,
            seed=seed,
            watch=tell_epoch,
            progress=progress,
        )
    release = f"verifier/{made.folder.name}"
    if as_json:
        figures = {"release": release, "metrics": dict(made.metrics), "seconds": round(made.seconds, 2)}
        print_json({**figures, "pairs": made.pairs})
        return
    print_text(f"{release}: {made.pairs} pairs, {made.seconds:.0f} s")
    for name, value in made.metrics.items():
        print_text(f"{name:40} {value}")
    print_text(f"Put it to use with: frontdesk releases promote {release}")


class GeneratorMethod(StrEnum):
    lora = "lora"
    adalora = "adalora"
    prefix = "prefix"
    full = "full"


@train.command("generator")
def generator(
    data: Annotated[
        Path,
        typer.Option(
            exists=True,
            help='JSON lines {"question","answer","passages"}, plain or gzipped, or a folder of public data sets.',
        ),
    ],
    method: Annotated[
        GeneratorMethod,
        typer.Option(help="lora and adalora add a few megabytes; prefix adds less and learns less; full learns all."),
    ] = GeneratorMethod.lora,
    stage: Annotated[
        Stage, typer.Option(help="pretrain: the installation's documents are read first, then the answers are learnt.")
    ] = Stage.tune,
    seed: Annotated[int, typer.Option(help="Deals the rows and shuffles them.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Train the generator to answer from passages. The same command goes on where a killed one stood."""
    with errors_as_sentences(as_json=as_json), progress_bar() as progress:
        from bot.settings import load_settings
        from bot.trainings import train_generator_file

        made = train_generator_file(
            load_settings(),
            data,
            method.value,
            pretrain=stage is Stage.pretrain,
            seed=seed,
            watch=tell_epoch,
            progress=progress,
        )
    release = f"generator/{made.folder.name}"
    if as_json:
        figures = {"release": release, "metrics": dict(made.metrics), "seconds": round(made.seconds, 2)}
        print_json({**figures, "examples": made.examples})
        return
    print_text(f"{release}: {made.examples} examples, {made.seconds:.0f} s")
    for name, value in made.metrics.items():
        print_text(f"{name:28} {value}")
    print_text(f"Put it to use with: frontdesk releases promote {release}")


def tell_epoch(measured: Measured) -> None:
    """A line on standard error."""
    parts = [f"{measured.stage}, epoch {measured.epoch} of {measured.epochs}", f"loss {measured.loss:.4f}"]
    if measured.validation_accuracy is not None:
        parts.append(f"validation accuracy {measured.validation_accuracy:.4f}")
    note(" · ".join(parts))
