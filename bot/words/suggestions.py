"""The words for what a worker suggests: each value with its label, the checks that failed, and how to correct it."""

from __future__ import annotations

from bot.words.catalogue import retold
from bot.words.scene import Scene, came_back
from flows import Say
from flows.model import Step, Worker
from flows.parse import show


def suggested(effect: Say, step: Step | None, scene: Scene) -> str:
    """Everything to be confirmed; without buttons, only what was found so far (the rest is asked next)."""
    t, state = scene.t, scene.run.steps.get(effect.path)
    title = step.title.text(scene.language) if step else ""
    lines = [f"{scene.run.reference} · {title}"]
    if not isinstance(step, Worker) or state is None:
        return lines[0]
    lines += came_back(effect.path, scene)
    lines.append(retold(state.remark, scene.language))
    known = {**{n: v for n, v in scene.run.values.items() if n in step.fields}, **state.suggested}
    for field in (scene.flow.fields[name] for name in step.fields):
        if field.name in known:
            lines.append(f"{field.title.text(scene.language)}: {show(known[field.name], field, scene.language)}")
        elif not effect.choices:
            lines.append(t("{title}: not found").format(title=field.title.text(scene.language)))
    lines += [f"⚠ {check.message.text(scene.language)}" for check in step.checks if check.name in state.failed]
    if effect.choices and step.fields:
        lines.append(t("Is something wrong? Write it as “{title}: ...”. Nothing counts until you confirm.").format(
            title=scene.flow.fields[step.fields[0]].title.text(scene.language)
        ))  # fmt: skip
    return "\n".join(lines)
