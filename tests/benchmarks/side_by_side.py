"""The same ACT weights, the same 64 episodes of gym_pusht, on lerobot's evaluation loop and on this engine.

    pip install 'lerobot[dataset]==0.6.1' 'samepanel[gym]'    # lerobot is no dependency of this project
    python tests/benchmarks/side_by_side.py --training-steps 100

Trains LeRobot's ACT briefly on the demonstrations of gym-pusht-v1 (how well it does says nothing), then measures
rollouts only: environments and workers are started before, and nothing is written. lerobot runs at every batch size
given, its best counts. Its environments are in its own process: with its asynchronous ones, lerobot 0.6.1 breaks off
on gym_pusht, since its loop asks them for a `task_description` that they do not have. The observations are gym_pusht's
`environment_state_agent_pos`, since LeRobot's ACT needs an environment state.
"""

import argparse
import os
import time
import warnings
from dataclasses import replace

import numpy as np
import torch
from gym_pusht.envs import PushTEnv
from lerobot.configs.types import FeatureType, PolicyFeature
from lerobot.envs.configs import PushtEnv
from lerobot.envs.factory import make_env, make_env_pre_post_processors
from lerobot.policies.act.configuration_act import ACTConfig
from lerobot.policies.act.modeling_act import ACTPolicy
from lerobot.policies.act.processor_act import make_act_pre_post_processors
from lerobot.scripts.lerobot_eval import eval_policy
from pymunk import Space

from harness.contract.fields import ObservationField
from harness.contract.policy import Execution, Plan, PolicyContract
from harness.contract.task import Scene
from harness.demonstrations import read
from harness.faults.effects import nominal
from harness.rollout.episode import Assignment
from harness.rollout.rounds import Clock, rollouts
from tasks.gym_pusht import task as pusht

STATE, SCENE, ACTION = "observation.state", "observation.environment_state", "action"
START_SEED = 100_000


def field(name, size, proprioceptive):
    return ObservationField(
        name=name,
        size=size,
        unit="px",
        frame="field",
        low=(0.0,) * size,
        high=(512.0,) * size,
        description=name,
        rate_hz=10.0,
        proprioceptive=proprioceptive,
    )


KEPT = ("progress", "coverage", "is_success")
CONTRACT = pusht.contract.model_copy(
    update={
        "id": "gym-pusht-keypoints-v1",
        "observation": (field("agent_pos", 2, True), field("environment_state", 16, False)),
        "signals": tuple(signal for signal in pusht.contract.signals if signal.name in KEPT),
    }
)
TASK = replace(
    pusht,
    contract=CONTRACT,
    environment=replace(pusht.environment, arguments={"obs_type": "environment_state_agent_pos"}),
    signals={name: pusht.signals[name] for name in KEPT},
)


def keypoints(observations):
    """Corners of the block's two boxes, as the environment lists them, from its position and angle; pixel."""
    _, shapes = PushTEnv.add_tee(Space(), (0, 0), 0)
    corners = np.array([corner for shape in shapes for corner in shape.get_vertices()])
    position, angle = observations[:, None, 2:4], observations[:, None, 4]
    cos, sin, x, y = np.cos(angle), np.sin(angle), corners[:, 0], corners[:, 1]
    turned = np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)
    return (position + turned).reshape(len(observations), 16)


def demonstrations():
    """Per episode: state, environment state and action, float32."""
    found = read(pusht.demonstrations, pusht.contract)
    return [
        {STATE: seen[:, :2], SCENE: keypoints(seen.astype(np.float64)).astype(np.float32), ACTION: done}
        for seen, done in zip(found.observations, found.actions, strict=True)
    ]


def train(steps, batch=8):
    """ACT with LeRobot's defaults, trained for some steps; with its processors."""
    episodes = demonstrations()
    whole = {key: np.concatenate([episode[key] for episode in episodes]) for key in (STATE, SCENE, ACTION)}
    stats = {key: {"mean": torch.tensor(x.mean(0)), "std": torch.tensor(x.std(0))} for key, x in whole.items()}
    config = ACTConfig(
        input_features={
            STATE: PolicyFeature(FeatureType.STATE, (2,)),
            SCENE: PolicyFeature(FeatureType.ENV, (16,)),
        },
        output_features={ACTION: PolicyFeature(FeatureType.ACTION, (2,))},
        device="cpu",
        push_to_hub=False,
    )
    torch.manual_seed(0)
    rng, policy = np.random.default_rng(0), ACTPolicy(config)
    before, after = make_act_pre_post_processors(config, stats)
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-4, weight_decay=1e-4)
    policy.train()
    for _ in range(steps):
        loss, _ = policy(before(windows(episodes, rng, batch, config.chunk_size)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    policy.eval()
    return policy, before, after


def windows(episodes, rng, batch, chunk):
    rows = {key: [] for key in (STATE, SCENE, ACTION, "action_is_pad")}
    for _ in range(batch):
        episode = episodes[rng.integers(len(episodes))]
        start = rng.integers(len(episode[ACTION]))
        steps = start + np.arange(chunk)
        last = len(episode[ACTION]) - 1
        rows[STATE].append(episode[STATE][start])
        rows[SCENE].append(episode[SCENE][start])
        rows[ACTION].append(episode[ACTION][np.minimum(steps, last)])
        rows["action_is_pad"].append(steps > last)
    return {key: torch.tensor(np.array(values)) for key, values in rows.items()}


class Wrapped:
    """LeRobot's ACT as this harness's policy; it is a pure function already."""

    def __init__(self, policy, before, after, width):
        self._policy, self._before, self._after = policy, before, after
        self.contract = PolicyContract(
            method="lerobot-act", task=CONTRACT.id, n_obs=1, chunk=policy.config.chunk_size, width=width
        )
        self.card = {"method": "lerobot-act"}

    def plan(self, query):
        seen = torch.from_numpy(query.observations[:, -1])
        batch = self._before({STATE: seen[:, :2].contiguous(), SCENE: seen[:, 2:].contiguous()})
        with torch.inference_mode():
            actions = self._after(self._policy.predict_action_chunk(batch))
        return Plan(actions.numpy().astype(np.float32), query.memory)


def ours(weights, episodes, width, threads):
    """Control steps per second of the episodes, and what became of them by seed."""
    engine, policy, clock = TASK.engine(threads), Wrapped(*weights, width), Clock()
    scenes = [Scene(CONTRACT.id, "heldout", k, {"seed": START_SEED + k}) for k in range(episodes)]
    wanted = [Assignment(str(scene.index), scene, nominal(CONTRACT), ("side", scene.index)) for scene in scenes]
    execution = Execution(execute=policy.contract.chunk)
    started = time.perf_counter()
    done = list(rollouts(engine, policy, execution, wanted, lanes=episodes, clock=clock))
    wall = time.perf_counter() - started
    engine.pool.close()
    best = {rollout.assignment.scene.index: float(rollout.signals[:, 0].max()) for rollout in done}
    return wall, sum(rollout.steps for rollout in done), best


def theirs(weights, episodes, batch):
    """The same by lerobot's evaluation loop."""
    policy, before, after = weights
    settings = PushtEnv(obs_type="environment_state_agent_pos")
    env = make_env(settings, n_envs=batch, use_async_envs=False)["pusht"][0]
    env_before, env_after = make_env_pre_post_processors(settings, policy.config)
    started = time.perf_counter()
    result = eval_policy(env, policy, env_before, env_after, before, after, episodes, start_seed=START_SEED)
    wall = time.perf_counter() - started
    env.close()
    return wall, {k: item["max_reward"] for k, item in enumerate(result["per_episode"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=64)
    parser.add_argument("--training-steps", type=int, default=100)
    parser.add_argument("--batches", type=int, nargs="+", default=[8, 16, 32, 64])
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=1, help="each is measured so often; the fastest counts")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    weights = train(options.training_steps)
    print(f"ACT, {sum(p.numel() for p in weights[0].parameters()) / 1e6:.1f} M parameters, {options.threads} threads")
    fastest, seen = np.inf, dict[int, float]()
    for batch in options.batches:
        runs = [theirs(weights, options.episodes, batch) for _ in range(options.repeats)]
        wall = min(run[0] for run in runs)
        print(f"lerobot, batch {batch:3}: {wall:7.2f} s, {options.episodes / wall:6.2f} episodes/s")
        if wall < fastest:
            fastest, seen = wall, runs[0][1]
    runs = [ours(weights, options.episodes, 32, options.threads) for _ in range(options.repeats)]
    wall, steps, best = min(runs, key=lambda run: run[0])
    print(f"samepanel, {steps} control steps: {wall:7.2f} s, {options.episodes / wall:6.2f} episodes/s")
    alike = sum(abs(best[k] - seen[k]) < 1e-3 for k in best)
    print(f"the same highest reward within 0.001 in {alike} of {len(best)} episodes")
    print(f"ratio to lerobot at its best: {fastest / wall:.2f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
