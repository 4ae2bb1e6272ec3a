"""`report.html`, the page that people look at: made of the report and the shelved pictures."""
