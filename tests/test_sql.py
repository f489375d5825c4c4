"""Queries of databases: SQLite and DuckDB by their files, and a PostgreSQL server that the tests start themselves."""

import importlib.util
import json
import math
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from modelselect.cli import main
from modelselect.errors import ConfigurationError, DataError, ModelSelectError
from modelselect.experiment import databases
from modelselect.experiment.config import Experiment
from modelselect.experiment.sources import Source, read
from modelselect.experiment.sql import Sql
from modelselect.sample import Sample

sqlalchemy = pytest.importorskip("sqlalchemy")

#: Not to be found in anything that is written or printed.
PASSWORD = "s3cr/t@p:w%rd"  # noqa: S105


def source(url: str, query: str, **data: Any) -> Source:
    settings = {key: data.pop(key) for key in ("candidates", "memory") if key in data}
    return read(
        Experiment.from_dict(
            {"candidates": ["poisson"], **settings, "data": {"sql": {"url": url, "query": query}, **data}}
        )
    )


def refused(make: Any, *words: str, kind: type[ModelSelectError] = DataError) -> str:
    with pytest.raises(kind) as caught:
        make()
    message = str(caught.value)
    for word in words:
        assert word in message, message
    assert "\n" not in message
    assert PASSWORD not in message
    return message


# servers ------------------------------------------------------------------------------------------------------


def programs() -> Path | None:
    """The folder of PostgreSQL's programs: on the path, where Debian puts them, or in the package pgserver."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    if packaged := sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return packaged[-1].parent
    spec = importlib.util.find_spec("pgserver")
    folder = Path(spec.origin or "").parent / "pginstall" / "bin" if spec else Path()
    return folder if (folder / "initdb").exists() else None


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The folder of the socket of a PostgreSQL server, which has a user ``reader`` with the password above."""
    pytest.importorskip("psycopg")
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("PostgreSQL is not installed: no initdb on the path, and no package pgserver")
    # a socket's path must be short, and a server that may not run as root must be able to reach its folder
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp", ignore_cleanup_errors=True) as folder:
        home, account = Path(folder), {}
        if os.geteuid() == 0:
            account = {"user": "nobody", "extra_groups": []}
            if bin_folder.parent.name == "pginstall":
                shutil.copytree(bin_folder.parent.parent.parent / "pgserver", home / "pgserver", symlinks=True)
                libraries = bin_folder.parent.parent.parent / "pgserver.libs"
                if libraries.exists():
                    shutil.copytree(libraries, home / "pgserver.libs")
                bin_folder = home / "pgserver" / "pginstall" / "bin"
            shutil.chown(home, "nobody")
            home.chmod(0o755)
        (home / "word").write_text(PASSWORD)
        options: dict[str, Any] = {"cwd": folder, "capture_output": True, "text": True, **account}
        made = subprocess.run(
            [bin_folder / "initdb", "-D", home / "data", "-U", "owner", "--pwfile", home / "word", "-A",
             "scram-sha-256", "-E", "UTF8", "--locale", "C", "--no-sync"],
            **options,
        )  # fmt: skip
        if made.returncode:
            pytest.skip(f"PostgreSQL's initdb does not run here: {made.stderr.strip().splitlines()[-1]}")
        started = subprocess.run(
            [bin_folder / "pg_ctl", "-D", home / "data", "-w", "-l", home / "log", "start", "-o",
             f"-k {folder} -c listen_addresses='' -c fsync=off"],
            **{**options, "capture_output": False, "stdout": subprocess.DEVNULL},
        )  # fmt: skip
        assert started.returncode == 0, (home / "log").read_text()
        try:
            import psycopg

            with psycopg.connect(host=folder, user="owner", password=PASSWORD, dbname="postgres") as connection:
                connection.execute(
                    "CREATE TABLE worms AS SELECT i AS id, i % 7 AS teeth, (i % 3 + 1)::numeric(6, 2) AS w, "
                    "CASE WHEN i % 5 = 0 THEN NULL ELSE i % 7 END AS gaps, md5(i::text) AS mark, "
                    "sqrt(i)::double precision AS length, i % 2 = 0 AS died, now() AS born, "
                    "CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END AS kind FROM generate_series(1, 200000) AS i"
                )
                connection.execute("CREATE SEQUENCE turns")
            yield folder
        finally:
            subprocess.run([bin_folder / "pg_ctl", "-D", home / "data", "-m", "immediate", "-w", "stop"], **options)


@pytest.fixture
def postgres(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("WORMS_PASSWORD", PASSWORD)
    return f"postgresql://owner:${{WORMS_PASSWORD}}@/postgres?host={server}"


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "worms.db") as connection:
        connection.execute("CREATE TABLE worms (teeth INT, w INT, kind TEXT, length REAL, odd)")
        rows = [
            (i % 7, i % 3 + 1, "even" if i % 2 == 0 else "odd", math.sqrt(i), i if i % 2 else "x")
            for i in range(1, 3001)
        ]
        connection.executemany("INSERT INTO worms VALUES (?, ?, ?, ?, ?)", rows)
    connection.close()
    return f"sqlite:///{tmp_path}/worms.db"


# reading ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", [databases.HEAD, 10])
def test_a_query_gives_what_a_list_would(sqlite: str, head: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "HEAD", head)  # 3000 rows are few, or many
    rows = np.arange(1, 3001)
    teeth = source(sqlite, "SELECT * FROM worms", column="teeth")
    assert vars(teeth.sample).items() >= {"n": 3000.0, "kind": "lattice", "resolution": 1.0}.items()
    assert teeth.sample.weights.tolist() == Sample(rows % 7).weights.tolist()
    weighted = source(sqlite, "SELECT * FROM worms;", column="teeth", weight="w").sample
    assert weighted.weights.tolist() == Sample(rows % 7, rows % 3 + 1).weights.tolist()
    lengths = source(sqlite, "SELECT length FROM worms -- all of them")
    assert lengths.sample.values.tolist() == np.sqrt(rows).tolist()
    assert lengths.notes[0] == "column `length` was taken: it is the only one"
    assert sorted(source(sqlite, "SELECT kind FROM worms").sample.values) == ["even", "odd"]
    assert teeth.sentence == f"3000 observations in column `teeth` of the query of {sqlite}"


def test_a_database_counts_where_it_can(sqlite: str, queries: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "HEAD", 100)
    source(sqlite, "SELECT * FROM worms", column="teeth", weight="w")
    assert queries[-1].endswith('GROUP BY "teeth", "w"')
    queries.clear()
    source(sqlite, "SELECT * FROM worms", column="teeth", ordered=True)
    source(sqlite, "SELECT * FROM worms", column="length")
    assert not any("GROUP BY" in query for query in queries)
    queries.clear()
    source(sqlite, "SELECT * FROM worms WHERE teeth < 2 LIMIT 50", column="teeth")
    assert len(queries) == 2  # the columns, and the few rows


def test_what_is_wrong_with_a_query(sqlite: str, tmp_path: Path) -> None:
    of = lambda query, **data: lambda: source(sqlite, query, **data)  # noqa: E731
    refused(of("SELECT * FROM worm"), "data.sql.query", "no such table: worm")
    refused(of("SELEC 1"), "data.sql.query", "syntax error")
    refused(of("SELECT * FROM worms"), "data.column", "`teeth`, `w`, `kind`", kind=ConfigurationError)
    refused(of("SELECT * FROM worms", column="teht"), "no column 'teht'", "did you mean teeth")
    refused(of("SELECT 1 AS x WHERE 1 = 0"), "no rows")
    refused(of("SELECT NULL AS x"), "no values at all")
    refused(of("SELECT nullif(teeth, 3) AS t FROM worms LIMIT 5"), "1 missing value, in row 3", "missing: drop")
    refused(of("SELECT odd FROM worms"), "'x' in row 2", "but numbers elsewhere")
    refused(of("SELECT x'00' AS x"), "values of type BLOB")
    refused(of("SELECT 2 AS x, 'a' AS w", column="x", weight="w"), "data.weight", "the text 'a' in row 1")
    dropped = source(sqlite, "SELECT nullif(teeth, 3) AS t FROM worms", missing="drop").sample
    assert (dropped.n, dropped.n_missing) == (2571, 429)
    refused(lambda: source(f"sqlite:///{tmp_path}/none.db", "SELECT 1"), "data.sql.url", "does not exist")
    refused(lambda: source("sqlite:///${NO_SUCH_FOLDER}/a.db", "SELECT 1"), "NO_SUCH_FOLDER is not set")


def test_rows_that_were_counted_elsewhere_have_no_numbers(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "HEAD", 100)
    query = "SELECT CASE WHEN teeth <> 3 THEN teeth END AS t, w - 2 AS w, kind FROM worms"
    refused(lambda: source(sqlite, query, column="t"), "429 missing values, in 429 rows")
    dropped = source(sqlite, query, column="t", missing="drop").sample
    assert (dropped.n, dropped.n_missing) == (2571, 429)
    refused(lambda: source(sqlite, query, column="t", weight="w"), "the weight -1 in 1000 rows")
    refused(lambda: source(sqlite, query, column="t", weight="kind"), "data.weight", "the text 'even'")


def test_nothing_is_written(sqlite: str) -> None:
    for query in ("DELETE FROM worms", "DROP TABLE worms", "DELETE FROM worms RETURNING teeth"):
        refused(lambda query=query: source(sqlite, query, column="teeth"), "data.sql.query")
    refused(lambda: source(sqlite, "SELECT 1) AS q; DELETE FROM worms; --"), "semicolon", kind=ConfigurationError)
    assert source(sqlite, "SELECT teeth FROM worms").sample.n == 3000
    assert source(sqlite, "SELECT ';' AS x /* ; */ -- ;").sample.values.tolist() == [";"]
    refused(lambda: source(sqlite, r"SELECT 'a\'; DROP TABLE worms; --'"), "semicolon", kind=ConfigurationError)


def test_a_file_of_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with duckdb.connect(str(tmp_path / "worms.duckdb")) as connection:
        connection.execute("CREATE TABLE worms AS SELECT i % 7 AS teeth, [i] AS l FROM range(3000) t(i)")
    monkeypatch.setattr(databases, "HEAD", 100)
    url = f"duckdb:///{tmp_path}/worms.duckdb"
    assert source(url, "SELECT teeth FROM worms", memory="512MB").sample.n == 3000
    refused(lambda: source(url, "SELECT l FROM worms"), "lists or records")
    refused(lambda: source(url, "SELECT * FROM read_text('/etc/passwd')"), "data.sql.query")
    refused(lambda: source(url, "SELECT worm FROM worms"), "data.sql.query", "worm")


def test_formulas_and_forecasts_of_a_query(sqlite: str) -> None:
    pytest.importorskip("statsmodels")
    settings = {"sql": {"url": sqlite, "query": "SELECT teeth, w, kind, 0.25 AS p, 0.75 AS q FROM worms LIMIT 500"}}
    experiment = Experiment(data={**settings, "formula": "teeth ~ kind", "weight": "w"}, candidates=["poisson"])
    assert experiment.run().ranking.best.status.usable
    told = {"coin": {"even": "p", "odd": "q"}}
    forecasts = Experiment(data={**settings, "labels": "kind"}, predictions=told).run()
    assert forecasts.ranking.table.index.tolist() == ["coin"]
    assert forecasts.source.startswith(f"500 cases labelled by `kind` in the query of {sqlite}")


# settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ({"url": f"postgresql://me:{PASSWORD}@host/db", "query": "SELECT 1"}, ["sql.url: holds a password"]),
        ({"url": f"postgresql://host/db?password={PASSWORD}", "query": "SELECT 1"}, ["sql.url: holds a password"]),
        ({"url": f"postgresql://me:${{A}}{PASSWORD}@host/db", "query": "SELECT 1"}, ["sql.url: holds a password"]),
        ({"url": f"oracle://me:{PASSWORD}@host/db", "query": "SELECT 1"}, ["sql.url: expected a URL of sqlite"]),
        (f"postgresql://me:{PASSWORD}@host/db", ["data.sql: expected a mapping"]),
        ({"url": "sqlite://", "query": "SELECT 1"}, ["expected a file"]),
        ({"url": "sqlite:///a.db", "query": " ; "}, ["sql.query: is empty"]),
        ({"url": "sqlite:///a.db"}, ["data.sql.query: missing"]),
        ({"url": "sqlite:///a.db", "query": "SELECT 1", "user": "me"}, ["unknown key, expected one of url, query"]),
    ],
)
def test_settings_that_are_refused(sql: Any, words: list[str], tmp_path: Path) -> None:
    config = tmp_path / "a.yaml"
    config.write_text(json.dumps({"data": {"sql": sql}, "candidates": ["poisson"]}))
    refused(lambda: Experiment.from_yaml(config), "a.yaml:1:", *words, kind=ConfigurationError)


def test_options_of_a_query(sqlite: str) -> None:
    refused(lambda: source(sqlite, "SELECT 1", where="x > 1"), "data.where", "no sense", kind=ConfigurationError)


def test_a_relative_file_is_found_from_where_it_is_written(sqlite: str, tmp_path: Path) -> None:
    config = tmp_path / "a.yaml"
    config.write_text(
        "data: {sql: {url: 'sqlite:///worms.db', query: SELECT teeth FROM worms}}\ncandidates: [poisson]\n"
        "report: {formats: [csv], figures: false}\n"
    )
    experiment = Experiment.from_yaml(config)
    assert Experiment.from_dict(experiment.to_dict(), base=tmp_path) == experiment
    report = experiment.run(tmp_path / "out" / "report")
    assert "sqlite:///../../worms.db" in (report.path / "experiment.yaml").read_text()
    again = Experiment.from_yaml(report.path / "experiment.yaml").run()
    assert again.manifest["data"]["sha256"] == report.manifest["data"]["sha256"]
    assert "SQLAlchemy" in report.manifest["versions"]


def test_variables_are_put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    sql = Sql(url="postgresql://${U}:${P}@${H}/db?sslmode=${M}", query="SELECT 1 AS x")
    url, secrets = sql.resolved({"U": "a b", "P": PASSWORD, "H": "host:5433", "M": "require"})
    parsed = sqlalchemy.make_url(url)
    assert (parsed.username, parsed.password, parsed.host, parsed.port) == ("a b", PASSWORD, "host", 5433)
    assert PASSWORD in secrets
    assert "a b" not in secrets
    assert sql.name == "postgresql://${H}/db"
    monkeypatch.setenv("WHOLE", f"oracle://u:{PASSWORD}@host/db")
    refused(lambda: source("${WHOLE}", "SELECT 1"), "data.sql.url", "${WHOLE} is not the URL of a database")
    monkeypatch.setenv("WHOLE", f"postgresql://u:{PASSWORD}@host:port/db")
    refused(lambda: source("${WHOLE}", "SELECT 1"), "data.sql.url")


def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("pymysql"):
        pytest.skip("pymysql is installed")
    refused(lambda: source("mysql://me@localhost/db", "SELECT 1"), "pymysql", "pip install 'modelselect[mysql]'")


def test_groups_of_a_query(sqlite: str) -> None:
    sql = {"url": sqlite, "query": "SELECT teeth, kind FROM worms"}
    report = Experiment(data={"sql": sql, "column": "teeth", "by": "kind"}, candidates=["poisson", "geometric"]).run()
    assert report.groups.n.tolist() == [1500, 1500]
    assert report.source == f"3000 observations in column `teeth` of the query of {sqlite}, in 2 groups by `kind`"


# PostgreSQL ---------------------------------------------------------------------------------------------------


def test_postgresql_counts(postgres: str, queries: list[str]) -> None:
    rows = np.arange(1, 200_001)
    found = source(postgres, "SELECT * FROM worms WHERE id % 10 <> 11", column="teeth", weight="w")
    assert found.sample.weights.tolist() == Sample(rows % 7, rows % 3 + 1).weights.tolist()
    assert queries[-1].endswith('GROUP BY "teeth", "w"')
    assert found.sentence.startswith("400001 observations in column `teeth` of the query of postgresql:///postgres,")
    gaps = source(postgres, "SELECT gaps FROM worms", missing="drop").sample
    assert (gaps.n, gaps.n_missing) == (160_000, 40_000)
    seen = source(postgres, "SELECT teeth + 1 AS t, died FROM worms", column="t", event="died").sample
    assert seen.censored_share == 0.5


def test_postgresql_streams(postgres: str, queries: list[str]) -> None:
    found = source(postgres, "SELECT length FROM worms", candidates=["normal"])
    assert found.sample.values.tolist() == np.sqrt(np.arange(1, 200_001)).tolist()
    assert not any("GROUP BY" in query for query in queries)
    refused(lambda: source(postgres, "SELECT teeth, teeth FROM worms"), "two columns 'teeth'")
    refused(lambda: source(postgres, "SELECT ARRAY[1] AS x FROM worms"), "lists or records")
    refused(lambda: source(postgres, "SELECT born FROM worms LIMIT 9"), "dates or times")
    refused(lambda: source(postgres, "SELECT length / 0 AS x FROM worms"), "data.sql.query", "division by zero")


def test_postgresql_is_only_read(postgres: str) -> None:
    query = "WITH gone AS (DELETE FROM worms RETURNING teeth) SELECT teeth FROM gone"
    refused(lambda: source(postgres, query), "data.sql.query")
    refused(lambda: source(postgres, "SELECT nextval('turns') AS x"), "data.sql.query", "read-only transaction")
    assert source(postgres, "SELECT count(*) AS n FROM worms").sample.values.tolist() == [200_000]


def test_a_password_is_nowhere(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "worms.yaml"
    sql = {"url": postgres, "query": "SELECT teeth FROM worms LIMIT 1000"}
    config.write_text(json.dumps({"data": {"sql": sql}, "candidates": ["poisson"]}))
    assert main(["validate", str(config)]) == 0
    assert main(["run", str(config), "--json", "--output", str(tmp_path / "report")]) == 0
    monkeypatch.setenv("WORMS_PASSWORD", PASSWORD + "x")
    assert main(["run", str(config), "--output", str(tmp_path / "other")]) == 1
    printed = capsys.readouterr()
    assert "password authentication failed" in printed.err
    monkeypatch.delenv("WORMS_PASSWORD")
    assert main(["run", str(config)]) == 1
    printed_then = capsys.readouterr()
    assert "the environment variable WORMS_PASSWORD is not set" in printed_then.err
    texts = [printed.out, printed.err, printed_then.out, printed_then.err]
    texts += [path.read_text(errors="replace") for path in (tmp_path / "report").rglob("*") if path.is_file()]
    coded = sqlalchemy.make_url("postgresql://h/d").set(password=PASSWORD).render_as_string(hide_password=False)
    for word in (PASSWORD, coded.partition(":@")[0].rpartition(":")[2], "s3cr"):
        assert not [text for text in texts if word in text]


def test_a_report_of_postgresql(postgres: str, tmp_path: Path) -> None:
    data = {"sql": {"url": postgres, "query": "SELECT * FROM worms"}, "column": "teeth"}
    report = Experiment(data=data, candidates=["poisson", {"uniform": {"low": 0, "high": 6}}]).run(tmp_path / "r")
    assert report.ranking.table.index[0].startswith("uniform")
    again = Experiment.from_yaml(tmp_path / "r" / "experiment.yaml").run()
    assert again.manifest["data"]["sha256"] == report.manifest["data"]["sha256"]
