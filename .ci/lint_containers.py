"""Lint the container files: the Dockerfile with hadolint, the compose file for what it must and must not say."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
QUEUES = ("intents", "settlements", "payouts", "reconciler", "notifications")


def hadolint() -> list[str]:
    """Return what hadolint says; it comes as a package with its program inside."""
    program = Path(sys.executable).parent / "hadolint"
    if not program.exists():  # it is packaged for Linux on x86-64 only
        print("hadolint is not packaged for this machine; the Dockerfile is not linted here.")
        return []
    done = subprocess.run([program, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()


def compose() -> list[str]:
    """Return what is wrong with docker-compose.yml."""
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    expected = {"postgres", "redis", "migrate", "web", *(f"worker-{queue}" for queue in QUEUES)}
    wrong = [f"docker-compose.yml: service {name} is missing" for name in sorted(expected - set(services))]
    for name, service in services.items():
        image = service.get("image", "")
        if "build" not in service and (":" not in image or image.endswith(":latest")):
            wrong.append(f"docker-compose.yml: {name} has no fixed image version")
        if service.get("privileged") or service.get("network_mode") == "host":
            wrong.append(f"docker-compose.yml: {name} has rights it does not need")
        ours = name == "web" or name.startswith("worker-")
        if ours and service.get("depends_on", {}).get("migrate", {}).get("condition") != (
            "service_completed_successfully"
        ):
            wrong.append(f"docker-compose.yml: {name} does not wait for the migrations")
        for variable, value in (service.get("environment") or {}).items():
            secret = any(word in variable for word in ("KEY", "SECRET", "PASSWORD"))
            if secret and value and not str(value).startswith("${"):
                wrong.append(f"docker-compose.yml: {name} spells out {variable}")
        if "RELAYER_PRIVATE_KEY" in (service.get("environment") or {}) and name != "worker-payouts":
            wrong.append(f"docker-compose.yml: {name} sees RELAYER_PRIVATE_KEY")
    return wrong


if __name__ == "__main__":
    problems = hadolint() + compose()
    print("\n".join(problems))
    sys.exit(bool(problems))
