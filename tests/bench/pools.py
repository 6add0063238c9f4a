"""A php-fpm pool for each handler: the same php-fpm, the same modules but for what the handler needs, the same pages."""

from pathlib import Path

from harness import paths
from harness.fpm import Fpm

from .handlers import Handler

REGION = paths.REGIONS[0]
WORKERS = 8
MODULES = Path("/etc/php/8.2/fpm/conf.d")
# Modules of the stores may be there for other pools of the machine; each pool of ours has its own only.
COMPARED = ("redis", "memcached", "igbinary", "msgpack")
# Several hosts of ours ask the lab's SSM at once, which are several on the one machine only here.
COMMON = {"wp_dynamodb.region_poll_interval": "60"}


def pool(handler: Handler, run: Path, ports: paths.Ports, docroot: Path) -> Fpm:
    ini = handler.ini | (COMMON if handler.ours else {})
    env = {"PHP_INI_SCAN_DIR": str(modules(handler, run))}
    return Fpm(
        handler.key, run, ports, REGION, docroot=docroot, workers=WORKERS, ini=ini, env=env, extension=handler.ours, build=handler.build
    )


def modules(handler: Handler, run: Path) -> Path:
    """A folder of ini files: what php-fpm loads on this machine, and the handler's modules."""
    folder = run / "modules" / handler.key
    folder.mkdir(parents=True)
    for file in MODULES.glob("*.ini"):
        if not any(name in file.name for name in COMPARED):
            (folder / file.name).symlink_to(file.resolve())
    (folder / "90-bench.ini").write_text("".join(f"extension={name}.so\n" for name in handler.modules))
    return folder
