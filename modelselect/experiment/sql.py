"""The settings of a query: a database's URL without any password in it, and one SELECT."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from modelselect.errors import DataError
from modelselect.experiment.paths import relative
from modelselect.experiment.problems import Problem, several

#: Databases whose SQL is known to be the one that is written here.
KINDS = ("sqlite", "postgresql", "mysql", "mariadb", "duckdb")
_IN_FILES = ("sqlite", "duckdb")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET = re.compile(r"pass(?!file)|pwd|secret|token", re.IGNORECASE)
#: What a semicolon may stand in: strings, quoted names, comments.
_INERT = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)


def _refused(sentence: str) -> Any:
    """Make an error that does not show what stands there, which may be a password."""
    return several([Problem((), sentence)])


def _url(value: str) -> str:
    kind, colon, rest = value.partition("://")
    if _VARIABLE.fullmatch(value):
        return value
    if not colon or kind.partition("+")[0] not in KINDS:
        raise _refused(
            f"expected a URL of {', '.join(KINDS)}, such as postgresql://${{PGUSER}}:${{PGPASSWORD}}@host/db"
        )
    if kind in _IN_FILES:
        if not rest.startswith("/") or len(rest) < 2 or rest == "/:memory:":
            raise _refused(f"expected a file: {kind}:///mine.db, or {kind}:////full/path/of/it.db")
        return value
    address, _, options = rest.partition("?")
    literal = _VARIABLE.sub("", _password(address))
    named = [option.partition("=") for option in options.split("&")]
    if literal or any(_SECRET.search(name) and _VARIABLE.sub("", text) for name, _, text in named):
        raise _refused("holds a password, expected the name of an environment variable, such as ${PGPASSWORD}")
    return value


def _password(address: str) -> str:
    """What stands between the first colon and the last @."""
    user, at, _ = address.rpartition("@")
    return user.partition(":")[2] if at else ""


def _query(value: str) -> str:
    query = value.strip()
    query = query[:-1].rstrip() if query.endswith(";") else query
    odd = "\\'" in query or '\\"' in query  # what is a string then depends on the database
    if ";" in (query if odd else _INERT.sub(" ", query)):
        raise _refused("expected one SELECT, but there is a semicolon in it")
    if not query:
        raise _refused("is empty, expected a SELECT")
    return query


class Sql(BaseModel):
    """A query of a database, which is only read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    url: Annotated[str, AfterValidator(_url)] = Field(
        description="The database, such as postgresql://${PGUSER}:${PGPASSWORD}@host/name or sqlite:///file.db; "
        "${NAME} is an environment variable, and a password must be one."
    )
    query: Annotated[str, AfterValidator(_query)] = Field(description="One SELECT; its columns are those of a file.")

    @property
    def kind(self) -> str:
        """Which database: ``sqlite``, ``postgresql`` …; empty if an environment variable says it."""
        return "" if _VARIABLE.fullmatch(self.url) else self.url.partition("://")[0].partition("+")[0]

    @property
    def name(self) -> str:
        """The URL for readers: as it is written, without user and options."""
        kind, colon, rest = self.url.partition("://")
        if not colon or self.kind in _IN_FILES:
            return self.url
        return f"{kind}://{rest.partition('?')[0].rpartition('@')[2]}"

    def resolved(self, environment: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
        """Put in the environment variables; return the URL, and the values that must not be shown.

        Raises
        ------
        DataError
            A variable is not set.

        Examples
        --------
        >>> sql = Sql(url="postgresql://me:${WORD}@host/db", query="SELECT 1 AS x")
        >>> sql.resolved({"WORD": "p@ss"})
        ('postgresql://me:p%40ss@host/db', ('p@ss', 'p%40ss'))
        """
        whole = _VARIABLE.fullmatch(self.url) is not None
        secrets: list[str] = []
        start = self.url.rfind("@")

        def value(found: re.Match[str]) -> str:
            text = environment.get(found[1])
            if not text:
                raise DataError(f"the environment variable {found[1]} is not set")
            in_options = "?" in self.url[: found.start()]
            coded = quote(text, safe="") if found.start() < start or in_options else text
            before = self.url[: found.start()].partition("://")[2]
            if (":" in before and found.start() < start) or in_options:
                secrets.extend((text, coded))
            return text if whole else coded

        url = _VARIABLE.sub(value, self.url)
        if whole:
            secrets += [url, *filter(None, [_password(url.partition("://")[2].partition("?")[0])])]
        return url, tuple(dict.fromkeys(secrets))

    def file(self, url: str, folder: Path) -> Path | None:
        """The file that a resolved URL names, relative to a folder; None if it names none."""
        kind, _, rest = url.partition("://")
        return folder / rest[1:].partition("?")[0] if kind in _IN_FILES else None

    def moved(self, folder: Path, other: Path) -> dict[str, str] | None:
        """The same settings as written in another folder; None if they are the same there."""
        file = self.file(self.url, folder)
        if file is None or _VARIABLE.search(self.url):
            return None
        return {"url": f"{self.kind}:///{relative(file, other)}", "query": self.query}


def _mapping(value: object) -> object:
    if value is not None and not isinstance(value, dict | Sql):
        raise _refused("expected a mapping: {url: …, query: …}")
    return value


#: The setting ``sql``.
Query: TypeAlias = Annotated[Sql, BeforeValidator(_mapping)]
