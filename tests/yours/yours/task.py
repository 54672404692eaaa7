from pathlib import Path

from tasks.engines.gymnasium_spaces import contract_from_spaces, follow
from tasks.engines.gymnasium_task import Environment, GymnasiumTask

environment = Environment("yours/Reach-v0", module="yours.environment", arguments={}, info={"is_success": 1})
contract = contract_from_spaces(
    "reach-v1",
    environment,
    control_period_s=0.1,
    horizon=50,
    success="is_success",  # an entry of info, or "terminated"
    demonstrations=120,
)


def towards_the_goal(seen):
    return (seen["goal"] - seen["hand"]).clip(-0.1, 0.1)


task = GymnasiumTask(
    contract,
    environment,
    demonstrations=Path(__file__).parent / "demonstrations",  # `samepanel demos reach-v1` records them
    expert_of=lambda threads: follow(contract, towards_the_goal),
)
