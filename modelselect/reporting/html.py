"""Pages: a report as HTML and as Markdown, a ranking as one HTML file, a fragment for notebooks.

What a user wrote is text and stays text: Jinja2 escapes it in HTML, and `escape_markdown` in Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelselect.errors import ConfigurationError
from modelselect.reporting.document import document
from modelselect.reporting.groups import group_document
from modelselect.reporting.page import GroupPage, Page, Picture
from modelselect.reporting.tables import plain, ranking_table

if TYPE_CHECKING:
    from modelselect.ranking.result import Ranking

_TEMPLATES = Path(__file__).parent / "templates"
# what would start an emphasis, a link, code, a table cell, mathematics, or HTML
_MARKED = re.compile(r"([\\`*\[\]|$~]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z]))")
_HTML = re.compile(r"<(?=[A-Za-z/!?])|&(?=#?\w+;)")
_LINE_START = re.compile(r"^(\s*)(?:([#+=>-]+)|(\d+)([.)]))(?=\s|$)")


def write_html(ranking: Ranking, path: str | Path) -> Path:
    """Write one self-contained HTML page about a ranking, with its figures inside.

    Raises
    ------
    ConfigurationError
        The path is a folder or cannot be written.
    """
    from modelselect import __version__
    from modelselect.reporting import canvas
    from modelselect.reporting.figures import pictures

    path = Path(path)
    drawn = pictures(ranking)
    page = Page("ranking", "Ranking of candidates", ranking, (), "", {"modelselect": __version__}, "")
    text = render_html(page, drawn, {picture.name: canvas.svg(picture.figure) for picture in drawn})
    if path.is_dir():
        raise ConfigurationError(
            f"to_html: {path} is a folder; expected the name of a file such as {path / 'ranking.html'}"
        )
    beside = path.with_name(f".{path.name}.writing")
    try:
        beside.write_bytes(text.encode("utf-8", "replace"))
        beside.replace(path)
    except OSError as error:
        raise ConfigurationError(f"to_html: cannot write {path}: {error.strerror or error}") from error
    finally:
        beside.unlink(missing_ok=True)
    return path


def fragment(ranking: Ranking) -> str:
    """Return verdict and table as HTML for a notebook, without figures."""
    template = _environment("html").get_template("fragment.html.jinja")
    return str(template.render(verdict=plain(ranking.verdict, 20_000), table=ranking_table(ranking, compact=True)))


def render_html(
    page: Page | GroupPage,
    pictures: Sequence[Picture] = (),
    svgs: Mapping[str, str] | None = None,
    files: Sequence[str] = (),
) -> str:
    """Return the whole page; `svgs` holds the drawn figures by name."""
    from markupsafe import Markup

    shown = []
    if pictures:
        from modelselect.reporting.canvas import inline

        drawn = svgs or {}
        for p in pictures:
            svg = Markup(inline(drawn[p.name], p.name, p.title))  # noqa: S704 — matplotlib escapes the texts in it
            shown.append(_Shown(p.name, p.figure, p.title, p.note, svg))
    name, said = _said(page, shown, files)
    return str(_environment("html").get_template(f"{name}.html.jinja").render(said))


def render_markdown(page: Page | GroupPage, pictures: Sequence[Picture] = (), files: Sequence[str] = ()) -> str:
    """Return the report as Markdown; its pictures are the files in ``figures/``."""
    name, said = _said(page, pictures, files)
    text = _environment("md").get_template(f"{name}.md.jinja").render(said)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _said(page: Page | GroupPage, pictures: Sequence[Picture], files: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Name of the template, and what it sets."""
    if isinstance(page, GroupPage):
        return "groups", group_document(page, pictures, files)
    return "report", document(page, pictures, files)


def escape_markdown(value: Any) -> str:
    r"""Return text as Markdown that shows it as it is.

    Examples
    --------
    >>> escape_markdown("negative_binomial <b> a|b *c*, p < 0.05")
    'negative_binomial &lt;b> a\\|b \\*c\\*, p < 0.05'
    """
    text = _HTML.sub(lambda m: "&amp;" if m[0] == "&" else "&lt;", str(value))
    text = _MARKED.sub(r"\\\1", text)
    return _LINE_START.sub(lambda m: f"{m[1]}\\{m[2]}" if m[2] else f"{m[1]}{m[3]}\\{m[4]}", text)


@dataclass(frozen=True, eq=False)
class _Shown(Picture):
    svg: str


@cache
def _environment(kind: str) -> Any:
    """Make the environment of the HTML or the Markdown templates: nothing undefined, everything escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(_TEMPLATES)
    if kind == "html":
        return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    # every expression passes through `finalize`: what is not Markup already is escaped, as Markdown and not as HTML
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, finalize=_markdown)
    environment.globals |= {"fenced": _fenced, "rule": _rule}
    return environment


def _markdown(value: Any) -> Any:
    from markupsafe import Markup

    return value if isinstance(value, Markup) else Markup(escape_markdown(value))  # noqa: S704


def _rule(numeric: bool) -> Any:
    from markupsafe import Markup

    return Markup("---:") if numeric else Markup("---")


def _fenced(text: str) -> Any:
    """A block of code whose fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    from markupsafe import Markup

    return Markup(f"{fence}yaml\n{text}\n{fence}")  # noqa: S704
