#!/usr/bin/env python3
"""Checks what the documents say of the house: every link and anchor inside it leads somewhere, every test that proves a promise is there."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")] + sorted((ROOT / "docs").rglob("*.md"))
# Where SEMANTICS.md says that tests of these names are.
FOLDERS = {".phpt": ["tests/phpt"], ".py": ["tests/e2e", "tests/infra"], ".php": ["tests/wordpress"], ".rs": ["crates/core", "crates/failover/src"]}


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", h.strip().lower())).replace(" ", "-") for h in headings}


def bad_links(document: Path) -> list[str]:
    prose = re.sub(r"```.*?```", "", document.read_text(), flags=re.S)
    bad = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r'src="([^"]+)"', prose):
        if re.match(r"https?:|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists():
            bad.append(f"{document.relative_to(ROOT)}: {link} leads nowhere")
        elif anchor and anchor not in anchors(target.read_text()):
            bad.append(f"{document.relative_to(ROOT)}: {link}: there is no such heading")
    return bad


def candidates(name: str) -> list[Path]:
    if "/" in name:
        return [ROOT / name]
    return [path for folder in FOLDERS[Path(name).suffix] for path in (ROOT / folder).rglob(name)]


def bad_proofs(document: Path) -> tuple[int, list[str]]:
    proofs = re.findall(r"`([\w/.-]+\.(?:phpt|py|rs|php))(?:::(\w+))?`", document.read_text())
    bad = []
    for name, test in proofs:
        found = [path for path in candidates(name) if path.is_file()]
        if not found:
            bad.append(f"{document.name}: there is no {name}")
        elif test and not any(re.search(rf"\b(fn|def|function) {test}\b", path.read_text()) for path in found):
            bad.append(f"{document.name}: {name} has no test {test}")
    return len(proofs), bad


def main() -> int:
    bad = [line for document in DOCUMENTS for line in bad_links(document)]
    count, missing = bad_proofs(ROOT / "docs" / "SEMANTICS.md")
    for line in (bad := bad + missing):
        print(f"docs: {line}", file=sys.stderr)
    print(f"docs: {len(DOCUMENTS)} documents, {count} proofs, {len(bad)} that lead nowhere")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
