"""The trials of `make soak`, short."""

import pytest
from conftest import STAYS

from harness.fpm import Fpm, publish
from harness.lab import Lab
from soak.trials import PAGES, TRIALS


@pytest.mark.parametrize("name", TRIALS)
def test_large_numbers(name: str, own_host, lab: Lab, run) -> None:
    pages, trial = publish(PAGES, run / "soak-pages"), TRIALS[name]
    size, workers = trial.short

    def start(host: str, region: str, count: int, settings: dict[str, str]) -> Fpm:
        return own_host(f"soak-{host}", region, workers=count, docroot=pages, ini=STAYS | {f"wp_dynamodb.{key}": value for key, value in settings.items()})

    result = trial.run(lab, start, size, workers, lambda _: None)
    print(result.text())
    assert result.met, result.text()
