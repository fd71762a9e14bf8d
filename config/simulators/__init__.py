"""Rails as they speak to the house, for those who build on it: all behind `manage.py simulate`."""

from collections.abc import Mapping
from typing import Final

from config.simulators.coinbase import COINBASE
from config.simulators.frame import Simulator
from config.simulators.kcb import Kcb
from config.simulators.mpesa import Mpesa
from config.simulators.server import Server

SIMULATORS: Final[Mapping[str, Simulator]] = {simulator.rail: simulator for simulator in (COINBASE,)}
# Those that the house calls.
SERVERS: Final[Mapping[str, type[Server]]] = {server.rail: server for server in (Mpesa, Kcb)}
