"""The rails that `make run` simulates, for a demo in which payouts arrive."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.processes.child import free_port
from config.simulators import SERVERS


@dataclass(frozen=True, slots=True)
class Simulated:
    """A rail that is simulated, and where."""

    rail: str
    variable: str
    port: int


def rails_to_simulate(environment: Mapping[str, str]) -> list[Simulated]:
    """Return the rails of which nobody has said where else they are to be called, each with a port of its own."""
    ports: dict[int, None] = {}
    rails = [server for server in SERVERS.values() if not environment.get(server.variable)]
    while len(ports) < len(rails):
        ports[free_port()] = None
    return [Simulated(server.rail, server.variable, port) for server, port in zip(rails, ports, strict=True)]


def ways_to(rails: list[Simulated], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with which the house calls the simulators."""
    opened = [f"127.0.0.1:{each.port}" for each in rails]
    hosts = ",".join(filter(None, (environment.get("EGRESS_PRIVATE_HOSTS"), *opened)))
    return {**{each.variable: f"http://127.0.0.1:{each.port}" for each in rails}, "EGRESS_PRIVATE_HOSTS": hosts}
