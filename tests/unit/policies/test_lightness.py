import subprocess
import sys

import pytest

from policies import act

MODULES = ["policies.act", "policies.diffusion", "policies.vqbet", "policies.bc", "policies.controls"]


@pytest.mark.parametrize("module", MODULES)
def test_importing_a_plug_in_does_not_import_torch(module):
    code = f"import sys, {module}; print(*[m for m in ('torch', 'robomimic', 'mujoco') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_recipes_refuse_unknown_settings():
    with pytest.raises(ValueError, match="typo"):
        act.method.recipe(typo=1)


def test_recipe_refuses_heads_that_do_not_divide_the_width():
    with pytest.raises(ValueError, match="multiple of heads"):
        act.method.recipe(model=30, heads=4)
