"""infra/README.md: what is in it that must agree with the templates."""

import re

from cfn import INFRA

TEXT = (INFRA / "README.md").read_text()


def chapter(title):
    """A chapter's text, up to the next heading of its level."""
    level, rest = re.search(rf"^(#+) {re.escape(title)}\n(.*)", TEXT, re.M | re.S).groups()
    return re.split(rf"^{level} ", rest, maxsplit=1, flags=re.M)[0]


def parameters(template):
    """The table of a template's parameters, as it must stand in the README."""
    lines = ["| parameter | default | |", "|---|---|---|"]
    for name, spec in template["Parameters"].items():
        default = f"`{spec['Default']}`" if spec.get("Default", "") != "" else ("empty" if "Default" in spec else "**needed**")
        allowed = f" ({', '.join(str(v) for v in spec['AllowedValues'])})" if "AllowedValues" in spec else ""
        lines.append(f"| `{name}` | {default}{allowed} | {spec['Description'].strip()} |")
    return "\n".join(lines)


def commands(title):
    """The `aws` commands of a chapter's blocks, each in one line."""
    blocks = re.findall(r"^```sh\n(.*?)^```", chapter(title), re.M | re.S)
    return [c for c in re.sub(r"\\\n\s*", "", "\n".join(blocks)).splitlines() if c.startswith("aws ")]


def number(text):
    return float(text.replace(",", ""))


def sums(title):
    """(formula, value, what stands there) of each `a × b / c = $d` in a chapter."""
    for formula, stated in re.findall(r"([\d,.()+×/ -]+?) = \$([\d,]+\.\d\d)", chapter(title)):
        python = formula.replace(",", "").replace("×", "*").strip()
        assert re.fullmatch(r"[\d.()+*/ -]+", python), formula
        yield formula.strip(), eval(python), number(stated)
