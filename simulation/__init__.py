"""The real rules on invented people: demo caseloads and published figures."""
