"""The gate: let a release out that a person has approved, and no other."""

from __future__ import annotations

from opengazette.errors import ApprovalMissing
from opengazette.governance.approvals import objections
from opengazette.governance.regimes import lacking
from opengazette.model.approval import Approval
from opengazette.model.column_change import ColumnChange
from opengazette.model.contract import Contract
from opengazette.model.ledger import LedgerEntry
from opengazette.model.receipts import Receipt
from opengazette.model.stages import Approved, Documented
from opengazette.steps.publish import release_of


def approve(
    documented: Documented,
    contract: Contract,
    approval: Approval | None,
    columns: ColumnChange | None = None,
) -> Approved:
    """Bind a release to the approval that lets it out.

    `columns` is what a person has approved of a change of the public table's columns.

    Raises:
        ApprovalMissing: there is none, it no longer fits, or a paper that the law asks for is not
            on file; says why and what to do.
    """
    release = documented.release
    count_cells = release.public.rows * len(contract.publication.counts())
    papers = lacking(contract)
    if papers:
        raise ApprovalMissing(
            f"{release.dataset}: the release waits for what its law asks for: {'; '.join(papers)}.",
            f"Write the document with 'opengazette determination {release.dataset}', have it "
            "signed, and record it as legal.hipaa_standard in the contract.",
        )
    reasons = objections(release, approval, count_cells)
    if approval is None or reasons:
        raise ApprovalMissing(
            f"{release.dataset}: the release waits for approval: {'; '.join(reasons)}.",
            f"Read it with 'opengazette rehearse {release.dataset}', then let it out with "
            f"'opengazette approve {release.dataset} --approver NAME --role ROLE --reason WHY'.",
        )
    receipt = Receipt(
        "approve",
        {
            "approver": approval.approver,
            "role": approval.role,
            "approved on": approval.approved_on.isoformat(),
            "approval": approval.fingerprint(),
            "release": release.fingerprint,
        },
    )
    receipts = (*documented.receipts, receipt)
    return Approved(release, approval.fingerprint(), receipts, documented.compared, columns)


def approve_again(
    receipt: LedgerEntry,
    contract: Contract,
    approval: Approval | None,
    *,
    withdrawn: LedgerEntry | None,
    columns: ColumnChange | None = None,
) -> Approved:
    """Let a release out again that the public has seen, under the approval that let it out then.

    `contract` is the release's own, `approval` the one that stands today: it need not fit the
    release, but somebody must still answer for the dataset. `withdrawn` is the release's
    withdrawal, if there was one; `columns` as in `approve`.

    Raises:
        ApprovalMissing: it was withdrawn since, nobody approves the dataset any more, or a paper
            that the law asks for is not on file.
    """
    reasons = [f"the law asks for: {paper}" for paper in lacking(contract)]
    if receipt.kind != "published":
        reasons.append("the public has never seen it")
    if withdrawn is not None:
        reasons.append(
            f"{withdrawn.by or 'a person'} withdrew it on {withdrawn.at:%Y-%m-%d}: "
            f"{withdrawn.note.rstrip('.')}"
        )
    if approval is None or approval.dataset != receipt.dataset:
        reasons.append("the dataset has no standing approval any more")
    if reasons:
        raise ApprovalMissing(
            f"{receipt.dataset}: release {receipt.release.release[:12]} does not go out again: "
            f"{'; '.join(reasons)}.",
            f"Choose another release that 'opengazette ledger {receipt.dataset}' lists, or publish "
            "a new one.",
        )
    facts = {"approval": receipt.release.approval, "release": receipt.release.release}
    again = Receipt("approve", {**facts, "published before": receipt.at.isoformat()})
    return Approved(release_of(receipt), receipt.release.approval, (again,), columns=columns)
