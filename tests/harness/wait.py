"""Waiting for events: every wait has a deadline, and says what the component's log held when it passes."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class Timeout(Exception):
    """An event did not come in time."""


def until(event: Callable[[], T], *, what: str, timeout: float, logs: Sequence[Path] = (), every: float = 0.05) -> T:
    """Polls `event` until it returns something true, and returns that.

    Exceptions of `event` count as "not yet"; the last one is shown when the deadline passes.
    """
    started = time.monotonic()
    last: Exception | None = None
    while True:
        try:
            result = event()
            if result:
                return result
        except Exception as error:
            # Not there yet, for whatever reason.
            last = error
        if time.monotonic() - started > timeout:
            because = f" (last error: {last!r})" if last else ""
            raise Timeout(f"{what}: not within {timeout:g} s{because}{tails(logs)}")
        time.sleep(every)


def tails(logs: Sequence[Path], lines: int = 25) -> str:
    """The ends of some logs, for an error message."""
    text = ""
    for log in logs:
        content = log.read_text(errors="replace").splitlines()[-lines:] if log.is_file() else ["(no such file)"]
        text += f"\n--- {log}\n" + "\n".join(content)
    return text
