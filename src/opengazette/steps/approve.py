"""The gate: let a release out that a person has approved, and no other."""

from __future__ import annotations

from opengazette.errors import ApprovalMissing
from opengazette.governance.approvals import objections
from opengazette.governance.regimes import lacking
from opengazette.model.approval import Approval
from opengazette.model.contract import Contract
from opengazette.model.receipts import Receipt
from opengazette.model.stages import Approved, Documented


def approve(documented: Documented, contract: Contract, approval: Approval | None) -> Approved:
    """Bind a release to the approval that lets it out.

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
    return Approved(release, approval.fingerprint(), (*documented.receipts, receipt))
