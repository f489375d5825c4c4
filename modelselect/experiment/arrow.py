"""Arrow files (Feather, version 2), which DuckDB reads with pyarrow, where that is installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from modelselect.errors import DataError

_MAGIC = b"ARROW1"


def dataset(path: Path) -> Any:
    """An Arrow file as something that DuckDB can scan, again and again.

    Raises
    ------
    DataError
        pyarrow is not installed, or the file is something else.
    """
    try:
        import pyarrow.dataset
    except ImportError:
        sentence = "Arrow files are read with pyarrow, which is not installed; pip install 'modelselect[arrow]'"
        raise DataError(sentence) from None
    with path.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise DataError(f"{path.name} is no Arrow file (Feather, version 2); streams are not read")
    return pyarrow.dataset.dataset(str(path), format="ipc")


def extent(path: Path) -> tuple[int, int]:
    """How many rows a file has, and in how many batches."""
    import pyarrow as pa

    rows = dataset(path).count_rows()
    with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as file:
        return int(rows), int(file.num_record_batches)


def batches(path: Path, first: int, last: int, columns: Sequence[str]) -> Any:
    """The rows of some batches as a table."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        with pa.ipc.open_file(source) as file:
            places = [i for i, name in enumerate(file.schema.names) if name in columns]
        options = pa.ipc.IpcReadOptions(included_fields=places)
        with pa.ipc.open_file(source, options=options) as file:
            return pa.Table.from_batches([file.get_batch(i) for i in range(first, last)], schema=file.schema)
