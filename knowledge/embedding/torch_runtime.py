"""Device, precision and threads for models on torch. Knows nothing of any model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledge.errors import ModelUnavailable

if TYPE_CHECKING:
    import torch

DTYPES = ("bfloat16", "float16", "float32")


def resolve_device(name: str) -> torch.device:
    """ "auto" is CUDA where present, else the CPU; anything else is a device in torch's spelling.

    Raises ModelUnavailable for a device that this machine or this build of torch does not have.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ModelUnavailable(f"There is no device '{name}' here ({reason}); `auto` takes what there is") from error
    return device


def resolve_dtype(name: str) -> torch.dtype:
    """Raises ValueError for a name that is not one of DTYPES."""
    import torch

    if name not in DTYPES:
        raise ValueError(f"There is no precision '{name}'; choose one of {', '.join(DTYPES)}")
    dtype: torch.dtype = getattr(torch, name)
    return dtype


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Runs torch with `count` threads in the calling thread alone, then as before.

    What holds for torch 2.13 with OpenMP (measured): `torch.set_num_threads` changes the calling thread, and the value
    that threads take which have not computed anything yet; a thread that has computed keeps its own. So an embedding
    on one thread and a generation on two go side by side, as long as each sets its own count around each
    computation, in the thread that does it. A call takes 0.3 µs. Must not be held across a `yield`: the
    next piece may be asked for by another thread.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def wait_without_spinning() -> None:
    """Makes OpenMP's threads sleep while they wait for each other. Only has an effect before torch is first imported.

    By default they spin, which on a busy machine keeps the thread they wait for from running: two threads were then
    ten times slower than one (one product of 1 × 576 and 576 × 1536 in bf16: 0.4 ms on one thread, 6.1 ms on
    two, 0.5 ms on two with this). A value set outside the process is kept.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def parameter_count(model: Any) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def locate_model(name: str, *, allow_download: bool = False) -> Path:
    """The folder that a setting means: a folder itself, or a hub id that lies in the hub's cache on this machine.

    With `allow_download` a hub id is fetched, without any file that would have to be unpickled.
    Raises ModelUnavailable.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists() or name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ModelUnavailable(f"There is no model folder '{name}'; name a folder with a config.json, or a hub id")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        wanted = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
        return Path(snapshot_download(name, local_files_only=not allow_download, allow_patterns=wanted))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        way_out = (
            "check the id and the network"
            if allow_download
            else "FRONTDESK_MODELS__ALLOW_DOWNLOAD=true lets it be fetched"
        )
        raise ModelUnavailable(
            f"The model '{name}' is neither a folder nor in the hub's cache on this machine; {way_out}"
        ) from error


def quiet_transformers() -> None:
    """Keeps transformers' progress bars and advice out of our logs."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
