"""The contract suite: what every task, policy and method must pass, as an importable API (law 12).

    from harness.conformance import TASK_CHECKS, check_task
    check_task(my_task)                                       # all of it
    @pytest.mark.parametrize("check", TASK_CHECKS)            # or a test each
    def test_my_task(check): TASK_CHECKS[check](TaskBench(my_task))

A check returns nothing, or raises ContractError that says whose, expected, got and fix. Nothing here needs a test
runner, or a numerical package beyond numpy.
"""

from harness.conformance.methods import check_method
from harness.conformance.policies import POLICY_CHECKS, PolicyBench, check_policy
from harness.conformance.tasks import TASK_CHECKS, check_task
from harness.conformance.workbench import TaskBench

__all__ = ["POLICY_CHECKS", "TASK_CHECKS", "PolicyBench", "TaskBench", "check_method", "check_policy", "check_task"]
