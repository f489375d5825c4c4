"""What tests of more than one file ask for."""

from __future__ import annotations

from typing import Any

import pytest

from modelselect.experiment import databases


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are sent to a database."""
    sent: list[str] = []
    loaded = databases._loaded

    def spied(experiment: Any, query: str, database: databases.Database, connection: Any) -> Any:
        def run(statement: str) -> Any:
            sent.append(statement)
            return database.run(statement)

        return loaded(experiment, query, databases.Database(run, database.quoted), connection)

    monkeypatch.setattr(databases, "_loaded", spied)
    return sent
