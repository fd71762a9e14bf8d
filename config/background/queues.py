"""The five queues, how many workers each has, and how tasks travel."""

from typing import Any

from config.environment import Environment

WORKERS_BY_QUEUE = {"intents": 5, "settlements": 3, "payouts": 2, "reconciler": 1, "notifications": 3}


def cluster_settings(environment: Environment) -> dict[str, Any]:
    """Return django-q2's settings: one cluster a queue, told apart by ``Q_CLUSTER_NAME``."""
    timeout = environment["TASK_TIMEOUT_SECONDS"]
    settings: dict[str, Any] = {
        "name": "countinghouse",
        "timeout": timeout,
        "retry": environment["TASK_RETRY_SECONDS"],
        "max_attempts": environment["TASK_MAX_ATTEMPTS"],
        "catch_up": False,  # after a pause a schedule runs once, not once for every time it missed
        "save_limit": 0,  # results are kept; a schedule removes old ones (a limit would lock them all at each finish)
        "bulk": 1,
        "poll": 0.2,
        "label": "Background work",
        "ALT_CLUSTERS": {},
    }
    for queue, workers in WORKERS_BY_QUEUE.items():
        count = environment["WORKERS_PER_QUEUE"] or workers
        # A task's clock runs from the moment it is fetched, so no more are fetched than can be worked on.
        settings["ALT_CLUSTERS"][queue] = {"workers": count, "queue_limit": count}
    if environment["TASK_BROKER"] == "redis":
        settings["broker_class"] = "config.background.redis_streams.RedisStreamBroker"
        settings["redis"] = environment["REDIS_URL"]
    else:
        settings["broker_class"] = "config.background.database_broker.DatabaseBroker"
        settings["orm"] = "default"
    return settings
