"""What the portal's pages show: chosen, counted, compared, drawn and packed for download."""
