"""Settings of what is drawn and written beside the ranking, and of where the work is done."""

from typing import Literal

from pydantic import BaseModel, Field, model_validator

from modelselect.experiment.problems import Problem, several
from modelselect.experiment.settings import STRICT, Number, Text


class Profile(BaseModel):
    """KL as a function of one parameter of a candidate."""

    model_config = STRICT

    candidate: Text = Field(description="The label of a candidate, or its family.")
    parameter: Text = Field(description="The parameter that runs over the grid.")
    from_: Number | None = Field(None, alias="from", description="Where the grid begins.")
    to: Number | None = Field(None, description="Where the grid ends.")
    steps: int | None = Field(None, ge=2, description="How many points the grid has.")

    @model_validator(mode="after")
    def _ordered(self) -> "Profile":
        if self.from_ is not None and self.to is not None and not self.from_ < self.to:
            raise several([Problem(("to",), f"got {self.to:g}, expected more than 'from', {self.from_:g}")])
        return self


class Report(BaseModel):
    """What is written."""

    model_config = STRICT

    formats: list[Literal["csv", "parquet", "markdown", "html"]] = Field(
        default=["csv", "markdown", "html"], description="The formats of tables and report."
    )
    figures: bool = Field(True, description="Whether figures are drawn.")


class Engine(BaseModel):
    """Where the work is done."""

    model_config = STRICT

    type: Literal["local", "dask"] = Field(
        "local", description="local: in this process; dask: on the workers of a cluster (modelselect[dask])."
    )
    address: Text | None = Field(None, description="Where the scheduler of the cluster is, such as tcp://host:8786.")
    workers: int | None = Field(
        None, ge=1, description="Instead of an address: how many processes of this machine are the cluster."
    )

    @model_validator(mode="after")
    def _one_cluster(self) -> "Engine":
        given = [name for name in ("address", "workers") if getattr(self, name) is not None]
        if self.type == "local" and given:
            raise several([Problem((name,), "makes no sense with 'type: local'", at_key=True) for name in given])
        if self.type == "dask" and len(given) != 1:
            got = "got both" if given else "got neither"
            raise several([Problem((), f"{got}, expected either 'address' or 'workers' with 'type: dask'")])
        return self
