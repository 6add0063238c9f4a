"""One run of PHP's run-tests.php over a scratch folder of .phpt files."""

import pathlib
import shutil
import subprocess

from . import php

# run-tests.php's words for a result, in ours.
_WORDS = {
    "PASSED": "passed",
    "WARNED": "passed",
    "XFAILED": "passed",
    "SKIPPED": "skipped",
    "FAILED": "failed",
    "BORKED": "failed",
    "LEAKED": "failed",
    "XLEAKED": "failed",
}


def run(tests: pathlib.Path, work: pathlib.Path, ini: pathlib.Path, env: dict[str, str], *, seconds: int = 60,
        executable: str | None = None, cgi: str | None = None, echo: bool = False) -> dict[str, str]:
    """Runs every test of the folder `tests`; returns test name → passed, failed or skipped.

    A private copy of run-tests.php runs, because it writes a file next to itself.
    """
    script = work / "run-tests.php"
    shutil.copyfile(php.run_tests(), script)
    results, log = work / "results.txt", work / "run-tests.log"
    env = dict(env, TEST_PHP_CGI_EXECUTABLE=cgi or php.cgi(), NO_INTERACTION="1", REPORT_EXIT_STATUS="0", NO_COLOR="1")
    # One after the other (PHP 8.6 runs two at a time): they share the lab.
    command = [php.cli(), "-n", str(script), "-q", "-j1", "--no-progress", "--set-timeout", str(seconds), "-W", str(results),
               "-c", str(ini), "-p", executable or php.cli(), str(tests)]
    with open(log, "w") as sink:
        process = subprocess.Popen(command, cwd=work, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace")
        for line in process.stdout:
            sink.write(line)
            if echo and line.startswith(("PASS", "FAIL", "SKIP", "BORK", "LEAK", "XFAIL", "WARN")):
                print(line.rstrip(), flush=True)
        process.wait()
    if not results.exists():
        raise php.Missing(f"run-tests.php made no results: see {log}")
    found = {}
    for line in results.read_text().splitlines():
        word, _, path = line.partition("\t")
        found[pathlib.Path(path).name] = _WORDS.get(word, "failed")
    missing = {path.name for path in tests.glob("*.phpt")} - found.keys()
    return found | {name: "failed" for name in missing}


def diff(tests: pathlib.Path, name: str, lines: int) -> list[str]:
    """The first lines of a failed test's difference, or of its output when there is none."""
    for suffix in ("diff", "out"):
        path = (tests / name).with_suffix("." + suffix)
        if path.exists():
            return path.read_text(errors="replace").splitlines()[:lines]
    return ["(no output)"]
