"""The example of an ECS task definition: as AWS's own model has it, and as the images are."""

import json
import re

import botocore.session
import pytest
from botocore.validate import ParamValidator
from harness import paths

DOCKER = paths.ROOT / "docker"
TASK = json.loads((DOCKER / "ecs" / "task-definition.json").read_text())
CONTAINERS = {container["name"]: container for container in TASK["containerDefinitions"]}
DOCKERFILES = {name: (DOCKER / name / "Dockerfile").read_text() for name in ("php", "nginx")}


def test_the_model_of_ecs_takes_it():
    model = botocore.session.get_session().get_service_model("ecs").operation_model("RegisterTaskDefinition").input_shape
    report = ParamValidator().validate(TASK, model)
    assert not report.has_errors(), report.generate_report()
    # That refuses wrong types, and passes over names that it does not know.
    assert not names_beside(model, TASK)
    assert names_beside(model, TASK | {"readonlyRootFilesystem": True}) == [".readonlyRootFilesystem"]


def names_beside(shape, value, at: str = "") -> list[str]:
    """Names in the document that the model does not have."""
    if shape.type_name == "list":
        return [name for item in value for name in names_beside(shape.member, item, at)]
    if shape.type_name != "structure":
        return []
    return [
        name
        for key, inner in value.items()
        for name in (names_beside(shape.members[key], inner, f"{at}.{key}") if key in shape.members else [f"{at}.{key}"])
    ]


@pytest.mark.parametrize("name", CONTAINERS)
def test_nothing_is_written_but_to_volumes(name: str):
    container = CONTAINERS[name]
    assert container["readonlyRootFilesystem"] is True
    assert container["user"] not in ("root", "0", "0:0")
    written = json.loads(re.findall(r"^VOLUME (.*)$", DOCKERFILES[name], re.M)[-1])
    assert sorted(mount["containerPath"] for mount in container["mountPoints"]) == sorted(written)
    assert {mount["sourceVolume"] for mount in container["mountPoints"]} <= {volume["name"] for volume in TASK["volumes"]}


def test_php_knows_every_variable():
    settings = re.findall(r"^;?wp_dynamodb\.(\w+) = ", (paths.ROOT / "php" / "wp_dynamodb.ini").read_text(), re.M)
    known = {f"WP_DYNAMODB_{setting.upper()}" for setting in settings} | {"AWS_REGION"}
    known |= set(re.findall(r"\b((?:FPM|PHP)_\w+)=", DOCKERFILES["php"]))
    config = (DOCKER / "php" / "wp-config.php").read_text()
    known |= set(re.findall(r"'(WORDPRESS_\w+)'", config)) | {f"WORDPRESS_{salt}" for salt in re.findall(r"'(\w+_(?:KEY|SALT))'", config)}
    php = CONTAINERS["php"]
    asked = {entry["name"] for entry in php["environment"] + php["secrets"]}
    assert asked <= known, asked - known
    # Each is a secret, and all of them are there: WordPress would make up none.
    assert {name for name in asked if name.endswith(("_KEY", "_SALT", "PASSWORD"))} == {entry["name"] for entry in php["secrets"]}
    assert len(php["secrets"]) == 9


def test_all_workers_at_their_limit_have_room():
    defaults = dict(re.findall(r"\b((?:FPM|PHP)_\w+)=(\w+)", DOCKERFILES["php"]))
    told = defaults | {entry["name"]: entry["value"] for entry in CONTAINERS["php"]["environment"]}
    assert int(told["FPM_WORKERS"]) * int(told["PHP_MEMORY_LIMIT"].removesuffix("M")) <= int(TASK["memory"])
