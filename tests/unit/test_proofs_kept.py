"""How a pattern was proved is kept with the release; it saves time and counts for nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from examples.encounters import COUNTIES, Office
from examples.portraits import SHA, portrait
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from opengazette.disclosure.masking.withholding import withhold
from opengazette.disclosure.tables.linear_system import LinearSystem
from opengazette.disclosure.tables.moves import MOVE_COLUMNS, listed_moves, read_moves
from opengazette.disclosure.tables.structure import cell_table
from opengazette.errors import AuditFailed
from opengazette.model.stages import Deidentified, TableRef

KEY = ["year", "county", "age_group", "sex"]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "archive")


@pytest.fixture
def masked(office: Office) -> Deidentified:
    return office.masked(base(office))


def base(office: Office) -> pd.DataFrame:
    bands = next(d for d in office.contract.publication.dimensions if d.name == "age_group")
    ages = [band.label for band in bands.generalise.bands]  # type: ignore[union-attr]
    keys = pd.MultiIndex.from_product([["2022"], COUNTIES, ages, ["Female", "Male"]], names=KEY)
    counts = np.random.default_rng(3).negative_binomial(1, 0.03, len(keys))
    frame = keys.to_frame(index=False).astype("string")
    return frame.assign(encounters=pd.array(counts, dtype="Int64"))


def proof_of(masked: Deidentified) -> TableRef:
    assert masked.proof is not None
    return masked.proof


def test_every_move_of_a_proof_keeps_each_total_and_moves_withheld_counts_alone(
    office: Office, masked: Deidentified
) -> None:
    moves = office.tables.load(proof_of(masked))
    public, true = (office.tables.load(each) for each in (masked.public, masked.private))
    assert moves["row"].isin(np.flatnonzero(public["encounters"].isna())).all()
    table = cell_table(office.contract.publication, true)
    system, cells = LinearSystem.of(table), len(table.keys)
    every = read_moves(moves, table.measures, cells)
    assert not (system.matrix[:, :cells] @ every.T).count_nonzero()
    assert (every.toarray() + table.counts["encounters"] >= 0).all()


def test_an_unchanged_table_has_the_proof_of_the_night_before(office: Office) -> None:
    first = office.released(base(office))
    again = office.masked(base(office), first)
    assert first.proof is not None
    assert again.proof == first.proof
    assert office.cleared(again, first).proof == first.proof


def test_a_proof_that_is_lost_or_of_another_table_changes_no_finding(
    office: Office, masked: Deidentified
) -> None:
    moves = office.tables.load(proof_of(masked))
    other = office.tables.save(masked.dataset, moves.assign(by=moves["by"] * 7))
    lost = TableRef(masked.dataset, SHA, 5, MOVE_COLUMNS)
    found = [office.cleared(replace(masked, proof=proof)) for proof in (None, other, lost)]
    assert {each.evidence for each in found} == {office.cleared(masked).evidence}


def test_no_proof_lets_a_table_pass_that_gives_a_count_away(
    office: Office, masked: Deidentified
) -> None:
    true, public = (office.tables.load(each) for each in (masked.private, masked.public))
    blank = public["encounters"].isna().to_numpy()
    small = true["encounters"].between(1, 10).to_numpy()
    assert (blank & ~small).any()
    naked = withhold(true, office.contract.publication, {"encounters": small})
    naked = naked.reindex(columns=public.columns, fill_value="")
    with pytest.raises(AuditFailed, match="can be narrowed"):
        office.cleared(replace(masked, public=office.tables.save(masked.dataset, naked)))


def test_a_ledger_entry_without_a_proof_is_written_as_before_there_were_any() -> None:
    assert "proof" not in str(portrait().model_dump(mode="json"))
    assert portrait(proof=SHA, proof_lines=3).model_dump(mode="json")["proof"] == SHA


matrices = st.lists(
    st.dictionaries(st.integers(0, 9), st.integers(-5, 5).filter(bool), min_size=1, max_size=4),
    max_size=5,
)


@given(matrices)
def test_moves_come_back_as_they_were_listed(moves: list[dict[int, int]]) -> None:
    dense = np.zeros((len(moves), 10), dtype=np.int64)
    for move, changed in enumerate(moves):
        for cell, by in changed.items():
            dense[move, cell] = by
    listed = listed_moves(sparse.csr_array(dense), ["a", "b"], cells=5, own=5)
    assert np.array_equal(read_moves(listed, ["a", "b"], 5).toarray(), dense)
    wider = read_moves(listed, ["b", "a"], 7).toarray()
    assert np.array_equal(wider[:, [7, 8, 9, 10, 11, 0, 1, 2, 3, 4]], dense)
    ours = listed_moves(sparse.csr_array(dense), ["a", "b"], cells=5, own=3)
    whole = [not dense[i, [3, 4, 8, 9]].any() for i in range(len(dense))]
    assert sorted(set(ours["move"])) == np.flatnonzero(whole).tolist()
