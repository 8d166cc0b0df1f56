"""The mistakes that mutation testing makes are the ones that it says, one at a time."""

import ast
from pathlib import Path

from tests.campaign._mutate import ROOT, mutants_of

SOURCE = '''"""Words of no matter."""

LIMITS: dict[str, int] = {"low": 1, "high": 2}


class House:
    """Words."""

    def over(self, amps: int, spare: int = 3) -> bool:
        """Words."""
        for line in (amps,):
            if line and not spare:
                continue
            print(f"words {line - 1:03}")
        return amps >= min(spare, 5)
'''


def test_each_kind_of_mistake_is_made_once(tmp_path: Path) -> None:
    """Numbers, texts, rows, conditions, statements, signs and borders are changed; documentation, types and words in between are not."""
    (tmp_path / "house.py").write_text(SOURCE, encoding="utf-8")

    assert [(mutant.line, mutant.function, mutant.change) for mutant in mutants_of(str(tmp_path / "house.py"))] == [
        (3, "", "'low'  ->  'XXlow'"),
        (3, "", "'high'  ->  'XXhigh'"),
        (3, "", "1  ->  2"),
        (3, "", "1  ->  2"),
        (3, "", "2  ->  3"),
        (3, "", "2  ->  1"),
        (9, "", "3  ->  4"),
        (12, "House.over", "line and (not spare)  ->  line or not spare"),
        (12, "House.over", "line  ->  not line"),
        (12, "House.over", "not spare  ->  spare"),
        (13, "House.over", "continue  ->  break"),
        (14, "House.over", "print(f'words {line - 1:03}')  ->  pass"),
        (14, "House.over", "line - 1  ->  line + 1"),
        (14, "House.over", "1  ->  2"),
        (15, "House.over", "amps >= min(spare, 5)  ->  amps > min(spare, 5)"),
        (15, "House.over", "amps >= min(spare, 5)  ->  amps < min(spare, 5)"),
        (15, "House.over", "min(spare, 5)  ->  max(spare, 5)"),
        (15, "House.over", "5  ->  6"),
    ]


def test_a_mutant_is_a_module_with_one_change() -> None:
    """Each mutant compiles and is another program than the module; to list them leaves no trace."""
    mutants = mutants_of("han_gateway/core/supervision.py")
    whole = ast.dump(ast.parse((ROOT / "han_gateway/core/supervision.py").read_text(encoding="utf-8")))

    for mutant in mutants:
        assert ast.dump(mutant.tree) == whole
        before = mutant.edit.apply()
        assert ast.dump(mutant.tree) != whole
        compile(ast.fix_missing_locations(mutant.tree), mutant.file, "exec")
        mutant.edit._replace(value=before).apply()
