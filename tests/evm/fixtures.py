"""The chain and its tokens, for whoever is paid on it: import these in a folder's conftest."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.evm import chain as chains
from tests.evm.chain import Chain, Contract
from wallets.rails.evm import lookups


@pytest.fixture(scope="session")
def running_chain() -> Iterator[Chain]:
    """One chain for each process of the tests."""
    process, chain = chains.start()
    yield chain
    chains.stop(process)


@pytest.fixture
def chain(running_chain: Chain, settings: Any) -> Iterator[Chain]:
    """The chain, which the house may ask, and which is afterwards as it was before."""
    before = running_chain.ask("evm_snapshot")
    running_chain.mines_at_once = True
    settings.RPC_NODES = {None: running_chain.url}
    settings.EGRESS_PRIVATE_HOSTS = frozenset({running_chain.place})
    lookups.forget_decimals()
    yield running_chain
    lookups.forget_decimals()
    running_chain.ask("evm_revert", before)
    running_chain.calm()


@pytest.fixture
def usdc(chain: Chain) -> Contract:
    """A token of six decimals. The chain's first account has all of it."""
    return chain.deploy("Token", 6)
