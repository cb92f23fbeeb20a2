"""Generalises records and adds them up, in one query where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from opengazette.adapters.generalising import Expression, as_text, label_of, text_of
from opengazette.errors import ArchiveUnavailable, Fault, StandardsNotMet
from opengazette.model.contract import Contract
from opengazette.model.publication import Count, Dimension, Mean, Population, PublicationTable, Sum

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

#: Sums are exact, so that they do not depend on the order in which records are read.
_EXACT = "decimal(38, 9)"
_RECORDS = "_records"


class IbisTabulator:
    """A `ports.Tabulator` on DuckDB."""

    def tabulate(self, extract: Path, contract: Contract) -> pd.DataFrame:
        """Return the base cells of the publication table, without totals.

        Shape: one row for each observed combination of the dimensions, in their order; the
        dimensions hold published labels (string), counts and populations are Int64, each mean
        is the sum (float64) of its column over the records of its count.
        Rates are not computed.

        A count without a column adds up records, one with a column its values. A population
        that records repeat is taken once for each cell; it may be absent from some records of a
        cell, and is rounded to whole people. Empty text and NaN are empty values.

        Raises:
            StandardsNotMet: values fit no label, a count or mean has empty values, a count has
                values that are no whole number, a label is that of a total, or a cell has two
                populations. The message counts rows.
        """
        table = contract.publication
        with _opened() as connection:
            records = _read(connection, extract)
            frame: pd.DataFrame = _cells(records, table).to_pandas()
        _refuse_misfits(contract, frame)
        _refuse_collisions(contract, frame)
        return _typed(frame, table)

    def contributions(self, extract: Path, contract: Contract, measure: Sum) -> pd.DataFrame:
        """Return what each contributor gave to each base cell of a sum: private.

        Shape: one row for each cell and contributor of a record that is counted; the dimensions
        hold published labels, `contributor` a number that means nothing elsewhere, `amount` a
        whole number. What does not fit, `tabulate` has refused.
        """
        with _opened() as connection:
            records = _read(connection, extract)
            frame: pd.DataFrame = _given(records, contract.publication, measure).to_pandas()
        who = frame.pop("_who") if measure.contributor is not None else frame.index
        return frame.assign(contributor=pd.factorize(who)[0], amount=frame["amount"].astype(int))


@contextmanager
def _opened() -> Iterator[Backend]:
    """Open an empty database in memory that writes nothing to any disk."""
    import duckdb
    import ibis

    connection: Backend = ibis.duckdb.connect(
        ":memory:", temp_directory="", autoinstall_known_extensions=False
    )
    try:
        yield connection
    except duckdb.IOException:
        raise ArchiveUnavailable("The extract cannot be read.", "Run the dataset again.") from None
    except duckdb.Error as error:
        raise Fault(f"The records could not be added up ({type(error).__name__}).") from None
    finally:
        connection.disconnect()


def _read(connection: Backend, extract: Path) -> Expression:
    if not extract.is_file():
        raise ArchiveUnavailable("The extract is not in the archive.", "Run the dataset again.")
    return connection.read_parquet(extract)


def _cells(records: Expression, table: PublicationTable) -> Expression:
    """Compile the whole tabulation to one grouping: labels, sums, and counts of misfits."""
    labels = {d.name: label_of(records, d) for d in table.dimensions}
    checks: dict[str, Expression] = {_RECORDS: records.count()}
    for name, label in labels.items():
        checks[f"_misfit_{name}"] = label.label.isnull().sum()
        checks[f"_empty_{name}"] = (label.label.isnull() & label.empty).sum()
    sums: dict[str, Expression] = {}
    for measure in table.measures:
        match measure:
            case Count():
                sums |= _count(records, measure)
            case Population():
                sums |= _population(records, measure)
            case Mean():
                over = next(c for c in table.counts() if c.name == measure.over)
                sums |= _sum_for_mean(records, measure, over)
            case Sum():
                sums |= _amount(records, measure, _over(table, measure))
    grouped = records.group_by(**{name: label.label for name, label in labels.items()})
    return grouped.aggregate(**sums, **checks).order_by(list(labels))


def _chosen(records: Expression, count: Count) -> Expression:
    import ibis

    chosen: Expression = ibis.literal(value=True)
    for column, values in count.where.items():
        wanted = [text_of(value) for value in values]
        chosen = chosen & _certainly(as_text(records[column]).isin(wanted))
    return chosen


def _count(records: Expression, count: Count) -> dict[str, Expression]:
    chosen = _chosen(records, count)
    if count.column is None:
        return {count.name: records.count(where=chosen)}
    value = records[count.column]
    sound = _sound(value)
    return {
        count.name: _exact_sum(value, chosen & sound).cast("int64"),
        f"_unsound_{count.name}": (chosen & ~sound).sum(),
    }


def _sound(value: Expression) -> Expression:
    whole = value.cast("float64").mod(1) == 0
    return _certainly(value.notnull() & (value >= 0) & whole)


def _population(records: Expression, population: Population) -> dict[str, Expression]:
    value = records[population.column].cast("float64").nullif(float("nan"))
    return {
        population.name: value.max().round(0).cast("int64"),
        f"_differs_{population.name}": _certainly(value.max() != value.min()),
    }


def _sum_for_mean(records: Expression, mean: Mean, over: Count) -> dict[str, Expression]:
    chosen, value = _chosen(records, over), records[mean.column]
    real = value.cast("float64")
    known = _certainly(~(real.isnan() | real.isinf()))
    return {
        mean.name: _exact_sum(value, chosen & known).cast("float64"),
        f"_unknown_{mean.name}": (chosen & ~known).sum(),
    }


def _over(table: PublicationTable, amount: Sum) -> Count:
    return next(count for count in table.counts() if count.name == amount.over)


def _amount(records: Expression, amount: Sum, over: Count) -> dict[str, Expression]:
    chosen, value = _chosen(records, over), records[amount.column]
    sound = _sound(value)
    checks: dict[str, Expression] = {
        amount.name: _exact_sum(value, chosen & sound).cast("int64"),
        f"_unsound_{amount.name}": (chosen & ~sound).sum(),
    }
    if amount.contributor is not None:
        checks[f"_nameless_{amount.name}"] = (chosen & records[amount.contributor].isnull()).sum()
    return checks


def _given(records: Expression, table: PublicationTable, amount: Sum) -> Expression:
    labels = {d.name: label_of(records, d).label for d in table.dimensions}
    chosen, value = _chosen(records, _over(table, amount)), records[amount.column].cast("int64")
    if amount.contributor is None:
        return records.filter(chosen).select(**labels, amount=value)
    who = records[amount.contributor].name("_who")
    grouped = records.filter(chosen).group_by(**labels, _who=who)
    return grouped.aggregate(amount=value.sum())


def _certainly(condition: Expression) -> Expression:
    import ibis

    return ibis.coalesce(condition, ibis.literal(value=False))


def _exact_sum(value: Expression, counted: Expression) -> Expression:
    import ibis

    known: Expression = ibis.ifelse(counted, value, 0)
    return known.cast(_EXACT).sum()


def _refuse_misfits(contract: Contract, cells: pd.DataFrame) -> None:
    table = contract.publication
    for dimension in table.dimensions:
        where = f"{contract.id}: dimension {dimension.name!r}, column {dimension.column!r}"
        empty = int(cells[f"_empty_{dimension.name}"].sum())
        misfits = int(cells[f"_misfit_{dimension.name}"].sum()) - empty
        if misfits:
            raise StandardsNotMet(
                f"{where}: {misfits} rows fit no {_place(dimension)}.",
                "Tell the department, or give the values a place in the contract.",
            )
        if empty:
            raise StandardsNotMet(
                f"{where}: {empty} rows are empty.",
                "Tell the department, or give empty values a label with `missing`.",
            )
    for measure in table.measures:
        for check, problem in _MISFITS.items():
            rows = int(cells.get(f"{check}{measure.name}", pd.Series([0])).sum())
            if rows:
                raise StandardsNotMet(
                    f"{contract.id}: measure {measure.name!r}: {rows} {problem}.",
                    "Tell the department, or correct the contract.",
                )


_MISFITS = {
    "_unsound_": "rows have an empty, negative or fractional value where a count or sum adds up",
    "_nameless_": "rows do not say whose amount it is",
    "_differs_": "cells have records with different populations",
    "_unknown_": "rows of its count have no value to average",
}


def _place(dimension: Dimension) -> str:
    return {"bands": "band", "categories": "category"}.get(dimension.generalise.rule, "label")


def _refuse_collisions(contract: Contract, cells: pd.DataFrame) -> None:
    """A record that is labelled like a total would be added up twice."""
    for dimension in contract.publication.dimensions:
        taken = {*dimension.groups, *([dimension.total] if dimension.total else [])}
        rows = int(cells.loc[cells[dimension.name].isin(taken), _RECORDS].sum())
        if rows:
            raise StandardsNotMet(
                f"{contract.id}: dimension {dimension.name!r}, column {dimension.column!r}: "
                f"{rows} rows have the label of a total or subtotal.",
                "Leave such rows out of the source, or name the total differently.",
            )


def _typed(cells: pd.DataFrame, table: PublicationTable) -> pd.DataFrame:
    typed: dict[str, pd.Series[Any]] = {name: cells[name].astype("string") for name in table.key()}
    for measure in table.measures:
        if isinstance(measure, Count | Population | Sum):
            typed[measure.name] = cells[measure.name].astype("Int64")
        elif isinstance(measure, Mean):
            typed[measure.name] = cells[measure.name].astype("float64")
    return pd.DataFrame(typed)
