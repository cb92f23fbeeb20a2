"""What the public and the approver read beside the numbers; everything follows from the contract."""
