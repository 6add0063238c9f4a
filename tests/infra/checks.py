"""What the templates must mean. Each check gives the problems it finds, as sentences; none is well.

A check sees `w.plain` (all defaults) and `w.full` (everything optional) of one set of templates: test_meaning.py runs them over ours, test_mistakes.py over
templates with one mistake each.
"""

import check_data
import check_dns
import check_regions
import check_steps
import rights
from cfn import INFRA
from registry import CHECKS, check
from stacks import Site

check(rights.controller_rights)
check(rights.host_rights)
check(rights.operator_rights)
check(rights.follow_rights)

# Those that register their checks by being imported.
PARTS = (check_regions, check_dns, check_data, check_steps)


class World:
    def __init__(self, templates=None, plan=None, files=None):
        self.plain = Site(templates, plan)
        self.full = Site(templates, plan, optional=True)
        self.files = files or {"stack-policy.json": (INFRA / "stack-policy.json").read_text()}


__all__ = ["CHECKS", "PARTS", "World"]
