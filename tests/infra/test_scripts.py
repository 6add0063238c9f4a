"""What the scripts that set the machine up leave behind, however they end."""

import subprocess
from pathlib import Path

import pytest

from harness import paths

SETUP = f"source {paths.ROOT}/scripts/lib.sh; source {paths.ROOT}/scripts/setup/packages.sh; POLICY=$1/policy;"
INSTALLS = 'trap \'echo "the end: $?"\' EXIT; forbid_services; '


def run(folder: Path, script: str) -> subprocess.CompletedProcess:
    return subprocess.run(["bash", "-euc", SETUP + script, "bash", str(folder)], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("meanwhile", "code", "said"),
    [
        ("allow_services; echo installed", 0, "installed\nthe end: 0\n"),
        ("false; allow_services", 1, "the end: 1\n"),
        ("trap 'exit 130' INT; kill -INT $$; allow_services", 130, "the end: 130\n"),
    ],
    ids=["installed", "failed", "interrupted"],
)
def test_who_installs_packages_still_tidies_up_at_the_end(tmp_path: Path, meanwhile: str, code: int, said: str):
    (tmp_path / "policy").write_text("the machine's own")
    ended = run(tmp_path, INSTALLS + meanwhile)
    assert (ended.returncode, ended.stdout) == (code, said), ended.stderr
    assert (tmp_path / "policy").read_text() == "the machine's own"


def test_who_has_nothing_to_tidy_up_has_nothing_afterwards(tmp_path: Path):
    ended = run(tmp_path, "forbid_services; allow_services; trap -p EXIT")
    assert (ended.returncode, ended.stdout, list(tmp_path.iterdir())) == (0, "", []), ended.stderr
