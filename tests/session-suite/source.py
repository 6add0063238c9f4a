"""PHP's own session tests for the installed PHP, taken from Debian's source package.

Nothing of PHP's source is in this repository. The package comes from the mirror that the machine installs from: its own
source lists, with `deb` turned into `deb-src`, are used through a private apt configuration, so that the system's lists
stay as they are.
"""

import functools
import pathlib
import re
import shutil
import subprocess
import tarfile

from support import paths, php

_TESTS = "/ext/session/tests/"
# Debian's, whatever the release is called that a machine of theirs says it is.
_UNRELEASED = ("sid", "unstable", "experimental")


def _codename() -> str:
    for line in pathlib.Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    raise php.Missing("/etc/os-release names no VERSION_CODENAME")


def _ours(suites: list[str]) -> bool:
    """Whether an entry is the distribution's own: third parties' suites have other names."""
    return any(re.split(r"[-/]", suite)[0] in (_codename(), *_UNRELEASED) for suite in suites)


def _paragraphs(text: str) -> list[str]:
    """The deb822 entries of `text` that are the distribution's, as deb-src entries."""
    made = []
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.splitlines() if line.strip() and not line.startswith("#")]
        fields = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        if fields.get("enabled", "yes") != "no" and "deb" in fields.get("types", "").split() and _ours(fields.get("suites", "").split()):
            made.append("\n".join("Types: deb-src" if line.lower().startswith("types:") else line for line in lines))
    return made


def _one_liners(text: str) -> list[str]:
    """The classic `deb …` lines of `text` that are the distribution's, as deb-src lines."""
    made = []
    for line in text.splitlines():
        entry = re.match(r"deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)", line)
        if entry and _ours([entry.group(3)]):
            made.append("deb-src" + line[3:])
    return made


def _private_apt(folder: pathlib.Path) -> list[str]:
    """Writes the derived source entries; returns the options that make apt use these and nothing of the system's."""
    etc = pathlib.Path("/etc/apt")
    parts = sorted((etc / "sources.list.d").glob("*"))
    paragraphs = [made for path in parts if path.suffix == ".sources" for made in _paragraphs(path.read_text())]
    classic = [path for path in [etc / "sources.list", *parts] if path.suffix == ".list" and path.exists()]
    lines = [made for path in classic for made in _one_liners(path.read_text())]
    if not paragraphs and not lines:
        raise php.Missing("apt on this machine has no entry of its own distribution: PHP's session tests cannot be fetched")
    sources = paths.fresh(folder / "sources.list.d")
    (sources / "derived.sources").write_text("\n\n".join(paragraphs) + "\n")
    (sources / "derived.list").write_text("\n".join(lines) + "\n")
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    options = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": str(sources),
        "Dir::State::lists": str(folder / "lists"),
        "Dir::Cache::archives": str(folder / "archives"),
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "APT::Sandbox::User": "root",
        "DPkg::Lock::Timeout": "300",
    }
    # What the system's configuration does after an update (caches, desktop notes) is not wanted for a private list.
    return [f"-o{name}={value}" for name, value in options.items()] + ["-o#clear=APT::Update::Post-Invoke"]


def _apt(tool: str, options: list[str], *words: str, cwd: pathlib.Path | None = None) -> str:
    command = [tool, "-qq", *options, *words]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=900)
    if answer.returncode != 0:
        raise php.Missing(f"`{tool} {' '.join(words)}` failed: {answer.stderr.strip() or answer.stdout.strip()}")
    return answer.stdout


def _candidates(options: list[str], package: str, wanted: str) -> list[str]:
    """Versions of the source package that the mirror lists: the installed one first, then the others, newest first."""
    listed = set(re.findall(r"^Version: (\S+)$", _apt("apt-cache", options, "showsrc", package), re.MULTILINE))

    def order(one: str, other: str) -> int:
        newer = subprocess.run(["dpkg", "--compare-versions", one, "gt", other], timeout=60).returncode == 0
        return -1 if newer else 1

    rest = sorted(listed - {wanted}, key=functools.cmp_to_key(order))
    return ([wanted] if wanted in listed else []) + rest


def _download(options: list[str], package: str, wanted: str, work: pathlib.Path) -> tuple[str, pathlib.Path]:
    """Fetches the first version that the mirror really has; returns it with its .orig tarball.

    A mirror may list a version whose files are gone: then the next one of the same minor version serves as well.
    """
    failures = []
    for version in _candidates(options, package, wanted):
        try:
            _apt("apt-get", options, "source", "--download-only", f"{package}={version}", cwd=work)
        except php.Missing as failure:
            failures.append(str(failure))
            continue
        tarballs = [path for path in work.glob(f"{package}_*.orig.tar.*") if path.suffix != ".asc"]
        if tarballs:
            return version, tarballs[0]
        failures.append(f"{package} {version} has no .orig tarball")
    raise php.Missing("no source of " + package + " could be fetched:\n" + "\n".join(failures))


def _extract(tarball: pathlib.Path, target: pathlib.Path) -> None:
    with tarfile.open(tarball) as archive:
        for member in archive:
            _, found, name = member.name.partition(_TESTS)
            if not found or not member.isfile() or ".." in name.split("/"):
                continue
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.extractfile(member).read())


def older(version: str) -> bool:
    """Whether tests of this source version are of an older PHP than the one that runs them."""
    return not version.startswith(php.minor() + ".")


def _older(cache: pathlib.Path) -> tuple[pathlib.Path, str] | None:
    """The newest tests in the cache that are of an older PHP than this one."""
    found = [(stamp.read_text().strip(), stamp.parent) for stamp in cache.glob("*/source-version")]

    def number(version: str) -> list[int]:
        return [int(part) for part in re.findall(r"\d+", version)[:3]]

    older = [(number(version), folder, version) for version, folder in found if number(version) < number(php.version())]
    return max(older)[1:] if older else None


def fetch() -> tuple[pathlib.Path, str]:
    """The folder with PHP's session tests, from the cache when they are there, and the source version they are of.

    When the mirror has no source of this PHP, the tests of an older one that is in the cache serve as well: what it
    expects, and this PHP does otherwise, fails with `files`, too.
    """
    wanted, package = php.package_version(), f"php{php.minor()}"
    cache = paths.cache_dir() / "php-src-tests"
    target = cache / re.sub(r"[^0-9A-Za-z.+-]", "_", wanted)
    stamp = target / "source-version"
    if stamp.exists():
        return target, stamp.read_text().strip()
    print(f"fetching the source of {package} {wanted} for its session tests (once)", flush=True)
    work = paths.fresh(cache / "apt")
    try:
        options = _private_apt(work)
        _apt("apt-get", options, "update")
        try:
            version, tarball = _download(options, package, wanted, work)
        except php.Missing as failure:
            if not (stand_in := _older(cache)):
                raise
            print(f"the mirror has no source of {package} ({str(failure).splitlines()[-1]})", flush=True)
            return stand_in
        unpacked = paths.fresh(cache / "unpacking")
        _extract(tarball, unpacked)
        (unpacked / "source-version").write_text(version + "\n")
        shutil.rmtree(target, ignore_errors=True)
        unpacked.rename(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if version != wanted:
        print(f"the mirror has no source of {package} {wanted}: these are the tests of {version}", flush=True)
    return target, version


def _without_deprecations(data: bytes) -> bytes:
    """The test with `E_ALL & ~E_DEPRECATED`, in its settings and where it asks for E_ALL by itself."""
    data = data.replace(b"error_reporting(E_ALL)", b"error_reporting(E_ALL & ~E_DEPRECATED)")
    if re.search(rb"^\s*error_reporting\s*=", data, re.MULTILINE):
        return data
    line = b"error_reporting=24575\n"
    if b"\n--INI--\n" in data:
        return data.replace(b"\n--INI--\n", b"\n--INI--\n" + line, 1)
    return re.sub(rb"^--FILE(?:EOF)?--\n", lambda found: b"--INI--\n" + line + found.group(), data, count=1, flags=re.MULTILINE)


def copy(tests: pathlib.Path, target: pathlib.Path, save_path: pathlib.Path, handler: str, named: list[str], unaware: bool) -> pathlib.Path:
    """Copies the tests without the lines that choose a handler or a path: those beat every other setting.

    A test that names a path gets `save_path` in its place; every other test sees the runner's empty one. The tests `named`
    get the handler's name where they expect `files`. Those that are `unaware` of what this PHP deprecates
    are not told of it.
    """
    section = re.compile(rb"(?<=^--INI--\n).*?(?=^--[A-Z_]+--)", re.MULTILINE | re.DOTALL)
    choice = re.compile(rb"^\s*session\.save_handler\s*=.*\n?", re.MULTILINE)
    empty = re.compile(rb"^\s*session\.save_path\s*=[ \t\"]*\n", re.MULTILINE)
    filled = re.compile(rb"^\s*session\.save_path\s*=.+", re.MULTILINE)
    name = f'string({len(handler)}) "{handler}"'.encode()

    def settings(found: re.Match) -> bytes:
        return filled.sub(b"session.save_path=" + bytes(save_path), empty.sub(b"", choice.sub(b"", found.group())))

    paths.fresh(target)
    for source in tests.rglob("*"):
        if not source.is_file():
            continue
        path = target / source.relative_to(tests)
        path.parent.mkdir(parents=True, exist_ok=True)
        data = source.read_bytes()
        if source.suffix == ".phpt":
            data = section.sub(settings, data.replace(b"\r\n", b"\n"), count=1)
            if unaware:
                data = _without_deprecations(data)
        if source.stem in named:
            data = data.replace(b'string(5) "files"', name)
        path.write_bytes(data)
    return target
