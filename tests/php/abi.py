"""What is refused: headers that are not what src/sys.rs says, a PHP with threads, and an extension that was built for another PHP."""

import pathlib
import re
import shutil
import subprocess

from support import paths

CHECK = paths.REPO / "src" / "php_abi.c"


def _in_root(version: str, *command: str) -> str:
    answer = subprocess.run([str(paths.REPO / "scripts" / "in-root"), version, *command], capture_output=True, text=True, timeout=120)
    return answer.stdout + answer.stderr


def _includes(version: str) -> list[str]:
    config = paths.cache_dir() / f"php-{version}" / "bin" / "php-config"
    return subprocess.run([str(config), "--includes"], capture_output=True, text=True, check=True, timeout=120).stdout.split()


def _compile(*options: str) -> str:
    """What the compiler says of the check; empty when it has nothing to say."""
    return subprocess.run(["cc", "-fsyntax-only", *options, str(CHECK)], capture_output=True, text=True, timeout=120).stderr


def _altered(folder: pathlib.Path, includes: list[str], header: str, pattern: str, other: str) -> list[str]:
    """Options with which the compiler finds another version of one header first."""
    real = next(path for word in includes if (path := pathlib.Path(word[2:]) / header).exists())
    text, count = re.subn(pattern, other, real.read_text(), count=1)
    if not count:
        raise RuntimeError(f"{real} has no {pattern}")
    copy = paths.fresh(folder) / header
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(text)
    return [f"-I{folder}", *includes]


def builds(version: str, folder: pathlib.Path):
    """Name of the case, whether it is as it must be, and what was said."""
    includes, session = _includes(version), "ext/session/php_session.h"
    said = _compile(*includes)
    yield "the headers are what src/sys.rs says", not said, said
    said = _compile("-DZTS=1", *includes)
    yield "a PHP with threads is refused", "this PHP is thread-safe (ZTS)" in said, said
    cases = {
        "s_open": (r"(#define PS_OPEN_ARGS).*", r"\1 void **mod_data, int save_path, int session_name"),
        "s_gc": (r"zend_long \(\*s_gc\)\(PS_GC_ARGS\)", r"int (*s_gc)(void **mod_data, int maxlifetime, int *nrdels)"),
        "the place of ps_module.s_close": (r"(zend_result \(\*s_close\)\(PS_CLOSE_ARGS\);)", r"int (*s_new)(void);\n\1"),
        "PHP_SESSION_API": (r"(#define PHP_SESSION_API) .*", r"\1 20990101"),
    }
    for name, (pattern, other) in cases.items():
        said = _compile(*_altered(folder, includes, session, pattern, other))
        yield f"another session module is refused: {name}", bool(re.search(rf"static assertion failed.*{re.escape(name)}", said)), said


def loads(version: str, extension: pathlib.Path):
    load = ["/usr/bin/php" + version, "-n", "-d", "display_errors=stdout", "-r", 'echo extension_loaded("wp_dynamodb") ? "loaded" : "not loaded";']
    said = _in_root(version, load[0], "-d", f"extension={extension}", *load[1:])
    yield "its own extension loads, and silently", said == "loaded", said
    other = paths.target_dir() / "debug" / "libwp_dynamodb.so"
    if other.exists():
        said = _in_root(version, load[0], "-d", f"extension={other}", *load[1:])
        yield "PHP refuses the one for the machine's PHP", "Module compiled with module API=" in said and said.endswith("not loaded"), said


def run(version: str, extension: pathlib.Path) -> tuple[int, int]:
    folder = paths.run_dir() / "abi"
    found = [*builds(version, folder), *loads(version, extension)]
    shutil.rmtree(folder, ignore_errors=True)
    for name, good, said in found:
        print(f"{'ok    ' if good else 'FAILED'} {name}")
        if not good:
            print("\n".join("    " + line for line in said.splitlines()[:12]))
    passed = sum(good for _, good, _ in found)
    return passed, len(found) - passed
