"""What a trial counted, against what must hold."""

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.fpm import Fpm

from .samples import Series

# A host: name, Region, workers, settings of the extension.
Start = Callable[[str, str, int, dict[str, str]], Fpm]
Progress = Callable[[int], None]


@dataclass
class Finding:
    what: str
    limit: str
    measured: str
    met: bool


@dataclass
class Result:
    name: str
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    # What was watched over time, by name.
    series: dict[str, Series] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        return all(finding.met for finding in self.findings)

    def text(self) -> str:
        lines = [f"{self.name}: {'met' if self.met else 'BROKEN'}" + (f", {self.seconds:.0f} s" if self.seconds else "")]
        return "\n".join(lines + [f"  {'✓' if f.met else '✗'} {f.what}: {f.measured} (promised: {f.limit})" for f in self.findings])

    def hold(self, what: str, limit: str, measured: object, met: bool) -> None:
        self.findings.append(Finding(what, limit, str(measured), met))
