"""Queries of MySQL and MariaDB, on a MariaDB server that the tests start themselves."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelselect.cli import main
from modelselect.errors import DataError
from modelselect.experiment.config import Experiment
from modelselect.experiment.sources import Source, read
from modelselect.sample import Sample

pytest.importorskip("sqlalchemy")
pymysql = pytest.importorskip("pymysql")

#: Not to be found in anything that is written or printed.
PASSWORD = "s3cr/t@p:w%rd"  # noqa: S105
ROWS = np.arange(1, 200_001)
#: The rows 1 to 200 000 of a table.
WORMS = (
    "CREATE TABLE worms.worms AS SELECT seq AS id, seq % 7 AS teeth, CAST(seq % 3 + 1 AS DECIMAL(6, 2)) AS w, "
    "IF(seq % 5 = 0, NULL, seq % 7) AS gaps, md5(seq) AS mark, SQRT(seq) AS length, seq % 2 = 0 AS died, "
    "NOW() AS born, IF(seq % 2 = 0, 'even', 'odd') AS `the kind` FROM seq_1_to_200000"
)


def program(*names: str) -> str | None:
    """The path of a program by the first of its names that is installed; Debian hides servers in sbin."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/usr/libexec"])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The socket of a MariaDB server, whose user ``owner`` has the password above and may do all to ``worms``."""
    install, serve = program("mariadb-install-db"), program("mariadbd")
    if install is None or serve is None:
        pytest.skip(
            "MariaDB is not installed: no mariadb-install-db and mariadbd (Debian: apt-get install mariadb-server)"
        )
    # a socket's path must be short, and a server that may not run as root must be able to reach its folder
    with tempfile.TemporaryDirectory(prefix="my", dir="/tmp", ignore_cleanup_errors=True) as folder:
        home, account = Path(folder), {}
        if os.geteuid() == 0:
            account = {"user": "nobody", "extra_groups": []}
            shutil.chown(home, "nobody")
        options: dict[str, Any] = {"cwd": folder, "stdin": subprocess.DEVNULL, **account}
        made = subprocess.run(
            [install, "--no-defaults", f"--datadir={home / 'data'}", "--auth-root-authentication-method=normal",
             "--skip-test-db"],
            capture_output=True, text=True, **options,
        )  # fmt: skip
        if made.returncode:
            pytest.skip(f"mariadb-install-db does not run here: {made.stderr.strip()[-200:]}")
        socket, log = home / "s", home / "log"
        with log.open("w") as errors:
            process = subprocess.Popen(
                [serve, "--no-defaults", f"--datadir={home / 'data'}", f"--socket={socket}", "--skip-networking",
                 f"--pid-file={home / 'pid'}", "--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4"],
                stdout=errors, stderr=errors, **options,
            )  # fmt: skip
        try:
            with _connected(process, socket, log) as connection, connection.cursor() as cursor:
                for statement in (
                    "CREATE DATABASE worms",
                    f"CREATE USER owner@localhost IDENTIFIED BY '{PASSWORD}'",
                    "GRANT ALL ON worms.* TO owner@localhost",
                    "USE worms",
                    WORMS,
                ):
                    cursor.execute(statement)
                connection.commit()
            yield str(socket)
        finally:
            process.kill()
            process.wait()


def _connected(process: Any, socket: Path, log: Path) -> Any:
    """Connect as soon as the server answers."""
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        if socket.exists():  # which it listens at by then
            return pymysql.connect(unix_socket=str(socket), user="root")
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture
def mariadb(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("WORMS_PASSWORD", PASSWORD)
    return f"mysql://owner:${{WORMS_PASSWORD}}@localhost/worms?unix_socket={server}"


def source(url: str, query: str, **data: Any) -> Source:
    return read(
        Experiment.from_dict({"candidates": ["poisson"], "data": {"sql": {"url": url, "query": query}, **data}})
    )


def refused(url: str, query: str, *words: str) -> None:
    with pytest.raises(DataError) as caught:
        source(url, query)
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert "\n" not in message
    assert PASSWORD not in message


def test_the_database_counts(mariadb: str, queries: list[str]) -> None:
    found = source(mariadb, "SELECT * FROM worms WHERE id % 10 <> 11", column="teeth", weight="w")
    assert found.sample.weights.tolist() == Sample(ROWS % 7, ROWS % 3 + 1).weights.tolist()
    assert queries[-1].endswith("GROUP BY `teeth`, `w`")
    assert found.sentence.startswith("400001 observations in column `teeth` of the query of mysql://localhost/worms,")
    gaps = source(mariadb, "SELECT gaps FROM worms", missing="drop").sample
    assert (gaps.n, gaps.n_missing) == (160_000, 40_000)
    seen = source(mariadb, "SELECT teeth + 1 AS t, died FROM worms", column="t", event="died").sample
    assert seen.censored_share == 0.5
    labels = source(mariadb, "SELECT `the kind` FROM worms").sample
    assert dict(zip(labels.values, labels.weights, strict=True)) == {"even": 100_000, "odd": 100_000}


def test_rows_are_streamed(mariadb: str, queries: list[str]) -> None:
    found = source(mariadb, "SELECT length FROM worms ORDER BY id")
    assert found.sample.values.tolist() == np.sqrt(ROWS).tolist()
    assert not any("GROUP BY" in query for query in queries)
    refused(mariadb, "SELECT teeth, teeth FROM worms", "data.sql.query", "Duplicate column name 'teeth'")
    refused(mariadb, "SELECT born FROM worms LIMIT 9", "dates or times")
    refused(mariadb, "SELECT x FROM worms", "data.sql.query", "Unknown column 'x'")


def test_it_is_only_read(mariadb: str, server: str) -> None:
    with pymysql.connect(unix_socket=server, user="root", database="worms") as connection:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION IF EXISTS eaten")
            cursor.execute(
                "CREATE FUNCTION eaten() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM worms; RETURN 1; END"
            )
        connection.commit()
    refused(mariadb, "SELECT eaten() AS x", "data.sql.query", "READ ONLY transaction")
    refused(mariadb, "DELETE FROM worms", "data.sql.query")
    assert source(mariadb, "SELECT count(*) AS n FROM worms").sample.values.tolist() == [200_000]


def test_a_password_is_nowhere(
    mariadb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "worms.yaml"
    sql = {"url": mariadb, "query": "SELECT teeth FROM worms LIMIT 1000"}
    config.write_text(json.dumps({"data": {"sql": sql}, "candidates": ["poisson"]}))
    assert main(["run", str(config), "--output", str(tmp_path / "report")]) == 0
    monkeypatch.setenv("WORMS_PASSWORD", PASSWORD + "x")
    assert main(["run", str(config), "--output", str(tmp_path / "other")]) == 1
    printed = capsys.readouterr()
    assert "Access denied for user 'owner'@'localhost'" in printed.err
    texts = [printed.out, printed.err]
    texts += [path.read_text(errors="replace") for path in (tmp_path / "report").rglob("*") if path.is_file()]
    assert any("mysql://localhost/worms" in text for text in texts)
    assert not [text for text in texts if "s3cr" in text]
