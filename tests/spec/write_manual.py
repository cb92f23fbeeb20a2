"""Write the manuals in docs/stewards from the examples: python tests/spec/write_manual.py."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from opengazette.adapters.contracts import load_rule_pack
from opengazette.documentation.masking_manual import MaskingRules, masking_manual
from opengazette.documentation.rules_manual import RuleExamples, rules_manual

ROOT = Path(__file__).parents[2]

if __name__ == "__main__":
    content = YAML(typ="safe").load(Path(__file__).with_name("rules.yaml"))
    packs = [load_rule_pack(ROOT, f"calhhs-ddg-{edition}") for edition in ("1.0", "2.0")]
    page = rules_manual(RuleExamples.model_validate(content), packs)
    (ROOT / "docs/stewards/rules.md").write_text(page, encoding="utf-8", newline="\n")
    masking = YAML(typ="safe").load(Path(__file__).with_name("masking.yaml"))
    page = masking_manual(MaskingRules.model_validate(masking))
    (ROOT / "docs/stewards/masking.md").write_text(page, encoding="utf-8", newline="\n")
