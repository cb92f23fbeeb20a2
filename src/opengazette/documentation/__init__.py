"""What the public and the approver read beside the numbers; all follows from the contract."""
