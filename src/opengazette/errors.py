"""Errors, sorted by what the operator does next.

* OpenGazetteError
  x Retryable                  try again; that is safe, whatever was begun
    + SourceUnavailable          the department's database did not answer
    + PortalUnavailable          the portal did not answer, or is busy
    + ArchiveUnavailable         the archive could not be read or written
  x Refused                    stop; a person must act
    + SettingsInvalid            fix the setting that is named
    + ContractInvalid            fix the file, line and field that are named
    + ExtractRefused             the department's table is not what the contract says
      - SchemaDrift                a column is missing or has another type
      - ExtractCollapsed           the table is empty or has shrunk too far
    + StandardsNotMet            the table fails its data standards; tell the department
    + DisclosureRisk             the table could single somebody out; call the expert
      - CannotProtect              no pattern of withheld cells satisfies the policy
      - AuditFailed                the attacker's model found a cell that is too narrow
    + ApprovalMissing            nobody has approved this release yet
      - OnHold                     a person stopped the dataset; it waits for its return
      - HeldByPortal               the portal's own reviewers hold the release; not public yet
    + NotPublished               the ledger has no such dataset, release or public table
    + ReplayDiffers              a past release was not rebuilt byte for byte
    + DriftFound                 the public sees something other than was published
    + PortalRejected             the portal refused the release, or shows something else
    + LedgerConflict             another run holds this dataset, or the ledger is damaged
  x Fault                      our bug; the original error is withheld

Messages name files, columns and rules, and count rows. They never quote a cell, because the
orchestrator stores the text of an error on its server.
"""

from __future__ import annotations


class OpenGazetteError(Exception):
    """An error whose text is safe to store and to show.

    `problem` says what is wrong, `remedy` what the reader does next.
    """

    #: Exit status of the command line for this family.
    exit_status = 1

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}".strip()


class Retryable(OpenGazetteError):
    """Try again: that is safe, whatever was begun."""

    exit_status = 75


class SourceUnavailable(Retryable):
    """The department's database did not answer."""


class PortalUnavailable(Retryable):
    """The portal did not answer, or is busy."""


class ArchiveUnavailable(Retryable):
    """The archive could not be read or written."""


class Refused(OpenGazetteError):
    """Stop: a person must act before this can go on."""

    exit_status = 65


class SettingsInvalid(Refused):
    """A setting is missing or impossible."""

    exit_status = 78


class ContractInvalid(Refused):
    """A file of the configuration breaks its closed form or points at nothing."""

    exit_status = 78


class ExtractRefused(Refused):
    """The department's table is not what its contract says."""


class SchemaDrift(ExtractRefused):
    """A listed column is missing or holds another type."""


class ExtractCollapsed(ExtractRefused):
    """The table is empty, or shrank by more than the contract allows."""


class StandardsNotMet(Refused):
    """The table fails an expectation of severity critical."""


class DisclosureRisk(Refused):
    """The table could single somebody out."""


class CannotProtect(DisclosureRisk):
    """No pattern of withheld cells satisfies the policy."""


class AuditFailed(DisclosureRisk):
    """The attacker's model narrows a protected cell further than the policy allows."""


class ApprovalMissing(Refused):
    """Nobody has approved this release, or the approval no longer fits it."""

    exit_status = 77


class OnHold(ApprovalMissing):
    """A person stopped the dataset; nothing is published until a person lets it go on."""


class HeldByPortal(ApprovalMissing):
    """The portal's own reviewers hold the release; the public sees what it saw before."""


class NotPublished(Refused):
    """The ledger has no such dataset or release, or nothing of it is public."""


class ReplayDiffers(Refused):
    """A past release could not be rebuilt byte for byte."""


class DriftFound(Refused):
    """The public sees something other than the ledger says, or something too old."""


class PortalRejected(Refused):
    """The portal refused the release, or shows something other than was sent."""


class LedgerConflict(Refused):
    """Another run holds this dataset, or the chain of receipts is damaged."""


class Fault(OpenGazetteError):
    """A defect of OpenGazette itself; the original message is withheld."""

    exit_status = 70
