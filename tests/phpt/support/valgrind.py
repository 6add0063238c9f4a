"""PHP under valgrind's memcheck, every process of a run with a log of its own.

run-tests.php has a valgrind mode (-m), but it gives one log to a test, which the children that a test starts, or forks,
overwrite. So PHP is replaced by a small script that starts it under valgrind.
"""

import pathlib
import re
import shutil

from . import paths
from .php import Missing

_OPTIONS = (
    "-q --tool=memcheck --num-callers=40 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite "
    # As run-tests.php does: PHP's watchpoints and its interpreter need exact registers at memory accesses.
    "--vex-iropt-register-updates=allregs-at-mem-access"
)


class Checked:
    """Wrappers for PHP's binaries, and what valgrind said of them."""

    # Zend's own allocator hides errors; unloaded modules have no names in a report.
    environment = {"USE_ZEND_ALLOC": "0", "ZEND_DONT_UNLOAD_MODULES": "1", "WPD_SLOW": "1"}

    def __init__(self, work: pathlib.Path, suppressions: pathlib.Path):
        self._valgrind = shutil.which("valgrind")
        if not self._valgrind:
            raise Missing("valgrind is not on PATH: install it")
        self._work, self._suppressions = work, suppressions
        self._logs = paths.fresh(work / "valgrind")

    def wrap(self, binary: str) -> str:
        script = self._work / f"checked-{pathlib.Path(binary).name}"
        command = f"{self._valgrind} {_OPTIONS} --suppressions={self._suppressions} --log-file={self._logs}/%p.log {binary}"
        # run-tests.php's own questions (it loads every extension there is) and the SKIPIF and CLEAN sections test nothing.
        # A started process leaves a mark, which tells it from the forks of it.
        script.write_text(
            f'#!/bin/sh\ncase "$*" in *run-test-info.php*|*.skip.php*|*.clean.php*) exec {binary} "$@";; esac\n'
            f": >{self._logs}/$$.started\n"
            f'exec {command} "$@"\n'
        )
        script.chmod(0o755)
        return str(script)

    def processes(self) -> int:
        return len(list(self._logs.glob("*.log")))

    def reports(self) -> list[str]:
        """What valgrind found, one text per process that it found something in."""
        return [text for path in sorted(self._logs.glob("*.log")) if (text := self._findings(path))]

    def _findings(self, log: pathlib.Path) -> str:
        """The findings of one log.

        In a fork, what the parent's threads held is lost: their stacks are gone. That is a fork's nature, and why the runtime
        of the parent is left alone there; only accesses count.
        """
        blocks = [block.strip() for block in re.split(r"^==\d+==\s*$", log.read_text(errors="replace"), flags=re.MULTILINE)]
        forked = not log.with_suffix(".started").exists()
        return "\n\n".join(block for block in blocks if block and not (forked and "definitely lost" in block.splitlines()[0]))
